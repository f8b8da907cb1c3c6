# SPDX-License-Identifier: ISC
"""What is said in clear text is never taken for said in TLS.

Whoever sits between a client and us can add octets to what the client sends
before its handshake. For each protocol and each place where they can be added:
either the connection ends, or nothing of them is answered or remembered.
"""

import socket
import ssl
import time
import unittest

from secure import HOST, SecureServer
from server import DOMAIN

ALICE = f"alice@{DOMAIN}"
PASSWORD = "wonderland"

# protocol: what leads to STARTTLS (command, start of its last line), the
# command, its reply; the commands that are added; and in TLS: a command with
# the start of its only right answer.
EHLO = ("EHLO client.test", "250 ")
FORGOTTEN = (("MAIL FROM:<a@client.test>", "503 "), ("EHLO x.test", "250-"))
LHLO = ("LHLO client.test", "250 ")
TALKS = {
    "smtp": ([EHLO], "STARTTLS", "220 ", [
        ("RSET", [("EHLO client.test", "250-mail.example.test")]),
        ("EHLO evil.test\r\nMAIL FROM:<evil@client.test>", FORGOTTEN),
        # half of a line, which the first one in TLS must not complete
        ("NOOP", [("XYZZY", "500 ")]),
    ]),
    "submission": ([EHLO], "STARTTLS", "220 ", [
        ("RSET", [("EHLO client.test", "250-mail.example.test")]),
        ("EHLO evil.test\r\nMAIL FROM:<evil@client.test>", FORGOTTEN[:1]),
    ]),
    "lmtp": ([LHLO], "STARTTLS", "220 ", [
        ("RSET", [("LHLO client.test", "250-mail.example.test")]),
        ("LHLO evil.test\r\nMAIL FROM:<evil@client.test>", FORGOTTEN[:1]),
    ]),
    "pop3": ([("CAPA", ".")], "STLS", "+OK", [
        ("CAPA", [("NOSUCH", "-ERR Unknown command")]),
        (f"USER {ALICE}", [(f"PASS {PASSWORD}", "-ERR USER first")]),
        (f"USER {ALICE}\r\nPASS {PASSWORD}", [("STAT", "-ERR Log in first")]),
        ("QUIT", [("NOSUCH", "-ERR Unknown command")]),
        ("AUTH PLAIN", [("NOSUCH", "-ERR Unknown command")]),
    ]),
    "imap": ([("a CAPABILITY", "a OK")], "b STARTTLS", "b OK", [
        ("evil NOOP", [("c NOSUCH", "c BAD Unknown command")]),
        (f"evil LOGIN {ALICE} {PASSWORD}",
         [('c LIST "" *', "c BAD Log in first")]),
        ("evil LOGIN {5}", [("c NOSUCH", "c BAD Unknown command")]),
        ("evil AUTHENTICATE PLAIN", [("c NOSUCH", "c BAD Unknown command")]),
        ("evil LOGOUT", [("c NOSUCH", "c BAD Unknown command")]),
    ]),
}


class Ended(Exception):
    """The server closed the connection, or refused the handshake."""


class Victim:
    """A client whose octets before the handshake somebody else adds to."""

    def __init__(self, server, protocol):
        self.socket = socket.create_connection(
            (HOST, server.ports[protocol]), 20)
        self.into, self.out = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = server.trust().wrap_bio(self.into, self.out,
                                           server_hostname=HOST)
        self.private = False
        self.pending = b""

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except OSError:
            raise Ended from None

    def receive(self):
        try:
            more = self.socket.recv(65536)
        except (TimeoutError, socket.timeout):
            raise AssertionError("the server says nothing") from None
        except OSError:
            more = b""
        if not more:
            raise Ended
        return more

    def hello(self):
        """The octets of the ClientHello."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            pass
        return self.out.read()

    def step(self, what):
        """Do something in TLS, moving records until it is done."""
        while True:
            try:
                done = what()
                self.flush()
                return done
            except ssl.SSLWantReadError:
                self.flush()
                self.into.write(self.receive())
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                raise Ended from None
            except ssl.SSLError:
                raise Ended from None

    def flush(self):
        octets = self.out.read()
        if octets:
            self.send(octets)

    def handshake(self):
        self.step(self.tls.do_handshake)
        self.private = True

    def say(self, text):
        octets = text.encode() + b"\r\n"
        if self.private:
            self.step(lambda: self.tls.write(octets))
        else:
            self.send(octets)

    def line(self):
        while b"\r\n" not in self.pending:
            self.pending += self.step(lambda: self.tls.read(65536)) \
                if self.private else self.receive()
        line, self.pending = self.pending.split(b"\r\n", 1)
        return line.decode()

    def until(self, start):
        lines = [self.line()]
        while not lines[-1].startswith(start):
            lines.append(self.line())
        return lines

    def close(self):
        self.socket.close()


# ---- where octets are added: each leaves the victim before its handshake ----

def same_segment(victim, command, go, added):
    victim.send(command + added)
    victim.until(go)
    return victim.hello()


def next_segment(victim, command, go, added):
    victim.send(command)
    time.sleep(0.05)
    victim.send(added)
    victim.until(go)
    return victim.hello()


def before_hello(victim, command, go, added):
    victim.send(command)
    victim.until(go)
    victim.send(added)
    time.sleep(0.05)
    return victim.hello()


def with_hello(victim, command, go, added):
    victim.send(command)
    victim.until(go)
    return added + victim.hello()


def in_hello(victim, command, go, added):
    """Behind the handshake message, in the record that carries it."""
    victim.send(command)
    victim.until(go)
    hello = victim.hello()
    size = int.from_bytes(hello[3:5], "big") + len(added)
    return hello[:3] + size.to_bytes(2, "big") + hello[5:] + added


def record_of_data(victim, command, go, added):
    """As a record of data that nobody has encrypted, behind the hello."""
    victim.send(command)
    victim.until(go)
    return victim.hello() + b"\x17\x03\x03" + \
        len(added).to_bytes(2, "big") + added


PLACES = (same_segment, next_segment, before_hello, with_hello, in_hello,
          record_of_data)


class Injection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer("plain_logins = yes\n"
                                  "handshake_timeout = 5s\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def victim(self, protocol, lead):
        victim = Victim(self.server, protocol)
        self.addCleanup(victim.close)
        said = [victim.line()]
        for command, last in lead:
            victim.say(command)
            said += victim.until(last)
        if not any(word in line for line in said
                   for word in ("STARTTLS", "STLS")):
            self.skipTest(f"{protocol} offers no TLS")
        return victim

    def attack(self, protocol, place, added):
        """The victim in TLS; None when the connection has ended instead."""
        lead, command, go, _ = TALKS[protocol]
        victim = self.victim(protocol, lead)
        try:
            hello = place(victim, command.encode() + b"\r\n", go,
                          added.encode())
            victim.send(hello)
            victim.handshake()
        except Ended:
            return None
        return victim

    def check(self, protocol, place, added, asked):
        victim = self.attack(protocol, place, added)
        if victim is None:
            self.assertIsNot(place, same_segment)
            return
        try:
            for command, answer in asked:
                victim.say(command)
                line = victim.line()
                self.assertTrue(line.startswith(answer), line)
        except Ended:       # the alert came behind the handshake's end
            self.assertIsNot(place, same_segment)

    def check_protocol(self, protocol):
        # without an attacker it works
        self.assertIsNotNone(self.attack(protocol, same_segment, ""))
        for added, asked in TALKS[protocol][3]:
            for place in PLACES:
                for text in (added + "\r\n", added):
                    with self.subTest(place=place.__name__, text=text):
                        self.check(protocol, place, text, asked)

    def test_smtp(self):
        self.check_protocol("smtp")

    def test_submission(self):
        self.check_protocol("submission")

    def test_lmtp(self):
        self.check_protocol("lmtp")

    def test_pop3(self):
        self.check_protocol("pop3")

    def test_imap(self):
        self.check_protocol("imap")

    def tearDown(self):
        """Nobody was logged in by what was added."""
        self.assertNotIn("Login: user=", self.server.log())


if __name__ == "__main__":
    unittest.main()
