# SPDX-License-Identifier: ISC
"""What goes in by SMTP comes out by POP3 and IMAP, octet for octet."""

import collections
import os
import unittest

import shapes
from server import DOMAIN, Server, wait_for

COUNT = int(os.environ.get("SHAPES", 1000))
ALICE = f"alice@{DOMAIN}"
CROWD = {f"u{i}@{DOMAIN}": "pw" for i in range(100)}


class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(users={ALICE: "wonderland", **CROWD})
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def test_many_messages(self):
        """1,000 messages, a new session every so often."""
        sent = [shapes.message(n) for n in range(COUNT)]
        sent.append(shapes.big(10 * 1024 * 1024))
        for start in range(0, len(sent), 37):
            with self.server.smtp() as smtp:
                for content in sent[start:start + 37]:
                    smtp.sendmail("tester@client.test", [ALICE], content)
        self.server.settle()

        by_pop3 = self.read_by_pop3()
        by_imap = self.server.messages(ALICE)
        self.assertEqual(len(by_pop3), len(sent))
        self.assertTrue(by_pop3 == by_imap, "POP3 and IMAP differ")
        got = collections.Counter(map(shapes.without_trace, by_imap))
        self.assertTrue(got == collections.Counter(sent),
                        "what was read is not what was sent")

        self.assertEqual(set(self.server.link_counts(ALICE)), {1})
        octets = wait_for(self.octets, "files that keep their names")
        self.assertEqual(len(octets), len(sent))
        self.assertEqual(collections.Counter(octets),
                         collections.Counter(by_imap))

    def octets(self):
        """Of all files; None while names get the letters of what was read."""
        try:
            return [f.read_bytes() for f in self.server.files(ALICE)]
        except FileNotFoundError:
            return None

    def read_by_pop3(self):
        client = self.server.pop3(ALICE)
        count, octets = client.stat()
        sizes = [int(line.split()[1]) for line in client.list()[1]]
        contents = [b"".join(line + b"\r\n" for line in client.retr(n)[1])
                    for n in range(1, count + 1)]
        uidls = [line.split()[1] for line in client.uidl()[1]]
        client.quit()
        self.assertEqual(sizes, [len(c) for c in contents])
        self.assertEqual(sum(sizes), octets)
        self.assertEqual(len(set(uidls)), count)
        return contents

    def test_a_hundred_recipients(self):
        """One file on disk serves them all."""
        content = shapes.message(3)
        with self.server.smtp() as smtp:
            refused = smtp.sendmail("tester@client.test", list(CROWD), content)
        self.assertEqual(refused, {})
        self.server.settle()
        for user in CROWD:
            with self.subTest(user=user):
                files = self.server.files(user)
                self.assertEqual(len(files), 1)
                self.assertEqual(files[0].stat().st_nlink, len(CROWD))
                self.assertEqual(shapes.without_trace(files[0].read_bytes()),
                                 content)

    def test_sizes_by_imap(self):
        """RFC822.SIZE is the size of what is sent."""
        client = self.server.imap(ALICE)
        client.select("INBOX", readonly=True)
        _, data = client.fetch("1:*", "(RFC822.SIZE BODY.PEEK[])")
        for part in data:
            if isinstance(part, tuple):
                size = part[0].split(b"RFC822.SIZE ")[1].split()[0]
                self.assertEqual(int(size.rstrip(b")")), len(part[1]))
        client.logout()


if __name__ == "__main__":
    unittest.main()
