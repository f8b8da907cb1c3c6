# SPDX-License-Identifier: ISC
"""A message of 100 MiB: into a mailbox and out again, in little memory."""

import base64
import os
import unittest

from server import DOMAIN, Server, memory

ALICE = f"alice@{DOMAIN}"
SIZE = 100 * 1024 * 1024
MEMORY = 24 * 1024      # KiB of memory of its own that imapd may take for it
LINE = bytes(range(57))


def large():
    """A text and an attachment, in base64, of which every line is the same."""
    head = (b"Subject: large\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            b"--b\r\n\r\nsmall\r\n--b\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\n")
    line = base64.b64encode(LINE) + b"\r\n"
    count = SIZE // len(line)
    return head + line * count + b"--b--\r\n", count


class Large(unittest.TestCase):
    def setUp(self):
        self.server = Server(settings="message_size_limit = 200M\n",
                             users={ALICE: "sesame"})
        self.addCleanup(self.server.remove)
        self.server.start()
        self.imap = self.server.imap()
        self.addCleanup(self.imap.shutdown)
        self.imap.sock.settimeout(300)
        self.imapd = self.server.pids("imapd")

    def used(self):
        return max(memory(p) for p in self.imapd)

    def fetch(self, items):
        """The octets of the literal of one item, and what was used meanwhile."""
        status, data = self.imap.fetch("1", items)
        self.assertEqual(status, "OK")
        return data[0][1]

    def within(self, before, what):
        grown = self.used() - before
        self.assertLess(grown, MEMORY, what)
        if os.environ.get("MEASURE"):
            print(f"{what}: {grown} KiB")

    def test_large(self):
        text, count = large()
        before = self.used()
        self.assertEqual(self.imap.append("INBOX", None, None, text)[0], "OK")
        self.within(before, "APPEND")
        self.imap.select("INBOX")
        self.assertEqual(self.fetch("(BODY.PEEK[])"), text)
        self.within(before, "BODY[]")
        size = self.imap.fetch("1", "(BINARY.SIZE[2])")[1][0]
        self.assertIn(b"BINARY.SIZE[2] %d" % (count * len(LINE)), size)
        self.within(before, "BINARY.SIZE")
        self.assertEqual(self.fetch("(BODY.PEEK[1])"), b"small")
        self.within(before, "BODY[1]")
        for start in (0, 57 * 1000, (count - 1) * 57):
            self.assertEqual(self.fetch(f"(BINARY.PEEK[2]<{start}.57>)"), LINE)
            at = start // 57 * 78
            self.assertEqual(len(self.fetch(f"(BODY.PEEK[2]<{at}.70>)")), 70)
        self.within(before, "pieces")
        status, _ = self.imap.copy("1", "INBOX")
        self.assertEqual(status, "OK")
        self.within(before, "COPY")


if __name__ == "__main__":
    unittest.main()
