# SPDX-License-Identifier: ISC
"""Many IMAP sessions in one mailbox, and a model that believes each of them.

Twenty clients change, copy, move, expunge, search and wait at the same time, each
with one command under way. For each there is a model of what its client knows,
made of nothing but what the server said, and every untagged response is held
against it:

  - a message number is one that the client has, and where it knows the UID, the
    response has that UID; UIDs ascend with the numbers
  - EXPUNGE and VANISHED come where numbers may change, and never while nothing
    is asked (RFC 3501 7.4.1), unless NOTIFY allows it
  - EXISTS never takes messages away
  - what was UID n of some client is the same message for all
  - a MODSEQ never goes back, and a UID with a MODSEQ has one set of flags,
    whoever is told (RFC 7162)
  - COPYUID names the messages that the client meant
  - in the end, after NOOP, all clients know the same, and what they were told on
    the way is what is there

IMAP_MODEL_STEPS and IMAP_MODEL_SEED make it longer, or another one.
"""

import os
import random
import re
import selectors
import socket
import time
import unittest

from server import DOMAIN, Server

ALICE = f"alice@{DOMAIN}"
CLIENTS = 20
STEPS = int(os.environ.get("IMAP_MODEL_STEPS", "3000"))
SEED = int(os.environ.get("IMAP_MODEL_SEED", "0"))
MOST = 120              # messages; beyond that less is added
QUIET = 120             # seconds without a response are too many
FLAGS = ["\\Seen", "\\Flagged", "\\Answered", "\\Draft", "red", "blue"]
LITERAL = re.compile(rb"\{(\d+)\}$")


class Violation(AssertionError):
    pass


def numbers(text):
    """"1:3,7" as a list."""
    found = []
    for part in text.split(","):
        low, _, high = part.partition(":")
        low, high = int(low), int(high or low)
        found += range(min(low, high), max(low, high) + 1)
    return found


def compact(values):
    return ",".join(map(str, sorted(set(values))))


class World:
    """What must be the same for everybody."""

    def __init__(self):
        self.subject = {}       # by UID
        self.flags = {}         # by UID and MODSEQ

    def see_subject(self, uid, subject):
        if self.subject.setdefault(uid, subject) != subject:
            raise Violation(f"UID {uid} is {subject!r} and "
                            f"{self.subject[uid]!r}")

    def see_flags(self, uid, modseq, flags):
        if self.flags.setdefault((uid, modseq), flags) != flags:
            raise Violation(f"UID {uid} at MODSEQ {modseq} has {flags} and "
                            f"{self.flags[uid, modseq]}")


class Slot:
    """A message as one client knows it; UID 0: not told yet."""

    def __init__(self):
        self.uid = self.modseq = 0
        self.flags = None


class Client:
    def __init__(self, server, world, random_, name):
        self.world, self.random, self.name = world, random_, name
        self.socket = socket.create_connection(
            ("127.0.0.1", server.ports["imap"]), 60)
        self.pending = b""
        self.slots = []
        self.selected = False
        self.tag = 0
        self.verb = None        # of the command under way
        self.tagged = None      # its last answer
        self.meant = None       # UIDs that it is about, if all are known
        self.silent = False     # it changes flags in silence
        self.found = None       # last SEARCH
        self.trace = []         # the last lines
        self.qresync = self.by_uid = False
        self.delayed = True
        self.notify = False

    def fail(self, why):
        raise Violation(f"{self.name}: {why}\n    " +
                        "\n    ".join(self.trace[-40:]))

    # ---- talking ----

    def send(self, verb, text):
        self.tag += 1
        self.verb, self.tagged = verb, None
        line = f"c{self.tag} {text}\r\n"
        self.trace.append("C " + line.strip())
        self.socket.sendall(line.encode())

    def done(self):
        self.trace.append("C DONE")
        self.socket.sendall(b"DONE\r\n")
        self.verb = "ending"

    def responses(self):
        """Whole responses that are here, literals in them."""
        while True:
            end, at = 0, 0
            while True:
                end = self.pending.find(b"\r\n", at)
                if end < 0:
                    return
                literal = LITERAL.search(self.pending, at, end)
                if not literal:
                    break
                at = end + 2 + int(literal[1])
            response = self.pending[:end]
            self.pending = self.pending[end + 2:]
            yield response.decode()

    def read(self):
        more = self.socket.recv(65536)
        if not more:
            self.fail("the server is gone")
        self.pending += more
        for response in self.responses():
            self.trace.append("S " + response.replace("\r\n", "\\r\\n"))
            del self.trace[:-200]
            self.hear(response)

    # ---- believing ----

    def hear(self, text):
        if text.startswith(f"c{self.tag} "):
            self.hear_tagged(text)
            return
        if text.startswith("+ "):
            return
        if not text.startswith("* "):
            self.fail(f"not a response: {text}")
        if self.verb is None and not self.notify:
            self.fail("a response, and nothing was asked")
        number = re.match(r"\* (\d+) (\w+)", text)
        if number:
            getattr(self, "hear_" + number[2].lower())(int(number[1]), text)
        elif text.startswith("* VANISHED"):
            self.hear_vanished(text)
        elif re.match(r"\* (SEARCH|SORT)\b", text):
            self.hear_search([int(n) for n in text.split()[2:]
                              if n.isdigit()])
        elif text.startswith("* BYE"):
            self.fail("good-bye")
        else:
            self.hear_code(text)

    def hear_tagged(self, text):
        self.hear_code(text)
        if f"c{self.tag} BAD" in text:
            self.fail("BAD")
        if f"c{self.tag} NO" in text and "[EXPUNGEISSUED]" not in text:
            self.fail("NO")
        if self.silent:
            self.forget_flags()     # news may be from before the change
        self.verb, self.silent, self.tagged = None, False, text

    def hear_code(self, text):
        code = re.search(r"\[COPYUID \d+ (\S+) (\S+)\]", text)
        if code and self.meant is not None:
            source = numbers(code[1])
            if not set(source) <= set(self.meant):
                self.fail(f"COPYUID {source}, meant were {self.meant}")
            if len(source) != len(numbers(code[2])):
                self.fail("COPYUID of different lengths")

    def may_renumber(self):
        if self.notify and not self.delayed:
            return True
        return self.verb is not None and \
            self.verb not in ("FETCH", "STORE", "SEARCH", "SORT")

    def hear_exists(self, n, _):
        if n < len(self.slots):
            self.fail("EXISTS takes messages away")
        self.slots += [Slot() for _ in range(n - len(self.slots))]

    def hear_recent(self, n, _):
        if n > len(self.slots):
            self.fail("more are recent than there are")

    def hear_expunge(self, n, _):
        if self.qresync:
            self.fail("EXPUNGE after ENABLE QRESYNC")
        if not self.may_renumber():
            self.fail(f"EXPUNGE in {self.verb}")
        if not 1 <= n <= len(self.slots):
            self.fail("EXPUNGE of a number that is not there")
        del self.slots[n - 1]

    def hear_vanished(self, text):
        if not self.qresync:
            self.fail("VANISHED without ENABLE QRESYNC")
        if not self.may_renumber():
            self.fail(f"VANISHED in {self.verb}")
        for uid in numbers(text.split()[-1]):
            self.vanish(uid)

    def vanish(self, uid):
        """The message with this UID, or one whose UID is not known and may be
        it."""
        for i, slot in enumerate(self.slots):
            if slot.uid == uid:
                del self.slots[i]
                return
        low, high = 0, len(self.slots)
        for i, slot in enumerate(self.slots):
            if slot.uid and slot.uid < uid:
                low = i + 1
            if slot.uid > uid:
                high = min(high, i)
        if low >= high:
            self.fail(f"UID {uid} vanished and was not there")
        del self.slots[low]

    def hear_search(self, found):
        self.found = found
        if found != sorted(found):
            self.fail("numbers found do not ascend")
        if not self.by_uid and found and not found[-1] <= len(self.slots):
            self.fail("a number was found that is not there")

    def hear_fetch(self, n, text):
        if not 1 <= n <= len(self.slots):
            self.fail("FETCH of a number that is not there")
        slot = self.slots[n - 1]
        uid = re.search(r"\bUID (\d+)", text)
        flags = re.search(r"\bFLAGS \(([^)]*)\)", text)
        modseq = re.search(r"\bMODSEQ \((\d+)\)", text)
        subject = re.search(r"\r\nSubject: (\w+)\r\n|\{\d+\}\r\n"
                            r"Subject: (\w+)\r\n", text)
        if uid:
            self.learn_uid(n, int(uid[1]))
        if subject and slot.uid:
            self.world.see_subject(slot.uid, subject[1] or subject[2])
        if flags:
            slot.flags = frozenset(flags[1].split()) - {"\\Recent"}
        if modseq:
            self.learn_modseq(slot, int(modseq[1]), flags is not None)

    def learn_uid(self, n, uid):
        slot = self.slots[n - 1]
        if slot.uid not in (0, uid):
            self.fail(f"message {n} has UID {slot.uid} and {uid}")
        slot.uid = uid
        known = [s.uid for s in self.slots if s.uid]
        if known != sorted(set(known)):
            self.fail(f"UIDs do not ascend: {known}")

    def learn_modseq(self, slot, modseq, with_flags):
        if modseq < slot.modseq:
            self.fail(f"MODSEQ of UID {slot.uid} goes back from "
                      f"{slot.modseq} to {modseq}")
        slot.modseq = modseq
        if slot.uid and with_flags:
            self.world.see_flags(slot.uid, modseq, slot.flags)

    # ---- asking ----

    def some(self):
        """A set of numbers, or of UIDs, and which UIDs that means."""
        self.by_uid = self.by_uid or self.random.random() < 0.4
        n = min(self.random.choice([1, 1, 1, 2, 3, 10]), len(self.slots))
        at = self.random.sample(range(len(self.slots)), n)
        uids = [self.slots[i].uid for i in at]
        self.meant = None if 0 in uids else uids
        if self.by_uid and self.meant:
            return "UID ", compact(uids)
        self.by_uid = False
        return "", compact(i + 1 for i in at)

    def act(self, verb):
        self.meant, self.by_uid = None, self.notify and not self.delayed
        getattr(self, "do_" + verb.lower())()

    def on_some(self, verb, what):
        if not self.slots:
            self.send("NOOP", "NOOP")
            return
        uid, which = self.some()
        if self.notify and not self.delayed and not uid:
            self.send("UID FETCH", "UID FETCH 1:* (FLAGS)")
            return
        self.send(uid + verb, f"{uid}{verb} {which} {what}")

    def do_store(self):
        flags = " ".join(self.random.sample(FLAGS, self.random.choice(
            [1, 1, 2])))
        silent = self.random.choice(["", "", ".SILENT"])
        self.silent = bool(silent)
        self.on_some("STORE", f"{self.random.choice(['+', '-', ''])}FLAGS"
                     f"{silent} ({flags})")

    def forget_flags(self):
        """A silent change is not told to the one who makes it."""
        for slot in self.slots:
            slot.flags = None

    def do_delete(self):
        self.on_some("STORE", "+FLAGS (\\Deleted)")

    def do_fetch(self):
        self.on_some("FETCH", self.random.choice([
            "(UID FLAGS MODSEQ)", "(UID)", "(UID FLAGS)",
            "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])",
            "(UID FLAGS BODY[])", "(UID ENVELOPE)"]))

    def do_search(self):
        key = self.random.choice(["ALL", "FLAGGED", "UNSEEN", "KEYWORD red",
                                  "SUBJECT m", "NOT DELETED", "MODSEQ 1"])
        self.by_uid = self.by_uid or self.random.random() < 0.5
        uid = "UID " if self.by_uid else ""
        self.send(uid + "SEARCH", f"{uid}SEARCH {key}")

    def do_sort(self):
        self.by_uid = True
        self.send("UID SEARCH", "UID SEARCH RETURN (ALL) SEEN")

    def do_copy(self):
        target = self.random.choice(["INBOX", "Other"])
        if target == "INBOX" and len(self.slots) > MOST:
            target = "Other"
        self.on_some("COPY", target)

    def do_move(self):
        self.on_some("MOVE", "Other")

    def do_expunge(self):
        self.send("EXPUNGE", "EXPUNGE")

    def do_uid_expunge(self):
        uids = [s.uid for s in self.slots if s.uid]
        if not uids:
            self.do_expunge()
            return
        self.send("UID EXPUNGE", "UID EXPUNGE " + compact(
            self.random.sample(uids, min(5, len(uids)))))

    def do_append(self):
        if len(self.slots) > MOST:
            self.do_expunge()
            return
        subject = f"m{self.random.getrandbits(48):x}"
        text = f"Subject: {subject}\r\n\r\nText of {subject}\r\n"
        flags = self.random.choice(["", "\\Seen", "red"])
        self.send("APPEND", f"APPEND INBOX ({flags}) {{{len(text)}+}}\r\n"
                  f"{text}")

    def do_noop(self):
        self.send("NOOP", "NOOP")

    def do_check(self):
        self.send("CHECK", "CHECK")

    def do_idle(self):
        self.send("IDLE", "IDLE")

    def do_status(self):
        self.send("STATUS", "STATUS Other (MESSAGES UIDNEXT)")


# How often, of 100 or so.
ACTIONS = {"store": 20, "delete": 8, "fetch": 18, "search": 10, "sort": 2,
           "copy": 6, "move": 3, "expunge": 4, "uid_expunge": 3, "append": 12,
           "noop": 8, "check": 1, "idle": 6, "status": 1}


class Model(unittest.TestCase):
    def setUp(self):
        self.server = Server(users={ALICE: "sesame"})
        self.addCleanup(self.server.remove)
        self.server.start()
        seed = SEED or random.SystemRandom().getrandbits(32)
        print(f"IMAP_MODEL_SEED={seed}")
        self.random = random.Random(seed)
        self.world = World()
        self.selector = selectors.DefaultSelector()
        self.addCleanup(self.selector.close)

    # ---- turns ----

    def listen(self, timeout):
        """Read what is there; False if nothing came."""
        ready = self.selector.select(timeout)
        for key, _ in ready:
            key.data.read()
        return bool(ready)

    def finish(self, clients):
        """Until no command is under way."""
        for c in clients:
            if c.verb == "IDLE":
                c.done()
        last = time.monotonic()
        while any(c.verb for c in clients):
            if self.listen(1):
                last = time.monotonic()
            elif time.monotonic() - last > QUIET:
                next(c for c in clients if c.verb).fail("no answer")

    def ask(self, client, text):
        client.send(text.split()[0], text)
        self.finish([client])
        return client.tagged

    # ---- the clients ----

    def client(self, i):
        c = Client(self.server, self.world, self.random, f"client {i}")
        self.addCleanup(c.socket.close)
        self.selector.register(c.socket, selectors.EVENT_READ, c)
        c.verb = "greeting"
        while not c.trace:
            self.listen(1)
        self.ask(c, f"LOGIN {ALICE} sesame")
        kind = i % 5
        if kind == 1:
            self.ask(c, "ENABLE CONDSTORE")
        if kind == 2:
            self.ask(c, "ENABLE QRESYNC")
            c.qresync = True
        self.ask(c, "SELECT INBOX")
        if kind == 3:
            self.follow(c, "SELECTED-DELAYED")
        if kind == 4:
            self.follow(c, "SELECTED")
            c.delayed = False
        return c

    def follow(self, c, how):
        tagged = self.ask(c, f"NOTIFY SET ({how} (MessageNew (UID FLAGS) "
                          "MessageExpunge FlagChange))")
        c.notify = " OK " in tagged

    def step(self, clients):
        c = self.random.choice(clients)
        if c.verb == "IDLE":
            if self.random.random() < 0.3:
                c.done()
        elif c.verb is None:
            c.act(self.random.choices(list(ACTIONS),
                                      list(ACTIONS.values()))[0])

    # ---- the end ----

    def settle(self, clients):
        """All have heard all: nothing is new for two turns of NOOP."""
        self.finish(clients)
        for _ in range(2):
            for c in clients:
                self.ask(c, "NOOP")
        # what NOTIFY says between commands comes by itself
        while self.listen(0.2):
            pass

    def state(self, client):
        self.ask(client, "UID FETCH 1:* (UID FLAGS MODSEQ)")
        return [(s.uid, s.flags, s.modseq) for s in client.slots]

    def check_end(self, clients):
        told = {c: {s.uid: s.flags for s in c.slots
                    if s.uid and s.flags is not None} for c in clients}
        first = self.state(clients[0])
        now = {uid: flags for uid, flags, _ in first}
        for c in clients:
            self.assertEqual(self.state(c), first, c.name)
            for uid, flags in told[c].items():
                if now.get(uid) != flags:
                    c.fail(f"was told of UID {uid} {flags}, and it has "
                           f"{now.get(uid)}")

    def test_model(self):
        first = self.client(0)
        self.ask(first, "CREATE Other")
        clients = [first] + [self.client(i) for i in range(1, CLIENTS)]
        for turn in range(3):
            for _ in range(STEPS // 3):
                self.step(clients)
                self.listen(0 if self.random.random() < 0.7 else 0.005)
            self.settle(clients)
            self.check_end(clients)
            print(f"turn {turn}: {len(first.slots)} messages, "
                  f"{len(self.world.subject)} seen, "
                  f"{len(self.world.flags)} changes")


if __name__ == "__main__":
    unittest.main()
