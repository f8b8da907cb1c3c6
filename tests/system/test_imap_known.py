# SPDX-License-Identifier: ISC
"""What store keeps of messages (lib/mail/cache.h) changes no answer.

The same questions are asked with nothing kept, with everything kept, and after each
kind of damage to the files. What FETCH must say is asked of messages that are
opened, as their octets are wanted along; what SEARCH must find is computed here.
"""

import base64
import quopri
import random
import re
import struct
import unittest

from server import DOMAIN, Server

USER = f"u@{DOMAIN}"
KINDS = 5       # lib/mail/cache.h
WORDS = ("apfel birne citrone Dattel erdbeere feige grüße haus straße "
         "Ωmega übung žluťoučký кошка собака 日本語 テキスト naïve élan "
         "zebra yacht x-ray wolke vogel unter tisch sommer regen").split()


def text_of(random_, n):
    return " ".join(random_.choice(WORDS) + str(random_.randrange(10))
                    for _ in range(n))


def encoded(body, how, charset):
    octets = body.encode(charset, "replace")
    if how == "base64":
        return base64.encodebytes(octets).replace(b"\n", b"\r\n")
    if how == "quoted-printable":
        return quopri.encodestring(octets).replace(b"\n", b"\r\n")
    return octets + b"\r\n"


def make(n):
    """(octets, subject as read, body as read) of the n-th message."""
    r = random.Random(n)
    subject, body = text_of(r, 3), text_of(r, 3 + n * n % 700)
    how = ("8bit", "base64", "quoted-printable")[n % 3]
    charset = ("utf-8", "iso-8859-1", "koi8-r", "utf-16")[n % 4] \
        if how == "base64" else "utf-8"
    read = body.encode(charset, "replace").decode(charset)
    word = base64.b64encode(subject.encode()).decode()
    head = (f"From: \"P. {n}\" <p{n}@client.test>\r\nTo: u@example.test, "
            f"g: a@b.test, c@d.test;\r\nSubject: =?utf-8?b?{word}?=\r\n"
            f"Message-ID: <{n}@client.test>\r\nX-Odd: field{n}\r\n"
            f"Date: Mon, 02 Mar 2026 10:20:{n % 60:02} +0100\r\n").encode()
    part = (f"Content-Type: text/plain; charset={charset}\r\n"
            f"Content-Transfer-Encoding: {how}\r\n\r\n").encode() + \
        encoded(body, how, charset)
    if n % 5 == 0:      # in a multipart, beside what is no text
        part = (b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
                % (n, n) + part + b"\r\n--b%d\r\nContent-Type: image/png; "
                b"name*=utf-8''%%c3%%a9.png\r\n\r\n\x89PNG apfel\r\n--b%d--\r\n"
                % (n, n))
    elif n % 7 == 0:    # enclosed
        part = (b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n"
                b"From: i@inner.test\r\n" + part)
    if n % 9 == 0:      # a header in UTF-8, which not every client may see
        head += "Cc: grüße <übung@client.test>\r\n".encode()
    if n % 11 == 0:     # a header that is too long to be kept
        head += b"References: " + b"\r\n ".join(
            b"<%d.%d@references.test>" % (n, i) for i in range(700)) + b"\r\n"
    return head + part, subject, read


def sum64(octets):
    """lib/base/sum.c"""
    mask, lane = (1 << 64) - 1, [1, 2, 3, 4]

    def mix(a, word):
        a = ((a ^ word) * 0x9e3779b97f4a7c15) & mask
        return ((a << 29) | (a >> 35)) & mask
    padded = octets + bytes(-len(octets) % 32)
    for at in range(0, len(padded), 32):
        for i, word in enumerate(struct.unpack_from("<4Q", padded, at)):
            lane[i] = mix(lane[i], word)
    all_ = len(octets)
    for one in lane:
        all_ = mix(all_, one)
    return all_ ^ all_ >> 32


class Files:
    """The two files of the only mailbox."""

    def __init__(self, server):
        self.slots, = (server.dir / "state").rglob("*.slots")
        self.blocks = self.slots.with_suffix(".blocks")

    def change(self, f):
        blocks = bytearray(self.blocks.read_bytes())
        f(blocks)
        with self.blocks.open("r+b") as file:
            file.write(blocks)

    def named(self):
        """(offset of the slot, offset, length) of each block."""
        slots = self.slots.read_bytes()
        for at in range(64, len(slots) - 7, 8):
            offset, n = struct.unpack_from(">II", slots, at)
            if n > 0:
                yield at, offset * 16, n


def flip(files):
    def f(blocks):
        for at in range(40, len(blocks), 900):
            blocks[at] ^= 0x20
    files.change(f)


def zero(files):
    def f(blocks):
        blocks[len(blocks) // 3:] = bytes(len(blocks) - len(blocks) // 3)
    files.change(f)


def cut(files):
    with files.blocks.open("r+b") as f:
        f.truncate(files.blocks.stat().st_size // 2)


def swap(files):
    """Slots that name the block of another kind."""
    slots = bytearray(files.slots.read_bytes())
    for at in range(64, len(slots) - KINDS * 8 + 1, KINDS * 8):
        slots[at:at + 8], slots[at + 8:at + 16] = \
            slots[at + 8:at + 16], slots[at:at + 8]
    files.slots.write_bytes(slots)


def noise(files):
    slots = bytearray(files.slots.read_bytes())
    slots[64:] = random.Random(1).randbytes(len(slots) - 64)
    files.slots.write_bytes(slots)


def another_form(files):
    """Right in all, but of another version, with other octets in it."""
    def f(blocks):
        for _, at, n in files.named():
            if at + n > len(blocks):
                continue        # of noise
            form, = struct.unpack_from(">H", blocks, at + 22)
            struct.pack_into(">H", blocks, at + 22, form + 1)
            blocks[at + 40:at + n] = bytes(n - 40)
            struct.pack_into(">Q", blocks, at, sum64(bytes(blocks[at + 8:at + n])))
    files.change(f)


def lose(files):
    files.blocks.unlink()


DAMAGE = flip, zero, cut, swap, noise, another_form, lose


class Known(unittest.TestCase):
    MESSAGES = 90

    @classmethod
    def setUpClass(cls):
        cls.server = Server(users={USER: "pw"})
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.made = [make(n) for n in range(1, cls.MESSAGES + 1)]
        imap = cls.server.imap(USER)
        imap.enable("UTF8=ACCEPT")
        imap.utf8_enabled = False       # imaplib's own UTF8 ( ) is not RFC 6855's
        for octets, _, _ in cls.made:
            imap.append("INBOX", "", '"02-Mar-2026 10:00:00 +0000"', octets)
        imap.select("INBOX")            # nobody else sees \\Recent
        imap.logout()

    def select(self, enable=None):
        imap = self.server.imap(USER)
        if enable:
            self.assertEqual(imap.enable(enable)[0], "OK")
        self.addCleanup(imap.shutdown)
        self.assertEqual(imap.select("INBOX")[0], "OK")
        return imap

    def fetched(self, imap, what, messages="1:*"):
        kind, data = imap.fetch(messages, what)
        self.assertEqual(kind, "OK", data)
        text = b"".join(b"".join(d) if isinstance(d, tuple) else d + b"\r\n"
                        for d in data)
        return re.split(rb"(?m)^(?=\d+ \()", text)[1:]

    def found(self, imap, *criteria):
        kind, data = imap.search("UTF-8", *criteria)
        self.assertEqual(kind, "OK", data)
        return [int(n) for n in data[0].split()]

    QUESTIONS = ("(ENVELOPE)", "(BODYSTRUCTURE)", "FULL", "(PREVIEW)",
                 "(BODY.PEEK[HEADER.FIELDS (SUBJECT TO REFERENCES)])",
                 "(ENVELOPE BODYSTRUCTURE BODY "
                 "BODY.PEEK[HEADER.FIELDS (From)])")

    def answers(self, imap):
        return {q: self.fetched(imap, q) for q in self.QUESTIONS}

    def opened(self, imap):
        """The same from messages that are opened: MIME-Version is wanted of
        the header of a part, which nobody keeps."""
        answers = {}
        for question in self.QUESTIONS:
            items = question.strip("()")
            if items == "FULL":
                items = "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"
            got = self.fetched(imap, f"({items} BODY.PEEK[HEADER.FIELDS (X-Gone)])")
            answers[question] = [re.sub(
                rb" ?BODY\[HEADER.FIELDS \(X-Gone\)\] \{2\}\r\n", b"", one)
                for one in got]
        return answers

    def needles(self):
        r = random.Random(5)
        for _ in range(12):
            _, subject, body = r.choice(self.made)
            for key, text in (("SUBJECT", subject), ("BODY", body),
                              ("TEXT", body), ("TEXT", subject)):
                at = r.randrange(max(1, len(text) - 12))
                needle = text[at:at + r.randrange(1, 14)].strip()
                # a short one may be in fields that are not computed here
                if len(needle) > (5 if key == "TEXT" else 0):
                    yield key, needle
        yield from (("TEXT", "nowhere at all"), ("BODY", "PNG apfel"),
                    ("TEXT", "STRAßE"), ("BODY", "кОШКА"), ("TEXT", "ー"),
                    ("HEADER X-Odd", "field1"), ("HEADER X-Odd", ""),
                    ("HEADER X-None", ""), ("FROM", "p. 1"))

    def expected(self, key, needle):
        def has(n, subject, body):
            texts = {"SUBJECT": [subject], "BODY": [body],
                     "TEXT": [subject, body], "FROM": [f'"P. {n}"'],
                     "HEADER X-Odd": [f"field{n}"], "HEADER X-None": []}[key]
            return any(needle.lower() in t.lower() for t in texts)
        return [n for n, (_, s, b) in enumerate(self.made, 1) if has(n, s, b)]

    def check_searches(self, imap, most=None):
        for key, needle in list(self.needles())[::-1][:most]:
            with self.subTest(key=key, needle=needle):
                imap.literal = needle.encode()
                self.assertEqual(self.found(imap, key), self.wanted[key, needle])
                imap.literal = needle.encode()
                without = self.found(imap, "NOT", key)
                self.assertEqual(without, [n for n in range(1, self.MESSAGES + 1)
                                 if n not in self.wanted[key, needle]])

    def test_answers_stay(self):
        imap = self.select()
        self.wanted = {(k, n): self.expected(k, n) for k, n in self.needles()}
        self.assertEqual(self.wanted["TEXT", "nowhere at all"], [])
        self.assertNotEqual(self.wanted["BODY", "кОШКА"], [])
        want = self.opened(imap)
        self.assertFalse(list((self.server.dir / "state").rglob("*.slots")))
        self.assertEqual(self.answers(imap), want)      # made
        self.assertEqual(self.answers(imap), want)      # kept
        modern = self.select("UTF8=ACCEPT")
        self.assertNotEqual(self.answers(modern), want)
        self.assertEqual(self.answers(modern), self.opened(modern))
        self.check_searches(imap)
        self.check_searches(imap)
        self.assertGreaterEqual(len(list(Files(self.server).named())), 12)
        for damage in DAMAGE:
            with self.subTest(damage=damage.__name__):
                damage(Files(self.server))
                self.assertEqual(self.answers(imap), want)
                self.check_searches(imap, 12)
                self.assertEqual(self.answers(imap), want)
        self.server.kill()
        self.server.start()
        imap = self.select()
        self.assertEqual(self.answers(imap), want)
        self.check_searches(imap)

    def test_long_structures(self):
        """More than a session makes at a time: it goes on behind that."""
        imap = self.server.imap(USER)
        self.addCleanup(imap.shutdown)
        self.assertEqual(imap.create("long")[0], "OK")
        part = b"--b\r\nContent-Description: %s\r\n\r\n.\r\n"
        for n in range(40):
            head = (b"Subject: %d\r\nContent-Type: multipart/mixed; "
                    b"boundary=b\r\n\r\n" % n)
            octets = head + part % (b"%d " % n + b"d" * 300) * 500 + b"--b--\r\n"
            self.assertEqual(imap.append("long", "", None, octets)[0], "OK")
        self.assertEqual(imap.select("long")[0], "OK")
        for _ in range(2):
            got = self.fetched(imap, "(BODYSTRUCTURE)")
            self.assertEqual(len(got), 40)
            for n, one in enumerate(got):
                self.assertTrue(one.startswith(b"%d (" % (n + 1)))
                self.assertEqual(one.count(b'"%d ddd' % n), 500)
        kind, data = imap.search(None, "TEXT", '"Content-Description"')
        self.assertEqual((kind, data), ("OK", [b""]))


if __name__ == "__main__":
    unittest.main()
