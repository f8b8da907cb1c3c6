# SPDX-License-Identifier: ISC
"""POP3 and IMAP in TLS: the change to it, logins, and everything behind."""

import base64
import hashlib
import hmac
import imaplib
import os
import poplib
import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
import unittest

from secure import HOST, SecureServer, make_certificate
from server import DOMAIN, message, wait_for, within
from terminal import Terminal

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
PASSWORD = "wonderland"
PLAIN = base64.b64encode(f"\0{ALICE}\0{PASSWORD}".encode()).decode()


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


class Wire:
    """A client that does only what the test says."""

    def __init__(self, server, protocol):
        self.socket = socket.create_connection(
            (HOST, server.ports[protocol]), 20)
        self.server, self.protocol = server, protocol
        self.pending = b""

    def begin_tls(self, trust=None):
        self.socket = (trust or self.server.trust()).wrap_socket(
            self.socket, server_hostname=HOST)

    def say(self, text):
        self.socket.sendall(text.encode() + b"\r\n")

    def line(self):
        while b"\r\n" not in self.pending:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError(self.pending)
            self.pending += more
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line.decode()

    def until(self, start):
        """Lines up to one that begins so."""
        lines = [self.line()]
        while not lines[-1].startswith(start):
            lines.append(self.line())
        return lines

    def ask(self, text, start=""):
        self.say(text)
        return self.until(start)[-1]

    def ends(self):
        """The server closes, and says nothing before."""
        try:
            return self.pending == b"" and self.socket.recv(4096) == b""
        except (ConnectionResetError, ssl.SSLError):
            return True

    def close(self):
        self.socket.close()


def scram(wire, begin, user, password, name="SHA-256", binding=None):
    """The client's side of SCRAM. begin(first) sends the first message and
    returns the challenge; later ones are answered on lines of their own.
    Returns the server's last line."""
    make = getattr(hashlib, name.replace("-", "").lower())
    nonce = base64.b64encode(os.urandom(18)).decode()
    head = "n,," if binding is None else "p=tls-server-end-point,,"
    bare = f"n={user},r={nonce}"
    challenge = base64.b64decode(begin(head + bare)).decode()
    got = dict(part.split("=", 1) for part in challenge.split(","))
    salted = hashlib.pbkdf2_hmac(make().name, password.encode(),
                                 base64.b64decode(got["s"]), int(got["i"]))
    bound = base64.b64encode(head.encode() + (binding or b"")).decode()
    final = f"c={bound},r={got['r']}"
    signed = f"{bare},{challenge},{final}".encode()
    key = hmac.new(salted, b"Client Key", make).digest()
    proof = hmac.new(make(key).digest(), signed, make).digest()
    proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, proof))).decode()
    reply = wire.ask(base64.b64encode(f"{final},p={proof}".encode()).decode())
    if not reply.startswith("+ "):
        return reply
    mine = hmac.new(hmac.new(salted, b"Server Key", make).digest(), signed,
                    make).digest()
    said = base64.b64decode(reply[2:]).decode()
    assert said == "v=" + base64.b64encode(mine).decode(), said
    return wire.ask("")


class ReaderTls(Terminal, unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer("plain_logins = no\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.home = cls.server.dir / "home"
        cls.home.mkdir()
        with cls.server.smtp() as smtp:
            for n in range(1, 4):
                smtp.sendmail(BOB, [ALICE], message(f"n {n}", f"text {n}\r\n"))
                cls.server.settle()

    def setUp(self):
        self.trust = self.server.trust()

    def wire(self, protocol):
        wire = Wire(self.server, protocol)
        self.addCleanup(wire.close)
        return wire

    # ---- IMAP ----

    def imap(self, tls="starttls"):
        if tls == "implicit":
            return imaplib.IMAP4_SSL(HOST, self.server.ports["imaps"],
                                     ssl_context=self.trust, timeout=60)
        client = imaplib.IMAP4(HOST, self.server.ports["imap"], timeout=60)
        client.starttls(self.trust)
        return client

    def test_imap_capabilities(self):
        """No password in clear text; TLS is not offered within itself."""
        client = imaplib.IMAP4(HOST, self.server.ports["imap"], timeout=60)
        before = set(client.capabilities)
        self.assertLessEqual({"STARTTLS", "LOGINDISABLED"}, before)
        self.assertNotIn("AUTH=PLAIN", before)
        self.assertFalse([c for c in before if c.endswith("-PLUS")])
        client.starttls(self.trust)
        within = set(client.capabilities)
        self.assertFalse({"STARTTLS", "LOGINDISABLED"} & within)
        self.assertLessEqual({"AUTH=PLAIN", "SASL-IR",
                              "AUTH=SCRAM-SHA-256-PLUS"}, within)
        client.login(ALICE, PASSWORD)
        client.logout()
        implicit = self.imap("implicit")
        self.assertEqual(set(implicit.capabilities), within)
        implicit.logout()

    def test_imap_privacy(self):
        """A login in clear text is refused whatever is right with it."""
        wire = self.wire("imap")
        self.assertIn("LOGINDISABLED", wire.line())
        for n, text in enumerate((f"LOGIN {ALICE} {PASSWORD}",
                                  f"AUTHENTICATE PLAIN {PLAIN}",
                                  "AUTHENTICATE PLAIN")):
            self.assertIn("NO [PRIVACYREQUIRED]", wire.ask(f"a{n} {text}"))
        self.assertRegex(wire.ask("b AUTHENTICATE NOSUCH"), r"b NO \[CANNOT\]")
        self.assertRegex(wire.ask("c AUTHENTICATE SCRAM-SHA-256-PLUS"),
                         r"c NO \[CANNOT\]")
        self.assertRegex(wire.ask("d STARTTLS"), "d OK")
        wire.begin_tls()
        self.assertRegex(wire.ask("e STARTTLS"), "e BAD")
        self.assertRegex(wire.ask(f"f LOGIN {ALICE} {PASSWORD}"),
                         r"f OK \[CAPABILITY ")
        self.assertRegex(wire.ask("g STARTTLS"), "g BAD")

    def test_imap_authenticate(self):
        for tls in ("starttls", "implicit"):
            client = self.imap(tls)
            client.authenticate(
                "PLAIN", lambda _: f"\0{ALICE}\0{PASSWORD}".encode())
            self.assertEqual(client.select("INBOX")[0], "OK")
            client.logout()
        wire = self.wire("imaps")
        wire.begin_tls()
        wire.line()
        self.assertIn("BAD", wire.ask("a AUTHENTICATE PLAIN !"))
        self.assertEqual(wire.ask("b AUTHENTICATE PLAIN"), "+ ")
        self.assertIn("b BAD", wire.ask("*"))
        wrong = base64.b64encode(f"\0{ALICE}\0wrong".encode()).decode()
        self.assertIn("c NO [AUTHENTICATIONFAILED]",
                      wire.ask(f"c AUTHENTICATE PLAIN {wrong}"))
        self.assertIn("d OK", wire.ask(f"d AUTHENTICATE PLAIN {PLAIN}"))

    def test_imap_scram(self):
        for n, name in enumerate(("SHA-1", "SHA-256")):
            wire = self.wire("imap")
            self.assertRegex(wire.line(), rf"AUTH=SCRAM-{name}[ \]]")

            def begin(first):
                code = base64.b64encode(first.encode()).decode()
                return wire.ask(f"a AUTHENTICATE SCRAM-{name} {code}")[2:]
            if n:
                self.assertIn("a NO", scram(wire, begin, ALICE, "wrong", name))
            self.assertIn("a OK", scram(wire, begin, ALICE, PASSWORD, name))

    def test_imap_channel_binding(self):
        """A login that is bound to another certificate fails."""
        certificate = ssl.PEM_cert_to_DER_cert(
            self.server.certificate.read_text())
        right = hashlib.sha256(certificate).digest()
        for port in ("imap", "imaps"):
            wire = self.wire(port)
            if port == "imap":
                wire.ask("x STARTTLS", "x OK")
            wire.begin_tls()
            if port == "imaps":
                wire.line()

            def begin(first):
                code = base64.b64encode(first.encode()).decode()
                return wire.ask("a AUTHENTICATE SCRAM-SHA-256-PLUS "
                                + code)[2:]
            for binding, answer in ((bytes(32), "a NO"), (right, "a OK")):
                self.assertIn(answer, scram(wire, begin, ALICE, PASSWORD,
                                            binding=binding))

    def test_imap_all_through(self):
        """Large FETCH, APPEND, IDLE, and both directions at once."""
        big = message("big", "".join(f"{n:070d}\r\n" for n in range(60000)),
                      to=BOB)
        self.assertGreater(len(big), 4 << 20)
        for tls in ("starttls", "implicit"):
            client = self.imap(tls)
            client.login(BOB, "builder")
            client.create(tls)
            self.assertEqual(client.append(tls, "", "", big)[0], "OK")
            client.select(tls)
            for _ in range(3):
                _, data = client.fetch("1", "(BODY.PEEK[])")
                self.assertEqual(data[0][1], big)
            client.logout()

    def test_imap_idle(self):
        wire = self.wire("imaps")
        wire.begin_tls()
        wire.line()
        wire.ask(f"a LOGIN {BOB} builder", "a OK")
        wire.ask("b SELECT INBOX", "b OK")
        self.assertTrue(wire.ask("c IDLE").startswith("+ "))
        with self.server.smtp() as smtp:
            smtp.sendmail(ALICE, [BOB], message("news", to=BOB))
        self.assertRegex(wire.until("* 1 EXISTS")[-1], "EXISTS")
        wire.ask("DONE", "c OK")

    def test_imap_pipelined(self):
        """Many commands in one record, and one command in many records."""
        wire = self.wire("imaps")
        wire.begin_tls()
        wire.line()
        wire.say(f"a LOGIN {ALICE} {PASSWORD}\r\nb SELECT INBOX\r\n" +
                 "\r\n".join(f"n{n} NOOP" for n in range(500)))
        wire.until("a OK")
        wire.until("b OK")
        self.assertEqual(wire.until("n499 ")[-1], "n499 OK NOOP completed")
        for octet in b"z FETCH 1:3 UID\r\n":
            wire.socket.sendall(bytes([octet]))
        self.assertEqual(len(wire.until("z OK")), 4)

    # ---- POP3 ----

    def pop3(self, tls="stls"):
        if tls == "implicit":
            return poplib.POP3_SSL(HOST, self.server.ports["pop3s"],
                                   context=self.trust, timeout=60)
        client = poplib.POP3(HOST, self.server.ports["pop3"], timeout=60)
        client.stls(self.trust)
        return client

    def test_pop3_capabilities(self):
        client = poplib.POP3(HOST, self.server.ports["pop3"], timeout=60)
        before = client.capa()
        self.assertIn("STLS", before)
        self.assertNotIn("USER", before)
        self.assertNotIn("PLAIN", before.get("SASL", []))
        client.stls(self.trust)
        within = client.capa()
        self.assertNotIn("STLS", within)
        self.assertIn("USER", within)
        self.assertLessEqual({"PLAIN", "SCRAM-SHA-256-PLUS"},
                             set(within["SASL"]))
        client.user(ALICE)
        client.pass_(PASSWORD)
        self.assertNotIn("STLS", client.capa())
        client.quit()

    def test_pop3_privacy(self):
        wire = self.wire("pop3")
        wire.line()
        self.assertIn("-ERR [AUTH]", wire.ask(f"USER {ALICE}"))
        self.assertIn("-ERR [AUTH]", wire.ask(f"AUTH PLAIN {PLAIN}"))
        self.assertIn("-ERR", wire.ask(f"PASS {PASSWORD}"))
        self.assertIn("+OK", wire.ask("STLS"))
        wire.begin_tls()
        self.assertIn("-ERR", wire.ask("STLS"))
        self.assertIn("-ERR", wire.ask(f"PASS {PASSWORD}"))
        self.assertIn("+OK", wire.ask(f"AUTH PLAIN {PLAIN}"))
        self.assertIn("-ERR", wire.ask("STLS"))

    def test_pop3_auth(self):
        wire = self.wire("pop3s")
        wire.begin_tls()
        wire.line()
        listed = [wire.ask("AUTH", "+OK")] + wire.until(".")
        self.assertIn("PLAIN", listed)
        self.assertEqual(wire.ask("AUTH PLAIN"), "+ ")
        self.assertIn("-ERR", wire.ask("*"))
        self.assertEqual(wire.ask("AUTH PLAIN"), "+ ")
        self.assertIn("-ERR [AUTH]", wire.ask(
            base64.b64encode(f"\0{ALICE}\0wrong".encode()).decode()))
        self.assertIn("-ERR", wire.ask("AUTH NOSUCH"))
        self.assertEqual(wire.ask("AUTH PLAIN"), "+ ")
        self.assertIn("+OK Logged in", wire.ask(PLAIN))

    def test_pop3_scram(self):
        wire = self.wire("pop3")
        wire.line()

        def begin(first):
            self.assertEqual(wire.ask("AUTH SCRAM-SHA-256"), "+ ")
            return wire.ask(base64.b64encode(first.encode()).decode())[2:]
        self.assertIn("-ERR [AUTH]", scram(wire, begin, ALICE, "wrong"))
        self.assertIn("+OK Logged in", scram(wire, begin, ALICE, PASSWORD))

    def test_pop3_all_through(self):
        for tls in ("stls", "implicit"):
            client = self.pop3(tls)
            client.user(ALICE)
            client.pass_(PASSWORD)
            self.assertEqual(client.stat()[0], 3)
            self.assertIn(b"text 2", client.retr(2)[1])
            client.quit()

    # ---- the log ----

    def log_of(self, pattern):
        return wait_for(lambda: re.search(pattern, self.server.log()), pattern)

    def test_log(self):
        client = self.imap()
        client.login(ALICE, PASSWORD)
        client.logout()
        self.log_of(r"imap-login: Login: user=<alice@example\.test>, "
                    r"method=PLAIN, rip=127\.0\.0\.1, lip=127\.0\.0\.1, TLS, "
                    r"session=<[\d.]+>\n")
        with self.assertRaises(imaplib.IMAP4.error):
            client = self.imap("implicit")
            client.login("nobody-here", "x")
        client.shutdown()
        self.log_of(r"imap-login: Disconnected: Connection closed \(auth "
                    r"failed, 1 attempts in \d+ secs\): user=<nobody-here>, "
                    r"method=PLAIN, rip=127\.0\.0\.1, lip=127\.0\.0\.1, TLS, "
                    r"session=<[\d.]+>\n")
        wire = self.wire("pop3")
        wire.line()
        wire.ask("USER wrong-way", "-ERR")
        wire.ask("QUIT")
        self.log_of(r"pop3-login: Disconnected: Logged out \(tried to use "
                    r"disallowed plaintext auth\): user=<>, rip=127\.0\.0\.1, "
                    r"lip=127\.0\.0\.1, session=<[\d.]+>\n")
        wire = self.wire("imap")
        wire.line()
        wire.ask("a STARTTLS", "a OK")
        wire.say("this is no handshake")
        self.assertTrue(wire.ends())
        self.log_of(r"imap-login: Disconnected: No TLS \(no auth attempts in "
                    r"\d+ secs\): user=<>, rip=127\.0\.0\.1, "
                    r"lip=127\.0\.0\.1, TLS handshaking: .+, "
                    r"session=<[\d.]+>\n")

    # ---- clients ----

    def call(self, *argv, input=None, codes=(0,)):
        done = subprocess.run([str(a) for a in argv], input=input, text=True,
                              capture_output=True, timeout=60,
                              env={"HOME": str(self.home), "TERM": "dumb",
                                   "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        self.assertIn(done.returncode, codes, done.stdout + done.stderr)
        return done.stdout

    @needs("curl")
    def test_curl(self):
        """Each mechanism that curl has, in each kind of TLS."""
        logins = ["AUTH=PLAIN", "AUTH=LOGIN", "AUTH=*"]
        if "gsasl" in self.call("curl", "-V"):
            logins += ["AUTH=SCRAM-SHA-256", "AUTH=SCRAM-SHA-1"]
        for scheme, port, more in (
                ("imaps", "imaps", ()), ("imap", "imap", ("--ssl-reqd",)),
                ("pop3s", "pop3s", ()), ("pop3", "pop3", ("--ssl-reqd",))):
            url = f"{scheme}://{HOST}:{self.server.ports[port]}/"
            url += "INBOX;MAILINDEX=2" if "imap" in scheme else "2"
            for login in logins:
                for ir in ((), ("--sasl-ir",)):
                    with self.subTest(url=url, login=login, ir=ir):
                        out = self.call(
                            "curl", "-sS", "--cacert", self.server.certificate,
                            url, "-u", f"{ALICE}:{PASSWORD}",
                            "--login-options", login, *more, *ir)
                        self.assertIn("text 2", out)

    @needs("fetchmail")
    def test_fetchmail(self):
        rc = self.home / "fetchmailrc"
        for protocol, port, ssl_words, auth in (
                ("pop3", "pop3s", "ssl", "password"),
                ("pop3", "pop3", "sslproto tls1.2+", "password"),
                ("imap", "imaps", "ssl", "password"),
                ("imap", "imap", "sslproto tls1.2+", "any")):
            with self.subTest(protocol=protocol, port=port):
                rc.write_text(
                    f"poll {HOST} protocol {protocol} port "
                    f"{self.server.ports[port]} auth {auth}\n"
                    f"user '{ALICE}' password '{PASSWORD}' keep fetchall "
                    f"{ssl_words} sslcertck "
                    f"sslcertfile {self.server.certificate}\n"
                    f"mda 'cat >>{self.home}/{port}.out'\n")
                rc.chmod(0o600)
                self.call("fetchmail", "-f", rc, "-N", "--nosyslog",
                          "--pidfile", self.home / "pid",
                          "-i", self.home / f"ids-{port}")
                out = (self.home / f"{port}.out").read_text()
                self.assertEqual(out.count("\ntext "), 3)

    @needs("mbsync")
    def test_mbsync(self):
        rc = self.home / "mbsyncrc"
        for port, kind in (("imaps", "IMAPS"), ("imap", "STARTTLS")):
            local = self.home / f"maildir-{port}"
            local.mkdir()
            rc.write_text(
                f"IMAPStore far\nHost {HOST}\nPort {self.server.ports[port]}\n"
                f"User {ALICE}\nPass {PASSWORD}\nSSLType {kind}\n"
                f"CertificateFile {self.server.certificate}\n\n"
                f"MaildirStore near\nPath {local}/\nInbox {local}/INBOX\n\n"
                "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\n"
                "Create Near\nExpunge None\nSyncState *\nSync Pull\n")
            self.call("mbsync", "-c", rc, "-a")
            files = [f for f in (local / "INBOX").glob("*/*") if f.is_file()]
            self.assertEqual(len([f for f in files
                                  if b"text " in f.read_bytes()]), 3)

    @needs("mutt")
    def test_mutt(self):
        """Opens the mailbox, copies each message to a file, quits."""
        for scheme, port in (("imaps", "imaps"), ("imap", "imap")):
            out, rc = self.home / f"copy-{port}", self.home / "muttrc"
            rc.write_text(
                f'set imap_user="{ALICE}" imap_pass="{PASSWORD}"\n'
                f'set folder="{self.home}"\n'
                f'set certificate_file="{self.server.certificate}"\n'
                "set ssl_starttls=yes ssl_force_tls=yes copy=no quit=yes\n"
                "set resolve=no confirmappend=no confirmcreate=no move=no\n"
                "set mbox_type=mbox wait_key=no header_cache=\n")
            self.on_terminal(
                "mutt", "-F", rc, "-f",
                f"{scheme}://{HOST}:{self.server.ports[port]}/INBOX", "-e",
                'push "' + 3 * (f"<copy-message><kill-line>{out}<enter>"
                                "<next-entry>") + '<quit>"')
            self.assertEqual(out.read_text().count("\ntext "), 3)

    @needs("openssl")
    def test_openssl(self):
        for protocol, port, bye, answer in (
                ("imap", "imap", "z LOGOUT", "* BYE"),
                ("pop3", "pop3", "QUIT", "+OK"),
                (None, "imaps", "z LOGOUT", "* BYE"),
                (None, "pop3s", "QUIT", "+OK")):
            with self.subTest(port=port):
                out = self.call(
                    "openssl", "s_client", "-connect",
                    f"{HOST}:{self.server.ports[port]}", "-CAfile",
                    self.server.certificate, "-verify_return_error", "-quiet",
                    "-ign_eof", *(("-starttls", protocol) if protocol else ()),
                    input=bye + "\r\n")
                self.assertIn(answer, out)


class OtherLogins(unittest.TestCase):
    """Ways to log in that are off by default, or need a certificate."""

    def setUp(self):
        self.server = SecureServer(
            "plain_logins = no\n"
            "sasl_mechanisms = PLAIN EXTERNAL CRAM-MD5 APOP\n"
            "tls_client_ca = client-cert.pem\n")
        self.addCleanup(self.server.remove)
        self.client, self.key = make_certificate(
            self.server.dir / "etc", "client", ALICE)
        self.server.start()

    def test_apop(self):
        for password in ("wrong", PASSWORD):
            client = poplib.POP3(HOST, self.server.ports["pop3"], timeout=60)
            if password == PASSWORD:
                self.assertIn(b"+OK", client.apop(ALICE, password))
                self.assertEqual(client.stat(), (0, 0))
            else:
                with self.assertRaisesRegex(poplib.error_proto, r"\[AUTH\]"):
                    client.apop(ALICE, password)
            client.quit()
        wait_for(lambda: f"user=<{ALICE}>, method=APOP" in self.server.log(),
                 "the log line")

    def test_cram_md5(self):
        client = imaplib.IMAP4(HOST, self.server.ports["imap"], timeout=60)
        with self.assertRaises(imaplib.IMAP4.error):
            client.login_cram_md5(ALICE, "wrong")
        self.assertEqual(client.login_cram_md5(ALICE, PASSWORD)[0], "OK")
        client.logout()

    def test_external(self):
        """Who has a certificate is who it says, and nobody else."""
        trust = self.server.trust()
        trust.load_cert_chain(self.client, self.key)
        for user, answer in ((BOB, "a NO"), (ALICE, "a OK"), ("", "a OK")):
            wire = Wire(self.server, "imaps")
            self.addCleanup(wire.close)
            wire.begin_tls(trust)
            self.assertIn("AUTH=EXTERNAL", wire.line())
            code = base64.b64encode(user.encode()).decode() or "="
            self.assertIn(answer, wire.ask(f"a AUTHENTICATE EXTERNAL {code}"))
        wire = Wire(self.server, "pop3")
        self.addCleanup(wire.close)
        wire.line()
        wire.ask("STLS", "+OK")
        wire.begin_tls(trust)
        self.assertIn("+OK", wire.ask("AUTH EXTERNAL ="))

    def test_no_certificate(self):
        wire = Wire(self.server, "imaps")
        self.addCleanup(wire.close)
        wire.begin_tls()
        self.assertNotIn("AUTH=EXTERNAL", wire.line())
        self.assertIn("a NO [CANNOT]", wire.ask("a AUTHENTICATE EXTERNAL ="))


class LoginTime(unittest.TestCase):
    """The time for a login is one for everything before it."""

    def setUp(self):
        self.server = SecureServer("login_timeout = 3s\n")
        self.addCleanup(self.server.remove)
        self.server.start()

    def last(self, protocol, keep_on):
        """How long the server stands a client that goes on like this."""
        wire = Wire(self.server, protocol)
        self.addCleanup(wire.close)
        if protocol.endswith("s"):
            wire.begin_tls()
        begun = time.monotonic()
        wire.socket.settimeout(0.2)
        while time.monotonic() - begun < within(15):
            try:
                keep_on(wire)
                if wire.socket.recv(65536) == b"":
                    break
            except (TimeoutError, socket.timeout, ssl.SSLWantReadError):
                pass
            except OSError:
                break
        return time.monotonic() - begun

    def check_all(self, keep_on):
        found, threads = {}, []
        for protocol in ("imap", "pop3", "imaps", "pop3s"):
            def run(name=protocol):
                found[name] = self.last(name, keep_on)
            threads.append(threading.Thread(target=run))
            threads[-1].start()
        for thread in threads:
            thread.join()
        for protocol, seconds in found.items():
            self.assertTrue(2 < seconds < within(8), (protocol, seconds))

    def test_silent(self):
        self.check_all(lambda wire: None)

    def test_octets(self):
        self.check_all(lambda wire: wire.socket.sendall(b"x"))

    def test_commands(self):
        """Commands that are right, in both protocols."""
        self.check_all(lambda wire: wire.say(
            "CAPA" if wire.protocol.startswith("pop3") else "a CAPABILITY"))

    def test_handshake(self):
        """One that never ends is over when the login would have to be."""
        for protocol, command in (("imap", "a STARTTLS"), ("pop3", "STLS")):
            wire = Wire(self.server, protocol)
            self.addCleanup(wire.close)
            wire.line()
            wire.ask(command)
            begun = time.monotonic()
            wire.socket.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc")
            self.assertTrue(wire.ends())
            self.assertTrue(2 < time.monotonic() - begun < within(8))

    def test_no_reader(self):
        """Who never reads what was asked for gets no more time."""
        wire = Wire(self.server, "imap")
        self.addCleanup(wire.close)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.socket.settimeout(0.5)
        begun = time.monotonic()
        block = b"a CAPABILITY\r\n" * 5000
        while time.monotonic() - begun < within(15):
            try:
                wire.socket.send(block)
            except (TimeoutError, socket.timeout):
                pass
            except OSError:
                break
        self.assertLess(time.monotonic() - begun, within(8))


if __name__ == "__main__":
    unittest.main()
