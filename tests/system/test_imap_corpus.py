# SPDX-License-Identifier: ISC
"""Each line of tests/corpus/imap-lines.txt gets the reply it must get, leaves
the session usable and the mailboxes as they were."""

import collections
import itertools
import os
import random
import re
import unittest

from corpus import octets
from imap_wire import SELECT, Talk, Wrong
from server import ROOT, Server, message

CORPUS = ROOT / "tests/corpus/imap-lines.txt"
LEAST = 1000
MUTANTS = int(os.environ.get("IMAP_MUTANTS", 3000))
SEED = int(os.environ.get("IMAP_SEED", 3501))
# errors in a row end a session, before the login a few of them
ERRORS_LOGIN = 4
SETTINGS = "errors_max = 10000\nlogin_failures = 1000000\n"

MIXED = (b"From: a@client.test\r\nTo: b@client.test\r\nSubject: two\r\n"
         b"Date: Wed, 01 Jan 2020 00:00:00 +0000\r\n"
         b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"
         b"--x\r\n\r\ntext\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n"
         b"Subject: within\r\n\r\nwithin\r\n--x--\r\n")
MESSAGES = (message("one"), MIXED, message("three"))

Case = collections.namedtuple("Case", "number expect octets text")


def read_corpus():
    """[(states, needs, cases)]"""
    sections = []
    for number, line in enumerate(CORPUS.read_text("ascii").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            states, _, needs = line[1:].partition("]")
            sections.append((states.split(), needs.strip(), []))
        else:
            expect, _, text = line.partition("  ")
            sections[-1][2].append(
                Case(number, expect.split("; "), octets(text.lstrip("^"))
                     if text.startswith("^") else b"t " + octets(text), line))
    return sections


def is_like(line, expect, tag):
    """Whether the reply is one of the alternatives."""
    for one in expect.split("|"):
        if one == "+":
            start = b"+ "
        elif one.startswith("* "):
            start = one.encode()
        else:
            start = tag + b" " + one.encode()
        if line.startswith(start):
            return True
    return False


SHARP = b"\0\r\"\\{}()[]<>@:* %=+;,&~$.\x7f\xc3\xff019"
# what changes the session or the mailboxes when a mutant of it is right
LASTING = re.compile(rb"\s*(LOGOUT|IDLE|COMPRESS|APPEND|CREATE|DELETE|RENAME|"
                     rb"SELECT|EXAMINE|CLOSE|UNSELECT|STORE|UID|EXPUNGE|MOVE|"
                     rb"COPY|SUBSCRIBE|FETCH|REPLACE|UNAUTHENTICATE|SET|"
                     rb"NOTIFY|AUTHENTICATE)", re.I)


def mutant(rng, octets):
    """One line made of a case."""
    line = bytearray(octets.split(b"\r\n")[0][:300])
    for _ in range(rng.choice((1, 1, 2, 5))):
        at = rng.randrange(2, len(line) + 1) if len(line) > 2 else len(line)
        new = rng.choice((rng.choice(SHARP), rng.randrange(256)))
        line[at:at + rng.randrange(2)] = bytes([new])
    return bytes(line).replace(b"\n", b"").replace(b"}", b")")


class Lines(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(SETTINGS)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.observer = Talk(cls.server, "auth")
        cls.addClassCleanup(cls.observer.close)
        cls.observer.must(b"CREATE Sent")
        for m in MESSAGES:
            cls.observer.must(b"APPEND INBOX {%d+}\r\n%s" % (len(m), m))
        cls.note()

    @classmethod
    def look(cls):
        items = b"(MESSAGES UIDNEXT UIDVALIDITY UNSEEN HIGHESTMODSEQ)"
        return [cls.observer.must(c) for c in
                (b'LIST "" *', b'LSUB "" *', b"STATUS INBOX " + items,
                 b"STATUS Sent " + items)]

    @classmethod
    def note(cls):
        """What is there now. \\Recent goes with the first SELECT."""
        talk = Talk(cls.server, "box")
        cls.found = talk.must(b"UID SEARCH ALL")
        talk.close()
        cls.before = cls.look()

    def setUp(self):
        self.talk = None

    # ---- one line ----

    def forget(self):
        if self.talk is not None:
            self.talk.close()
        self.talk = None

    def hear(self, expect, tag):
        line, _ = self.talk.reply()
        if expect == "close":
            if line:
                raise Wrong(f"the session goes on: {line[:200]!r}")
        elif not is_like(line, expect, tag):
            raise Wrong(line[:200] if line else "the server closed")
        return line

    def still_there(self, state):
        self.talk.must(b"NOOP")
        if state not in SELECT:
            return
        if self.talk.must(b"UID SEARCH ALL") != self.found:
            raise Wrong("the selected mailbox is another")

    def try_case(self, state, case):
        if self.talk is None:
            self.talk = Talk(self.server, state)
        tag = case.octets.split(b" ")[0].rstrip(b"\r\n") or b"*"
        self.talk.send(case.octets)
        for expect in case.expect:
            line = self.hear(expect, tag)
        self.talk.errors += 1
        if case.expect[-1] == "close":
            self.forget()
            return
        self.still_there(state if b"NO " not in line[:12] or
                         b"SELECT" not in case.octets[:10] else "auth")
        if b" NO " in line[:12] and (b"SELECT" in case.octets[:10]
                                     or state == "login") or \
                state == "login" and self.talk.errors == ERRORS_LOGIN:
            self.forget()

    def run_case(self, state, case):
        """None, or what was wrong."""
        why = None
        try:
            self.try_case(state, case)
        except Wrong as e:
            self.forget()
            why = str(e)
        now = self.look()
        if now != type(self).before:
            why = f"{why or ''} the mailboxes have changed: {now}"
            self.note()
        return why

    # ---- all of them ----

    def test_lines(self):
        wrong = []
        offered = self.observer.must(b"CAPABILITY").decode().split()
        for states, needs, cases in read_corpus():
            if needs and needs.removeprefix("needs=") not in offered:
                continue
            for state, case in itertools.product(states, cases):
                if self.talk is not None and case is cases[0]:
                    self.forget()
                why = self.run_case(state, case)
                if why:
                    wrong.append(f"{CORPUS.name}:{case.number} [{state}] "
                                 f"{case.text[:150]}\n    {why}")
            self.forget()
        # what clients say stays within the line of the log that tells of it
        for line in self.server.log().splitlines():
            self.assertRegex(line, r"^\d{4}-\d\d-\d\dT[ -~]+$")
        if wrong:
            self.fail(f"{len(wrong)} lines:\n" + "\n".join(wrong))

    def test_mutants(self):
        """Lines of the corpus with some octets changed get one tagged reply
        in form, and NOOP another."""
        rng = random.Random(SEED)
        cases = [c for states, needs, some in read_corpus() for c in some
                 if "box" in states and not needs
                 and c.octets.startswith(b"t ")
                 and not LASTING.match(c.octets[2:])]
        self.talk = Talk(self.server, "box")
        for _ in range(MUTANTS):
            line = mutant(rng, rng.choice(cases).octets)
            if LASTING.match(line[2:]):
                continue
            self.talk.send(line + b"\r\n")
            reply, _ = self.talk.reply()
            self.assertRegex(reply, rb"\A(t[^ ]*|\*) (OK|NO|BAD) ",
                             f"IMAP_SEED={SEED} {line!r}")
            self.talk.must(b"NOOP")
        self.forget()

    def test_size(self):
        malformed = [c for _, _, cases in read_corpus() for c in cases
                     if not c.expect[-1].startswith("OK")]
        self.assertGreaterEqual(len(malformed), LEAST)

    def test_budget(self):
        """Wrong lines in a row cost errors_max, then comes BYE."""
        with Server(settings="errors_max = 20\n") as server:
            talk = Talk(server, "auth")
            for n in range(19):
                talk.send(b"a XYZZY\r\n")
                self.assertRegex(talk.reply()[0], rb"a BAD ")
            talk.must(b"NOOP")
            for n in range(19):
                talk.send(b"a FETCH\r\n")
                self.assertRegex(talk.reply()[0], rb"a BAD ")
            talk.send(b"a XYZZY\r\n")
            self.assertRegex(talk.reply()[0], rb"a BAD ")
            self.assertRegex(talk.reply()[0], rb"\* BYE ")
            self.assertEqual(talk.reply()[0], b"")
            talk.close()


if __name__ == "__main__":
    unittest.main()
