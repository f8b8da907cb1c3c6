# SPDX-License-Identifier: ISC
"""Random sessions beside a small automaton that knows what may be answered.

Model is RFC 5321, 2033, 3030, 4954 and 6409 in short: what a command may get
in which state, and what it changes. What the server lets through is counted:
each mail that was taken is in the mailboxes that it named, with the sender that
it had, once; nothing else is. SMTP_SESSIONS and SMTP_SEED choose how many
sessions of COMMANDS commands, and which.
"""

import collections
import os
import random
import re
import unittest

from server import DOMAIN, Server
from wire import BadReply, Closed, Wire, plain_response

SESSIONS = int(os.environ.get("SMTP_SESSIONS", 3000))
SEED = int(os.environ.get("SMTP_SEED", 5321))
COMMANDS = 30
ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
GOOD = "AUTH PLAIN " + plain_response(ALICE, "wonderland")
SENDERS = ("", ALICE)
SETTINGS = """\
errors_max = 10000
junk_max = 100000
login_failures = 1000000
user_rate = 1000000
"""

NEVER = {500, 502}      # not of this protocol


class Model:
    """One connection. Each command returns (octets, [codes, ...])."""

    def __init__(self, rng, protocol, offered):
        self.rng, self.protocol, self.offered = rng, protocol, offered
        self.hello = self.logged = None
        self.reset()

    def reset(self):
        self.sender, self.rcpts = None, []
        self.chunks = b""
        self.chunking = False

    @property
    def locked(self):
        """Submission before a login: 530 is right as well."""
        return {530} if self.protocol == "submission" and not self.logged \
            else set()

    # ---- greetings ----

    def greet(self, verb, good):
        of_lmtp = verb == "LHLO"
        if of_lmtp != (self.protocol == "lmtp"):
            return f"{verb} client.test\r\n", [NEVER]
        if not good:
            return self.rng.choice((f"{verb}\r\n", f"{verb} <x>\r\n",
                                    f"{verb} a b\r\n")), [{501}]
        self.reset()
        self.hello = verb
        return f"{verb} client.test\r\n", [{250}]

    def ehlo(self):
        return self.greet("EHLO", True)

    def helo(self):
        return self.greet("HELO", True)

    def lhlo(self):
        return self.greet("LHLO", True)

    def bad_hello(self):
        return self.greet(self.rng.choice(("EHLO", "HELO", "LHLO")), False)

    # ---- envelope ----

    def mail(self):
        sender = self.rng.choice(SENDERS)
        if not self.hello or self.sender is not None:
            codes = {503} | self.locked
        elif self.locked:
            codes = self.locked
        else:
            codes, self.sender = {250}, sender
        return f"MAIL FROM:<{sender}>\r\n", [codes]

    def bad_mail(self):
        text, codes = self.rng.choice((
            ("MAIL FROM:<bad\r\n", {501, 553}), ("MAIL\r\n", {501}),
            ("MAIL FROM:<> XYZZY=1\r\n", {555}),
            ("MAIL FROM:<> SIZE=99999999999\r\n", {552}),
            (f"MAIL FROM:<{ALICE}> SIZE=1 SIZE=1\r\n", {501})))
        if not self.hello or self.sender is not None:
            codes = codes | {503}
        if self.hello == "HELO":        # and no parameters, then
            codes = codes | {555}
        return text, [codes | self.locked]

    def rcpt_codes(self, codes):
        if self.sender is None or self.chunking:
            return {503} | self.locked
        return codes

    def rcpt(self):
        rcpt = self.rng.choice((ALICE, BOB))
        codes = self.rcpt_codes({250})
        if codes == {250}:
            self.rcpts.append(rcpt)
        return f"RCPT TO:<{rcpt}>\r\n", [codes]

    def bad_rcpt(self):
        text, codes = self.rng.choice((
            ("RCPT TO:<nobody-here@example.test>\r\n", {550}),
            ("RCPT TO:<>\r\n", {501, 553}), ("RCPT TO:<bad\r\n", {501, 553}),
            (f"RCPT TO:<{ALICE}> XYZZY\r\n", {555})))
        codes = codes | self.rcpt_codes(codes)
        return text, [codes]

    # ---- content ----

    def content(self):
        """(octets, whether it is taken)"""
        kind = self.rng.randrange(4)
        text = f"Subject: {self.rng.getrandbits(64):016x}\r\n\r\n".encode()
        if kind == 0:
            return text + b"MAIL FROM:<>\r\nRSET\r\n.\r\n", True
        return text + (b"a\nb\r\n.\r\n", b"a\rb\r\n.\r\n",
                       b"\0\r\n.\r\n")[kind - 1], False

    def ended(self, text, good):
        """The codes of the reply, or replies, to the content."""
        replies = [{250} if good else {550, 554}] * \
            (len(self.rcpts) if self.protocol == "lmtp" else 1)
        mail = (text, self.sender, set(self.rcpts)) if good else None
        self.reset()
        return replies, mail

    def may_content(self):
        if self.sender is None:
            return {503} | self.locked
        return {503, 554} if not self.rcpts else {250}

    def data(self):
        """"wait": the content follows when 354 has come."""
        codes = self.may_content()
        if codes != {250} or self.chunking:
            return "DATA\r\n", [codes - {250} or {503}]
        return "DATA\r\n", "wait"

    def bad_data(self):
        return "DATA x\r\n", [{501, 503, 554} | self.locked]

    def bdat(self):
        codes = self.may_content()
        last = self.rng.random() < 0.3
        text = self.rng.choice((b"x", b"x\r\n.\r\n", b"RSET\r\n", b""))
        if not self.chunks:
            text = f"Subject: {self.rng.getrandbits(64):016x}\r\n\r\n" \
                .encode() + text
        line = b"BDAT %d%s\r\n" % (len(text), b" LAST" if last else b"") + text
        if codes != {250}:      # RFC 3030 2: RSET is to follow
            self.reset()
            return line + b"RSET\r\n", [codes, {250}]
        self.chunking = True
        self.chunks += text
        if not last:
            return line, [codes]
        replies, mail = self.ended(self.chunks, True)
        return line, replies, mail

    def bad_bdat(self):
        return self.rng.choice(("BDAT\r\n", "BDAT x\r\n", "BDAT 5 X\r\n",
                                "BDAT -1 LAST\r\n")), \
            [{501, 503, 554} | self.locked]

    # ---- the others ----

    def rset(self):
        self.reset()
        return "RSET\r\n", [{250}]

    def noop(self):
        return "NOOP\r\n", [{250}]

    def vrfy(self):
        return "VRFY alice\r\n", [{250, 252} | self.locked |
                                  ({503} if self.chunking else set())]

    def help(self):
        return "HELP\r\n", [{214}]

    def unknown(self):
        return self.rng.choice((
            ("XYZZY\r\n", [{500}]), ("\r\n", [{500}]), ("NOOP\0\r\n", [{500}]),
            ("NOOP " + 5000 * "x" + "\r\n", [{500, 501}]),
            ("NOOP\rRSET\r\n", [{500}]), ("RSET\nNOOP\r\n", [{500}]),
            ("RSET x\r\n", [{501}]), ("QUIT x\r\n", [{501}]),
            ("TURN\r\n", [NEVER])))

    def auth(self):
        good = self.rng.random() < 0.5
        if self.protocol != "submission":
            return GOOD + "\r\n", [{500, 502, 503, 504, 538, 554}]
        if self.hello != "EHLO" or self.logged or self.sender is not None:
            return "AUTH PLAIN !\r\n", [{501, 503}]
        if good:
            self.logged = True
            return GOOD + "\r\n", [{235}]
        return "AUTH PLAIN !\r\n", [{501}]

    def auth_given_up(self):
        if self.protocol != "submission" or self.hello != "EHLO" or \
                self.logged or self.sender is not None:
            return "AUTH PLAIN\r\n*\r\n", [{334, 500, 502, 503, 504, 538},
                                           {500, 501}]
        return "AUTH PLAIN\r\n*\r\n", [{334}, {501}]

    def command(self):
        name = self.rng.choices(list(WEIGHTS), WEIGHTS.values())[0]
        if name.endswith("bdat") and "CHUNKING" not in self.offered:
            name = "noop"
        found = getattr(self, name)()
        octets = found[0]
        if isinstance(octets, str):
            octets = octets.encode("latin-1")
        return octets, found[1], found[2] if len(found) > 2 else None


WEIGHTS = {"ehlo": 5, "helo": 2, "lhlo": 4, "bad_hello": 2, "mail": 12,
           "bad_mail": 4, "rcpt": 12, "bad_rcpt": 5, "data": 2, "bad_data": 1,
           "bdat": 4, "bad_bdat": 1, "rset": 2, "noop": 3, "vrfy": 2,
           "help": 1, "unknown": 5, "auth": 5, "auth_given_up": 1}


class Player:
    """Plays a Model against the server, and keeps the ledger."""

    def __init__(self, server, seed):
        self.server, self.rng = server, random.Random(seed)
        self.offered = {}
        self.mails = []
        self.wire = None

    def connect(self):
        protocol = self.rng.choice(("smtp", "smtp", "submission", "lmtp"))
        self.wire = Wire(self.server.ports[protocol])
        verb = "LHLO" if protocol == "lmtp" else "EHLO"
        if protocol not in self.offered:
            self.offered[protocol] = self.wire.hello(verb)
            self.wire.close()
            self.wire = Wire(self.server.ports[protocol])
        offered = self.offered[protocol]
        if "STARTTLS" in offered and self.rng.random() < 0.3:
            self.wire.secure(verb)
        self.model = Model(self.rng, protocol, offered)
        self.talk = collections.deque(maxlen=60)

    def expect(self, replies):
        for codes in replies:
            reply = self.wire.reply(plain=True)
            self.talk.append(f"S {reply.code} {' / '.join(reply.lines)}")
            if reply.code not in codes:
                raise BadReply(f"expected {sorted(codes)}")

    def send_content(self):
        text, good = self.model.content()
        self.expect([{354}])
        self.talk.append(f"C {text}")
        self.wire.send(text)
        replies, mail = self.model.ended(text[:-3], good)
        self.expect(replies)
        self.mails += [mail] if mail else []

    def group(self, size):
        """Some commands in one packet."""
        out, replies, mails, waits = b"", [], [], False
        for _ in range(size):
            octets, expect, mail = self.model.command()
            out += octets
            self.talk.append(f"C {octets[:100]}")
            waits = expect == "wait"
            if waits:
                break
            replies += expect
            mails += [mail] if mail else []
        self.wire.send(out)
        self.expect(replies)
        self.mails += mails
        if waits:
            self.send_content()

    def session(self):
        if self.wire is None:
            self.connect()
        n = 0
        while n < COMMANDS:
            size = self.rng.choice((1, 1, 1, 2, 5, 10))
            self.group(size)
            n += size
        if self.rng.random() < 0.1:
            self.wire.must("QUIT", 221)
            if not self.wire.at_end():
                raise BadReply("the session goes on behind QUIT")
            self.wire.close()
            self.wire = None


class Sessions(unittest.TestCase):
    def setUp(self):
        self.server = Server(settings=SETTINGS)
        self.addCleanup(self.server.remove)
        self.server.start()

    def test_sessions(self):
        player = Player(self.server, SEED)
        for n in range(SESSIONS):
            try:
                player.session()
            except (BadReply, Closed) as e:
                self.fail(f"SMTP_SEED={SEED}, session {n}, "
                          f"{player.model.protocol}: {e!r}\n" +
                          "\n".join(player.talk))
        player.wire and player.wire.close()
        self.server.settle()
        for user in (ALICE, BOB):
            self.compare(user, player.mails)

    def compare(self, user, mails):
        """The mailbox has what was taken for it, and nothing else."""
        expected, found = collections.Counter(), collections.Counter()
        for text, sender, rcpts in mails:
            if user in rcpts:
                expected[sender, re.search(rb"Subject: (\w+)", text)[1]] += 1
        for file in self.server.files(user):
            text = file.read_bytes()
            sender = re.match(rb"Return-Path: <(.*)>\r\n", text)[1].decode()
            found[sender, re.search(rb"\nSubject: (\w+)", text)[1]] += 1
        self.assertEqual(expected - found, {}, "lost")
        self.assertEqual(found - expected, {}, "never taken")
        self.assertGreater(len(found), SESSIONS // 100)


if __name__ == "__main__":
    unittest.main()
