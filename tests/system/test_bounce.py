# SPDX-License-Identifier: ISC
"""What cannot be delivered goes back as a report that programs can read."""

import email
import email.policy
import smtplib
import time
import unittest

import reports
from server import DOMAIN, USERS, Server, message, wait_for

ALICE, BOB, CAROL = (f"{name}@{DOMAIN}" for name in ("alice", "bob", "carol"))
AT_ONCE = ("queue_lifetime = 1\nbounce_lifetime = 1\n"
           "retry_first = 1\nretry_most = 1\n")


class Bounce(unittest.TestCase):
    def setUp(self):
        self.server = Server(AT_ONCE, aliases="circle: round\nround: circle\n")
        self.addCleanup(self.server.remove)
        # Where alice's mailboxes should be is a file: nothing can be delivered.
        self.server.maildir(ALICE).parent.mkdir(parents=True)
        self.server.maildir(ALICE).write_text("in the way\n")
        self.server.start()

    def send(self, sender):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, [ALICE], message("around the world"))

    def report(self):
        wait_for(lambda: self.server.files(BOB), "the report")
        self.server.settle()
        (file,) = self.server.files(BOB)
        reports.check(file.read_bytes())
        return email.message_from_bytes(file.read_bytes(),
                                        policy=email.policy.default)

    def test_report_is_multipart(self):
        self.send(BOB)
        report = self.report()
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        self.assertEqual(report["Auto-Submitted"].split()[0], "auto-replied")
        self.assertIn(BOB, report["To"])
        text, status, original = report.get_payload()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertIn(ALICE, text.get_content())
        self.assertEqual(status.get_content_type(), "message/delivery-status")
        host, recipient = status.get_payload()
        self.assertTrue(host["Reporting-MTA"].startswith("dns;"))
        self.assertEqual(recipient["Action"], "failed")
        self.assertRegex(recipient["Status"], r"^[45]\.\d+\.\d+$")
        self.assertEqual(recipient["Final-Recipient"].replace(" ", "").lower(),
                         f"rfc822;{ALICE}")
        self.assertIn(original.get_content_type(),
                      ("message/rfc822", "text/rfc822-headers"))
        self.assertIn("around the world", original.as_string())

    def test_one_report_for_many(self):
        """With the words that a reader needs, and fields for each."""
        rcpts = [f"alice+{i}@{DOMAIN}" for i in range(300)]
        with self.server.smtp() as smtp:
            smtp.sendmail(BOB, rcpts, message("around the world"))
        self.report()
        (file,) = self.server.files(BOB)
        text, mail, found, original = reports.check(file.read_bytes())
        self.assertEqual(sorted(f["final-recipient"] for f in found),
                         sorted(f"rfc822; {r}" for r in rcpts))
        self.assertIn("could not be delivered to", text)
        self.assertIn("Subject: around the world", text)
        self.assertIn(mail["x-posthouse-queue-id"], text)
        self.assertIn("received-from-mta", mail)
        self.assertEqual(original.get_content_type(), "message/rfc822")

    def test_large_mail_comes_back_as_header(self):
        with self.server.smtp() as smtp:
            smtp.sendmail(BOB, [ALICE], message("large") + b"line\r\n" * 12000)
        self.report()
        (file,) = self.server.files(BOB)
        _, _, _, original = reports.check(file.read_bytes())
        self.assertEqual(original.get_content_type(), "text/rfc822-headers")
        self.assertIn(b"Subject: large", original.octets)
        self.assertLess(len(original.octets), 2000)

    def test_no_report_about_a_report(self):
        self.send("")
        self.server.settle()
        self.assertEqual(self.server.files(BOB), [])

    def test_a_loop_is_refused(self):
        """A mail that has been everywhere already (RFC 5321 6.3)."""
        content = b"".join(b"Received: by h%d.test; Mon, 1 Jan 2024 00:00:00"
                           b" +0000\r\n" % i for i in range(120)) + message()
        with self.server.smtp() as smtp:
            with self.assertRaises(smtplib.SMTPDataError) as refused:
                smtp.sendmail(BOB, [ALICE], content)
        self.assertEqual(refused.exception.smtp_code, 554)

    def test_alias_circle_is_refused(self):
        """A circle of aliases ends somewhere, and not in a crash."""
        with self.server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail(BOB)
            code, _ = smtp.rcpt(f"circle@{DOMAIN}")
            self.assertGreaterEqual(code, 400)
            code, _ = smtp.rcpt(BOB)
            self.assertEqual(code, 250)


class Many(unittest.TestCase):
    def test_delay_of_many(self):
        """All are named, in reports one after the other if need be, once."""
        server = Server("delay_warning = 1\nretry_first = 1\nretry_most = 3\n"
                        "recipients_max = 3000\n")
        self.addCleanup(server.remove)
        server.maildir(ALICE).parent.mkdir(parents=True)
        server.maildir(ALICE).write_text("in the way\n")
        server.start()
        rcpts = [f"alice+{i}@{DOMAIN}" for i in range(1100)]
        with server.smtp() as smtp:
            smtp.sendmail(BOB, rcpts, message("around the world"))
        wait_for(lambda: len(server.files(BOB)) >= 2, "two reports", 60)
        time.sleep(3)
        named = []
        for file in server.files(BOB):
            _, _, found, _ = reports.check(file.read_bytes())
            self.assertEqual({f["action"] for f in found}, {"delayed"})
            for f in found:
                self.assertIn("mailbox", f["diagnostic-code"])
            named += [f["final-recipient"] for f in found]
        self.assertEqual(sorted(named), sorted(f"rfc822; {r}" for r in rcpts))
        self.assertEqual(len(server.files(BOB)), 2)


class Astray(unittest.TestCase):
    """What can neither be delivered nor returned, and who is told of it."""

    def serve(self, settings, *blocked):
        self.server = Server(AT_ONCE + settings, users={**USERS, CAROL: "c"})
        self.addCleanup(self.server.remove)
        for user in blocked:
            self.server.maildir(user).parent.mkdir(parents=True, exist_ok=True)
            self.server.maildir(user).write_text("in the way\n")
        self.server.start()

    def send(self, sender, rcpt):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, [rcpt], message("around the world"))
        self.server.settle()

    def told(self, user):
        (file,) = self.server.files(user)
        reports.check(file.read_bytes())
        report = email.message_from_bytes(file.read_bytes(),
                                          policy=email.policy.default)
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_content_type(), "multipart/report")
        text, status, _ = report.get_payload()
        self.assertEqual(status.get_payload()[1]["Action"], "failed")
        self.assertIn(ALICE, status.get_payload()[1]["Final-Recipient"])
        return report, text.get_content()

    def test_without_a_sender(self):
        self.serve(f"bounce_postmaster = {BOB}\n", ALICE)
        self.send("", ALICE)
        report, text = self.told(BOB)
        self.assertEqual(report["To"], BOB)
        self.assertIn("without a sender", text)

    def test_report_that_fails(self):
        """alice cannot get mail, carol cannot be told so: postmaster is."""
        self.serve("bounce_postmaster = postmaster\n"
                   f"postmaster = {BOB}\n", ALICE, CAROL)
        self.send(CAROL, ALICE)
        self.assertEqual(len(self.server.files(BOB)), 1)
        report = self.server.files(BOB)[0].read_text()
        self.assertIn("Undelivered mail returned to sender", report)
        self.assertIn("To: postmaster@", report)

    def test_postmaster_is_blocked(self):
        """Nobody is left: no report about that, and the queue gets empty."""
        self.serve(f"bounce_postmaster = {CAROL}\n", ALICE, CAROL)
        self.send("", ALICE)
        self.assertIn("there is no sender to tell: dropped",
                      self.server.log())
        self.assertEqual(self.server.files(BOB), [])

    def test_as_delivered(self):
        self.serve("", ALICE)
        self.send("", ALICE)
        self.assertIn("there is no sender to tell: dropped",
                      self.server.log())


if __name__ == "__main__":
    unittest.main()
