# SPDX-License-Identifier: ISC
"""What senders ask for by SMTP extensions takes effect, across restarts too.

DSN (RFC 3461), DELIVERBY (RFC 2852), FUTURERELEASE (RFC 4865), MT-PRIORITY
(RFC 6710), REQUIRETLS (RFC 8689), whose a reverse-path is, and how many
recipients an hour has.
"""

import email
import email.policy
import json
import smtplib
import time
import unittest

import reports
from secure import HOST, SecureServer
from server import DOMAIN, USERS, Server, message, wait_for

ALICE, BOB, CAROL = (f"{name}@{DOMAIN}" for name in ("alice", "bob", "carol"))
ALIASES = "team: alice, carol\nchief: alice\n"


class Case(unittest.TestCase):
    SETTINGS = "retry_first = 1\nretry_most = 1\n"
    SERVER = Server

    def setUp(self):
        self.server = self.SERVER(self.SETTINGS, aliases=ALIASES,
                             users={**USERS, CAROL: "c"})
        self.addCleanup(self.server.remove)
        self.prepare()
        self.server.start()

    def prepare(self):
        pass

    def client(self, protocol="smtp"):
        kind = smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP
        client = kind("127.0.0.1", self.server.ports[protocol],
                      local_hostname="client.test", timeout=60)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def submission(self, user=BOB):
        client = self.client("submission")
        client.login(user, self.server.users[user])
        return client

    def send(self, client, sender, rcpts, options=(), subject="news"):
        """rcpts: {address: [parameters]}"""
        code, text = client.mail(sender, list(options))
        self.assertEqual(code, 250, text)
        for rcpt, parameters in rcpts.items():
            code, text = client.rcpt(rcpt, parameters)
            self.assertEqual(code, 250, text)
        code, text = client.data(message(subject))
        self.assertEqual(code, 250, text)

    def reports(self, n=1, user=BOB):
        """The reports in this INBOX, once there are n."""
        wait_for(lambda: len(self.server.files(user)) >= n, f"{n} reports")
        for file in self.server.files(user):
            reports.check(file.read_bytes())
        found = [email.message_from_bytes(f.read_bytes(),
                                          policy=email.policy.default)
                 for f in self.server.files(user)]
        self.assertEqual(len(found), n)
        for report in found:
            self.assertEqual(report["Return-Path"], "<>")
            self.assertEqual(report.get_content_type(), "multipart/report")
        return found

    def fields(self, report):
        """The fields of the mail, and those of each recipient."""
        host, *rcpts = report.get_payload()[1].get_payload()
        return host, rcpts

    def queue(self):
        lines = self.server.posthouse("queue", "list", "--json").stdout
        return [json.loads(line) for line in lines.splitlines()]


class Notify(Case):
    def prepare(self):
        self.server.block(CAROL)

    SETTINGS = ("queue_lifetime = 1\nbounce_lifetime = 1\nretry_first = 1\n"
                "retry_most = 1\n")

    def test_success(self):
        for protocol, n in (("smtp", 1), ("lmtp", 2)):
            with self.subTest(protocol):
                client = self.client(protocol)
                if protocol == "lmtp":
                    client.mail(BOB, ["ENVID=QQ+3D1", "RET=FULL"])
                    client.rcpt(ALICE, ["NOTIFY=SUCCESS", "ORCPT=rfc822;"
                                        "Alice+2Bx@example.test"])
                    self.assertEqual(client.data(message("news"))[0], 250)
                else:
                    self.send(client, BOB, {ALICE: [
                        "NOTIFY=SUCCESS,FAILURE",
                        "ORCPT=rfc822;Alice+2Bx@example.test"]},
                        ["ENVID=QQ+3D1", "RET=FULL"])
                report = self.reports(n)[-1]
                host, (rcpt,) = self.fields(report)
                self.assertEqual(host["Original-Envelope-Id"], "QQ=1")
                self.assertEqual(rcpt["Original-Recipient"].replace(" ", ""),
                                 "rfc822;Alice+x@example.test")
                self.assertEqual(rcpt["Action"], "delivered")
                self.assertRegex(rcpt["Status"], r"^2\.\d+\.\d+$")
                # RET is about failures: otherwise the header is enough
                self.assertEqual(report.get_payload()[2].get_content_type(),
                                 "text/rfc822-headers")

    def test_one_report_for_all(self):
        self.send(self.client(), BOB, {ALICE: ["NOTIFY=SUCCESS"],
                                       f"alice+x@{DOMAIN}": ["NOTIFY=SUCCESS"]})
        (report,) = self.reports()
        _, rcpts = self.fields(report)
        self.assertEqual(len(rcpts), 2)

    def test_nobody_asked(self):
        self.send(self.client(), BOB, {ALICE: [],
                                       f"alice+a@{DOMAIN}": ["NOTIFY=FAILURE"],
                                       f"alice+b@{DOMAIN}": ["NOTIFY=NEVER"]})
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 3)
        self.assertEqual(self.server.files(BOB), [])

    def test_failure(self):
        """Only who wants to hear of failures does, and RET counts."""
        for ret, kind in (("FULL", "message/rfc822"),
                          ("HDRS", "text/rfc822-headers")):
            with self.subTest(ret):
                for file in self.server.files(BOB):
                    file.unlink()
                self.send(self.client(), BOB, {
                    CAROL: ["NOTIFY=FAILURE,DELAY"],
                    f"carol+a@{DOMAIN}": ["NOTIFY=NEVER"],
                    f"carol+b@{DOMAIN}": ["NOTIFY=SUCCESS"]}, [f"RET={ret}"])
                (report,) = self.reports()
                _, (rcpt,) = self.fields(report)
                self.assertEqual(rcpt["Action"], "failed")
                self.assertTrue(rcpt["Final-Recipient"].endswith(CAROL))
                self.assertEqual(report.get_payload()[2].get_content_type(),
                                 kind)
                self.server.settle()

    def test_place_of_two(self):
        """Two recipients lead to one place: both wishes count."""
        self.server.block(ALICE)
        chief = f"chief@{DOMAIN}"
        for n, first, second, told in (
                (1, "NEVER", "FAILURE", 1), (2, "FAILURE", "NEVER", 1),
                (3, "NEVER", "NEVER", 0), (4, "DELAY", "SUCCESS", 0)):
            with self.subTest(f"{first} {second}"):
                for file in self.server.files(BOB):
                    file.unlink()
                self.send(self.client(), BOB, {ALICE: [f"NOTIFY={first}"],
                                               chief: [f"NOTIFY={second}"]})
                self.server.settle()
                self.assertEqual(len(self.server.files(BOB)), told)

    def test_member_by_name(self):
        """Who is named beside a list is told of as he himself wants."""
        self.server.block(ALICE)
        for rcpts in ([ALICE, "team"], ["team", ALICE]):
            for file in self.server.files(BOB):
                file.unlink()
            self.send(self.client(), BOB, {
                r if "@" in r else f"{r}@{DOMAIN}":
                ["NOTIFY=FAILURE" if r == ALICE else "NOTIFY=SUCCESS"]
                for r in rcpts})
            self.server.settle()
            actions = [fields["Action"] for report in self.reports(
                len(self.server.files(BOB)))
                for fields in self.fields(report)[1]]
            self.assertIn("failed", actions)

    def test_binary(self):
        """A report is lines: nothing binary is returned in it."""
        client = self.client()
        client.mail(BOB, ["BODY=BINARYMIME", "RET=FULL"])
        client.rcpt(CAROL)
        content = b"Subject: news\r\n\r\n\0\r\xff\n\r\n"
        client.send(b"BDAT %d LAST\r\n" % len(content) + content)
        self.assertEqual(client.getreply()[0], 250)
        (report,) = self.reports()
        self.assertEqual(report.get_payload()[2].get_content_type(),
                         "text/rfc822-headers")

    def test_no_report_without_sender(self):
        self.send(self.client(), "", {ALICE: ["NOTIFY=SUCCESS"],
                                      f"team@{DOMAIN}": ["NOTIFY=SUCCESS"],
                                      CAROL: []})
        self.server.settle()
        self.assertEqual(self.server.files(BOB), [])
        self.assertEqual(self.server.log().count("sender notification"), 0)

    def test_alias_of_one(self):
        self.send(self.client(), BOB, {f"chief@{DOMAIN}": [
            "NOTIFY=SUCCESS", "ORCPT=rfc822;chief@example.test"]})
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Action"], "delivered")
        self.assertIn("chief@", rcpt["Original-Recipient"])


class Expanded(Case):
    def test_alias_of_several(self):
        """RFC 3461 5.2.7: that it was expanded, and no more."""
        self.send(self.client(), BOB, {f"team@{DOMAIN}": [
            "NOTIFY=SUCCESS", "ORCPT=rfc822;team@example.test"]})
        self.server.settle()
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Action"], "expanded")
        self.assertRegex(rcpt["Status"], r"^2\.")
        self.assertIn("team@", rcpt["Original-Recipient"])
        self.assertIn("team@", rcpt["Final-Recipient"])
        self.assertEqual(len(self.server.files(ALICE)), 1)
        self.assertEqual(len(self.server.files(CAROL)), 1)


    def test_told_once(self):
        """Whether a member can be reached or not, and across a crash."""
        self.server.block(CAROL)
        self.send(self.client(), BOB, {f"team@{DOMAIN}": ["NOTIFY=SUCCESS"]})
        self.reports(1)
        self.server.kill()
        self.server.start()
        wait_for(lambda: self.queue()[0]["recipients"][0]["tries"] > 2,
                 "more tries")
        (rcpt,) = self.queue()[0]["recipients"]
        self.assertEqual(rcpt["address"], CAROL)
        self.assertEqual(rcpt["notify"], ["never"])
        self.server.unblock(CAROL)
        self.server.settle()
        self.reports(1)


class Delay(Case):
    SETTINGS = Case.SETTINGS + "delay_warning = 1\n"

    def prepare(self):
        self.server.block(ALICE)

    def test_delay(self):
        self.send(self.client(), BOB, {
            ALICE: ["NOTIFY=DELAY"],
            f"alice+x@{DOMAIN}": ["NOTIFY=FAILURE"]})
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Action"], "delayed")
        self.assertTrue(rcpt["Final-Recipient"].endswith(" " + ALICE))
        self.assertIn("Will-Retry-Until", rcpt)
        self.assertIn("Last-Attempt-Date", rcpt)
        self.server.unblock(ALICE)
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 2)
        self.reports(1)


class DeliverBy(Case):
    def prepare(self):
        self.server.block(ALICE)

    def test_return(self):
        self.send(self.submission(), BOB,
                  {ALICE: [], f"alice+x@{DOMAIN}": ["NOTIFY=NEVER"]},
                  ["BY=2;R"])
        (mail,) = self.queue()
        self.assertEqual(mail["deliver_by_mode"], "return")
        self.assertAlmostEqual(mail["deliver_by"], time.time() + 2, delta=3)
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Action"], "failed")
        self.assertEqual(rcpt["Status"], "5.4.7")
        self.server.settle()
        self.assertEqual(self.queue(), [])

    def test_return_without_tries(self):
        """Nothing is under way when the time is over, and after a restart."""
        self.server.stop()
        self.server.conf.write_text(self.server.conf.read_text().replace(
            "retry_first = 1\nretry_most = 1\n",
            "retry_first = 1h\nretry_most = 1h\n"))
        self.server.start()
        wait = self.server
        self.send(self.submission(), BOB, {ALICE: []}, ["BY=4;R"])
        wait_for(lambda: "status=deferred" in wait.log(), "a try")
        self.server.kill()
        self.server.start()
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Status"], "5.4.7")

    def test_notify(self):
        self.send(self.submission(), BOB,
                  {ALICE: [], f"alice+x@{DOMAIN}": ["NOTIFY=FAILURE"]},
                  ["BY=1;N"])
        _, (rcpt,) = self.fields(self.reports()[0])
        self.assertEqual(rcpt["Action"], "delayed")
        self.assertEqual(rcpt["Status"], "4.4.7")
        self.server.kill()
        self.server.start()
        time.sleep(1.5)
        self.reports(1)
        self.server.unblock(ALICE)
        wait_for(lambda: len(self.server.files(ALICE)) == 2, "both mails")
        self.server.settle()
        self.reports(1)

    def test_in_time(self):
        self.server.unblock(ALICE)
        self.send(self.submission(), BOB, {ALICE: []}, ["BY=3600;R"])
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 1)
        self.assertEqual(self.server.files(BOB), [])


class Hold(Case):
    def test_hold(self):
        self.send(self.submission(), BOB, {ALICE: []}, ["HOLDFOR=15"])
        begin = time.time()
        self.server.posthouse("queue", "flush")
        self.server.posthouse("queue", "flush", "--domain", DOMAIN)
        (mail,) = self.queue()
        self.assertEqual(mail["queue_name"], "hold")
        self.assertAlmostEqual(mail["hold_until"], begin + 15, delta=3)
        self.assertIn("(held until ",
                      self.server.posthouse("queue", "list").stdout)
        self.server.kill()
        self.server.start()
        self.assertEqual(self.queue()[0]["queue_name"], "hold")
        wait_for(lambda: self.server.files(ALICE), "the mail")
        self.assertGreaterEqual(time.time(), begin + 13.9)
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 1)

    def test_release_by_id(self):
        self.send(self.submission(), BOB, {ALICE: []}, ["HOLDFOR=3600"])
        (mail,) = self.queue()
        self.server.posthouse("queue", "flush", mail["queue_id"])
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 1)


class Facts(Case):
    def prepare(self):
        self.server.block(ALICE)

    SETTINGS = "retry_first = 1h\n"

    def test_list(self):
        self.send(self.submission(), BOB,
                  {ALICE: ["NOTIFY=FAILURE,DELAY",
                           "ORCPT=rfc822;a+3Db@example.test"]},
                  ["MT-PRIORITY=-4", "ENVID=e1", "BY=7200;NT"])
        wait_for(lambda: "status=deferred" in self.server.log(), "a try")
        for _ in range(2):
            (mail,) = self.queue()
            self.assertEqual(mail["priority"], -4)
            self.assertEqual(mail["envid"], "e1")
            self.assertEqual(mail["deliver_by_mode"], "notify")
            (rcpt,) = mail["recipients"]
            self.assertEqual(rcpt["notify"], ["failure", "delay"])
            self.assertEqual(rcpt["orcpt"], "rfc822;a=b@example.test")
            text = self.server.posthouse("queue", "list").stdout
            self.assertIn("priority -4", text)
            self.assertIn("report if not delivered by", text)
            self.server.kill()
            self.server.start()

    def test_flush_domain(self):
        self.send(self.client(), BOB, {ALICE: []})
        wait_for(lambda: "status=deferred" in self.server.log(), "a try")
        for name, n in (("elsewhere.example", 0), ("@test", 1), ("test", 0)):
            out = self.server.posthouse("queue", "flush", "--domain",
                                        name).stdout
            self.assertRegex(out, rf"^{n} mails? ")
            wait_for(lambda: "active" not in
                     {m["queue_name"] for m in self.queue()}, "the try")
        self.server.unblock(ALICE)
        self.server.posthouse("queue", "flush", "--domain", DOMAIN)
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 1)

    def test_flush_labels(self):
        """However a name is spelled, and from wherever mail for it came."""
        client = self.submission()
        client.command_encoding = "utf-8"
        self.send(client, BOB, {"x@b\u00fccher.example": []}, ["SMTPUTF8"])
        wait_for(lambda: "status=deferred" in self.server.log(), "a try")
        for name, n in (("xn--bcher-kva.example", 1),
                        ("b\u00fccher.EXAMPLE", 1), ("@Example", 1),
                        ("cher.example", 0)):
            out = self.server.posthouse("queue", "flush", "--domain",
                                        name).stdout
            self.assertRegex(out, rf"^{n} mails? ")
            wait_for(lambda: "active" not in
                     {m["queue_name"] for m in self.queue()}, "the try")


class RequireTls(Case):
    SERVER = SecureServer
    SETTINGS = "queue_lifetime = 1\nretry_first = 1\nretry_most = 1\n"

    def prepare(self):
        self.server.block(CAROL)

    def secure_client(self):
        client = self.client()
        client._host = HOST     # whose certificate is looked for
        client.starttls(context=self.server.trust())
        client.ehlo()
        self.assertTrue(client.has_extn("requiretls"))
        return client

    def test_report(self):
        """RFC 8689 5: without the content, and as safe as its mail was."""
        self.server.block(BOB)
        self.send(self.secure_client(), BOB, {CAROL: []},
                  ["REQUIRETLS", "RET=FULL"])
        wait_for(lambda: [m for m in self.queue()
                          if m["sender"] == "MAILER-DAEMON"], "the report")
        self.server.kill()
        self.server.start()
        (mail,) = self.queue()
        self.assertEqual(mail["sender"], "MAILER-DAEMON")
        self.assertEqual(mail["tls"], "required")
        self.assertIn("REQUIRETLS",
                      self.server.posthouse("queue", "list").stdout)
        self.server.unblock(BOB)
        (report,) = self.reports()
        self.assertEqual(report.get_payload()[2].get_content_type(),
                         "text/rfc822-headers")
        _, (rcpt,) = self.fields(report)
        self.assertEqual(rcpt["Action"], "failed")

    def test_only_with_tls(self):
        client = self.client()
        self.assertFalse(client.has_extn("requiretls"))
        self.assertEqual(client.mail(BOB, ["REQUIRETLS"])[0] // 100, 5)

    def test_no_report_about_a_report(self):
        self.server.stop()
        self.server.conf.write_text(
            "bounce_lifetime = 1\n" + self.server.conf.read_text())
        self.server.start()
        self.send(self.secure_client(), "", {CAROL: []}, ["REQUIRETLS"])
        self.server.settle()
        self.assertEqual(self.server.log().count("sender notification"), 0)
        self.assertIn("no sender to tell", self.server.log())


class Owner(Case):
    SETTINGS = "user_rate = 3\n"

    def test_sender(self):
        client = self.submission(BOB)
        for sender, fine in ((BOB, True), (f"bob+x@{DOMAIN}", True),
                             ("", True), (ALICE, False),
                             (f"team@{DOMAIN}", False),
                             ("x@elsewhere.example", False)):
            with self.subTest(sender):
                client.rset()
                code, text = client.mail(sender)
                self.assertEqual(code, 250 if fine else 553, text)
                if not fine:
                    self.assertTrue(text.startswith(b"5.7.1 "), text)
        client = self.submission(CAROL)
        self.assertEqual(client.mail(f"team@{DOMAIN}")[0], 250)
        self.assertEqual(client.rcpt("x@elsewhere.example")[0], 250)

    def test_rate(self):
        client = self.submission(BOB)
        client.mail(BOB)
        codes = [client.rcpt(f"alice+{i}@{DOMAIN}")[0] for i in range(5)]
        self.assertEqual(codes[:3], [250] * 3)
        self.assertTrue(all(c in (450, 452) for c in codes[3:]), codes)
        self.assertEqual(self.server.log().count("recipients in an hour"), 1)
        # others, and other ways, are not concerned
        self.send(self.submission(CAROL), CAROL, {ALICE: []})
        self.send(self.client(), BOB, {ALICE: []})


if __name__ == "__main__":
    unittest.main()
