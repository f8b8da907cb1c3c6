# SPDX-License-Identifier: ISC
"""Rules about who may send what to whom (access(5)), by real sessions."""

import json
import smtplib
import unittest

from server import DOMAIN, Server, message, wait_for

ALICE, BOB, CAROL = (f"{name}@{DOMAIN}" for name in ("alice", "bob", "carol"))
USERS = {ALICE: "wonderland", BOB: "builder", CAROL: "sings"}

RULES = f"""\
client 127.0.0.9 allow
client 127.0.0.8/31 refuse "Not from there"
helo .dyn.example defer "Who are you?"
sender @{DOMAIN} not login * not client local refuse "5.7.0 Log in first"
sender /^[0-9]+@/ hold
recipient old@{DOMAIN} moved new@example.com
recipient carol@{DOMAIN} sender bin@client.test discard
sender boss@client.test bcc {CAROL}, {BOB}
sender /^(a+)+$/ refuse
"""


class Access(unittest.TestCase):
    def serve(self, rules=RULES):
        self.server = Server("access = access\nplain_logins = yes\n",
                             users=USERS)
        self.addCleanup(self.server.remove)
        self.write(rules)
        self.server.start()

    def write(self, rules):
        new = self.server.dir / "etc/new"
        new.write_text(rules)
        new.rename(self.server.dir / "etc/access")

    def connect(self, source="127.0.0.1", helo="client.test", login=None):
        smtp = smtplib.SMTP(source_address=(source, 0), timeout=60,
                            local_hostname=helo)
        smtp.connect("127.0.0.1", self.server.ports[
            "submission" if login else "smtp"])
        self.addCleanup(smtp.close)
        smtp.ehlo(helo)
        if login:
            smtp.login(login, USERS[login])
        return smtp

    def answer(self, sender, recipient, **how):
        """Reply to RCPT."""
        smtp = self.connect(**how)
        self.assertEqual(smtp.mail(sender)[0], 250)
        code, text = smtp.rcpt(recipient)
        smtp.quit()
        return f"{code} {text.decode()}"

    def send(self, sender, recipients, **how):
        smtp = self.connect(**how)
        smtp.sendmail(sender, recipients, message(sender=sender))
        smtp.quit()

    def count(self, user):
        return len(self.server.messages(user))

    def test_answers(self):
        self.serve()
        friend = "friend@client.test"
        for says, sender, recipient, how in (
                ("250 ", friend, ALICE, {}),
                ("250 ", friend, ALICE, {"source": "127.0.0.9"}),
                (f"550 5.7.1 <{ALICE}>: Client host rejected: Not from there",
                 friend, ALICE, {"source": "127.0.0.8"}),
                (f"450 4.7.1 <{ALICE}>: Helo command rejected: Who are you?",
                 friend, ALICE, {"helo": "a.b.dyn.example"}),
                ("250 ", friend, ALICE, {"helo": "dyn.example"}),
                (f"550 5.7.0 <{BOB}>: Sender address rejected: Log in first",
                 ALICE, BOB, {}),
                ("250 ", ALICE, BOB, {"login": ALICE}),
                # an expression that reaches its limit lets nobody past
                (f"450 4.7.1 <{ALICE}>: Sender address rejected: The rules "
                 "cannot be decided", "a" * 40 + "!@client.test", ALICE, {}),
                ("250 ", "a" * 40 + "!@client.test", ALICE,
                 {"source": "127.0.0.9"}),
                (f"550 5.1.6 <old@{DOMAIN}>: Recipient address rejected: "
                 "User has moved to new@example.com",
                 friend, f"old@{DOMAIN}", {})):
            with self.subTest(says=says, how=how):
                self.assertTrue(self.answer(sender, recipient, **how)
                                .startswith(says))

    def test_discard(self):
        """It is taken and goes nowhere; other recipients have it."""
        self.serve()
        self.send("bin@client.test", [CAROL])
        self.send("bin@client.test", [CAROL, BOB])
        wait_for(lambda: self.count(BOB) == 1, "bob's mail")
        self.server.settle()
        self.assertEqual(self.count(CAROL), 0)
        self.assertIn("triggers DISCARD action", self.server.log())
        self.server.settle()

    def test_hold(self):
        self.serve()
        self.send("123@client.test", [ALICE])
        self.send("123@client.test", [BOB])
        waiting = wait_for(lambda: self.queue(), "held mail")
        self.assertEqual({m["queue_name"] for m in waiting}, {"hold"})
        self.server.kill()
        self.server.start()
        self.assertEqual({m["queue_name"] for m in self.queue()}, {"hold"})
        self.assertEqual(self.count(ALICE), 0)
        why = self.server.posthouse("queue", "why",
                                    waiting[0]["queue_id"]).stdout
        self.assertIn("access", why)
        self.server.posthouse("queue", "release", "--recipient", ALICE)
        wait_for(lambda: self.count(ALICE) == 1, "released mail")
        self.assertEqual(self.count(BOB), 0)

    def queue(self):
        out = self.server.posthouse("queue", "list", "--json").stdout
        return [json.loads(line) for line in out.splitlines()]

    def test_copies(self):
        """One copy, however many recipients; none for whom it went to."""
        self.serve()
        self.send("boss@client.test", [ALICE, f"alice+x@{DOMAIN}", BOB])
        wait_for(lambda: self.count(CAROL) == 1, "copy")
        wait_for(lambda: self.count(ALICE) == 2, "mail")
        self.server.settle()
        self.assertEqual(self.count(BOB), 1)
        self.assertEqual(self.count(CAROL), 1)

    def test_copy_that_cannot_be_made(self):
        self.serve("sender * bcc nobody@" + DOMAIN + "\n")
        self.assertTrue(self.answer("x@client.test", ALICE)
                        .startswith("451 4.3.5 "))
        wait_for(lambda: "a copy for nobody@" in self.server.log(),
                 "a word about the copy")

    def test_changes(self):
        """Rules with a mistake change nothing; right ones do, by themselves."""
        self.serve("sender @a.test refuse\n")
        self.assertTrue(self.answer("x@a.test", ALICE).startswith("550 "))
        self.write("sender @b.test refuse\nsender /(/ refuse\n")
        wait_for(lambda: "access:2: The expression is wrong" in
                 self.server.log(), "complaint")
        self.assertTrue(self.answer("x@b.test", ALICE).startswith("250 "))
        self.assertTrue(self.answer("x@a.test", ALICE).startswith("550 "))
        done = self.server.posthouse("check", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("access:2: The expression is wrong", done.stdout +
                      done.stderr)
        self.write("sender @b.test refuse\nsender /^c/ refuse\n")
        wait_for(lambda: self.answer("x@a.test", ALICE).startswith("250 "),
                 "new rules")
        self.assertTrue(self.answer("cx@x.test", ALICE).startswith("550 "))
        self.assertTrue(self.answer("x@b.test", ALICE).startswith("550 "))

    def test_explain(self):
        self.serve()
        done = self.server.posthouse("explain", "session", "127.0.0.8", "x",
                                     "<>", ALICE, check=False)
        self.assertEqual(done.returncode, 67)
        self.assertIn('access:2: client 127.0.0.8/31 refuse "Not from there"',
                      done.stdout)
        done = self.server.posthouse("explain", ALICE, "--sender",
                                     "boss@client.test", "--json")
        answer = json.loads(done.stdout)
        self.assertEqual([c["destination"] for c in answer["copies"]],
                         [CAROL, BOB])
        self.assertTrue(answer["rules"][0]["rule"].endswith("access:8"))
        self.assertEqual(
            [(s["depth"], s["name"]) for s in answer["steps"]
             if s["step"] in ("copy", "user")],
            [(0, CAROL), (1, CAROL), (0, BOB), (1, BOB), (0, ALICE)])
        done = self.server.posthouse("explain", BOB, "--sender", ALICE,
                                     "--client", "127.0.0.1", "--login",
                                     ALICE)
        self.assertNotIn("rule", done.stdout)

    def session(self, *words):
        done = self.server.posthouse("explain", "session", "127.0.0.3", *words,
                                     "--json", check=False)
        answer = json.loads(done.stdout)
        return done.returncode, answer, [
            (s["command"], s["class"], s["status"])
            for s in answer["session"]]

    def test_explain_session(self):
        """What each command gets, and that a session gets the same."""
        self.serve()
        code, answer, stages = self.session("client.test", "<>", ALICE)
        self.assertEqual(code, 0)
        self.assertEqual([s[:2] for s in stages],
                         [("CONNECT", 2), ("EHLO", 2), ("MAIL", 2),
                          ("RCPT", 2)])
        self.assertIn("[listener smtp] session_rate = 6000",
                      answer["session"][0]["settings"])
        self.assertNotIn("submission", str(answer["session"]))
        self.assertEqual(answer["class"], 2)
        code, answer, stages = self.session("no name", "<>", ALICE)
        self.assertEqual((code, stages[-1][:2]), (67, ("EHLO", 5)))
        self.assertNotIn("targets", answer)
        smtp = self.connect()
        self.assertEqual(smtp.docmd("EHLO no name")[0], 501)
        code, answer, stages = self.session("x", "a@b@c", ALICE)
        self.assertEqual((code, stages[-1]), (67, ("MAIL", 5, "1.7")))
        self.assertEqual(smtp.docmd("MAIL FROM:<a@b@c>")[1][:5], b"5.1.7")
        # who is logged in
        code, answer, stages = self.session("x", BOB, ALICE, "--login", ALICE)
        self.assertEqual((code, stages[2:]), (67, [
            ("AUTH", 2, "7.0"), ("MAIL", 5, "7.1")]))
        self.assertIn("sender_login = yes", answer["session"][-1]["settings"])
        self.assertIn("[listener submission] session_rate = 6000",
                      answer["session"][0]["settings"])
        smtp = self.connect(login=ALICE)
        self.assertEqual(smtp.mail(BOB),
                         (553, f"5.{stages[-1][2]} "
                          f"{answer['session'][-1]['sentence']}".encode()))
        code, answer, stages = self.session("x", ALICE, "x@away.test",
                                            "--login", ALICE)
        self.assertEqual((code, answer["steps"][0]["sentence"]),
                         (0, "the login permits it"))

    def test_explain_shut_out(self):
        self.server = Server("login_failures = 2\n", users=USERS)
        self.addCleanup(self.server.remove)
        self.server.start()
        for user in ALICE, CAROL:
            smtp = smtplib.SMTP(source_address=("127.0.0.3", 0), timeout=60)
            smtp.connect("127.0.0.1", self.server.ports["submission"])
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                smtp.login(user, "wrong")
            smtp.close()
        for login in ALICE, BOB:
            code, answer, stages = self.session("x", login, ALICE, "--login",
                                                login)
            self.assertEqual((code, stages[-1]), (75, ("AUTH", 4, "7.0")))
            self.assertIn("login_lockout = 15m",
                          answer["session"][-1]["settings"])


if __name__ == "__main__":
    unittest.main()
