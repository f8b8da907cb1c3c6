# SPDX-License-Identifier: ISC
"""kill -9 while a QUIT removes messages from a mailbox of a hundred thousand:
all that was marked is gone, or nothing is, whatever dies and when."""

import os
import signal
import threading
import time
import unittest

from pop_wire import Imap, Lost, Pop3, Refused
from server import Server, wait_for

ALICE, PASSWORD = "alice@example.test", "wonderland"
COUNT = int(os.environ.get("POP_MESSAGES", 100000))
SHARE = 10                      # one in so many is marked each time
LATE = (0, 0.002, 0.01, 0.04, 0.15, 0.5)
TEXT = b"Subject: one of many\r\n\r\ntext\r\n"


class Kill(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        box = cls.server.maildir()
        for part in ("cur", "new", "tmp"):
            (box / part).mkdir(parents=True)
        (box / "posthouse-uidvalidity").write_text(
            f"uidvalidity 1000000000\nuidnext {COUNT + 1}\n")
        first = None
        for uid in range(1, COUNT + 1):
            path = f"{box}/cur/{uid:016X}.A0.mail.example.test," \
                f"S={len(TEXT)},U={uid}:2,"
            if uid % 30000 == 1:    # a file has a limit of names
                first = path
                with open(path, "wb") as f:
                    f.write(TEXT)
            else:
                os.link(first, path)
        cls.server.start()

    def back(self):
        """A session, once all are up again."""
        def enter():
            try:
                return Pop3(self.server, ALICE, PASSWORD)
            except (Lost, Refused, OSError):
                return None
        return wait_for(enter, "the mailbox", 120)

    def see(self):
        pop3 = self.back()
        found = list(pop3.listing("UIDL").values())
        self.assertEqual(pop3.stat(), (len(found), len(found) * len(TEXT)))
        pop3.quit()
        return found

    def mark(self, pop3, numbers):
        """Pipelined, as many as there are."""
        talk = b"".join(b"DELE %d\r\n" % n for n in numbers)
        sender = threading.Thread(target=pop3.send, args=(talk,))
        sender.start()
        for _ in numbers:
            pop3.reply()
        sender.join()

    def answer(self, pop3):
        """Whether it said yes; None when it said nothing any more, or that
        nobody knows."""
        try:
            pop3.reply()
            return True
        except Refused as no:
            return None if "may or may not" in str(no) else False
        except Lost:
            return None

    def quit_killed(self, roles, late, there):
        """What is there afterwards."""
        pop3 = self.back()
        marked = set(there[len(there) % SHARE::SHARE])
        self.mark(pop3, [n for n, uidl in enumerate(there, 1)
                         if uidl in marked])
        pids = [pid for role in roles for pid in self.server.pids(role)]
        pop3.send(b"QUIT\r\n")
        time.sleep(late)
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        yes = self.answer(pop3)
        pop3.close()
        after = self.see()
        rest = [uidl for uidl in there if uidl not in marked]
        self.assertIn(len(after), (len(there), len(rest)))
        self.assertTrue(after == (rest if len(after) == len(rest) else there))
        if yes is not None:
            self.assertEqual(yes, len(after) == len(rest))
        return after

    def by_imap(self, count):
        wire = Imap(self.server, ALICE, PASSWORD)
        wire.select("INBOX")
        self.assertEqual(len(wire.view), count)
        wire.close()

    def all_times(self, *roles):
        there = self.see()
        outcomes = []
        for late in LATE:
            with self.subTest(roles=roles, late=late):
                after = self.quit_killed(roles, late, there)
                outcomes.append(len(after) < len(there))
                there = after
        print(f"kill of {' and '.join(roles)}: {outcomes}", end=" ")
        self.by_imap(len(there))
        wait_for(lambda: len(self.server.files()) == len(there),
                 "the files to go", 120)

    def test_store(self):
        self.all_times("store")

    def test_pop3d(self):
        self.all_times("pop3d")

    def test_both(self):
        self.all_times("pop3d", "store")

    def test_whole_server(self):
        there = self.see()
        pop3 = self.back()
        self.mark(pop3, range(1, len(there), 2))
        pop3.send(b"QUIT\r\n")
        time.sleep(0.02)
        self.server.kill()
        pop3.close()
        self.server.start()
        after = self.see()
        self.assertTrue(after in (there, there[1::2] + (
            there[-1:] if len(there) % 2 else [])))
        self.by_imap(len(after))


if __name__ == "__main__":
    unittest.main()
