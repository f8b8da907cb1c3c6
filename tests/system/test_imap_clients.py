# SPDX-License-Identifier: ISC
"""Clients that keep copies of mailboxes: in both directions, and broken off in
the middle."""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import unittest

from imap_wire import ALICE, Talk
from server import Server, message, wait_for

MESSAGES = int(os.environ.get("IMAP_CLIENT_MESSAGES", 600))
SEED = int(os.environ.get("IMAP_CLIENT_SEED", 1))
ONCE = 50           # messages in an APPEND


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


def subjects(texts):
    return sorted(int(re.search(rb"Subject: n(\d+)", t)[1]) for t in texts)


class Copies(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.home = self.server.dir / "home"
        self.local = self.home / "maildir"
        self.local.mkdir(parents=True)
        self.rng = random.Random(SEED)
        self.talk = Talk(self.server, "box")
        self.addCleanup(self.talk.close)

    def fill(self, first, count):
        for n in range(first, first + count, ONCE):
            mails = [message(f"n{k}", f"text {k}\r\n" * (k % 40))
                     for k in range(n, min(n + ONCE, first + count))]
            self.talk.must(b"APPEND INBOX" + b"".join(
                b" {%d+}\r\n%s" % (len(m), m) for m in mails))

    def far(self):
        """What is in INBOX now, as another client sees it."""
        return subjects(self.server.messages())

    def files(self):
        return [f for f in (self.local / "INBOX").glob("*/*") if f.is_file()
                and f.parent.name in ("cur", "new")]

    def near(self):
        return subjects(f.read_bytes() for f in self.files())

    def start(self, *argv):
        return subprocess.Popen(
            [str(a) for a in argv], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={"HOME": str(self.home), "PATH": "/usr/bin:/bin",
                 "LANG": "C.UTF-8"})

    def call(self, *argv):
        process = self.start(*argv)
        out, _ = process.communicate(timeout=600)
        self.assertEqual(process.returncode, 0, out.decode(errors="replace"))

    def is_alone(self):
        status = json.loads(self.server.posthouse("status", "--json").stdout)
        return sum(p["sessions"] for p in status["programs"]
                   if p["program"] == "imapd") == 1     # that is self.talk

    def call_broken(self, *argv):
        """The same, killed a few times before it may end; how often it was.

        What it has sent before that is carried out: the next begins behind."""
        killed = 0
        for wait in (.2, .5, 1, 2):
            process = self.start(*argv)
            try:
                process.communicate(timeout=wait * (.5 + self.rng.random()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                killed += 1
                wait_for(self.is_alone, "the end of the session")
        self.call(*argv)
        return killed

    def write_here(self, first, count):
        for n in range(first, first + count):
            (self.local / f"INBOX/new/{n}.1.here").write_bytes(
                message(f"n{n}").replace(b"\r\n", b"\n"))

    def both_ways(self, *argv, twice=0):
        """twice: as many messages may be there twice for each kill."""
        self.fill(1, MESSAGES)
        self.call_broken(*argv)
        self.assertEqual(self.near(), list(range(1, MESSAGES + 1)))
        # new ones at both ends, and some go
        self.write_here(MESSAGES + 1, MESSAGES // 10)
        self.fill(2 * MESSAGES, MESSAGES // 10)
        self.talk.must(b"UID STORE 1:10 +FLAGS.SILENT (\\Deleted)")
        self.talk.must(b"UID EXPUNGE 1:10")
        self.talk.must(b"UID STORE 11:20 +FLAGS.SILENT (\\Flagged \\Seen)")
        killed = self.call_broken(*argv)
        self.call(*argv)
        here = self.near()
        self.assertEqual(here, self.far())
        self.assertEqual(len(set(here)), MESSAGES - 10 + 2 * (MESSAGES // 10))
        doubles = collections.Counter(here) - collections.Counter(set(here))
        self.assertLessEqual(doubles.total(), twice * killed, doubles)
        flagged = [f.name for f in self.files() if re.search(
            ":2,.*F", f.name)]
        self.assertEqual(len(flagged), 10)

    @needs("mbsync")
    def test_mbsync(self):
        (self.home / "mbsyncrc").write_text(
            f"IMAPStore far\nHost 127.0.0.1\n"
            f"Port {self.server.ports['imap']}\nUser {ALICE}\n"
            f"Pass {self.server.users[ALICE]}\n"
            # it forgets to read while it waits for the disk
            "SSLType None\nAuthMechs LOGIN\nTimeout 0\n\n"
            f"MaildirStore near\nPath {self.local}/\n"
            f"Inbox {self.local}/INBOX\n\n"
            "Channel all\nFar :far:\nNear :near:\nPatterns INBOX\n"
            "Create Near\nExpunge Both\nSyncState *\n")
        self.both_ways("mbsync", "-c", self.home / "mbsyncrc", "-a")

    @needs("offlineimap")
    def test_offlineimap(self):
        (self.home / "offlineimaprc").write_text(
            "[general]\naccounts = a\nui = basic\n"
            f"metadata = {self.home}/state\n"
            "[Account a]\nlocalrepository = near\nremoterepository = far\n"
            "[Repository near]\ntype = Maildir\n"
            f"localfolders = {self.local}\n"
            "[Repository far]\ntype = IMAP\nremotehost = 127.0.0.1\n"
            f"remoteport = {self.server.ports['imap']}\nremoteuser = {ALICE}\n"
            f"remotepass = {self.server.users[ALICE]}\n"
            "ssl = no\nstarttls = no\nauth_mechanisms = LOGIN\n")
        # it notes that a message is there when that has been answered
        self.both_ways("offlineimap", "-o", "-c",
                       self.home / "offlineimaprc", twice=1)


if __name__ == "__main__":
    unittest.main()
