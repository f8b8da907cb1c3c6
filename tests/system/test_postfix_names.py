# SPDX-License-Identifier: ISC
"""posthouse called as postqueue, postsuper, postmap and postconf."""

import json
import subprocess
import unittest

from tables import Tables, netstring
from test_queue_tools import KEYS, Case


class Names(Case):
    def call(self, name, *argv, code=0, input=""):
        done = subprocess.run(
            [self.server.dir / "bin" / name, "-c", self.server.conf, *argv],
            input=input, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, done)
        return done

    def ids(self):
        return [m["queue_id"] for m in self.queue()]

    def test_postqueue(self):
        self.send("one@down.test", "two@grey.test")
        self.wait(2)
        listed = self.call("postqueue", "-p").stdout
        self.assertRegex(listed.splitlines()[-1],
                         r"^-- \d+ Kbytes in 1 Request\.$")
        (line,) = self.call("postqueue", "-j").stdout.splitlines()
        self.assertLessEqual(KEYS, set(json.loads(line)))
        for argv in (["-f"], ["-i", self.ids()[0]], ["-s", "grey.test"]):
            done = self.call("postqueue", *argv)
            self.assertEqual(done.stdout + done.stderr, "")
        for argv in ([], ["-x"], ["-p", "-j"], ["-p", "more"]):
            done = self.call("postqueue", *argv, code=69)
            self.assertRegex(done.stderr, "postqueue: fatal: usage: postqueue")
        self.server.stop()
        self.call("postqueue", "-p", code=69)

    def test_postsuper(self):
        for n in range(3):
            self.send(f"user{n}@down.test")
        self.wait(3)
        one, two, three = self.ids()
        self.assertEqual(
            self.call("postsuper", "-h", one, "-h", two).stderr,
            f"postsuper: {one}: placed on hold\n"
            f"postsuper: {two}: placed on hold\n"
            "postsuper: Placed on hold: 2 messages\n")
        self.assertEqual({m["queue_name"] for m in self.queue()},
                         {"hold", "deferred"})
        self.assertEqual(self.call("postsuper", "-H", "ALL").stderr,
                         "postsuper: Released from hold: 2 messages\n")
        self.assertEqual(self.call("postsuper", "-r", three).stderr,
                         f"postsuper: {three}: requeued\n"
                         "postsuper: Requeued: 1 message\n")
        self.assertEqual(self.call("postsuper", "-h", three, "-d", "-",
                                   input=f"{one}\n{two}\n").stderr,
                         f"postsuper: {three}: placed on hold\n"
                         "postsuper: Placed on hold: 1 message\n"
                         f"postsuper: {one}: removed\n"
                         f"postsuper: {two}: removed\n"
                         "postsuper: Deleted: 2 messages\n")
        self.assertEqual(self.ids(), [three])
        # what is not there is no error
        self.assertEqual(self.call("postsuper", "-d", one).stderr,
                         "postsuper: Deleted: 0 messages\n")
        self.assertIn("invalid mail queue id",
                      self.call("postsuper", "-d", "no/id").stderr)
        self.assertEqual(self.call("postsuper", "-d", "ALL").stderr,
                         "postsuper: Deleted: 1 message\n")
        self.assertIn("Mail queue is empty",
                      self.call("postqueue", "-p").stdout)
        for argv in ([], ["-d"], ["-p"], ["-d", "ALL", "more"]):
            done = self.call("postsuper", *argv, code=1)
            self.assertIn("postsuper: fatal: usage:", done.stderr)

    def test_postmap(self):
        table = self.server.dir / "etc/table"
        table.write_text("# a comment\nAnna  one,\n  two\n\n"
                         "carol@x.test\tcarol\nanna never\nroot: anna\nend e")
        for key, value in (("anna", "one,  two"), ("CAROL@X.test", "carol"),
                           ("root", "anna"), ("end", "e")):
            for kind in ("", "hash:", "texthash:", "lmdb:"):
                done = self.call("postmap", "-q", key, f"{kind}{table}")
                self.assertEqual(done.stdout, f"{value}\n")
        self.assertEqual(self.call("postmap", "-q", "two", table,
                                   code=1).stdout, "")
        self.assertEqual(self.call("postmap", "-q", "-", table,
                                   input="root\nnone\nend\n").stdout,
                         "root\tanna\nend\te\n")
        self.call("postmap", "-q", "-", table, input="none\n", code=1)
        for argv in ([table], ["-q", "x", f"ldap:{table}"],
                     ["-q", "x", f"{table}.none"]):
            done = self.call("postmap", *argv, code=1)
            self.assertIn("postmap: fatal: ", done.stderr)

    def test_postmap_kinds(self):
        table = self.server.dir / "etc/networks"
        table.write_text("10.0.0.0/8 inside\nnonsense\n0.0.0.0/0 outside\n")
        for key, value in (("10.1.2.3", "inside"), ("192.0.2.1", "outside")):
            done = self.call("postmap", "-q", key, f"cidr:{table}")
            self.assertEqual(done.stdout, value + "\n")
            self.assertIn(", line 2: ", done.stderr)
        self.call("postmap", "-q", "::1", f"cidr:{table}", code=1)
        done = self.call("postmap", "-q", "b", "inline:{ a = 1, b = 2 }")
        self.assertEqual(done.stdout, "2\n")
        answers = Tables({"b": "2", "t": netstring(b"TEMP come back")})
        self.addCleanup(answers.end)
        name = f"socketmap:inet:localhost:{answers.port}:names"
        self.assertEqual(self.call("postmap", "-q", "-", name,
                                   input="a\nb\n").stdout, "b\t2\n")
        done = self.call("postmap", "-q", "t", name, code=1)
        self.assertEqual(done.stdout, "")
        self.assertIn("come back", done.stderr)

    def test_postconf(self):
        lines = self.call("postconf", "-n").stdout.splitlines()
        self.assertIn("hostname = mail.example.test", lines)
        self.assertFalse([x for x in lines if x.startswith("log_ident")])
        self.assertIn("postconf: fatal:",
                      self.call("postconf", "mydomain", code=1).stderr)


if __name__ == "__main__":
    unittest.main()
