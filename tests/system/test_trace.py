# SPDX-License-Identifier: ISC
"""What became of a mail: posthouse trace, whatever happened to history."""

import json
import os
import signal
import smtplib
import subprocess
import threading
import time
import unittest

from server import BIN, DOMAIN, Server, message, wait_for, within
from sink import Sink

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))
CAROL = "carol@elsewhere.example"


class Case(unittest.TestCase):
    settings = ""

    def setUp(self):
        self.server = Server(self.settings)
        self.addCleanup(self.server.remove)

    def send(self, sender, recipients, message_id=None, body="Hello.\r\n"):
        """Returns the mail id."""
        content = message(body=body)
        if message_id:
            content = f"Message-ID: {message_id}\r\n".encode() + content
        with self.server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail(sender)
            for r in recipients:
                smtp.rcpt(r)
            code, said = smtp.data(content)
        self.assertEqual(code, 250, said)
        return said.decode().split()[-1]

    def stories(self, *what):
        done = self.server.posthouse("trace", "--json", *what, check=False)
        if done.returncode == 69:
            return []
        self.assertEqual(done.returncode, 0, done.stderr)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def story(self, what, state):
        """The one story, as soon as it has come to this state."""
        def look():
            found = self.stories(what)
            return found if [s["state"] for s in found] == [state] else None
        try:
            (story,) = wait_for(look, f"{what}: {state}")
        except TimeoutError:
            raise AssertionError(self.stories(what)) from None
        return story

    def events(self, story, kind):
        return [e for e in story["events"] if e["event"] == kind]


class Trace(Case):
    def setUp(self):
        super().setUp()
        self.server.start()

    def test_delivered(self):
        mail = self.send("x@client.test", [ALICE, BOB], "<first@client.test>")
        story = self.story(mail, "finished")
        (accepted,) = self.events(story, "accepted")
        self.assertEqual(accepted["ip"], "127.0.0.1")
        self.assertEqual(accepted["helo"], "client.test")
        self.assertEqual(accepted["protocol"], "ESMTP")
        self.assertEqual(accepted["recipients"], [ALICE, BOB])
        self.assertLessEqual(accepted["began"], accepted["at"])
        verdicts = self.events(story, "verdict")
        self.assertEqual({v["recipient"] for v in verdicts}, {ALICE, BOB})
        self.assertEqual({v["status"][0] for v in verdicts}, {"2"})
        # smtpd may tell of it when queue is at work already
        self.assertEqual(story["events"][0], accepted)
        times = [e["at"] for e in story["events"][1:]]
        self.assertEqual(times, sorted(times))
        for what in ("<first@client.test>", "First@Client.Test",
                     "x@client.test", ALICE.upper(), BOB, "127.0.0.1",
                     mail.lower()):
            self.assertEqual(self.stories(what), [story], what)
        self.assertEqual(self.stories("y@client.test"), [])
        text = self.server.posthouse("trace", mail).stdout
        for words in (f"{mail}: finished", "[127.0.0.1] connected",
                      "accepted by ESMTP", "helo client.test",
                      "<first@client.test>", f"<{ALICE}> done (2.",
                      "finished"):
            self.assertIn(words, text)

    def test_login(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"]) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.sendmail(ALICE, [BOB], message(sender=ALICE))
        story = self.story(ALICE, "finished")
        (accepted,) = self.events(story, "accepted")
        self.assertEqual(accepted["login"], ALICE)
        self.assertIn(accepted["method"], ("PLAIN", "LOGIN", "CRAM-MD5"))
        self.assertEqual(accepted["protocol"], "ESMTPA")

    def test_refused(self):
        with self.server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("spammer@client.test")
            code, said = smtp.rcpt("nobody@" + DOMAIN)
            self.assertEqual(code, 550)
            smtp.rcpt(ALICE)
            self.assertEqual(smtp.data(b"a\r\n" + 1000 * b"x" + b"\r\n")[0],
                             554)
        found = wait_for(
            lambda: len(s := self.stories("spammer@client.test")) == 2 and s,
            "both refusals")
        rcpt, data = (s["events"][0] for s in found)
        self.assertEqual({s["state"] for s in found}, {"refused"})
        self.assertIsNone(found[0]["mail"])
        self.assertEqual(rcpt["command"], "RCPT")
        self.assertEqual(rcpt["recipient"], "nobody@" + DOMAIN)
        self.assertEqual(rcpt["reply"], f"550 {said.decode()}")
        self.assertEqual(rcpt["client"].split("[")[1], "127.0.0.1]")
        self.assertEqual(data["command"], "END-OF-MESSAGE")
        self.assertTrue(data["reply"].startswith("554 5.6.0 "))
        text = self.server.posthouse("trace", "nobody@" + DOMAIN).stdout
        self.assertIn("RCPT refused: 550 5.1.1", text)
        self.assertIn("from <spammer@client.test>", text)

    def test_many_recipients(self):
        with self.server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("many@client.test")
            for i in range(800):
                smtp.rcpt(f"alice+{i:03}-{'x' * 30}@{DOMAIN}")
            smtp.data(message())
        last = f"alice+799-{'x' * 30}@{DOMAIN}"
        story = self.story(last, "finished")
        told = [r for e in story["events"] for r in e.get("recipients", [])]
        self.assertEqual(len(told), 800)
        self.assertGreater(len(self.events(story, "recipients")), 0)

    def test_since(self):
        mail = self.send("x@client.test", [ALICE])
        self.story(mail, "finished")
        self.assertEqual(len(self.stories("--since", "1h", ALICE)), 1)
        self.assertEqual(len(self.stories("--since", "2001-01-01", ALICE)), 1)
        self.assertEqual(self.stories("--since", "2099-01-01 10:00", ALICE), [])
        done = self.server.posthouse("trace", "--since", "noon", ALICE,
                                     check=False)
        self.assertEqual(done.returncode, 64)
        self.assertIn("noon is no time", done.stderr)

    def test_nothing(self):
        done = self.server.posthouse("trace", "00066A0000000000", check=False)
        self.assertEqual(done.returncode, 69)
        self.assertIn("nothing is known of 00066A0000000000; history reaches "
                      "back to ", done.stderr)

    def test_restart(self):
        """What was told is kept; a restart in good order loses nothing."""
        mail = self.send("x@client.test", [ALICE])
        self.server.settle()
        self.server.stop()
        self.server.start()
        story = self.story(mail, "finished")
        self.send("y@client.test", [ALICE])
        wait_for(lambda: len(self.stories(ALICE)) == 2, "the second")
        self.assertEqual(self.story(mail, "finished"), story)

    def test_index_is_disposable(self):
        mail = self.send("x@client.test", [ALICE])
        self.story(mail, "finished")
        self.server.stop()
        directory = self.server.dir / "state/history"
        for file in directory.glob("*.rows"):
            file.unlink()
        (segment,) = directory.glob("mail-00000001")
        with segment.open("ab") as f:
            f.write(b"\0\0\0\x10torn")
        self.server.start()
        self.story(mail, "finished")
        self.assertIn("8 octets at its end are no record: cut off",
                      self.server.log())


class Trouble(Case):
    settings = ("queue_lifetime = 1\nbounce_lifetime = 1\n"
                "retry_first = 1\nretry_most = 1\n")

    def test_reported(self):
        self.server.maildir(ALICE).parent.mkdir(parents=True)
        self.server.maildir(ALICE).write_text("in the way\n")
        self.server.start()
        mail = self.send(BOB, [ALICE])
        story = self.story(mail, "finished")
        verdicts = self.events(story, "verdict")
        self.assertEqual(verdicts[0]["status"][0], "4")
        self.assertEqual(verdicts[-1]["status"][0], "5")
        (report,) = self.events(story, "report")
        self.assertEqual(report["action"], "failed")
        self.assertEqual(report["recipients"], [BOB])
        its_own = self.story(report["report"], "finished")
        self.assertEqual(self.events(its_own, "report")[0]["about"], mail)
        self.assertEqual(self.events(its_own, "verdict")[0]["recipient"], BOB)
        text = self.server.posthouse("trace", mail).stdout
        self.assertIn("deferred (4.", text)
        self.assertIn("failed (5.", text)
        self.assertIn(f"the sender is told by {report['report']}", text)

    def test_administrator(self):
        self.server.maildir(ALICE).parent.mkdir(parents=True)
        self.server.maildir(ALICE).write_text("in the way\n")
        with self.server.conf.open() as f:
            text = f.read().replace("_lifetime = 1", "_lifetime = 1d") \
                .replace("retry_first = 1", "retry_first = 1h") \
                .replace("retry_most = 1", "retry_most = 1h")
        self.server.conf.write_text(text)
        self.server.start()
        mail = self.send("x@client.test", [ALICE])
        self.story(mail, "deferred")
        wait_for(lambda: self.server.posthouse(
            "queue", "hold", mail, check=False).returncode == 0, "the hold")
        self.server.posthouse("queue", "release", mail)
        self.server.posthouse("queue", "delete", mail)
        story = self.story(mail, "deleted")
        self.assertEqual([e["action"] for e in self.events(story, "changed")],
                         ["held", "released", "deleted"])


class Relayed(Case):
    def setUp(self):
        self.sink = Sink({"RCPT": ["250 2.1.5 Ok",
                                   "550 5.1.1 No such user\n"
                                   "5.1.1 See https://elsewhere.example"]})
        self.sink.__enter__()
        self.addCleanup(self.sink.__exit__, None, None, None)
        super().setUp()
        (self.server.dir / "etc/routes").write_text(
            f"elsewhere.example\t[127.0.0.1]:{self.sink.port} tls=none\n")
        with self.server.conf.open() as f:
            text = f.read()
        self.server.conf.write_text("routes = routes\n"
                                    "smtp_tls = none\n" + text)
        self.server.start()

    def test_words_of_the_other_server(self):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"]) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.sendmail(ALICE, [CAROL, "dave@elsewhere.example"],
                          message(sender=ALICE))
        story = self.story(CAROL, "finished")
        good, bad = sorted(self.events(story, "verdict"),
                           key=lambda e: e["status"])
        self.assertEqual(good["recipient"], CAROL)
        self.assertIn(f"127.0.0.1]:{self.sink.port}", good["relay"])
        self.assertIn("queued as SINK", good["reply"])
        self.assertEqual(bad["status"], "5.1.1")
        self.assertIn("550 5.1.1 See https://elsewhere.example", bad["reply"])
        text = self.server.posthouse("trace", CAROL).stdout
        self.assertIn("> 550 5.1.1 See https://elsewhere.example", text)


    def test_words_that_are_for_the_terminal(self):
        """Controls of both kinds, in UTF-8 and as octets."""
        self.sink.script["RCPT"] = [b"550 5.1.1 \x1b[31m a\xc2\x9b31m"
                                    b" b\x9b31m J\xc3\xb6rg\r\n"]
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"]) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.sendmail(ALICE, [CAROL], message(sender=ALICE))
        self.story(CAROL, "finished")
        done = subprocess.run(
            [BIN / "posthouse", "-c", self.server.conf,
             "trace", CAROL], check=True, capture_output=True)
        said = [line for line in done.stdout.split(b"\n") if b"31m" in line]
        self.assertTrue(said)
        for line in said:
            text = line.decode()
            self.assertFalse([c for c in text if c < " " or
                              "\x7f" <= c < "\xa0"], text)

class Load(Case):
    settings = "history_size = 16M\n"

    def test_kill_history_under_load(self):
        """No mail waits for it, and what it had is found."""
        self.server.start()
        first = self.send("x@client.test", [ALICE])
        self.story(first, "finished")
        over = threading.Event()
        sent = []

        def load():
            while not over.is_set():
                sent.append(self.send("load@client.test", [ALICE, BOB]))

        threads = [threading.Thread(target=load) for _ in range(4)]
        for t in threads:
            t.start()
        for _ in range(3):
            time.sleep(1)
            (pid,) = wait_for(lambda: self.server.pids("history"), "history")
            os.kill(pid, signal.SIGKILL)
        time.sleep(1)
        over.set()
        for t in threads:
            t.join()
        last = self.send("last@client.test", [ALICE])
        self.server.settle()
        self.story(last, "finished")
        self.story(first, "finished")
        found = self.stories("load@client.test")
        self.assertGreater(len(sent), 20)
        self.assertGreater(len(found), 0)
        self.assertLessEqual({s["mail"] for s in found}, set(sent))

    def test_stopped_history_delays_nothing(self):
        self.server.start()
        (pid,) = self.server.pids("history")
        os.kill(pid, signal.SIGSTOP)
        try:
            begun = time.monotonic()
            for _ in range(20):
                self.send("x@client.test", [ALICE])
            self.server.settle()
            self.assertLess(time.monotonic() - begun, within(20))
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: len(self.stories("x@client.test")) == 20, "all")

    def flood(self, times):
        with self.server.smtp() as smtp:
            smtp.ehlo()
            for _ in range(times):
                smtp.docmd("RSET")
                smtp.mail("flood@client.test")
                lines = b"".join(b"RCPT TO:<nobody%d@%s>\r\n" %
                                 (i, DOMAIN.encode()) for i in range(50))
                smtp.sock.sendall(lines)
                for _ in range(50):
                    smtp.getreply()

    def test_flood_of_refusals(self):
        """It stays within bounds and drives out no mail."""
        with self.server.conf.open() as f:
            text = f.read()
        self.server.conf.write_text("errors_max = 10000\njunk_max = 100000\n" +
                                    text)
        self.server.start()
        mail = self.send("x@client.test", [ALICE])
        self.story(mail, "finished")
        self.flood(100)
        self.story(mail, "finished")

        def look():
            done = self.server.posthouse("trace", "--json",
                                         "flood@client.test")
            return "events never came to history" in done.stderr and done
        told = wait_for(look, "what was lost", 120).stdout.splitlines()
        self.assertGreaterEqual(len(told), 1000)
        self.assertLess(len(told), 5000)
        size = sum(p.stat().st_size for p in
                   (self.server.dir / "state/history").iterdir())
        self.assertLess(size, 4 << 20)

    def test_pruned(self):
        """Segments whose days are over go; the clock of a segment is the time
        that stands in its head."""
        self.server.start()
        mail = self.send("x@client.test", [ALICE])
        self.story(mail, "finished")
        self.server.stop()
        (segment,) = (self.server.dir / "state/history").glob("mail-00000001")
        month_ago = int((time.time() - 30 * 86400) * 1e6)
        with segment.open("r+b") as f:
            f.seek(8)
            f.write(month_ago.to_bytes(8, "big"))
        self.server.start()
        wait_for(lambda: not segment.exists(), "the end of the old segment")
        self.assertEqual(self.stories(mail), [])
        again = self.send("x@client.test", [ALICE])
        self.story(again, "finished")

    def test_off(self):
        with self.server.conf.open() as f:
            text = f.read()
        self.server.conf.write_text("history_keep = 0\n" + text)
        self.server.start()
        mail = self.send("x@client.test", [ALICE])
        self.server.settle()
        time.sleep(0.5)
        self.assertEqual(self.stories(mail), [])
        self.assertEqual(list((self.server.dir / "state/history").glob("mail*")),
                         [])


if __name__ == "__main__":
    unittest.main()
