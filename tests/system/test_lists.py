# SPDX-License-Identifier: ISC
"""Lists: their owners, large ones, and what a kill leaves of them."""

import collections
import email
import os
import re
import signal
import time
import unittest

from server import DOMAIN, Server, message, wait_for
from sink import Sink

ALICE, BOB = "alice@" + DOMAIN, "bob@" + DOMAIN
FAST = "retry_first = 1s\nretry_most = 2s\n"


def header(octets, name):
    return email.message_from_bytes(octets).get_all(name)


class Lists(unittest.TestCase):
    def server(self, settings="", **more):
        s = Server(FAST + settings, **more)
        self.addCleanup(s.remove)
        return s

    def send(self, server, *to, sender="tester@client.test", **more):
        with server.smtp() as c:
            c.sendmail(sender, to, message(sender=sender, to=", ".join(to),
                                           **more))

    def test_owner(self):
        """Members get the mail from the owner, whom failures are told."""
        s = self.server("relay_clients = 127.0.0.0/8\nroutes = routes\n",
                        aliases=f"club: bob, bob@{DOMAIN}, x@away.test\n"
                                "owner-club: alice\n")
        with Sink({"RCPT": "550 5.1.1 nobody"}) as sink:
            (s.dir / "etc/routes").write_text(
                f"away.test [127.0.0.1]:{sink.port}\n")
            s.start()
            self.send(s, f"club@{DOMAIN}", subject="for the club")
            wait_for(lambda: len(s.files(BOB)) == 1 and len(s.files(ALICE)),
                     "the mail and the report")
            s.settle()
        got, = s.messages(BOB)
        self.assertEqual(header(got, "Return-Path"), [f"<owner-club@{DOMAIN}>"])
        self.assertEqual(header(got, "Delivered-To"), [f"club@{DOMAIN}"])
        self.assertEqual(got.count(b"Subject: for the club"), 1)
        report, = s.messages(ALICE)
        self.assertIn(b"x@away.test", report)
        self.assertEqual(s.link_counts(BOB), [1])

    def test_null_sender(self):
        """What has no sender gets none: reports must not make reports."""
        s = self.server(aliases="club: bob\nowner-club: alice\n")
        s.start()
        self.send(s, f"club@{DOMAIN}", sender="<>")
        wait_for(lambda: len(s.files(BOB)) == 1, "the mail")
        self.assertEqual(header(s.messages(BOB)[0], "Return-Path"), ["<>"])
        s.settle()

    def test_lists_in_lists(self):
        """Each has its own owner; one that leads back is cut, and its owner
        is told."""
        s = self.server(aliases="outer: inner, alice\nowner-outer: bob\n"
                                "inner: bob, outer\nowner-inner: alice\n")
        s.start()
        self.send(s, f"outer@{DOMAIN}", subject="round")
        s.settle()
        paths = collections.Counter(
            (header(m, "Subject")[0], header(m, "Return-Path")[0])
            for m in s.messages(ALICE) + s.messages(BOB))
        self.assertEqual(paths["round", f"<owner-outer@{DOMAIN}>"], 1)
        self.assertEqual(paths["round", f"<owner-inner@{DOMAIN}>"], 1)
        report, = [m for m in s.messages(ALICE) if b"5.4.6" in m]
        self.assertIn(b"loop", report)
        self.assertEqual(sum(paths.values()), 3)

    def large(self, n, settings="", twice=True):
        """A server with a list of n members elsewhere and two here."""
        s = self.server("relay_clients = 127.0.0.0/8\nroutes = routes\n"
                        + settings)
        aliases = s.dir / "etc/aliases"
        aliases.write_text(f"all: :include:{s.dir}/etc/all\n")
        lines = [f"member{i}@d{i % 50}.test" for i in range(n - 2)]
        lines += lines[:100] if twice else []
        (s.dir / "etc/all").write_text("\n".join([*lines, "alice", "bob",
                                                  "alice"]) + "\n")
        return s

    def routes(self, server, sink):
        (server.dir / "etc/routes").write_text(
            f"* [127.0.0.1]:{sink.port}\n")

    def arrived(self, sink):
        return collections.Counter(r for m in list(sink.mails) if m.said
                                   for r in m.recipients)

    def test_large(self):
        n = int(os.environ.get("LIST_MEMBERS", 3500))
        s = self.large(n)
        with Sink() as sink:
            self.routes(s, sink)
            s.start()
            self.send(s, f"all@{DOMAIN}", subject="for all")
            wait_for(lambda: len(self.arrived(sink)) == n - 2, "all mails",
                     300)
            s.settle(120)
            self.assertEqual(set(self.arrived(sink).values()), {1})
        got, = s.messages(ALICE)
        self.assertEqual(len(s.files(BOB)), 1)
        # without an owner the sender stays
        self.assertEqual(header(got, "Return-Path"), ["<tester@client.test>"])
        self.assertIsNone(header(got, "Delivered-To"))

    def test_kill(self):
        """Programs are killed while the list is opened: none is left out, and
        here none comes twice. Elsewhere a reply may be lost."""
        n = int(os.environ.get("LIST_MEMBERS", 3500))
        s = self.large(n, settings="smtp_connections = 20\n")
        with Sink() as sink:
            self.routes(s, sink)
            s.start()
            self.send(s, f"all@{DOMAIN}", subject="for all")
            for role in ("local", "queue", "router", "local", "queue"):
                for pid in s.pids(role):
                    os.kill(pid, signal.SIGKILL)
                time.sleep(0.2)
            s.kill()
            s.start()
            wait_for(lambda: len(self.arrived(sink)) == n - 2, "all mails",
                     300)
            s.settle(120)
        self.assertEqual((len(s.files(ALICE)), len(s.files(BOB))), (1, 1))

    def test_mistakes(self):
        """An address that is none is named with its line; a member that cannot
        be served makes the mail wait."""
        s = self.large(1200)
        with (s.dir / "etc/all").open("a") as f:
            f.write("this is no address\n")
        with Sink() as sink:
            self.routes(s, sink)
            s.start()
            wait_for(lambda: re.search(r"etc/all:1302: .*no address", s.log()),
                     "a complaint with its line")
            self.send(s, f"all@{DOMAIN}")
            wait_for(lambda: len(self.arrived(sink)) == 1198, "all mails")
            s.settle()


if __name__ == "__main__":
    unittest.main()
