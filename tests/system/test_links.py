# SPDX-License-Identifier: ISC
"""A link between two programs breaks, and neither of them dies; or a store dies
while sessions look at its mailboxes. Both ends are linked again (master/
handover.c), nothing that was acknowledged is missing, and nobody is disturbed
whose mail is elsewhere."""

import imaplib
import os
import re
import resource
import signal
import smtplib
import threading
import unittest

from server import DOMAIN, Server, message, wait_for
import test_kill
from test_kill import Load

USERS = {f"u{i}@{DOMAIN}": "pw" for i in range(8)}


def starve(pid):
    """From now on it gets no further descriptor; the limit to give back."""
    limit = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    return resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, limit[1]))


class Links(unittest.TestCase):
    def test_no_descriptor(self):
        """smtpd has none left: it loses the one that it is to write a mail
        into, and so the link to queue. Others' sessions stay, and so does the
        program."""
        server = Server(users=USERS)
        self.addCleanup(server.remove)
        server.start()
        user = next(iter(USERS))
        one, other = server.smtp(), server.smtp()
        self.addCleanup(one.close)
        (pid,) = server.pids("smtpd")
        limit = starve(pid)
        client = threading.Thread(target=self.is_taken, args=(one, user))
        client.start()
        wait_for(lambda: "descriptors lost" in server.log(), "a loss")
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limit)
        client.join()
        wait_for(lambda: "smtpd-0: linked again to=queue" in server.log(),
                 "a link")
        for client in (other, server.smtp()):
            self.addCleanup(client.close)
            wait_for(lambda c=client: self.is_taken(c, user), "a mail taken")
        server.settle()
        self.assertGreaterEqual(len(server.messages(user)), 2)
        self.assertEqual(server.pids("smtpd"), [pid])

    @staticmethod
    def is_taken(client, user):
        """A mail that needs a file."""
        content = message("taken", "A line of it.\r\n" * 3000)
        try:
            return client.sendmail("", [user], content) == {}
        except (smtplib.SMTPResponseException, smtplib.SMTPServerDisconnected):
            return False


class Sessions(unittest.TestCase):
    """Of two stores one dies, while mail comes."""

    def setUp(self):
        self.server = Server("store_instances = 2\n", users=USERS)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.load = Load(self.server)
        self.addCleanup(self.load.stop)
        self.load.more(30)

    def begin(self):
        """Two sessions of each user, one in IDLE."""
        self.sessions = {}
        for user in USERS:
            idle, busy = (self.server.imap(user) for _ in range(2))
            for client in (idle, busy):
                self.addCleanup(client.shutdown)
                self.assertEqual(client.select()[0], "OK")
            idle.send(b"idle IDLE\r\n")
            while not idle.readline().startswith(b"+"):
                pass
            self.sessions[user] = idle, busy

    @staticmethod
    def has_dropped(idle):
        """With a word to the client."""
        try:
            idle.send(b"DONE\r\n")
        except OSError:
            pass
        last = line = idle.file.readline()
        while line and not line.startswith(b"idle OK"):
            last, line = line, idle.file.readline()
        if not line:
            assert last.startswith(b"* BYE"), last
        return not line

    @staticmethod
    def is_refused(busy):
        """Who is not in IDLE hears of it behind his next command."""
        try:
            return any(busy.noop()[0] != "OK" for _ in range(2))
        except (imaplib.IMAP4.error, OSError):
            return True

    def kill_store(self, pid):
        """Whose sessions that ends: both of a user, or none."""
        self.begin()
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: pid not in self.server.processes() and
                 len(self.server.pids("store")) == 2, "another store")
        for user in USERS:      # so imapd has seen the end of the old one
            wait_for(lambda u=user: self.client_of(u), user).logout()
        dropped = set()
        for user, (idle, busy) in self.sessions.items():
            gone = self.has_dropped(idle)
            self.assertEqual(self.is_refused(busy), gone, user)
            if gone:
                dropped.add(user)
        return dropped

    def seen(self):
        """{user: (UIDVALIDITY, {uid: size})}"""
        found = {}
        for user in USERS:
            client = wait_for(lambda u=user: self.client_of(u), user)
            client.select(readonly=True)
            validity = client.response("UIDVALIDITY")[1]
            lines = client.uid("fetch", "1:*", "(UID RFC822.SIZE)")[1]
            found[user] = validity, dict(
                re.search(rb"UID (\d+) RFC822.SIZE (\d+)", line).groups()
                for line in lines if line)
            client.logout()
        return found

    def client_of(self, user):
        try:
            return self.server.imap(user)
        except (imaplib.IMAP4.error, OSError):
            return None

    def test_only_its_own_sessions_end(self):
        first, second = self.server.pids("store")
        before = self.seen()
        ended = self.kill_store(first)
        others = self.kill_store(second)
        self.assertEqual(ended & others, set())
        self.assertEqual(ended | others, set(USERS))
        for user, (validity, uids) in self.seen().items():
            self.assertEqual(validity, before[user][0])
            self.assertLessEqual(before[user][1].items(), uids.items())
        self.load.more(30)
        self.load.stop()
        test_kill.Kill.check(self, self.load.ledger)


if __name__ == "__main__":
    unittest.main()
