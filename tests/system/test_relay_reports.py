# SPDX-License-Identifier: ISC
"""What became of mail for other hosts, as its sender hears of it; and mail that
is changed for servers that take less."""

import email
import itertools
import smtplib
import unittest

import reports
from server import DOMAIN, Server, free_port, message, wait_for
from sink import Sink

ALICE = f"alice@{DOMAIN}"
SETTINGS = """smtp_port = {port}
retry_first = 1
retry_most = 1
remote_timeout = 5
connect_timeout = 2
smtp_tls = none
"""

names = (f"r{n}@[127.0.0.1]" for n in itertools.count())


class Relaying(unittest.TestCase):
    MORE = ""
    SCRIPT = {}
    EXTENSIONS = ("PIPELINING", "8BITMIME", "SMTPUTF8", "DSN")

    def setUp(self):
        port = free_port()
        self.server = Server(SETTINGS.format(port=port) + self.MORE)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.sink = self.enterContext(
            Sink(self.SCRIPT, self.EXTENSIONS, port=port))

    def send(self, rcpts, content=None, options=(), rcpt_options=()):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.sendmail(ALICE, rcpts, content or message("far away"),
                          list(options), list(rcpt_options))

    def report(self):
        wait_for(lambda: self.server.files(ALICE), "the report")
        (file,) = self.server.files(ALICE)
        return reports.check(file.read_bytes())


class Refused(Relaying):
    SCRIPT = {"RCPT": "550 5.1.1 We know\n5.1.1 nobody here by this name, and "
                      "so nobody gets it\n5.1.1 See https://sink.example/why"}

    def test_words_of_the_server(self):
        to = next(names)
        self.send([to], options=["ENVID=QQ1"],
                  rcpt_options=["ORCPT=rfc822;Gone+2B@x.example"])
        text, mail, (rcpt,), original = self.report()
        self.assertEqual(mail["original-envelope-id"], "QQ1")
        self.assertEqual(rcpt["original-recipient"], "rfc822;Gone+@x.example")
        self.assertEqual(rcpt["final-recipient"], f"rfc822; {to}")
        self.assertEqual(rcpt["action"], "failed")
        self.assertEqual(rcpt["status"], "5.1.1")
        self.assertIn("127.0.0.1", rcpt["remote-mta"])
        self.assertIn("last-attempt-date", rcpt)
        said = rcpt["diagnostic-code"]
        self.assertTrue(said.startswith("smtp; 550"), said)
        self.assertIn("https://sink.example/why", said)
        self.assertIn("https://sink.example/why", text)
        self.assertIn("in reply to RCPT TO command", " ".join(text.split()))
        self.assertIn("Check the address", text)

    def test_one_report_for_all(self):
        to = [next(names) for _ in range(20)]
        self.send(to)
        _, _, rcpts, _ = self.report()
        self.assertEqual({r["final-recipient"] for r in rcpts},
                         {f"rfc822; {t}" for t in to})


class Relayed(Relaying):
    EXTENSIONS = ("PIPELINING", "8BITMIME")

    def test_to_a_server_without_dsn(self):
        to = next(names)
        self.send([to], rcpt_options=["NOTIFY=SUCCESS"])
        text, _, (rcpt,), _ = self.report()
        self.assertEqual(rcpt["action"], "relayed")
        self.assertEqual(rcpt["status"][0], "2")
        self.assertIn("passed on", text)


class NotRelayed(Relaying):
    def test_a_server_with_dsn_reports_itself(self):
        self.send([next(names)], rcpt_options=["NOTIFY=SUCCESS"])
        self.server.settle()
        (mail,) = self.sink.mails
        self.assertIn("NOTIFY=SUCCESS", str(mail.rcpt_parameters))
        self.assertEqual(self.server.files(ALICE), [])


class Delayed(Relaying):
    MORE = "delay_warning = 1\n"
    SCRIPT = {"RCPT": "450 4.2.1 Not now"}

    def test_warning(self):
        self.send([next(names)])
        text, _, (rcpt,), original = self.report()
        self.assertEqual(rcpt["action"], "delayed")
        self.assertEqual(rcpt["status"], "4.2.1")
        self.assertEqual(rcpt["diagnostic-code"], "smtp; 450 4.2.1 Not now")
        self.assertIn("will-retry-until", rcpt)
        self.assertIn("You need not send it again", text)
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")


class SevenBit(Relaying):
    """To a server that has heard of nothing."""
    EXTENSIONS = ()
    SIGNED = (b"Subject: signed\r\nMIME-Version: 1.0\r\n"
              b"Content-Type: multipart/signed; boundary=b; micalg=x;\r\n"
              b" protocol=\"a/b\"\r\n\r\n--b\r\n"
              b"Content-Type: text/plain; charset=utf-8\r\n"
              b"Content-Transfer-Encoding: 8bit\r\n\r\nsch\xc3\xb6n\r\n--b\r\n"
              b"Content-Type: a/b\r\n\r\nx\r\n--b--\r\n")
    MIXED = (b"Subject: parts\r\nMIME-Version: 1.0\r\n"
             b"Content-Type: multipart/mixed; boundary=b\r\n"
             b"Content-Transfer-Encoding: %s\r\n\r\n--b\r\n"
             b"Content-Type: text/plain; charset=utf-8\r\n"
             b"Content-Transfer-Encoding: 8bit\r\n\r\n"
             b".sch\xc3\xb6n \r\n.\r\n--\r\n\r\n--b\r\n"
             b"Content-Type: application/octet-stream\r\n"
             b"Content-Transfer-Encoding: %s\r\n\r\n%s\r\n--b--\r\n")

    def parts(self, content):
        """What the leaves hold."""
        return [p.get_payload(decode=True)
                for p in email.message_from_bytes(content).walk()
                if not p.is_multipart()]

    def arrived(self):
        wait_for(lambda: self.sink.mails and self.sink.mails[0].content,
                 "the mail")
        content = self.sink.mails[0].content
        self.assertTrue(content.isascii())
        self.assertNotIn("BODY", self.sink.mails[0].parameters)
        return content

    def test_eight_bits(self):
        sent = self.MIXED % (b"8bit", b"8bit", bytes(range(128, 256)))
        self.send([next(names)], sent, ["BODY=8BITMIME"])
        self.assertEqual(self.parts(self.arrived()), self.parts(sent))

    def test_binary(self):
        sent = self.MIXED % (b"binary", b"binary", bytes(range(256)) * 100)
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.mail(ALICE, ["BODY=BINARYMIME"])
            smtp.rcpt(next(names))
            smtp.send(b"BDAT %d LAST\r\n" % len(sent) + sent)
            self.assertEqual(smtp.getreply()[0], 250)
        self.assertEqual(self.parts(self.arrived()), self.parts(sent))

    def test_signed_comes_back(self):
        self.send([next(names)], self.SIGNED)
        text, _, (rcpt,), _ = self.report()
        self.assertEqual(rcpt["status"], "5.6.3")
        self.assertIn("signed", text)
        self.assertEqual(self.sink.mails, [])


if __name__ == "__main__":
    unittest.main()
