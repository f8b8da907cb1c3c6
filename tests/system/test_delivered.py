# SPDX-License-Identifier: ISC
"""Delivered-To: where a mail has one reader it says for whom it was, one that
has been there is refused, and nobody gets a mail twice."""

import email
import smtplib
import unittest

from server import DOMAIN, Server, message, wait_for

ALICE, BOB = "alice@" + DOMAIN, "bob@" + DOMAIN


class Delivered(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("recipient_delimiter = +\n", aliases=(
            "friend: alice\nboth: alice, bob\n"
            f"again: alice, alice@{DOMAIN}, friend\n"))
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def send(self, *to, head="", **more):
        with self.server.smtp() as c:
            c.sendmail("tester@client.test", to,
                       head.encode() + message(to=", ".join(to), **more))

    def got(self, user, subject):
        """The mails of that user with this subject."""
        def find():
            return [m for m in map(email.message_from_bytes,
                                   self.server.messages(user))
                    if m["Subject"] == subject]
        wait_for(lambda: find() and self.server.queue_is_empty(), subject)
        return find()

    def test_one_reader(self):
        self.send(f"friend@{DOMAIN}", subject="by an alias")
        m, = self.got(ALICE, "by an alias")
        self.assertEqual(m.keys()[:4], ["Return-Path", "X-Original-To",
                                        "Delivered-To", "Received"])
        self.assertEqual(m["X-Original-To"], f"friend@{DOMAIN}")
        self.assertEqual(m["Delivered-To"], ALICE)

    def test_several_readers(self):
        """One file for all: it cannot name each of them, and must not name one
        to the other."""
        self.send(f"both@{DOMAIN}", subject="to both")
        self.send(ALICE, BOB, subject="to two")
        for user in ALICE, BOB:
            for subject in "to both", "to two":
                m, = self.got(user, subject)
                self.assertNotIn("Delivered-To", m)

    def test_twice_the_same(self):
        self.send(f"again@{DOMAIN}", ALICE, subject="only once")
        self.assertEqual(len(self.got(ALICE, "only once")), 1)

    def test_loop(self):
        for there in (ALICE, ALICE.upper(), f"  {ALICE}\t"):
            with self.subTest(there), self.assertRaises(
                    smtplib.SMTPDataError) as refused:
                self.send(ALICE, head=f"Delivered-To: {there}\r\n")
            self.assertEqual(refused.exception.smtp_code, 554)
            self.assertIn(b"5.4.6", refused.exception.smtp_error)

    def test_no_loop(self):
        """Another's name, a part of it, and where it is no field at all."""
        heads = (f"Delivered-To: {BOB}\r\n", f"Delivered-To: x{ALICE}\r\n",
                 f"Delivered-To: {ALICE}.test\r\n", "Delivered-To: alice\r\n",
                 f"X-Delivered-To: {ALICE}\r\n")
        for head in heads:
            self.send(ALICE, head=head, subject="no loop",
                      body=f"Delivered-To: {ALICE}\r\n")
        self.assertEqual(len(self.got(ALICE, "no loop")), len(heads))


if __name__ == "__main__":
    unittest.main()
