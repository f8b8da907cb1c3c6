# SPDX-License-Identifier: ISC
"""Real clients, where they are installed."""

import shutil
import subprocess
import unittest

from server import DOMAIN, Server, message, wait_for
from terminal import Terminal

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
PASSWORD = "wonderland"


def needs(program):
    return unittest.skipUnless(shutil.which(program), f"no {program}")


class Clients(Terminal, unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.ports = self.server.ports
        self.home = self.server.dir / "home"
        self.home.mkdir()

    def call(self, *argv, input=None, codes=(0,)):
        done = subprocess.run([str(a) for a in argv], input=input, text=True,
                              capture_output=True, timeout=60,
                              env={"HOME": str(self.home), "TERM": "dumb",
                                   "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
        self.assertIn(done.returncode, codes, done.stdout + done.stderr)
        return done.stdout

    def put(self, count=3):
        """Messages n 1, n 2... in alice's INBOX."""
        with self.server.smtp() as smtp:
            for n in range(1, count + 1):
                smtp.sendmail(BOB, [ALICE], message(f"n {n}", f"text {n}\r\n"))
                self.server.settle()    # keeps them in order

    @needs("swaks")
    def test_swaks(self):
        out = self.call("swaks", "--server", f"127.0.0.1:{self.ports['smtp']}",
                        "--from", BOB, "--to", ALICE, "--pipeline")
        self.assertIn("250 2.0.0", out)
        wait_for(self.server.files, "delivery")

    @needs("curl")
    def test_curl_smtp(self):
        text = self.server.dir / "text"
        text.write_bytes(message("by curl"))
        self.call("curl", "-sS", f"smtp://127.0.0.1:{self.ports['smtp']}",
                  "--mail-from", BOB, "--mail-rcpt", ALICE, "-T", text)
        wait_for(self.server.files, "delivery")

    @needs("curl")
    def test_curl_pop3(self):
        self.put()
        url = f"pop3://127.0.0.1:{self.ports['pop3']}"
        login = ("-u", f"{ALICE}:{PASSWORD}")
        listing = self.call("curl", "-sS", url + "/", *login)
        self.assertEqual(len(listing.split("\n")), 4)
        self.assertIn("text 2", self.call("curl", "-sS", url + "/2", *login))
        self.call("curl", "-sS", "-l", "-X", "DELE", url + "/1", *login)
        wait_for(lambda: len(self.server.files()) == 2, "the deletion")

    @needs("curl")
    def test_curl_imap(self):
        self.put()
        url = f"imap://127.0.0.1:{self.ports['imap']}"
        login = ("-u", f"{ALICE}:{PASSWORD}")
        self.assertIn("INBOX", self.call("curl", "-sS", url, *login))
        self.assertIn("text 2", self.call(
            "curl", "-sS", url + "/INBOX;MAILINDEX=2", *login))
        found = self.call("curl", "-sS", url + "/INBOX?SUBJECT%20%22n%203%22",
                          *login)
        self.assertIn("* SEARCH 3", found)
        new = self.server.dir / "new"
        new.write_bytes(message("appended"))
        self.call("curl", "-sS", url + "/INBOX", "-T", new, *login)
        self.assertEqual(len(self.server.messages()), 4)

    def read_with(self, mutt):
        """Opens the mailbox, copies each message to a file, quits."""
        self.put()
        out = self.home / "copy"
        rc = self.home / "rc"
        rc.write_text(
            f'set imap_user="{ALICE}" imap_pass="{PASSWORD}"\n'
            f'set folder="{self.home}"\n'
            "set ssl_starttls=no ssl_force_tls=no copy=no quit=yes\n"
            "set resolve=no confirmappend=no confirmcreate=no move=no\n"
            "set mbox_type=mbox wait_key=no header_cache=\n")
        self.on_terminal(
            mutt, "-F", rc, "-f",
            f"imap://127.0.0.1:{self.ports['imap']}/INBOX", "-e",
            'push "' + 3 * (f"<copy-message><kill-line>{out}<enter>"
                            "<next-entry>") + '<quit>"')
        self.assertEqual(out.read_text().count("\ntext "), 3)

    @needs("mutt")
    def test_mutt(self):
        self.read_with("mutt")

    @needs("neomutt")
    def test_neomutt(self):
        self.read_with("neomutt")

    @needs("mutt")
    def test_mutt_comes_back(self):
        """With a header cache, by QRESYNC: what went is not there any more,
        and what is new is."""
        self.put(4)
        rc = self.home / "rc"
        rc.write_text(
            f'set imap_user="{ALICE}" imap_pass="{PASSWORD}"\n'
            f'set folder="{self.home}" header_cache="{self.home}/cache"\n'
            "set ssl_starttls=no ssl_force_tls=no copy=no quit=yes\n"
            "set imap_condstore=yes imap_qresync=yes move=no\n"
            "set resolve=no confirmappend=no confirmcreate=no\n"
            "set mbox_type=mbox wait_key=no sort=mailbox-order\n")
        for turn, numbers in enumerate(([1, 2, 3, 4], [1, 3, 4, 1], [3, 1])):
            out = self.home / f"copy{turn}"
            self.on_terminal(
                "mutt", "-d", "2", "-F", rc, "-f",
                f"imap://127.0.0.1:{self.ports['imap']}/INBOX", "-e",
                f'push "<tag-pattern>~A<enter><tag-prefix><copy-message>'
                f'<kill-line>{out}<enter><quit>"')
            self.assertEqual(
                [int(line.split()[1]) for line in out.read_text().split("\n")
                 if line.startswith("text ")], numbers)
            debug = (self.home / ".muttdebug0").read_text()
            self.assertNotIn(" BAD ", debug)
            if turn > 0:
                self.assertRegex(debug, r"\(CHANGEDSINCE \d+ VANISHED\)")
                self.assertIn("VANISHED (EARLIER)", debug)
            other = self.server.imap(ALICE)
            other.select()
            other.store(("2", "1,3", "1")[turn], "+FLAGS", "\\Deleted")
            other.expunge()
            other.logout()
            if turn == 0:
                self.put(1)

    @needs("fetchmail")
    def test_fetchmail(self):
        """Fetches by POP3 and IMAP, delivering to bob by SMTP."""
        self.put()
        rc = self.home / "fetchmailrc"
        for protocol in ("pop3", "imap"):
            before = len(self.server.files(BOB))
            rc.write_text(
                f"poll 127.0.0.1 protocol {protocol} port "
                f"{self.ports[protocol]} auth password\n"
                f"user '{ALICE}' password '{PASSWORD}' keep fetchall sslproto ''\n"
                f"smtphost 127.0.0.1/{self.ports['smtp']} smtpname {BOB}\n")
            rc.chmod(0o600)
            self.call("fetchmail", "-f", rc, "-N", "--nosyslog", "--pidfile",
                      self.home / "pid", "-i", self.home / ("ids" + protocol))
            wait_for(lambda: len(self.server.files(BOB)) == before + 3,
                     f"three messages by {protocol}")

    @needs("mpop")
    def test_mpop(self):
        """POP3 with UIDLs: nothing is fetched twice, what is left is kept."""
        self.put()
        rc = self.home / "mpoprc"
        box = self.home / "mpop"
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True)
        rc.write_text(
            f"account a\nhost 127.0.0.1\nport {self.ports['pop3']}\n"
            f"user {ALICE}\npassword {PASSWORD}\nauth user\ntls off\n"
            f"keep on\ndelivery maildir {box}\n"
            f"uidls_file {self.home / 'uidls'}\n")
        rc.chmod(0o600)
        self.call("mpop", "-C", rc, "a")
        self.assertEqual(len(list((box / "new").iterdir())), 3)
        self.put(1)
        self.call("mpop", "-C", rc, "a")
        self.assertEqual(len(list((box / "new").iterdir())), 4)
        for method in ("plain", "scram-sha-1", "scram-sha-256"):
            self.call("mpop", "-C", rc, f"--auth={method}", "a",
                      codes=(0, 69))    # what this build of mpop lacks
        rc.write_text(rc.read_text().replace("keep on", "keep off\nonly_new off"))
        self.call("mpop", "-C", rc, "a")
        wait_for(lambda: not self.server.files(), "an empty mailbox")

    @needs("getmail")
    def test_getmail(self):
        self.put()
        box = self.home / "getmail"
        box.mkdir()
        directory = self.home / "getmail-rc"
        directory.mkdir()
        (directory / "getmailrc").write_text(
            "[retriever]\ntype = SimplePOP3Retriever\nserver = 127.0.0.1\n"
            f"port = {self.ports['pop3']}\nusername = {ALICE}\n"
            f"password = {PASSWORD}\n[destination]\n"
            # as root it takes nothing else
            "type = MDA_external\nallow_root_commands = true\n"
            f"path = /bin/sh\narguments = ('-c', 'cat >{box}/$$')\n"
            "[options]\nread_all = false\ndelete = false\n")
        for more, count in ((0, 3), (0, 3), (1, 4)):
            self.put(more)
            self.call("getmail", "--getmaildir", directory)
            self.assertEqual(len(list(box.iterdir())), count)

    @needs("mbsync")
    def test_mbsync(self):
        """Two-way synchronisation with a Maildir."""
        self.put()
        local = self.home / "maildir"
        local.mkdir()
        rc = self.home / "mbsyncrc"
        rc.write_text(
            f"IMAPStore far\nHost 127.0.0.1\nPort {self.ports['imap']}\n"
            f"User {ALICE}\nPass {PASSWORD}\nSSLType None\nAuthMechs LOGIN\n\n"
            f"MaildirStore near\nPath {local}/\nInbox {local}/INBOX\n\n"
            "Channel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\n"
            f"Expunge Both\nSyncState *\n")
        self.call("mbsync", "-c", rc, "-a")
        files = [f for f in (local / "INBOX").glob("*/*") if f.is_file()]
        self.assertEqual(len(files), 3)
        (local / "INBOX/new/1.2.here").write_bytes(
            message("from the other side").replace(b"\r\n", b"\n"))
        first = next(f for f in files if b"n 1" in f.read_bytes())
        first.rename(local / "INBOX/cur" /
                     (first.name.split(":")[0] + ":2,ST"))
        self.call("mbsync", "-c", rc, "-a")
        got = b"".join(self.server.messages())
        self.assertIn(b"from the other side", got)
        self.assertNotIn(b"Subject: n 1\r\n", got)


if __name__ == "__main__":
    unittest.main()
