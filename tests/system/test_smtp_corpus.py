# SPDX-License-Identifier: ISC
"""Each line of tests/corpus/smtp-lines.txt gets the reply it must get, costs no
more than its own line and leaves the session usable."""

import collections
import itertools
import os
import random
import re
import unittest

from corpus import octets
from secure import SecureServer
from server import DOMAIN, ROOT, Server
from wire import BadReply, Closed, Wire, plain_response

CORPUS = ROOT / "tests/corpus/smtp-lines.txt"
LEAST = 450
MUTANTS = int(os.environ.get("SMTP_MUTANTS", 2000))
SEED = int(os.environ.get("SMTP_SEED", 5321))
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"

# What the words of a section say: once in a connection, or before each line.
ONCE = ("tls", "auth")
SETUP = {
    "tls": ("STARTTLS", 220),
    "auth": ("AUTH PLAIN " + plain_response(ALICE, "wonderland"), 235),
    "ehlo": ("EHLO", 250), "helo": ("HELO", 250), "lhlo": ("LHLO", 250),
    "mail": ("MAIL FROM:<tester@client.test>", 250),
    "mail_alice": (f"MAIL FROM:<{ALICE}>", 250),
    "mail8": ("MAIL FROM:<tester@client.test> SMTPUTF8", 250),
    "rcpt": (f"RCPT TO:<{ALICE}>", 250),
}
NEEDED = {"tls": "STARTTLS", "mail8": "SMTPUTF8"}
SETTINGS = """\
errors_max = 10000
junk_max = 100000
login_failures = 1000000
recipients_max = 1000
etrn_domains = partner.test
sasl_mechanisms = PLAIN LOGIN SCRAM-SHA-256
"""

Case = collections.namedtuple("Case", "number expect octets text")


class Section:
    def __init__(self, title):
        words = title.split()
        self.title, self.cases = title, []
        self.listener, self.setup = words[0], []
        self.needs = set()
        for word in words[1:]:
            name, _, value = word.partition("=")
            if name == "needs":
                self.needs.add(value)
            else:
                self.setup.append(word)
                self.needs.update({NEEDED[word]} if word in NEEDED else ())


def alternatives(word, names):
    """{(code, status or "")}: what one reply may be."""
    found = set()
    codes, _, statuses = word.partition(" ")
    for code in codes.split("|"):
        if code in names:
            found |= names[code]
        else:
            found |= {(int(code), s) for s in (statuses or "").split("|")
                      if not s or s[0] == code[0]}
    return found


def read_corpus():
    names, sections = {}, []
    for number, line in enumerate(CORPUS.read_text("ascii").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("def "):
            name, _, word = line[4:].partition("\t")
            names[name] = alternatives(word, names)
        elif line.startswith("["):
            sections.append(Section(line[1:-1]))
        else:
            expect, _, text = line.partition("  ")
            replies = [w if w.startswith("close") else alternatives(w, names)
                       for w in expect.split("; ")]
            sections[-1].cases.append(Case(number, replies, octets(text),
                                           line))
    return sections


# Their turn is not over with one reply to one line.
LONGER = re.compile(rb"[ \t]*(DATA|BDAT|AUTH|QUIT|STARTTLS|GET|POST|CONNECT)\b",
                    re.I)
SHARP = b"\0\r\"\\<>@:[] =+;,\x7f\xc3\xff"


def mutant(rng, octets):
    """One line made of a case."""
    line = bytearray(octets.split(b"\n")[0].rstrip(b"\r")[:600])
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(len(line) + 1)
        new = rng.choice((rng.choice(SHARP), rng.randrange(256)))
        line[at:at + rng.randrange(2)] = bytes([new])
    line = bytes(line).replace(b"\n", b"").removesuffix(b"\r")
    return b"X" + line if LONGER.match(line) else line


class Lines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer(SETTINGS, aliases="staff: alice, bob\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.count = itertools.count(1)
        cls.offered = {}

    def offers(self, listener):
        """The keywords of EHLO: at first, in TLS, and after a login."""
        if listener not in self.offered:
            verb = "LHLO" if listener == "lmtp" else "EHLO"
            with Wire(self.server.ports[listener]) as wire:
                found = [wire.hello(verb)]
                if "STARTTLS" in found[0]:
                    found.append(wire.secure(verb))
                if "AUTH" in found[-1]:
                    wire.must(*SETUP["auth"])
                    found.append(wire.hello(verb))
            words = {word for f in found for word in f}
            words.update(*(f.get("AUTH", []) for f in found))
            self.offered[listener] = words
        return self.offered[listener]

    # ---- one line ----

    def say_hello(self, verb):
        """Its reply names us; so nothing else is on its way."""
        name = f"client{next(self.count)}.test"
        reply = self.wire.must(f"{verb} {name}", 250)
        if verb != "HELO" and not reply.lines[0].endswith(" " + name):
            raise BadReply(f"a reply too many: {reply}")

    def set_up(self, section):
        hello = "lhlo" if section.listener == "lmtp" else "ehlo"
        if self.wire is None:
            self.wire = Wire(self.server.ports[section.listener])
            for word in ONCE:
                if word in section.setup:
                    self.say_hello(hello)
                    self.wire.must(*SETUP[word])
                    if word == "tls":
                        self.wire.start_tls()
        self.wire.utf8 = "mail8" in section.setup
        for word in section.setup:
            if word.endswith("lo"):
                self.say_hello(SETUP[word][0])
            elif word not in ONCE:
                self.wire.must(*SETUP[word])

    def hear(self, expect):
        if expect == "close":
            if not self.wire.at_end():
                raise BadReply("the session goes on")
            return
        reply = self.wire.reply(plain=True)
        if (reply.code, "") not in expect and \
                (reply.code, reply.status) not in expect:
            raise BadReply(f"{reply.code} {reply.status} "
                           f"{' / '.join(reply.lines)}")

    @staticmethod
    def changes(case):
        """Whether the connection is another one after it."""
        return any(e in ("close", "close?") or (235, "2.7.0") in e
                   for e in case.expect)

    def run_case(self, section, case):
        """None, or what was wrong."""
        try:
            self.set_up(section)
        except (BadReply, Closed) as e:
            self.forget()
            return f"cannot be tried: {e!r}"
        try:
            self.wire.send(case.octets)
            for expect in case.expect:
                if expect != "close?":
                    self.hear(expect)
            if case.expect[-1] not in ("close", "close?"):
                self.wire.must("NOOP", 250)
            if not section.setup or self.changes(case):
                self.forget()
        except (BadReply, Closed) as e:
            self.forget()
            return f"got {e}" if str(e) else "the server closed"
        return None

    def forget(self):
        if self.wire is not None:
            self.wire.close()
        self.wire = None

    # ---- all of them ----

    def test_lines(self):
        wrong, skipped = [], []
        for section in read_corpus():
            if not section.needs <= self.offers(section.listener):
                skipped.append(section)
                continue
            self.wire = None
            for case in section.cases:
                why = self.run_case(section, case)
                if why:
                    wrong.append(f"{CORPUS.name}:{case.number} "
                                 f"[{section.title}] {case.text[:150]}\n"
                                 f"    {why}")
            self.forget()
        self.server.settle()
        # what clients say stays within the line of the log that tells of it
        for line in self.server.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT[ -~]+$")
        if wrong:
            self.fail(f"{len(wrong)} lines:\n" + "\n".join(wrong))
        for section in skipped:
            with self.subTest(section.title):
                self.skipTest(f"[{section.title}] is not offered")

    def try_mutant(self, section, rng):
        """Set up; a line, some octets of it changed: one reply in form, and
        NOOP gets another."""
        line = mutant(rng, rng.choice(section.cases).octets)
        try:
            self.set_up(section)
            self.wire.send(line + b"\r\n")
            self.wire.reply(plain=True)
            self.wire.must("NOOP", 250)
        except (BadReply, Closed) as e:
            self.fail(f"SMTP_SEED={SEED}, [{section.title}] {line!r}: {e!r}")

    def test_mutants(self):
        rng = random.Random(SEED)
        sections = [s for s in read_corpus()
                    if s.setup and s.needs <= self.offers(s.listener)]
        for section in sections:
            self.wire = None
            for _ in range(MUTANTS // len(sections)):
                self.try_mutant(section, rng)
            self.forget()

    def test_size(self):
        self.assertGreaterEqual(
            sum(len(s.cases) for s in read_corpus()), LEAST)

    def test_budget(self):
        """Each wrong line costs one of errors_max, then comes 421."""
        with Server(settings="errors_max = 20\n") as server, \
                Wire(server.ports["smtp"]) as wire:
            wire.hello()
            for n in range(20):
                code = wire.say("XYZZY" if n % 2 else "MAIL FROM:<bad").code
                self.assertIn(code, (500, 501, 553))
            self.assertEqual(wire.say("NOOP")[:2], (421, "4.7.0"))
            self.assertTrue(wire.at_end())


if __name__ == "__main__":
    unittest.main()
