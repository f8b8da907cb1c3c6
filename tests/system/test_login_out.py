# SPDX-License-Identifier: ISC
"""Logging in at other servers: each mechanism, and what a server may do wrong.

The sink has a small server's side of SASL; that of Posthouse itself is the other
peer, which also binds logins to the connection.
"""

import base64
import hashlib
import hmac
import ssl
import unittest

from certs import Authority
from secure import SecureServer
from server import Server, message, wait_for
from sink import EXTENSIONS, Sink

USER, PASSWORD = 'a,li=ce "x"', 'wonder \\"land"'


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def b64(octets):
    return base64.b64encode(octets).decode()


class Logins:
    """The server's side. password: another one than the client's, to be wrong;
    break_at: what to do wrong."""

    def __init__(self, password=PASSWORD, break_at=None, certificate=None):
        self.password, self.break_at = password.encode(), break_at
        self.certificate = certificate
        self.used, self.flags = [], []

    async def ask(self, session, challenge):
        await session.put(b"334 " + b64(challenge).encode() + b"\r\n")
        return base64.b64decode(await session.line())

    async def __call__(self, session, argument):
        name, _, initial = argument.partition(" ")
        self.used.append(name)
        initial = base64.b64decode(initial) if initial else None
        if name.startswith("SCRAM-"):
            ok = await self.scram(session, name, initial)
        elif name == "PLAIN":
            if initial is None:
                initial = await self.ask(session, b"")
            ok = initial == b"\0" + USER.encode() + b"\0" + self.password
        else:
            ok = await self.ask(session, b"Username:") == USER.encode() and \
                await self.ask(session, b"Password:") == self.password
        if ok is not None:
            await session.put(b"235 2.7.0 Welcome\r\n" if ok else
                              b"535 5.7.8 Wrong\r\n")

    async def scram(self, session, name, first):
        hash = "sha1" if "SHA-1" in name else "sha256"
        header, bare = first.split(b",,", 1)
        self.flags.append(header.decode())
        user, nonce = bare.split(b",r=")
        if user != b"n=" + USER.replace("=", "=3D").replace(
                ",", "=2C").encode():
            return False
        rounds = b"10" if self.break_at == "rounds" else b"4096"
        if self.break_at == "nonce":
            nonce = b"x" + nonce
        challenge = b"r=" + nonce + b"server,s=" + b64(b"salt").encode() + \
            b",i=" + rounds
        final = await self.ask(session, challenge)
        if self.break_at in ("nonce", "rounds"):
            return False
        without, proof = final.rsplit(b",p=", 1)
        binding = b""
        if header.startswith(b"p="):
            if header != b"p=tls-server-end-point":
                return False
            binding = hashlib.sha256(self.certificate.der()).digest()
        if without != b"c=" + b64(header + b",," + binding).encode() + \
                b",r=" + nonce + b"server":
            return False

        def mac(key, text):
            return hmac.new(key, text, hash).digest()
        salted = hashlib.pbkdf2_hmac(hash, self.password, b"salt", 4096)
        stored = hashlib.new(hash, mac(salted, b"Client Key")).digest()
        text = bare + b"," + challenge + b"," + without
        client = bytes(a ^ b for a, b in zip(base64.b64decode(proof),
                                             mac(stored, text)))
        if hashlib.new(hash, client).digest() != stored:
            return False
        if self.break_at == "no proof":
            return True
        signature = mac(mac(salted, b"Server Key"), text)
        if self.break_at == "signature":
            signature = signature[::-1]
        if await self.ask(session, b"v=" + b64(signature).encode()) != b"":
            return False
        return True


class House(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = Authority()
        cls.addClassCleanup(cls.house.remove)
        cls.certificate = cls.house.make("localhost", "127.0.0.1")

    def sink(self, mechanisms, logins=None, context=None, script=None,
             more=()):
        offers = (f"AUTH {mechanisms}",) if mechanisms else ()
        if context is None:
            context = self.certificate.context()
        sink = Sink(script, EXTENSIONS + ("STARTTLS",) * bool(context)
                    + offers + more, context=context, auth=logins)
        sink.__enter__()
        self.addCleanup(sink.__exit__)
        return sink

    def server(self, port, options="login=x", user=USER, password=PASSWORD,
               mode=0o600):
        server = Server("relay_clients = 127.0.0.1\nroutes = routes\n"
                        "relay_logins = relay_logins\n"
                        f"tls_ca = {self.house.path}\n")
        self.addCleanup(server.remove)
        (server.dir / "etc/routes").write_text(
            f"* [127.0.0.1]:{port} {options}\n")
        path = server.dir / "etc/relay_logins"
        path.write_text("# logins\n" + "x " + quoted(user) + " "
                        + quoted(password) + "\n")
        path.chmod(mode)
        server.start()
        return server

    def send(self, server, to="y@other.example"):
        with server.smtp() as smtp:
            smtp.sendmail("alice@example.test", to, message())

    def deferred(self, server, to="y@other.example"):
        return wait_for(lambda: [
            line for line in server.log().splitlines()
            if f"to=<{to}>" in line and "status=deferred" in line],
            "a refusal")[-1]


class Mechanisms(House):
    def test_each(self):
        for offer, used in (("PLAIN", "PLAIN"), ("LOGIN", "LOGIN"),
                            ("LOGIN PLAIN", "PLAIN"),
                            ("PLAIN SCRAM-SHA-1", "SCRAM-SHA-1"),
                            ("CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-256",
                             "SCRAM-SHA-256")):
            with self.subTest(offer):
                logins = Logins()
                sink = self.sink(offer, logins)
                server = self.server(sink.port)
                self.send(server)
                wait_for(lambda: sink.mails, "the mail")
                self.assertTrue(sink.mails[0].session.tls)
                self.assertEqual(logins.used, [used])
                # the server has no -PLUS, says the list: we would have
                self.assertIn(logins.flags, ([], ["y"]))
                self.assertNotIn("wonder", server.log())
                self.assertNotIn(b64(PASSWORD.encode())[:10], server.log())
                server.remove()

    def test_bound(self):
        """tls-server-end-point, in TLS 1.2, on each connection: the sessions
        of before are left alone, which would not have it."""
        for hash in ("SHA-1", "SHA-256"):
            logins = Logins(certificate=self.certificate)
            name = f"SCRAM-{hash}"
            sink = self.sink(f"{name} {name}-PLUS", logins,
                             self.certificate.context(
                                 ssl.TLSVersion.TLSv1_2),
                             more=("LIMITS MAILMAX=1",))
            server = self.server(sink.port)
            for count in (1, 2):
                self.send(server)
                wait_for(lambda: len(sink.mails) == count, "the mail")
            self.assertEqual(logins.used, [name + "-PLUS"] * 2)
            self.assertEqual(logins.flags, ["p=tls-server-end-point"] * 2)
            server.remove()

    def test_next_mechanism(self):
        """What is refused as a mechanism is tried with the next one."""
        async def auth(session, argument):
            name = argument.split()[0]
            used.append(name)
            await session.put(b"235 2.7.0 Ok\r\n" if name == "PLAIN" else
                              b"504 5.5.4 Not this one\r\n")
        used = []
        sink = self.sink("SCRAM-SHA-256 PLAIN", auth)
        server = self.server(sink.port)
        self.send(server)
        wait_for(lambda: sink.mails, "the mail")
        self.assertEqual(used, ["SCRAM-SHA-256", "PLAIN"])

    def test_long_password(self):
        """Longer than a command may be: behind the server's 334."""
        password = "p" * 900
        sink = self.sink("PLAIN", Logins(password))
        server = self.server(sink.port, password=password)
        self.send(server)
        wait_for(lambda: sink.mails, "the mail")
        self.assertIn("AUTH PLAIN", sink.sessions[0].commands)

    def test_ourselves(self):
        """Bound to TLS 1.3 (tls-exporter), at a submission listener of ours."""
        other = SecureServer("domains = other.example\n",
                             users={"carol@other.example": "a secret"})
        self.addCleanup(other.remove)
        other.start()
        # the issuer of its certificate is itself
        self.house.path.write_text(self.house.path.read_text()
                                   + other.certificate.read_text())
        for options in (f"[127.0.0.1]:{other.ports['submission']} login=x",
                        f"[127.0.0.1]:{other.ports['submissions']} login=x "
                        "tls=implicit"):
            server = self.server(1, user="carol@other.example",
                                 password="a secret")
            # the sender must be the login's
            (server.dir / "etc/routes").write_text(f"* {options}\n")
            server.posthouse("reload")
            with server.smtp() as smtp:
                smtp.sendmail("carol@other.example", "carol@other.example",
                              message())
            wait_for(lambda: "status=sent" in server.log(), "the mail")
            server.remove()
        self.assertIn("sasl_method=SCRAM-SHA-256-PLUS", other.log())


class Refusals(House):
    def check(self, sink, words, options="login=x", **given):
        server = self.server(sink.port, options, **given)
        self.send(server)
        line = self.deferred(server)
        self.assertIn(words, line)
        self.assertIn("dsn=4.7.", line)
        self.assertEqual(sink.mails, [])
        self.assertNotIn("wonder", server.log())
        return server

    def test_wrong_password(self):
        for offer in ("PLAIN", "LOGIN", "SCRAM-SHA-256 PLAIN"):
            with self.subTest(offer):
                logins = Logins("another")
                server = self.check(self.sink(offer, logins),
                                    "535 5.7.8 Wrong")
                # once, as a guess counts
                self.assertEqual(logins.used, [offer.split()[0]])
                self.assertIn("login x is refused", server.log())
                server.remove()

    def test_server_that_cannot_prove_itself(self):
        for break_at, words in (
                ("signature", "the server does not know the password"),
                ("no proof", "the server did not prove"),
                ("nonce", "the challenge is not an answer to us"),
                ("rounds", "the challenge has too few iterations")):
            with self.subTest(break_at):
                logins = Logins(break_at=break_at)
                server = self.check(self.sink("SCRAM-SHA-256 PLAIN", logins),
                                    words)
                self.assertEqual(logins.used, ["SCRAM-SHA-256"])
                server.remove()

    def test_nothing_in_clear_text(self):
        logins = Logins()
        self.check(self.sink("PLAIN", logins, context=False),
                   "TLS is required, but was not offered")
        self.check(self.sink("PLAIN", logins, context=False),
                   "has no TLS to log in under", "login=x tls=may")
        self.assertEqual(logins.used, [])

    def test_clear_text_that_is_wanted(self):
        sink = self.sink("PLAIN", Logins(), context=False)
        server = self.server(sink.port, "login=x tls=none")
        self.send(server)
        wait_for(lambda: sink.mails, "the mail")

    def test_nobody_we_know(self):
        """A login asks for a verified server, unless the route says less."""
        own = self.house.make("127.0.0.1", own=True)
        logins = Logins()
        self.check(self.sink("PLAIN", logins, own.context()),
                   "certificate not accepted")
        self.assertEqual(logins.used, [])

    def test_no_way_to_log_in(self):
        self.check(self.sink(""), "does not offer to log in")
        self.check(self.sink("GSSAPI NTLM"), "has no way to log in")

    def test_no_such_login(self):
        self.check(self.sink("PLAIN", Logins()), "no login named z",
                   "login=z")

    def test_file_that_others_may_read(self):
        server = self.check(self.sink("PLAIN", Logins()), "no login named x",
                            mode=0o644)
        self.assertIn("is open to others (mode 644)", server.log())
        done = server.posthouse("check", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("is open to others (mode 644)", done.stderr)

    def test_file_that_changes(self):
        sink = self.sink("PLAIN", Logins())
        server = self.check(sink, "535 5.7.8 Wrong", password="wrong")
        (server.dir / "etc/relay_logins").write_text(
            f"x {quoted(USER)} {quoted(PASSWORD)}\n")

        def again():
            server.posthouse("queue", "flush")
            return sink.mails
        wait_for(again, "the mail")


if __name__ == "__main__":
    unittest.main()
