# SPDX-License-Identifier: ISC
"""Tables of expressions and inline ones, by real sessions (aliases(5))."""

import json
import smtplib
import unittest

from server import DOMAIN, Server, message, wait_for
from tables import Recipients

ALICE, BOB = (f"{name}@{DOMAIN}" for name in ("alice", "bob"))
USERS = {ALICE: "wonderland", BOB: "builder"}

EXPRESSIONS = r"""# a comment
/^(.*)-old@(.*)$/   $1@$2
/^both@/
   alice,
   bob
/^self@(.*)$/       self@$1
/^cmd@/             |/bin/sh
"""


class Tables(Recipients, unittest.TestCase):
    def serve(self, aliases, more=""):
        self.server = Server(f"aliases = aliases {aliases}\n{more}",
                             users=USERS)
        self.addCleanup(self.server.remove)
        (self.server.dir / "etc/aliases").touch()

    def write(self, name, text):
        new = self.server.dir / "etc/new"
        new.write_text(text)
        new.rename(self.server.dir / "etc" / name)

    def test_expressions(self):
        for kind in "pcre", "regexp":
            with self.subTest(kind=kind):
                self.serve(f"{kind}:names")
                self.write("names", EXPRESSIONS)
                self.server.start()
                self.expect("250 ", f"alice-old@{DOMAIN}",
                            f"BOB-OLD@{DOMAIN}", f"both@{DOMAIN}", ALICE)
                self.expect("550 5.1.1", f"nobody-old@{DOMAIN}",
                            f"self@{DOMAIN}", f"other@{DOMAIN}")
                self.expect("451 4.3.5", f"cmd@{DOMAIN}")
                # nobody makes of one address another host's, or two
                self.expect("550 5.1.1", f'"x@evil.test,a-old"@{DOMAIN}',
                            f'"x@evil.test-old"@{DOMAIN}')
                with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"],
                                  timeout=60) as smtp:
                    smtp.sendmail("friend@client.test", f"both@{DOMAIN}",
                                  message())
                for user in ALICE, BOB:
                    wait_for(lambda: len(self.server.messages(user)) == 1,
                             f"mail of {user}")

    def test_explain(self):
        """Each step with its file and line."""
        self.serve("pcre:names inline:{a@x=b,one@%s=team}" % DOMAIN)
        etc = self.server.dir / "etc"
        self.write("names", EXPRESSIONS)
        self.write("list", "bob\n")
        self.write("aliases", f"# x\nteam: alice,\n  nobody, "
                   f":include:{etc}/list\nloop: loop, bob\n")
        self.server.start()

        def steps(name, *args):
            return self.server.posthouse("explain", f"{name}@{DOMAIN}",
                                         *args).stdout
        self.assertIn(f"""\
  table team-old@{DOMAIN} (pcre:{etc}/names:2)
    alias team ({etc}/aliases:2)
      user {ALICE}
      passed over nobody: leads to nobody
      include {etc}/list ({etc}/list)
        user {BOB}
  quota: no mailbox is full
team-old@{DOMAIN}: accepted, 2.1.5 Ok
""", steps("team-old"))
        self.assertIn(f"both@{DOMAIN} (pcre:{etc}/names:3)", steps("both"))
        self.assertRegex(steps("one"), r"  table one@\S+ \(inline:.*:2\)\n"
                         r"    alias team ")
        self.assertRegex(steps("loop"), r"aliases:4\)\n    loop loop: .*\n"
                         r"    passed over loop: .*\n    user bob@")
        self.assertEqual(
            [(s["depth"], s["step"], s["name"], s["place"]) for s in
             json.loads(steps("bob+x", "--json"))["steps"]],
            [(0, "domain", DOMAIN, ""), (0, "detail", "x", ""),
             (0, "user", BOB, ""), (0, "quota", "", "")])

    def test_inline(self):
        self.serve("inline:{ team@%s = alice, {two@%s = alice, bob} }" %
                   (DOMAIN, DOMAIN))
        self.server.start()
        self.expect("250 ", f"team@{DOMAIN}", f"two@{DOMAIN}")
        self.expect("550 5.1.1", f"three@{DOMAIN}")

    def build(self, table, check=True):
        return self.server.posthouse("table", "build", table, check=check)

    def test_databases(self):
        """hash: and btree: are read whole; a damaged one changes nothing."""
        for kind in "hash", "btree":
            with self.subTest(kind=kind):
                self.serve(f"{kind}:names", "relay_domains = backup.test "
                           f"all.test\nrelay_recipients = {kind}:list\n")
                etc = self.server.dir / "etc"
                table = f"{kind}:{etc}/names"
                self.write("names", f"# x\nTeam@{DOMAIN}: alice,\n  bob\n"
                           f"bare alice\nclub:team\n\"q x@y.test\": bob\n"
                           f"cmd: |/bin/sh\nteam@{DOMAIN} twice\n")
                said = self.build(table)
                self.assertIn("names:8: team@", said.stderr)
                self.write("list", "otto@backup.test x\n@all.test x\n")
                self.build(f"{kind}:{etc}/list")
                self.assertNotIn("newer",
                                 self.server.posthouse("check").stderr)
                self.server.start()
                self.expect("250 ", f"team@{DOMAIN}", f"BARE@{DOMAIN}",
                            f"club+x@{DOMAIN}", "otto+x@backup.test",
                            "any@all.test", ALICE)
                self.expect("550 5.1.1", f"other@{DOMAIN}",
                            "anna@backup.test")
                self.expect("451 4.3.5", f"cmd@{DOMAIN}")
                self.assertIn(
                    f"  table bare@{DOMAIN} ({table})\n    user {ALICE}\n",
                    self.server.posthouse("explain",
                                          f"bare@{DOMAIN}").stdout)
                self.assertEqual(self.server.posthouse(
                    "table", "query", table, "q x@y.test").stdout, "bob\n")
                self.assertEqual(self.server.posthouse(
                    "table", "query", table, "none",
                    check=False).returncode, 67)
                # mistakes make no file
                db = etc / "names.db"
                before = db.read_bytes()
                self.write("names", "new alice\nalone\n")
                done = self.build(table, check=False)
                self.assertEqual(done.returncode, 65)
                self.assertIn("names:2: A line is a key and a value",
                              done.stderr)
                self.assertEqual(db.read_bytes(), before)
                done = self.server.posthouse("check")
                self.assertIn(f"warning: aliases: {etc}/names is newer than "
                              f"{etc}/names.db", done.stderr)
                # half a file, as of a postmap that was killed
                self.write("names.db", "")
                db.write_bytes(before[:len(before) // 2])
                wait_for(lambda: "names.db: page 0: the file is" in
                         self.server.log(), "complaint")
                self.expect("250 ", f"bare@{DOMAIN}")
                done = self.server.posthouse("check", check=False)
                self.assertIn("names.db: page 0: the file is", done.stderr)
                done = self.server.posthouse("table", "query", table, "bare",
                                             check=False)
                self.assertEqual(done.returncode, 65)
                # and one that is whole again
                self.write("names", "new alice\n")
                self.build(table)
                wait_for(lambda: self.answer(f"new@{DOMAIN}")
                         .startswith("250"), "new table")
                self.expect("550 5.1.1", f"bare@{DOMAIN}")
                self.assertEqual(sorted(p.name for p in
                                        etc.glob("names.db*")), ["names.db"])
                self.server.stop()
        done = self.build("pcre:names", check=False)
        self.assertEqual(done.returncode, 64)

    def test_text(self):
        self.serve("text:more")
        self.write("more", "team: alice\n")
        self.server.start()
        self.expect("250 ", f"team@{DOMAIN}")

    def test_change(self):
        """No restart, no reload; a mistake changes nothing."""
        self.serve("pcre:names")
        self.write("names", f"/^one@/ alice\n")
        self.server.start()
        self.expect("250 ", f"one@{DOMAIN}")
        self.expect("550 5.1.1", f"two@{DOMAIN}")
        self.write("names", f"/^two@/ alice\n")
        wait_for(lambda: self.answer(f"two@{DOMAIN}").startswith("250"),
                 "new table")
        self.expect("550 5.1.1", f"one@{DOMAIN}")
        self.write("names", "/^three@/ alice\n\n/(/ bob\n")
        wait_for(lambda: "names:3: The expression is wrong" in
                 self.server.log(), "complaint")
        self.expect("250 ", f"two@{DOMAIN}")
        self.expect("550 5.1.1", f"three@{DOMAIN}")
        done = self.server.posthouse("check", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("names:3: The expression is wrong",
                      done.stdout + done.stderr)

    def test_bad_from_the_start(self):
        """Mail that comes to the table waits; what is found before does not."""
        self.serve("pcre:names")
        self.write("names", "/a/\n" + "x" * 200000 + "\n\0\n/a b\n")
        self.write("aliases", "team: someone@client.test\n")
        self.server.start()
        self.expect("451 4.3.5", ALICE, f"other@{DOMAIN}")
        self.expect("250 ", f"team@{DOMAIN}")
        self.write("names", "/^other@/ alice\n")
        wait_for(lambda: self.answer(f"other@{DOMAIN}").startswith("250"),
                 "good table")

    def test_limit(self):
        self.serve("pcre:names")
        self.write("names", "/^(a+)+$/ alice\n")
        self.server.start()
        self.expect("451 4.3.5", "a" * 40 + f"@{DOMAIN}")
        self.expect("550 5.1.1", f"b@{DOMAIN}")
        wait_for(lambda: "an expression takes too long" in self.server.log(),
                 "warning")

    def test_relay_recipients(self):
        self.serve("", "relay_domains = inner.test\n"
                   "relay_recipients = pcre:inner\n")
        self.write("inner", "/^[a-m].*@inner\\.test$/ yes\n")
        self.server.start()
        self.expect("250 ", "anna@inner.test", "postmaster@inner.test")
        self.expect("550 5.1.1", "zoe@inner.test")

    def test_query(self):
        self.serve("")
        self.write("names", EXPRESSIONS + "/^(z+)+$/ slow\n")
        names = f"pcre:{self.server.dir}/etc/names"
        for key, code, value in (
                ("x-old@a.test", 0, "x@a.test\n"),
                ("both@a.test", 0, "alice, bob\n"),
                ("x@a.test", 67, ""),
                ("z" * 40 + "@a.test", 75, "")):
            with self.subTest(key=key):
                done = self.server.posthouse("table", "query", names, key,
                                             check=False)
                self.assertEqual((done.returncode, done.stdout), (code, value))
        done = self.server.posthouse("table", "query", "inline:{a = b}", "A",
                                     "--json")
        self.assertEqual(json.loads(done.stdout)["value"], "b")

    def test_kinds(self):
        self.serve("lmdb:/etc/aliases cidr:/etc/hosts")
        done = self.server.posthouse("check", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("lmdb: is no kind of table", done.stdout + done.stderr)
        self.assertIn("a cidr table has hosts", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
