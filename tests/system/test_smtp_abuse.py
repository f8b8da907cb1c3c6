# SPDX-License-Identifier: ISC
"""Clients that mean no good: they get what they deserve, others do not notice,
and nothing is left of them."""

import socket
import ssl
import time
import unittest

from secure import SecureServer
from server import (DOMAIN, SANITIZED, Server, memory, message, wait_for,
                    within)
from wire import BadReply, Closed, Wire, client_context

ALICE = f"alice@{DOMAIN}"
MIB = 1 << 20


def resident(pid):
    """Octets of memory that belong to a process alone."""
    return memory(pid) * 1024


class Abuse(unittest.TestCase):
    SETTINGS = ""

    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings=cls.SETTINGS)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def wire(self, **options):
        wire = Wire(self.server.ports["smtp"], **options)
        self.addCleanup(wire.close)
        return wire

    def begin(self, wire):
        wire.must("MAIL FROM:<tester@client.test>", 250)
        wire.must(f"RCPT TO:<{ALICE}>", 250)

    def memory(self):
        """What the sanitizers keep of freed memory tells nothing."""
        if SANITIZED:
            return 0
        return sum(map(resident, self.server.pids("smtpd")))

    def others_are_served(self):
        with self.server.smtp(within(10)) as smtp:
            smtp.sendmail("t@client.test", [ALICE], message())


class Content(Abuse):
    def test_aborted_mails(self):
        """Content of a MiB each, and the client is gone before its end."""
        text = b"Subject: x\r\n\r\n" + 14000 * (b"x" * 73 + b"\r\n")
        for n in range(40):
            wire = Wire(self.server.ports["smtp"])
            wire.hello()
            self.begin(wire)
            wire.must("DATA", 354)
            wire.send(text[:len(text) - n])
            if n % 3 == 0:      # with a reset
                wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       b"\1\0\0\0\0\0\0\0")
            wire.close()
        self.others_are_served()
        self.server.settle()

    def test_aborted_chunks(self):
        """The same by BDAT, ended by RSET, EHLO, QUIT or nothing."""
        wire = self.wire()
        if "CHUNKING" not in wire.hello():
            self.skipTest("CHUNKING is not offered")
        chunk = b"BDAT %d\r\n" % MIB + 16384 * (b"x" * 62 + b"\r\n")
        for end in ("RSET", "EHLO client.test", "QUIT"):
            self.begin(wire)
            wire.send(chunk)
            self.assertEqual(wire.reply().code, 250)
            wire.say(end, plain=True)
        for cut in (1, 5, len(chunk) - 1, len(chunk)):
            wire = self.wire()
            wire.hello()
            self.begin(wire)
            wire.send(chunk[:cut])
            wire.close()
        self.server.settle()

    def test_little_chunks(self):
        """Ten thousand chunks of an octet grow nothing."""
        wire = self.wire()
        if "CHUNKING" not in wire.hello():
            self.skipTest("CHUNKING is not offered")
        self.begin(wire)
        before = self.memory()
        for _ in range(100):
            wire.send(b"BDAT 1\r\n\rBDAT 1\r\n\n" * 50)
            for _ in range(100):
                self.assertEqual(wire.reply().code, 250)
        self.assertLess(self.memory() - before, MIB)
        self.assertEqual(wire.say("BDAT 0 LAST").code, 250)

    def test_refused_and_endless(self):
        """A refused mail that does not end is not waited for for ever."""
        with Server(settings="message_size_limit = 65536\n") as server, \
                Wire(server.ports["smtp"]) as wire:
            wire.hello()
            self.begin(wire)
            wire.must("DATA", 354)
            with self.assertRaises(Closed):
                for _ in range(200):
                    wire.send(65536 * b"x")
                self.assertIn(wire.reply().code, (421, 552, 554))
                raise Closed


class Lines(Abuse):
    SETTINGS = "recipients_max = 100\n"

    def test_huge_lines(self):
        """Each costs one reply, and no memory."""
        wire = self.wire()
        wire.hello()
        before = self.memory()
        for octets in (b"x", b"\r", b"\0", b"NOOP ", b"(", b"MAIL FROM:<",
                       b"\xc3\xa9", b"RCPT TO:<@a,"):
            for _ in range(8):
                wire.send(octets * (MIB // len(octets)))
            wire.send(b"\r\n")
            self.assertIn(wire.reply().code, (500, 501))
        wire.must("NOOP", 250)
        self.assertLess(self.memory() - before, MIB)

    def test_endless_recipients(self):
        """A hundred are taken (RFC 5321 4.5.3.1.8), then comes 452."""
        wire = self.wire()
        wire.hello()
        wire.must("MAIL FROM:<>", 250)
        before = self.memory()
        rcpts = [f"RCPT TO:<alice+{n}@{DOMAIN}>" for n in range(5000)]
        for i in range(0, len(rcpts), 100):
            wire.send("".join(r + "\r\n" for r in rcpts[i:i + 100]))
            for _ in range(100):
                reply = wire.reply()
                self.assertEqual(reply[:2], (250, "2.1.5") if i == 0 else
                                 (452, "4.5.3"))
        self.assertLess(self.memory() - before, MIB)
        wire.must("DATA", 354)
        wire.send("Subject: x\r\n\r\nx\r\n.\r\n")
        self.assertEqual(wire.reply().code, 250)

    def test_noops(self):
        """junk_max of them are answered, then comes 421, whatever follows."""
        for command, code in (("NOOP", 250), ("RSET", 250), ("HELP", 214)):
            wire = self.wire()
            wire.hello()
            n = 1
            while wire.say(command).code == code:
                n += 1
            self.assertIn(n, range(90, 102), command)
            self.assertTrue(wire.at_end())
        wire = self.wire()
        with self.assertRaises((Closed, OSError)):
            for _ in range(100):
                wire.send(10000 * "NOOP\r\n")
        self.others_are_served()

    def test_the_last_word_is_heard(self):
        """Who has sent on and on gets the 421 before the end, no reset."""
        with self.server.connect("smtp") as s:
            s.settimeout(20)
            s.sendall(b"EHLO client.test\r\n" + b"XYZZY\r\n" * 10000)
            text = b""
            while more := s.recv(65536):
                text += more
        self.assertTrue(text.splitlines()[-1].startswith(b"421 4.7.0"), text)

    def test_who_does_not_listen(self):
        """A client that sends and never reads is held to what the sockets
        take."""
        wire = self.wire(timeout=0.5)
        wire.hello()
        before = self.memory()
        with self.assertRaises((Closed, OSError)):
            for _ in range(200):
                wire.send(8000 * "HELP\r\n")
        self.assertLess(self.memory() - before, 2 * MIB)
        self.others_are_served()

    def test_connections_without_a_word(self):
        for _ in range(300):
            Wire(self.server.ports["smtp"], greet=False).close()
        self.others_are_served()


class Slow(Abuse):
    SETTINGS = "command_timeout = 1s\n"

    def test_slow_loris(self):
        """300 clients send an octet now and then; others are served at once,
        and none of the 300 gets more time than anybody has."""
        slow = []
        for n in range(300):
            s = socket.socket()
            self.addCleanup(s.close)
            s.bind((f"127.0.{n % 5}.{2 + n % 7}", 0))
            s.connect(("127.0.0.1", self.server.ports["smtp"]))
            s.setblocking(False)
            slow.append(s)
        begun = time.monotonic()
        while time.monotonic() - begun < 2.5:
            for s in slow:
                try:
                    s.send(b"N")
                except OSError:
                    pass
            self.others_are_served()
            time.sleep(0.25)

        def ended(s):
            try:
                while s.recv(4096):
                    pass
            except BlockingIOError:
                return False
            except OSError:
                pass
            return True
        wait_for(lambda: all(map(ended, slow)), "the end of the slow", 5)

    def trickle(self, wire, seconds):
        """Octets, one in a fifth of a second; the reply that ends it."""
        begun = time.monotonic()
        wire.socket.settimeout(0.2)
        while time.monotonic() - begun < seconds:
            try:
                reply = wire.reply()
            except BadReply:
                wire.send("x")
                continue
            self.assertTrue(wire.at_end())
            return reply
        self.fail(f"a trickle held a session for {seconds} s")

    def test_slow_command(self):
        wire = self.wire()
        wire.hello()
        self.assertEqual(self.trickle(wire, 4)[:2], (421, "4.4.2"))

    def test_slow_chunk(self):
        wire = self.wire()
        if "CHUNKING" not in wire.hello():
            self.skipTest("CHUNKING is not offered")
        self.begin(wire)
        wire.send("BDAT 1000 LAST\r\n")
        self.assertEqual(self.trickle(wire, 6)[:2], (421, "4.4.2"))
        self.server.settle()

    def test_slow_content(self):
        wire = self.wire()
        wire.hello()
        self.begin(wire)
        wire.must("DATA", 354)
        self.assertEqual(self.trickle(wire, 6)[:2], (421, "4.4.2"))
        self.server.settle()


class Tls(unittest.TestCase):
    """Around and inside the handshake."""

    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer("handshake_timeout = 1s\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        with Wire(cls.server.ports["smtp"]) as wire:
            if "STARTTLS" not in wire.hello():
                raise unittest.SkipTest("STARTTLS is not offered")

    def tearDown(self):
        """Whatever was done, the next client is served."""
        with Wire(self.server.ports["submissions"], tls=True) as wire:
            wire.hello()
        with Wire(self.server.ports["smtp"]) as wire:
            wire.secure()
            wire.must("QUIT", 221)

    def begin(self, listener="smtp"):
        """A connection where a handshake is waited for."""
        wire = Wire(self.server.ports[listener], greet=listener == "smtp")
        self.addCleanup(wire.close)
        if listener == "smtp":
            wire.hello()
            wire.must("STARTTLS", 220)
        return wire

    def ends(self, wire):
        """Nothing but records of a handshake, or an alert, may come."""
        wire.socket.settimeout(5)
        got = b""
        try:
            while more := wire.socket.recv(4096):
                got += more
        except ConnectionResetError:
            pass
        self.assertTrue(got == b"" or got[0] in (21, 22), got)

    def test_no_handshake(self):
        hello = client_hello()
        for what in (b"EHLO client.test\r\n", b"\0" * 600, b"\x16" * 20000,
                     b"GET / HTTP/1.0\r\n\r\n", b"\x80\x2e\x01\0\x02",
                     b"\x16\x03\x01\xff\xff" + 70000 * b"x",
                     b"\x15\x03\x01\0\x02\x02\x28",
                     b"\x17\x03\x03\0\x05hello",
                     hello[:-5] + 5 * b"\xff", hello[:40] + 400 * b"\0",
                     hello + b"\x17\x03\x03\0\x05hello",
                     hello + 100 * hello):
            for listener in ("smtp", "submissions"):
                wire = self.begin(listener)
                try:
                    wire.send(what)
                except Closed:
                    continue
                self.ends(wire)

    def test_silence_in_the_handshake(self):
        """handshake_timeout ends it, octets now and then or not."""
        hello = client_hello()
        for listener in ("smtp", "submissions"):
            wire = self.begin(listener)
            begun = time.monotonic()
            try:
                for octet in hello:
                    wire.send(bytes([octet]))
                    time.sleep(0.02)
                    if time.monotonic() - begun > within(3):
                        self.fail("the handshake goes on")
            except (Closed, OSError):
                pass
            self.ends(wire)

    def test_many_handshakes_begun(self):
        """A hundred that stop half-way do not stop the others."""
        begun = [self.begin("submissions") for _ in range(100)]
        for wire in begun:
            wire.send(client_hello())
        start = time.monotonic()
        self.tearDown()
        # not first when they are given up
        self.assertLess(time.monotonic() - start, within(10))

    def test_cut_in_the_content(self):
        """A connection that is cut, and not ended, gives no mail."""
        for text in ("Subject: x\r\n\r\nx\r\n", "Subject: x\r\n\r\nx\r\n."):
            with Wire(self.server.ports["smtp"]) as wire:
                wire.secure()
                wire.must("MAIL FROM:<>", 250)
                wire.must(f"RCPT TO:<{ALICE}>", 250)
                wire.must("DATA", 354)
                wire.send(text)
                raw = socket.socket(fileno=wire.socket.detach())
                raw.close()
        self.server.settle()
        self.assertEqual(self.server.files(), [])

    def test_nonsense_in_records(self):
        """A damaged record ends the session."""
        wire = self.begin()
        wire.start_tls()
        raw = socket.socket(fileno=wire.socket.detach())
        raw.settimeout(5)
        with raw:
            raw.sendall(b"\x17\x03\x03\x00\x20" + 32 * b"x")
            try:
                while raw.recv(4096):
                    pass
            except ConnectionResetError:
                pass

    def test_state_is_forgotten(self):
        """RFC 3207 4.2: what was said before TLS was not said."""
        with Wire(self.server.ports["smtp"]) as wire:
            wire.hello()
            wire.must("STARTTLS", 220)
            wire.start_tls()
            self.assertEqual(wire.say("MAIL FROM:<>").code, 503)
            self.assertNotIn("STARTTLS", wire.hello())
            wire.must("MAIL FROM:<>", 250)


def client_hello():
    """The first flight of a handshake."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client_context().wrap_bio(incoming, outgoing)
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


if __name__ == "__main__":
    unittest.main()
