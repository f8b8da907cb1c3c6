# SPDX-License-Identifier: ISC
"""A user with more mailboxes than fit into one message between programs."""

import os
import time
import unittest

from server import Server

COUNT = int(os.environ.get("MAILBOXES", "2500"))


def make(base, name, validity):
    """A mailbox as another program, or a restore, leaves it."""
    path = base / ("." + name)
    for part in ("cur", "new", "tmp"):
        os.makedirs(path / part)
    (path / "posthouse-uidvalidity").write_text(
        f"uidvalidity {validity}\nuidnext 1\n")


class Many(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.server.start()
        base = cls.server.maildir()
        os.makedirs(base, exist_ok=True)
        for i in range(COUNT):
            make(base, f"A mailbox with quite a long name.{i:06d}", i + 1)
        make(base, ".".join(f"l{i}" for i in range(20)), COUNT + 1)
        cls.server.posthouse("mailbox", "rebuild", "alice@example.test")

    @classmethod
    def tearDownClass(cls):
        cls.server.stop()
        cls.server.remove()

    def setUp(self):
        self.imap = self.server.imap()

    def tearDown(self):
        self.imap.logout()

    def test_list(self):
        _, lines = self.imap.list('""', '"A mailbox*"')
        self.assertEqual(len(lines), COUNT + 1)
        _, lines = self.imap.list('""', '"l0/*"')
        self.assertEqual(len(lines), 19)
        self.assertIn(b"/".join(b"l%d" % i for i in range(20)), lines[-1])
        if "MAILBOXES" in os.environ:
            began = time.monotonic()
            self.imap.list('""', '"*"')
            print(f"\nLIST: {time.monotonic() - began:.3f} s")

    def test_status(self):
        began = time.monotonic()
        typ, _ = self.imap._simple_command(
            "LIST", '""', '"A*"', "RETURN", "(STATUS (MESSAGES MAILBOXID))")
        self.assertEqual(typ, "OK")
        _, lines = self.imap.response("STATUS")
        self.assertEqual(len(lines), COUNT)
        ids = {line.split(b"MAILBOXID (")[1] for line in lines}
        self.assertEqual(len(ids), COUNT)
        if "MAILBOXES" in os.environ:
            print(f"\nLIST-STATUS: {time.monotonic() - began:.3f} s")

    def test_more(self):
        typ, data = self.imap.create('"One more"')
        self.assertEqual(typ, "OK", data)
        _, lines = self.imap.list('""', '"One more"')
        self.assertEqual(len(lines), 1)


if __name__ == "__main__":
    unittest.main()
