# SPDX-License-Identifier: ISC
"""What the administrator does to waiting mail is there after kill -9."""

import json
import re
import unittest

from server import wait_for
from sink import Sink
from test_destinations import Hosts


class Alter(Hosts):
    def setUp(self):
        self.serve(more="retry_first = 1h\nretry_most = 1h\nroutes = routes",
                   listen=False)
        self.log_mark = 0

    def queue(self):
        """{recipient: item}, as posthouse queue list --json tells."""
        out = self.server.posthouse("queue", "list", "--json").stdout
        found = {}
        for line in filter(None, out.splitlines()):
            mail = json.loads(line)
            for r in mail["recipients"]:
                found[r["address"]] = (mail, r)
        return found

    def again(self):
        self.server.kill()
        self.server.start()

    def posthouse(self, *words):
        return self.server.posthouse("queue", *words).stdout

    def deferred(self, *to):
        self.submit([list(to)])
        for address in to:
            wait_for(lambda: self.tries(address), f"a try of {address}")
        mail, _ = self.queue()[to[0]]
        return mail["queue_id"]

    def listen(self, port=None):
        self.sink = Sink({}, address="0.0.0.0", port=port or self.port)
        self.sink.__enter__()
        self.addCleanup(self.sink.__exit__, None, None, None)

    def test_hold_and_release(self):
        a, b = "a@[127.0.0.11]", "b@[127.0.0.12]"
        one = self.deferred(a, b)
        self.posthouse("hold", one)
        self.again()
        self.assertEqual(self.queue()[a][0]["queue_name"], "hold")
        self.listen()
        self.posthouse("flush")         # passes over what is held
        other = self.deferred_or_sent("c@[127.0.0.13]")
        self.assertEqual(set(self.got()), {other})
        self.posthouse("release", one)
        wait_for(lambda: {a, b} <= set(self.got()), "both")
        self.assertEqual(set(self.got().values()), {1})
        self.server.settle()
        self.again()
        self.assertEqual(self.queue(), {})

    def deferred_or_sent(self, to):
        self.submit([to])
        wait_for(lambda: to in self.got(), f"mail for {to}")
        return to

    def test_delete_one_recipient(self):
        a, b = "a@[127.0.0.21]", "b@[127.0.0.22]"
        one = self.deferred(a, b)
        self.posthouse("delete", one, "--recipient", a)
        self.again()
        self.assertEqual(set(self.queue()), {b})
        self.listen()
        self.posthouse("flush")
        wait_for(lambda: b in self.got(), "the other")
        self.server.settle()
        self.assertEqual(set(self.got()), {b})

    def test_reroute(self):
        """It stays where the administrator said, also after a restart and at
        the next try, when router is asked about all others."""
        a = "a@[127.0.0.31]"
        one = self.deferred(a)
        self.posthouse("reroute", one, "--to", f"[127.0.0.99]:{self.port}")
        wait_for(lambda: len(self.tries(a)) > 1, "a second try")
        self.again()
        self.listen()
        self.posthouse("flush")
        wait_for(lambda: a in self.got(), "the mail")
        relays = re.findall(rf"to=<{re.escape(a)}>.*relay=(\S+),.*status=sent",
                            self.server.log())
        self.assertTrue(relays and "127.0.0.99" in relays[-1], relays)

    def test_route_changes(self):
        """A retry goes where etc/routes says by then."""
        a = "a@far.test"
        routes = self.server.dir / "etc/routes"
        routes.write_text(f"far.test [127.0.0.41]:{self.port}\n")
        self.server.posthouse("reload")
        self.deferred(a)
        routes.write_text(f"far.test [127.0.0.42]:{self.port}\n")
        self.server.posthouse("reload")
        self.listen()
        self.posthouse("flush")
        wait_for(lambda: a in self.got(), "the mail")
        relays = re.findall(rf"to=<{re.escape(a)}>.*relay=(\S+),.*status=sent",
                            self.server.log())
        self.assertIn("127.0.0.42", relays[-1])
        self.assertEqual(set(self.got().values()), {1})

    def test_requeue_follows_aliases(self):
        (self.server.dir / "etc/aliases").write_text(
            "team: x@[127.0.0.51], y@[127.0.0.52]\n")
        self.server.posthouse("reload")
        x, y, z = "x@[127.0.0.51]", "y@[127.0.0.52]", "z@[127.0.0.53]"
        self.submit(["team@example.test"])
        wait_for(lambda: self.tries(x) and self.tries(y), "tries")
        (self.server.dir / "etc/aliases").write_text(f"team: {y}, {z}, alice\n")
        self.server.posthouse("reload")
        self.posthouse("requeue", self.queue()[x][0]["queue_id"])
        wait_for(lambda: len(self.server.messages()) == 1, "alice's")
        self.again()
        self.assertEqual(set(self.queue()), {y, z})
        self.listen()
        self.posthouse("flush")
        wait_for(lambda: {y, z} <= set(self.got()), "both")
        self.server.settle()
        self.assertEqual(dict(self.got()), {y: 1, z: 1})
        self.assertEqual(len(self.server.messages()), 1)


if __name__ == "__main__":
    unittest.main()
