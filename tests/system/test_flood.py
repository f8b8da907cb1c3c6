# SPDX-License-Identifier: ISC
"""Floods: more connections, octets and questions than anybody needs. While each
one goes on, a client of another address is answered by every protocol, no program
grows beyond a bound, and afterwards everything works as before.

    FLOOD=n             n times as much (tests/crash/flood.py)
    FLOOD_JSON=file     notes figures for doc/RELIABILITY.md
"""

import contextlib
import json
import os
import pathlib
import re
import resource
import socket
import threading
import time
import unittest
import zlib

from secure import SecureServer
from server import DOMAIN, SANITIZED, alive, descriptors, message, wait_for
from test_smtp_abuse import client_hello
from wire import Wire

TIMES = int(os.environ.get("FLOOD", "1"))
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
MIB = 1 << 20
MOST = 384 * MIB        # of memory, for each program
ROUND = {"smtp": (b"220 ", b"QUIT\r\n", b"221 "),
         "pop3": (b"+OK", b"QUIT\r\n", b"+OK"),
         "imap": (b"* OK", b"a LOGOUT\r\n", b"* BYE")}
ROLES = ("smtpd", "pop3d", "imapd", "queue", "store", "router", "auth",
         "keys", "local", "history", "resolver")
FIGURES = []
RULES = "recipient /^(a+)+$/ refuse\nrecipient /(x*)*(x*)*y$/ refuse\n"


def source(n):
    return f"127.{1 + n // 60000}.{n // 240 % 250}.{1 + n % 240}"


def connect(port, address="127.0.0.1", wait=True):
    s = socket.socket()
    s.settimeout(60)
    s.bind((address, 0))
    s.setblocking(wait)
    s.settimeout(60 if wait else 0)
    with contextlib.suppress(BlockingIOError):
        s.connect(("127.0.0.1", port))
    return s


class Probe(threading.Thread):
    """One who has to do with nothing of it: how long he waits, and for what in
    vain; and how much memory the programs had."""

    def __init__(self, server):
        super().__init__()
        self.server, self.end = server, threading.Event()
        self.slowest, self.count, self.failed, self.memory = 0, 0, [], {}

    def run(self):
        while not self.end.is_set():
            for protocol in ROUND:
                begun = time.monotonic()
                try:
                    self.ask(protocol)
                except OSError as e:
                    self.failed.append((protocol, str(e)))
                self.slowest = max(self.slowest, time.monotonic() - begun)
                self.count += 1
            self.look()
            self.end.wait(0.1)

    def ask(self, protocol):
        greeting, goodbye, answer = ROUND[protocol]
        with connect(self.server.ports[protocol], "127.99.0.1") as s:
            said = s.recv(512)
            if not said.startswith(greeting):
                raise OSError(f"greeted with {said!r}")
            s.sendall(goodbye)
            said = s.recv(512)
            if not said.startswith(answer):
                raise OSError(f"goodbye is {said!r}")

    def look(self):
        for pid, role in self.server.processes().items():
            with contextlib.suppress(OSError, TypeError):
                text = pathlib.Path(f"/proc/{pid}/status").read_text()
                most = int(re.search(r"VmHWM:\s+(\d+)", text)[1]) * 1024
                self.memory[role] = max(self.memory.get(role, 0), most)


class Flood(unittest.TestCase):
    SETTINGS = "message_size_limit = 256M\naccess = access\n" \
        "recipients_max = 100000\n"

    @classmethod
    def setUpClass(cls):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        cls.addClassCleanup(resource.setrlimit, resource.RLIMIT_NOFILE,
                            (soft, hard))
        cls.held = min(hard - 500, 1000 * TIMES, 8000)
        cls.server = SecureServer(cls.SETTINGS)
        cls.addClassCleanup(cls.server.remove)
        (cls.server.dir / "etc/access").write_text(RULES)
        cls.server.start()

    @contextlib.contextmanager
    def during(self, what, amount, failures=False):
        """failures: the flood may cost the other client an answer."""
        for pid in self.server.processes():
            with contextlib.suppress(OSError):
                pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
        probe = Probe(self.server)
        probe.start()
        try:
            while probe.count < 3:
                time.sleep(0.02)
            yield probe
        finally:
            probe.end.set()
            probe.join()
        begun = time.monotonic()
        self.works()
        figure = {"what": what, "amount": amount, "answers": probe.count,
                  "failed": len(probe.failed),
                  "slowest": round(probe.slowest, 2),
                  "again": round(time.monotonic() - begun, 2),
                  "memory": {r: n // MIB for r, n in probe.memory.items()}}
        FIGURES.append(figure)
        if not failures:
            self.assertEqual(probe.failed[:3], [])
        if not SANITIZED:
            self.assertEqual({r: n for r, n in probe.memory.items()
                              if n > MOST}, {})

    def works(self):
        """Everything can be used as before, after some tries at first: a
        program may be on its way back."""
        before = len(self.server.files(BOB))
        wait_for(self.is_served, "service")
        wait_for(lambda: len(self.server.files(BOB)) > before, "a delivery")

    def is_served(self):
        try:
            with self.server.smtp() as smtp:
                smtp.sendmail("t@client.test", [BOB], message("x", to=BOB))
            self.server.imap(BOB).logout()
            self.server.pop3(BOB).quit()
        except Exception:       # of four libraries; wait_for gives up
            return False
        return True

    def imap(self):
        s = connect(self.server.ports["imap"])
        self.addCleanup(s.close)
        file = s.makefile("rb")
        self.addCleanup(file.close)
        file.readline()
        return s, file

    def login(self):
        s, file = self.imap()
        self.ask(s, file, f"LOGIN {ALICE} {self.server.users[ALICE]}")
        return s, file

    def ask(self, s, file, command):
        """The last line of the answer; b"" when the session has ended."""
        if isinstance(command, str):
            command = command.encode()
        with contextlib.suppress(OSError):
            s.sendall(b"x " + command + b"\r\n")
        with contextlib.suppress(OSError):
            for line in file:
                if line.startswith((b"x ", b"* BYE")):
                    return line
        return b""


class Connections(Flood):
    def rounds(self, protocol, count, address):
        """count connections, of which the last self.held are kept."""
        held, port = [], self.server.ports[protocol]
        for n in range(count):
            held.append(connect(port, address(n), wait=False))
            if len(held) >= self.held:
                for s in held[:100]:
                    s.close()
                del held[:100]
            if n % 100 == 99:
                time.sleep(0.01)
        time.sleep(0.5)
        for s in held:
            s.close()

    def test_from_one(self):
        count = 1000 * TIMES
        with self.during("connections from one address, to each protocol",
                         count):
            for protocol in ROUND:
                self.rounds(protocol, count, lambda n: "127.0.0.1")

    def test_from_many(self):
        count = 1000 * TIMES
        with self.during("connections from as many addresses, to each "
                         "protocol", count):
            for protocol in ROUND:
                self.rounds(protocol, count, source)

    def test_handshakes(self):
        count, hello = 300 * TIMES, client_hello()
        with self.during("handshakes of TLS begun and left, on each port",
                         count):
            for protocol in ("submissions", "pop3s", "imaps"):
                held = []
                for n in range(count):
                    s = connect(self.server.ports[protocol], source(n))
                    s.sendall(hello)
                    held.append(s)
                for s in held:
                    s.close()

    def test_slow_writers(self):
        count = 300 * TIMES
        octets = {"smtp": b"N", "pop3": b"U", "imap": b"a"}
        with self.during("clients that send an octet now and then, of each "
                         "protocol", count):
            slow = [(connect(self.server.ports[p], source(n), wait=False), o)
                    for n in range(min(count, self.held // 3))
                    for p, o in octets.items()]
            for _ in range(10):
                for s, octet in slow:
                    with contextlib.suppress(OSError):
                        s.send(octet)
                time.sleep(0.2)
            for s, _ in slow:
                s.close()

    def test_slow_readers(self):
        """They ask for more than the sockets hold, and take nothing of it."""
        count = min(20 * TIMES, 150)
        with self.server.smtp() as smtp:
            smtp.sendmail("", [ALICE], message("Large") + MIB // 64
                          * (b"x" * 62 + b"\r\n"))
        self.server.settle()
        with self.during("clients that ask for a mail of a MiB fifty times "
                         "and read nothing, of POP3 and IMAP", count):
            held = []
            for _ in range(count):
                s, file = self.login()
                self.ask(s, file, "SELECT INBOX")
                s.setblocking(False)
                with contextlib.suppress(OSError):
                    s.sendall(50 * b"x FETCH 1 BODY[]\r\n")
                p = connect(self.server.ports["pop3"])
                self.addCleanup(p.close)
                p.sendall(f"USER {ALICE}\r\nPASS {self.server.users[ALICE]}"
                          f"\r\n".encode() + 50 * b"RETR 1\r\n")
                held += [s, p]
            time.sleep(1)


def header(n):
    return b"X-Long: " + (n // 64) * (b"y" * 61 + b"\r\n ") + b"z\r\n"


def parts_in_a_row(n):
    return (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + n * b"--b\r\n\r\nx\r\n" + b"--b--\r\n")


def parts_nested(n):
    return b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n"
                    b"--b%d\r\n" % (i, i) for i in range(n))


def addresses(n):
    return b"To: " + b",\r\n ".join(
        b"a%d@b.test" % i for i in range(n // 16)) + b"\r\n\r\nx\r\n"


MAILS = (
    ("octets in one header field", 100 * MIB,
     lambda n: header(n) + b"\r\nx\r\n"),
    ("header fields", 1000000, lambda n: n * b"A: b\r\n" + b"\r\nx\r\n"),
    ("parts in a row", 100000, parts_in_a_row),
    ("parts one in another", 100000, parts_nested),
    ("octets of addresses in a field", 10 * MIB, addresses),
    ("references", 100000, lambda n: b"References:" + b"".join(
        b"\r\n <%d@x.test>" % i for i in range(n)) + b"\r\n\r\nx\r\n"),
    ("parameters of a field", 100000, lambda n: b"Content-Type: text/plain"
     + b"".join(b";\r\n a*%d=x" % i for i in range(n)) + b"\r\n\r\nx\r\n"),
)


class Mails(Flood):
    def send(self, text):
        """The reply to its end."""
        with Wire(self.server.ports["smtp"], timeout=120) as wire:
            wire.hello()
            wire.must("MAIL FROM:<>", 250)
            wire.must(f"RCPT TO:<{ALICE}>", 250)
            wire.must("DATA", 354)
            wire.send(text + b"\r\n.\r\n")
            return wire.reply().code

    def test_mails(self):
        for what, most, make in MAILS:
            n = min(most, most * TIMES // 20)
            with self.subTest(what=what), self.during(f"a mail of {what}", n):
                self.assertIn(self.send(make(n)), (250, 552, 554))
                self.server.settle()
                self.read()

    def read(self):
        s, file = self.login()
        self.ask(s, file, "SELECT INBOX")
        for command in ("FETCH * (ENVELOPE BODYSTRUCTURE FLAGS)",
                        "FETCH * BODY.PEEK[HEADER.FIELDS (TO SUBJECT)]",
                        'SEARCH OR SUBJECT "zzz" BODY "zzz"',
                        "SORT (FROM) UTF-8 ALL",
                        "THREAD REFERENCES UTF-8 ALL",
                        "STORE 1:* +FLAGS (\\Deleted)", "EXPUNGE"):
            self.assertTrue(self.ask(s, file, command).startswith(b"x OK"),
                            command)
        s.sendall(b"x LOGOUT\r\n")


class Questions(Flood):
    def test_bomb(self):
        """What is little on the wire and much behind COMPRESS=DEFLATE."""
        amount = 64 * TIMES
        with self.during("MiB of zeros in compressed IMAP input, in one line",
                         amount):
            s, file = self.login()
            self.assertTrue(self.ask(s, file, "COMPRESS DEFLATE").startswith(
                b"x OK"))
            out = zlib.compressobj(9, zlib.DEFLATED, -15)
            with contextlib.suppress(OSError):
                for _ in range(amount):
                    s.sendall(out.compress(b"0" * MIB))
                s.sendall(out.flush(zlib.Z_SYNC_FLUSH))

    def test_search(self):
        """Each is answered, by no or by bad at least, or ends the session."""
        for n in range(200):
            with self.server.smtp() as smtp:
                smtp.sendmail("", [ALICE], b"Message-ID: <%d@x>\r\nReferences:"
                              % n + b"".join(b"\r\n <%d@x>" % i for i in range(
                                  0, n)) + b"\r\nSubject: " + b"Re: " * 100
                              + b"%d\r\n\r\nx\r\n" % n)
                if n * 20 >= 200 * TIMES:
                    break
        self.server.settle()
        # what a command may have, and what it may not
        for octets in (60000, 200000 * TIMES):
            with self.during("octets of keys, brackets or ranges in a "
                             "SEARCH, SORT, THREAD", octets):
                for key in self.keys(octets):
                    for verb in ("SEARCH ", "SORT (SUBJECT) UTF-8 ",
                                 "THREAD REFERENCES UTF-8 "):
                        self.one(verb + key)

    def keys(self, octets):
        for word in ("NOT ", "OR ALL ", "SUBJECT a ", "BODY a ", "TEXT e ",
                     "UID 1:* ", "NOT OR ANSWERED NOT ", "OLDER 1 "):
            yield word * (octets // len(word)) + "ALL"
        yield "(" * (octets // 2) + "ALL" + ")" * (octets // 2)
        yield "UID " + ",".join(f"{i}:*" for i in range(1, octets // 9))
        yield 'HEADER Subject "' + "Re: " * (octets // 4) + '"'

    def one(self, command):
        s, file = self.login()
        self.ask(s, file, "SELECT INBOX")
        self.ask(s, file, command)
        s.close()

    def test_expressions(self):
        """Rules that take for ever where nobody watches them."""
        count = 50 * TIMES
        with self.during("recipients held against expressions that never "
                         "end", count):
            for n in range(count):
                with Wire(self.server.ports["smtp"], timeout=120) as wire:
                    wire.hello()
                    wire.must("MAIL FROM:<>", 250)
                    name = ("a" * 40, "x" * 60)[n % 2] + f"!{n % 1000}"
                    # not known yet whether a rule fits, or no such user
                    self.assertIn(wire.say(
                        f"RCPT TO:<{name}@{DOMAIN}>").code, (450, 550))


class Limits(Flood):
    """The system has less to give than was thought."""

    def starve(self, role, kind, limit):
        """limit(pid) for all processes of the program, while clients come."""
        was = {}
        for pid in self.server.pids(role):
            was[pid] = resource.prlimit(pid, kind)
            resource.prlimit(pid, kind, (limit(pid), was[pid][1]))
        try:
            self.visit()
        finally:
            for pid, limits in was.items():
                if alive(pid):
                    with contextlib.suppress(ProcessLookupError):
                        resource.prlimit(pid, kind, limits)

    def visit(self):
        """As many as there are; what they get does not matter."""
        held = []
        for n in range(30):
            for protocol in ROUND:
                held.append(connect(self.server.ports[protocol], source(n),
                                    wait=False))
        for _ in range(2):
            with contextlib.suppress(Exception):
                with self.server.smtp(timeout=2) as smtp:
                    smtp.sendmail("", [ALICE], message("in need")
                                  + 80000 * b"x\r\n")
            s, file = self.imap()
            s.settimeout(2)
            self.ask(s, file, f"LOGIN {ALICE} {self.server.users[ALICE]}")
            self.ask(s, file, "SELECT INBOX")
            self.ask(s, file, "FETCH 1:* BODY[]")
            s.close()
        for s in held:
            s.close()

    def test_descriptors(self):
        for role in ROLES:
            with self.subTest(role=role), self.during(
                    f"descriptors that {role} may still open", 2,
                    failures=True):
                self.starve(role, resource.RLIMIT_NOFILE,
                            lambda pid: max(descriptors(pid)) + 3)

    @unittest.skipIf(SANITIZED, "sanitizers need all addresses")
    def test_memory(self):
        for role in ROLES:
            with self.subTest(role=role), self.during(
                    f"MiB more that {role} may have", 2, failures=True):
                self.starve(role, resource.RLIMIT_AS,
                            lambda pid: address_space(pid) + 2 * MIB)


def address_space(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmSize:\s+(\d+)", text)[1]) * 1024


def tearDownModule():
    if "FLOOD_JSON" in os.environ:
        pathlib.Path(os.environ["FLOOD_JSON"]).write_text(
            json.dumps({"figures": FIGURES, "times": TIMES}))


if __name__ == "__main__":
    unittest.main()
