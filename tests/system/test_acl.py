# SPDX-License-Identifier: ISC
"""Mailboxes that users share: rights, what readers see, copies between stores.

The users are spread over three instances of store. Everything is done by a
reader at the owner's own instance and by one at another."""

import json
import os
import random
import re
import shutil
import signal
import threading
import time
import unittest

from server import DOMAIN, Server, message, wait_for

INSTANCES = 3
OTHERS = "Other Users/"


def instance(user):
    """lib/mail/address.c:user_instance"""
    h = 2166136261
    for octet in user.encode():
        h = (h ^ octet) * 16777619 & 0xffffffff
    return h % INSTANCES


def name_at(wanted, start):
    """A user name of an instance."""
    n = 0
    while instance(f"{start}{n}@{DOMAIN}") != wanted:
        n += 1
    return f"{start}{n}@{DOMAIN}"


class Client:
    """Sends lines and keeps what comes back."""

    def __init__(self, server, user):
        self.sock = server.connect("imap")
        self.sock.settimeout(60)
        self.file = self.sock.makefile("rb")
        self.user, self.n = user, 0
        self.line()
        self.ok(f"LOGIN {user} pw")

    def line(self):
        line = self.file.readline()
        literal = re.search(rb"\{(\d+)\}\r\n$", line)
        if literal:
            line += self.file.read(int(literal[1])) + self.line().encode()
        return line.decode().rstrip("\r\n")

    def begin(self, command):
        self.n += 1
        self.sock.sendall(f"x{self.n} {command}\r\n".encode())

    def end(self):
        """Untagged lines, and the answer without its tag."""
        lines = []
        while True:
            line = self.line()
            if line.startswith(f"x{self.n} "):
                return lines, line.split(" ", 1)[1]
            if not line:
                raise EOFError(lines)
            lines.append(line)

    def do(self, command):
        self.begin(command)
        return self.end()

    def ok(self, command):
        lines, answer = self.do(command)
        if not answer.startswith("OK"):
            raise AssertionError(f"{command}: {answer}")
        self.answer = answer
        return lines

    def no(self, command, code):
        lines, answer = self.do(command)
        if not answer.startswith(f"NO [{code}]"):
            raise AssertionError(f"{command}: {lines} {answer}")

    def append(self, mailbox, text, flags=""):
        self.begin(f'APPEND "{mailbox}" ({flags}) {{{len(text)}+}}\r\n'
                   + text.decode())
        _, answer = self.end()
        return answer

    def flags(self, mailbox=None):
        """{uid: flags}"""
        if mailbox is not None:
            self.ok(f'SELECT "{mailbox}"')
        found = {}
        for line in self.ok("UID FETCH 1:* (FLAGS)"):
            m = re.match(r"\* \d+ FETCH \(UID (\d+) FLAGS \((.*?)\)", line)
            if m:
                found[int(m[1])] = set(m[2].split()) - {"\\Recent"}
        return found

    def hear(self, pattern, seconds=60):
        """Untagged lines up to one that fits."""
        lines = []
        self.sock.settimeout(seconds)
        while True:
            line = self.line()
            lines.append(line)
            if re.search(pattern, line):
                return lines
            if not line:
                raise EOFError(lines)

    def close(self):
        self.file.close()
        self.sock.close()


class Shared(unittest.TestCase):
    serial = 0

    @classmethod
    def setUpClass(cls):
        cls.server = Server("store_instances = 3\nrecipient_delimiter = +\n",
                            users={})
        cls.addClassCleanup(cls.server.remove)
        cls.names = {}
        for n in range(40):
            for start, where in (("anna", 0), ("bob", 0), ("carl", 1),
                                 ("dora", 2)):
                cls.names[start, n] = name_at(where, f"{start}{n}x")
        users = {name: "pw" for name in cls.names.values()}
        cls.server.users = users
        (cls.server.dir / "etc/users").write_text("".join(
            f"{a}:{{PLAIN}}{p}\n" for a, p in users.items()))
        cls.server.start()

    def setUp(self):
        Shared.serial += 1
        n = Shared.serial
        self.names = {start: type(self).names[start, n]
                      for start in ("anna", "bob", "carl", "dora")}
        self.clients = []
        self.anna = self.client("anna")

    def tearDown(self):
        for client in self.clients:
            client.close()

    def client(self, start):
        client = Client(self.server, self.names[start])
        self.clients.append(client)
        return client

    def shared(self, mailbox="Work"):
        return f"{OTHERS}{self.names['anna']}/{mailbox}"

    def share(self, rights, *who, mailbox="Work"):
        for start in who:
            self.anna.ok(f"SETACL {mailbox} {self.names[start]} {rights}")

    def work(self, n=3, **flags):
        self.anna.ok("CREATE Work")
        for i in range(n):
            self.anna.append("Work", message(f"number {i}"))

    # ---- who sees what ----

    def test_nothing_is_shared_by_itself(self):
        self.work()
        for start in "bob", "carl":
            other = self.client(start)
            self.assertEqual([x for x in other.ok('LIST "" *')
                              if OTHERS in x], [])
            for command in ("SELECT", "EXAMINE", "DELETE", "GETACL",
                            "MYRIGHTS"):
                other.no(f'{command} "{self.shared()}"', "NONEXISTENT")
            other.no(f'STATUS "{self.shared()}" (MESSAGES)', "NONEXISTENT")
            other.no(f'RENAME "{self.shared()}" "{self.shared("Play")}"',
                     "NONEXISTENT")
            other.no(f'SETACL "{self.shared()}" {other.user} lr',
                     "NONEXISTENT")
            other.no(f'SELECT "{self.shared("Nowhere")}"', "NONEXISTENT")
            other.no(f'SELECT "{OTHERS}nobody@{DOMAIN}/INBOX"', "NONEXISTENT")
            other.no(f'CREATE "{OTHERS}nobody@{DOMAIN}/New"', "NONEXISTENT")
            other.no(f'CREATE "{self.shared("Mine")}"', "NONEXISTENT")
            self.assertRegex(
                other.append(self.shared(), message()),
                r"^NO \[(TRYCREATE|NONEXISTENT)\]")
        self.assertFalse((self.server.dir / "mail" / DOMAIN
                          / "nobody").exists())

    def test_lists_and_rights(self):
        self.work()
        anna = self.anna
        self.assertEqual(anna.ok("MYRIGHTS Work"),
                         ["* MYRIGHTS Work lrswipkxteacd"])
        self.assertEqual(anna.ok("GETACL Work"), [
            f"* ACL Work {anna.user} lrswipkxteacd"])
        for start in "bob", "carl":
            other = self.client(start)
            anna.ok(f"SETACL Work {other.user} lr")
            self.assertEqual(
                [x for x in other.ok('LIST "" *') if OTHERS in x],
                [f'* LIST (\\Noselect \\HasChildren) "/" "{OTHERS}'
                 f'{anna.user}"',
                 f'* LIST (\\HasNoChildren) "/" "{self.shared()}"'])
            self.assertEqual(
                len(other.ok(f'LIST "{OTHERS}" %')), 1)
            self.assertEqual(other.ok(f'MYRIGHTS "{self.shared()}"'),
                             [f'* MYRIGHTS "{self.shared()}" lr'])
            other.no(f'GETACL "{self.shared()}"', "NOPERM")
            other.no(f'LISTRIGHTS "{self.shared()}" anyone', "NOPERM")
            other.no(f'DELETE "{self.shared()}"', "NOPERM")
            # l alone shows, without it all works but the list
            anna.ok(f"SETACL Work {other.user} -r")
            other.no(f'SELECT "{self.shared()}"', "NOPERM")
            anna.ok(f"SETACL Work {other.user} r")
            self.assertEqual([x for x in other.ok('LIST "" *')
                              if OTHERS in x], [])
            other.ok(f'SELECT "{self.shared()}"')
            anna.ok(f"DELETEACL Work {other.user}")

    def test_identifiers(self):
        self.work()
        anna, bob, carl = self.anna, self.client("bob"), self.client("carl")
        local = bob.user.split("@")[0]
        anna.ok("SETACL Work anyone l")
        anna.ok(f"SETACL Work @{DOMAIN} r")
        anna.ok(f"SETACL Work {local.upper()} s")
        anna.ok(f"SETACL Work -{carl.user} l")
        self.assertEqual(bob.ok(f'MYRIGHTS "{self.shared()}"'),
                         [f'* MYRIGHTS "{self.shared()}" lrs'])
        self.assertEqual(carl.ok(f'MYRIGHTS "{self.shared()}"'),
                         [f'* MYRIGHTS "{self.shared()}" r'])
        acl = anna.ok("GETACL Work")[0].split(" ")[3:]
        self.assertEqual(dict(zip(acl[::2], acl[1::2])), {
            anna.user: "lrswipkxteacd", "anyone": "l", f"@{DOMAIN}": "r",
            bob.user: "s", f"-{carl.user}": "l"})
        self.assertEqual(anna.ok("LISTRIGHTS Work anyone"),
                         ['* LISTRIGHTS Work anyone "" l r s w i p k x t e c '
                          "d a"])
        self.assertEqual(anna.ok(f"LISTRIGHTS Work {anna.user}"),
                         [f"* LISTRIGHTS Work {anna.user} a l r s w i p k x "
                          "t e c d"])
        anna.ok("DELETEACL Work anyone")
        anna.ok(f"DELETEACL Work @{DOMAIN}")
        for wrong in ("SETACL Work bob lrq", "SETACL Work bob L",
                      "SETACL Work owner l", "SETACL Work $g l",
                      'SETACL Work "" l', "SETACL Work bob", "GETACL",
                      "SETACL Work -- l"):
            self.assertRegex(anna.do(wrong)[1], "^BAD ", wrong)

    def test_the_owner_limits_himself(self):
        self.work()
        anna = self.anna
        anna.ok(f"SETACL Work {anna.user} lr")
        self.assertEqual(anna.ok("MYRIGHTS Work"), ["* MYRIGHTS Work lra"])
        anna.no("DELETE Work", "NOPERM")
        anna.no("CREATE Work/Below", "NOPERM")
        self.assertIn("NO [NOPERM]", anna.append("Work", message()))
        lines = anna.ok("SELECT Work")
        self.assertIn("[READ-ONLY]", anna.answer)
        self.assertTrue(any("PERMANENTFLAGS ()" in x for x in lines))
        anna.no("STORE 1 +FLAGS (\\Seen)", "NOPERM")
        anna.no("EXPUNGE", "NOPERM")
        anna.ok(f"DELETEACL Work {anna.user}")
        anna.ok("STORE 1 +FLAGS (\\Seen)")
        anna.ok("DELETE Work")

    # ---- reading ----

    def test_everyone_has_his_own_seen(self):
        self.read_some()

    def read_some(self):
        self.work(4)
        self.share("lrswite", "bob", "carl")
        bob, carl = self.client("bob"), self.client("carl")
        self.anna.ok("SELECT Work")
        self.anna.ok("STORE 1 +FLAGS (\\Seen)")
        for other, seen in (bob, 2), (carl, 3):
            lines = other.ok(f'SELECT "{self.shared()}"')
            self.assertIn("* 0 RECENT", lines)
            self.assertTrue(all("\\Seen" not in f
                                for f in other.flags().values()))
            other.ok(f"STORE {seen} +FLAGS (\\Seen)")
            other.ok("FETCH 4 BODY[]")
            self.assertEqual([u for u, f in other.flags().items()
                              if "\\Seen" in f], [seen, 4])
            other.ok("CLOSE")
        bob.ok(f'SELECT "{self.shared()}"')
        bob.ok("STORE 4 FLAGS (\\Answered)")
        self.assertEqual(bob.flags()[4], {"\\Answered"})
        self.assertEqual(self.anna.flags("Work"), {
            1: {"\\Seen"}, 2: set(), 3: set(), 4: {"\\Answered"}})
        self.check_seen(bob, {2})
        self.check_seen(carl, {3, 4})
        # what goes is not counted any more
        self.anna.ok("STORE 3 +FLAGS (\\Deleted)")
        self.anna.ok("EXPUNGE")
        self.check_seen(carl, {4})

    def check_seen(self, other, seen):
        flags = other.flags(self.shared())
        self.assertEqual({u for u, f in flags.items() if "\\Seen" in f}, seen)
        other.ok("UNSELECT")
        unseen = len(flags) - len(seen)
        self.assertIn(f"(UNSEEN {unseen})", other.ok(
            f'STATUS "{self.shared()}" (UNSEEN)')[0])

    def test_own_seen_survives(self):
        self.read_some()
        for client in self.clients:
            client.close()
        file = self.server.maildir(self.names["anna"]) / ".Work" / \
            "posthouse-seen"
        wait_for(lambda: file.exists() and self.names["carl"] in
                 file.read_text(), "the file of \\Seen")
        self.server.posthouse("mailbox", "rebuild", self.names["anna"])
        self.check_seen(self.client("bob"), {2})
        self.server.stop()
        shutil.rmtree(self.server.dir / "state/index/store")
        self.server.start()
        self.check_seen(self.client("bob"), {2})
        self.check_seen(self.client("carl"), {4})
        self.anna = self.client("anna")
        self.assertEqual(self.anna.flags("Work")[1], {"\\Seen"})
        # and so does the list, and that it is shared
        for start in "bob", "carl":
            other = self.client(start)
            wait_for(lambda: any(self.shared() in x for x in
                                 other.do('LIST "" *')[0]),
                     "that it is known who shares what")
            self.assertIn("lrswite", other.ok(
                f'MYRIGHTS "{self.shared()}"')[0])
        self.clients[0].close()

    def test_flags_by_right(self):
        self.work(2)
        for start in "bob", "carl":
            other = self.client(start)
            for rights, kept in (("lr", "()"), ("lrs", "(\\Seen)"),
                                 ("lrt", "(\\Deleted)"),
                                 ("lrw", "(\\Answered \\Flagged \\Draft \\*)"),
                                 ("lri", "()")):
                self.share(rights, start)
                lines = other.ok(f'SELECT "{self.shared()}"')
                self.assertTrue(any(f"[PERMANENTFLAGS {kept}]" in x
                                    for x in lines), lines)
                # \\Seen is nobody's business but the reader's
                self.assertIn("[READ-ONLY]" if rights in ("lr", "lrs")
                              else "[READ-WRITE]", other.answer)
            self.share("lrs", start)
            other.ok(f'SELECT "{self.shared()}"')
            other.ok("STORE 1 FLAGS (\\Seen \\Flagged)")
            self.assertEqual(other.flags()[1], {"\\Seen"})
            other.no("STORE 1 +FLAGS (\\Flagged)", "NOPERM")
            other.no("STORE 1 +FLAGS ($Junk)", "NOPERM")
            other.no("EXPUNGE", "NOPERM")
            self.share("lr", start)
            other.ok(f'SELECT "{self.shared()}"')
            other.ok("FETCH 2 BODY[]")
            self.assertNotIn("\\Seen", other.flags()[2])
            other.ok("CLOSE")
        self.assertEqual(self.anna.flags("Work"), {1: set(), 2: set()})

    # ---- at the same time ----

    def test_events_reach_all(self):
        self.work(2)
        self.share("lrswite", "bob", "carl")
        for start in "bob", "carl":
            other = self.client(start)
            other.ok(f'SELECT "{self.shared()}"')
            self.anna.ok("SELECT Work")
            before = len(self.anna.flags())
            other.begin("IDLE")
            other.hear(r"^\+")
            self.anna.append("Work", message("news"))
            other.hear(rf"\* {before + 1} EXISTS")
            self.anna.ok("STORE 1 +FLAGS (\\Flagged)")
            other.hear(r"\* 1 FETCH .*\\Flagged")
            self.anna.ok("STORE 1 FLAGS (\\Deleted)")
            other.hear(r"\* 1 FETCH .*\\Deleted")
            self.anna.ok("EXPUNGE")
            other.hear(r"\* 1 EXPUNGE")
            other.sock.sendall(b"DONE\r\n")
            other.end()
            self.anna.begin("IDLE")
            self.anna.hear(r"^\+")
            other.ok("STORE 1 +FLAGS (\\Seen)")
            other.ok("STORE 1 +FLAGS (\\Answered)")
            lines = self.anna.hear(r"\* 1 FETCH .*\\Answered")
            self.assertFalse(any("\\Seen" in x for x in lines), lines)
            self.assertIn("OK", other.append(self.shared(), message("more")))
            self.anna.hear(rf"\* {before + 1} EXISTS")
            other.ok("STORE 2 +FLAGS (\\Deleted)")
            other.ok("EXPUNGE")
            self.anna.hear(r"\* 2 EXPUNGE")
            self.anna.sock.sendall(b"DONE\r\n")
            self.anna.end()
            self.anna.ok("STORE 1 FLAGS ()")

    def test_rights_change_under_a_session(self):
        self.work(2)
        for start in "bob", "carl":
            self.share("lrswite", start)
            other = self.client(start)
            other.ok(f'SELECT "{self.shared()}"')
            other.ok("STORE 1 +FLAGS (\\Flagged)")
            self.anna.ok(f"SETACL Work {other.user} -w")
            lines, answer = other.do("STORE 1 +FLAGS (\\Answered)")
            self.assertIn("NO [NOPERM]", answer)
            self.assertTrue(any("PERMANENTFLAGS (\\Deleted \\Seen)" in x
                                for x in lines), lines)
            other.begin("IDLE")
            other.hear(r"^\+")
            self.anna.ok(f"SETACL Work {other.user} -r")
            other.hear(r"^\* BYE")
            again = self.client(start)
            again.no(f'SELECT "{self.shared()}"', "NOPERM")
            self.anna.ok(f"DELETEACL Work {other.user}")
            again.no(f'SELECT "{self.shared()}"', "NONEXISTENT")

    # ---- between mailboxes ----

    def test_append_and_copy(self):
        self.work(1)
        for start in "bob", "carl":
            other = self.client(start)
            self.share("lri", start)
            self.assertRegex(other.append(
                self.shared(), message("mine"), "\\Seen \\Flagged $Work"),
                r"^OK \[APPENDUID")
            flags = other.flags(self.shared())
            self.assertEqual(flags[max(flags)], set())
            self.share("lrsi", start)
            other.append(self.shared(), message("mine"), "\\Seen \\Flagged")
            flags = other.flags(self.shared())
            self.assertEqual(flags[max(flags)], {"\\Seen"})
            self.assertEqual(self.anna.flags("Work")[max(flags)], set())
            # from his own to hers
            other.append("INBOX", message("to her"), "\\Seen \\Answered $Own")
            other.ok("SELECT INBOX")
            other.ok(f'COPY 1 "{self.shared()}"')
            self.assertIn("[COPYUID", other.answer)
            flags = other.flags(self.shared())
            self.assertEqual(flags[max(flags)], {"\\Seen"})
            self.share("lrswi", start)
            other.ok("SELECT INBOX")
            other.ok(f'COPY 1 "{self.shared()}"')
            flags = other.flags(self.shared())
            self.assertEqual(flags[max(flags)],
                             {"\\Seen", "\\Answered", "$Own"})
            self.assertEqual(self.anna.flags("Work")[max(flags)],
                             {"\\Answered", "$Own"})
            text = other.ok(f"UID FETCH {max(flags)} BODY.PEEK[]")
            self.assertIn("Subject: to her", text[0])
            # and back
            other.ok(f'UID COPY {max(flags)} INBOX')
            other.no(f"UID MOVE {max(flags)} INBOX", "NOPERM")
            flags = other.flags("INBOX")
            self.assertEqual(flags[2], {"\\Seen", "\\Answered", "$Own"})

    def test_move(self):
        for start in "bob", "carl":
            other = self.client(start)
            self.anna.do("DELETE Work")
            self.work(200)
            self.share("lrswite", start)
            self.anna.ok("SELECT Work")
            self.anna.ok("STORE 1:200 +FLAGS (\\Answered $Mark)")
            other.ok("CREATE Taken")
            other.ok(f'SELECT "{self.shared()}"')
            other.ok("STORE 1:100 +FLAGS (\\Seen)")
            lines = other.ok("MOVE 1:150 Taken")
            self.assertTrue(any("[COPYUID" in x and " 1:150 1:150]" in x
                                for x in lines), lines)
            self.assertEqual(sum("EXPUNGE" in x for x in lines), 150)
            self.assertEqual(len(other.flags()), 50)
            flags = other.flags("Taken")
            self.assertEqual(len(flags), 150)
            self.assertEqual(flags[1], {"\\Seen", "\\Answered", "$Mark"})
            self.assertEqual(flags[150], {"\\Answered", "$Mark"})
            self.assertIn("number 149", other.ok("FETCH 150 BODY[]")[0])
            # and to hers again
            other.ok(f'MOVE 1:150 "{self.shared()}"')
            self.assertEqual(len(other.flags()), 0)
            self.assertEqual(len(other.flags(self.shared())), 200)
            self.assertEqual(len(self.anna.flags("Work")), 200)
            tmp = self.server.maildir(self.names["anna"]) / ".Work/tmp"
            self.assertEqual(list(tmp.iterdir()), [])

    def test_move_between_two_others(self):
        dora, carl = self.client("dora"), self.client("carl")
        self.work(3)
        self.share("lrswite", "dora")
        carl.ok("CREATE Hers")
        carl.ok(f"SETACL Hers {dora.user} lrswi")
        dora.ok(f'SELECT "{self.shared()}"')
        dora.ok("STORE 2 +FLAGS (\\Seen)")
        target = f"{OTHERS}{carl.user}/Hers"
        dora.ok(f'MOVE 1:2 "{target}"')
        self.assertEqual(len(self.anna.flags("Work")), 1)
        self.assertEqual(carl.flags("Hers"), {1: set(), 2: set()})
        self.assertEqual(dora.flags(target), {1: set(), 2: {"\\Seen"}})
        # without the right nothing moves
        carl.ok(f"SETACL Hers {dora.user} -i")
        dora.ok(f'SELECT "{self.shared()}"')
        dora.no(f'MOVE 1 "{target}"', "NOPERM")
        self.assertEqual(len(dora.flags()), 1)

    # ---- mailboxes ----

    def test_mailboxes_of_others(self):
        self.work(1)
        for start in "bob", "carl":
            other = self.client(start)
            self.share("lrkx", start)
            below = self.shared(f"Work/{start}")
            other.ok(f'CREATE "{below}"')
            self.assertIn("lrkx", other.ok(f'MYRIGHTS "{below}"')[0])
            other.ok(f'RENAME "{below}" "{below}2"')
            self.assertEqual(len([x for x in other.ok('LIST "" *')
                                  if below + "2" in x]), 1)
            other.no(f'RENAME "{below}2" "{self.shared("Top")}"',
                     "NONEXISTENT")
            other.no(f'RENAME "{below}2" Mine', "CANNOT")
            other.no(f'RENAME INBOX "{below}3"', "CANNOT")
            self.assertTrue(any(f"Work/{start}2" in x
                                for x in self.anna.ok('LIST "" *')))
            other.ok(f'DELETE "{below}2"')
            self.assertFalse(any(f"{start}2" in x for x in other.ok(
                'LIST "" *')))
            other.no(f'CREATE "{self.shared("Top")}"', "NONEXISTENT")
            self.anna.ok(f"SETACL Work {other.user} lr")
            other.no(f'CREATE "{below}"', "NOPERM")
            for own in (OTHERS + "x", "Other Users", OTHERS + other.user
                        + "/Work"):
                self.assertRegex(other.do(f'CREATE "{own}"')[1], "^NO ")

    def test_a_shared_mailbox_is_renamed_and_removed(self):
        self.work(2)
        self.share("lrs", "bob", "carl")
        self.anna.ok("RENAME Work Play")
        for start in "bob", "carl":
            other = self.client(start)
            self.assertEqual([x.split('"')[-2] for x in other.ok('LIST "" *')
                              if "Work" in x or "Play" in x],
                             [self.shared("Play")])
            other.ok(f'SELECT "{self.shared("Play")}"')
        self.anna.ok("DELETE Play")
        self.anna.ok("CREATE Play")
        for start in "bob", "carl":
            other = self.client(start)
            self.assertFalse(any("Play" in x for x in other.ok('LIST "" *')))
            other.no(f'SELECT "{self.shared("Play")}"', "NONEXISTENT")

    def test_subscriptions(self):
        self.work(1)
        self.share("lr", "bob", "carl")
        for start in "bob", "carl":
            other = self.client(start)
            other.ok(f'SUBSCRIBE "{self.shared()}"')
            self.assertIn(self.shared(), other.ok('LSUB "" *')[-1])
            self.anna.ok(f"DELETEACL Work {other.user}")
            self.assertIn(self.shared(), other.ok('LSUB "" *')[-1])
            other.ok(f'UNSUBSCRIBE "{self.shared()}"')
            self.assertEqual(other.ok('LSUB "" *'), [])

    def test_inbox(self):
        self.anna.append("INBOX", message("hers"))
        self.anna.ok("SETACL INBOX anyone lr")
        for start in "bob", "carl":
            other = self.client(start)
            self.assertIn(self.shared("INBOX"), "".join(
                other.ok('LIST "" *')))
            other.ok(f'SELECT "{self.shared("INBOX")}"')
            self.assertIn("Subject: hers", other.ok("FETCH 1 BODY[]")[0])
        self.anna.ok("DELETEACL INBOX anyone")

    def test_namespace(self):
        self.assertEqual(self.anna.ok("NAMESPACE"), [
            '* NAMESPACE (("" "/")) (("Other Users/" "/")) NIL'])
        capabilities = self.anna.ok("CAPABILITY")[0].split()
        self.assertIn("ACL", capabilities)
        self.assertIn("RIGHTS=texk", capabilities)

    def test_administrator(self):
        self.work(1)
        owner, carl = self.names["anna"], self.names["carl"]

        def acl(*argv, **options):
            return self.server.posthouse("mailbox", "acl", *argv, **options)

        acl("set", owner, "Work", carl, "lr")
        acl("set", owner, "Work", carl, "+s")
        acl("set", owner, "Work", "--", "-@" + DOMAIN, "x")
        listed = json.loads(acl("show", owner, "Work", "--json").stdout)
        self.assertEqual({row["identifier"]: row["rights"] for row in listed},
                         {owner: "lrswipkxtea", carl: "lrs",
                          "-@" + DOMAIN: "x"})
        self.assertIn(carl, acl("show", owner, "Work").stdout)
        self.client("carl").ok(f'SELECT "{self.shared()}"')
        acl("delete", owner, "Work", carl)
        self.client("carl").no(f'SELECT "{self.shared()}"', "NONEXISTENT")
        for wrong, code in ((("set", owner, "Work", carl, "lq"), 64),
                            (("set", owner, "Work", "owner", "l"), 65),
                            (("set", owner, "Nowhere", carl, "l"), 65),
                            (("show", owner, "Nowhere"), 65),
                            (("show", "nobody@" + DOMAIN, "INBOX"), 67)):
            self.assertEqual(acl(*wrong, check=False).returncode, code, wrong)

    # ---- delivery ----

    def deliver(self, address):
        with self.server.smtp() as smtp:
            smtp.sendmail("tester@client.test", [address], message("posted"))

    def test_mail_to_a_mailbox(self):
        self.work(0)
        local, domain = self.anna.user.split("@")
        self.deliver(f"{local}+Work@{domain}")
        wait_for(lambda: len(self.anna.flags("Work")) == 1, "the mail")
        self.anna.ok(f"SETACL Work {self.anna.user} -p")
        self.deliver(f"{local}+Work@{domain}")
        wait_for(lambda: len(self.anna.flags("INBOX")) == 1, "the mail")
        self.assertEqual(len(self.anna.flags("Work")), 1)

    # ---- trouble ----

    def test_the_other_store_restarts(self):
        """A reader elsewhere has to come again, not the rest."""
        self.work(2)
        self.share("lrs", "carl")
        carl = self.client("carl")
        carl.ok(f'STATUS "{self.shared()}" (MESSAGES)')
        carl.ok("SELECT INBOX")
        self.kill_store(instance(self.anna.user))
        wait_for(lambda: carl.do(f'STATUS "{self.shared()}" (MESSAGES)')[1]
                 .startswith("OK"), "the other store")
        carl.ok(f'SELECT "{self.shared()}"')
        self.assertEqual(len(carl.flags()), 2)

    def kill_store(self, number):
        pids = {}
        for pid in self.server.pids("store"):
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                pids[pid] = f.read()
        status = self.server.posthouse("status", "--json").stdout
        wanted = [int(p) for p in re.findall(
            r'"program": *"store"[^}]*?"instance": *%d\b[^}]*?"pid": *(\d+)'
            % number, status)]
        if not wanted:      # the order of starts
            wanted = [sorted(pids)[number]]
        os.kill(wanted[0], signal.SIGKILL)

    def test_moves_and_kills(self):
        """Nothing is lost whatever is killed in the middle of moves between
        two stores; a message may be in both, never in none."""
        count = 60
        dora = self.client("dora")
        self.work(count)
        self.share("lrswite", "carl")
        before = self.bodies(self.anna, "Work")
        self.assertEqual(len(set(before)), count)
        stop = threading.Event()

        def move():
            while not stop.is_set():
                try:
                    carl = Client(self.server, self.names["carl"])
                    carl.do("CREATE Taken")
                    for source, target in ((self.shared(), "Taken"),
                                           ("Taken", self.shared())):
                        carl.ok(f'SELECT "{source}"')
                        carl.do(f'MOVE 1:{random.randrange(1, 30)} '
                                f'"{target}"')
                    carl.close()
                except (EOFError, OSError, AssertionError):
                    time.sleep(0.1)

        thread = threading.Thread(target=move)
        thread.start()
        try:
            for _ in range(6):
                time.sleep(random.uniform(0.5, 1.5))
                victims = self.server.pids("store")
                if victims:
                    os.kill(random.choice(victims), signal.SIGKILL)
        finally:
            stop.set()
            thread.join()
        wait_for(lambda: len(self.server.pids("store")) == INSTANCES,
                 "all stores")
        found = set()
        for start, mailbox in ("anna", "Work"), ("carl", "Taken"):
            client = self.come_again(start)
            found |= set(self.bodies(client, mailbox))
        self.assertEqual(found, set(before))
        del dora

    def come_again(self, start):
        def login():
            try:
                client = self.client(start)
                client.ok("NOOP")
                return client
            except (EOFError, OSError, AssertionError):
                return None
        return wait_for(login, "a login")

    @staticmethod
    def bodies(client, mailbox):
        lines, answer = client.do(f'SELECT "{mailbox}"')
        if not answer.startswith("OK"):
            return []
        return [m[1] for line in client.ok("FETCH 1:* BODY.PEEK[]")
                for m in [re.search(r"Subject: (number \d+)", line)] if m]


if __name__ == "__main__":
    unittest.main()
