# SPDX-License-Identifier: ISC
"""Many other hosts at once: some hang, some are wild, programs are killed.

At the end is counted: of every mail that was accepted, each recipient was
delivered, reported or is still queued; twice only where the final reply was lost.
"""

import collections
import email
import os
import random
import re
import resource
import signal
import smtplib
import threading
import time
import unittest

from server import DOMAIN, Server, free_port, wait_for
from sink import Drop, Hang, Sink

ALICE = "alice@" + DOMAIN
SEED = int(os.environ.get("SEED", "0")) or random.randrange(1 << 30)
# Descriptors of the sinks, which all live in this process.
FILES = 4000


class Many(unittest.TestCase):
    HOSTS = 10
    SETTINGS = "retry_first = 1\nretry_most = 2\n"

    def setUp(self):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        if most < FILES:
            self.skipTest(f"needs {FILES} open files")
        self.hosts = {f"d{i}.test": f"127.1.{i // 200 + 1}.{i % 200 + 1}"
                      for i in range(self.HOSTS)}
        # one port, an address for each host
        self.sink = Sink(self.script(), address=list(self.hosts.values()),
                         port=free_port())
        self.sink.__enter__()
        self.addCleanup(self.sink.__exit__)
        self.server = Server("routes = routes\nrelay_clients = 127.0.0.0/8\n"
                             + self.SETTINGS)
        self.addCleanup(self.server.remove)
        (self.server.dir / "etc/routes").write_text("".join(
            f"{name} [{address}]:{self.sink.port}\n"
            for name, address in self.hosts.items()))
        self.server.start()
        self.accepted = set()       # (number of the mail, recipient)
        self.number = 0

    def send(self, smtp, rcpts):
        """One mail; it counts when the server said that it has it."""
        self.number += 1
        smtp.sendmail(ALICE, rcpts, f"From: {ALICE}\r\nSubject: many\r\n"
                      f"X-Number: {self.number}\r\n\r\nHello.\r\n".encode())
        self.accepted |= {(self.number, r) for r in rcpts}

    # ---- counting ----

    @staticmethod
    def number_of(content):
        return int(re.search(rb"X-Number: (\d+)", content)[1])

    def arrivals(self):
        """{(number, recipient): [mails of the sink that brought it]}"""
        found = collections.defaultdict(list)
        for mail in list(self.sink.mails):
            for rcpt in mail.recipients:
                found[self.number_of(mail.content), rcpt].append(mail)
        return found

    def reported(self):
        found = set()
        for file in self.server.files(ALICE):
            octets = file.read_bytes()
            number = self.number_of(octets)
            for part in email.message_from_bytes(octets).walk():
                if part.get_content_type() == "message/delivery-status":
                    found |= {(number, block["Final-Recipient"]
                               .partition(";")[2].strip())
                              for block in part.get_payload()
                              if block["Action"] == "failed"}
        return found

    def queued(self):
        lines = self.server.posthouse("queue", "list").stdout.splitlines()
        return [line.strip() for line in lines
                if line.startswith(" " * 47) and "(" not in line]

    def is_good(self, mail):
        return mail.said[:1] and mail.said[0][:1] == "2"

    def count(self, kills=()):
        """Nothing is lost, and nothing comes twice without a reason."""
        self.server.settle(120)
        arrivals, reported = self.arrivals(), self.reported()
        for key in self.accepted:
            mails = arrivals.get(key, [])
            good = [m for m in mails if self.is_good(m)]
            with self.subTest(key=key, seed=SEED):
                self.assertTrue(good or key in reported, "lost")
                self.assertFalse(good and key in reported and not kills,
                                 "delivered, and reported as failed")
                # after a reply that came there must be no other try, but for
                # one whose hearer was killed
                for mail in good[:-1]:
                    self.assertTrue(any(abs(mail.when - k) < 5 for k in kills),
                                    "delivered twice")
        if not kills:       # whose victims may have had more than they said
            self.assertLessEqual(reported, self.accepted)
        return arrivals, reported


class Hanging(Many):
    """A thousand hosts, a hundred of which accept and say nothing."""
    HOSTS = 1000
    SETTINGS = "smtp_connections = 1000\nremote_timeout = 1h\n"

    def hangs(self, session):
        address = session.writer.get_extra_info("sockname")[0]
        return int(address.split(".")[3]) % 10 == 0

    def script(self):
        return {"GREETING": lambda s, _: Hang() if self.hangs(s) else None}

    def test_others_are_not_delayed(self):
        hanging = {name for name, a in self.hosts.items()
                   if int(a.split(".")[3]) % 10 == 0}
        self.assertEqual(len(hanging), 100)
        names = list(self.hosts)
        random.Random(SEED).shuffle(names)
        with self.server.smtp() as smtp:
            for name in names:
                self.send(smtp, ["one@" + name])
            # many recipients in one mail, of hosts of both kinds
            for i in range(0, 1000, 100):
                self.send(smtp, ["two@" + name for name in names[i:i + 100]])
        good = {k for k in self.accepted if k[1].split("@")[1] not in hanging}
        wait_for(lambda: len(self.sink.mails) >= len(good),
                 "all that can be delivered", 60)
        self.assertFalse(re.findall(r"status=(?!sent)\w+",
                                    self.server.log()))
        arrivals = self.arrivals()
        self.assertEqual(set(arrivals), good)
        self.assertEqual({len(m) for m in arrivals.values()}, {1})
        self.assertEqual(len(self.queued()), 200)
        self.server.posthouse("queue", "delete", "--all")


def tried(rng, usual, *odd):
    """Mostly as usual, else one of these."""
    return None if rng.random() < usual else rng.choice(odd)


class Wild(Many):
    """Hosts that refuse, drop and half answer by chance, until they calm down;
    then all that is left is delivered."""
    HOSTS = 40
    MAILS = 150

    def script(self):
        rng = random.Random(SEED)
        self.wild = True
        reset = Drop(reset=True)
        odd = {
            "GREETING": (0.9, "421 4.3.2 Busy", Drop(), reset, Drop(b"22")),
            "EHLO": (0.9, "421 4.3.2 Busy", Drop(), reset),
            "MAIL": (0.9, "451 4.3.0 Not now", "550 5.7.1 Not you", Drop(),
                     reset),
            "RCPT": (0.8, "450 4.2.0 Later", "550 5.1.1 Nobody", Drop(),
                     Drop(b"250 2.1")),
            "DATA": (0.9, "451 4.3.0 Not now", "554 5.6.0 Never", Drop()),
            "END": (0.7, "451 4.3.0 Not now", "554 5.6.0 Never", Drop(), reset,
                    Drop(b"250 2.0.0 Ok")),
            "RSET": (0.9, Drop(), reset),
            "QUIT": (0.5, Drop(), reset, Hang()),
        }
        return {point: lambda s, a, odd=o: tried(rng, *odd) if self.wild
                else None for point, o in odd.items()}

    def send_all(self):
        rng = random.Random(SEED + 1)
        names = list(self.hosts)
        for _ in range(self.MAILS):
            rcpts = [f"r{i}@{n}" for n in rng.sample(names, rng.randint(1, 3))
                     for i in range(rng.randint(1, 3))]
            for _ in range(200):        # a program may be away just now
                try:
                    with self.server.smtp(20) as smtp:
                        self.send(smtp, rcpts)
                    break
                except (smtplib.SMTPException, OSError):
                    time.sleep(0.1)

    def test_all_are_counted(self):
        self.send_all()
        time.sleep(3)
        self.wild = False
        arrivals, reported = self.count()
        # the test has met what it is about
        self.assertGreater(len(reported), 0)
        self.assertGreater(sum(not self.is_good(m) for ms in arrivals.values()
                               for m in ms), 0)

    def test_programs_are_killed(self):
        kills = []
        done = threading.Event()

        def killer():
            rng = random.Random(SEED + 2)
            while not done.wait(0.7):
                role = rng.choice(("smtp", "queue", "resolver", "history"))
                for pid in self.server.pids(role):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        continue
                    kills.append(time.time())
        thread = threading.Thread(target=killer)
        thread.start()
        try:
            self.send_all()
            time.sleep(5)
        finally:
            done.set()
            thread.join()
        self.wild = False
        self.count(kills)
        self.assertGreater(len(kills), 3)


if __name__ == "__main__":
    unittest.main()
