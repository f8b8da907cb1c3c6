# SPDX-License-Identifier: ISC
"""POP where it is hard: mailboxes that go away, full disks, ten thousand
deletions in one write, many who want one mailbox, readers that are slow or
vanish, and octets that no mail should have."""

import concurrent.futures
import hashlib
import os
import pathlib
import random
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest

from pop_wire import Imap, Pop2, Pop3, Refused
from server import SANITIZED, Server, memory, message, wait_for

ALICE, PASSWORD = "alice@example.test", "wonderland"
OTHER = "alice+Other@example.test"


class Hard(unittest.TestCase):
    SETTINGS = ""

    def setUp(self):
        self.server = Server(self.SETTINGS)
        self.addCleanup(self.server.remove)

    def start(self):
        self.server.start()
        return self

    def client(self, kind, user=ALICE):
        wire = kind(self.server, user, PASSWORD)
        self.addCleanup(wire.close)
        return wire

    def imap(self, name="INBOX"):
        wire = self.client(Imap)
        if name != "INBOX":
            wire.say(f"CREATE {name}")
        wire.select(name)
        return wire

    def drop_in(self, *contents):
        """Messages that another program has put into the Maildir."""
        for part in ("tmp", "new", "cur"):
            (self.server.maildir() / part).mkdir(parents=True, exist_ok=True)
        for n, octets in enumerate(contents):
            path = self.server.maildir() / f"new/{1000000 + n}.{n}.elsewhere"
            path.write_bytes(octets)


class Gone(Hard):
    """The mailbox is renamed, deleted or replaced under a POP session."""

    def setUp(self):
        super().setUp()
        self.start()
        self.wire = self.imap("Other")
        for n in range(3):
            self.wire.say("APPEND Other", b"Subject: %d\r\n\r\nold\r\n" % n)
        self.wire.select("INBOX")

    def subjects(self, name):
        self.wire.select(name)
        self.wire.fetch() if self.wire.view else None
        return [self.wire.content(uid)[9:10] for uid in self.wire.view]

    def sure(self, call):
        """Done, or refused in words; whether it was done."""
        try:
            call()
        except Refused:
            return False
        return True

    def test_renamed(self):
        pop3 = self.client(Pop3, OTHER)
        pop3.say("DELE 2")
        self.wire.say("RENAME Other New")
        self.assertEqual(pop3.stat()[0], 2)
        self.sure(lambda: pop3.retr(3))
        left = [b"0", b"2"] if self.sure(pop3.quit) else [b"0", b"1", b"2"]
        self.assertEqual(self.subjects("New"), left)

    def test_deleted(self):
        for kind in (Pop3, Pop2):
            pop = self.client(kind, OTHER)
            if kind is Pop3:
                pop.say("DELE 1")
            else:
                self.assertEqual(pop.retr(pop.number("=", "READ 1"))[9:10],
                                 b"0")
                pop.number("=", "ACKD")
            self.wire.say("DELETE Other")
            self.assertFalse(self.sure(pop.quit))
            with self.assertRaises(Refused):
                self.client(Pop3, OTHER)
            self.wire.say("CREATE Other")
            self.wire.say("APPEND Other", b"Subject: 0\r\n\r\nold\r\n")
        self.assertEqual(self.client(Pop3, OTHER).stat()[0], 1)

    def test_replaced(self):
        """A new mailbox of that name is not the old one's."""
        pop3 = self.client(Pop3, OTHER)
        old = pop3.listing("UIDL")
        for n in (1, 2, 3):
            pop3.say(f"DELE {n}")
        self.wire.say("DELETE Other")
        self.wire.say("CREATE Other")
        for n in range(3, 6):
            self.wire.say("APPEND Other", b"Subject: %d\r\n\r\nnew\r\n" % n)
        self.assertEqual(pop3.stat()[0], 0)
        self.assertFalse(self.sure(pop3.quit))
        self.assertEqual(self.subjects("Other"), [b"3", b"4", b"5"])
        new = self.client(Pop3, OTHER).listing("UIDL")
        self.assertEqual(set(old.values()) & set(new.values()), set())

    def test_other_sessions(self):
        """A lock on a mailbox that is gone is nobody's."""
        self.client(Pop3, OTHER)
        self.wire.say("RENAME Other New")
        self.wire.say("CREATE Other")
        new = self.client(Pop3, OTHER)
        self.assertEqual(new.stat()[0], 0)


class FullDisk(Hard):
    """A disk without room: QUIT does it all, or says no and does nothing, or
    says that it cannot know. When there is room again in time, it knows."""
    COUNT = 40

    def setUp(self):
        disk = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-disk-"))
        self.addCleanup(shutil.rmtree, disk, True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m",
                               "tmpfs", disk], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("cannot mount: " + done.stderr)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        before, tempfile.tempdir = tempfile.tempdir, str(disk)
        try:
            super().setUp()
        finally:
            tempfile.tempdir = before
        self.start()

    def fill(self):
        path = self.server.dir / "ballast"
        with path.open("wb", 0) as f:
            for size in (1 << 20, 1 << 12):
                try:
                    while True:
                        f.write(bytes(size))
                except OSError:
                    pass
        return path

    def test_stays_full(self):
        self.quit(lambda ballast: None)

    def test_room_again(self):
        """While QUIT waits, if it has to."""
        def make_room(ballast):
            timer = threading.Timer(1, ballast.unlink, (True,))
            self.addCleanup(timer.join)
            timer.start()
        self.assertNotEqual(self.quit(make_room), "may or may not")

    def quit(self, meanwhile):
        wire = self.imap()
        for n in range(self.COUNT):
            wire.say("APPEND INBOX", b"Subject: %d\r\n\r\ntext\r\n" % n)
        pop3 = self.client(Pop3)
        uidls = pop3.listing("UIDL")
        for n in range(1, self.COUNT, 2):
            pop3.say(f"DELE {n}")
            uidls.pop(n)
        ballast = self.fill()
        meanwhile(ballast)
        try:
            pop3.quit()
            said = "done"
        except Refused as e:
            said = re.fullmatch(r"\[SYS/TEMP\] The deleted messages (were not|"
                                r"may or may not) .*", str(e))[1]
        ballast.unlink(True)
        there = self.look(uidls, said)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.look(uidls, said), there)
        return said

    def back(self):
        """A session, once there is room again."""
        try:
            return self.client(Pop3)
        except Refused as e:
            self.assertIn("[SYS/TEMP]", str(e))

    def look(self, uidls, said):
        """All of it is gone, or nothing, as QUIT has said; IMAP sees it, too.
        """
        pop3 = wait_for(self.back, "the mailbox")
        there = pop3.listing("UIDL")
        pop3.quit()
        if said == "done":
            self.assertEqual(set(there.values()), set(uidls.values()))
        self.assertIn(len(there), {"done": (len(uidls),),
                                   "were not": (self.COUNT,),
                                   "may or may not": (self.COUNT, len(uidls))}
                      [said])
        wire = self.imap()
        self.assertEqual(len(wire.view), len(there))
        wire.fetch()
        self.assertIn(b"text", wire.content(wire.view[-1]))
        return set(there.values())


class Many(Hard):
    def test_ten_thousand(self):
        """All deletions and QUIT in one write."""
        count = 10000
        self.drop_in(*(b"Subject: %d\r\n\r\n" % n for n in range(count)))
        self.start()
        pop3 = self.client(Pop3)
        self.assertEqual(pop3.stat()[0], count)
        talk = b"".join(b"DELE %d\r\n" % n for n in range(1, count + 1)
                        if n % 5) + b"QUIT\r\n"
        sender = threading.Thread(target=pop3.send, args=(talk,))
        sender.start()
        for _ in range(talk.count(b"\n")):
            pop3.reply()
        sender.join()
        self.assertTrue(pop3.at_end())
        again = self.client(Pop3)
        self.assertEqual(again.stat()[0], count // 5)
        self.assertEqual(len(self.imap().view), count // 5)

    def test_race(self):
        """Two of POP3 and one of POP2 want it 200 times: one at a time."""
        self.drop_in(b"Subject: one\r\n\r\n")
        self.start()
        held, lock, got, left = [], threading.Lock(), [], list(range(200))

        def want(kind, seed):
            rng = random.Random(seed)
            while True:
                with lock:
                    if not left:
                        return
                    left.pop()
                try:
                    wire = kind(self.server, ALICE, PASSWORD)
                except Refused as e:
                    self.assertIn("in use", str(e))
                    continue
                with lock:
                    held.append(kind)
                    got.append(kind)
                    self.assertEqual(len(held), 1)
                time.sleep(rng.choice((0, 0.001, 0.01)))
                with lock:
                    held.pop()
                rng.choice((wire.quit, wire.quit, wire.close))()
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            for result in [pool.submit(want, kind, n) for n, kind in
                           enumerate((Pop3, Pop3, Pop2))]:
                result.result()
        self.assertGreater(got.count(Pop3), 5)
        self.assertGreater(got.count(Pop2), 5)


class Slow(Hard):
    SETTINGS = "pop3_timeout = 3s\n"
    SIZE = 50 << 20

    def setUp(self):
        super().setUp()
        line = bytes(range(65, 91)) * 3 + b"\r\n"
        self.large = b"Subject: large\r\n\r\n" + line * (self.SIZE // len(line))
        self.drop_in(self.large)
        self.start()

    def memory(self):
        """Anonymous memory of pop3d, in KiB; what the sanitizers keep of
        freed memory tells nothing."""
        if SANITIZED:
            return 0
        return sum(map(memory, self.server.pids("pop3d")))

    def descriptors(self):
        return sum(len(os.listdir(f"/proc/{pid}/fd"))
                   for pid in self.server.pids("pop3d"))

    def test_others_work(self):
        """While one reads slowly, memory does not grow and others go on."""
        before = self.memory()
        pop3 = self.client(Pop3)
        pop3.send(b"RETR 1\r\n")
        self.assertEqual(int(pop3.reply().split()[0]), len(self.large))
        got, digest = 0, hashlib.sha256()
        end = time.monotonic() + 6      # longer than pop3_timeout
        while time.monotonic() < end:
            octets = pop3.octets(1 << 20)
            digest.update(octets)
            got += len(octets)
            bob = Pop3(self.server, "bob@example.test", "builder")
            bob.quit()
            self.assertLess(self.memory() - before, 8192)
            time.sleep(0.5)
        digest.update(pop3.octets(len(self.large) - got))
        self.assertEqual(digest.digest(),
                         hashlib.sha256(self.large).digest())
        self.assertEqual(pop3.line(), b".")
        pop3.quit()

    def test_silent_reader(self):
        """Who does not read at all loses the lock, and removes nothing."""
        for kind, talk in ((Pop3, b"DELE 1\r\nRSET\r\nRETR 1\r\n"),
                           (Pop2, b"READ 1\r\nRETR\r\n")):
            pop = self.client(kind)
            pop.send(talk)
            time.sleep(0.2)
            with self.assertRaisesRegex(Refused, "in use"):
                self.client(Pop3)
            wait_for(self.is_free, f"the end of {kind.__name__}", 20)
            pop.close()

    def is_free(self):
        try:
            pop3 = Pop3(self.server, ALICE, PASSWORD)
        except Refused:
            return False
        self.assertEqual(pop3.stat()[0], 1)
        pop3.quit()
        return True

    def test_vanished_reader(self):
        """The lock is free soon, and nothing is left open."""
        self.client(Pop3).quit()
        before = self.descriptors()
        for kind, talk in 4 * ((Pop3, b"DELE 1\r\nRSET\r\nRETR 1\r\nDELE 1\r\n"
                                b"QUIT\r\n"),
                               (Pop2, b"READ\r\nRETR\r\n")):
            pop = self.client(kind)
            pop.send(talk)
            pop.octets(100000)
            pop.close()
            wait_for(self.is_free, "the mailbox", 10)
        wait_for(lambda: self.descriptors() <= before, "closed descriptors")


ODD = (
    b"", b"\r\n", b".", b".\r\n", b"\n.\n", b"\n", b"\r", b"..\r\n.\r\n...",
    b"a\rb\r\n", b"a\nb\nc", b"a\r\n.\nb", b"a\n.\r\nb", b"a\r.\r\nb\r",
    b"\r\r\n\r\r\n", b".\r\n\r\n.\r\n", b"nul \0 nul\r\n", b"\0", b"\xff\xfe\r\n",
    b"x" * 100000, b".\n" * 5000, b"x" * 32740 + b"\r\n.\r\n",
    b"x" * 32741 + b"\r\n.\r\n", b"no end", b"Subject: x\r\n\r\n.",
)


def as_body(octets):
    """IMAP's BODY cannot have NUL (RFC 3516)."""
    return octets.replace(b"\0", b"\x80")


class Octets(Hard):
    """What IMAP, POP3 and POP2 give out is the same."""

    def compare(self, contents):
        """contents: of the messages in order, None where unknown."""
        wire = self.imap()
        sizes = wire.fetch()
        self.assertEqual(len(wire.view), len(contents))
        octets = [wire.content(uid) for uid in wire.view]
        pop2 = self.client(Pop2)
        size = pop2.number("=", "READ 1")
        for n, (uid, want, whole) in enumerate(
                zip(wire.view, contents, octets), 1):
            with self.subTest(n=n, octets=whole[-50:]):
                if want is not None:
                    self.assertEqual(whole, as_body(want))
                self.assertEqual(sizes[uid][1], len(whole))
                self.assertEqual(size, len(whole))
                self.assertEqual(as_body(pop2.retr(size)), whole)
            size = pop2.number("=", "ACKS")
        pop2.quit()
        pop3 = self.client(Pop3)
        listing = pop3.listing("LIST")
        for n, whole in enumerate(octets, 1):
            with self.subTest(n=n, octets=whole[-50:]):
                self.assertEqual(int(listing[n]), len(whole))
                size, got = pop3.retr(n)
                self.assertEqual(size, len(whole))
                if whole and not whole.endswith(b"\r\n"):
                    whole += b"\r\n"
                self.assertEqual(as_body(got), whole)
        pop3.quit()
        return octets

    def test_appended(self):
        self.start()
        wire, taken = self.imap(), []
        for octets in ODD:
            try:
                wire.say("APPEND INBOX", octets)
            except Refused:     # RFC 6855 3, RFC 3516 4.3
                header = octets.split(b"\r\n\r\n")[0]
                self.assertTrue(not octets or b"\0" in octets or
                                not header.isascii(), octets)
            else:
                taken.append(octets)
        self.assertGreater(len(taken), len(ODD) - 5)
        self.compare(taken)

    def test_dropped_in(self):
        self.drop_in(*ODD)
        self.start()
        self.compare([None] * len(ODD))

    def test_delivered(self):
        """What SMTP can carry, behind the header that it gets."""
        self.start()
        sent = [x for x in ODD if b"\0" not in x and
                x.replace(b"\r\n", b"").translate(None, b"\r\n") ==
                x.replace(b"\r\n", b"") and len(x) < 998 and
                x.endswith(b"\r\n")]
        self.assertGreaterEqual(len(sent), 4)
        for octets in sent:
            with self.server.smtp() as smtp:
                smtp.sendmail("bob@client.test", [ALICE],
                              message("odd") + octets)
            self.server.settle()
        for octets, got in zip(sent, self.compare([None] * len(sent))):
            self.assertTrue(got.endswith(message("odd") + octets), octets)



if __name__ == "__main__":
    unittest.main()
