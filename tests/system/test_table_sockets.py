# SPDX-License-Identifier: ISC
"""Tables that another program answers for: socketmap: and tcp: (aliases(5))."""

import json
import smtplib
import threading
import unittest

from server import DOMAIN, Server, free_port, message, wait_for
from sink import Sink
from tables import Recipients, Tables, netstring

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))


class TableSockets(Recipients, unittest.TestCase):
    def table(self, *args, **options):
        table = Tables(*args, **options)
        self.addCleanup(table.end)
        return table

    def serve(self, aliases, more=""):
        self.server = Server(f"aliases = aliases {aliases}\n{more}")
        self.addCleanup(self.server.remove)
        (self.server.dir / "etc/aliases").touch()
        self.server.start()

    def connect(self):
        smtp = smtplib.SMTP("127.0.0.1", self.server.ports["smtp"],
                            timeout=120)
        self.addCleanup(smtp.close)
        smtp.ehlo("client.test")
        smtp.mail("friend@client.test")
        return smtp

    def logged(self, text):
        return wait_for(lambda: text in self.server.log(), text)

    def test_answers(self):
        """Each kind of answer, in each protocol; users need no table."""
        long = netstring(b"OK " + b"a" * 100000)
        wrong = {False: [b"12:OK half", long, b"x:OK a,", b"5:OK a,",
                         netstring(b"OK "), netstring(b"ok a"),
                         netstring(b"OK alice") + b"1", b"",
                         netstring(b"TEMP later"), netstring(b"PERM never"),
                         netstring(b"TIMEOUT slow")],
                 True: [b"200 half", b"200 " + b"a" * 5000, b"200 a%2\n",
                        b"200 \n", b"201 a\n", b"400 later\n", b""]}
        for lines in False, True:
            with self.subTest(lines=lines):
                answers = {f"w{i}@{DOMAIN}": answer for i, answer in
                           enumerate(wrong[lines])}
                answers |= {f"team@{DOMAIN}": "alice, bob",
                            f"far@{DOMAIN}": f"%x%@{DOMAIN}, bob",
                            f"cmd@{DOMAIN}": "|/bin/sh"}
                table = self.table(answers, lines=lines)
                self.serve(f"tcp:localhost:{table.port}" if lines else
                           f"socketmap:inet:127.0.0.1:{table.port}:names")
                self.expect("250 ", f"Team@{DOMAIN}", ALICE, f"bob+x@{DOMAIN}",
                            f"far@{DOMAIN}")
                self.expect("550 5.1.1", f"none@{DOMAIN}")
                self.expect("451 4.3.5", f"cmd@{DOMAIN}",
                            *(f"w{i}@{DOMAIN}" for i in
                              range(len(wrong[lines]))))
                self.expect("250 ", f"team@{DOMAIN}")
                # what could be several addresses is not asked
                self.expect("550 5.1.1", f'"a b"@{DOMAIN}')
                self.assertFalse([key for key in table.asked if " " in key])
                with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"],
                                  timeout=60) as smtp:
                    smtp.sendmail("friend@client.test", f"team@{DOMAIN}",
                                  message())
                for user in ALICE, BOB:
                    wait_for(lambda: len(self.server.messages(user)) == 1,
                             f"mail of {user}")

    def test_slow(self):
        """Others are answered while one waits, and that one is put off."""
        free = threading.Event()
        self.addCleanup(free.set)
        table = self.table({f"slow@{DOMAIN}": lambda: free.wait() and "alice",
                            f"team@{DOMAIN}": "bob"})
        self.serve(f"socketmap:inet:127.0.0.1:{table.port}:names")
        said = []
        waits = [threading.Thread(target=lambda: said.append(
            self.answer(f"slow@{DOMAIN}"))) for _ in range(3)]
        for thread in waits:
            thread.start()
        wait_for(lambda: f"slow@{DOMAIN}" in table.asked, "the question")
        self.expect("250 ", f"team@{DOMAIN}", BOB)
        self.assertEqual(said, [])
        for thread in waits:
            thread.join()
        self.assertEqual([s[:9] for s in said], ["451 4.3.5"] * 3)
        self.assertEqual(table.asked.count(f"slow@{DOMAIN}"), 1)
        self.assertTrue(self.logged("no answer in time key=slow@"))
        free.set()
        wait_for(lambda: self.answer(f"slow@{DOMAIN}").startswith("250"),
                 "the answer")

    def test_down_and_up(self):
        """Mail waits while nobody answers, and goes on when somebody does."""
        port = free_port()
        name = f"socketmap:inet:127.0.0.1:{port}:names"
        self.serve(name)
        said = self.server.posthouse("check").stderr
        self.assertIn(f"nobody answers for {name}", said)
        self.expect("451 4.3.5", f"team@{DOMAIN}", ALICE)
        self.assertTrue(self.logged(f"{name}: Connection refused"))
        table = self.table({f"team@{DOMAIN}": "alice"}, port=port)
        wait_for(lambda: self.answer(f"team@{DOMAIN}").startswith("250"),
                 "the answer")
        self.assertNotIn("nobody answers",
                         self.server.posthouse("check").stderr)
        self.assertTrue(self.logged(f"{name}: answers again"))
        # one that was idle for long is connected to again
        table.hang_up()
        self.expect("550 5.1.1", f"new@{DOMAIN}")
        table.end()
        self.expect("451 4.3.5", f"other@{DOMAIN}")
        self.table({}, port=port)
        wait_for(lambda: self.answer(f"other@{DOMAIN}").startswith("550"),
                 "the answer")

    def test_many(self):
        """Thousands of keys, few connections, each asked once in a while."""
        keys = [f"k{i}@{DOMAIN}" for i in range(3000)]
        # an alias whose members are looked up, too
        answers = dict.fromkeys(keys, "alice")
        answers[f"all@{DOMAIN}"] = ", ".join(k.split("@")[0]
                                             for k in keys[:900])
        table = self.table(answers)
        self.serve(f"socketmap:inet:127.0.0.1:{table.port}:names",
                   "recipients_max = 5000\n")
        smtp = self.connect()
        self.assertEqual(smtp.rcpt(f"all@{DOMAIN}")[0], 250)
        for key in keys:
            if smtp.rcpt(key)[0] != 250:
                self.fail(key)
        self.assertLessEqual(table.connections, 4)
        self.assertGreaterEqual(set(table.asked), set(keys))

    def test_commands(self):
        """table query, explain, check, and names that are wrong."""
        answers = {f"team@{DOMAIN}": "alice, bob",
                   "temp": netstring(b"TEMP come back")}
        self.server = Server()
        self.addCleanup(self.server.remove)
        path = self.server.dir / "names.socket"
        self.table(answers, path=path)
        name = f"socketmap:unix:{path}:names"
        (self.server.dir / "etc/aliases").touch()
        conf = self.server.dir / "etc/posthouse.conf"
        before = conf.read_text()

        def use(table):
            conf.write_text(before.replace("aliases = aliases",
                                           f"aliases = aliases {table}"))

        def query(*args):
            return self.server.posthouse("table", "query", *args, check=False)
        self.assertEqual(query(name, f"team@{DOMAIN}").stdout, "alice, bob\n")
        self.assertEqual(query(name, "none").returncode, 67)
        temp = query(name, "temp")
        self.assertEqual(temp.returncode, 75)
        self.assertIn("come back", temp.stderr)
        self.assertEqual(json.loads(query(
            name, f"team@{DOMAIN}", "--json").stdout)["value"], "alice, bob")
        for wrong in ("socketmap:names", "socketmap:unix:names:x", "tcp:1",
                      "socketmap:inet:host.example:1:x", "tcp:*:25",
                      "tcp:127.0.0.1:0"):
            with self.subTest(wrong=wrong):
                self.assertEqual(query(wrong, "x").returncode,
                                 75 if "host" in wrong or "127" in wrong or
                                 "*" in wrong else 65)
                use(wrong)
                said = self.server.posthouse("check", check=False)
                self.assertNotEqual(said.returncode, 0)
                self.assertIn("Must ", said.stderr)
        use(name)
        self.server.start()
        self.assertIn(f"  table team@{DOMAIN} ({name})\n    user {ALICE}\n"
                      f"    user {BOB}\n", self.server.posthouse(
                          "explain", f"team@{DOMAIN}").stdout)

    def test_recipients_and_canonical(self):
        """The other settings that name tables."""
        table = self.table({"otto@backup.test": "x",
                            f"alice@{DOMAIN}": "a.lice@public.test"})
        name = f"socketmap:inet:127.0.0.1:{table.port}:names"
        with Sink() as sink:
            self.server = Server(
                f"relay_domains = backup.test\nrelay_recipients = {name}\n"
                f"canonical = {name}\nroutes = routes\nsmtp_tls = none\n"
                f"retry_first = 1\nretry_most = 1\n", aliases="")
            self.addCleanup(self.server.remove)
            (self.server.dir / "etc/routes").write_text(
                f"* [127.0.0.1]:{sink.port}\n")
            self.server.start()
            self.expect("550 5.1.1", "anna@backup.test")
            smtp = self.connect()
            self.assertEqual(smtp.rcpt("otto@backup.test")[0], 250)
            smtp.data(f"From: {ALICE}\r\n\r\nx\r\n")
            wait_for(lambda: sink.mails, "the mail")
            self.assertIn(b"From: a.lice@public.test\r\n",
                          sink.mails[0].content)


if __name__ == "__main__":
    unittest.main()
