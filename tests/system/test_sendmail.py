# SPDX-License-Identifier: ISC
"""sendmail as programs call it, with a running server and without one."""

import email
import os
import unittest

from server import DOMAIN, Server, wait_for

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
TEXT = f"From: {BOB}\nTo: {ALICE}\nSubject: Hello\n\nHello.\n.\nmore\n"

# What programs of Debian 12 pass, as logged with each of them: RCPT is the
# recipient, USER the sender. With -t the recipient stands in the header.
PROGRAMS = (
    ("cron", "-FCronDaemon -i -B8BITMIME -oem RCPT"),
    ("anacron", "-FAnacron -odi RCPT"),
    ("at", "-i RCPT"),
    ("sudo, mdadm, fail2ban by -t", "-t"),
    ("bsd-mailx, php, nmh", "-i -t"),
    ("bsd-mailx -r", "-i -t -f USER"),
    ("s-nail", "-i -- RCPT"),
    ("s-nail -r, Email::Sender", "-i -f USER -- RCPT"),
    ("mailutils", "-oi -f USER -t"),
    ("mutt", "-oem -oi -- RCPT"),
    ("mutt with DSN", "-oem -oi -f USER -N failure,delay -R hdrs -- RCPT"),
    ("git send-email", "-i RCPT"),
    ("git send-email --envelope-sender", "-f USER -i RCPT"),
    ("php mail() with a sender", "-t -i -fUSER"),
    ("procmail, mime-construct", "-oi RCPT"),
    ("vacation", "-f USER -- RCPT"),
    ("MIME::Lite", "-t -oi -oem -fUSER"),
    ("unattended-upgrades, apt-listchanges", "-oi -t"),
    ("cron-apt", "-t -oi"),
    ("popularity-contest", "-oi -f USER RCPT"),
    ("fail2ban", "-f USER RCPT"),
    ("buildd", "-oem RCPT"),
    ("PHPMailer", "-oi -fUSER -t"),
)


class Sendmail(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()

    def delivered(self, user=ALICE, count=1):
        """The latest of so many messages."""
        wait_for(lambda: len(self.server.files(user)) >= count,
                 f"delivery to {user}")
        self.server.settle()
        files = sorted(self.server.files(user), key=lambda f: f.stat().st_ino)
        self.assertEqual(len(files), count)
        newest = max(files, key=lambda f: f.stat().st_mtime_ns)
        return email.message_from_bytes(newest.read_bytes())

    def test_ways_to_name_the_sender(self):
        """Glued and separate values, with and without --."""
        ways = ([f"-f{BOB}", ALICE], ["-f", BOB, ALICE], ["-r", BOB, ALICE],
                ["-i", "-f", BOB, "--", ALICE], ["-oi", "-f", BOB, "-t"],
                ["-oem", "-oi", "-f", BOB, "--", ALICE], ["-t", "-i", "-f" + BOB],
                ["-FCronDaemon", "-i", "-B8BITMIME", "-oem", "-f", BOB, ALICE],
                ["-bm", "-f", f"<{BOB}>", ALICE])
        for count, argv in enumerate(ways, 1):
            with self.subTest(argv=argv):
                self.server.sendmail("-i", *argv, input=TEXT)
                got = self.delivered(count=count)
                self.assertEqual(got["Return-Path"], f"<{BOB}>")
                self.assertEqual(got["Subject"], "Hello")
                self.assertTrue(got.get_payload().endswith("\r\n.\r\nmore\r\n"))

    def test_what_programs_pass(self):
        """Each row arrives, whole, once, from whom it says."""
        for count, (program, flags) in enumerate(PROGRAMS, 1):
            with self.subTest(program):
                argv = [word.replace("USER", BOB).replace("RCPT", ALICE)
                        for word in flags.split()]
                text = (f"From: {BOB}\nTo: {ALICE}\nSubject: {program}\n\n"
                        "\u00e4\n.a\nend\n")
                self.server.sendmail(*argv, input=text)
                got = self.delivered(count=count)
                self.assertEqual(got["Subject"], program)
                self.assertEqual(got["To"], ALICE)
                if "USER" in flags:
                    self.assertEqual(got["Return-Path"], f"<{BOB}>")
                self.assertEqual(got.get_payload(decode=True).decode(),
                                 "\u00e4\r\n.a\r\nend\r\n")

    def test_null_sender(self):
        for count, argv in enumerate((["-f", ""], ["-f<>"], ["-f", "<>"]), 1):
            with self.subTest(argv=argv):
                self.server.sendmail(*argv, ALICE, input=TEXT)
                got = self.delivered(count=count)
                self.assertEqual(got["Return-Path"], "<>")

    def test_dot_ends_without_i(self):
        self.server.sendmail("-f", BOB, ALICE, input=TEXT)
        self.assertNotIn("more", self.delivered().get_payload())

    def test_recipients_from_header(self):
        """-t reads To, Cc and Bcc; Bcc does not travel."""
        text = f"From: {BOB}\nTo: {ALICE}\nBcc: {BOB}\nSubject: both\n\nx\n"
        self.server.sendmail("-t", input=text)
        self.assertIsNone(self.delivered(ALICE)["Bcc"])
        self.assertIsNone(self.delivered(BOB)["Bcc"])

    def test_missing_header_fields_are_made(self):
        self.server.sendmail("-f", BOB, ALICE, input="no header at all\n")
        got = self.delivered()
        for name in ("From", "Date", "Message-ID"):
            self.assertIsNotNone(got[name], name)

    def test_exit_codes(self):
        """64 for what a retry cannot help, as sysexits.h has it."""
        cases = ((["-t"], "Subject: to nobody\n\nx\n", (64, 65)),
                 (["--no-such-flag", ALICE], TEXT, (64,)),
                 ([f"nobody-here@{DOMAIN}"], TEXT, (67,)),
                 ([], TEXT, (64,)))
        for argv, text, codes in cases:
            with self.subTest(argv=argv):
                done = self.server.sendmail(*argv, input=text, check=False)
                self.assertIn(done.returncode, codes, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1,
                                 done.stderr)

    def test_session_on_standard_input(self):
        talk = (f"EHLO here\r\nMAIL FROM:<{BOB}>\r\nRCPT TO:<{ALICE}>\r\n"
                "DATA\r\nSubject: -bs\r\n\r\nx\r\n.\r\nQUIT\r\n")
        done = self.server.sendmail("-bs", input=talk)
        self.assertRegex(done.stdout, r"(?m)^354")
        self.assertEqual(self.delivered()["Subject"], "-bs")

    def test_queue_list(self):
        for argv in ([self.server.dir / "bin/mailq", "-C", self.server.conf],
                     [self.server.dir / "bin/sendmail", "-C", self.server.conf,
                      "-bp"]):
            self.assertIn("Mail queue is empty", self.server.run(*argv).stdout)

    def test_server_down(self):
        """The message waits in the drop directory, and goes in at start."""
        self.server.stop()
        self.server.sendmail("-f", BOB, ALICE, input=TEXT)
        drop = self.server.dir / "spool/drop"
        self.assertEqual(len(os.listdir(drop)), 1)
        self.server.start()
        got = self.delivered()
        self.assertEqual(got["Return-Path"], f"<{BOB}>")
        wait_for(lambda: not os.listdir(drop), "an empty drop directory")


if __name__ == "__main__":
    unittest.main()
