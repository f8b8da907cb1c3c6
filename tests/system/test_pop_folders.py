# SPDX-License-Identifier: ISC
"""user+mailbox in both generations of POP: names in UTF-8, every way to log in,
and what it does not open: fresh tries for one who guesses passwords."""

import hashlib
import itertools
import unittest
from unittest import mock

from pop_wire import Imap, Line, Pop2, Pop3, Refused
from server import Server
from test_sasl import BOB, WAYS, plain, pop3_login
from test_sasl import Pop3 as Sasl
from test_sasl import Refused as Wrong

ALICE, PASSWORD = "alice@example.test", "wonderland"
# as people call them, and as IMAP spells that
NAMES = {
    "Entwürfe": "Entw&APw-rfe",
    "受信/重要": "&U9dP4Q-/&kc2JgQ-",
    "Привет & Co": "&BB8EQAQ4BDIENQRC- &- Co",
    "🐎 post": "&2D3cDg- post",
    "a+b": "a+b",
    "a.b": "a.b",
    "Ordner mit Raum": "Ordner mit Raum",
}
ODD = ("..", "a/../b", "/a", "a//b", "a/", "nosuch", "Entwu\u0308rfe")


class Names(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("sasl_mechanisms = PLAIN LOGIN CRAM-MD5 "
                            "SCRAM-SHA-1 SCRAM-SHA-256 APOP\n"
                            "login_failures = 100000\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        wire = Imap(cls.server, ALICE, PASSWORD)
        for count, spelled in enumerate(NAMES.values(), 1):
            wire.say(f'CREATE "{spelled}"')
            for n in range(count):
                wire.say(f'APPEND "{spelled}"', b"Subject: %d\r\n\r\n" % n)
        wire.close()

    def begin(self):
        """A connection before the login."""
        pop3 = Pop3.__new__(Pop3)
        Line.__init__(pop3, self.server, "pop3")
        pop3.greeting = pop3.reply()
        return pop3

    def each(self):
        for count, name in enumerate(NAMES, 1):
            for user in (f"alice+{name}", f"alice+{name}@example.test"):
                with self.subTest(user=user):
                    yield user, name, count

    def test_pop3(self):
        for user, _, count in self.each():
            pop3 = Pop3(self.server, user, PASSWORD)
            self.assertEqual(pop3.stat()[0], count)
            self.assertEqual(pop3.retr(count)[1],
                             b"Subject: %d\r\n\r\n" % (count - 1))
            pop3.quit()

    def test_pop3_in_utf8(self):
        """Whether the client has said UTF8 is all the same here."""
        for user, _, count in self.each():
            pop3 = self.begin()
            pop3.say("UTF8")
            pop3.say("USER " + user)
            self.assertEqual(pop3.say("PASS " + PASSWORD),
                             f"Logged in, {count} messages")
            pop3.quit()

    def test_pop2(self):
        """HELO is words: a name with a space can only be FOLDed to."""
        for user, name, count in self.each():
            if " " in name:
                continue
            pop2 = Pop2(self.server, user, PASSWORD)
            self.assertEqual(pop2.count, count)
            pop2.quit()
        pop2 = Pop2(self.server, ALICE, PASSWORD)
        for count, name in enumerate(NAMES, 1):
            with self.subTest(fold=name):
                self.assertEqual(pop2.number("#", f"FOLD {name}"), count)
        pop2.quit()

    def test_no_such_name(self):
        for name in ODD:
            for kind in (Pop3, Pop2):
                with self.subTest(name=name, kind=kind.__name__), \
                        self.assertRaises(Refused):
                    kind(self.server, f"alice+{name}", PASSWORD)
        pop3 = self.begin()
        pop3.send(b"USER alice+\xff\r\n")
        pop3.reply()
        self.assertRaises(Refused, pop3.say, "PASS " + PASSWORD)
        pop3.close()

    def test_ways(self):
        for user, _, count in self.each():
            for mechanism, way in WAYS.items():
                with self.subTest(mechanism=mechanism), \
                        Sasl(self.server) as client:
                    self.assertIsNone(way(client, user, PASSWORD))
                    client.say("STAT")
                    self.assertEqual(client.line().split()[1], str(count))
                    client.say("QUIT")
                    client.line()

    def test_apop(self):
        for user, name, count in self.each():
            if " " in name:
                continue
            for password in ("wrong", PASSWORD):
                pop3 = self.begin()
                stamp = pop3.greeting.split()[-1]
                digest = hashlib.md5((stamp + password).encode()).hexdigest()
                talk = f"APOP {user} {digest}"
                if password == "wrong":
                    self.assertRaises(Refused, pop3.say, talk)
                    pop3.close()
                else:
                    self.assertEqual(pop3.say(talk),
                                     f"Logged in, {count} messages")
                    pop3.quit()


class Guessing(unittest.TestCase):
    def setUp(self):
        self.server = Server("login_failures = 8\nlogin_lockout = 1h\n"
                             "sasl_mechanisms = PLAIN LOGIN CRAM-MD5 "
                             "SCRAM-SHA-256\n")
        self.addCleanup(self.server.remove)
        self.server.start()

    def test_one_account(self):
        """Half of login_failures is what one account has from one address,
        under however many names."""
        server, source = self.server, "127.0.0.2"
        for n, user in enumerate(("alice+a", "alice+b@example.test",
                                  "ALICE+", ALICE)):
            no = pop3_login(server, user, f"guess{n}", source)
            self.assertIn("[AUTH]", no)
        for user in (ALICE, "alice+INBOX", "alice+new"):
            self.assertEqual(pop3_login(server, user, PASSWORD, source), no)
        self.assertIn(f"client={source} shut out from account {ALICE}",
                      server.log())
        self.assertIn("+OK", pop3_login(server, BOB, "builder", source))
        self.assertIn("+OK", pop3_login(server, "alice+INBOX", PASSWORD))

    def test_each_way(self):
        """No way to log in is another account."""
        ways = [way for name, way in WAYS.items() if name != "SCRAM-SHA-1"]
        with mock.patch("test_sasl.SOURCES", itertools.repeat("127.0.0.2")):
            for n, way in enumerate(ways):
                with Sasl(self.server) as client, self.assertRaises(Wrong):
                    way(client, f"alice+{n}", f"guess{n}")
            for way in ways:
                with Sasl(self.server) as client, self.assertRaises(Wrong):
                    way(client, "alice+INBOX", PASSWORD)
            with Sasl(self.server) as client:
                self.assertIsNone(plain(client, BOB, "builder"))


if __name__ == "__main__":
    unittest.main()
