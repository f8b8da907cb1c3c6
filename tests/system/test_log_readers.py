# SPDX-License-Identifier: ISC
"""What fail2ban, pflogsumm, logwatch and logcheck make of a log of ours.

Each tool is tried where it is installed; logcheck is no more than egrep.
"""

import datetime
import imaplib
import pathlib
import re
import shutil
import smtplib
import subprocess
import tempfile
import unittest

from server import DOMAIN, ROOT, Server, message

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
LOGWATCH = pathlib.Path("/usr/share/logwatch/scripts/services/postfix")


def installed(name):
    return unittest.skipUnless(shutil.which(name), f"no {name} here")


def syslog(text):
    """The lines with the time stamps of old."""
    def stamp(line):
        time, rest = line.split(" ", 1)
        time = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%S.%fZ")
        return f"{time:%b %e %H:%M:%S} {rest}"
    return "".join(map(stamp, text.splitlines(keepends=True)))


def a_day(ident):
    """The lines of a server that delivers, refuses and is attacked."""
    with Server(f"log_ident = {ident}\n") as server:
        for _ in range(3):
            with server.smtp() as smtp:
                smtp.sendmail(BOB, [ALICE], message("Hello"))
        with server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail(BOB)
            for rcpt in (f"nobody@{DOMAIN}", "someone@elsewhere.test"):
                assert smtp.rcpt(rcpt)[0] >= 500
        for _ in range(2):
            with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
                try:
                    smtp.login(ALICE, "wrong")
                except smtplib.SMTPAuthenticationError:
                    pass
        imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        try:
            imap.login(ALICE, "wrong")
        except imap.error:
            pass
        imap.logout()
        server.settle()
        server.stop()
        return server.log()


class Readers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-logs-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        cls.logs = {ident: a_day(ident) for ident in ("posthouse", "postfix")}
        for ident, text in cls.logs.items():
            (cls.dir / ident).write_text(text)
            (cls.dir / f"{ident}.syslog").write_text(syslog(text))

    def tool(self, *argv, **options):
        done = subprocess.run(argv, capture_output=True, text=True, timeout=300,
                              **options)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def failed(self, ident):
        """Lines about wrong passwords that name the client."""
        return [line for line in self.logs[ident].splitlines()
                if "authentication failed:" in line or "(auth failed" in line]

    @installed("fail2ban-regex")
    def test_fail2ban(self):
        said = self.tool("fail2ban-regex", self.dir / "posthouse",
                         ROOT / "contrib/fail2ban/posthouse.conf")
        count = len(self.failed("posthouse"))
        self.assertGreater(count, 2)
        self.assertRegex(said, rf"(?m)^Lines:.* {count} matched")

    @installed("fail2ban-regex")
    def test_fail2ban_by_its_own_filter(self):
        said = self.tool("fail2ban-regex", self.dir / "postfix",
                         "/etc/fail2ban/filter.d/postfix.conf[mode=auth]")
        count = sum("SASL" in line for line in self.failed("postfix"))
        self.assertRegex(said, rf"(?m)^Lines:.* {count} matched")

    @installed("pflogsumm")
    def test_pflogsumm(self):
        for ident in self.logs:
            said = self.tool("pflogsumm", f"--syslog-name={ident}",
                             self.dir / ident)
            for what, count in (("received", 3), ("delivered", 3),
                                ("deferred", 0), ("bounced", 0),
                                ("rejected", 2)):
                self.assertRegex(said, rf"(?m)^ +{count} +{what}\b")
            self.assertIn(ALICE, said)

    @unittest.skipUnless(LOGWATCH.exists(), "no logwatch here")
    def test_logwatch(self):
        """With the settings of contrib/logwatch."""
        text = (ROOT / "contrib/logwatch/postfix.conf").read_text()
        options = dict(re.findall(r"(?m)^\$postfix_(\w+) += +\"?(.*?)\"?$",
                                  text))
        # logwatch itself makes numbers of Yes and No
        argv = [f"--{name.lower()}={value.replace('No', '0')}"
                for name, value in options.items()]
        self.assertEqual(len(argv), 2)
        for ident in self.logs:
            with (self.dir / f"{ident}.syslog").open() as log:
                said = self.tool("perl", LOGWATCH, "--detail=5", *argv,
                                 stdin=log)
            for count, what in ((3, "Accepted"), (2, "Rejected"),
                                (3, "Removed from queue"), (6, "Connections")):
                self.assertRegex(said, rf"(?m)^ +{count} +{what}\b")
            _, _, unmatched = said.partition("Unmatched")
            for what in ("client=", "from=<", "to=<", "removed", "reject",
                         "SASL"):
                self.assertNotIn(what, unmatched.replace("removed=", ""))

    def test_logcheck(self):
        """Every day's lines are passed over, and nothing else is."""
        rules = self.dir / "rules"
        text = (ROOT / "contrib/logcheck/posthouse").read_text()
        rules.write_text(re.sub(r"(?m)^#.*\n", "", text))
        for name in ("posthouse", "posthouse.syslog"):
            left = self.tool("grep", "-Evf", rules, self.dir / name)
            for what in ("client=", "status=sent", ": removed", ": connect "):
                self.assertNotIn(what, left)
            for what in ("authentication failed", "(auth failed",
                         "Password mismatch", "auth=0/2"):
                self.assertEqual(left.count(what),
                                 self.logs["posthouse"].count(what), what)


if __name__ == "__main__":
    unittest.main()
