# SPDX-License-Identifier: ISC
"""A site from one command: questions, files, a start, a trial."""

import imaplib
import json
import pathlib
import re
import shutil
import smtplib
import ssl
import subprocess
import tempfile
import unittest

from server import BIN, free_port

YOU = "anna@example.org"


class Quickstart(unittest.TestCase):
    def setUp(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-"))
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        self.etc = self.dir / "etc"
        self.etc.mkdir()
        self.conf = self.etc / "posthouse.conf"
        self.ports = {p: free_port() for p in ("smtp", "imap", "submission")}
        self.before = (
            "# Kept: a comment.\n#hostname = mail.example.com\n"
            "users = users\naliases = aliases\nroutes = routes\n"
            "relay_logins = relay_logins\nspool_dir = ../spool\n"
            "mail_dir = ../mail\nstate_dir = ../state\nrun_dir = ../run\n"
            f"log_file = ../log\nprogram_dir = {BIN}\ndrop_privileges = no\n"
            + "".join(f"\n[listener {p}]\naddress = *:{n}\nprotocol = {p}\n"
                      for p, n in self.ports.items()))
        self.conf.write_text(self.before)
        self.addCleanup(self.posthouse, "stop")

    def posthouse(self, *argv, input=""):
        return subprocess.run([BIN / "posthouse", "-c", self.conf, *argv],
                              input=input, text=True, capture_output=True,
                              timeout=120)

    def fine(self, *argv, input=""):
        done = self.posthouse(*argv, input=input)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout

    def log_in(self, password):
        trust = ssl.create_default_context(
            cafile=next(self.etc.glob("*.crt")))
        trust.check_hostname = False
        imap = imaplib.IMAP4("127.0.0.1", self.ports["imap"], timeout=60)
        imap.starttls(trust)
        imap.login(YOU, password)
        self.addCleanup(imap.logout)
        return imap

    def test_questions(self):
        out = self.fine("quickstart", YOU, input="mx.example.org\n"
                        "smtp.far.example\nme@far.example\np\"ss\\w\n"
                        "my secret\n")
        self.assertIn("Tried: a message went in", out)
        text = self.conf.read_text()
        for line in ("# Kept: a comment.", "hostname = mx.example.org",
                     "domains = example.org"):
            self.assertIn(line + "\n", text)
        self.assertNotIn("#hostname", text)
        self.assertEqual((self.etc / "routes").read_text(),
                         "* [smtp.far.example]:587 tls=verify "
                         "login=provider\n")
        logins = self.etc / "relay_logins"
        self.assertEqual(logins.read_text(),
                         'provider "me@far.example" "p\\"ss\\\\w"\n')
        self.assertEqual(logins.stat().st_mode & 0o777, 0o600)
        self.assertEqual((self.etc / "aliases").read_text(),
                         f"postmaster: {YOU}\nroot: {YOU}\n")
        self.fine("check")
        # the trial has left nothing, and mail for root comes to you
        imap = self.log_in("my secret")
        self.assertEqual(imap.select()[1], [b"0"])
        with smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=60) as s:
            s.sendmail("a@client.test", ["root@example.org"], "Subject: x\n")
        for _ in range(300):
            if imap.select()[1] == [b"1"]:
                break
        self.assertEqual(imap.select()[1], [b"1"])

    def test_nothing_asked(self):
        out = self.fine("quickstart", YOU, "--yes")
        password = re.search(r"password ([a-z0-9]{20}) ", out)[1]
        self.log_in(password)
        self.assertFalse((self.etc / "routes").exists())

    def test_only_once(self):
        self.fine("quickstart", YOU, "--yes")
        before = self.conf.read_text(), (self.etc / "users").read_text()
        done = self.posthouse("quickstart", "bob@example.net", "--yes")
        self.assertEqual(done.returncode, 73)
        self.assertIn("has a site already", done.stderr)
        self.assertEqual((self.conf.read_text(),
                          (self.etc / "users").read_text()), before)

    def test_wrong_answers(self):
        """Nothing is written before all questions have an answer."""
        for argv, input in (
                (["nobody"], ""), (["a@[192.0.2.1]"], ""),
                ([YOU], "not a name\n"), ([YOU], "mx.example.org\na/b\n"),
                ([YOU], "\n\n\n"), ([YOU, "--relay", "x;y", "--yes"], "")):
            done = self.posthouse("quickstart", *argv, input=input)
            self.assertEqual(done.returncode, 65, (argv, done))
            self.assertNotIn("Tried", done.stdout)
        self.assertEqual(self.conf.read_text(), self.before)
        self.assertEqual([p.name for p in self.etc.iterdir()],
                         ["posthouse.conf"])

    def test_records(self):
        self.fine("quickstart", YOU, "--yes", "--relay", "relay.far.example")
        self.assertIn("[relay.far.example]:587 tls=verify\n",
                      (self.etc / "routes").read_text())
        records = json.loads(self.fine("dns", "show", "--json"))
        by = {(r["name"], r["type"]): r["value"] for r in records}
        host = re.search(r"hostname = (.*)", self.conf.read_text())[1]
        self.assertEqual(by["example.org.", "MX"], f"10 {host}.")
        self.assertEqual(by["_imap._tcp.example.org.", "SRV"],
                         f"0 1 {self.ports['imap']} {host}.")
        cert = next(self.etc.glob("*.crt"))
        key = subprocess.run(
            f"openssl x509 -in {cert} -noout -pubkey | openssl pkey -pubin "
            "-outform DER | sha256sum", shell=True, capture_output=True,
            text=True, check=True).stdout.split()[0]
        self.assertEqual(by[f"_25._tcp.{host}.", "TLSA"], f"3 1 1 {key}")


if __name__ == "__main__":
    unittest.main()
