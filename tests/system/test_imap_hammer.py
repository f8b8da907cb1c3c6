# SPDX-License-Identifier: ISC
"""Many clients in one mailbox, each with a picture of it that what the server
says must fit: numbers, UIDs, flags, and when an EXPUNGE may come."""

import os
import random
import re
import threading
import time
import unittest

from imap_wire import Talk, Values, Wrong
from server import Server, message

CLIENTS = int(os.environ.get("HAMMER_CLIENTS", 20))
SECONDS = float(os.environ.get("HAMMER_SECONDS", 12))
SEED = int(os.environ.get("HAMMER_SEED", 1))
MOST = 60           # messages; above it only removal
FLAGS = (b"\\Seen", b"\\Flagged", b"\\Answered", b"\\Draft", b"$a", b"$b")
# EXPUNGE would change what the numbers of these mean (RFC 3501 7.4.1)
STABLE = (b"FETCH", b"STORE", b"SEARCH")
GONE = re.compile(rb"NO \[EXPUNGEISSUED\]")


class Client:
    """A session, and what it knows: for each message its UID, or None, and
    its flags, or None."""

    def __init__(self, server, seed, qresync=False):
        self.rng, self.talk = random.Random(seed), Talk(server, "auth")
        self.seed, self.commands, self.known = seed, 0, []
        self.qresync = qresync
        if qresync:
            self.talk.must(b"ENABLE QRESYNC")
        self.select()

    # ---- what the server says ----

    def fail(self, why, line):
        raise Wrong(f"client {self.seed}: {why}: {line[:200]!r}")

    def hear(self, line, stable):
        if self.lost:
            return
        found = re.match(rb"\* (\d+) (EXISTS|EXPUNGE|RECENT|FETCH)", line)
        if found:
            number, word = int(found[1]), found[2]
            getattr(self, "hear_" + word.decode().lower())(number, line,
                                                           stable)
        elif line.startswith(b"* VANISHED "):
            self.hear_vanished(line, stable)
        elif not re.match(rb"\* (OK|NO|FLAGS|SEARCH|ESEARCH|STATUS|LIST|"
                          rb"CAPABILITY|ENABLED)\b", line):
            self.fail("unknown data", line)

    def hear_recent(self, number, line, stable):
        if number > len(self.known):
            self.fail("more recent ones than messages", line)

    def hear_exists(self, number, line, stable):
        if number < len(self.known):
            self.fail(f"fewer than {len(self.known)}", line)
        self.known += [[None, None] for _ in range(number - len(self.known))]

    def hear_expunge(self, number, line, stable):
        if stable:
            self.fail("EXPUNGE now", line)
        if self.qresync:
            self.fail("EXPUNGE after ENABLE QRESYNC", line)
        if not 1 <= number <= len(self.known):
            self.fail(f"there are {len(self.known)}", line)
        del self.known[number - 1]

    def hear_vanished(self, line, stable):
        if stable or not self.qresync:
            self.fail("VANISHED now", line)
        gone = set()
        for part in line.split()[-1].decode().split(","):
            first, _, last = part.partition(":")
            gone.update(range(int(first), int(last or first) + 1))
        if any(uid is None for uid, _ in self.known):
            self.lost = True        # which numbers were those?
        left = [k for k in self.known if k[0] is None or k[0] not in gone]
        self.known = left

    def hear_fetch(self, number, line, stable):
        if not 1 <= number <= len(self.known):
            self.fail(f"there are {len(self.known)}", line)
        values = Values(line, line.index(b"(")).value()
        got = dict(zip(values[::2], values[1::2]))
        mine = self.known[number - 1]
        uid = got.get("UID")
        if uid is not None:
            if mine[0] not in (None, uid):
                self.fail(f"its UID was {mine[0]}", line)
            mine[0] = uid
            self.look_at_order(number, line)
        if "FLAGS" in got:
            mine[1] = set(got["FLAGS"]) - {"\\Recent"}

    def look_at_order(self, number, line):
        uid = self.known[number - 1][0]
        before = [k[0] for k in self.known[:number - 1] if k[0]]
        behind = [k[0] for k in self.known[number:] if k[0]]
        if before and before[-1] >= uid or behind and behind[0] <= uid:
            self.fail("UIDs do not grow", line)

    # ---- commands ----

    def run(self, command, may_fail=False):
        """The tagged reply and the data before it."""
        self.commands += 1
        tag = b"c%d" % self.commands
        self.talk.send(tag + b" " + command + b"\r\n")
        stable = command.startswith(STABLE)
        reply, data = self.talk.reply()
        while reply.startswith(b"+"):
            reply, more = self.talk.reply()
            data += more
        for line in data:
            self.hear(line, stable)
        if b".SILENT" in command:       # what came of it is not told
            self.known = [[uid, None] for uid, _ in self.known]
        if not reply.startswith(tag + b" OK") and not (
                may_fail and GONE.match(reply[len(tag) + 1:])):
            self.fail(f"{command[:80]!r} gives", reply)
        return reply, data

    def select(self):
        self.known, self.lost = [], False
        self.run(b"SELECT INBOX")
        self.run(b"FETCH 1:* (UID FLAGS)" if self.known else b"NOOP")

    def numbers(self):
        n = len(self.known)
        a, b = self.rng.randint(1, n), self.rng.randint(1, n)
        return self.rng.choice((b"%d" % a, b"%d:%d" % (a, b), b"*",
                                b"%d,%d" % (a, b), b"1:*"))

    def uids(self):
        known = [k[0] for k in self.known if k[0]] or [1]
        a, b = self.rng.choice(known), self.rng.choice(known)
        return self.rng.choice((b"%d" % a, b"%d:%d" % (a, b), b"%d" % a))

    def change(self):
        how = self.rng.choice((b"FLAGS", b"+FLAGS", b"-FLAGS",
                               b"+FLAGS.SILENT", b"-FLAGS.SILENT"))
        some = self.rng.sample(FLAGS, self.rng.randint(0, 3))
        if self.rng.random() < .15:
            some = [b"\\Deleted"]
        return b" " + how + b" (" + b" ".join(some) + b")"

    def append(self):
        mails = [message(f"m{self.rng.randrange(10**6)}",
                         "x\r\n" * self.rng.randrange(50))
                 for _ in range(self.rng.choice((1, 1, 1, 3)))]
        self.run(b"APPEND INBOX" + b"".join(
            b" (%s) {%d+}\r\n%s" % (self.rng.choice(FLAGS), len(m), m)
            for m in mails))

    def idle(self):
        self.commands += 1
        tag = b"c%d" % self.commands
        self.talk.send(tag + b" IDLE\r\n")
        time.sleep(self.rng.random() / 10)
        self.talk.send(b"DONE\r\n")
        reply = b"+"
        while reply.startswith(b"+"):
            reply, data = self.talk.reply()
            for line in data:
                self.hear(line, False)
        if not reply.startswith(tag + b" OK"):
            self.fail("IDLE", reply)

    def by_number(self):
        what = self.rng.randrange(5)
        if what == 0:
            self.run(b"FETCH " + self.numbers() + self.rng.choice(
                (b" (UID FLAGS)", b" FLAGS", b" UID", b" ENVELOPE",
                 b" (UID BODY.PEEK[])", b" BODYSTRUCTURE", b" RFC822.SIZE",
                 b" (UID FLAGS BODY[TEXT])")), may_fail=True)
        elif what == 1:
            self.run(b"STORE " + self.numbers() + self.change(),
                     may_fail=True)
        elif what == 2:
            _, data = self.run(self.rng.choice(
                (b"SEARCH ALL", b"SEARCH SEEN", b"SEARCH NOT DELETED TEXT x",
                 b"SEARCH SUBJECT m1 1:*")), may_fail=True)
            found = [d for d in data if d.startswith(b"* SEARCH")]
            if not self.lost and len(found) != 1 or any(
                    int(n) > len(self.known) for n in found[0].split()[2:]):
                self.fail(f"of {len(self.known)}", b"".join(found))
        else:
            self.run(b"COPY " + self.numbers() + b" " + self.rng.choice(
                (b"other", b"other", b"INBOX" if len(self.known) < MOST
                 else b"other")), may_fail=True)

    def by_uid(self):
        what = self.rng.randrange(4)
        if what == 0:
            self.run(b"UID FETCH " + self.uids() + b" (FLAGS)", may_fail=True)
        elif what == 1:
            self.run(b"UID STORE " + self.uids() + self.change(),
                     may_fail=True)
        elif what == 2:
            self.run(b"UID MOVE " + self.uids() + b" other", may_fail=True)
        else:
            self.run(b"UID EXPUNGE " + self.uids())

    def step(self):
        kind = self.rng.random()
        if kind < .1 and len(self.known) < MOST or not self.known:
            self.append()
            self.run(b"NOOP")
        elif kind < .15 or self.lost:
            self.select()
        elif kind < .2:
            self.run(b"EXPUNGE")
        elif kind < .25:
            self.idle()
        elif kind < .3:
            self.run(self.rng.choice((
                b"NOOP", b"CHECK", b"STATUS other (MESSAGES UNSEEN)",
                b'LIST "" *')))
        elif kind < .7:
            self.by_number()
        else:
            self.by_uid()

    def picture(self):
        """UIDs and flags, first as it was told, then asked for."""
        self.run(b"NOOP")
        if self.lost:
            self.select()
        told = [(u, f) for u, f in self.known]
        if self.known:
            self.run(b"FETCH 1:* (UID FLAGS)")
        asked = [(u, f) for u, f in self.known]
        for (u, f), (v, g) in zip(told, asked):
            if u not in (None, v) or f is not None and f != g:
                self.fail("it was told otherwise", f"{u} {f}: {v} {g}".encode())
        return asked


class Hammer(unittest.TestCase):
    def hammer(self, client):
        try:
            while time.monotonic() < self.end and not self.wrong:
                client.step()
        except (Wrong, OSError) as e:
            self.wrong.append(f"HAMMER_SEED={SEED} {e!r}")

    def hour(self, clients, seconds):
        self.end = time.monotonic() + seconds
        threads = [threading.Thread(target=self.hammer, args=(c,))
                   for c in clients]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.assertEqual(self.wrong, [])
        pictures = [c.picture() for c in clients]
        for c, p in zip(clients, pictures):
            self.assertEqual(p, pictures[0], f"client {c.seed}")

    def test_clients_agree(self):
        self.wrong = []
        with Server() as server:
            first = Talk(server, "auth")
            first.must(b"CREATE other")
            first.close()
            clients = [Client(server, SEED * 1000 + n, n % 4 == 3)
                       for n in range(CLIENTS)]
            for c in clients:
                self.addCleanup(c.talk.close)
            for _ in range(3):
                self.hour(clients, SECONDS / 3)
            self.assertGreater(sum(c.commands for c in clients), CLIENTS * 5)
            if "HAMMER_SECONDS" in os.environ:
                print(sum(c.commands for c in clients), "commands")


if __name__ == "__main__":
    unittest.main()
