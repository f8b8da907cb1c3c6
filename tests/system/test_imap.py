# SPDX-License-Identifier: ISC
"""IMAP as Python's imaplib speaks it: mailboxes, flags, search, changes."""

import imaplib
import re
import time
import unittest
import zlib

from server import DOMAIN, Server, message

ALICE = f"alice@{DOMAIN}"
NESTED = (b"From: \"A. Writer\" <a@client.test>\r\n"
          b"To: alice@example.test, Bob <bob@example.test>\r\n"
          b"Date: Mon, 02 Mar 2026 10:20:30 +0100\r\n"
          b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n"
          b"Message-ID: <one@client.test>\r\n"
          b"MIME-Version: 1.0\r\n"
          b"Content-Type: multipart/mixed; boundary=outer\r\n\r\n"
          b"--outer\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
          b"first part\r\n"
          b"--outer\r\nContent-Type: application/pdf; name=\"x.pdf\"\r\n"
          b"Content-Transfer-Encoding: base64\r\n"
          b"Content-Disposition: attachment; filename=\"x.pdf\"\r\n\r\n"
          b"AAAA\r\n--outer--\r\n")


class Deflated:
    """The socket of a client, compressed from now on."""

    def __init__(self, sock):
        self.sock, self.have, self.taken = sock, b"", 0
        self.out = zlib.compressobj(6, zlib.DEFLATED, -15)
        self.into = zlib.decompressobj(-15)

    def send(self, data):
        self.sock.sendall(self.out.compress(data)
                          + self.out.flush(zlib.Z_SYNC_FLUSH))

    def more(self):
        data = self.sock.recv(4096)
        self.taken += len(data)
        self.have += self.into.decompress(data)
        return bool(data)

    def readline(self):
        while b"\n" not in self.have and self.more():
            pass
        line, end, self.have = self.have.partition(b"\n")
        return line + end

    def read(self, size):
        while len(self.have) < size and self.more():
            pass
        data, self.have = self.have[:size], self.have[size:]
        return data

    def close(self):
        pass


class Imap(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        users = {f"u{i}@{DOMAIN}": "pw" for i in range(20)}
        cls.server = Server(users=users)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.unused = list(users)

    def setUp(self):
        self.user = self.unused.pop()
        self.imap = self.server.imap(self.user)

    def tearDown(self):
        try:
            self.imap.logout()
        except (OSError, imaplib.IMAP4.error):
            pass

    def ok(self, answer):
        self.assertEqual(answer[0], "OK", answer)
        return answer[1]

    def append(self, content, flags="", mailbox="INBOX"):
        self.ok(self.imap.append(mailbox, flags, time.time(), content))

    def names(self):
        return {re.search(rb' "?([^" ]+)"?$', line)[1].decode()
                for line in self.ok(self.imap.list()) if line}

    def test_mailboxes(self):
        imap, ok = self.imap, self.ok
        self.assertEqual(self.names(), {"INBOX"})
        ok(imap.create("Work"))
        ok(imap.create("Work/2026"))
        self.assertEqual(imap.create("Work")[0], "NO")
        ok(imap.subscribe("Work/2026"))
        self.assertIn(b"Work/2026", b"".join(filter(None, ok(imap.lsub()))))
        ok(imap.rename("Work", "Play"))
        self.assertEqual(self.names(), {"INBOX", "Play", "Play/2026"})
        ok(imap.delete("Play/2026"))
        ok(imap.delete("Play"))
        self.assertEqual(self.names(), {"INBOX"})
        self.assertEqual(imap.delete("INBOX")[0], "NO")

    def test_append_comes_back(self):
        self.append(NESTED, r"(\Seen $Work)")
        self.ok(self.imap.select("INBOX"))
        data = self.ok(self.imap.fetch("1", "(FLAGS RFC822.SIZE BODY.PEEK[])"))
        self.assertEqual(data[0][1], NESTED)
        self.assertIn(rb"\Seen", data[0][0])
        self.assertIn(b"$Work", data[0][0])
        self.assertIn(b"RFC822.SIZE %d" % len(NESTED), data[0][0])

    def append_many(self, n):
        """One APPEND of n messages; its tagged answer."""
        self.imap.send(b"many APPEND INBOX" + b"".join(
            b" {%d+}\r\nSubject: %02d\r\n\r\n" % (15, i % 100)
            for i in range(n)) + b"\r\n")
        line = b"*"
        while not line.startswith(b"many "):
            line = self.imap.readline()
            self.assertTrue(line)
        return line

    def test_many_appended_at_once(self):
        self.assertRegex(self.append_many(65), rb"NO \[LIMIT\]")
        data = self.ok(self.imap.status("INBOX", "(MESSAGES)"))
        self.assertIn(b"MESSAGES 0", data[0])
        self.assertRegex(self.append_many(64), rb"OK \[APPENDUID")
        data = self.ok(self.imap.status("INBOX", "(MESSAGES)"))
        self.assertIn(b"MESSAGES 64)", data[0])

    def test_part_of_a_fetch(self):
        for _ in range(4):
            self.append(NESTED)
        self.ok(self.imap.select("INBOX"))
        for what in "FLAGS", "INTERNALDATE", "ENVELOPE", "BODY.PEEK[TEXT]":
            data = self.ok(self.imap.uid("FETCH", "1:*",
                                         f"(UID {what}) (PARTIAL 2:3)"))
            text = b"".join(b"".join(d) if isinstance(d, tuple) else d
                            for d in data)
            self.assertEqual(text.count(b"(UID "), 2, what)

    def test_envelope_and_structure(self):
        self.append(NESTED)
        self.ok(self.imap.select("INBOX"))
        line = self.ok(self.imap.fetch("1", "(ENVELOPE BODYSTRUCTURE)"))[0]
        for part in (b'ENVELOPE ("Mon, 02 Mar 2026 10:20:30 +0100" ',
                     b'(("A. Writer" NIL "a" "client.test"))',
                     b'((NIL NIL "alice" "example.test")'
                     b'("Bob" NIL "bob" "example.test"))',
                     b'"<one@client.test>")'):
            self.assertIn(part, line)
        self.assertRegex(line.upper(), rb'BODYSTRUCTURE \(\("TEXT" "PLAIN" '
                         rb'\("CHARSET" "UTF-8"\) NIL NIL "7BIT" \d+ \d+')
        self.assertRegex(line.upper(), rb'"MIXED" \("BOUNDARY" "OUTER"\)')
        self.assertIn(b'("ATTACHMENT" ("FILENAME" "X.PDF"))', line.upper())

    def test_sections(self):
        self.append(NESTED)
        self.ok(self.imap.select("INBOX"))
        head, body = NESTED.split(b"\r\n\r\n", 1)
        for section, want in (
                ("BODY[1]", b"first part"), ("BODY[2]", b"AAAA"),
                ("BODY[HEADER]", head + b"\r\n\r\n"), ("BODY[TEXT]", body),
                ("BODY[]<5.10>", NESTED[5:15]),
                ("BODY[HEADER.FIELDS (MESSAGE-ID)]",
                 b"Message-ID: <one@client.test>\r\n\r\n"),
                ("BODY[1.MIME]",
                 b"Content-Type: text/plain; charset=utf-8\r\n\r\n"),
                ("RFC822", NESTED)):
            with self.subTest(section=section):
                data = self.ok(self.imap.fetch("1", f"({section})"))
                self.assertEqual(data[0][1], want)

    def test_flags_and_expunge(self):
        for n in range(5):
            self.append(message(f"n {n}"))
        imap, ok = self.imap, self.ok
        ok(imap.select("INBOX"))
        ok(imap.store("2:3", "+FLAGS", r"(\Deleted \Flagged)"))
        ok(imap.store("3", "-FLAGS", r"(\Deleted)"))
        self.assertEqual(ok(imap.search(None, "DELETED")), [b"2"])
        self.assertEqual(ok(imap.search(None, "FLAGGED")), [b"2 3"])
        self.assertEqual(ok(imap.expunge()), [b"2"])
        self.assertEqual(ok(imap.search(None, "ALL")), [b"1 2 3 4"])
        self.assertEqual(ok(imap.uid("SEARCH", "ALL")), [b"1 3 4 5"])

    def test_search(self):
        self.append(NESTED)
        self.append(message("plain words", "the coach leaves\r\n"))
        imap, ok = self.imap, self.ok
        ok(imap.select("INBOX"))
        for criterion, want in (
                ('SUBJECT "words"', b"2"), ('BODY "coach"', b"2"),
                ('TEXT "FIRST PART"', b"1"), ('FROM "a@client"', b"1"),
                ('NOT FROM "a@client"', b"2"), ("SEEN", b""),
                ('OR SUBJECT "words" TO "bob"', b"1 2"), ("LARGER 300", b"1"),
                ("SENTON 2-Mar-2026", b"1"), ("1:* UNSEEN", b"1 2"),
                ('HEADER Message-ID "one@"', b"1")):
            with self.subTest(criterion=criterion):
                self.assertEqual(ok(imap.search(None, criterion)), [want])

    def test_copy_and_uids(self):
        imap, ok = self.imap, self.ok
        ok(imap.create("Other"))
        for n in range(3):
            self.append(message(f"n {n}"), r"(\Answered)")
        ok(imap.select("INBOX"))
        ok(imap.copy("1:2", "Other"))
        self.assertEqual(imap.copy("1", "Nowhere")[0], "NO")
        self.assertEqual(ok(imap.select("Other")), [b"2"])
        for part in ok(imap.fetch("1:2", "(FLAGS)")):
            self.assertIn(rb"\Answered", part)

    def test_another_session_sees_changes(self):
        self.append(message("one"))
        self.ok(self.imap.select("INBOX"))
        other = self.server.imap(self.user)
        other.select("INBOX")
        self.append(message("two"))
        self.ok(self.imap.store("1", "+FLAGS", r"(\Seen)"))
        other.noop()
        self.assertEqual(other.response("EXISTS")[1][-1], b"2")
        self.assertIn(rb"\Seen", b"".join(filter(None,
                                                 other.response("FETCH")[1])))
        other.logout()

    def test_idle(self):
        """A delivery shows at once in a session that waits."""
        self.ok(self.imap.select("INBOX"))
        self.imap.send(b"x IDLE\r\n")
        self.assertTrue(self.imap.readline().startswith(b"+"))
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", [self.user], message())
        self.imap.sock.settimeout(20)
        self.assertEqual(self.imap.readline(), b"* 1 EXISTS\r\n")
        self.imap.send(b"DONE\r\n")
        while not (line := self.imap.readline()).startswith(b"x "):
            pass
        self.assertTrue(line.startswith(b"x OK"), line)

    def test_status(self):
        self.append(message("one"))
        self.append(message("two"), r"(\Seen)")
        data = self.ok(self.imap.status(
            "INBOX", "(MESSAGES UNSEEN UIDNEXT UIDVALIDITY)"))[0]
        for part in (b"MESSAGES 2", b"UNSEEN 1", b"UIDNEXT 3"):
            self.assertIn(part, data)

    def test_compression(self):
        """COMPRESS=DEFLATE (RFC 4978), byte for byte with Python's zlib."""
        imap, ok = self.imap, self.ok
        ok(imap.select())
        content = message(body="all the same " * 40000)
        for _ in range(3):
            self.append(content)
        self.assertIn("COMPRESS=DEFLATE", imap.capability()[1][0].decode())
        ok(imap.xatom("COMPRESS", "DEFLATE"))
        wire = Deflated(imap.sock)
        imap.file, imap.send, imap.readline, imap.read = (
            wire, wire.send, wire.readline, wire.read)
        self.assertNotIn("COMPRESS", imap.capability()[1][0].decode())
        self.assertEqual(imap.xatom("COMPRESS", "DEFLATE")[0], "NO")
        ok(imap.noop())
        got = ok(imap.fetch("1:*", "(BODY.PEEK[])"))
        self.assertEqual([part[1] for part in got if len(part) == 2],
                         [content] * 3)
        self.assertLess(wire.taken, len(content) / 10)
        self.append(content)
        self.assertEqual(ok(imap.search(None, "ALL")), [b"1 2 3 4"])

    def test_uids_survive_a_restart(self):
        for n in range(3):
            self.append(message(f"n {n}"), r"(\Flagged)")
        before = self.picture()
        self.imap.logout()
        self.server.stop()
        self.server.start()
        self.imap = self.server.imap(self.user)
        self.assertEqual(self.picture(), before)

    def test_lost_index_is_made_again(self):
        """Files are the truth: the whole index may go."""
        for n in range(3):
            self.append(message(f"n {n}"), r"(\Flagged Keyword)")
        self.ok(self.imap.create("Other"))
        self.append(message("elsewhere"), mailbox="Other")
        before = self.picture(), self.picture("Other")
        self.imap.logout()
        self.server.stop()
        for path in (self.server.dir / "state").rglob("*"):
            if path.is_file():
                path.unlink()
        self.server.start()
        self.imap = self.server.imap(self.user)
        self.assertEqual((self.picture(), self.picture("Other")), before)

    def picture(self, mailbox="INBOX"):
        self.ok(self.imap.select(mailbox))
        lines = self.ok(self.imap.fetch("1:*", "(UID FLAGS INTERNALDATE)"))
        return (self.imap.response("UIDVALIDITY")[1],
                [re.sub(rb"\\Recent | ?\\Recent", b"", x) for x in lines])


if __name__ == "__main__":
    unittest.main()
