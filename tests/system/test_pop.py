# SPDX-License-Identifier: ISC
"""POP3, POP2, IMAP and delivery on one mailbox, and a model of what each must
see; POP sessions while programs die or are many."""

import os
import poplib
import random
import re
import signal
import socket
import unittest

from server import Server, free_port, message, wait_for

ALICE = "alice@example.test"
SEED = int(os.environ.get("SEED", "1939"))
STEPS = 60


class Pop2:
    """A client of RFC 937."""

    def __init__(self, server, user=ALICE):
        self.socket = server.connect("pop2")
        self.socket.settimeout(30)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.count = self.number("#", f"HELO {user} {server.users[user]}")

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")

    def number(self, kind, line):
        self.say(line)
        reply = self.file.readline().decode()
        if not re.fullmatch(rf"{kind}\d+\r\n", reply):
            raise AssertionError(f"{line}: {reply!r}")
        return int(reply[1:])

    def retr(self, octets):
        self.say("RETR")
        return self.file.read(octets)

    def quit(self):
        self.say("QUIT")
        reply = self.file.readline()
        self.drop()
        return reply

    def drop(self):
        self.file.close()
        self.socket.close()


def subject(octets):
    return re.search(rb"^Subject: (\S+)", octets, re.M)[1].decode()


class Together(unittest.TestCase):
    """The model is the list of subjects, in order, and their UIDLs."""

    def setUp(self):
        self.random = random.Random(SEED)
        self.model, self.uidls, self.made = [], {}, 0
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()

    def deliver(self):
        self.made += 1
        name = f"m{self.made}"
        with self.server.smtp() as smtp:
            smtp.sendmail("tester@client.test", [ALICE], message(name))
        self.server.settle()
        self.model.append(name)

    def some(self):
        return [n for n in self.model if self.random.random() < 0.2]

    def remove(self, names):
        self.model = [n for n in self.model if n not in names]

    def see(self, pop3):
        """What a POP3 session sees must be the model."""
        self.assertEqual(pop3.stat()[0], len(self.model))
        lines = pop3.uidl()[1]
        for number, line in enumerate(lines, 1):
            uidl = line.split()[1]
            name = subject(b"\r\n".join(pop3.top(number, 0)[1]))
            self.assertEqual(name, self.model[number - 1])
            self.assertEqual(self.uidls.setdefault(name, uidl), uidl)
        self.assertEqual(len(set(self.uidls.values())), len(self.uidls))

    def by_pop3(self):
        pop3 = self.server.pop3()
        self.see(pop3)
        seen, gone = list(self.model), self.some()
        for name in gone:
            pop3.dele(seen.index(name) + 1)
        if self.random.random() < 0.3:
            self.deliver()
            self.assertEqual(pop3.stat()[0], len(seen) - len(gone))
        if self.random.random() < 0.3:
            pop3.close()
            return
        pop3.quit()
        self.remove(gone)

    def by_pop2(self):
        pop2 = Pop2(self.server)
        self.assertEqual(pop2.count, len(self.model))
        gone = self.some()
        size = pop2.number("=", "READ")
        for name in list(self.model):
            self.assertEqual(subject(pop2.retr(size)), name)
            size = pop2.number("=", "ACKD" if name in gone else "ACKS")
        self.assertEqual(size, 0)
        end = self.random.choice(["QUIT", "FOLD INBOX", "drop"])
        if end == "drop":
            pop2.drop()
            return
        self.remove(gone)
        if end.startswith("FOLD"):
            self.assertEqual(pop2.number("#", end), len(self.model))
        self.assertTrue(pop2.quit().startswith(b"+"))

    def expunge(self, name):
        imap = self.server.imap()
        imap.select("INBOX")
        imap.store(str(self.model.index(name) + 1), "+FLAGS", r"(\Deleted)")
        imap.expunge()
        imap.logout()
        self.remove([name])

    def by_imap(self):
        """IMAP takes a message away from under a POP3 session."""
        if not self.model:
            return
        seen = list(self.model)
        pop3 = self.server.pop3()
        self.expunge(self.random.choice(seen))
        self.assertEqual(pop3.stat()[0], len(seen))
        for number, name in enumerate(seen, 1):
            if name in self.model:
                octets = b"\r\n".join(pop3.retr(number)[1])
                self.assertEqual(subject(octets), name)
            else:
                with self.assertRaises(poplib.error_proto):
                    pop3.retr(number)
        pop3.quit()

    def test_model(self):
        steps = [self.deliver, self.deliver, self.by_pop3, self.by_pop2,
                 self.by_imap]
        for _ in range(STEPS):
            self.random.choice(steps)()
        pop3 = self.server.pop3()
        self.see(pop3)
        pop3.quit()


class Trouble(unittest.TestCase):
    def test_store_dies(self):
        """A session whose mailbox is lost deletes nothing and says so."""
        with Server() as server:
            for name in ("one", "two"):
                with server.smtp() as smtp:
                    smtp.sendmail("tester@client.test", [ALICE], message(name))
            server.settle()
            old = server.pop3()
            old.dele(1)
            store = server.pids("store")
            os.kill(store[0], signal.SIGKILL)
            wait_for(lambda: server.pids("store") not in ([], store), "store")
            for call in (lambda: old.retr(2), old.quit):
                with self.assertRaisesRegex(poplib.error_proto, "SYS/TEMP"):
                    call()
            old.close()
            new = server.pop3()
            self.assertEqual(new.stat()[0], 2)
            new.quit()

    def test_return_at_once(self):
        """Good-bye frees the mailbox, also for another process."""
        port = free_port()
        with Server(listeners="\n[listener single]\nprotocol = pop3\n"
                    f"address = 127.0.0.1:{port}\n"
                    "sessions = 1\nprocesses = 4\n") as server:
            server.ports["pop3"] = port
            held = [socket.create_connection(("127.0.0.1", port))]
            for _ in range(300):
                server.pop3().quit()
            self.assertGreater(len(server.pids("pop3d")), 1)
            held[0].close()


if __name__ == "__main__":
    unittest.main()
