# SPDX-License-Identifier: ISC
"""posthouse backup and restore: of a server that runs and is delivered to, onto
an earlier backup, killed in the middle, and back again."""

import imaplib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from server import BIN, DOMAIN, Server, message, wait_for

ALICE, BOB = "alice@" + DOMAIN, "bob@" + DOMAIN


class Date(int):
    """When a mail came. The file, which has it for an index that is lost, was
    written while the mail came in, some moments before."""

    def __eq__(self, other):
        return abs(self - other) <= 3

    __hash__ = None


def state(server, user, mailbox="INBOX"):
    """What a client knows of a mailbox: UIDVALIDITY, and {UID: (flags, octets)}."""
    client = server.imap(user)
    try:
        ok, _ = client.select(f'"{mailbox}"', readonly=True)
        if ok != "OK":
            return None
        validity = client.response("UIDVALIDITY")[1][0]
        _, data = client.uid("FETCH", "1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
        found = {}
        for part in data:
            if isinstance(part, tuple):
                uid = int(re.search(rb"UID (\d+)", part[0])[1])
                flags = frozenset(f for f in imaplib.ParseFlags(part[0])
                                  if f != b"\\Recent")
                date = Date(time.mktime(imaplib.Internaldate2tuple(part[0])))
                found[uid] = flags, date, part[1]
        return validity, found
    finally:
        client.logout()


class Backup(unittest.TestCase):
    def setUp(self):
        self.server = Server("plain_logins = yes\n")
        self.addCleanup(self.server.remove)
        self.server.start()
        self.dir = Path(tempfile.mkdtemp(prefix="backup-"))
        self.addCleanup(shutil.rmtree, self.dir, True)

    def send(self, n=1, to=ALICE, **more):
        with self.server.smtp() as c:
            for i in range(n):
                c.sendmail("tester@client.test", to,
                           message(subject=f"mail {i}", to=to, **more))
        self.server.settle()

    def fill(self):
        """Flags, keywords, a mailbox below another, and one removed message."""
        self.send(8)
        c = self.server.imap(ALICE)
        c.create("Work/2026.x")
        c.subscribe("Work/2026.x")
        c.select("INBOX")
        c.store("2", "+FLAGS", r"(\Seen $Forwarded own)")
        c.store("3", "+FLAGS", r"(\Flagged \Answered)")
        c.store("5", "+FLAGS", r"(\Deleted)")
        c.expunge()
        c.copy("2:3", '"Work/2026.x"')
        c.logout()

    def backup(self, *options, **more):
        return self.server.posthouse("backup", *options, self.dir, **more)

    def sets(self):
        return sorted(p for p in self.dir.iterdir() if p.suffix != ".part")

    def letters(self):
        """Flags are in the names of files a little later."""
        wait_for(lambda: len([f for f in self.server.files(ALICE)
                              if re.search(r":2,\w", f.name)]) >= 2, "letters")

    def test_comes_back(self):
        self.fill()
        self.letters()
        before = {box: state(self.server, ALICE, box)
                  for box in ("INBOX", "Work/2026.x")}
        self.backup()
        said = self.backup("--verify").stdout
        self.assertRegex(said, r"\d+ files .* are what they were")
        # as a whole, where nothing is
        other = Server("plain_logins = yes\n")
        self.addCleanup(other.remove)
        other.posthouse("restore", self.dir)
        other.start()
        for box, was in before.items():
            self.assertEqual(state(other, ALICE, box), was, box)
        client = other.imap(ALICE)
        self.assertIn("Work/2026.x", str(client.lsub()[1]))
        client.logout()
        self.assertIn("index and files agree",
                      other.posthouse("mailbox", "check", ALICE).stdout)
        # not over what is there, and not under a server
        self.assertEqual(other.posthouse("restore", self.dir,
                                         check=False).returncode, 75)
        other.stop()
        done = other.posthouse("restore", self.dir, check=False)
        self.assertEqual(done.returncode, 73)
        self.assertIn("where nothing is", done.stderr)

    def test_one_user(self):
        self.fill()
        self.letters()
        was = state(self.server, ALICE)
        work = state(self.server, ALICE, "Work/2026.x")
        self.backup()
        other = Server("plain_logins = yes\n")
        self.addCleanup(other.remove)
        other.start()
        other.posthouse("restore", self.dir, ALICE)
        self.assertEqual(state(other, ALICE), was)
        self.assertEqual(state(other, ALICE, "Work/2026.x"), work)
        self.assertIsNone(state(other, BOB, "Work/2026.x"))
        # one mailbox that somebody has removed, beside what is there
        c = self.server.imap(ALICE)
        c.delete('"Work/2026.x"')
        c.logout()
        self.server.posthouse("restore", self.dir, ALICE, "Work/2026.x")
        self.assertEqual(state(self.server, ALICE, "Work/2026.x")[1], work[1])
        self.server.posthouse("restore", self.dir, ALICE, "INBOX",
                              "--to", "Old")
        self.assertEqual(state(self.server, ALICE, "Old")[1], was[1])
        self.assertEqual(state(self.server, ALICE), was)
        for argv, code in ((("nobody@" + DOMAIN,), 67), (("nobody",), 64),
                           ((ALICE, "None"), 66)):
            done = self.server.posthouse("restore", self.dir, *argv,
                                         check=False)
            self.assertEqual(done.returncode, code, done.stderr)

    def test_onto_an_earlier_one(self):
        """What is as before is a link, whatever its flags are now."""
        self.send(5)
        self.backup()
        c = self.server.imap(ALICE)
        c.select("INBOX")
        c.store("1:2", "+FLAGS", r"(\Seen)")
        c.logout()
        self.letters()
        self.send(2)
        self.backup()
        first, second = self.sets()
        inodes = [{f.stat().st_ino for f in (s / "mail").rglob("*,S=*")}
                  for s in (first, second)]
        self.assertEqual([len(i) for i in inodes], [5, 7])
        self.assertTrue(inodes[0] < inodes[1])
        self.assertEqual(len([f for f in (second / "mail").rglob("*:2,S")]), 2)
        shutil.rmtree(first)
        self.backup("--verify")

    def test_damage_is_found(self):
        self.send(3)
        self.backup()
        victim = next((self.sets()[0] / "mail").rglob("*,S=*"))
        octets = bytearray(victim.read_bytes())
        octets[10] ^= 1
        victim.write_bytes(octets)
        done = self.backup("--verify", check=False)
        self.assertEqual(done.returncode, 65)
        self.assertIn(victim.name, done.stderr)
        done = self.server.posthouse("restore", self.dir, ALICE, check=False)
        self.assertEqual(done.returncode, 65)
        victim.unlink()
        self.assertEqual(self.backup("--verify", check=False).returncode, 65)

    def test_while_mail_comes(self):
        """Every mail that was acknowledged before the backup began is in it,
        in a mailbox or in the queue, though messages move meanwhile."""
        stop, sent = threading.Event(), []

        def deliver():
            while not stop.is_set():
                with self.server.smtp() as c:
                    number = len(sent)
                    c.sendmail("tester@client.test", ALICE, message(
                        subject=f"number {number}."))
                    sent.append(number)

        def move():
            c = self.server.imap(ALICE)
            c.create("Other")
            while not stop.is_set():
                for here, there in (("INBOX", "Other"), ("Other", "INBOX")):
                    c.select(here)
                    c._simple_command("MOVE", "1:*", there)
            c.logout()
        imaplib.Commands.setdefault("MOVE", ("SELECTED",))
        threads = [threading.Thread(target=f) for f in (deliver, move)]
        for t in threads:
            t.start()
        try:
            wait_for(lambda: len(sent) > 10, "some mail")
            for _ in range(2):
                had = len(sent)
                self.backup()
                text = b"".join(f.read_bytes()
                                for f in self.sets()[-1].rglob("*")
                                if f.is_file())
                for number in range(had):
                    self.assertIn(b"number %d." % number, text)
        finally:
            stop.set()
            for t in threads:
                t.join()
        self.backup("--verify")
        other = Server("plain_logins = yes\n")
        self.addCleanup(other.remove)
        other.posthouse("restore", self.dir)
        other.start()
        other.settle()
        subjects = {re.search(rb"number (\d+)\.", m)[1]
                    for box in ("INBOX", "Other")
                    for _, _, m in state(other, ALICE, box)[1].values()}
        self.assertGreaterEqual(len(subjects), had)

    def test_killed(self):
        """What a killed backup leaves is no backup; the ones before are whole."""
        self.send(20)
        self.backup()
        argv = [BIN / "posthouse", "-c", self.server.conf, "backup", self.dir]
        for after in range(0, 40, 4):
            p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
            try:
                p.wait(after / 1000)
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                p.wait()
            for one in self.sets():
                self.assertTrue((one / "posthouse-backup").exists())
        self.backup()
        self.assertFalse(list(self.dir.glob("*.part")))
        for one in self.sets():
            self.server.posthouse("backup", "--verify", one)

    def test_restore_killed(self):
        """Half of a restore is not served, and a second one makes it whole."""
        self.fill()
        self.send(150, to=BOB)
        self.letters()
        before = {name: state(self.server, *name)
                  for name in ((ALICE,), (ALICE, "Work/2026.x"), (BOB,))}
        self.backup()
        self.server.stop()
        other = Server("plain_logins = yes\n")
        self.addCleanup(other.remove)
        note = other.dir / "mail/.restoring"
        argv = [BIN / "posthouse", "-c", other.conf, "restore", self.dir]
        refused = 0
        while True:
            p = subprocess.Popen(argv, stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE)
            wait_for(lambda: note.exists() or p.poll() is not None, "a note")
            wait_for(lambda: p.poll() is not None or
                     len(list(other.dir.glob("mail/*/*/cur/*"))) >
                     30 * refused, "some mail")
            if refused == 3:
                break
            p.send_signal(signal.SIGKILL)
            p.communicate()
            self.assertTrue(note.exists())
            with self.assertRaisesRegex(RuntimeError, "run it again"):
                other.start()
            refused += 1
        said = p.communicate()[1]
        self.assertEqual(p.returncode, 0, said)
        self.assertFalse(note.exists())
        self.assertFalse([f for f in other.dir.rglob(".restored")])
        other.start()
        for name, was in before.items():
            self.assertEqual(state(other, *name), was, name)


if __name__ == "__main__":
    unittest.main()
