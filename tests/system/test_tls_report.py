# SPDX-License-Identifier: ISC
"""How TLS with other servers went, as posthouse tls report tells it."""

import datetime
import json
import unittest

import test_tls_out
from server import wait_for
from sink import EXTENSIONS


class Report(test_tls_out.House):
    def setUp(self):
        self.policies = test_tls_out.Policies(self.house.make(
            "mta-sts.a.example", "mta-sts.b.example").context())
        self.addCleanup(self.policies.server_close)
        self.addCleanup(self.policies.shutdown)
        self.settings = f"sts_port = {self.policies.port}\n"

    def zone(self, n):
        return (f"@ MX 10 mx\nmx A 127.0.0.{n}\n"
                '_mta-sts TXT "v=STSv1; id=1;"\nmta-sts A 127.0.0.1\n')

    def report(self, server, *words):
        done = server.posthouse("tls", "report", *words, check=False)
        return done.stdout if done.returncode == 0 else None

    def test_host_that_is_not_in_the_policy(self):
        """One session, one failure, although the mail goes in testing."""
        z = self.zones({"b.example": self.zone(3)})
        self.policies.set("b.example", "testing", "other.b.example")
        sink = self.sink("127.0.0.3", self.house.make("mx.b.example"))
        with self.server(z) as server:
            self.send(server, "x@b.example")
            self.assertTrue(self.arrives(sink).session.tls)
            server.stop()       # nothing is under way any more
            server.start()
            b = json.loads(self.report(server, "b.example"))
        (policy,) = b["policies"]
        self.assertEqual(policy["summary"], {
            "total-successful-session-count": 0,
            "total-failure-session-count": 1})

    def test_report(self):
        z = self.zones({"a.example": self.zone(2), "b.example": self.zone(3)})
        self.policies.set("a.example", "enforce", "mx.a.example")
        self.policies.set("b.example", "testing", "mx.b.example")
        good = self.sink("127.0.0.2", self.house.make("mx.a.example"))
        bad = self.sink("127.0.0.3", extensions=EXTENSIONS)
        with self.server(z) as server:
            self.send(server, "x@a.example", "x@b.example")
            self.arrives(good)
            self.arrives(bad)
            wait_for(lambda: (out := self.report(server)) and
                     "a.example" in out and "b.example" in out, "results")
            a = json.loads(self.report(server, "a.example"))
            b = json.loads(self.report(server, "b.example"))
            day = datetime.datetime.now(datetime.timezone.utc).date()
            self.assertEqual(a["organization-name"], "mail.example.test")
            self.assertEqual(a["date-range"], {
                "start-datetime": f"{day}T00:00:00Z",
                "end-datetime": f"{day}T23:59:59Z"})
            (policy,) = a["policies"]
            self.assertEqual(policy["policy"]["policy-type"], "sts")
            self.assertEqual(policy["policy"]["policy-domain"], "a.example")
            self.assertEqual(policy["policy"]["mx-host"], ["mx.a.example"])
            self.assertIn("version: STSv1", policy["policy"]["policy-string"])
            self.assertEqual(policy["summary"], {
                "total-successful-session-count": 1,
                "total-failure-session-count": 0})
            self.assertNotIn("failure-details", policy)
            (policy,) = b["policies"]
            self.assertEqual(policy["summary"]["total-failure-session-count"],
                             1)
            (failure,) = policy["failure-details"]
            self.assertEqual(failure["result-type"], "starttls-not-supported")
            self.assertEqual(failure["receiving-mx-hostname"], "mx.b.example")
            self.assertEqual(failure["receiving-ip"], "127.0.0.3")
            self.assertEqual(failure["failed-session-count"], 1)
            table = self.report(server)
            self.assertRegex(table, r"a\.example +sts +1 +0 +-\n")
            lines = self.report(server, "--json").splitlines()
            self.assertEqual(len([json.loads(one) for one in lines]), 2)
            self.assertIsNone(self.report(server, "--day", "2001-01-01"))
            # counted on over a restart
            server.stop()
            server.start()
            self.assertEqual(json.loads(self.report(server, "a.example")), a)


if __name__ == "__main__":
    unittest.main()
