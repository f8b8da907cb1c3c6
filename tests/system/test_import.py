# SPDX-License-Identifier: ISC
"""Mail of other servers that is brought here: what a client with an old cache
asks for is as it was, and nothing is there twice or in half, whatever happens."""

import fcntl
import imaplib
import json
import mailbox
import os
import re
import signal
import subprocess
import threading
import time
import unittest

from server import Server, message, wait_for

ALICE = "alice@example.test"
UIDVALIDITY = 1357908642


def text(n, end="\n"):
    return f"Subject: {n}\n\nLine\n.\n{n}\n".replace("\n", end).encode()


class Old:
    """A Maildir++ as another server leaves it."""

    def __init__(self, path):
        self.path = path
        for part in ("cur", "new", "tmp"):
            (path / part).mkdir(parents=True)
        self.lines = []

    def put(self, n, uid=None, flags="S", fields="", part="cur", end="\n"):
        base = f"{1000000000 + n}.M{n}P1.old,S=30,W=35"
        info = f":2,{flags}" if part == "cur" else ""
        file = self.path / part / (base + info)
        file.write_bytes(text(n, end))
        os.utime(file, (1200000000 + n, 1200000000 + n))
        if uid:
            self.lines.append(f"{uid} {fields}:{base}:2,\n")
        return file

    def dovecot(self, uidvalidity, uidnext, keywords=()):
        (self.path / "dovecot-uidlist").write_text(
            f"3 V{uidvalidity} N{uidnext} G0123456789abcdef\n" +
            "".join(self.lines))
        (self.path / "dovecot-keywords").write_text("".join(
            f"{n} {word}\n" for n, word in enumerate(keywords)))
        return self

    def courier(self, uidvalidity, uidnext):
        (self.path / "courierimapuiddb").write_text(
            f"1 {uidvalidity} {uidnext}\n" + "".join(
                line.replace(":", "", 1).replace(":2,", "")
                for line in self.lines))
        return self


class Bring(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.old = Old(self.server.dir / "old")

    def bring(self, *more, path=None, check=True):
        return self.server.posthouse("import", ALICE, path or self.old.path,
                                     *more, check=check)

    def see(self, box="INBOX"):
        """UIDVALIDITY, {UID: (number, flags, date)}"""
        with self.server.imap() as imap:
            done, _ = imap.select(f'"{box}"', readonly=True)
            self.assertEqual(done, "OK", box)
            validity = int(imap.response("UIDVALIDITY")[1][0])
            _, data = imap.fetch("1:*", "(UID FLAGS INTERNALDATE BODY.PEEK[])")
            found = {}
            for item in data:
                if not isinstance(item, tuple):
                    continue
                number = int(re.search(rb"Subject: (\d+)", item[1])[1])
                self.assertEqual(item[1], text(number, "\r\n"))
                found[int(re.search(rb"UID (\d+)", item[0])[1])] = (
                    number, set(re.search(rb"FLAGS \(([^)]*)\)",
                                          item[0])[1].decode().split()),
                    re.search(rb'INTERNALDATE "([^"]*)"', item[0])[1])
            return validity, found

    def uidls(self):
        pop3 = self.server.pop3(ALICE)
        found = [line.split()[1].decode() for line in pop3.uidl()[1]]
        pop3.quit()
        return found

    def numbers(self, box="INBOX"):
        return sorted(n for n, _, _ in self.see(box)[1].values())


class Maildir(Bring):
    def test_more_than_the_quota(self):
        """All of it comes, and the command says what that means."""
        self.old.put(1, 1, "")
        self.old.put(2, 2, "")
        self.server.posthouse("quota", "set", ALICE, "1G", "3")
        wait_for(lambda: json.loads(self.server.posthouse(
            "quota", "show", ALICE, "--json").stdout)[0]["messages_most"] == 3,
            "the limit")
        self.assertEqual(self.bring("One").stderr, "")
        done = self.bring("Two")
        self.assertEqual(done.returncode, 0)
        self.assertRegex(done.stderr, f"{ALICE} has no room .*quota set")
        self.assertEqual(len(self.see("Two")[1]), 2)

    def test_dovecot(self):
        """UIDVALIDITY, UIDs, flags, keywords, dates, UIDLs, subscriptions: as
        they were, and so they stay."""
        self.old.put(1, 5, "FS", "W35 ")
        self.old.put(2, 9, "RSb", "P1.old.uidl ")
        self.old.put(3, 17, "", part="new", end="\r\n")
        self.old.put(4)         # not listed yet
        self.old.dovecot(UIDVALIDITY, 30, ["$Forwarded", "work"])
        work = Old(self.old.path / ".Work.2026")
        work.put(10, 2, "T")
        work.dovecot(UIDVALIDITY + 1, 3)
        Old(self.old.path / ".Entw&APw-rfe")
        (self.old.path / "subscriptions").write_text("V\t2\n\nWork\t2026\n")
        done = self.bring()
        self.assertIn("INBOX: 4 messages, with the UIDs that they had",
                      done.stdout)
        for _ in range(2):
            validity, found = self.see()
            self.assertEqual(validity, UIDVALIDITY)
            self.assertEqual(
                {uid: (n, flags - {"\\Recent"})
                 for uid, (n, flags, _) in found.items()},
                {5: (1, {"\\Seen", "\\Flagged"}),
                 9: (2, {"\\Seen", "\\Answered", "work"}), 17: (3, set()),
                 30: (4, {"\\Seen"})})
            self.assertEqual(found[5][2], b"10-Jan-2008 21:20:01 +0000")
            self.assertEqual(self.uidls(), [
                f"00000005{UIDVALIDITY:08x}", "1.old.uidl",
                f"00000011{UIDVALIDITY:08x}", self.uidls()[3]])
            validity, found = self.see("Work/2026")
            self.assertEqual(validity, UIDVALIDITY + 1)
            self.assertEqual({u: n for u, (n, _, _) in found.items()}, {2: 10})
            with self.server.imap() as imap:
                self.assertIn(b"Work/2026", b"".join(imap.lsub()[1]))
                self.assertIn(b"Entw&APw-rfe", b"".join(imap.list()[1]))
            self.server.posthouse("mailbox", "rebuild", ALICE)
        # nothing of theirs has changed
        self.assertEqual(len(list(self.old.path.rglob("*P1.old*"))), 5)
        self.assertFalse((self.server.maildir() / "posthouse-import").exists())

    def test_below_a_name(self):
        self.old.put(1, 5)
        self.old.dovecot(UIDVALIDITY, 6)
        Old(self.old.path / ".Work").put(2)
        self.bring("Archive/2025")
        self.assertEqual(self.numbers("Archive/2025"), [1])
        self.assertEqual(self.numbers("Archive/2025/Work"), [2])
        self.assertEqual(self.see()[1], {})

    def test_courier(self):
        self.old.put(1, 3)
        self.old.put(2, 4)
        self.old.courier(UIDVALIDITY, 9)
        self.bring()
        validity, found = self.see()
        self.assertEqual((validity, sorted(found)), (UIDVALIDITY, [3, 4]))
        self.assertEqual(self.uidls(), [f"UID3-{UIDVALIDITY}",
                                        f"UID4-{UIDVALIDITY}"])

    def test_uidl_of_ones_choice(self):
        self.old.put(1, 3)
        self.old.dovecot(UIDVALIDITY, 4)
        self.bring("--uidl", "%v.%u")
        self.assertEqual(self.uidls(), [f"{UIDVALIDITY}.3"])

    def test_no_list(self):
        """Old to new, as the names tell."""
        for n in (3, 1, 2):
            self.old.put(n)
        self.bring()
        self.assertEqual([n for n, _, _ in self.see()[1].values()], [1, 2, 3])

    def test_a_mailbox_with_messages(self):
        """They are added, with UIDs above all others, and their keywords."""
        with self.server.imap() as imap:
            imap.append("INBOX", "mine", None, text(100, "\r\n"))
        before = self.see()
        self.old.put(1, 1, "Sab")
        self.old.put(2, 7, "a")
        self.old.dovecot(UIDVALIDITY, 8, ["theirs", "mine"])
        done = self.bring()
        self.assertIn("with new UIDs", done.stdout)
        validity, found = self.see()
        self.assertEqual(validity, before[0])
        self.assertEqual(sorted(n for n, _, _ in found.values()), [1, 2, 100])
        self.assertGreater(min(set(found) - set(before[1])), max(before[1]))
        flags = {n: f - {"\\Recent"} for n, f, _ in found.values()}
        self.assertEqual(flags, {1: {"\\Seen", "mine", "theirs"},
                                 2: {"theirs"}, 100: {"mine"}})

    def test_open_sessions(self):
        """Who has the empty mailbox open learns that it is another one."""
        imap = self.server.imap()
        self.addCleanup(imap.shutdown)
        imap.select()
        self.old.put(1, 5)
        self.old.dovecot(UIDVALIDITY, 6)
        self.bring()
        with self.assertRaises(imap.abort):
            while True:
                imap.noop()
        self.assertEqual(self.see()[0], UIDVALIDITY)

    def test_new_mail_goes_on(self):
        self.old.put(1, 5)
        self.old.dovecot(UIDVALIDITY, 6)
        self.bring()
        with self.server.smtp() as smtp:
            smtp.sendmail("bob@client.test", [ALICE], message("new"))
        self.server.settle()
        with self.server.imap() as imap:
            imap.select()
            self.assertEqual(imap.uid("SEARCH", "ALL")[1], [b"5 6"])


class Mbox(Bring):
    def mbox(self, *messages):
        path = self.server.dir / "mbox"
        path.write_text("\n".join(
            "From bob@client.test Thu Jan 10 21:20:01 2008\n" + m
            for m in messages))
        return path

    def test_state(self):
        path = self.mbox(
            f"X-IMAPbase: {UIDVALIDITY} 0000000012\nX-UID: 4\nStatus: RO\n"
            "X-Status: AF\nX-Keywords: work\n" + text(1).decode(),
            "Subject: 2\nX-UID: 12\n\nLine\n.\n2\n")
        self.bring(path=path)
        validity, found = self.see()
        self.assertEqual(validity, UIDVALIDITY)
        self.assertEqual({u: (n, f - {"\\Recent"})
                          for u, (n, f, _) in found.items()},
                         {4: (1, {"\\Seen", "\\Answered", "\\Flagged",
                                  "work"}), 12: (2, set())})
        self.assertEqual(found[4][2], b"10-Jan-2008 21:20:01 +0000")

    def test_quoted(self):
        path = self.mbox("Subject: 1\n\n>From me\n>>From you\n\n"
                         "From now on\n")
        self.bring("Old", path=path)
        with self.server.imap() as imap:
            imap.select("Old")
            _, data = imap.fetch("1", "BODY[TEXT]")
            self.assertEqual(data[0][1], b"From me\r\n>From you\r\n\r\n"
                                         b"From now on\r\n")

    def test_no_mbox(self):
        path = self.server.dir / "other"
        path.write_text("Subject: 1\n\ntext\n")
        done = self.bring(path=path, check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn("is no mbox file", done.stderr)


class Out(Bring):
    """What is written for other programs, they read; and so do we."""

    def setUp(self):
        super().setUp()
        with self.server.imap() as imap:
            imap.create("Work/a.b")
            imap.subscribe("Work/a.b")
            for n, flags, box in ((1, "\\Seen $Label1", "INBOX"),
                                  (2, "", "INBOX"), (3, "other", "INBOX"),
                                  (7, "\\Flagged", "Work/a.b")):
                imap.append(box, flags, f'"{10 + n}-Jan-2008 21:20:01 +0000"',
                            text(n, "\r\n"))
            imap.select()
            imap.store("2", "+FLAGS", "\\Deleted")
            imap.expunge()
        self.out = self.server.dir / "out"

    def export(self, *more, check=True):
        return self.server.posthouse("export", ALICE, self.out, *more,
                                     check=check)

    def back(self, path, box):
        """As another user has it."""
        self.server.posthouse("import", "bob@example.test", path, box)

    def see_bob(self, box):
        imap = self.server.imap
        self.server.imap = lambda: imap("bob@example.test")
        try:
            validity, found = self.see(box)
        finally:
            del self.server.imap
        return validity, {u: (n, f - {"\\Recent"}, d)
                          for u, (n, f, d) in found.items()}

    def mine(self, box):
        validity, found = self.see(box)
        return validity, {u: (n, f - {"\\Recent"}, d)
                          for u, (n, f, d) in found.items()}

    def test_maildir(self):
        self.export()
        self.back(self.out, "Copy")
        self.assertEqual(self.see_bob("Copy"), self.mine("INBOX"))
        self.assertEqual(self.see_bob("Copy/Work/a.b"), self.mine("Work/a.b"))
        self.assertEqual(sorted(self.mine("INBOX")[1]), [1, 3])
        with self.server.imap("bob@example.test") as imap:
            self.assertIn(b"Copy/Work/a.b", b"".join(imap.lsub()[1]))
        box = mailbox.Maildir(self.out, create=False)
        self.assertEqual(sorted(m["Subject"] for m in box), ["1", "3"])

    def test_mbox(self):
        self.export("--mbox")
        self.back(self.out / "INBOX.mbox", "Copy")
        self.assertEqual(self.see_bob("Copy"), self.mine("INBOX"))
        box = mailbox.mbox(self.out / "Work.a&AC4-b.mbox", create=False)
        self.addCleanup(box.close)
        self.assertEqual([m["Subject"] for m in box], ["7"])

    def test_uidl(self):
        """Those that came from elsewhere go along."""
        self.old.put(5, 3, "", "Pa.b ")
        self.old.dovecot(UIDVALIDITY, 9)
        self.bring("Came")
        self.export("Came")
        self.assertRegex((self.out / ".Came/dovecot-uidlist").read_text(),
                         f"^3 V{UIDVALIDITY} N9\n3 Pa.b :")

    def test_refused(self):
        self.out.mkdir()
        (self.out / "file").write_text("")
        done = self.export(check=False)
        self.assertEqual(done.returncode, 73)
        self.assertIn("is not empty", done.stderr)
        (self.out / "file").unlink()
        done = self.export("Nowhere", check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn("no such mailbox", done.stderr)


class Refused(Bring):
    def test_what_cannot_be_read(self):
        for path, code, words in (
                (self.server.dir / "none", 66, "No such file"),
                (self.server.dir, 66, "no cur/")):
            done = self.bring(path=path, check=False)
            self.assertEqual(done.returncode, code, done.stderr)
            self.assertIn(words, done.stderr)
        done = self.server.posthouse("import", "nobody@example.test",
                                     self.old.path, check=False)
        self.assertEqual(done.returncode, 67)

    def test_compressed(self):
        """All of a mailbox, or nothing."""
        self.old.put(1)
        self.old.put(2).write_bytes(b"\x1f\x8b\x08rest")
        done = self.bring(check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn("is compressed", done.stderr)
        self.assertIn("nothing of INBOX was brought in", done.stderr)
        self.assertEqual(self.see()[1], {})

    def test_links_lead_nowhere(self):
        secret = self.server.dir / "secret"
        secret.write_text("Subject: 9\n\n")
        self.old.put(1)
        (self.old.path / "cur/1.link:2,").symlink_to(secret)
        self.assertNotEqual(self.bring(check=False).returncode, 0)
        self.assertEqual(self.see()[1], {})

    def test_one_at_a_time(self):
        self.old.put(1)
        self.bring()
        lent = self.server.maildir() / "posthouse-import/cur"
        lent.mkdir(parents=True)
        fd = os.open(lent, os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        done = self.bring(check=False)
        self.assertEqual(done.returncode, 75, done.stderr)
        self.assertIn("Another command", done.stderr)
        os.close(fd)
        self.bring()
        self.assertEqual(self.numbers(), [1, 1])


class Killed(Bring):
    COUNT = 100

    def setUp(self):
        super().setUp()
        for n in range(self.COUNT):
            self.old.put(n, n + 1)
        self.old.dovecot(UIDVALIDITY, self.COUNT + 1)

    def fill(self):
        """Another mailbox each time."""
        self.boxes = getattr(self, "boxes", 0) + 1
        return f"Box{self.boxes}"

    def check_whole(self, box, had=()):
        with self.server.imap() as imap:
            if imap.select(box)[0] != "OK":
                return 0
        found = self.numbers(box)
        mine = [n for n in found if n not in had]
        self.assertIn(mine, ([], list(range(self.COUNT))))
        self.assertEqual([n for n in found if n in had], list(had))
        return len(mine)

    def test_command_killed(self):
        """It leaves nothing that is seen, and the next one works."""
        for late in (0.02, 0.05, 0.1):
            box = self.fill()
            command = subprocess.Popen(
                [self.server.dir / "bin/posthouse", "-c", self.server.conf,
                 "import", ALICE, self.old.path, box],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(late)
            command.kill()
            command.wait()
            if self.check_whole(box) == 0:
                self.bring(box)
            self.assertEqual(self.check_whole(box), self.COUNT)

    def is_served(self):
        try:
            self.server.imap().logout()
        except (imaplib.IMAP4.error, OSError):
            return False
        return True

    def test_store_killed(self):
        """All of it or nothing, into an empty mailbox and into another."""
        for had in ((), (1000,)):
            for late in (0.02, 0.05, 0.1):
                box = self.fill()
                if had:
                    with self.server.imap() as imap:
                        imap.create(box)
                        imap.append(box, None, None, text(1000, "\r\n"))

                def kill():
                    time.sleep(late)
                    for pid in self.server.pids("store"):
                        os.kill(pid, signal.SIGKILL)
                thread = threading.Thread(target=kill)
                thread.start()
                done = self.bring(box, check=False)
                thread.join()
                wait_for(self.is_served, "store")
                got = self.check_whole(box, had)
                if done.returncode == 0:
                    self.assertEqual(got, self.COUNT)
                elif got == 0:
                    self.bring(box)
                    self.assertEqual(self.check_whole(box, had), self.COUNT)


if __name__ == "__main__":
    unittest.main()
