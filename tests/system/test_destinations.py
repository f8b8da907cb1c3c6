# SPDX-License-Identifier: ISC
"""Many next hosts, some of which hang, refuse or are dead.

All of 127.0.0.0/8 leads here, so one sink is a host for each of its addresses,
and what it does depends on which one the client spoke to."""

import collections
import re
import smtplib
import time
import unittest

from server import (DOMAIN, Server, free_port, message, settings_text,
                    wait_for)
from sink import Hang, Sink

ALICE = f"alice@{DOMAIN}"
SETTINGS = """smtp_port = {port}
connect_timeout = 20
remote_timeout = 20
smtp_tls = none
user_rate = 1000000
"""


def host(n):
    return f"127.{1 + n // 250 // 250}.{n // 250 % 250}.{1 + n % 250}"


class Hosts(unittest.TestCase):
    def serve(self, more="retry_first = 60", script=None, listen=True):
        self.port = free_port()
        if listen:
            self.sink = Sink(script or {}, address="0.0.0.0", port=self.port)
            self.sink.__enter__()
            self.addCleanup(self.sink.__exit__, None, None, None)
        self.server = Server(settings_text(
            SETTINGS.format(port=self.port), more))
        self.addCleanup(self.server.remove)
        self.server.start()

    def submit(self, recipients, content=None):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            for part in recipients:
                to = [part] if isinstance(part, str) else part
                self.assertEqual(smtp.sendmail(ALICE, to, content or
                                               message(f"for {to[0]}")), {})

    def got(self):
        """How often each recipient has had its mail."""
        return collections.Counter(to for to, _ in self.sink.delivered())

    def tries(self, to):
        return re.findall(rf"to=<{re.escape(to)}>.*status=(\w+) \((.*)\)\n",
                          self.server.log())


def local_address(session):
    return session.writer.get_extra_info("sockname")[0]


class Thousand(Hosts):
    def test_a_hundred_hang(self):
        """Nine hundred get their mail while a hundred say nothing."""
        hang = {host(n) for n in range(0, 1000, 10)}

        def greeting(session, _):
            return Hang() if local_address(session) in hang else None

        self.serve(script={"GREETING": greeting},
                   more="smtp_connections = 250\nretry_first = 60\n"
                   "remote_timeout = 1h")
        to = [f"u{k}@[{host(n)}]" for k in range(2) for n in range(1000)]
        self.submit(to)
        good = {a for a in to if a[a.index("[") + 1:-1] not in hang}
        wait_for(lambda: len(self.got()) >= len(good),
                 "mail for those that do not hang", 60)
        self.assertEqual(set(self.got()), good)
        self.assertEqual(set(self.got().values()), {1})
        # nobody waited for those that hang: none of them has an outcome
        self.assertFalse(re.findall(r"status=(?!sent)\w+",
                                    self.server.log()))

    def test_a_list_starves_nobody(self):
        """A single mail for the same host is not behind a long list."""
        self.serve(script={"END": lambda s, _: None},
                   more="route_connections = 1\nretry_first = 60")
        self.sink.delay = 0.01
        many = [f"l{n}@[127.0.0.9]" for n in range(1000)]
        self.submit([many[i:i + 1000] for i in range(0, len(many), 1000)])
        self.submit(["single@[127.0.0.9]"])
        wait_for(lambda: self.got()["single@[127.0.0.9]"], "the single mail")
        self.assertLess(len(self.got()), 900)
        wait_for(lambda: len(self.got()) == 1001, "the list", 120)
        self.assertEqual(set(self.got().values()), {1})
        # a hundred in each transaction
        self.assertLessEqual(len(self.sink.mails), 15)


class Dead(Hosts):
    def test_one_probe(self):
        """However much waits for a dead host, one try finds out; then all go."""
        self.serve(more="retry_first = 4\nretry_most = 4\n"
                   "route_connections = 20", listen=False)
        to = [f"d{n}@[127.0.0.7]" for n in range(50)]
        self.submit(to)
        wait_for(lambda: all(self.tries(a) for a in to), "the first tries", 10)
        time.sleep(9)
        log = self.server.log()
        for address in to:
            self.assertTrue(all(word == "deferred"
                                for word, _ in self.tries(address)))
        # the first two went together; then one for each time of four seconds,
        # and the others hear of it
        self.assertLess(len(re.findall(r"to=<d\d+@.*relay=127.*=deferred", log)),
                        20)
        self.sink = Sink({}, address="0.0.0.0", port=self.port)
        with self.sink:
            wait_for(lambda: len(self.got()) == 50, "all of them", 20)
            self.assertEqual(set(self.got().values()), {1})

    def test_rate(self):
        self.serve(more="destination_rate = 120")
        began = time.monotonic()
        self.submit([f"r{n}@[127.0.0.5]" for n in range(7)])
        wait_for(lambda: len(self.got()) == 7, "all of them")
        self.assertGreater(time.monotonic() - began, 2.9)


if __name__ == "__main__":
    unittest.main()
