# SPDX-License-Identifier: ISC
"""CONDSTORE and QRESYNC (RFC 7162): what a client hears that was away."""

import random
import re
import shutil
import socket
import unittest

from server import DOMAIN, Server, message

ALICE = f"alice@{DOMAIN}"
FLAGS = ("\\Seen", "\\Flagged", "\\Answered", "$Work")


def numbers(text):
    """"1:3,7" as a set."""
    found = set()
    for part in text.split(","):
        low, _, high = part.partition(":")
        found |= set(range(int(low), int(high or low) + 1))
    return found


class Device:
    """A client that keeps a copy of INBOX and believes what it hears."""

    def __init__(self, server):
        self.server = server
        self.flags = {}
        self.modseq = self.uidvalidity = 0
        self.tag = 0

    def open(self):
        sock = socket.create_connection(("127.0.0.1",
                                         self.server.ports["imap"]), 30)
        self.file = sock.makefile("rwb")
        sock.close()
        self.file.readline()
        self.command(f"LOGIN {ALICE} sesame")
        self.command("ENABLE QRESYNC")
        self.numbers = None
        known = (f" (QRESYNC ({self.uidvalidity} {self.modseq}))"
                 if self.modseq else "")
        self.command("SELECT INBOX" + known)
        if not known:
            self.command("UID FETCH 1:* (FLAGS)")

    def close(self):
        self.file.close()

    def command(self, text):
        """Send it, believe the untagged responses, return the tagged one."""
        self.tag += 1
        self.file.write(f"t{self.tag} {text}\r\n".encode())
        self.file.flush()
        while True:
            line = self.file.readline().decode().rstrip("\r\n")
            if not line:
                raise EOFError("the server is gone")
            if line.startswith(f"t{self.tag} "):
                self.hear_code(line)
                if " OK " not in line:
                    raise AssertionError(f"{text}: {line}")
                return line
            self.hear(line)

    def hear_code(self, line):
        code = re.search(r"\[HIGHESTMODSEQ (\d+)\]", line)
        if code:
            self.modseq = int(code[1])
        code = re.search(r"\[UIDVALIDITY (\d+)\]", line)
        if code:
            if self.uidvalidity not in (0, int(code[1])):
                raise AssertionError("UIDVALIDITY has changed")
            self.uidvalidity = int(code[1])

    def hear(self, line):
        self.hear_code(line)
        gone = re.match(r"\* VANISHED (?:\(EARLIER\) )?(\S+)$", line)
        if gone:
            for uid in [u for u in self.flags if u in numbers(gone[1])]:
                del self.flags[uid]
        if re.match(r"\* \d+ EXPUNGE", line):
            raise AssertionError("EXPUNGE after ENABLE QRESYNC")
        fetch = re.match(r"\* \d+ FETCH \(UID (\d+)(?: FLAGS \(([^)]*)\))?"
                         r"(?: MODSEQ \((\d+)\))?\)$", line)
        if fetch:
            if fetch[2] is not None:
                self.flags[int(fetch[1])] = \
                    frozenset(fetch[2].split()) - {"\\Recent"}
            if fetch[3]:
                self.modseq = max(self.modseq, int(fetch[3]))


class Synchronisation(unittest.TestCase):
    def setUp(self):
        self.server = Server(users={ALICE: "sesame"})
        self.addCleanup(self.server.remove)
        self.server.start()

    def truth(self):
        """UID and flags of all messages, by a client that knows nothing."""
        device = Device(self.server)
        device.open()
        device.close()
        return device.flags

    def add(self, n):
        client = self.server.imap(ALICE)
        for _ in range(n):
            client.append("INBOX", None, None, message())
        client.logout()

    def random_changes(self, device, chance, n):
        for _ in range(n):
            uids = list(device.flags)
            if not uids:
                return
            some = ",".join(str(u) for u in sorted(
                chance.sample(uids, min(len(uids), chance.randint(1, 3)))))
            if chance.random() < 0.3:
                device.command(f"UID STORE {some} +FLAGS.SILENT (\\Deleted)")
                device.command(f"UID EXPUNGE {some}")
            else:
                sign = chance.choice(("+", "-"))
                device.command(f"UID STORE {some} {sign}FLAGS "
                               f"({chance.choice(FLAGS)})")

    def test_devices_that_come_and_go(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        devices = [Device(self.server) for _ in range(3)]
        with self.subTest(seed=seed):
            for turn in range(12):
                self.add(chance.randint(0, 5))
                here = chance.sample(devices, 2)
                for device in here:
                    device.open()
                for _ in range(4):
                    self.random_changes(chance.choice(here), chance, 3)
                for device in here:
                    device.command("NOOP")
                truth = self.truth()
                for device in here:
                    self.assertEqual(device.flags, truth)
                    device.close()
                if turn % 4 == 3:
                    self.server.kill()
                    self.server.start()

    def test_lost_index(self):
        """Without its memory the server names all that is not there."""
        self.add(6)
        device = Device(self.server)
        device.open()
        device.close()
        other = self.server.imap(ALICE)
        other.select()
        other.store("2,4", "+FLAGS.SILENT", "\\Deleted")
        other.expunge()
        other.logout()
        self.server.stop()
        shutil.rmtree(self.server.dir / "state")
        (self.server.dir / "state").mkdir()
        self.server.start()
        device.open()
        self.assertEqual(sorted(device.flags), [1, 3, 5, 6])
        self.assertEqual(device.flags, self.truth())
        device.close()


if __name__ == "__main__":
    unittest.main()
