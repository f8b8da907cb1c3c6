# SPDX-License-Identifier: ISC
"""Metadata (RFC 5464) of several users: who sees it, who hears of changes, and
that what was answered OK survives store."""

import os
import signal
import unittest

from server import DOMAIN, Server, wait_for
from test_acl import Client, OTHERS, name_at

ALICE, BOB, CARL = (f"{n}@{DOMAIN}" for n in ("alice", "bob", "carl"))


class Several(unittest.TestCase):
    def begin(self, users, settings=""):
        self.server = Server(settings, users={user: "pw" for user in users})
        self.addCleanup(self.server.remove)
        self.server.start()

    def client(self, user):
        client = wait_for(lambda: self.try_client(user), "a login")
        self.addCleanup(client.sock.close)
        return client

    def try_client(self, user):
        try:
            return Client(self.server, user)
        except AssertionError:      # store is away
            return None


class Metadata(Several):
    def entry(self, client, mailbox, name):
        return [line for line in client.ok(
            f'GETMETADATA "{mailbox}" {name}') if line.startswith("* META")]

    def test_inbox_that_is_renamed_leaves_a_copy(self):
        self.begin([ALICE])
        alice = self.client(ALICE)
        alice.ok('SETMETADATA INBOX (/shared/comment "s" /private/x "p")')
        alice.ok('SETMETADATA "" (/private/server "no mailbox\'s")')
        alice.ok("RENAME INBOX Old")
        for mailbox in ("INBOX", "Old"):
            lines = alice.ok(f"GETMETADATA (DEPTH infinity) {mailbox} "
                             "(/shared /private)")
            self.assertIn(f'* METADATA {mailbox} (/shared/comment "s" '
                          '/private/x "p")', lines)
        # what is noted later is noted of one of them
        alice.ok('SETMETADATA Old (/private/x "q")')
        self.assertEqual(self.entry(alice, "INBOX", "/private/x"),
                         ['* METADATA INBOX (/private/x "p")'])

    def test_others_hear(self):
        self.begin([ALICE, BOB, CARL])
        alice, other = self.client(ALICE), self.client(ALICE)
        bob, carl = self.client(BOB), self.client(CARL)
        alice.ok("CREATE Work")
        alice.ok(f"SETACL Work {BOB} lr")
        alice.ok(f"SETACL Work {CARL} l")
        work = f"{OTHERS}{ALICE}/Work"
        for client in (other, bob, carl):
            client.ok("ENABLE METADATA")
        alice.ok('SETMETADATA Work (/shared/comment "a" /private/x "b")')
        self.assertIn("* METADATA Work /shared/comment /private/x",
                      other.ok("NOOP"))
        self.assertIn(f'* METADATA "{work}" /shared/comment', bob.ok("NOOP"))
        self.assertFalse([l for l in carl.ok("NOOP") if "METADATA" in l])
        # who has not asked for it hears nothing
        bob.ok(f'SETMETADATA "{work}" (/private/x "bob")')
        self.assertFalse([l for l in alice.ok("NOOP") if "METADATA" in l])
        self.assertFalse([l for l in other.ok("NOOP") if "METADATA" in l])
        self.assertEqual(self.entry(alice, "Work", "/private/x"),
                         ['* METADATA Work (/private/x "b")'])
        self.assertEqual(self.entry(bob, work, "/private/x"),
                         [f'* METADATA "{work}" (/private/x "bob")'])
        alice.ok(f"DELETEACL Work {BOB}")
        alice.ok('SETMETADATA Work (/shared/comment "c")')
        self.assertFalse([l for l in bob.ok("NOOP") if "METADATA" in l])
        bob.no(f'GETMETADATA "{work}" /shared/comment', "NONEXISTENT")

    def test_other_stores_and_a_kill(self):
        alice_, bob_ = name_at(0, "alice"), name_at(1, "bob")
        self.begin([alice_, bob_], "store_instances = 3\n")
        alice, bob = self.client(alice_), self.client(bob_)
        alice.ok("CREATE Work")
        alice.ok(f"SETACL Work {bob_} lrw")
        work = f"{OTHERS}{alice_}/Work"
        bob.ok(f'SETMETADATA "{work}" (/shared/comment "bob" '
               '/private/comment "own")')
        lines = bob.ok('LIST "" ("INBOX" "Other Users/*") '
                       'RETURN (MYRIGHTS METADATA (/shared/comment))')
        self.assertIn(f'* METADATA "{work}" (/shared/comment "bob")', lines)
        self.assertIn(f'* MYRIGHTS "{work}" lrw', lines)
        self.assertIn("* METADATA INBOX (/shared/comment NIL)", lines)
        for pid in self.server.pids("store"):
            os.kill(pid, signal.SIGKILL)
        alice, bob = self.client(alice_), self.client(bob_)
        self.assertEqual(self.entry(alice, "Work", "/shared/comment"),
                         ['* METADATA Work (/shared/comment "bob")'])
        self.assertEqual(self.entry(bob, work, "/private/comment"),
                         [f'* METADATA "{work}" (/private/comment "own")'])

    def test_many_mailboxes(self):
        self.begin([ALICE])
        alice = self.client(ALICE)
        for i in range(450):
            alice.ok(f"CREATE box{i:03}")
        long = "x" * 20000
        for i in range(0, 450, 30):
            alice.ok(f'SETMETADATA box{i:03} (/private/a "{long}" '
                     f'/shared/comment "{i}")')
        lines = alice.ok('LIST "" box* RETURN (METADATA (/shared/comment) '
                         'MYRIGHTS)')
        found = [l for l in lines if l.startswith("* METADATA")]
        self.assertEqual(found, [
            f'* METADATA box{i:03} (/shared/comment '
            + (f'"{i}")' if i % 30 == 0 else "NIL)") for i in range(450)])
        self.assertEqual(sum(l.startswith("* MYRIGHTS") for l in lines), 450)


class OthersMailboxes(Several):
    """What NOTIFY and ESEARCH have of mailboxes that others share."""

    def share(self, settings=""):
        self.begin([ALICE, BOB, CARL], settings)
        self.alice, self.bob = self.client(ALICE), self.client(BOB)
        for name, rights in (("Work", "lrs"), ("Seen only", "l")):
            self.alice.ok(f'CREATE "{name}"')
            self.alice.ok(f'SETACL "{name}" {BOB} {rights}')
        self.alice.ok("CREATE Secret")
        self.work = f"{OTHERS}{ALICE}/Work"

    def append(self, client, mailbox):
        answer = client.append(mailbox, b"Subject: x\r\n\r\ny\r\n")
        self.assertTrue(answer.startswith("OK"), answer)

    def told(self, client):
        return [line for line in client.ok("NOOP") if "STATUS" in line]

    def test_notify(self):
        self.share()
        alice, bob = self.alice, self.bob
        self.append(alice, "Work")
        lines = bob.ok(f'NOTIFY SET STATUS (SUBTREE "{OTHERS}{ALICE}" '
                       "(MessageNew MessageExpunge FlagChange))")
        told = [line for line in lines if line.startswith("* STATUS")]
        self.assertEqual(len(told), 1, told)    # not what he cannot read
        self.assertIn(f'"{self.work}"', told[0])
        self.assertIn("MESSAGES 1", told[0])
        for mailbox in ("Seen only", "Secret", "INBOX"):
            self.append(alice, mailbox)
        self.assertEqual(self.told(bob), [])
        self.append(alice, "Work")
        told = wait_for(lambda: self.told(bob), "news")
        self.assertIn(f'"{self.work}"', told[0])
        self.assertIn("MESSAGES 2", told[0])
        # \\Seen is everybody's own
        alice.ok("SELECT Work")
        alice.ok(r"STORE 1:2 +FLAGS.SILENT (\Seen)")
        told = wait_for(lambda: self.told(bob), "news")
        self.assertIn("UNSEEN 2", told[-1])
        # nothing after the right has gone
        alice.ok(f"SETACL Work {BOB} l")
        bob.ok("NOOP")
        self.append(alice, "Work")
        self.assertEqual(self.told(bob), [])

    def test_esearch(self):
        self.share("store_instances = 3\n")
        self.append(self.alice, "Work")
        self.append(self.alice, "Seen only")
        self.append(self.alice, "Secret")
        self.append(self.bob, "INBOX")

        def found(scope):
            lines = self.bob.ok(f"ESEARCH IN ({scope}) RETURN (COUNT) ALL")
            return sorted(line.split("MAILBOX ")[1].split(" UIDV")[0]
                          for line in lines if line.startswith("* ESEARCH"))
        work = f'"{self.work}"'
        self.assertEqual(found("personal"), ["INBOX"])
        self.assertEqual(found(f'subtree "{OTHERS}{ALICE}"'), [work])
        self.assertEqual(found(f'mailboxes ("{OTHERS}{ALICE}/Seen only" '
                               f'"{OTHERS}{ALICE}/Secret" {work})'), [work])
        self.assertEqual(found("subscribed"), [])
        self.bob.ok(f"SUBSCRIBE {work}")
        self.assertEqual(found("subscribed personal"), [work, "INBOX"])
        self.assertEqual(found('subtree ""'), [work, "INBOX"])


if __name__ == "__main__":
    unittest.main()
