# SPDX-License-Identifier: ISC
"""Many sessions at once that do nothing, and one that does."""

import pathlib
import re
import resource
import socket
import unittest

from secure import HOST, IMPLICIT, SecureServer
from server import DOMAIN, SANITIZED, message, wait_for

SESSIONS = 500
TLS_SESSIONS = 300
TLS_KIB = 64            # most memory of an idle session in TLS
PLAIN_KIB = 24          # of one without


def memory(pid):
    """KiB that a process has for itself, and its share of the rest."""
    text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(re.search(r"^Pss:\s+(\d+) kB", text, re.M)[1])


class Idle(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        want = 2 * SESSIONS + 200
        if soft < want:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(want, hard), hard))
        self.server = SecureServer(users={f"alice@{DOMAIN}": "wonderland"} | {
            f"user{n}@{DOMAIN}": "x" for n in range(TLS_SESSIONS + 10)})
        self.addCleanup(self.server.remove)
        # all of them come from one address
        conf = self.server.conf
        conf.write_text(conf.read_text().replace(
            "\nprotocol = ", f"\nsessions_per_client = {2 * SESSIONS}"
            "\nprotocol = "))
        self.server.start()

    def test_idle_sessions(self):
        idle = []
        try:
            for protocol, greeting in (("smtp", b"220 "), ("imap", b"* OK")):
                for _ in range(SESSIONS):
                    idle.append(self.server.connect(protocol))
                for s in idle[-SESSIONS:]:
                    self.assertEqual(s.recv(4), greeting)
            with self.server.smtp() as smtp:
                smtp.sendmail("t@client.test", [f"alice@{DOMAIN}"], message())
            wait_for(self.server.files, "delivery beside idle sessions")
            self.assertEqual(len(self.server.messages()), 1)
        finally:
            for s in idle:
                s.close()

    def measure(self, protocol, role, enter, most=TLS_KIB):
        """KiB that a session costs while nothing happens in it. enter brings the
        n-th connection to where it is to idle."""
        if SANITIZED:
            self.skipTest("the sanitizers need memory of their own")
        idle, trust = [], self.server.trust()

        def connect(count):
            for _ in range(count):
                s = socket.create_connection(
                    (HOST, self.server.ports[protocol]), 30)
                if protocol in IMPLICIT:
                    s = trust.wrap_socket(s, server_hostname=HOST)
                idle.append(s)
                enter(idle[-1], len(idle) - 1)
        try:
            connect(10)             # what all of them share is there
            pids = self.server.pids(role)
            before = sum(map(memory, pids))
            connect(TLS_SESSIONS)
            self.assertEqual(self.server.pids(role), pids)
            # what a session has used it gives back after some seconds
            each = wait_for(lambda: next((kib for kib in [
                (sum(map(memory, pids)) - before) / TLS_SESSIONS]
                if kib < most), None), f"{most} KiB for a session")
            print(f"{self.id().split('.')[-1]}: {each:.1f} KiB", end=" ")
        finally:
            for s in idle:
                s.close()

    def test_tls_memory(self):
        self.measure("imaps", "imapd", lambda s, n: self.assertEqual(
            s.recv(4), b"* OK"))

    def in_idle(self, s, n):
        with s.makefile("rwb") as f:
            f.readline()
            for line in (b"a LOGIN user%d@%s x" % (n, DOMAIN.encode()),
                         b"b SELECT INBOX", b"c IDLE"):
                f.write(line + b"\r\n")
                f.flush()
                while (got := f.readline()).startswith(b"* "):
                    pass
                self.assertRegex(got, rb"^([ab] OK|\+)")

    def test_memory_in_idle(self):
        """IMAP with a mailbox selected, waiting for news of it."""
        self.measure("imap", "imapd", self.in_idle, PLAIN_KIB)

    def test_tls_memory_in_idle(self):
        self.measure("imaps", "imapd", self.in_idle)

    def test_tls_memory_pop3(self):
        """At its greeting."""
        self.measure("pop3s", "pop3d", lambda s, n: self.assertEqual(
            s.recv(3), b"+OK"))

    def test_tls_memory_pop3_logged_in(self):
        """With a mailbox each."""
        def enter(s, n):
            with s.makefile("rwb") as f:
                for talk in (b"", b"USER user%d\r\n" % n, b"PASS x\r\n",
                             b"NOOP\r\n"):
                    f.write(talk)
                    f.flush()
                    self.assertTrue(f.readline().startswith(b"+OK"))
        self.measure("pop3s", "pop3d", enter)


if __name__ == "__main__":
    unittest.main()
