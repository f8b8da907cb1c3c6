# SPDX-License-Identifier: ISC
"""kill -9 of each program in the middle of a load: nothing that was
acknowledged is missing, nothing is double, and service goes on."""

import collections
import os
import re
import signal
import smtplib
import threading
import time
import unittest

from server import DOMAIN, Server, message, wait_for

USERS = {f"u{i}@{DOMAIN}": "pw" for i in range(8)}
BOSS, SINK = f"boss@{DOMAIN}", f"sink@{DOMAIN}"
SENDERS = 6
AFTER = 30      # acknowledgements after the kill that show service


class Ledger:
    """What was sent, and what was acknowledged, by message number."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}
        self.acked = set()

    def next(self, user):
        with self.lock:
            number = len(self.sent)
            self.sent[number] = user
            return number

    def ack(self, number):
        with self.lock:
            self.acked.add(number)


class Load:
    """Threads that send, reconnecting whenever something breaks."""

    def __init__(self, server, ledger=None):
        self.server, self.ledger = server, ledger or Ledger()
        self.end = threading.Event()
        self.threads = [threading.Thread(target=self.send, args=(i,))
                        for i in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def send(self, which):
        users = list(USERS)
        while not self.end.is_set():
            try:
                with self.client() as smtp:
                    while not self.end.is_set():
                        user = users[which % len(users)]
                        which += 1
                        number = self.ledger.next(user)
                        self.mail(smtp, user, number)
                        self.ledger.ack(number)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02)

    def client(self):
        return self.server.smtp(timeout=30)

    def mail(self, smtp, user, number):
        smtp.sendmail("tester@client.test", [user],
                      message(f"ledger {number}.", to=user))

    def more(self, count):
        """Wait for so many further acknowledgements."""
        goal = len(self.ledger.acked) + count
        wait_for(lambda: len(self.ledger.acked) >= goal, f"{count} more acks")

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join(60)


class CuriousLoad(Load):
    """Every sender wants to be told, some mails are held for a second, some go
    to an alias of two."""

    def client(self):
        client = smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                              local_hostname="client.test", timeout=30)
        client.login(BOSS, "pw")
        return client

    def mail(self, smtp, user, number):
        rcpt = "both-" + user if number % 5 == 0 else user
        hold = [f"HOLDFOR={number % 3}"] if number % 3 else []
        smtp.sendmail(BOSS, [rcpt], message(f"ledger {number}.", to=user),
                      [f"ENVID={number}", *hold], ["NOTIFY=SUCCESS,FAILURE"])


class Kill(unittest.TestCase):
    def setUp(self):
        self.server = Server(users=USERS)
        self.addCleanup(self.server.remove)
        self.server.start()

    def check(self, ledger):
        self.server.settle()
        for user in USERS:
            contents = [f.read_bytes() for f in self.server.files(user)]
            seen = collections.Counter(
                int(re.search(rb"ledger (\d+)\.", c)[1]) for c in contents)
            acked = {n for n in ledger.acked if ledger.sent[n] == user}
            self.assertEqual(acked - set(seen), set(), "acknowledged, missing")
            self.assertEqual([n for n in seen if seen[n] > 1], [], "double")
            self.assertEqual([n for n in seen if ledger.sent.get(n) != user],
                             [], "never sent")
            self.assertEqual(len(self.server.messages(user)), len(contents),
                             "index and directory differ")

    def kill_role(self, role):
        pids = wait_for(lambda: self.server.pids(role), role)
        os.kill(pids[0], signal.SIGKILL)
        wait_for(lambda: set(self.server.pids(role)) - set(pids[:1]),
                 "another " + role)

    def kill_one(self, role, times=3):
        load = Load(self.server)
        try:
            for _ in range(times):
                load.more(AFTER)
                self.kill_role(role)
            load.more(AFTER)
        finally:
            load.stop()
        self.check(load.ledger)

    def test_smtpd(self):
        self.kill_one("smtpd")

    def test_router(self):
        self.kill_one("router")

    def test_auth(self):
        self.kill_one("auth")

    def test_queue(self):
        self.kill_one("queue")

    def test_local(self):
        self.kill_one("local")

    def test_store(self):
        self.kill_one("store")

    def test_bounce(self):
        self.kill_one("bounce", times=1)

    def test_pop3d(self):
        self.kill_one("pop3d", times=1)

    def test_imapd(self):
        self.kill_one("imapd", times=1)

    def test_reports(self):
        """Who asked to be told is told once, and nothing false."""
        self.server.remove()
        self.server = Server("user_rate = 1000000\n",
                             users={**USERS, BOSS: "pw", SINK: "pw"},
                             aliases="".join(f"both-{u}: {u}, {SINK}\n"
                                             for u in USERS))
        self.addCleanup(self.server.remove)
        self.server.start()
        load = CuriousLoad(self.server)
        try:
            for role in ("queue", "bounce", "queue", "queue"):
                load.more(AFTER)
                self.kill_role(role)
            load.more(AFTER)
            self.server.kill()
            self.server.start()
            load.more(AFTER)
        finally:
            load.stop()
        self.check(load.ledger)
        told = collections.Counter()
        for file in self.server.files(BOSS):
            report = file.read_bytes()
            number = int(re.search(rb"Original-Envelope-Id: (\d+)",
                                   report)[1])
            action = re.search(rb"Action: (\w+)", report)[1]
            self.assertEqual(action, b"delivered" if number % 5
                             else b"expanded")
            told[number] += 1
        self.assertEqual(load.ledger.acked - set(told), set(), "not told")
        self.assertEqual([n for n in told if told[n] > 1], [], "told twice")

    def test_all_at_once(self):
        """As when the machine's power button is pressed, disks apart."""
        load = Load(self.server)
        try:
            for _ in range(3):
                load.more(AFTER)
                self.server.kill()
                self.server.start()
            load.more(AFTER)
        finally:
            load.stop()
        self.check(load.ledger)

    def test_master_alone(self):
        """Its children end with it and leave the ports to the next one."""
        load = Load(self.server)
        try:
            load.more(AFTER)
            children = list(self.server.processes())
            self.server.master.kill()
            self.server.master.wait(10)
            wait_for(lambda: not any(os.path.exists(f"/proc/{p}")
                                     for p in children), "the children's end")
            self.server.start()
            load.more(AFTER)
        finally:
            load.stop()
        self.check(load.ledger)


if __name__ == "__main__":
    unittest.main()
