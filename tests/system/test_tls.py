# SPDX-License-Identifier: ISC
"""TLS: handshakes, certificates, tickets, and where the private keys are."""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from server import SANITIZED, Server, free_port, wait_for, within

PORTS = ("smtp", "pop3", "imap")
GREETING = {"smtp": b"220 ", "pop3": b"+OK ", "imap": b"* OK "}


def openssl(*argv):
    return subprocess.run(["openssl", *map(str, argv)], check=True,
                          capture_output=True).stdout


KINDS = {"ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
         "rsa": ("rsa:2048",), "ed25519": ("ed25519",)}


def make_pair(directory, name, kind="ec", names=(), days=30):
    """name.crt and name.key, self-signed."""
    names = names or (f"{name}.example.test",)
    openssl("req", "-x509", "-nodes", "-newkey", *KINDS[kind], "-days", days,
            "-subj", f"/CN={names[0]}", "-addext",
            "subjectAltName=" + ",".join(f"DNS:{n}" for n in names),
            "-keyout", directory / f"{name}.key",
            "-out", directory / f"{name}.crt")
    return directory / f"{name}.crt", directory / f"{name}.key"


def client(version=None, ca=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca is None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    else:
        context.load_verify_locations(ca)
    if version is not None:
        context.minimum_version = context.maximum_version = version
    return context


class Tls(unittest.TestCase):
    def serve(self, *pairs, settings="", listener=""):
        """A server with these pairs (names in self.certs) that has implicit
        TLS on a port of each protocol."""
        self.tls = {name: free_port() for name in PORTS}
        text = "".join(
            f"\n[listener {name}s]\naddress = 127.0.0.1:{port}\n"
            f"protocol = {name}\ntls = implicit\n{listener}"
            for name, port in self.tls.items())
        settings += "tls_cert = " + " ".join(
            str(self.certs / f"{p}.crt") for p in pairs) + "\n"
        settings += "tls_key = " + " ".join(
            str(self.certs / f"{p}.key") for p in pairs) + "\n"
        self.server = Server(settings=settings, listeners=text)
        self.addCleanup(self.server.remove)
        self.server.start()

    def setUp(self):
        self.certs = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-tls-"))
        self.addCleanup(shutil.rmtree, self.certs)

    def connect(self, protocol="imap", context=None, host=None, session=None):
        """A connection in TLS, its greeting read."""
        s = socket.create_connection(("127.0.0.1", self.tls[protocol]), 20)
        self.addCleanup(s.close)
        s = (context or client()).wrap_socket(s, server_hostname=host,
                                              session=session)
        self.addCleanup(s.close)
        self.assertEqual(s.recv(5)[:4], GREETING[protocol][:4])
        return s

    def served(self, host=None, context=None):
        with self.connect(context=context, host=host) as s:
            return s.getpeercert(True)

    def logged(self, text):
        wait_for(lambda: text in self.server.log(), f"{text!r} in the log")

    def der(self, name):
        return ssl.PEM_cert_to_DER_cert((self.certs /
                                         f"{name}.crt").read_text())

    # ---- handshakes ----

    def test_versions_and_keys(self):
        for kind in KINDS:
            with self.subTest(kind):
                make_pair(self.certs, kind, kind)
        self.serve(*KINDS)
        for kind in KINDS:
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                for protocol in PORTS:
                    with self.subTest(kind=kind, version=version,
                                      protocol=protocol):
                        s = self.connect(protocol, client(version),
                                         f"{kind}.example.test")
                        self.assertEqual(s.getpeercert(True), self.der(kind))
        self.logged("Anonymous TLS connection established from "
                    "unknown[127.0.0.1]: TLSv1.3 with cipher "
                    "TLS_AES_256_GCM_SHA384 (256/256 bits)")

    def test_the_chain_is_verified_by_a_client(self):
        make_pair(self.certs, "ca", names=("ca.test",))
        self.sign("leaf", "ca", "DNS:mail.example.test")
        (self.certs / "leaf.crt").write_bytes(
            (self.certs / "leaf.crt").read_bytes()
            + (self.certs / "ca.crt").read_bytes())
        self.serve("leaf")
        self.connect(context=client(ca=self.certs / "ca.crt"),
                     host="mail.example.test")

    def sign(self, name, ca, alt):
        """name.crt and .key, signed by ca."""
        openssl("req", "-new", "-nodes", "-newkey", *KINDS["ec"], "-subj",
                f"/CN={name}", "-addext", f"subjectAltName={alt}",
                "-keyout", self.certs / f"{name}.key",
                "-out", self.certs / f"{name}.csr")
        openssl("x509", "-req", "-in", self.certs / f"{name}.csr",
                "-copy_extensions", "copy", "-CA", self.certs / f"{ca}.crt",
                "-CAkey", self.certs / f"{ca}.key", "-days", 30,
                "-out", self.certs / f"{name}.crt")

    def test_tls_min(self):
        make_pair(self.certs, "a")
        self.serve("a", settings="tls_min = 1.3\n")
        self.connect(context=client(ssl.TLSVersion.TLSv1_3))
        with self.assertRaises(ssl.SSLError):
            self.connect(context=client(ssl.TLSVersion.TLSv1_2))

    def test_much_goes_both_ways(self):
        """Records larger and smaller than buffers lose nothing."""
        make_pair(self.certs, "a")
        self.serve("a")
        s = self.connect("imap")
        user = "alice@example.test"
        f = s.makefile("rwb")
        f.readline()
        body = b"".join(b"%07d\r\n" % i for i in range(100000))
        f.write(f"a LOGIN {user} wonderland\r\n".encode())
        f.write(b"b APPEND INBOX {%d+}\r\n" % len(body) + body + b"\r\n")
        f.write(b"c SELECT INBOX\r\nd FETCH 1 BODY[]\r\n")
        f.flush()
        while not f.readline().startswith(b"* 1 FETCH (BODY[] {"):
            pass
        self.assertEqual(f.read(len(body)), body)
        while not f.readline().startswith(b"d OK"):
            pass

    # ---- which certificate ----

    def test_by_name(self):
        make_pair(self.certs, "first", names=("first.test",))
        make_pair(self.certs, "second", names=("second.test",
                                               "*.wild.test"))
        make_pair(self.certs, "exact", names=("exact.wild.test",))
        self.serve("first", "second", "exact")
        for host, name in ((None, "first"), ("first.test", "first"),
                           ("second.test", "second"),
                           ("SECOND.test", "second"),
                           ("a.wild.test", "second"),
                           ("a.b.wild.test", "first"),
                           ("wild.test", "first"),
                           ("exact.wild.test", "exact"),
                           ("unknown.test", "first")):
            with self.subTest(host):
                self.assertEqual(self.served(host), self.der(name))

    def test_two_kinds_of_keys_for_a_name(self):
        for kind in ("rsa", "ec"):
            make_pair(self.certs, kind, kind, ("both.test",))
        self.serve("rsa", "ec")
        context = client(ssl.TLSVersion.TLSv1_2)
        self.assertEqual(self.served("both.test", context), self.der("ec"))
        context.set_ciphers("aRSA")
        self.assertEqual(self.served("both.test", context), self.der("rsa"))

    def test_alpn(self):
        make_pair(self.certs, "a")
        self.serve("a")
        for protocol, name in (("imap", "imap"), ("pop3", "pop3"),
                               ("smtp", None)):
            context = client()
            context.set_alpn_protocols(["h2", protocol])
            s = self.connect(protocol, context)
            self.assertEqual(s.selected_alpn_protocol(), name)
        context = client()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert no application"):
            self.connect("imap", context)
        self.connect("smtp", context)

    # ---- tickets ----

    def resumed(self, session, context, protocol):
        s = self.connect(protocol, context, session=session)
        return s.session_reused

    def test_tickets(self):
        """A ticket is good with every process of its program, and nowhere
        else."""
        make_pair(self.certs, "a")
        self.serve("a", listener="sessions = 1\nprocesses = 4\n")
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            context = client(version)
            first = self.connect("imap", context)
            self.assertFalse(first.session_reused)
            session = first.session     # first stays: others serve the next
            with self.subTest(version):
                again = self.connect("imap", context, session=session)
                self.assertTrue(again.session_reused)
                self.assertFalse(self.resumed(session, context, "pop3"))
                self.assertFalse(self.resumed(session, context, "smtp"))
            first.close()
            again.close()
        line = re.compile(r"imapd\[(\d+)\]: \S+ Anonymous TLS connection "
                          r"(established|resumed)")
        wait_for(lambda: len(line.findall(self.server.log())) >= 4, "the log")
        pids = line.findall(self.server.log())
        self.assertEqual({w for _, w in pids}, {"established", "resumed"})
        self.assertGreater(len({pid for pid, _ in pids}), 1)

    # ---- clients with certificates ----

    def test_client_certificates(self):
        make_pair(self.certs, "a")
        make_pair(self.certs, "ca", names=("ca.test",))
        make_pair(self.certs, "stranger")
        self.sign("alice", "ca", "email:alice@example.test")
        self.serve("a", settings=f"tls_client_ca = {self.certs}/ca.crt\n")
        for name, word in ((None, "Anonymous"), ("alice", "Trusted"),
                           ("stranger", "Untrusted")):
            for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
                with self.subTest(name=name, version=version):
                    context = client(version)
                    if name:
                        context.load_cert_chain(self.certs / f"{name}.crt",
                                                self.certs / f"{name}.key")
                    before = self.count(word)
                    self.connect(context=context).close()
                    wait_for(lambda: self.count(word) > before,
                             f"{word} TLS connection")

    def count(self, word):
        return self.server.log().count(f" {word} TLS connection established")

    # ---- files that change ----

    def test_a_new_certificate_is_served(self):
        make_pair(self.certs, "a")
        self.serve("a", settings="handshake_timeout = 1s\n")
        held = self.connect()
        old = self.served()
        make_pair(self.certs, "a")
        wait_for(lambda: self.served() == self.der("a"), "the new one", 20)
        self.assertNotEqual(old, self.der("a"))
        held.sendall(b"a NOOP\r\n")
        self.assertIn(b"a OK", self.until(held, b"a OK"))

    def until(self, s, what):
        got = b""
        while what not in got:
            got += s.recv(4096)
        return got

    def test_broken_files_leave_the_old_one(self):
        cert, key = make_pair(self.certs, "a")
        make_pair(self.certs, "b")
        self.serve("a")
        old = self.served()
        good = key.read_bytes()
        for what, content in (("another key",
                               (self.certs / "b.key").read_bytes()),
                              ("half of it", good[:100])):
            with self.subTest(what):
                before = self.server.log().count("the old one stays")
                key.write_bytes(content)
                wait_for(lambda: self.server.log().count(
                    "the old one stays") > before, "the complaint", 20)
                self.assertEqual(self.served(), old)
        shown = self.server.posthouse("tls", "show").stdout
        self.assertIn("private key", shown)
        key.write_bytes(good)
        make_pair(self.certs, "a")
        wait_for(lambda: self.served() == self.der("a"), "the new one", 20)

    def test_reload_adds_and_takes_away(self):
        make_pair(self.certs, "a")
        make_pair(self.certs, "b")
        self.serve("a")
        conf = self.server.conf
        text = conf.read_text()
        both = text.replace(f"{self.certs}/a.crt",
                            f"{self.certs}/a.crt {self.certs}/b.crt") \
            .replace(f"{self.certs}/a.key",
                     f"{self.certs}/a.key {self.certs}/b.key")
        conf.write_text(both)
        self.server.posthouse("reload")
        wait_for(lambda: self.served("b.example.test") == self.der("b"), "b")
        conf.write_text(text)
        self.server.posthouse("reload")
        wait_for(lambda: self.served("b.example.test") == self.der("a"), "a")
        conf.write_text(text.replace("a.crt", "gone.crt"))
        done = self.server.posthouse("reload", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("gone.crt", done.stderr)
        self.assertEqual(self.served(), self.der("a"))

    def test_start_and_check_tell_what_is_wrong(self):
        make_pair(self.certs, "a")
        _, key = make_pair(self.certs, "b")
        (self.certs / "a.key").write_bytes(key.read_bytes())
        with self.assertRaisesRegex(RuntimeError, "does not belong"):
            self.serve("a")
        done = self.server.posthouse("check", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("does not belong", done.stderr)

    def test_check_warns(self):
        make_pair(self.certs, "a", days=3)
        (self.certs / "a.key").chmod(0o644)
        self.serve("a")
        done = self.server.posthouse("check")
        self.assertIn("expires in", done.stderr)
        self.assertIn("everybody on this host", done.stderr)

    # ---- clients that misbehave ----

    def test_a_stalled_handshake_is_cut(self):
        make_pair(self.certs, "a")
        self.serve("a", settings="handshake_timeout = 1s\n")
        for sent in (b"", b"\x16\x03\x01\x02\x00\x01"):
            with socket.create_connection(
                    ("127.0.0.1", self.tls["imap"]), 10) as s:
                s.sendall(sent)
                begun = time.monotonic()
                self.assertEqual(s.recv(100), b"")
                self.assertLess(time.monotonic() - begun, within(5))
        self.logged("SSL_accept error from unknown[127.0.0.1]: timed out")

    def test_clear_text_is_turned_away(self):
        make_pair(self.certs, "a")
        self.serve("a")
        with socket.create_connection(("127.0.0.1", self.tls["smtp"]),
                                      10) as s:
            s.sendall(b"EHLO client.test\r\n" * 20)
            got = b""
            try:
                while part := s.recv(1000):
                    got += part
            except ConnectionResetError:
                pass
        self.assertNotIn(b"220", got)
        self.logged("SSL_accept error from unknown[127.0.0.1]: ")

    def test_many_at_once_and_some_of_them_bad(self):
        """What goes wrong in one handshake is no other's business, though all
        of them are in the middle of OpenSSL at the same time."""
        make_pair(self.certs, "a", "rsa")
        self.serve("a")
        wrong = client()
        wrong.set_alpn_protocols(["h2"])
        stay = client()

        def good(_):
            self.connect(context=stay).close()

        def bad(n):
            with socket.create_connection(
                    ("127.0.0.1", self.tls["imap"]), 20) as s:
                if n % 3 == 0:
                    with self.assertRaises(ssl.SSLError):
                        wrong.wrap_socket(s)
                else:
                    s.sendall((b"\x16\x03\x01\0\x05hello", b"QUIT\r\n")[n % 2])

        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            work = [pool.submit(bad if n % 2 else good, n)
                    for n in range(300)]
        for done in work:
            done.result()

    def test_behind_a_proxy(self):
        """The preamble and the client's first record come in one piece."""
        make_pair(self.certs, "a")
        self.serve("a", settings="proxy_clients = 127.0.0.1\n",
                   listener="proxy = yes\n")
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = client().wrap_bio(incoming, outgoing)
        with socket.create_connection(("127.0.0.1", self.tls["imap"]),
                                      20) as s:
            before = b"PROXY TCP4 192.0.2.7 192.0.2.8 4711 993\r\n"
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    s.sendall(before + outgoing.read())
                    before = b""
                    incoming.write(s.recv(16384))
            s.sendall(outgoing.read())
            while True:
                try:
                    self.assertTrue(tls.read(100).startswith(b"* OK "))
                    break
                except ssl.SSLWantReadError:
                    incoming.write(s.recv(16384))
        self.logged("established from unknown[192.0.2.7]")

    # ---- the command ----

    def test_self_signed_and_show(self):
        """A pair for first steps, and what is served of it."""
        make_pair(self.certs, "a")
        self.serve("a")
        made = self.server.posthouse("tls", "self-signed", "new.test",
                                     "*.new.test").stdout
        cert = self.server.dir / "etc/new.test.crt"
        key = self.server.dir / "etc/new.test.key"
        self.assertIn(f"tls_cert = {cert}\n", made)
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        again = self.server.posthouse("tls", "self-signed", "new.test",
                                      check=False)
        self.assertNotEqual(again.returncode, 0)
        shutil.copy(cert, self.certs / "a.crt")
        shutil.copy(key, self.certs / "a.key")
        wait_for(lambda: self.served() == self.der("a"), "the new one", 20)
        shown = json.loads(self.server.posthouse("tls", "show",
                                                 "--json").stdout)
        one, = shown["certificates"]
        self.assertEqual(one["state"], "as on disk")
        self.assertEqual(one["served"]["names"], ["*.new.test", "new.test"])
        self.assertEqual(one["served"]["algorithm"], "EC prime256v1")
        self.assertEqual(one["served"]["fingerprint"],
                         hashlib.sha256(self.der("a")).hexdigest())
        self.connect(context=client(ca=cert), host="mail.new.test")

    # ---- keys ----

    def test_keys_is_killed(self):
        make_pair(self.certs, "a", "rsa")
        self.serve("a")
        held = self.connect()
        os.kill(self.server.pids("keys")[0], signal.SIGKILL)
        held.sendall(b"a NOOP\r\n")
        self.assertIn(b"a OK", self.until(held, b"a OK"))
        self.connect().close()
        for protocol in PORTS:
            self.connect(protocol).close()

    def test_keys_hangs(self):
        """A handshake ends in time, and late signatures do no harm."""
        make_pair(self.certs, "a")
        self.serve("a", settings="handshake_timeout = 2s\n")
        self.connect().close()
        readers = self.server.pids("imapd")
        pid = self.server.pids("keys")[0]
        os.kill(pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            with self.assertRaises(OSError):
                self.connect()
            self.assertLess(time.monotonic() - begun, within(8))
        finally:
            os.kill(pid, signal.SIGCONT)
        self.logged("no signature for a handshake: keys does not answer")
        for _ in range(3):
            self.connect().close()
        self.assertEqual(self.server.pids("imapd"), readers)

    @unittest.skipUnless(os.geteuid() == 0,
                         "only root may read the memory of other processes")
    def test_where_the_private_key_is(self):
        """In keys alone, as long as it is served, and nowhere else."""
        if SANITIZED:
            self.skipTest("the sanitizers' memory has no end")
        secrets = {}
        for kind in ("rsa", "ec"):
            _, key = make_pair(self.certs, kind, kind)
            secrets[kind] = private_numbers(key)
        self.serve("rsa", "ec", settings="handshake_timeout = 1s\n")
        for protocol in PORTS:
            for kind in secrets:
                for version in (ssl.TLSVersion.TLSv1_2,
                                ssl.TLSVersion.TLSv1_3):
                    self.connect(protocol, client(version),
                                 f"{kind}.example.test")
        found = {role: holds(pid, sum(secrets.values(), []))
                 for pid, role in self.everybody()}
        self.assertTrue(found.pop("keys"), "the test finds nothing at all")
        self.assertEqual({role for role, has in found.items() if has}, set())
        self.assertLessEqual({"smtpd", "pop3d", "imapd", "queue", "master"},
                             set(found))
        keys = self.server.pids("keys")[0]
        self.assertTrue(holds(keys, secrets["ec"]))
        make_pair(self.certs, "ec", "ec")
        wait_for(lambda: self.served("ec.example.test") == self.der("ec"),
                 "the new one", 20)
        wait_for(lambda: not holds(keys, secrets["ec"]), "wiping", 10)
        self.assertTrue(holds(keys, secrets["rsa"]))

    def everybody(self):
        return [*self.server.processes().items(),
                (self.server.master.pid, "master")]


def private_numbers(key):
    """The secret numbers of a key in both byte orders."""
    text = openssl("pkey", "-in", key, "-noout", "-text").decode()
    names = ("priv", "privateExponent", "prime1", "prime2")
    found = []
    for name, digits in re.findall(r"^(\w+):\s*\n((?:\s+[0-9a-f:]+\n)+)",
                                   text, re.M):
        if name in names:
            number = bytes.fromhex(re.sub(r"[\s:]", "", digits)).lstrip(b"\0")
            found += [number, number[::-1]]
    assert found, text
    # OpenSSL keeps numbers in words, the lowest first
    return [n[:24] for n in found] + [n[-24:] for n in found]


def holds(pid, patterns):
    """Whether the memory of a process has one of these strings of octets."""
    with open(f"/proc/{pid}/maps") as maps, \
            open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            where, rights = line.split()[:2]
            if "r" not in rights or "[v" in line:
                continue
            begin, end = (int(x, 16) for x in where.split("-"))
            try:
                memory.seek(begin)
                content = memory.read(end - begin)
            except (OSError, OverflowError, ValueError):
                continue
            if any(p in content for p in patterns):
                return True
    return False


if __name__ == "__main__":
    unittest.main()
