# SPDX-License-Identifier: ISC
"""Mail that waited in the drop directory, and was refused at its turn."""

import email
import os
import unittest

from server import DOMAIN, Server, wait_for

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
NOBODY = f"nobody-here@{DOMAIN}"


class Drop(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.drop = self.server.dir / "spool/drop"
        self.server.start()
        self.server.stop()

    def leave(self, sender, *rcpts):
        self.server.sendmail("-f", sender, *rcpts, input="Subject: x\n\nx\n")

    def names(self):
        return sorted(os.listdir(self.drop))

    def test_refused_for_some(self):
        """One gets the mail, the sender hears about the other."""
        self.leave(ALICE, BOB, NOBODY)
        self.server.start()
        wait_for(lambda: not self.names(), "an empty drop directory")
        wait_for(lambda: self.server.files(BOB), "the mail")
        wait_for(lambda: self.server.files(ALICE), "the report")
        report = email.message_from_bytes(
            self.server.files(ALICE)[0].read_bytes())
        self.assertEqual(report["Return-Path"], "<>")
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(len(report.get_payload()), 3)
        status = report.get_payload(1).get_payload()[1]
        self.assertEqual(status["Final-Recipient"], f"rfc822; {NOBODY}")
        self.assertEqual(status["Status"], "5.1.1")

    def test_refused_and_nobody_to_tell(self):
        """Such a mail is kept, and does not hinder the others."""
        self.leave("", NOBODY)
        self.leave(NOBODY, NOBODY)
        for _ in range(4):
            self.leave(ALICE, BOB)
        self.server.start()
        wait_for(lambda: len(self.server.files(BOB)) == 4, "four mails")
        wait_for(lambda: all(n.startswith("refused-") for n in self.names()),
                 "the end of the work")
        self.assertEqual(len(self.names()), 2)

    def test_one_that_has_to_wait(self):
        """An alias that cannot be served now keeps only its own mail."""
        (self.server.dir / "etc/aliases").write_text("stuck: |\n")
        for i in range(8):
            self.leave(ALICE, f"stuck@{DOMAIN}" if i % 2 else BOB)
        self.server.start()
        wait_for(lambda: len(self.server.files(BOB)) == 4, "four mails")
        # a letter goes behind its mail
        wait_for(lambda: len(self.names()) <= 4, "the end of the work")
        self.assertEqual(len(self.names()), 4)

    def test_what_is_no_letter(self):
        """Whatever somebody puts there is left alone, and harms nobody."""
        (self.drop / ("0" * 32)).write_text("nonsense\n")
        (self.drop / ("1" * 32)).symlink_to("/etc/passwd")
        (self.drop / ("2" * 32)).mkdir()
        os.mkfifo(self.drop / ("3" * 32))
        (self.drop / "another-name").write_text("x")
        self.leave(ALICE, BOB)
        self.server.start()
        wait_for(lambda: self.server.files(BOB), "the mail")
        wait_for(lambda: len(self.names()) == 5, "the end of the work")
        self.assertEqual(self.server.files(ALICE), [])


if __name__ == "__main__":
    unittest.main()
