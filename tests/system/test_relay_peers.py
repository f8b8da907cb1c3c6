# SPDX-License-Identifier: ISC
"""Postfix, Exim and OpenSMTPD: mail to them, mail from them."""

import email
import hashlib
import smtplib
import ssl
import time
import unittest

import zones
from peers import Exim, OpenSMTPD, Postfix
from secure import SecureServer
from server import DOMAIN, USERS, free_port, wait_for
from zones import Zone, Zones

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))
USERS_THERE = ("carol", "dave")
BODY = ("Dots:\r\n.\r\n..\r\n. one\r\n\r\n"
        + "A line of 900: " + "x" * 885 + "\r\n"
        + "".join(f"Line {i} of some more text than fits into a packet.\r\n"
                  for i in range(2000))
        + "Gr\u00fc\u00dfe\r\n")


def mail(to, subject):
    return (f"From: {ALICE}\r\nTo: {to}\r\nSubject: {subject}\r\n"
            "MIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n"
            f"\r\n{BODY}").encode()


def body_of(octets):
    """The text of the body as its reader sees it."""
    text = email.message_from_bytes(octets).get_payload(decode=True)
    return text.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n").decode()


class Relay:
    # seconds until idle connections are closed, and records looked for again
    FORGOTTEN = 8
    peer_class = None
    address = ""
    domain = ""

    @classmethod
    def setUpClass(cls):
        if zones.missing():
            raise unittest.SkipTest("not installed: " + zones.missing())
        cls.zones = Zones(ttl=1)
        cls.addClassCleanup(cls.zones.close)
        port = free_port()
        cls.server = SecureServer(
            cls.zones.settings() + f"smtp_port = {port}\nroutes = routes\n"
            "relay_logins = logins\ntls_ca = ca.pem\n"
            "retry_first = 1\nretry_most = 2\n")
        cls.addClassCleanup(cls.server.remove)
        cls.peer = cls.peer_class(
            cls.address, port, cls.domain, USERS_THERE,
            {DOMAIN: ("127.0.0.1", cls.server.ports["smtp"])})
        cls.addClassCleanup(cls.peer.close)
        etc = cls.server.dir / "etc"
        (etc / "ca.pem").write_text(cls.peer.certificate.read_text())
        (etc / "routes").write_text("")
        (etc / "logins").touch()
        (etc / "logins").chmod(0o600)
        cls.zones.update({cls.domain: Zone(
            f"@ MX 10 mx\nmx A {cls.address}\n", signed=True)})
        cls.server.start()

    def setUp(self):
        self.seen = {u: len(self.peer.messages(u)) for u in USERS_THERE}
        self.log_from = len(self.server.log())
        self.routes("")

    # ---- steps ----

    def routes(self, text):
        path = self.server.dir / "etc/routes"
        if path.read_text() != text:
            path.write_text(text)
            self.server.posthouse("reload")
            time.sleep(0.2)

    def send(self, recipients, octets, sender=ALICE):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          timeout=60) as smtp:
            smtp.login(ALICE, USERS[ALICE])
            smtp.sendmail(sender, recipients, octets,
                          mail_options=["BODY=8BITMIME"])

    def to(self, *users):
        return [f"{u}@{self.domain}" for u in users]

    def arrived(self, user="carol"):
        """The newest message, when one more is there."""
        wait_for(lambda: len(self.peer.messages(user)) > self.seen[user],
                 f"mail for {user}; {self.log()}", 60)
        self.seen[user] += 1
        return max((self.peer.store / user).rglob("new/*"),
                   key=lambda p: p.stat().st_mtime_ns).read_bytes()

    def log(self):
        return self.server.log()[self.log_from:]

    def here(self, user, subject):
        """The message with this subject in a mailbox here."""
        def look():
            for octets in self.server.messages(user):
                if email.message_from_bytes(octets)["Subject"] == subject:
                    return octets
            return None
        return wait_for(look, f"{subject}; {self.peer.words()[-2000:]}", 60)

    def tls_works(self):
        """With Python, at least."""
        context = ssl._create_unverified_context()
        try:
            with smtplib.SMTP(self.address, self.peer.port,
                              timeout=10) as smtp:
                smtp.starttls(context=context)
            return True
        except (OSError, smtplib.SMTPException):
            return False

    def need_tls(self):
        if not self.tls_works():
            self.skipTest(f"STARTTLS of this {self.peer.name} does not work "
                          "with Python either")

    # ---- from us to them ----

    def test_to_them(self):
        """By MX; over TLS where that works, as it is offered."""
        self.send(self.to("carol", "dave"), mail("carol", "by MX"))
        for user in USERS_THERE:
            octets = self.arrived(user)
            self.assertEqual(body_of(octets), BODY)
            self.assertIn(b"mail.example.test", octets)
        self.assertEqual(self.log().count("status=sent"), 2, self.log())
        if self.tls_works():
            self.assertRegex(octets, rb"(?s)Received:.*(TLS|ESMTPS).*Subject")

    def test_many_in_a_row(self):
        for i in range(20):
            self.send(self.to("carol"), mail("carol", f"number {i}"))
        wait_for(lambda: len(self.peer.messages("carol")) ==
                 self.seen["carol"] + 20, "all of them", 60)
        time.sleep(0.5)
        subjects = [email.message_from_bytes(m)["Subject"]
                    for m in self.peer.messages("carol")]
        self.assertEqual(
            sorted(s for s in subjects if s.startswith("number")),
            sorted(f"number {i}" for i in range(20)))

    def test_nobody_there(self):
        self.send(self.to("nobody", "dave"), mail("nobody", "to nobody"))
        self.arrived("dave")
        wait_for(lambda: "status=bounced" in self.log(), "the refusal", 60)
        self.assertIn("in reply to RCPT TO command", self.log())

        def report():
            return [m for m in self.server.messages(ALICE)
                    if f"nobody@{self.domain}".encode() in m
                    and b"multipart/report" in m]
        text = wait_for(report, "a report", 60)[0]
        self.assertIn(b"Remote-MTA: dns; ", text)
        self.assertRegex(text, rb"Diagnostic-Code: smtp; 5\d\d")

    def test_smarthost(self):
        """A route with a host: over TLS in any case, and never."""
        self.need_tls()
        self.routes(f"{self.domain} [{self.address}]:{self.peer.port} "
                    "tls=encrypt\n")
        self.send(self.to("carol"), mail("carol", "smarthost"))
        self.assertEqual(body_of(self.arrived()), BODY)
        self.routes(f"{self.domain} [{self.address}]:{self.peer.port} "
                    "tls=none\n")
        self.send(self.to("carol"), mail("carol", "in the clear"))
        octets = self.arrived()
        self.assertNotRegex(octets.split(b"\n\n")[0].split(b"Received:")[1],
                            rb"TLS|ESMTPS|esmtps")

    def test_dane(self):
        """Their certificate by TLSA, right and wrong."""
        self.need_tls()
        der = ssl.PEM_cert_to_DER_cert(self.peer.certificate.read_text())
        right = hashlib.sha256(der).hexdigest()
        tlsa = (f"@ MX 10 mx\nmx A {self.address}\n"
                f"_{self.peer.port}._tcp.mx TLSA 3 0 1 ")
        plain = self.zones.zones[self.domain]
        try:
            self.zones.update({self.domain: Zone(tlsa + right, signed=True)})
            time.sleep(self.FORGOTTEN)
            self.send(self.to("carol"), mail("carol", "right"))
            self.assertEqual(body_of(self.arrived()), BODY)
            self.zones.update({self.domain: Zone(tlsa + "00" * 32,
                                                 signed=True)})
            time.sleep(self.FORGOTTEN)
            self.assertIn("Verified TLS connection", self.log())
            self.send(self.to("carol"), mail("carol", "wrong"))
            wait_for(lambda: "status=deferred" in self.log(), "distrust", 60)
            self.assertEqual(len(self.peer.messages("carol")),
                             self.seen["carol"])
        finally:
            self.zones.update({self.domain: plain})
        self.arrived()      # the next try

    # ---- from them to us ----

    def test_to_us(self):
        """They come with STARTTLS, as it is offered, and know our
        certificate or do not care."""
        with smtplib.SMTP(self.address, self.peer.port, timeout=60) as smtp:
            smtp.ehlo("client.test")
            smtp.sendmail("eve@client.test", [ALICE, BOB],
                          mail("alice", f"from {self.peer.name}"),
                          mail_options=["BODY=8BITMIME"])
        for user in (ALICE, BOB):
            octets = self.here(user, f"from {self.peer.name}")
            self.assertEqual(body_of(octets), BODY)
            self.assertRegex(octets, rb"(?i)with E?SMTPS?A?")


class WithPostfix(Relay, unittest.TestCase):
    peer_class = Postfix
    address = "127.0.0.11"
    domain = "postfix.example"


class WithExim(Relay, unittest.TestCase):
    peer_class = Exim
    address = "127.0.0.12"
    domain = "exim.example"

    def test_login(self):
        """They want a name and a password, which go over TLS alone."""
        self.need_tls()
        logins = self.server.dir / "etc/logins"
        logins.write_text("provider posthouse letmein\n")
        hop = f"[{self.peer.hostname}]:{self.peer.port}"
        self.routes(f"{self.domain} {hop} tls=encrypt login=provider\n")
        self.send(self.to("carol"), mail("carol", "with a login"))
        self.assertIn(b"esmtpsa", self.arrived())


class WithOpenSMTPD(Relay, unittest.TestCase):
    peer_class = OpenSMTPD
    address = "127.0.0.13"
    domain = "opensmtpd.example"


if __name__ == "__main__":
    unittest.main()
