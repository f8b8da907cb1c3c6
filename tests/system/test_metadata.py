# SPDX-License-Identifier: ISC
"""Metadata (RFC 5464) of several users: who sees it, who hears of changes, and
that what was answered OK survives store."""

import os
import signal
import unittest

from server import DOMAIN, Server, wait_for
from test_acl import Client, OTHERS, name_at

ALICE, BOB, CARL = (f"{n}@{DOMAIN}" for n in ("alice", "bob", "carl"))


class Metadata(unittest.TestCase):
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

    def entry(self, client, mailbox, name):
        return [line for line in client.ok(
            f'GETMETADATA "{mailbox}" {name}') if line.startswith("* META")]

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


if __name__ == "__main__":
    unittest.main()
