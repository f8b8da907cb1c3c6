# SPDX-License-Identifier: ISC
"""The administrator's commands about mail that waits for other hosts."""

import json
import re
import time
import unittest

from server import Server, free_port, message, wait_for
from sink import Sink

SENDER = "tester@client.test"
# Scripts know these from postqueue -j.
KEYS = {"queue_name", "queue_id", "arrival_time", "message_size",
        "forced_expire", "sender", "recipients"}


class Case(unittest.TestCase):
    """down.test goes to a port where nobody listens, up.test to a sink,
    grey.test to a sink that says later to every recipient."""

    def setUp(self):
        self.sink = Sink()
        self.grey = Sink({"RCPT": "450 4.2.0 Greylisted,\ncome back later"})
        for sink in (self.sink, self.grey):
            sink.__enter__()
            self.addCleanup(sink.__exit__)
        self.server = Server("routes = routes\nrelay_clients = 127.0.0.0/8\n"
                             "retry_first = 1h\nretry_most = 1h\n")
        self.addCleanup(self.server.remove)
        self.down = free_port()
        self.routes(down=self.down, up=self.sink.port, grey=self.grey.port)
        self.server.start()

    def routes(self, **ports):
        (self.server.dir / "etc/routes").write_text("".join(
            f"{name}.test [127.0.0.1]:{port}\n"
            for name, port in ports.items()))

    def send(self, *rcpts, sender=SENDER, subject="Hello"):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, rcpts, message(subject, to=rcpts[0]))

    def tell(self, *argv, **options):
        return self.server.posthouse("queue", *argv, **options)

    def queue(self, *argv):
        lines = self.tell("list", "--json", *argv).stdout.splitlines()
        return [json.loads(line) for line in lines]

    def reasons(self):
        return [r.get("delay_reason") for m in self.queue()
                for r in m["recipients"]]

    def wait(self, count):
        """Until so many recipients wait and were tried."""
        wait_for(lambda: len(r := self.reasons()) == count and all(r),
                 f"{count} recipients that wait")
        return self.queue()


class Lists(Case):
    def test_mailq(self):
        """The shape of Postfix's mailq with long ids."""
        self.send("one@down.test", "two@down.test")
        self.send("three@grey.test", sender="")
        self.wait(3)
        self.tell("hold", "--recipient", "three@grey.test")
        done = self.server.run(self.server.dir / "bin/mailq", "-C",
                               self.server.conf)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0],
                         "----Queue ID----- --Size-- ---Arrival Time---- "
                         "--Sender/Recipient------")
        when = r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d"
        mails = [re.fullmatch(r"([0-9A-F]{16})([*! ]) +(\d+) "
                              + when + " (.*)", line) for line in lines]
        self.assertEqual([(m[2], m[4]) for m in mails if m],
                         [(" ", SENDER), ("!", "MAILER-DAEMON")])
        at = lines.index(" " * 47 + "one@down.test")
        self.assertRegex(lines[at - 1], r"^ *\(.*127\.0\.0\.1.*\)$")
        # the reason that both share stands once
        self.assertEqual(lines[at + 1], " " * 47 + "two@down.test")
        self.assertEqual(lines[at + 2], "")
        self.assertIn("450-4.2.0 Greylisted", done.stdout)
        self.assertRegex(lines[-1], r"^-- \d+ Kbytes in 2 Requests\.$")
        for argv in ("-bp",):
            self.assertEqual(done.stdout, self.server.sendmail(argv).stdout)

    def test_json(self):
        self.send("one@grey.test", "two@down.test")
        (mail,) = self.wait(2)
        self.assertLessEqual(KEYS, set(mail))
        self.assertEqual(mail["queue_name"], "deferred")
        self.assertEqual(mail["sender"], SENDER)
        self.assertIs(mail["forced_expire"], False)
        self.assertAlmostEqual(mail["arrival_time"], time.time(), delta=60)
        grey, down = mail["recipients"]
        self.assertEqual([grey["address"], down["address"]],
                         ["one@grey.test", "two@down.test"])
        self.assertIn("said: 450", grey["delay_reason"])
        self.assertEqual(grey["reply"],
                         "450-4.2.0 Greylisted,\n450 come back later")
        self.assertEqual(grey["relay"], f"127.0.0.1[127.0.0.1]:{self.grey.port}")
        self.assertEqual([grey["tries"], grey["transport"], grey["destination"]],
                         [1, "smtp", f"[127.0.0.1]:{self.grey.port}"])
        self.assertAlmostEqual(grey["next_try"], time.time() + 3600, delta=900)

    def test_filters(self):
        self.send("one@down.test", sender="a@one.test")
        self.send("two@grey.test", sender="b@two.test")
        self.send("three@GREY.test", sender="")
        self.wait(3)

        def found(*argv):
            return {r["address"].split("@")[0] for m in self.queue(*argv)
                    for r in m["recipients"]}
        everything = {"one", "two", "three"}
        for argv, wanted in (
                (["--sender", "a@one.test"], {"one"}),
                (["--sender", "@TWO.test"], {"two"}),
                (["--sender", "<>"], {"three"}),
                (["--recipient", "two@grey.test"], {"two"}),
                (["--recipient=@grey.test"], {"two", "three"}),
                (["--domain", "grey.test"], {"two", "three"}),
                (["--domain", "@test"], everything),
                (["--domain", "127.0.0.1"], everything),
                (["--reason", "greyLISTED"], {"two", "three"}),
                (["--reason", "greylisted", "--sender", "<>"], {"three"}),
                (["--state", "deferred"], everything),
                (["--state", "held"], set()),
                (["--older", "1h"], set()),
                (["--newer", "1h"], everything)):
            with self.subTest(argv=argv):
                self.assertEqual(found(*argv), wanted)
        ids = [m["queue_id"] for m in self.queue()]
        self.assertEqual(found(ids[1], ids[2]), {"two", "three"})

    def test_misuse(self):
        for argv in (["list", "--older", "long"], ["list", "--state", "odd"],
                     ["list", "--sender"], ["list", "xyz"], ["delete"],
                     ["delete", "--all", "--sender", "<>"], ["hold"],
                     ["reroute", "--all"],
                     ["reroute", "--all", "--to", "[no:port"],
                     ["list", "--all"], ["show"]):
            with self.subTest(argv=argv):
                done = self.tell(*argv, check=False)
                self.assertEqual(done.returncode, 64, done.stderr)
                self.assertEqual(len((done.stderr or done.stdout).strip()
                                     .splitlines()), 1 + (argv == ["show"]))
        for verb in ("why", "show", "flush", "delete", "release"):
            done = self.tell(verb, "00000000000000AA", check=False)
            self.assertEqual(done.returncode, 65, (verb, done.stderr))


class Changes(Case):
    def test_hold_and_release(self):
        self.send("one@down.test", "two@grey.test")
        self.wait(2)
        up = Sink(port=self.down)
        up.__enter__()
        self.addCleanup(up.__exit__)
        self.assertEqual(self.tell("hold", "--domain", "down.test").stdout,
                         "1 mail (1 recipient): held\n")
        self.tell("flush")
        wait_for(lambda: self.queue()[0]["queue_name"] == "deferred",
                 "the end of the try")
        (mail,) = self.queue()
        self.assertEqual(mail["queue_name"], "deferred")
        self.tell("hold", "--all")
        self.server.kill()
        self.server.start()
        (mail,) = self.queue()
        self.assertEqual(mail["queue_name"], "hold")
        self.assertEqual([r["state"] for r in mail["recipients"]],
                         ["held", "held"])
        self.assertIn("held by the administrator", self.tell("list").stdout)
        self.tell("release", "--recipient", "one@down.test")
        wait_for(up.delivered, "the released recipient")
        (mail,) = self.queue()
        self.assertEqual([r["address"] for r in mail["recipients"]],
                         ["two@grey.test"])
        self.grey.script.clear()
        self.tell("release", "--all")
        wait_for(self.grey.delivered, "the other")
        self.server.settle()
        self.assertIn("Mail queue is empty", self.tell("list").stdout)

    def test_flush(self):
        for name in ("one", "two"):
            self.send(f"{name}@grey.test", sender=f"{name}@client.test")
        self.wait(2)
        self.grey.script.clear()
        self.tell("flush", "--sender", "two@client.test")
        wait_for(lambda: self.grey.delivered(), "the second")
        self.assertEqual([r for r, _ in self.grey.delivered()],
                         ["two@grey.test"])
        self.assertEqual(len(self.queue()), 1)
        self.server.sendmail("-qSnobody@client.test")
        self.server.sendmail("-qRdown.test")
        self.assertEqual(len(self.queue()), 1)
        self.server.sendmail("-qR" + "one@grey.test")
        wait_for(lambda: len(self.grey.delivered()) == 2, "the first")
        self.server.settle()

    def test_delete(self):
        self.send("one@grey.test", "two@down.test")
        self.send("three@down.test")
        self.wait(3)
        done = self.tell("delete", "--recipient", "two@down.test", "--json")
        self.assertEqual(json.loads(done.stdout),
                         {"mails": 1, "recipients": 1})
        self.assertEqual([r["address"] for m in self.queue()
                          for r in m["recipients"]],
                         ["one@grey.test", "three@down.test"])
        self.server.kill()
        self.server.start()
        self.assertEqual(len(self.reasons()), 2)
        self.tell("delete", self.queue()[0]["queue_id"])
        self.tell("delete", "--all")
        self.server.settle()
        self.assertEqual(self.queue(), [])
        self.assertIn("deleted by the administrator", self.server.log())

    def test_requeue(self):
        """The routes are asked again, and the tries begin anew."""
        self.send("one@down.test")
        self.wait(1)
        self.routes(down=self.sink.port)
        self.server.posthouse("reload")
        self.tell("requeue", "--all")
        wait_for(lambda: self.sink.delivered(), "the mail")
        self.server.settle()

    def test_reroute(self):
        self.send("one@down.test", "two@grey.test")
        self.wait(2)
        self.tell("reroute", "--recipient", "@down.test",
                  "--to", f"[127.0.0.1]:{self.sink.port}")
        wait_for(lambda: self.sink.delivered(), "the mail")
        self.assertEqual([r for r, _ in self.sink.delivered()],
                         ["one@down.test"])
        self.assertEqual(len(self.reasons()), 1)


class Words(Case):
    def test_why(self):
        self.send("one@grey.test", "two@down.test")
        (mail,) = self.wait(2)
        told = self.tell("why", mail["queue_id"]).stdout
        for part in (f"from <{SENDER}>", "to <one@grey.test>",
                     "tried 1 time", "450 come back later",
                     f"127.0.0.1[127.0.0.1]:{self.grey.port}",
                     "next try 20", "tries end 20",
                     "No host answered", "queue flush " + mail["queue_id"]):
            self.assertIn(part, told)
        self.tell("hold", mail["queue_id"])
        told = self.tell("why", mail["queue_id"]).stdout
        self.assertIn("queue release", told)
        got = json.loads(self.tell("why", mail["queue_id"], "--json").stdout)
        self.assertLessEqual(KEYS, set(got))
        self.assertIn("advice", got["recipients"][0])

    def test_show(self):
        self.send("one@down.test", subject="Look at me")
        (mail,) = self.wait(1)
        told = self.tell("show", mail["queue_id"]).stdout
        self.assertIn("Subject: Look at me\n", told)
        self.assertIn("Recipient: <one@down.test>, deferred", told)
        self.assertNotIn("Hello.", told)
        told = self.tell("show", "--body", mail["queue_id"]).stdout
        self.assertTrue(told.endswith("\nHello.\n"), told)
        got = json.loads(self.tell("show", "--json", mail["queue_id"]).stdout)
        self.assertTrue(got["content"].endswith("\r\n\r\n"))

    def test_stats(self):
        self.send("one@down.test", "two@down.test")
        self.send("three@grey.test")
        self.wait(3)
        rows = {row["destination"]: row for row in map(
            json.loads, self.tell("stats", "--json").stdout.splitlines())}
        grey = rows[f"[127.0.0.1]:{self.grey.port}"]
        self.assertEqual([grey["waiting"], grey["trying"]], [1, 0])
        self.assertAlmostEqual(grey["oldest"], time.time(), delta=60)
        (down,) = [r for name, r in rows.items()
                   if name not in (grey["destination"],)]
        self.assertEqual(down["waiting"], 2)
        self.assertIn("127.0.0.1", down["last_trouble"])
        told = self.tell("stats").stdout.splitlines()
        self.assertTrue(told[0].startswith("DESTINATION"))
        self.assertRegex(told[-1], r"^2 mails, \d+ octets$")


if __name__ == "__main__":
    unittest.main()
