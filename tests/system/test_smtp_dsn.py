# SPDX-License-Identifier: ISC
"""Reports as a client asks for them on the wire (RFC 3461, 6533): what is said
in xtext comes back in plain, by DATA and by BDAT, and NEVER means never."""

import email
import email.policy
import unittest

import reports
from server import DOMAIN, USERS, Server, wait_for
from wire import Wire

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
CAROL = f"carol@{DOMAIN}"
UTF8 = f"b\u00f6b@{DOMAIN}"
UTF8_BOX = f"b%C3%B6b@{DOMAIN}"     # as its directory is written
TEXT = "Subject: asked\r\n\r\nx\r\n"


class Reports(unittest.TestCase):
    def setUp(self):
        self.server = Server("queue_lifetime = 1\nbounce_lifetime = 1\n"
                             "retry_first = 1\nretry_most = 1\n",
                             users={**USERS, CAROL: "c", UTF8: "u"})
        self.addCleanup(self.server.remove)
        # nothing can be delivered to carol
        self.server.maildir(CAROL).parent.mkdir(parents=True)
        self.server.maildir(CAROL).write_text("in the way\n")
        self.server.start()

    def send(self, mail, *rcpts, listener="smtp", chunked=False, utf8=False):
        """mail, rcpts: what stands behind FROM: and TO:"""
        with Wire(self.server.ports[listener]) as wire:
            wire.utf8 = utf8
            offered = wire.hello("LHLO" if listener == "lmtp" else "EHLO")
            if "DSN" not in offered or (utf8 and "SMTPUTF8" not in offered):
                self.skipTest("DSN is not offered")
            wire.must(f"MAIL FROM:{mail}".encode(), 250)
            for rcpt in rcpts:
                wire.must(f"RCPT TO:{rcpt}".encode(), 250)
            if chunked:
                code = wire.say(f"BDAT {len(TEXT)} LAST\r\n"
                                f"{TEXT.removesuffix(chr(13) + chr(10))}").code
            else:
                wire.must("DATA", 354)
                code = wire.say(TEXT + ".").code
            self.assertEqual(code, 250)

    def reports(self, n, user=BOB):
        wait_for(lambda: len(self.server.files(user)) >= n, f"{n} reports")
        self.server.settle()
        files = self.server.files(user)
        self.assertEqual(len(files), n)
        for file in files:
            reports.check(file.read_bytes())
        return [email.message_from_bytes(f.read_bytes(),
                                         policy=email.policy.default)
                for f in files]

    def fields(self, report):
        return report.get_payload()[1].get_payload()

    def check_success(self, **options):
        self.send(f"<{BOB}> RET=HDRS ENVID=QQ+2B314159+20+3D",
                  f"<{ALICE}> NOTIFY=SUCCESS "
                  "ORCPT=rfc822;Al+2Bice+20+3D@elsewhere.test", **options)
        (report,) = self.reports(1)
        self.assertEqual(report.get_content_type(), "multipart/report")
        self.assertEqual(report.get_param("report-type"), "delivery-status")
        mail, rcpt = self.fields(report)
        self.assertEqual(mail["Original-Envelope-Id"], "QQ+314159 =")
        self.assertEqual(rcpt["Original-Recipient"].replace("; ", ";"),
                         "rfc822;Al+ice =@elsewhere.test")
        self.assertEqual(rcpt["Action"], "delivered")
        self.assertRegex(rcpt["Status"], r"^2\.\d+\.\d+")
        self.assertEqual(report.get_payload()[2].get_content_type(),
                         "text/rfc822-headers")

    def test_success(self):
        self.check_success()

    def test_success_by_bdat(self):
        self.check_success(chunked=True)

    def test_success_by_lmtp(self):
        self.check_success(listener="lmtp")

    def test_never(self):
        """Neither about what arrives nor about what does not; others of the
        same mail have their own wish."""
        self.send(f"<{BOB}> ENVID=1", f"<{ALICE}> NOTIFY=NEVER",
                  f"<{CAROL}> NOTIFY=NEVER")
        self.send(f"<{BOB}> ENVID=2", f"<{ALICE}> NOTIFY=FAILURE",
                  f"<{CAROL}> NOTIFY=SUCCESS,DELAY")
        self.send(f"<{BOB}> ENVID=3", f"<{ALICE}> NOTIFY=FAILURE",
                  f"<{CAROL}> NOTIFY=FAILURE")
        (report,) = self.reports(1)
        mail, rcpt = self.fields(report)
        self.assertEqual(mail["Original-Envelope-Id"], "3")
        self.assertEqual(rcpt["Final-Recipient"].replace("; ", ";"),
                         f"rfc822;{CAROL}")
        self.assertEqual(rcpt["Action"], "failed")
        self.assertEqual(len(self.server.files(ALICE)), 3)

    def test_nothing_carried_over(self):
        """Wishes die with their transaction: RSET, a new one, a refusal."""
        with Wire(self.server.ports["smtp"]) as wire:
            if "DSN" not in wire.hello():
                self.skipTest("DSN is not offered")
            for end in ("RSET", "EHLO client.test"):
                wire.must(f"MAIL FROM:<{BOB}> ENVID=old RET=FULL", 250)
                wire.must(f"RCPT TO:<{ALICE}> NOTIFY=SUCCESS ORCPT=x;y", 250)
                wire.must(end, 250)
                wire.must(f"MAIL FROM:<{BOB}>", 250)
                self.assertEqual(wire.say(f"RCPT TO:<{ALICE}> NOTIFY=SUCCESS "
                                          "XYZZY=1").code, 555)
                wire.must(f"RCPT TO:<{ALICE}>", 250)
                wire.must("DATA", 354)
                self.assertEqual(wire.say(TEXT + ".").code, 250)
        self.server.settle()
        self.assertEqual(len(self.server.files(ALICE)), 2)
        self.assertEqual(self.server.files(BOB), [])

    def test_addresses_in_utf8(self):
        """RFC 6533: to a sender with SMTPUTF8 the report speaks so, too."""
        self.send(f"<{UTF8}> SMTPUTF8 ENVID=8",
                  f"<{ALICE}> NOTIFY=SUCCESS "
                  "ORCPT=utf-8;\\x{E1}lice@elsewhere.test", utf8=True)
        (report,) = self.reports(1, UTF8_BOX)
        status = report.get_payload()[1]
        self.assertEqual(status.get_content_type(),
                         "message/global-delivery-status")
        self.assertIn("\u00e1lice@elsewhere.test", status.as_bytes()
                      .decode("utf-8", "replace"))


if __name__ == "__main__":
    unittest.main()
