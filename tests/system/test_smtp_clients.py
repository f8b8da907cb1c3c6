# SPDX-License-Identifier: ISC
"""Real clients on every listener, with and without TLS, by every mechanism they
know. What they send arrives octet for octet, and Received tells how it came."""

import base64
import hashlib
import hmac
import json
import os
import re
import shutil
import smtplib
import subprocess
import unittest

from secure import SecureServer
from server import DOMAIN
from wire import Wire, client_context

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
PASSWORD = "wonderland"
TEXT = (f"From: {ALICE}\r\nTo: {BOB}\r\nSubject: %s\r\n"
        f"Date: Mon, 2 Jan 2040 03:04:05 +0000\r\nMessage-ID: <1@{DOMAIN}>\r\n"
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        ".\r\n..\r\n.x\r\nt\u00e9xt\r\n\ttab \r\n" + 990 * "x" + "\r\n")
SETTINGS = """\
sasl_mechanisms = PLAIN LOGIN CRAM-MD5 SCRAM-SHA-1 SCRAM-SHA-1-PLUS \
SCRAM-SHA-256 SCRAM-SHA-256-PLUS
"""
NODE = """
const nodemailer = require('nodemailer');
const fs = require('fs');
const o = JSON.parse(process.argv[2]);
const t = nodemailer.createTransport(o.transport);
o.mail.raw = fs.readFileSync(o.file);
t.sendMail(o.mail, (error, info) => {
    if (error) { console.error(error); process.exit(1); }
    console.log(info.response);
    t.close();
});
"""
NODE_PATH = "/usr/share/nodejs"

# listener: (its tls, LMTP?, a login?)
LISTENERS = {
    "smtp": ("none", "starttls"),
    "submission": ("none", "starttls"),
    "submissions": ("implicit",),
    "lmtp": ("none", "starttls"),
}
MECHANISMS = ("PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256")


LMTP_UNIX = """
[listener lmtp-unix]
address = unix:../run/lmtp-test
protocol = lmtp
"""


class Scram:
    """RFC 5802 as smtplib wants it: called with each challenge."""

    def __init__(self, user, password, name, binding=None):
        self.user, self.password = user, password
        self.hash = {"1": "sha1", "256": "sha256"}[name.split("-")[2]]
        self.header, self.bound = binding or ("n,,", b"")
        self.step = self.first

    def __call__(self, challenge=None):
        return self.step((challenge or b"").decode()
                         if isinstance(challenge, bytes) else challenge or "")

    def first(self, _):
        self.nonce = base64.b64encode(os.urandom(18)).decode()
        self.bare = f"n={self.user},r={self.nonce}"
        self.step = self.final
        return self.header + self.bare

    def final(self, challenge):
        parts = dict(p.split("=", 1) for p in challenge.split(","))
        salted = hashlib.pbkdf2_hmac(self.hash, self.password.encode(),
                                     base64.b64decode(parts["s"]),
                                     int(parts["i"]))

        def sign(key, text):
            return hmac.new(key, text, self.hash).digest()
        c = base64.b64encode(self.header.encode() + self.bound).decode()
        bare = f"c={c},r={parts['r']}"
        whole = f"{self.bare},{challenge},{bare}".encode()
        key = sign(salted, b"Client Key")
        proof = sign(hashlib.new(self.hash, key).digest(), whole)
        proof = bytes(a ^ b for a, b in zip(key, proof))
        self.server = base64.b64encode(
            sign(sign(salted, b"Server Key"), whole)).decode()
        self.step = self.verify
        return f"{bare},p={base64.b64encode(proof).decode()}"

    def verify(self, challenge):
        assert challenge == f"v={self.server}", challenge
        return ""


class Way:
    """One combination, and the word that Received must have for it."""

    def __init__(self, listener, tls, mechanism):
        self.listener, self.tls, self.mechanism = listener, tls, mechanism
        self.lmtp = listener == "lmtp"
        self.word = ("LMTP" if self.lmtp else "ESMTP") + \
            ("S" if tls != "none" else "") + ("A" if mechanism else "")

    def __str__(self):
        return f"{self.listener} tls={self.tls} {self.mechanism or 'no'} login"


def needs(program, path=None):
    return unittest.skipUnless(shutil.which(program) and
                               (not path or os.path.exists(path)),
                               f"no {path or program}")


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer(SETTINGS)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.ports = cls.server.ports
        cls.home = cls.server.dir / "home"
        cls.home.mkdir()
        cls.offered = {}
        for listener, ways in LISTENERS.items():
            for tls in ways:
                cls.offered[listener, tls] = cls.ask(listener, tls)
        if cls.offered["smtp", "starttls"] is None:
            cls.offered["submissions", "implicit"] = None

    @classmethod
    def ask(cls, listener, tls):
        """Keywords on offer; None where TLS itself is not."""
        verb = "LHLO" if listener == "lmtp" else "EHLO"
        with Wire(cls.ports[listener], tls=tls == "implicit") as wire:
            found = wire.hello(verb)
            if tls != "starttls":
                return found
        if "STARTTLS" not in found:
            return None
        with Wire(cls.ports[listener]) as wire:
            return wire.secure(verb)

    def ways(self, mechanisms, lmtp=True):
        """Each listener, TLS and mechanism that server and client share."""
        for (listener, tls), offered in self.offered.items():
            if offered is None:
                with self.subTest(listener=listener, tls=tls):
                    self.skipTest(f"no STARTTLS on {listener}")
                continue
            if listener == "lmtp" and not lmtp:
                continue
            if not listener.startswith("submission"):
                yield Way(listener, tls, None)
                continue
            for mechanism in mechanisms:
                if mechanism.endswith("-PLUS") and tls == "none":
                    self.assertNotIn(mechanism, offered["AUTH"])
                elif mechanism in offered.get("AUTH", []):
                    yield Way(listener, tls, mechanism)
                else:
                    with self.subTest(mechanism=mechanism):
                        self.skipTest(f"{mechanism} is not offered")

    def call(self, *argv, **env):
        done = subprocess.run(
            [str(a) for a in argv], text=True, capture_output=True, timeout=60,
            errors="replace", stdin=env.pop("stdin", subprocess.DEVNULL),
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin",
                 "LANG": "C.UTF-8", **env})
        self.assertEqual(done.returncode, 0, f"{argv}\n" + done.stdout[-3000:]
                         + done.stderr[-3000:])
        return done.stdout

    def each(self, mechanisms, send, **options):
        """Send by each way, then look at what arrived."""
        sent = {}
        for n, way in enumerate(self.ways(mechanisms, **options)):
            subject = f"{self.id().split('.')[-1]} {n} {way}"
            text = (TEXT % subject).encode()
            file = self.home / "text"
            file.write_bytes(text)
            with self.subTest(way=str(way)):
                send(way, file)
                sent[subject] = way, text
        self.server.settle()
        found = {}
        for text in self.server.messages(BOB):
            subject = re.search(rb"^Subject: (.*)\r$", text, re.M)[1].decode()
            self.assertNotIn(subject, found)
            found[subject] = text
        for subject, (way, text) in sent.items():
            with self.subTest(way=str(way)):
                self.compare(way, text, found[subject])
        self.assertGreater(len(sent), 0)

    def compare(self, way, text, got):
        self.assertTrue(got.endswith(text), got)
        trace = got[:-len(text)].decode()
        self.assertRegex(trace, rf"\AReturn-Path: <{ALICE}>\r\n"
                         rf"X-Original-To: {BOB}\r\nDelivered-To: {BOB}\r\n"
                         r"Received: ")
        # some clients ask for SMTPUTF8 wherever it is offered
        self.assertRegex(trace.replace("\r\n\t", " "),
                         f" with ({way.word}|UTF8{way.word.lstrip('E')}) ")

    # ---- clients ----

    def test_smtplib(self):
        def send(way, file):
            port = self.ports[way.listener]
            kind = smtplib.LMTP if way.lmtp else smtplib.SMTP
            if way.tls == "implicit":
                client = smtplib.SMTP_SSL("127.0.0.1", port,
                                          context=client_context())
            else:
                client = kind("127.0.0.1", port)
            with client:
                if way.tls == "starttls":
                    client.starttls(context=client_context())
                client.ehlo_or_helo_if_needed()
                if way.mechanism:
                    self.log_in(client, way.mechanism)
                client.sendmail(ALICE, [BOB], file.read_bytes(),
                                mail_options=["BODY=8BITMIME"])
        self.each((*MECHANISMS, "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256-PLUS"),
                  send)

    def log_in(self, client, mechanism):
        client.user, client.password = ALICE, PASSWORD
        binding = None
        if mechanism.endswith("-PLUS"):
            cert = client.sock.getpeercert(binary_form=True)
            binding = ("p=tls-server-end-point,,",
                       hashlib.sha256(cert).digest())
        if mechanism.startswith("SCRAM"):
            client.auth(mechanism, Scram(ALICE, PASSWORD, mechanism, binding))
        else:
            name = mechanism.lower().replace("-", "_")
            client.auth(mechanism, getattr(client, "auth_" + name))

    @needs("swaks")
    def test_swaks(self):
        tls = {"none": (), "starttls": ("--tls",), "implicit": ("--tlsc",)}
        support = self.call("swaks", "--support")
        for name in ("TLS", "AUTH CRAM-MD5"):
            if f"=== {name} supported" not in support:
                self.skipTest(f"swaks without {name}")

        def send(way, file):
            login = ("--auth", way.mechanism, "--auth-user", ALICE,
                     "--auth-password", PASSWORD) if way.mechanism else ()
            self.call("swaks", "--server", "127.0.0.1", "--port",
                      self.ports[way.listener], "--protocol",
                      "LMTP" if way.lmtp else "ESMTP", *tls[way.tls], *login,
                      "--from", ALICE, "--to", BOB, "--pipeline", "--data",
                      f"@{self.open_ended(file)}", "--suppress-data")
        self.each(("PLAIN", "LOGIN", "CRAM-MD5"), send)

    @needs("curl")
    def test_curl(self):
        def send(way, file):
            scheme = "smtps" if way.tls == "implicit" else "smtp"
            login = ("-u", f"{ALICE}:{PASSWORD}", "--login-options",
                     f"AUTH={way.mechanism}") if way.mechanism else ()
            self.call("curl", "-sS", "-k", "--crlf",
                      f"{scheme}://127.0.0.1:{self.ports[way.listener]}/"
                      "client.test", *login,
                      *(("--ssl-reqd",) if way.tls == "starttls" else ()),
                      "--mail-from", ALICE, "--mail-rcpt", BOB, "-T",
                      self.unix(file))
        self.each(("PLAIN", "LOGIN", "CRAM-MD5"), send, lmtp=False)

    def open_ended(self, file):
        """The same text without its last line end."""
        other = self.home / "open_ended"
        other.write_bytes(file.read_bytes().removesuffix(b"\r\n"))
        return other

    def unix(self, file):
        """The same text with LF only."""
        other = self.home / "unix"
        other.write_bytes(file.read_bytes().replace(b"\r\n", b"\n"))
        return other

    @needs("msmtp")
    def test_msmtp(self):
        rc = self.home / "msmtprc"
        able = subprocess.run(["msmtp", "--version"], capture_output=True,
                              text=True).stdout

        def send(way, file):
            method = (way.mechanism or "").lower()
            # who can bind to the channel and does not looks like somebody's
            # victim (RFC 5802 6)
            if way.tls != "none" and f"{method}-plus" in able:
                method += "-plus"
            login = f"auth {method}\nuser {ALICE}\n" \
                f"password {PASSWORD}\n" if way.mechanism else "auth off\n"
            rc.write_text(
                f"account x\nhost 127.0.0.1\nport {self.ports[way.listener]}\n"
                f"protocol {'lmtp' if way.lmtp else 'smtp'}\n"
                f"tls {'off' if way.tls == 'none' else 'on'}\n"
                f"tls_starttls {'on' if way.tls == 'starttls' else 'off'}\n"
                f"tls_certcheck off\n{login}from {ALICE}\n"
                "set_date_header off\nset_msgid_header off\n"
                "account default : x\n")
            rc.chmod(0o600)
            with self.unix(file).open("rb") as text:
                self.call("msmtp", "-C", rc, BOB, stdin=text)
        self.each(MECHANISMS, send)

    @needs("node", f"{NODE_PATH}/nodemailer")
    def test_nodemailer(self):
        script = self.home / "send.js"
        script.write_text(NODE)

        def send(way, file):
            transport = {
                "host": "127.0.0.1", "port": self.ports[way.listener],
                "secure": way.tls == "implicit", "lmtp": way.lmtp,
                "ignoreTLS": way.tls == "none",
                "requireTLS": way.tls == "starttls",
                "tls": {"rejectUnauthorized": False}}
            if way.mechanism:
                transport["authMethod"] = way.mechanism
                transport["auth"] = {"user": ALICE, "pass": PASSWORD}
            self.call("node", script, json.dumps({
                "transport": transport, "file": str(file), "mail": {
                    "envelope": {"from": ALICE, "to": [BOB]}}}),
                NODE_PATH=NODE_PATH)
        self.each(("PLAIN", "LOGIN", "CRAM-MD5"), send)


class Content(unittest.TestCase):
    """What is sent by the wire arrives as it is."""

    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer(listeners=LMTP_UNIX)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def setUp(self):
        self.before = set(self.server.files(BOB))

    def deliver(self, listener, octets, tls=False, verb="EHLO", mail=""):
        """Send by BDAT or DATA; the reply."""
        with Wire(self.server.ports[listener]) as wire:
            if tls:
                wire.secure(verb)
            offered = wire.hello(verb)
            wire.must(f"MAIL FROM:<{ALICE}>{mail}", 250)
            wire.must(f"RCPT TO:<{BOB}>", 250)
            if "BODY=BINARYMIME" in mail:
                if "BINARYMIME" not in offered:
                    self.skipTest("BINARYMIME is not offered")
                middle = len(octets) // 2
                wire.send(b"BDAT %d\r\n" % middle + octets[:middle])
                self.assertEqual(wire.reply().code, 250)
                octets = octets[middle:]
                wire.send(b"BDAT %d LAST\r\n" % len(octets) + octets)
            else:
                wire.must("DATA", 354)
                wire.send(re.sub(rb"(?m)^\.", b"..", octets) + b".\r\n")
            return wire.reply().code

    def received(self):
        """The new mail."""
        self.server.settle()
        (file,) = set(self.server.files(BOB)) - self.before
        return file.read_bytes()

    def need(self, keyword, listener="smtp"):
        with Wire(self.server.ports[listener]) as wire:
            if keyword not in wire.hello("LHLO" if listener == "lmtp"
                                         else "EHLO"):
                self.skipTest(f"{keyword} is not offered")

    def test_binary(self):
        """Every octet there is, by BDAT, read back by IMAP."""
        self.need("BINARYMIME")
        body = bytes(range(256)) * 300 + b"\r\n.\r\n\n.\n\r.\r\0" + \
            5000 * b"\xff"
        text = b"Subject: binary\r\nMIME-Version: 1.0\r\n" \
            b"Content-Type: application/octet-stream\r\n" \
            b"Content-Transfer-Encoding: binary\r\n\r\n" + body
        code = self.deliver("smtp", text, mail=" BODY=BINARYMIME")
        self.assertEqual(code, 250)
        self.assertTrue(self.received().endswith(text))
        with self.server.imap(BOB) as imap:
            imap.select("INBOX", readonly=True)
            _, data = imap.fetch("*", "(BINARY.PEEK[1])")
        self.assertEqual(data[0][1], body)

    def test_eight_bits(self):
        text = b"Subject: x\r\n\r\n" + bytes(
            c for c in range(1, 256) if c not in b"\r\n") + b"\r\n"
        self.assertEqual(self.deliver("smtp", text, mail=" BODY=8BITMIME"),
                         250)
        self.assertTrue(self.received().endswith(text))

    def test_dots(self):
        text = b"Subject: x\r\n\r\n" + b"".join(
            b"." * n + end + b"\r\n" for n in range(6)
            for end in (b"", b"x", b" "))
        self.assertEqual(self.deliver("smtp", text), 250)
        self.assertTrue(self.received().endswith(text))

    def test_received_with_utf8(self):
        """RFC 6531 3.7.3: UTF8SMTP, where ESMTP would stand."""
        self.need("SMTPUTF8")
        code = self.deliver("smtp", b"Subject: t\xc3\xa9st\r\n\r\nx\r\n",
                            mail=" SMTPUTF8")
        self.assertEqual(code, 250)
        self.assertRegex(self.received(), rb" with UTF8SMTP\s")

    def test_received_in_lmtp(self):
        self.need("STARTTLS", "lmtp")
        code = self.deliver("lmtp", b"Subject: x\r\n\r\nx\r\n", tls=True,
                            verb="LHLO")
        self.assertEqual(code, 250)
        self.assertRegex(self.received(), rb" with LMTPS\s")

    def test_received_by_helo(self):
        with Wire(self.server.ports["smtp"]) as wire:
            wire.must("HELO client.test", 250)
            wire.must(f"MAIL FROM:<{ALICE}>", 250)
            wire.must(f"RCPT TO:<{BOB}>", 250)
            wire.must("DATA", 354)
            self.assertEqual(wire.say("Subject: x\r\n\r\nx\r\n.").code, 250)
        self.assertRegex(self.received(), rb" with SMTP\s")

    def test_submission_completes(self):
        """RFC 6409 8: Date and Message-ID, when they are missing."""
        with Wire(self.server.ports["submissions"], tls=True) as wire:
            wire.hello()
            wire.log_in(ALICE, PASSWORD)
            wire.must(f"MAIL FROM:<{ALICE}>", 250)
            wire.must(f"RCPT TO:<{BOB}>", 250)
            wire.must("DATA", 354)
            self.assertEqual(wire.say("Subject: x\r\n\r\nx\r\n.").code, 250)
        text = self.received()
        self.assertRegex(text, rb"(?m)^Date: .* [+-]\d{4}\r$")
        self.assertRegex(text, rb"(?m)^Message-ID: <\S+@\S+>\r$")


    def submit_by_bdat(self, octets, size):
        """In chunks of so many octets."""
        with Wire(self.server.ports["submissions"], tls=True) as wire:
            if "CHUNKING" not in wire.hello():
                self.skipTest("CHUNKING is not offered")
            wire.log_in(ALICE, PASSWORD)
            wire.must(f"MAIL FROM:<{ALICE}>", 250)
            wire.must(f"RCPT TO:<{BOB}>", 250)
            for i in range(0, len(octets), size):
                part = octets[i:i + size]
                last = b" LAST" if i + size >= len(octets) else b""
                wire.send(b"BDAT %d%s\r\n" % (len(part), last) + part)
                self.assertEqual(wire.reply().code, 250)
        return self.received()

    def test_header_in_pieces(self):
        """Fields are found however chunks cut them: none is added twice."""
        text = b"Subject: x\r\nDate: Mon, 2 Jan 2040 03:04:05 +0000\r\n" \
            b"Message-ID: <1@x.test>\r\n\r\nDate: body\r\n"
        got = self.submit_by_bdat(text, 1)
        self.assertTrue(got.endswith(text))
        self.assertEqual(got.lower().count(b"\r\ndate:"), 2)
        self.assertEqual(got.lower().count(b"\r\nmessage-id:"), 1)

    def test_missing_fields_in_pieces(self):
        got = self.submit_by_bdat(b"Subject: x\r\n\r\nDate: body\r\n", 3)
        header = got.partition(b"\r\n\r\n")[0].lower()
        self.assertEqual(header.count(b"\r\ndate:"), 1)
        self.assertEqual(header.count(b"\r\nmessage-id:"), 1)

    def test_no_header_in_chunks(self):
        """A body alone gets a header, and stays a body."""
        got = self.submit_by_bdat(b"\r\nDate: body\r\n", 1)
        self.assertTrue(got.endswith(b"\r\n\r\nDate: body\r\n"))

    def test_lmtp_on_a_unix_socket(self):
        with smtplib.LMTP(str(self.server.dir / "run/lmtp-test")) as client:
            client.sendmail(ALICE, [BOB], "Subject: x\r\n\r\nx\r\n")
        self.assertRegex(self.received(), rb" with LMTP\s")


if __name__ == "__main__":
    unittest.main()
