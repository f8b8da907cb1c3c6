# SPDX-License-Identifier: ISC
"""Who may send to other hosts, and which way their mail goes (routes(5))."""

import json
import smtplib
import unittest

from server import DOMAIN, USERS, Server, message, wait_for
from sink import Sink

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))
FRIEND = "127.0.0.9"                    # stands in relay_clients

SETTINGS = f"""\
routes = routes
relay_logins = relay_logins
relay_clients = {FRIEND} 10.7.0.0/16
relay_domains = backup.example .nets.example
relay_recipients = recipients
retry_first = 1
retry_most = 1
smtp_tls = none
"""


class Routes(unittest.TestCase):
    def sink(self, *args, **options):
        sink = Sink(*args, **options)
        sink.__enter__()
        self.addCleanup(sink.__exit__)
        return sink

    def serve(self, routes="", more="", recipients="anna@backup.example\n",
              aliases=""):
        self.server = Server(SETTINGS + more, aliases=aliases)
        self.addCleanup(self.server.remove)
        self.write("routes", routes)
        self.write("recipients", recipients)
        self.server.start()

    def write(self, name, text):
        """As an editor does: the old file or the new one, never a half."""
        new = self.server.dir / "etc/new"
        new.write_text(text)
        new.rename(self.server.dir / "etc" / name)

    def connect(self, source="127.0.0.1", login=None):
        smtp = smtplib.SMTP(source_address=(source, 0), timeout=60)
        smtp.connect("127.0.0.1", self.server.ports[
            "submission" if login else "smtp"])
        self.addCleanup(smtp.close)
        smtp.ehlo()
        if login:
            smtp.login(login, USERS[login])
        return smtp

    def send(self, recipient, sender=ALICE, source=FRIEND, login=None):
        smtp = self.connect(source, login)
        smtp.sendmail(sender, [recipient], message(to=recipient))
        smtp.quit()

    def rcpt(self, recipient, sender="x@client.example", source="127.0.0.1"):
        """The reply to RCPT."""
        smtp = self.connect(source)
        smtp.mail(sender)
        code, text = smtp.rcpt(recipient)
        smtp.quit()
        return code, text.decode()

    def explain(self, *args, check=True):
        return self.server.posthouse("explain", *args, check=check).stdout

    def got(self, sink, n=1):
        wait_for(lambda: len(sink.delivered()) >= n, f"{n} mails")
        return [recipient for recipient, _ in sink.delivered()]


class Ways(Routes):
    def test_by_recipient_and_sender(self):
        smart, domain, below, one, corp = (self.sink() for _ in range(5))
        self.serve(f"""\
*                    [127.0.0.1]:{smart.port}
away.example         [127.0.0.1]:{domain.port}
.away.example        [127.0.0.1]:{below.port}
one@away.example     [127.0.0.1]:{one.port}
sender @corp.example [127.0.0.1]:{corp.port}
""")
        self.send("x@elsewhere.example")
        self.send("x@away.example")
        self.send("x@deep.below.away.example")
        self.send("One+detail@away.example")
        self.send("y@elsewhere.example", sender="me@corp.example")
        self.send("y@away.example", sender="me@corp.example")
        self.send("z@elsewhere.example", sender="")
        self.server.settle()
        for sink, wanted in (
                (smart, ["x@elsewhere.example", "z@elsewhere.example"]),
                (domain, ["x@away.example", "y@away.example"]),
                (below, ["x@deep.below.away.example"]),
                (one, ["One+detail@away.example"]),
                (corp, ["y@elsewhere.example"])):
            self.assertEqual(sorted(self.got(sink)), wanted)

    def test_one_user_elsewhere(self):
        """By LMTP over a socket, also as a member of an alias."""
        path = None
        self.serve(aliases=f"team: alice, carol@{DOMAIN}\n")
        path = self.server.dir / "run/lmtp"
        lmtp = self.sink(path=str(path), lmtp=True)
        self.write("routes", f"carol@{DOMAIN} unix:{path}\n")
        self.server.posthouse("reload")
        self.send(f"carol@{DOMAIN}", source="127.0.0.1")
        self.send(f"team@{DOMAIN}", source="127.0.0.1")
        self.server.settle()
        self.assertEqual(self.got(lmtp, 2), [f"carol@{DOMAIN}"] * 2)
        self.assertEqual(len(self.server.messages(ALICE)), 1)

    def test_literal(self):
        sink = self.sink()
        self.serve(more=f"smtp_port = {sink.port}\n")
        self.assertEqual(self.rcpt("x@[127.0.0.1]")[0], 550)
        self.send("x@[127.0.0.1]")
        self.server.settle()
        self.assertEqual(self.got(sink), ["x@[127.0.0.1]"])

    def test_refuse_and_defer(self):
        self.serve('gone.example refuse "They have closed"\n'
                   "moving.example defer\n")
        code, text = self.rcpt("x@gone.example", source=FRIEND)
        self.assertEqual(code, 550)
        self.assertRegex(text, r"^5\.7\.1 .*: They have closed$")
        code, text = self.rcpt("x@moving.example", source=FRIEND)
        self.assertEqual(code, 451)
        self.assertRegex(text, r"^4\.3\.2 ")
        # what strangers are told does not depend on routes
        for domain in ("gone.example", "moving.example"):
            self.assertIn("Relay access denied",
                          self.rcpt(f"x@{domain}")[1])

    def test_mail_that_waits_goes_another_way(self):
        first = self.sink({"RCPT": "451 4.3.0 Not now"})
        second = self.sink()
        self.serve(f"* [127.0.0.1]:{first.port}\n")
        self.send("x@elsewhere.example")
        wait_for(lambda: any(s.commands for s in first.sessions), "a try")
        self.write("routes", f"* [127.0.0.1]:{second.port}\n")
        self.server.posthouse("reload")
        self.assertEqual(self.got(second), ["x@elsewhere.example"])


class Changes(Routes):
    def test_noticed_without_a_reload(self):
        self.serve("x.example [192.0.2.1]\n")
        self.assertIn("[192.0.2.1]", self.explain("a@x.example",
                                                  check=False))
        self.write("routes", "x.example [192.0.2.2]\n")
        self.write("recipients", "otto@backup.example\n")
        wait_for(lambda: "[192.0.2.2]" in self.explain("a@x.example",
                                                       check=False),
                 "the new route")
        wait_for(lambda: self.rcpt("otto@backup.example")[0] == 250,
                 "the new recipient")
        self.assertEqual(self.rcpt("anna@backup.example")[0], 550)

    def test_mistakes_change_nothing(self):
        self.serve("x.example [192.0.2.1]\n")
        self.write("routes", "x.example [192.0.2.2]\n* 192.0.2.3\n"
                   "y.example [z.example] tls=most\nx.example mx\n")
        self.server.posthouse("reload")
        text = self.explain("a@x.example", check=False)
        self.assertIn("[192.0.2.1]", text)
        log = self.server.log()
        for place in ("routes:2:3: An address", "routes:3:23: tls= wants",
                      "routes:4:1: x.example stands"):
            self.assertIn(place, log)
        # over a restart, too; mail never goes by half a table
        self.server.stop()
        self.server.start()
        self.assertIn("[192.0.2.1]", self.explain("a@x.example",
                                                  check=False))
        check = self.server.posthouse("check", check=False)
        self.assertEqual(check.returncode, 78)
        for place in ("routes:2:3: ", "routes:3:23: ", "routes:4:1: "):
            self.assertIn(place, check.stderr)

    def test_bad_from_the_start(self):
        """No way is known, and mail for others has to wait."""
        self.serve("* oops:\n")
        code, text = self.rcpt("x@elsewhere.example", source=FRIEND)
        self.assertEqual((code, text[:5]), (451, "4.3.5"))
        self.assertEqual(self.rcpt(ALICE)[0], 451)
        self.write("routes", "")
        self.server.posthouse("reload")
        self.assertEqual(self.rcpt("x@elsewhere.example", source=FRIEND)[0],
                         250)

    def test_many_lines(self):
        n = 100_000
        self.serve("".join(f"d{i}.example [192.0.2.1]\n" for i in range(n)) +
                   "last.example [192.0.2.2]\n",
                   recipients="".join(f"u{i}@backup.example\n"
                                      for i in range(n)))
        self.assertIn(f"routes:{n + 1}: last.example",
                      self.explain("a@last.example", check=False))
        self.assertEqual(self.rcpt(f"u{n - 1}@backup.example")[0], 250)
        self.assertEqual(self.rcpt(f"u{n}@backup.example")[0], 550)


class Permission(Routes):
    def test_who_may_relay(self):
        self.serve("* [127.0.0.1]:1\nroute.example [127.0.0.1]:1\n")
        for recipient in ("x@elsewhere.example", "x@route.example",
                          "x@[127.0.0.1]", f"\"x@elsewhere.example\"@{DOMAIN}",
                          f"x%elsewhere.example@{DOMAIN}",
                          f"@{DOMAIN}:x@elsewhere.example"):
            smtp = self.connect()
            smtp.mail("x@client.example")
            code, _ = smtp.docmd(f"RCPT TO:<{recipient}>")
            self.assertEqual(code, 550, recipient)
        self.assertEqual(self.rcpt("x@elsewhere.example", source=FRIEND)[0],
                         250)
        smtp = self.connect(login=ALICE)
        smtp.mail(ALICE)
        self.assertEqual(smtp.rcpt("x@elsewhere.example")[0], 250)

    def test_no_login_is_needed_but_for_submission(self):
        self.serve()
        smtp = smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                            source_address=(FRIEND, 0), timeout=60)
        self.addCleanup(smtp.close)
        smtp.ehlo()
        self.assertEqual(smtp.mail(ALICE)[0], 530)

    def test_proxied_clients(self):
        self.serve(more="proxy_clients = 127.0.0.1\n")
        smtp = self.connect()
        for address, wanted in (("10.7.1.1", 250), ("10.8.1.1", 550)):
            smtp.rset()
            self.assertEqual(smtp.docmd("XCLIENT", f"ADDR={address}")[0], 220)
            smtp.ehlo()
            smtp.mail("x@client.example")
            self.assertEqual(smtp.rcpt("x@elsewhere.example")[0], wanted)

    def test_relay_domains(self):
        sink = self.sink()
        self.serve(f"backup.example [127.0.0.1]:{sink.port}\n")
        code, text = self.rcpt("otto@backup.example")
        self.assertEqual(code, 550)
        self.assertRegex(text, "^5.1.1 .*unknown in relay recipient table")
        self.assertEqual(self.rcpt("x@a.nets.example")[0], 550)
        self.assertEqual(self.rcpt("postmaster@a.nets.example")[0], 250)
        self.assertEqual(self.rcpt("x@nets.example")[0], 550)
        # those who may relay do not get more there
        self.assertEqual(self.rcpt("otto@backup.example",
                                   source=FRIEND)[0], 550)
        self.send("Anna+x@Backup.example", source="127.0.0.1",
                  sender="x@client.example")
        self.server.settle()
        self.assertEqual(self.got(sink), ["Anna+x@Backup.example"])

    def test_no_list_yet(self):
        """A file that cannot be read is not an empty one."""
        self.serve()
        (self.server.dir / "etc/recipients").unlink()
        self.server.posthouse("reload")
        self.assertEqual(self.rcpt("anna@backup.example")[0], 250)
        self.assertEqual(self.rcpt("otto@backup.example")[0], 550)
        other = Server(SETTINGS)
        self.addCleanup(other.remove)
        other.start()
        self.server, server = other, self.server
        self.assertEqual(self.rcpt("anna@backup.example")[0], 451)
        self.server = server

    def test_open_relays_are_refused(self):
        server = Server("relay_clients = 0.0.0.0/0\n")
        self.addCleanup(server.remove)
        check = server.posthouse("check", check=False)
        self.assertEqual(check.returncode, 78)
        self.assertIn("open relay", check.stderr)
        with self.assertRaises(RuntimeError):
            server.start()


class Explain(Routes):
    def test_text(self):
        self.serve("# the way out\n* [smart.example] tls=verify login=x\n"
                   "sender @corp.example [corp.example]\n"
                   "gone.example refuse\n")
        text = self.explain("a@elsewhere.example", check=False)
        self.assertIn("5.7.1 <a@elsewhere.example>: Relay access denied", text)
        self.assertIn("for those who may relay: accepted", text)
        self.assertIn("to [smart.example] tls=verify login=x "
                      "(a@elsewhere.example)", text)
        self.assertRegex(text, r"/etc/routes:2: \*\n")
        self.assertIn("relay elsewhere.example: neither relay_domains, "
                      "relay_clients nor a login permits it\n", text)
        text = self.explain("a@elsewhere.example", "--client", "10.7.0.1",
                            "--sender", "me@corp.example")
        self.assertNotIn("denied", text)
        self.assertIn("relay_clients permits it, by 10.", text)
        self.assertRegex(text, r"  route sender @corp.example "
                         r"\(\S*/etc/routes:3\): \[corp.example\]\n")
        self.assertRegex(text, r"/etc/routes:3: sender @corp.example\n")
        text = self.explain("a@gone.example", "--client", FRIEND,
                            check=False)
        self.assertRegex(text, r"/etc/routes:4: gone.example\n")
        self.assertNotIn("routes", self.explain(ALICE))

    def test_recipients(self):
        self.serve(recipients="# ours\notto@backup.example\n")
        self.assertRegex(
            self.explain("otto@backup.example"),
            r"  relay domains backup.example: .*\n"
            r"  relay recipients otto@backup.example "
            r"\(\S*/etc/recipients:2\)\n  dns otto@backup.example: ")
        self.assertRegex(
            self.explain("anna@backup.example", check=False),
            r"  relay recipients anna@backup.example \(\S*/etc/recipients\): "
            r"is not there\n")

    def test_json(self):
        self.serve("x.example mx:26\n")
        answer = json.loads(self.explain("a@x.example", "--json",
                                         check=False))
        self.assertEqual(answer["class"], 5)
        (target,) = answer["relaying"]["targets"]
        self.assertEqual(target["destination"], "x.example:26")
        self.assertTrue(target["route"].endswith("/etc/routes:1"))
        self.assertEqual(target["pattern"], "x.example")
        self.assertNotIn("relaying", json.loads(self.explain(
            "a@x.example", "--json", "--client", FRIEND)))

    def test_misuse(self):
        self.serve()
        for args in (("--client", "here", "a@x.example"),
                     ("--sender", "a b", "a@x.example"), ("a@@x",)):
            done = self.server.posthouse("explain", *args, check=False)
            self.assertEqual(done.returncode, 65, args)


if __name__ == "__main__":
    unittest.main()
