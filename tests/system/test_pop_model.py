# SPDX-License-Identifier: ISC
"""POP3, POP2, IMAP and delivery on the mailboxes of one user at once, beside a
model that says what each of them must see.

Many sessions are open at the same time and take turns, so that an order is a
list of steps that can be had again: POP_SEED chooses it and POP_STEPS how long
it is. What the model holds the server to:

    a mailbox has one POP session at most; others are told that it is in use
    a POP session sees what was there when it began, whatever happens meanwhile
    a message that IMAP took away is still read whole, or refused in words
    only QUIT and FOLD remove, all that is marked and nothing else
    an octet is the same for everybody, and sizes are those octets
    UIDs rise; a UIDL belongs to one UID and to no other message ever
    IMAP sessions hear of all that POP and delivery do, in IDLE, too
    kill -9 of store or pop3d removes nothing but what a QUIT was about, and of
    that, when QUIT was not answered, all or nothing
"""

import os
import random
import signal
import smtplib
import time
import unittest

from pop_wire import Imap, Lost, Pop2, Pop3, Refused
from server import Server, wait_for

SEED = int(os.environ.get("POP_SEED", 937))
STEPS = int(os.environ.get("POP_STEPS", 400))
ALICE = "alice@example.test"
BOXES = ("INBOX", "Other")
LINES = (b"", b".", b"..", b".x", b"x" * 998, b"text", b"\xe4\xf6", b"From x",
         b" ", b"-ERR", b"+OK")
FLAGS = (r"\Seen", r"\Flagged", r"\Answered", r"\Draft")


class Letter:
    def __init__(self, sent, whole):
        """whole: nothing is put before what was sent."""
        self.sent, self.octets = sent, sent if whole else None
        self.uid = self.uidl = None
        self.flags = set()


class Box:
    def __init__(self, name):
        self.name, self.letters = name, []
        self.last_uid, self.uidls = 0, {}
        self.session = None     # the POP session that has it

    def remove(self, letters):
        self.letters = [x for x in self.letters if x not in letters]


class Session:
    """A POP session: what it saw when it began, and what it has done."""

    def __init__(self, wire, box):
        self.wire, self.lost = wire, False
        self.enter(box)

    def enter(self, box):
        self.box, box.session = box, self
        self.seen = list(box.letters)
        self.was_read = {x for x in self.seen if r"\Seen" in x.flags}
        self.marked, self.fetched, self.last = set(), set(), 0

    def left(self):
        return [(n, x) for n, x in enumerate(self.seen, 1)
                if x not in self.marked]

    def leave(self):
        if self.box.session is self:
            self.box.session = None


class World:
    def __init__(self, case, server, rng):
        self.case, self.server, self.rng = case, server, rng
        self.boxes = {name: Box(name) for name in BOXES}
        self.sessions, self.imaps, self.count = [], [], 0
        self.begin_imap()
        self.observer.say("CREATE Other")

    equal = property(lambda self: self.case.assertEqual)

    # ---- IMAP: two sessions with a mailbox each, and two in IDLE ----

    def imap(self, name=None):
        wire = Imap(self.server, ALICE, self.server.users[ALICE])
        wire.box = self.boxes[name or "INBOX"]
        if name:
            wire.select(name)
            wire.fetch() if wire.view else None
        return wire

    def begin_imap(self):
        self.observer = self.retry(self.imap)
        self.imaps, self.idlers = [], []

    def all_imaps(self):
        if not self.imaps:
            self.imaps = [self.imap(name) for name in BOXES]
            self.idlers = [self.imap(name) for name in BOXES]
            for wire in self.idlers:
                wire.idle()
        return self.imaps

    def end_imap(self):
        for wire in (self.observer, *self.imaps, *self.idlers):
            wire.close()

    def retry(self, call):
        """For a while after a program was killed, or a client went away."""
        end = time.monotonic() + 20
        while True:
            try:
                return call()
            except (Lost, Refused, OSError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)

    # ---- what is there ----

    def look(self, box):
        """What a new IMAP session sees must be the model; UIDs are learnt."""
        self.observer.select(box.name)
        there = self.observer.fetch() if self.observer.view else {}
        uids = list(self.observer.view)
        self.equal(len(uids), len(box.letters), box.name)
        for uid, letter in zip(uids, box.letters):
            if letter.uid is None:
                self.case.assertGreater(uid, box.last_uid)
                letter.uid = box.last_uid = uid
            self.equal(uid, letter.uid, box.name)
            self.equal(there[uid][0], letter.flags, uid)
            if letter.octets is None:
                self.content(letter, self.observer.content(uid))
            self.equal(there[uid][1], len(letter.octets))

    def content(self, letter, octets):
        if letter.octets is None:
            self.case.assertTrue(octets.endswith(letter.sent), octets)
            letter.octets = octets
        self.equal(octets, letter.octets)

    def follow(self, wire):
        """Sooner or later a session has heard of everything."""
        uids = [x.uid for x in wire.box.letters]

        def same():
            wire.say("NOOP")
            return len(wire.view) == len(uids) and \
                all(a in (b, None) for a, b in zip(wire.view, uids))
        wait_for(same, f"{uids} instead of {wire.view}")
        flags = wire.fetch() if uids else {}
        self.equal(wire.view, uids)
        self.equal({u: f for u, (f, _) in flags.items()},
                   {x.uid: x.flags for x in wire.box.letters})

    def follow_idle(self, wire):
        uids = [x.uid for x in wire.box.letters]
        while len(wire.view) != len(uids) or \
                not all(a in (b, None) for a, b in zip(wire.view, uids)):
            wire.response()     # in vain for too long is an error

    # ---- steps: mail ----

    def letter(self):
        self.count += 1
        lines = [b"Subject: %d" % self.count, b""] + self.rng.choices(
            LINES, k=self.rng.choice((0, 1, 3, 60)))
        return b"\r\n".join(lines)

    def deliver(self):
        sent = self.letter() + b"\r\n"
        kind = self.rng.choice((smtplib.SMTP, smtplib.LMTP))
        port = self.server.ports[kind.__name__.lower()]
        with kind("127.0.0.1", port, "client.test", timeout=60) as client:
            client.sendmail("bob@client.test", [ALICE], sent)
        self.server.settle()
        self.boxes["INBOX"].letters.append(Letter(sent, False))
        self.look(self.boxes["INBOX"])

    def append(self):
        """By IMAP, where the last line may have no end."""
        box = self.boxes[self.rng.choice(BOXES)]
        sent = self.letter() + self.rng.choice((b"\r\n", b"x"))
        self.observer.say(f"APPEND {box.name}", sent)
        box.letters.append(Letter(sent, True))
        self.look(box)

    def copy(self):
        wire = self.aware()
        if not wire.box.letters:
            return
        letter = self.rng.choice(wire.box.letters)
        box = self.boxes[self.rng.choice(BOXES)]
        wire.say(f"UID COPY {letter.uid} {box.name}")
        new = Letter(letter.octets, True)
        new.flags = set(letter.flags)
        box.letters.append(new)
        self.look(box)

    # ---- steps: IMAP ----

    def aware(self):
        """One that has heard of all: others' UIDs mean nothing to it."""
        wire = self.rng.choice(self.all_imaps())
        self.follow(wire)
        return wire

    def some(self, letters, share=0.2):
        return [x for x in letters if self.rng.random() < share]

    def flag(self):
        wire = self.aware()
        chosen = self.some(wire.box.letters)
        if not chosen:
            return
        flag, sign = self.rng.choice(FLAGS), self.rng.choice("+-")
        uids = ",".join(str(x.uid) for x in chosen)
        wire.say(f"UID STORE {uids} {sign}FLAGS.SILENT ({flag})")
        for letter in chosen:
            (letter.flags.add if sign == "+" else letter.flags.discard)(flag)

    def expunge(self):
        wire = self.aware()
        chosen = self.some(wire.box.letters, 0.1)
        if not chosen:
            return
        uids = ",".join(str(x.uid) for x in chosen)
        wire.say(rf"UID STORE {uids} +FLAGS.SILENT (\Deleted)")
        wire.say(f"UID EXPUNGE {uids}")
        wire.box.remove(chosen)

    def listen(self):
        self.follow(self.rng.choice(self.all_imaps()))

    def listen_idle(self):
        self.all_imaps()
        self.follow_idle(self.rng.choice(self.idlers))

    # ---- steps: POP sessions ----

    def log_in(self, kind, box):
        user = ALICE if box.name == "INBOX" else "alice+Other@example.test"
        return Session(kind(self.server, user, self.server.users[ALICE]), box)

    def begin(self, box=None):
        """A session; where there is one, it is refused."""
        box = box or self.boxes[self.rng.choice(BOXES)]
        kind = self.rng.choice((Pop3, Pop3, Pop2))
        if box.session:
            if self.rng.random() < 0.8:     # it takes a moment to be refused
                return
            old = box.session
            with self.case.assertRaisesRegex(Refused, "in use"):
                self.log_in(kind, box)
            self.case.assertIs(box.session, old)
            return
        session = self.log_in(kind, box)
        self.sessions.append(session)
        if kind is Pop2:
            self.equal(session.wire.count, len(session.seen))

    def pick(self, kind):
        found = [s for s in self.sessions if type(s.wire) is kind]
        return self.rng.choice(found) if found else None

    def pop3(self):
        session = self.pick(Pop3)
        if session:
            self.rng.choice((self.see, self.see_one, self.retr, self.retr,
                             self.top, self.dele, self.dele, self.rset))(
                                 session)

    def see(self, s):
        left = s.left()
        self.equal(s.wire.stat(), (len(left), sum(
            len(x.octets) for _, x in left)))
        self.equal(s.wire.listing("LIST"),
                   {n: str(len(x.octets)) for n, x in left})
        uidls = s.wire.listing("UIDL")
        self.equal(list(uidls), [n for n, _ in left])
        for n, letter in left:
            self.equal(letter.uidl or uidls[n], uidls[n])
            letter.uidl = uidls[n]
            self.case.assertIs(
                s.box.uidls.setdefault(uidls[n], letter), letter)

    def see_one(self, s):
        read = [n for n, x in enumerate(s.seen, 1) if x in s.was_read]
        self.equal(int(s.wire.say("LAST")), max([s.last, *read]))
        number = self.rng.randint(0, len(s.seen) + 1)
        here = dict(s.left())
        for verb in ("LIST", "UIDL"):
            if number in here:
                self.equal(s.wire.say(f"{verb} {number}").split()[0],
                           str(number))
            else:
                self.refused(s, f"{verb} {number}")

    def refused(self, s, line):
        with self.case.assertRaises(Refused, msg=line):
            s.wire.say(line)

    def may_fail(self, s, letter):
        """Whether the content of a letter may be out of reach."""
        return s.lost or letter not in s.box.letters

    def retr(self, s):
        number = self.rng.randint(1, len(s.seen) + 1)
        here = dict(s.left())
        if number not in here:
            self.refused(s, f"RETR {number}")
            return
        letter = here[number]
        try:
            size, octets = s.wire.retr(number)
        except Refused as e:
            self.case.assertTrue(self.may_fail(s, letter), e)
            self.case.assertRegex(str(e), r"\[SYS/TEMP\] The m\w+ is not ")
            return
        self.equal(size, len(letter.octets))
        end = b"" if letter.octets.endswith(b"\r\n") else b"\r\n"
        self.equal(octets, letter.octets + end)
        s.fetched.add(letter)
        s.last = max(s.last, number)

    def top(self, s):
        left = s.left()
        if not left:
            return
        number, letter = self.rng.choice(left)
        count = self.rng.choice((0, 1, 5, 1000))
        head, empty, body = letter.octets.partition(b"\r\n\r\n")
        if not empty:
            # nothing but a header; its last line may lack an end
            head = head.removesuffix(b"\r\n")
        lines = (body + b"\r\n").split(b"\r\n")[:-1]
        if body.endswith(b"\r\n"):
            lines = lines[:-1]
        want = head + (empty or b"\r\n") + b"".join(
            x + b"\r\n" for x in (lines[:count] if body else []))
        try:
            self.equal(s.wire.top(number, count), want)
        except Refused as e:
            self.case.assertTrue(self.may_fail(s, letter), e)

    def dele(self, s):
        for number, letter in self.some(enumerate(s.seen, 1)):
            if letter in s.marked:
                self.refused(s, f"DELE {number}")
            else:
                s.wire.say(f"DELE {number}")
                s.marked.add(letter)

    def rset(self, s):
        if self.rng.random() < 0.5:
            s.wire.say("RSET")
            s.marked, s.last = set(), 0

    def pop2(self):
        """Reading on from some message, and what is thought of each."""
        s = self.pick(Pop2)
        if not s or s.lost:
            return
        number = self.rng.randint(1, len(s.seen) + 1)
        self.read_on(s, number, f"READ {number}")

    def read_on(self, s, number, line):
        """A message that is not there any more ends the session."""
        while line:
            size, want = None, self.next(s, number, line)
            try:
                size = s.wire.number("=", line)
            except Refused as e:
                self.case.assertTrue(
                    want and self.may_fail(s, want[1]), e)
                self.end(s)
                return
            if not want:
                self.equal(size, 0)
                return
            number, letter = want
            self.equal(size, len(letter.octets))
            if self.rng.random() < 0.2:
                return
            self.equal(s.wire.retr(size), letter.octets)
            line = self.rng.choice(("ACKS", "ACKD", "NACK"))
            if line == "ACKD":
                s.marked.add(letter)
            elif line == "ACKS":
                s.fetched.add(letter)

    def next(self, s, number, line):
        """What is current after that: (number, letter), or None."""
        here = dict(s.left())
        if line in ("ACKS", "ACKD"):
            number += 1
            while number <= len(s.seen) and number not in here:
                number += 1
        return (number, here[number]) if number in here else None

    # ---- steps: the end of a POP session ----

    def end(self, s):
        self.sessions.remove(s)
        s.leave()
        s.wire.close()

    def applied(self, s):
        """QUIT or FOLD was said yes to."""
        for letter in s.fetched - s.marked:
            letter.flags.add(r"\Seen")
        s.box.remove(s.marked)
        self.look(s.box)

    def quit(self):
        if not self.sessions:
            return
        s = self.rng.choice(self.sessions)
        try:
            s.wire.quit()
        except Refused as e:
            self.case.assertTrue(s.lost and s.marked, e)
        else:
            self.case.assertFalse(s.lost and s.marked, "lost, and obeyed")
            if not s.lost:
                self.applied(s)
        self.end(s)
        if self.rng.random() < 0.5:
            self.begin(s.box)       # good-bye means that it is free

    def fold(self):
        s = self.pick(Pop2)
        name = self.rng.choice(BOXES)
        if not s or s.lost:
            return
        other = self.boxes[name].session
        if other not in (None, s):
            return
        number = s.wire.number("#", f"FOLD {name}")
        self.applied(s)
        s.leave()
        s.enter(self.boxes[name])
        self.equal(number, len(s.seen))

    def drop(self):
        if not self.sessions:
            return
        s = self.rng.choice(self.sessions)
        if self.rng.random() < 0.3 and s.seen and type(s.wire) is Pop3:
            s.wire.send(b"RETR 1\r\n" * 20)     # and does not listen
        self.end(s)
        if s.box.session is None:   # a lost one may have a successor
            self.free(s.box)

    def free(self, box):
        """Nobody is in the way there, soon."""
        self.case.assertIsNone(box.session)
        self.retry(lambda: self.log_in(Pop3, box)).wire.close()
        box.session = None
        self.retry(lambda: self.log_in(Pop3, box)).wire.quit()
        box.session = None

    # ---- steps: kill -9 ----

    def kill(self):
        """Perhaps while a QUIT or a FOLD is on its way."""
        role = self.rng.choice(("store", "pop3d"))
        pids = self.server.pids(role)
        s = self.rng.choice([None, *self.sessions])
        late = self.rng.choice((0, 0.0005, 0.001, 0.002, 0.004))
        if s:
            s.wire.send(b"QUIT\r\n")
            time.sleep(late)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        yes = s and self.answer(s)
        wait_for(lambda: self.server.pids(role) and not
                 set(pids) & set(self.server.pids(role)), role)
        if role == "store":
            self.end_imap()
            self.begin_imap()
        if s:
            self.judge(s, yes)
        self.losses(role)

    def answer(self, s):
        try:
            return s.wire.line()[:1] == b"+"
        except Lost:
            return False

    def judge(self, s, yes):
        """Yes: what was marked is gone. Otherwise all or nothing. What was
        read may be marked so or not: a QUIT does not fail for that."""
        self.end(s)
        self.observer.select(s.box.name)
        there = self.observer.fetch() if self.observer.view else {}
        gone = {x for x in s.box.letters if x.uid not in there}
        marked = s.marked & set(s.box.letters)
        if s.lost:
            self.case.assertFalse(yes and s.marked, "lost, and obeyed")
            self.equal(gone, set())
        else:
            self.case.assertIn(gone, (marked,) if yes else (set(), marked))
        s.box.remove(gone)
        for letter in s.fetched & set(s.box.letters):
            letter.flags ^= (letter.flags ^ there[letter.uid][0]) & {r"\Seen"}
        self.look(s.box)

    def losses(self, role):
        for s in list(self.sessions):
            if role == "store":
                s.lost = True
                s.leave()
            else:
                self.case.assertTrue(s.wire.at_end())
                self.end(s)
        for box in self.boxes.values():
            self.free(box)
            self.look(box)


class Together(unittest.TestCase):
    WEIGHTS = {"deliver": 5, "append": 4, "copy": 2, "flag": 3, "expunge": 3,
               "listen": 4, "listen_idle": 4, "begin": 12, "pop3": 30,
               "pop2": 10, "quit": 6, "fold": 3, "drop": 2, "kill": 2}

    def test_model(self):
        server = Server("errors_max = 10000\n")
        self.addCleanup(server.remove)
        server.start()
        rng = random.Random(SEED)
        world = World(self, server, rng)
        steps = rng.choices(list(self.WEIGHTS), self.WEIGHTS.values(), k=STEPS)
        for number, step in enumerate(steps):
            try:
                getattr(world, step)()
            except Exception as e:
                self.fail(f"POP_SEED={SEED}, step {number}, {step}: {e!r}")
        for s in list(world.sessions):
            world.end(s)
        for box in world.boxes.values():
            world.free(box)
            world.look(box)
        for wire in world.all_imaps():
            world.follow(wire)
        for wire in world.idlers:
            world.follow_idle(wire)
        world.end_imap()


if __name__ == "__main__":
    unittest.main()
