# SPDX-License-Identifier: ISC
"""Started by root, each program runs as its own system user. Skipped where
nobody made the users of contrib/systemd/sysusers.conf."""

import os
import pwd
import shutil
import ssl
import unittest

from server import BIN, DOMAIN, Server, message, wait_for
from test_privileges import status_of

ROLES = ("smtpd", "pop3d", "imapd", "router", "auth", "queue", "local",
         "store", "bounce", "keys")


def uid_of(role):
    try:
        return pwd.getpwnam("posthouse-" + role).pw_uid
    except KeyError:
        return None


@unittest.skipUnless(os.geteuid() == 0, "needs root")
@unittest.skipUnless(all(map(uid_of, ROLES)), "needs the system users")
class Users(unittest.TestCase):
    def setUp(self):
        # where every user can reach the programs
        self.server = Server("drop_privileges = yes\n"
                             "program_dir = ../programs\n")
        shutil.copytree(BIN, self.server.dir / "programs")
        self.addCleanup(self.server.remove)
        self.server.dir.chmod(0o755)
        self.server.posthouse("tls", "self-signed", "mail.example.test")
        with self.server.conf.open() as f:
            text = f.read()
        self.server.conf.write_text(
            "tls_cert = mail.example.test.crt\n"
            "tls_key = mail.example.test.key\n" + text)
        shutil.chown(self.server.dir / "etc/users", group="posthouse-auth")
        (self.server.dir / "etc/users").chmod(0o640)
        self.server.start()

    def test_every_program_is_its_own_user(self):
        found = {}
        for pid, role in self.server.processes().items():
            status = status_of(pid)
            found[role] = {*status["Uid"].split()}
            self.assertEqual(status["CapEff"].strip("\t 0"), "", role)
            self.assertEqual(status["CapPrm"].strip("\t 0"), "", role)
        self.assertEqual(found, {r: {str(uid_of(r))} for r in found})
        self.assertLessEqual(set(ROLES), set(found))

    def test_keys_signs_with_what_only_root_can_read(self):
        key = self.server.dir / "etc/mail.example.test.key"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        self.assertEqual(key.stat().st_uid, 0)
        trust = ssl.create_default_context(
            cafile=self.server.dir / "etc/mail.example.test.crt")
        trust.check_hostname = False
        with self.server.smtp() as smtp:
            smtp.starttls(context=trust)
            self.assertEqual(smtp.ehlo()[0], 250)

    def test_mail_goes_through(self):
        user = f"alice@{DOMAIN}"
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", [user], message("as themselves"))
        self.server.sendmail("-f", user, user, input="Subject: local\n\nx\n")
        self.server.settle()
        contents = self.server.messages(user)
        self.assertEqual(len(contents), 2)
        for file in self.server.files(user):
            self.assertEqual(file.stat().st_nlink, 1)
            self.assertEqual(file.stat().st_mode & 0o007, 0)
        pop3 = self.server.pop3(user)
        self.assertEqual(pop3.stat()[0], 2)
        pop3.quit()

    def test_drop_directory_of_a_stopped_server(self):
        self.server.stop()
        user = f"alice@{DOMAIN}"
        self.server.sendmail("-f", user, user, input="Subject: late\n\nx\n")
        self.server.start()
        wait_for(lambda: self.server.files(user), "delivery")
        self.assertEqual(len(self.server.messages(user)), 1)


if __name__ == "__main__":
    unittest.main()
