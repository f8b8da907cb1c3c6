# SPDX-License-Identifier: ISC
"""Identifiers that messages had under another POP server: they come with the
file's name, stand in posthouse-uidls, and never change or name two messages,
whatever is rebuilt, restored or killed."""

import os
import re
import shutil
import signal
import threading
import time
import unittest

from pop_wire import Imap, Pop3
from server import Server, message, wait_for

ALICE, PASSWORD = "alice@example.test", "wonderland"
UIDVALIDITY = 1234567890
OURS = "499602d2-%d"            # the form "posthouse" of that


class Kept(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.box = self.server.maildir()
        for part in ("cur", "new", "tmp"):
            (self.box / part).mkdir(parents=True)
        (self.box / "posthouse-uidvalidity").write_text(
            f"uidvalidity {UIDVALIDITY}\nuidnext 1\n")

    def bring(self, number, uid=None, uidl=None, part="cur"):
        """A file as whoever brings a mailbox here leaves it."""
        text = b"Subject: %d\r\n\r\ntext\r\n" % number
        name = f"{1000000 + number}.M{number}P1.old,S={len(text)}"
        name += f",U={uid}" if uid else ""
        if uidl:
            name += ",P=" + re.sub(r"[^A-Za-z0-9_+=@-]",
                                   lambda c: f"%{ord(c[0]):02X}", uidl)
        (self.box / part / (name + ":2,S" * (part == "cur"))).write_bytes(text)

    def rebuild(self, check=True):
        return self.server.posthouse("mailbox", "rebuild", ALICE, check=check)

    def deliver(self, number):
        with self.server.smtp() as smtp:
            smtp.sendmail("bob@client.test", [ALICE], message(str(number)))
        self.server.settle()

    def see(self, user=ALICE):
        """{number of the subject: UIDL}; LIST, UIDL and UIDL n agree."""
        pop3, found = Pop3(self.server, user, PASSWORD), {}
        uidls = pop3.listing("UIDL")
        for n, uidl in uidls.items():
            self.assertEqual(pop3.say(f"UIDL {n}"), f"{n} {uidl}")
            number = int(re.search(rb"^Subject: (\d+)", pop3.top(n, 0),
                                   re.M)[1])
            found[number] = uidl
        pop3.quit()
        self.assertEqual(len(found), len(uidls))
        self.assertEqual(len(set(found.values())), len(found))
        return found

    def lose_index(self):
        self.server.stop()
        shutil.rmtree(self.server.dir / "state/index")
        self.server.start()

    def test_first_use(self):
        want = {1: "0000000700000001", 2: "a/b:c,d%e", 3: "x" * 70,
                4: "<" + "~" * 60 + ">"}
        for n, uidl in want.items():
            self.bring(n, 5 * n, uidl)
        self.bring(5, 25)
        self.bring(6, None, "UID6-4711", "new")
        self.bring(7, 50, "no good one")
        self.bring(8, 55, "x" * 71)
        self.server.start()
        want |= {5: OURS % 25, 6: "UID6-4711", 7: OURS % 50, 8: OURS % 55}
        self.assertEqual(self.see(), want)
        self.deliver(9)
        found = self.see()
        self.assertEqual(found.pop(9), OURS % 57)
        self.assertEqual(found, want)
        self.rebuild()
        self.server.kill()
        self.server.start()
        self.assertEqual(self.see(), want | {9: OURS % 57})
        self.lose_index()
        self.assertEqual(self.see(), want | {9: OURS % 57})

    def test_later(self):
        """Into a mailbox that is in use, by rebuild."""
        self.server.start()
        self.deliver(1)
        self.deliver(2)
        before = self.see()
        self.bring(3, None, "later-3", "new")
        self.bring(4, None, None, "new")
        self.bring(5, None, "later-5")
        self.rebuild()
        found = self.see()
        self.assertEqual((found[3], found[5]), ("later-3", "later-5"))
        self.assertEqual({n: found[n] for n in (1, 2)}, before)
        self.bring(6, None, "later-6", "new")
        self.rebuild()
        self.assertEqual(self.see(), found | {6: "later-6"})
        self.lose_index()
        self.assertEqual(self.see(), found | {6: "later-6"})

    def test_never_two(self):
        """What names, or has named, another message is not taken."""
        self.bring(1, 1, "one")
        self.bring(2, 2, "two")
        self.bring(3, 3, "two")             # twice at once
        self.bring(4, 4, OURS % 30)         # of a message to come
        self.server.start()
        want = {1: "one", 2: "two", 3: OURS % 3, 4: OURS % 30}
        self.assertEqual(self.see(), want)
        pop3 = Pop3(self.server, ALICE, PASSWORD)
        pop3.say("DELE 1")                  # "one"
        pop3.say("DELE 3")                  # OURS % 3
        pop3.quit()
        self.bring(5, 20, "one")            # of one that went
        self.bring(6, 21, OURS % 3)         # the same
        self.bring(7, 22, OURS % 4)         # 4 has been known by another name
        self.bring(8, 30)
        self.rebuild()
        del want[1], want[3]
        self.assertEqual(self.see(), want | {
            5: OURS % 20, 6: OURS % 21, 7: OURS % 22, 8: OURS % 30 + "+"})
        self.lose_index()
        self.assertEqual(self.see(), want | {
            5: OURS % 20, 6: OURS % 21, 7: OURS % 22, 8: OURS % 30 + "+"})

    def test_restored(self):
        """A file that was put back is the message that it was."""
        for n in (1, 2, 3):
            self.bring(n, n, f"old-{n}")
        self.server.start()
        want = self.see()
        backup = self.server.dir / "backup"
        shutil.copytree(self.box / "cur", backup)
        pop3 = Pop3(self.server, ALICE, PASSWORD)
        pop3.say("DELE 1")
        pop3.say("DELE 2")
        pop3.quit()
        wait_for(lambda: len(self.server.files()) == 1, "the files to go")
        for file in backup.iterdir():
            target = self.box / "cur" / file.name
            if not target.exists():
                shutil.copy2(file, target)
        self.rebuild()
        self.assertEqual(self.see(), want)
        self.lose_index()
        self.assertEqual(self.see(), want)

    def test_other_mailboxes(self):
        """A copy is another message; a mailbox that is renamed stays one."""
        self.bring(1, 1, "one")
        self.server.start()
        wire = Imap(self.server, ALICE, PASSWORD)
        wire.say("CREATE Old")
        wire.select("INBOX")
        wire.say("COPY 1 Old")
        user = "alice+Old@example.test"
        self.assertRegex(self.see(user)[1], r"\A[0-9a-f]{8}-1\Z")
        old = self.server.maildir() / ".Old"
        (old / "new/1.2.x,P=kept").write_bytes(b"Subject: 2\r\n\r\n")
        self.server.posthouse("mailbox", "rebuild", ALICE, "Old")
        found = self.see(user)
        self.assertEqual(found[2], "kept")
        wire.say("RENAME Old New")
        self.assertEqual(self.see("alice+New@example.test"), found)
        self.assertEqual(self.see(), {1: "one"})
        wire.close()

    def test_inbox_renamed(self):
        """Its messages go to another mailbox and are others there, with
        UIDLs of that one; what they were called here calls none again."""
        self.bring(1, 1, "one")
        self.bring(2, 2, OURS % 7)
        self.server.start()
        self.assertEqual(self.see(), {1: "one", 2: OURS % 7})
        wire = Imap(self.server, ALICE, PASSWORD)
        wire.say("RENAME INBOX Old")
        wire.close()
        self.assertEqual(self.see(), {})
        user = "alice+Old@example.test"
        found = self.see(user)
        self.assertEqual(sorted(found), [1, 2])
        for uidl in found.values():
            self.assertRegex(uidl, r"\A[0-9a-f]{8}-[12]\Z")
            self.assertFalse(uidl.startswith(OURS[:9]))
        self.bring(3, None, "one", "new")
        for n in range(4, 9):
            self.bring(n, None, None, "new")
        self.rebuild()
        new = self.see()
        self.assertEqual(sorted(new), [3, 4, 5, 6, 7, 8])
        self.assertEqual({"one", OURS % 1, OURS % 2, OURS % 7}
                         & set(new.values()), set())
        self.lose_index()
        self.assertEqual((self.see(), self.see(user)), (new, found))

    def test_killed(self):
        """kill -9 of store while it takes in messages: each is there once,
        with the identifier that it came with."""
        self.server.start()
        count, want = 0, {}
        for share in (1, 1, 50, 150, 250, 300):
            self.deliver(count + 1)     # work is under way: see doc/STORE.md
            for n in range(count + 2, count + 302):
                self.bring(n, None, f"kept-{n}", "new")
                want[n] = f"kept-{n}"
            count += 301
            pids = self.server.pids("store")
            ordered = threading.Thread(target=self.rebuild, args=(False,))
            ordered.start()
            # in the middle of the names, as far as can be seen from here
            while len(os.listdir(self.box / "new")) > 300 - share:
                time.sleep(0.0001)
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            ordered.join()
            wait_for(lambda: set(self.server.pids("store")) - set(pids),
                     "store")
            wait_for(lambda: self.rebuild(False).returncode == 0, "a rebuild")
            found = self.see()
            self.assertEqual(len(found), count)
            self.assertEqual({n: found[n] for n in want}, want)


if __name__ == "__main__":
    unittest.main()
