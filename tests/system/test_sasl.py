# SPDX-License-Identifier: ISC
"""Logins: SASL by all protocols, helpers for PAM and OAuth, who is shut out.

The clients here are small and know nothing that the RFCs do not say.
"""

import base64
import hashlib
import hmac
import itertools
import json
import os
import poplib
import shutil
import signal
import socket
import ssl
import stat
import subprocess
import unittest

from secure import SecureServer, make_certificate
from server import BIN, DOMAIN, SANITIZED, Server, wait_for

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"


def b64(octets):
    return base64.b64encode(octets).decode()


def openssl(*argv):
    subprocess.run(["openssl", *map(str, argv)], check=True,
                   capture_output=True)


class Refused(Exception):
    """The server said no; its line."""


# Each client has another address: wrong passwords wait longer each time.
SOURCES = (f"127.1.{n // 250}.{n % 250 + 1}" for n in itertools.count())


class Client:
    """A connection whose lines are those of one protocol."""

    def __init__(self, server, context=None):
        """With a context, in TLS from the first octet."""
        port = self.protocol if context is None else self.protocol + "s"
        self.socket = socket.create_connection(
            ("127.0.0.1", server.ports[port]), 30, (next(SOURCES), 0))
        if context is not None:
            self.socket = context.wrap_socket(self.socket,
                                              server_hostname="localhost")
        self.file = self.socket.makefile("rwb")
        self.line()
        self.offer = self.mechanisms()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def line(self):
        return self.file.readline().decode().rstrip("\r\n")

    def say(self, text):
        self.file.write(text.encode() + b"\r\n")
        self.file.flush()

    def login(self, mechanism, initial=None):
        """Begin; the first challenge, or None when the login is done."""
        self.say(self.command.format(mechanism) +
                 ("" if initial is None else " " + (b64(initial) or "=")))
        return self.challenge()

    def answer(self, octets):
        self.say(b64(octets))
        return self.challenge()

    def challenge(self):
        line = self.line()
        if line.startswith(self.going_on):
            return base64.b64decode(line[len(self.going_on):])
        if not line.startswith(self.yes):
            raise Refused(line)
        return None


class Smtp(Client):
    protocol = "submission"
    command, going_on, yes = "AUTH {}", "334 ", "235 "

    def mechanisms(self):
        self.say("EHLO client.test")
        found = []
        while True:
            line = self.line()
            if line[4:].startswith("AUTH "):
                found = line[9:].split()
            if line[3] == " ":
                return found


class Pop3(Client):
    protocol = "pop3"
    command, going_on, yes = "AUTH {}", "+ ", "+OK"

    def mechanisms(self):
        self.say("CAPA")
        found = []
        while (line := self.line()) != ".":
            if line.startswith("SASL "):
                found = line.split()[1:]
        return found


class Imap(Client):
    protocol = "imap"
    command, going_on, yes = "a AUTHENTICATE {}", "+ ", "a OK"

    def mechanisms(self):
        self.say("c CAPABILITY")
        found = [w[5:] for w in self.line().split() if w.startswith("AUTH=")]
        self.line()
        return found


PROTOCOLS = (Smtp, Pop3, Imap)


def plain(client, user, password, initial=True):
    text = f"\0{user}\0{password}".encode()
    if initial:
        return client.login("PLAIN", text)
    assert client.login("PLAIN") == b""
    return client.answer(text)


def login(client, user, password, initial=False):
    if initial:
        challenge = client.login("LOGIN", user.encode())
    else:
        assert client.login("LOGIN") == b"Username:"
        challenge = client.answer(user.encode())
    assert challenge == b"Password:", challenge
    return client.answer(password.encode())


def cram(client, user, password):
    challenge = client.login("CRAM-MD5")
    return client.answer(f"{user} ".encode() + hmac.new(
        password.encode(), challenge, "md5").hexdigest().encode())


def scram(client, user, password, mechanism="SCRAM-SHA-256", header="n,,",
          binding=b""):
    """RFC 5802 from the client's side; the server has to prove itself."""
    digest = "sha1" if "SHA-1" in mechanism else "sha256"
    nonce = b64(os.urandom(12))
    bare = f"n={user},r={nonce}"
    first = client.login(mechanism, (header + bare).encode()).decode()
    fields = dict(f.split("=", 1) for f in first.split(","))
    assert fields["r"].startswith(nonce) and len(fields["r"]) > len(nonce)
    salted = hashlib.pbkdf2_hmac(digest, password.encode(),
                                 base64.b64decode(fields["s"]),
                                 int(fields["i"]))
    key = hmac.digest(salted, b"Client Key", digest)
    final = f"c={b64(header.encode() + binding)},r={fields['r']}"
    message = f"{bare},{first},{final}".encode()
    mask = hmac.digest(hashlib.new(digest, key).digest(), message, digest)
    proof = bytes(a ^ b for a, b in zip(key, mask))
    said = client.answer(f"{final},p={b64(proof)}".encode())
    server = hmac.digest(salted, b"Server Key", digest)
    assert said == b"v=" + b64(hmac.digest(server, message, digest)).encode()
    return client.answer(b"")


def scram_1(client, user, password):
    return scram(client, user, password, "SCRAM-SHA-1")


WAYS = {"PLAIN": plain, "LOGIN": login, "CRAM-MD5": cram,
        "SCRAM-SHA-1": scram_1, "SCRAM-SHA-256": scram}


class Mechanisms(unittest.TestCase):
    """Each mechanism by each protocol, in the clear."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server("sasl_mechanisms = PLAIN LOGIN CRAM-MD5 "
                            "SCRAM-SHA-1 SCRAM-SHA-256 SCRAM-SHA-256-PLUS "
                            "EXTERNAL\nlogin_failures = 100000\n")
        cls.server.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    def each(self):
        for protocol in PROTOCOLS:
            for mechanism, way in WAYS.items():
                with self.subTest(protocol=protocol.protocol,
                                  mechanism=mechanism):
                    yield protocol, mechanism, way

    def test_offer(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol.protocol), \
                    protocol(self.server) as client:
                self.assertEqual(set(client.offer), set(WAYS))

    def test_right(self):
        for protocol, _, way in self.each():
            with protocol(self.server) as client:
                self.assertIsNone(way(client, ALICE, "wonderland"))

    def test_wrong_and_unknown_are_alike(self):
        for protocol, mechanism, way in self.each():
            said = set()
            for user in (ALICE, f"nobody@{DOMAIN}", "nobody"):
                with protocol(self.server) as client, \
                        self.assertRaises(Refused) as caught:
                    way(client, user, "wrong")
                said.add(str(caught.exception))
            self.assertEqual(len(said), 1, said)

    def test_again_after_a_wrong_one(self):
        for protocol, _, way in self.each():
            with protocol(self.server) as client:
                self.assertRaises(Refused, way, client, ALICE, "wrong")
                self.assertIsNone(way(client, ALICE, "wonderland"))

    def test_initial_or_not(self):
        for protocol in PROTOCOLS:
            with protocol(self.server) as client:
                self.assertIsNone(plain(client, ALICE, "wonderland", False))
            with protocol(self.server) as client:
                self.assertIsNone(login(client, ALICE, "wonderland", True))

    def test_given_up_and_malformed(self):
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol.protocol), \
                    protocol(self.server) as client:
                client.login("LOGIN")
                client.say("*")
                self.assertRaises(Refused, client.challenge)
                client.login("SCRAM-SHA-256")
                client.say("!!!")
                self.assertRaises(Refused, client.challenge)
                self.assertIsNone(plain(client, ALICE, "wonderland"))
            for mechanism, text in (
                    ("PLAIN", b"no nul"), ("PLAIN", b""),
                    ("SCRAM-SHA-256", b"n,,n=a"),
                    ("SCRAM-SHA-256-PLUS", b"n,,n=a,r=b"),
                    ("EXTERNAL", b""), ("GSSAPI", b"x"), ("CRAM-MD5", b"x")):
                with self.subTest(protocol=protocol.protocol,
                                  mechanism=mechanism, text=text), \
                        protocol(self.server) as client:
                    self.assertRaises(Refused, client.login, mechanism, text)
                    self.assertIsNone(plain(client, ALICE, "wonderland"))

    def test_bound_to_no_tls(self):
        for protocol in PROTOCOLS:
            with protocol(self.server) as client:
                self.assertRaises(Refused, scram, client, ALICE, "wonderland",
                                  header="p=tls-exporter,,", binding=b"x")
                self.assertIsNone(scram(client, ALICE, "wonderland",
                                        header="y,,"))

    def test_exchanges_do_not_mix(self):
        with Imap(self.server) as one, Imap(self.server) as two:
            self.assertEqual(one.login("LOGIN"), b"Username:")
            self.assertEqual(two.login("LOGIN"), b"Username:")
            one.answer(ALICE.encode())
            two.answer(BOB.encode())
            self.assertIsNone(two.answer(b"builder"))
            self.assertIsNone(one.answer(b"wonderland"))

    def test_auth_dies_in_between(self):
        with Imap(self.server) as client:
            client.login("LOGIN")
            os.kill(self.server.pids("auth")[0], signal.SIGKILL)
            self.assertRaises(Refused, client.answer, ALICE.encode())
            wait_for(lambda: self.server.pids("auth"), "auth")
            self.assertIsNone(plain(client, ALICE, "wonderland"))


class Offers(unittest.TestCase):
    def test_only_what_accounts_can_use(self):
        with Server(users={}) as server:
            def offer():
                with Imap(server) as client:
                    return set(client.offer)

            base = {"PLAIN", "LOGIN"}
            self.assertEqual(offer(), base)
            server.posthouse("user", "add", ALICE, "--password-stdin",
                             input="wonderland\n")
            self.assertEqual(offer(), base)
            server.posthouse("user", "passwd", ALICE, "--password-stdin",
                             "--scram", input="wonderland\n")
            wait_for(lambda: offer() == base | {"SCRAM-SHA-256"}, "SCRAM")
            with Imap(server) as client:
                self.assertIsNone(scram(client, ALICE, "wonderland"))
            with Imap(server) as client:
                self.assertIsNone(plain(client, ALICE, "wonderland"))
            server.posthouse("user", "passwd", ALICE, "--password-stdin",
                             input="wonderland\n")
            wait_for(lambda: offer() == base, "SCRAM to go")

    def test_no_passwords_in_the_clear(self):
        with Server("plain_logins = no\n") as server:
            for protocol in (Pop3, Imap):
                with self.subTest(protocol=protocol.protocol), \
                        protocol(server) as client:
                    self.assertEqual(set(client.offer),
                                     {"SCRAM-SHA-1", "SCRAM-SHA-256"})
                    self.assertRaises(Refused, plain, client, ALICE,
                                      "wonderland")
                    self.assertIsNone(scram(client, ALICE, "wonderland"))


class Exporter:
    """The octets of a connection of openssl's own client, which can tell the
    keying material that Python cannot."""

    def __init__(self, server, protocol):
        self.child = subprocess.Popen(
            ["openssl", "s_client", "-connect",
             f"localhost:{server.ports[protocol + 's']}", "-CAfile",
             server.certificate, "-nocommands", "-ign_eof",
             "-keymatexport", "EXPORTER-Channel-Binding",
             "-keymatexportlen", "32"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        while not (line := self.readline()).strip().startswith(
                b"Keying material: "):
            assert line
        self.material = bytes.fromhex(line.decode().split(": ")[1])
        assert len(self.material) == 32

    def readline(self):
        return self.child.stdout.readline()

    def write(self, octets):
        self.child.stdin.write(octets)

    def flush(self):
        self.child.stdin.flush()

    def close(self):
        self.child.kill()
        self.child.wait()
        self.child.stdin.close()
        self.child.stdout.close()


class InTls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer("plain_logins = no\n"
                                  "tls_client_ca = ca-cert.pem\n")
        cls.addClassCleanup(cls.server.remove)
        cls.etc = cls.server.dir / "etc"
        make_certificate(cls.etc, "ca")
        cls.server.start()
        cls.context = cls.server.trust()
        certificate = ssl.PEM_cert_to_DER_cert(
            cls.server.certificate.read_text())
        cls.end_point = hashlib.sha256(certificate).digest()

    def client_context(self, name, alt):
        """That of a client with a certificate."""
        key, request, cert = (self.etc / f"{name}.{end}"
                              for end in ("key", "csr", "crt"))
        openssl("req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-subj", f"/CN={name}", "-addext",
                f"subjectAltName={alt}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-copy_extensions", "copy",
                "-CA", self.etc / "ca-cert.pem", "-CAkey",
                self.etc / "ca-key.pem", "-days", 30, "-out", cert)
        context = self.server.trust()
        context.load_cert_chain(cert, key)
        return context

    def test_offer(self):
        usual = {"PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256",
                 "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"}
        known = self.client_context("offer", f"email:{ALICE}")
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol.protocol):
                with protocol(self.server, self.context) as client:
                    self.assertEqual(set(client.offer), usual)
                with protocol(self.server, known) as client:
                    self.assertEqual(set(client.offer), usual | {"EXTERNAL"})

    def test_bound_to_the_certificate(self):
        end_point = "p=tls-server-end-point,,"
        for protocol in PROTOCOLS:
            for name in ("SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"):
                with self.subTest(protocol=protocol.protocol, name=name), \
                        protocol(self.server, self.context) as client:
                    self.assertIsNone(scram(client, ALICE, "wonderland", name,
                                            end_point, self.end_point))
            for header, binding in ((end_point, bytes(32)), (end_point, b""),
                                    ("p=tls-exporter,,", self.end_point),
                                    ("p=tls-unique,,", bytes(12)),
                                    ("n,,", b""), ("y,,", b"")):
                with self.subTest(protocol=protocol.protocol, header=header), \
                        protocol(self.server, self.context) as client:
                    self.assertRaises(Refused, scram, client, ALICE,
                                      "wonderland", "SCRAM-SHA-256-PLUS",
                                      header, binding)

    def test_an_offer_that_was_changed(self):
        """The client can bind itself, and was told that we cannot."""
        for protocol in PROTOCOLS:
            with protocol(self.server, self.context) as client:
                self.assertRaises(Refused, scram, client, ALICE, "wonderland",
                                  header="y,,")
                self.assertIsNone(scram(client, ALICE, "wonderland"))
        self.assertIn("the offer was changed", self.server.log())

    def test_bound_to_the_connection(self):
        class Exported(Imap):
            def __init__(self, server):
                self.socket = self.file = Exporter(server, "imap")
                while not self.line().startswith("* OK"):
                    pass

        with Exported(self.server) as client:
            self.assertRaises(Refused, scram, client, ALICE, "wonderland",
                              "SCRAM-SHA-256-PLUS", "p=tls-exporter,,",
                              bytes(32))
            self.assertIsNone(scram(client, ALICE, "wonderland",
                                    "SCRAM-SHA-256-PLUS", "p=tls-exporter,,",
                                    client.file.material))

    def test_certificates_of_clients(self):
        alice = self.client_context("alice", f"email:{ALICE}")
        other = self.client_context("other", "email:other@else.test")
        named = self.client_context("bob", "DNS:bob.test")
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol.protocol):
                with protocol(self.server, alice) as client:
                    self.assertIsNone(client.login("EXTERNAL", b""))
                with protocol(self.server, alice) as client:
                    self.assertRaises(Refused, client.login, "EXTERNAL",
                                      BOB.encode())
                    self.assertIsNone(client.login("EXTERNAL",
                                                   ALICE.encode()))
                with protocol(self.server, other) as client:
                    self.assertRaises(Refused, client.login, "EXTERNAL", b"")
                # by its common name
                with protocol(self.server, named) as client:
                    self.assertIsNone(client.login("EXTERNAL", b""))
                with protocol(self.server, self.context) as client:
                    self.assertRaises(Refused, client.login, "EXTERNAL", b"")


def pop3_login(server, user, password, source=None):
    """What the server says to USER and PASS."""
    pop3 = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=30) \
        if source is None else Source(server, source)
    try:
        pop3.user(user)
        return pop3.pass_(password).decode()
    except poplib.error_proto as error:
        return str(error)
    finally:
        pop3.close()


class Source(poplib.POP3):
    """From an address of our own."""
    def __init__(self, server, source):
        self.source = source
        super().__init__("127.0.0.1", server.ports["pop3"], timeout=30)

    def _create_socket(self, timeout):
        return socket.create_connection((self.host, self.port), timeout,
                                        (self.source, 0))


class ShutOut(unittest.TestCase):
    def setUp(self):
        self.server = Server("login_failures = 4\nlogin_lockout = 1h\n")
        self.addCleanup(self.server.remove)
        self.server.start()

    def guessers(self):
        return {(g["network"], g["account"]): g for g in json.loads(
            self.server.posthouse("auth", "list", "--json").stdout)}

    def test_an_address_that_guesses(self):
        server = self.server
        no = pop3_login(server, "nobody", "x", "127.0.0.2")
        for user in ("a", "b", "c"):
            self.assertEqual(pop3_login(server, user, "x", "127.0.0.2"), no)
        # the same words, for right passwords, too, and only from there
        self.assertEqual(
            pop3_login(server, ALICE, "wonderland", "127.0.0.2"), no)
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland",
                                        "127.0.0.3"))
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland"))
        self.assertIn("client=127.0.0.2 shut out for 3600s after 4 wrong "
                      "logins", server.log())
        row = self.guessers()["127.0.0.2", ""]
        self.assertTrue(3500 < row["shut_out"] <= 3600, row)
        server.posthouse("auth", "clear", "127.0.0.2")
        self.assertEqual(self.guessers(), {})
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland",
                                        "127.0.0.2"))
        self.assertNotEqual(server.posthouse(
            "auth", "clear", "127.0.0.9", check=False).returncode, 0)

    def test_one_account_from_one_address(self):
        server = self.server
        for password in ("old", "old", "old", "older"):
            no = pop3_login(server, ALICE, password, "127.0.0.2")
        self.assertEqual(
            pop3_login(server, ALICE, "wonderland", "127.0.0.2"), no)
        self.assertIn("+OK", pop3_login(server, BOB, "builder", "127.0.0.2"))
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland"))
        self.assertIn(f"client=127.0.0.2 shut out from account {ALICE}",
                      server.log())
        self.assertIn(ALICE, server.posthouse("auth", "list").stdout)
        server.posthouse("auth", "clear")
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland",
                                        "127.0.0.2"))


class Helpers(unittest.TestCase):
    def script(self, path, text):
        path.write_text("#!/bin/sh\n" + text)
        path.chmod(path.stat().st_mode | stat.S_IRWXU | 0o055)

    def make(self, settings):
        server = Server(settings)
        self.addCleanup(server.remove)
        server.dir.chmod(0o755)
        return server

    def with_pam(self, *modules):
        """A server whose helper reads a service of our own."""
        server = self.make("program_dir = ../programs\nsystem_users = yes\n")
        programs = server.dir / "programs"
        shutil.copytree(BIN, programs)
        (programs / "pam").rename(programs / "pam.real")
        (server.dir / "pam.d").mkdir()
        (server.dir / "pam.d/posthouse").write_text("\n".join(modules) + "\n")
        self.script(programs / "pam",
                    f"exec {programs}/pam.real {server.dir}/pam.d\n")
        server.start()
        return server

    def test_system_users(self):
        server = self.with_pam("auth required pam_permit.so",
                               "account required pam_permit.so")
        for user in ("daemon", f"daemon@{DOMAIN}", f"Daemon@{DOMAIN}"):
            self.assertIn("+OK", pop3_login(server, user, "x"))
        # root is nobody's mail user, and PAM is not asked about ours
        for user in ("root", f"daemon@other.{DOMAIN}", ALICE, "../daemon"):
            self.assertIn("-ERR", pop3_login(server, user, "x"))
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland"))

    def test_system_users_who_are_wrong(self):
        server = self.with_pam("auth required pam_deny.so",
                               "account required pam_permit.so")
        self.assertEqual(pop3_login(server, "daemon", "x"),
                         pop3_login(server, ALICE, "x"))
        self.assertIn("pam(daemon,127.0.0.1): Authentication failure",
                      server.log())

    def test_system_users_of_a_broken_service(self):
        server = self.with_pam("auth required pam_not_there.so")
        self.assertIn("-ERR", pop3_login(server, "daemon", "x"))
        self.assertIn("+OK", pop3_login(server, ALICE, "wonderland"))

    def test_tokens(self):
        server = self.make("oauth_program = ../oauth\n")
        self.script(server.dir / "oauth",
                    "read token\nid -u >>$0.uid 2>/dev/null\n"
                    "test \"$token\" = good.token && echo user "
                    f"{ALICE} || echo no\n")
        server.start()
        for protocol in PROTOCOLS:
            with self.subTest(protocol=protocol.protocol):
                self.tokens(protocol, server)

    def tokens(self, protocol, server):
        bearer = "n,a={},\1host=x\1port=1\1auth=Bearer {}\1\1"
        with protocol(server) as client:
            self.assertLessEqual({"OAUTHBEARER", "XOAUTH2"},
                                 set(client.offer))
            self.assertIsNone(client.login(
                "OAUTHBEARER", bearer.format(ALICE, "good.token").encode()))
        with protocol(server) as client:
            said = json.loads(client.login(
                "OAUTHBEARER", bearer.format(ALICE, "bad.token").encode()))
            self.assertEqual(said["status"], "invalid_token")
            self.assertRaises(Refused, client.answer, b"\1")
            said = json.loads(client.login(
                "XOAUTH2", f"user={BOB}\1auth=Bearer good.token\1\1".encode()))
            self.assertEqual(said["status"], "401")
            self.assertRaises(Refused, client.answer, b"")
            self.assertIsNone(client.login(
                "XOAUTH2",
                f"user={ALICE}\1auth=Bearer good.token\1\1".encode()))

    def test_a_token_program_that_hangs_holds_up_nobody(self):
        server = self.make("oauth_program = ../oauth\n")
        self.script(server.dir / "oauth", "sleep 100\n")
        server.start()
        with Imap(server) as client:
            client.say("a AUTHENTICATE XOAUTH2 " + b64(
                f"user={ALICE}\1auth=Bearer x\1\1".encode()))
            self.assertIn("+OK", pop3_login(server, ALICE, "wonderland"))
            self.assertRaises(Refused, client.challenge)
        wait_for(lambda: "not done in time, killed" in server.log(),
                 "master to end the program")

    def test_a_program_that_is_not_there(self):
        if SANITIZED:
            self.skipTest("a master that does not start keeps what it read")
        server = self.make("oauth_program = ../nothing\n")
        with self.assertRaises(Exception):
            server.start()


if __name__ == "__main__":
    unittest.main()
