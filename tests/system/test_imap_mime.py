# SPDX-License-Identifier: ISC
"""BODYSTRUCTURE, ENVELOPE and the parts of mail made at random, beside what
Python's email package and GMime make of it; and of one mail that has all shapes,
beside what was found right (doc/IMAP.md)."""

import email
import email.header
import email.utils
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import unittest
import urllib.parse

import mime_mail
from imap_wire import Talk, Values
from server import Server

MAILS = int(os.environ.get("MIME_MAILS", 100))
SEED = int(os.environ.get("MIME_SEED", 1))
HERE = pathlib.Path(__file__).parent
SHAPES = HERE.parent / "corpus/mime-shapes"


def decoded(name, value):
    """A parameter as text: (name without '*', value)."""
    value = value.decode("latin-1")
    if not name.endswith(b"*") or value.count("'") < 2:
        return name.decode().lower(), value
    charset, _, coded = value.split("'", 2)
    return name[:-1].decode().lower(), urllib.parse.unquote(
        coded, charset or "latin-1", "replace")


def parameters(flat):
    flat = flat or []
    return dict(decoded(n, v) for n, v in zip(flat[::2], flat[1::2]))


def line(path, kind, charset, name, disposition, filename, cid, data):
    """What the three are compared by."""
    return (path, kind.lower(), (charset or "").lower(), name or "",
            (disposition or "").lower(), filename or "",
            (cid or "").strip("<>"),
            None if data is None else (len(data),
                                       hashlib.md5(data).hexdigest()),
            None if data is None else hashlib.md5(data + b"\r").hexdigest())


# ---- ours ----

class Ours:
    def __init__(self, talk, number):
        self.talk, self.number = talk, number
        got = talk.fetch(number, b"BODYSTRUCTURE ENVELOPE")
        self.envelope, self.lines = got["ENVELOPE"], []
        self.body(got["BODYSTRUCTURE"], "")

    def section(self, path):
        item = f"BODY[{path}]"
        return self.talk.fetch(self.number,
                               f"BODY.PEEK[{path}]".encode())[item]

    def body(self, b, path):
        if isinstance(b[0], list):
            self.parts(b, path)
        else:
            self.part(b, f"{path}.1".lstrip("."))

    def parts(self, b, path):
        for i, part in enumerate(b, 1):
            if not isinstance(part, list):
                break
            below = f"{path}.{i}".lstrip(".")
            if isinstance(part[0], list):
                self.parts(part, below)
            else:
                self.part(part, below)

    def part(self, b, path):
        kind = (b[0] + b"/" + b[1]).decode("latin-1").lower()
        message = kind in ("message/rfc822", "message/global")
        text = kind.startswith("text/")
        content = self.section(path)
        extension = b[10 if message else 8 if text else 7:]
        if len(content) != b[6]:
            raise AssertionError(f"{path}: {len(content)} octets, not {b[6]}")
        if message and b[9] != content.count(b"\n") or \
                text and b[7] != content.count(b"\n"):
            raise AssertionError(f"{path}: lines in {b}")
        mine = parameters(b[2])
        disposition = extension[1] or [b"", None]
        self.lines.append(line(
            path, kind, mine.get("charset"), mine.get("name"),
            disposition[0].decode(),
            parameters(disposition[1]).get("filename"),
            (b[3] or b"").decode(), None if message else content))
        if message:
            self.body(b[8], path)

    def addresses(self, index):
        out = []
        for name, _, local, domain in self.envelope[index] or []:
            if domain is not None:      # no begin or end of a group
                out.append((human(name), local.decode(), domain.decode()))
        return out


def human(raw):
    if raw is None:
        return ""
    return str(email.header.make_header(email.header.decode_header(
        raw.decode("latin-1"))))


# ---- Python's email package ----

def of_email(message, path=""):
    """The lines of it."""
    kind = message.get_content_type()
    if message.is_multipart() and kind != "message/rfc822":
        return [x for i, part in enumerate(message.get_payload(), 1)
                for x in of_email_part(part, f"{path}.{i}".lstrip("."))]
    return of_email_part(message, f"{path}.1".lstrip("."))


def value(message, name, field):
    found = message.get_param(name, header=field)
    return "" if found is None else email.utils.collapse_rfc2231_value(found)


def of_email_part(part, path):
    kind = part.get_content_type()
    if part.is_multipart() and kind != "message/rfc822":
        return of_email(part, path)
    data = None
    if kind != "message/rfc822":
        # get_payload() would decode 8-bit text
        data = part._payload.encode("ascii", "surrogateescape")
    text = kind.startswith("text/")
    own = line(path, kind, value(part, "charset", "content-type") or
               ("us-ascii" if text else ""),
               value(part, "name", "content-type"),
               part.get_content_disposition(),
               value(part, "filename", "content-disposition"),
               part.get("content-id"), data)
    below = of_email(part.get_payload(0), path) if data is None else []
    return [own] + below


# ---- GMime ----

def of_gmime(program, octets):
    """(lines, {kind: [(name, address)]})"""
    done = subprocess.run([program], input=octets, capture_output=True,
                          check=True, timeout=60)
    lines, people = [], {}
    for text in done.stdout.decode("utf-8").splitlines():
        word, *rest = text.split("\t")
        if word == "part":
            path, kind, charset, name, disposition, filename, cid = rest[:7]
            if kind.lower().startswith("text/") and not charset:
                charset = "us-ascii"
            lines.append(line(path, kind, charset, name, disposition,
                              filename, cid, None)[:7] +
                         ((int(rest[7]), rest[8]) if len(rest) > 7
                          else None,))
        else:
            people.setdefault(word, []).append((rest[1], rest[0]))
    return lines, people


def without_cr(theirs, ours):
    """GMime leaves the CR before some last boundaries to the content."""
    out = []
    for a, b in zip(theirs, ours):
        if a[7] and b[7] and a[7][0] == b[7][0] + 1 and a[7][1] == b[8]:
            a = a[:7] + (b[7],)
        out.append(a + b[8:])
    return out + theirs[len(out):]


def build_gmime(directory):
    """The program, or None where the library is not there."""
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "gmime-3.0"],
                           capture_output=True, text=True) \
        if shutil.which("pkg-config") else None
    if flags is None or flags.returncode != 0:
        return None
    program = pathlib.Path(directory) / "gmime_parts"
    subprocess.run([os.environ.get("CC", "cc").split()[-1], "-o", program,
                    HERE / "gmime_parts.c", *flags.stdout.split()],
                   check=True, timeout=120)
    return program


def append(talk, mailbox, mails):
    for n in range(0, len(mails), 50):
        talk.must(b"APPEND " + mailbox + b"".join(
            b" {%d+}\r\n%s" % (len(m), m) for m in mails[n:n + 50]))


class Mime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.directory = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.directory)
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.talk = Talk(cls.server, "box")
        cls.addClassCleanup(cls.talk.close)
        cls.mails = [mime_mail.generate(random.Random(SEED * 10**6 + n))
                     for n in range(MAILS)]
        append(cls.talk, b"INBOX", cls.mails)
        cls.ours = [Ours(cls.talk, n) for n in range(1, MAILS + 1)]

    def test_email(self):
        for n, (mail, ours) in enumerate(zip(self.mails, self.ours)):
            with self.subTest(MIME_SEED=SEED, mail=n):
                theirs = email.message_from_bytes(mail)
                self.assertEqual(ours.lines, of_email(theirs))
                self.assertEqual(
                    human(ours.envelope[1]),
                    human((theirs["subject"] or "").encode()))

    def test_gmime(self):
        program = build_gmime(self.directory)
        if program is None:
            self.skipTest("libgmime-3.0-dev is not there")
        for n, (mail, ours) in enumerate(zip(self.mails, self.ours)):
            with self.subTest(MIME_SEED=SEED, mail=n):
                lines, people = of_gmime(program, mail)
                self.assertEqual(ours.lines, without_cr(lines, ours.lines))
                for index, kind in ((2, "from"), (5, "to"), (6, "cc"),
                                    (7, "bcc")):
                    self.assertEqual(
                        [(name, f"{local}@{domain}") for name, local, domain
                         in ours.addresses(index)],
                        [(name, re.sub(r'^"(.*)"@', r"\1@", a))
                         for name, a in people.get(kind, [])])

    def test_sections_make_the_message(self):
        """HEADER and TEXT, of the message and of those in it."""
        for n, (mail, ours) in enumerate(zip(self.mails, self.ours), 1):
            got = self.talk.fetch(n, b"BODY.PEEK[] BODY.PEEK[HEADER] "
                                  b"BODY.PEEK[TEXT] RFC822.SIZE")
            self.assertEqual(got["BODY[]"], mail)
            self.assertEqual(got["BODY[HEADER]"] + got["BODY[TEXT]"], mail)
            self.assertEqual(got["RFC822.SIZE"], len(mail))
            for path, kind, *_ in ours.lines:
                if kind == "message/rfc822":
                    self.assertEqual(
                        ours.section(path), ours.section(f"{path}.HEADER")
                        + ours.section(f"{path}.TEXT"))
                self.assertIn(ours.section(f"{path}.MIME")
                              + ours.section(path), mail)

    def test_odd(self):
        """Broken mail has a structure, too, whose parts are all there."""
        talk = Talk(self.server, "auth")
        talk.must(b"CREATE odd")
        append(talk, b"odd", [
            mime_mail.generate(random.Random(SEED * 10**6 + n), True)
            for n in range(MAILS)])
        talk.must(b"SELECT odd")
        for n in range(MAILS):
            with self.subTest(MIME_SEED=SEED, mail=n):
                Ours(talk, n + 1)
        talk.close()

    def test_shapes(self):
        """Eight levels, a message in a message in a digest, odd boundaries and
        parameters: each part is where and what it should be."""
        mail = SHAPES.with_suffix(".eml").read_bytes().replace(b"\n", b"\r\n")
        wanted = SHAPES.with_suffix(".bodystructure").read_bytes()
        wanted = re.sub(rb"\n *", b" ", re.sub(rb"\(\n *", b"(", wanted))
        talk = Talk(self.server, "auth")
        talk.must(b"CREATE shapes")
        append(talk, b"shapes", [mail])
        talk.must(b"SELECT shapes")
        self.assertEqual(talk.fetch(1, b"BODYSTRUCTURE")["BODYSTRUCTURE"],
                         Values(wanted).value())
        ours, at = Ours(talk, 1), 0
        self.assertEqual(len(ours.lines), 36)
        for path, kind, *_ in ours.lines:       # in the order of the mail
            whole = ours.section(f"{path}.MIME") + ours.section(path)
            at = mail.index(whole, at)
            at += 0 if kind == "message/rfc822" else len(whole)
        talk.close()


if __name__ == "__main__":
    unittest.main()
