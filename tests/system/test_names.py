# SPDX-License-Identifier: ISC
"""posthouse alias and domain change the files of etc/ as a careful hand does."""

import json
import unittest

from server import DOMAIN, Server

ALIASES = """\
# who is who
postmaster: alice
all: alice,
# not carl
\tbob

"of fice": bob
info@example.test: bob
info: alice
"""


class Names(unittest.TestCase):
    def setUp(self):
        self.server = Server(aliases=ALIASES)
        self.addCleanup(self.server.remove)
        self.server.start()
        self.aliases = self.server.conf.parent / "aliases"

    def posthouse(self, *words, code=0):
        done = self.server.posthouse(*words, check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout + done.stderr

    def reply(self, address):
        with self.server.smtp() as smtp:
            smtp.ehlo()
            smtp.mail("a@client.test")
            return smtp.rcpt(address)[0]


class Aliases(Names):
    def listed(self):
        return {a["alias"]: a["targets"]
                for a in json.loads(self.posthouse("alias", "list", "--json"))}

    def test_list(self):
        self.assertEqual(self.listed(), {
            "postmaster": "alice", "all": "alice, bob",
            "of fice": "bob", "info@example.test": "bob", "info": "alice"})
        lines = self.posthouse("alias", "list").splitlines()
        self.assertRegex(lines[1], r"^all +\S*aliases:3 +alice, bob$")

    def test_set(self):
        self.assertEqual(self.reply(f"new@{DOMAIN}"), 550)
        self.posthouse("alias", "set", "new", "alice", "bob")
        self.assertEqual(self.aliases.read_text(),
                         ALIASES + "new: alice, bob\n")
        self.assertEqual(self.reply(f"new@{DOMAIN}"), 250)

    def test_set_again(self):
        """In its place, with all its lines; the rest stays."""
        self.posthouse("alias", "set", "ALL", "carl@client.test")
        self.assertEqual(self.aliases.read_text(), ALIASES.replace(
            "all: alice,\n# not carl\n\tbob\n",
            "ALL: carl@client.test\n# not carl\n"))
        self.posthouse("alias", "set", "info", "bob")
        self.assertIn("info@example.test: bob\ninfo: bob\n",
                      self.aliases.read_text())

    def test_delete(self):
        self.posthouse("alias", "del", "info@example.test")
        self.posthouse("alias", "del", '"of fice"')
        self.assertEqual(set(self.listed()), {"postmaster", "all", "info"})
        self.assertIn("no alias nobody",
                      self.posthouse("alias", "del", "nobody", code=67))

    def test_refused(self):
        for words in (("set", "new", "a b c"), ("set", "", "alice"),
                      ("set", "@example.test", "alice"),
                      ("set", "new", "alice\nroot: bob"), ("set", "a b", "c"),
                      ("del", "a\nb")):
            with self.subTest(words=words):
                self.assertTrue(self.posthouse("alias", *words, code=65))
        self.assertEqual(self.aliases.read_text(), ALIASES)

    def test_server_down(self):
        self.server.stop()
        self.posthouse("alias", "set", "new", "alice")
        self.server.start()
        self.assertEqual(self.reply(f"new@{DOMAIN}"), 250)


class Domains(Names):
    def test_add_and_delete(self):
        before = self.server.conf.read_text()
        self.assertNotEqual(self.reply("postmaster@other.test"), 250)
        self.posthouse("domain", "add", "other.test")
        self.assertEqual(self.server.conf.read_text(), before.replace(
            "domains = example.test", "domains = example.test other.test"))
        self.assertEqual(self.reply("postmaster@other.test"), 250)
        self.assertEqual(self.posthouse("domain", "list"),
                         "example.test\nother.test\n")
        self.posthouse("domain", "del", "OTHER.test")
        self.assertEqual(self.server.conf.read_text(), before)
        self.assertNotEqual(self.reply("postmaster@other.test"), 250)

    def test_commas(self):
        text = self.server.conf.read_text()
        self.server.conf.write_text(text.replace(
            "domains = example.test", "domains =  example.test,b.test, c.test"))
        self.posthouse("domain", "del", "c.test")
        self.assertIn("domains = example.test b.test\n",
                      self.server.conf.read_text())

    def test_refused(self):
        before = self.server.conf.read_text()
        for name, code in (("example.test", 73), ("a..b", 65), ("-", 65),
                           ("a.test\nplain_logins = yes", 65)):
            self.assertTrue(self.posthouse("domain", "add", name, code=code))
        self.posthouse("domain", "del", "other.test", code=67)
        self.assertEqual(self.server.conf.read_text(), before)

    def test_what_check_refuses(self):
        """A domain that mail is passed on for cannot be our own."""
        text = self.server.conf.read_text().replace(
            "domains = ", "relay_domains = other.test\ndomains = ")
        self.server.conf.write_text(text)
        said = self.posthouse("domain", "add", "other.test", code=78)
        self.assertIn("stays as it is", said)
        self.assertEqual(self.server.conf.read_text(), text)
        self.assertEqual(list(self.server.conf.parent.glob("*.new")), [])

    def test_included(self):
        etc = self.server.conf.parent
        text = self.server.conf.read_text()
        (etc / "more.conf").write_text("domains = example.test\n")
        self.server.conf.write_text(text.replace(
            "domains = example.test", "include more.conf"))
        self.assertIn("change it there", self.posthouse(
            "domain", "add", "other.test", code=78))


if __name__ == "__main__":
    unittest.main()
