# SPDX-License-Identifier: ISC
"""A wall clock that jumps a day, either way, while the server runs.

The programs are those of build/tests/clock, whose clock the test moves
(tests/clock/shift.c). The clock that waits are measured by goes on as always.
"""

import json
import mmap
import re
import smtplib
import struct
import time
import unittest

from imap_wire import Talk
from server import BIN, BUILD, DOMAIN, Server, message, wait_for
from sink import Sink

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))
DAY = 86400
SETTINGS = "retry_first = 1\nretry_most = 2\nroutes = routes\n"


class ClockedServer(Server):
    def __init__(self, *args, **more):
        super().__init__(*args, **more)
        self.programs = self.dir / "programs"
        self.programs.mkdir()
        for program in [*BIN.iterdir(), *(BUILD / "tests/clock").iterdir()]:
            link = self.programs / program.name
            link.unlink(missing_ok=True)
            link.symlink_to(program)
        (self.programs / "clock").write_bytes(bytes(8))
        self.conf.write_text(re.sub(
            "program_dir = .*", f"program_dir = {self.programs}",
            self.conf.read_text()))

    def jump(self, seconds):
        """From what the machine says."""
        with (self.programs / "clock").open("r+b") as f, \
                mmap.mmap(f.fileno(), 8) as page:
            page[:] = struct.pack("=q", seconds)


class Jump:
    """The tests, for a jump by self.BY seconds."""

    def setUp(self):
        self.server = ClockedServer(SETTINGS)
        self.addCleanup(self.server.remove)
        self.routes("")
        self.server.start()

    def routes(self, text):
        (self.server.dir / "etc/routes").write_text(text)

    def jump(self):
        self.server.jump(self.BY)

    def client(self, protocol="smtp"):
        client = smtplib.SMTP("127.0.0.1", self.server.ports[protocol],
                              local_hostname="client.test", timeout=60)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def send(self, client, subject, to, *options):
        """Returns the mail id."""
        self.assertEqual(client.mail(BOB, options)[0], 250)
        self.assertEqual(client.rcpt(to)[0], 250)
        code, said = client.data(message(subject))
        self.assertEqual(code, 250, said)
        return said.decode().split()[-1]

    def submit(self, subject, to, *options):
        client = self.client("submission")
        client.login(BOB, self.server.users[BOB])
        return self.send(client, subject, to, *options)

    def subjects(self, user):
        return [re.search(rb"\nSubject: (.*)\r", m)[1].decode()
                for m in self.server.messages(user)]

    def tries(self):
        return self.server.log().count("status=deferred")

    def await_tries(self, n):
        """So many more."""
        before = self.tries()
        wait_for(lambda: self.tries() >= before + n, f"{n} tries")

    def queue(self):
        return [json.loads(line) for line in self.server.posthouse(
            "queue", "list", "--json").stdout.splitlines()]

    def states(self, mail):
        """What history knows of it."""
        done = self.server.posthouse("trace", "--json", mail, check=False)
        return [json.loads(line)["state"] for line in done.stdout.splitlines()]

    def await_trace(self, *mails):
        for mail in mails:
            wait_for(lambda: self.states(mail) == ["finished"],
                     f"what became of {mail}")


class Queue(Jump):
    def waits(self):
        """A mail that has been tried, and then comes the jump."""
        self.server.block(ALICE)
        mail = self.send(self.client(), "waits", ALICE)
        self.await_tries(1)
        self.jump()
        return mail

    def arrives(self, mail):
        """Once, as soon as it can."""
        self.server.unblock(ALICE)
        self.server.settle()
        self.assertEqual(self.subjects(ALICE), ["waits"])
        self.await_trace(mail)

    def test_waiting_mail_is_tried_again(self):
        mail = self.waits()
        self.await_tries(2)
        self.arrives(mail)

    def test_waiting_mail_is_tried_after_a_restart(self):
        mail = self.waits()
        self.server.stop()
        self.server.start()
        self.await_tries(1)
        self.arrives(mail)

    def test_host_that_is_left_alone(self):
        """It is asked again when it is time, and gets the mail once."""
        with Sink({"RCPT": ["450 4.2.1 Not now", "250 2.1.5 Ok"]}) as sink:
            self.routes(f"away.test [127.0.0.1]:{sink.port}\n")
            self.server.posthouse("reload")
            mail = self.submit("away", "carol@away.test")
            wait_for(self.tries, "a try")
            self.jump()
            self.server.settle()
            self.assertEqual(len(sink.mails), 1)
        self.await_trace(mail)

    def test_times_that_a_sender_sets(self):
        """Are those of the clock as it is when they come."""
        self.submit("before", ALICE)
        self.server.settle()
        self.jump()
        self.server.block(BOB)
        self.submit("in an hour", BOB, "BY=3600;R")
        wait_for(lambda: self.tries() > 1, "two tries")
        (mail,) = self.queue()
        self.assertAlmostEqual(mail["deliver_by"],
                               time.time() + self.BY + 3600, delta=600)
        self.submit("in two seconds", ALICE, "HOLDFOR=2")
        wait_for(lambda: "in two seconds" in self.subjects(ALICE),
                 "what was held")
        self.submit("later", ALICE, "HOLDFOR=7200")
        self.server.unblock(BOB)
        wait_for(lambda: "in an hour" in self.subjects(BOB), "what was due")
        wait_for(lambda: [m["queue_name"] for m in self.queue()] == ["hold"],
                 "the others to be gone")
        self.assertEqual(self.subjects(ALICE), ["before", "in two seconds"])

    def test_what_is_late_goes_back(self):
        self.server.block(ALICE)
        self.jump()
        self.submit("late", ALICE, "BY=2;R")
        wait_for(lambda: self.server.files(BOB), "a report")
        self.server.settle()


class Ages(Jump):
    def test_nobody_is_given_up(self):
        """Not by a clock that is years away, also when it was so at a start and
        is put right then."""
        self.server.block(ALICE)
        old = self.send(self.client(), "old", ALICE)
        self.await_tries(4)
        self.jump()
        new = self.send(self.client(), "new", ALICE)
        self.await_tries(8)
        self.assertEqual(self.waiting(), {old, new})
        for ahead in (self.BY, 0):
            self.server.stop()
            self.server.start()
            self.await_tries(6)
            self.server.jump(ahead)
            self.await_tries(6)
            self.assertEqual(self.waiting(), {old, new})
        self.server.unblock(ALICE)
        self.server.settle()
        self.assertEqual(sorted(self.subjects(ALICE)), ["new", "old"])

    def waiting(self):
        return {m["queue_id"] for m in self.queue()}


class Mailbox(Jump):
    def test_deliveries_and_sessions(self):
        mails = [self.send(self.client(), "first", ALICE)]
        self.server.settle()
        idle = Talk(self.server, "look")
        self.addCleanup(idle.close)
        idle.send(b"i IDLE\r\n")
        self.assertTrue(idle.line().startswith(b"+"))
        pop, smtp = self.server.pop3(), self.client()
        self.addCleanup(pop.close)
        known = pop.uidl()[1]
        validity = self.uids()[0]
        for n, (ahead, subject) in enumerate(
                [(self.BY, "second"), (0, "third"), (self.BY, "fourth")], 2):
            self.server.jump(ahead)
            mails.append(self.send(smtp, subject, ALICE))
            self.assertEqual(idle.line(), b"* %d EXISTS\r\n" % n)
            self.assertIn(b"RECENT", idle.line())
            self.server.settle()
            self.assert_clock(ahead)
            self.assertEqual(pop.uidl()[1], known)
            self.assertEqual(self.uids(), (validity, list(range(1, n + 1))))
        self.assertEqual(self.subjects(ALICE),
                         ["first", "second", "third", "fourth"])
        idle.send(b"DONE\r\n")
        self.assertTrue(idle.line().startswith(b"i OK"))
        pop.quit()
        again = self.server.pop3()
        self.assertEqual(again.uidl()[1][0], known[0])
        uidls = {line.split()[1] for line in again.uidl()[1]}
        self.assertEqual(len(uidls), 4)
        again.quit()
        self.server.stop()
        self.server.start()
        self.assertEqual(self.uids(), (validity, [1, 2, 3, 4]))
        again = self.server.pop3()
        self.assertEqual({line.split()[1] for line in again.uidl()[1]}, uidls)
        again.quit()
        self.await_trace(*mails)

    def uids(self):
        """UIDVALIDITY and the UIDs of the INBOX."""
        client = self.server.imap()
        client.select("INBOX", readonly=True)
        validity = client.response("UIDVALIDITY")[1][0]
        uids = [int(n) for n in client.uid("search", "ALL")[1][0].split()]
        client.logout()
        return validity, uids

    def assert_clock(self, ahead):
        """So late it is, by the last line of the log."""
        line = self.server.log().splitlines()[-1]
        said = time.mktime(time.strptime(line[:19], "%Y-%m-%dT%H:%M:%S"))
        self.assertAlmostEqual(said, time.time() + ahead, delta=600)


class Forward(Queue, Mailbox, unittest.TestCase):
    BY = DAY


class Back(Queue, Mailbox, unittest.TestCase):
    BY = -DAY


class YearsForward(Ages, unittest.TestCase):
    BY = 14 * 365 * DAY     # beyond 2038


class YearsBack(Ages, unittest.TestCase):
    BY = -10 * 365 * DAY


if __name__ == "__main__":
    unittest.main()
