# SPDX-License-Identifier: ISC
"""Mail for another host, which does everything that a host can do wrong.

Whatever it does: each mail is delivered, reported to its sender, or still in the
queue, and delivered twice only when the reply to its content was lost."""

import asyncio
import concurrent.futures
import itertools
import re
import smtplib
import threading
import time
import unittest

from server import (DOMAIN, SANITIZED, Server, free_port, message,
                    wait_for)
from sink import (EXTENSIONS, REPLIES, Drop, Early, Hang, Late, Pieces, Sink)

ALICE = f"alice@{DOMAIN}"
POINTS = ("GREETING", "EHLO", "MAIL", "RCPT", "DATA", "END")
PLAIN = ("8BITMIME",)                           # one command at a time
PIPELINED = ("8BITMIME", "PIPELINING", "DSN", "SIZE 1000000")
CHUNKED = EXTENSIONS
SETTINGS = """smtp_port = {port}
retry_first = 1
retry_most = 1
remote_timeout = {timeout}
connect_timeout = 2
smtp_tls = none
queue_lifetime = 1h
"""

numbers = itertools.count()
# Each sink has an address of its own, so that many can be there at once.
addresses = (f"127.0.{n // 250}.{n % 250 + 1}" for n in itertools.count(250))


class Follower:
    """What the log says of each recipient, read once as it grows."""

    LINE = re.compile(r"to=<([^>]*)>.*? dsn=([\d.]+), status=(\w+) \((.*)\)$")

    def __init__(self, path):
        self.path, self.at, self.rest = path, 0, ""
        self.lock = threading.Lock()
        self.found = {}

    def fates(self, to):
        with self.lock:
            with self.path.open(errors="replace") as f:
                f.seek(self.at)
                text = self.rest + f.read()
                self.at = f.tell()
            *lines, self.rest = text.split("\n")
            for m in filter(None, map(self.LINE.search, lines)):
                self.found.setdefault(m[1], []).append(m.groups()[1:])
            return list(self.found.get(to, []))


class Relay(unittest.TestCase):
    TIMEOUT = 6 if SANITIZED else 2     # a host that hangs is waited for

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.server = Server(SETTINGS.format(port=cls.port,
                                            timeout=cls.TIMEOUT))
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        cls.follower = Follower(cls.server.dir / "log/posthouse.log")

    def sink(self, script=None, extensions=CHUNKED, **more):
        more.setdefault("address", next(addresses))
        return Sink(script, extensions, port=self.port, **more)

    def name(self, sink, local="r"):
        return f"{local}{next(numbers)}@[{sink.address}]"

    def send(self, sink, to=None, content=None, options=(), rcpt_options=(),
             sender=ALICE):
        """Hand mail in; returns its recipient, or their list."""
        all_of = to or [self.name(sink)]
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            refused = smtp.sendmail(sender, all_of, content or message("x"),
                                    list(options), list(rcpt_options))
            self.assertEqual(refused, {})
        return to or all_of[0]

    def fates(self, to):
        """[(dsn, status, sentence)] of each try."""
        return self.follower.fates(to)

    def fate(self, to, wanted, seconds=30):
        """The last try, once there is one that ended as wanted."""
        return wait_for(lambda: [f for f in self.fates(to) if f[1] == wanted],
                        f"{wanted} of {to}: {self.fates(to)}", seconds)[-1]

    def copies(self, sink, to):
        return [content for r, content in sink.delivered() if r == to]

    def assert_once(self, sink, to):
        self.fate(to, "sent")
        wait_for(lambda: self.copies(sink, to), f"{to} in the sink", 5)
        self.assertEqual(len(self.copies(sink, to)), 1, self.fates(to))

    def together(self, case, variants):
        """case(*variant) of all at once; says which went wrong."""
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            running = {pool.submit(case, *v): v for v in variants}
        wrong = [f"{str(v)[:200]}: {f.exception()}"
                 for f, v in running.items() if f.exception()]
        self.assertEqual(wrong, [])


def points(extensions_of=(PLAIN, PIPELINED, CHUNKED), but=()):
    for extensions in extensions_of:
        for point in POINTS:
            if point not in but and \
                    not (point == "DATA" and "CHUNKING" in extensions):
                yield point, extensions


class Fine(Relay):
    TIMEOUT = 60        # all that is slow is the machine

    def test_content_arrives_as_it_is(self):
        bodies = ["", "one\r\n", ".\r\n", "..\r\n.x\r\n\r\n.\r\n", "x" * 998 +
                  "\r\n", ".\r\n" * 40000, "no\r\n" * 200000]

        def case(extensions, body):
            with self.sink(extensions=extensions) as sink:
                to = self.send(sink, content=message("x", body))
                self.assert_once(sink, to)
                head, _, got = self.copies(sink, to)[0].partition(b"\r\n\r\n")
                self.assertEqual(got, body.encode())
                self.assertNotIn(b"Return-Path", head)
        self.together(case, itertools.product((PLAIN, PIPELINED, CHUNKED),
                                              bodies))

    def test_one_connection_for_many(self):
        with self.sink() as sink:
            all_of = [self.send(sink) for _ in range(20)]
            for to in all_of:
                self.assert_once(sink, to)
            # a few more where the next mail comes before the last has gone
            self.assertLess(len(sink.sessions), 10)

    def test_many_recipients_are_one_mail(self):
        with self.sink() as sink:
            all_of = self.send(sink, [self.name(sink) for _ in range(50)])
            for to in all_of:
                self.assert_once(sink, to)
            self.assertEqual(len(sink.mails), 1)

    def test_parameters(self):
        with self.sink(extensions=[*CHUNKED, "MT-PRIORITY MIXER",
                                   "DELIVERBY 10"]) as sink:
            to = self.send(sink, options=["RET=HDRS", "ENVID=a+2Bb",
                                          "BY=600;N", "BODY=8BITMIME",
                                          "MT-PRIORITY=3"],
                           rcpt_options=["NOTIFY=SUCCESS,DELAY",
                                         "ORCPT=rfc822;x+2By@z.example"])
            self.assert_once(sink, to)
            mail = sink.mails[0]
            words = mail.parameters.split()
            for word in ("RET=HDRS", "ENVID=a+2Bb", "BODY=8BITMIME",
                         "MT-PRIORITY=3"):
                self.assertIn(word, words)
            self.assertRegex(mail.parameters, r"BY=(59\d|600);N")
            self.assertIn(f"SIZE={len(mail.content)}", words)
            self.assertEqual(mail.rcpt_parameters[to],
                             "NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x+2By@z.example")

    def test_nothing_is_said_that_was_not_offered(self):
        with self.sink(extensions=()) as sink:
            to = self.send(sink, options=["RET=HDRS", "ENVID=ab"],
                           rcpt_options=["NOTIFY=FAILURE"])
            self.assert_once(sink, to)
            self.assertEqual(sink.mails[0].parameters, "")
            self.assertEqual(sink.mails[0].rcpt_parameters[to], "")

    def test_server_of_before_ehlo(self):
        with self.sink({"EHLO": "502 What?"}) as sink:
            self.assert_once(sink, self.send(sink))

    def test_limits_of_recipients(self):
        with self.sink(extensions=[*CHUNKED, "LIMITS RCPTMAX=2 MAILMAX=2"]) \
                as sink:
            for to in self.send(sink, [self.name(sink) for _ in range(7)]):
                self.assert_once(sink, to)
            self.assertEqual([len(m.recipients) for m in sink.mails],
                             [2, 2, 2, 1])
            self.assertEqual(len(sink.sessions), 2)


    def test_limit_of_domains(self):
        with self.sink(extensions=[*CHUNKED, "LIMITS RCPTDOMAINMAX=1"]) as one:
            self.send(one, [self.name(one) for _ in range(3)])
            wait_for(lambda: one.mails, "the mail")
            self.assertEqual(len(one.mails[0].recipients), 3)


class Converted(Relay):
    TIMEOUT = 60        # all that is slow is the machine

    BODY = "Grüße\r\n" * 10
    EIGHT = (b"MIME-Version: 1.0\r\n"
             b"Content-Type: text/plain; charset=utf-8\r\n"
             b"Content-Transfer-Encoding: 8bit\r\n\r\n" + BODY.encode())
    UTF8 = "Subject: Grüße\r\n\r\nx\r\n".encode()

    def test_eight_bits_for_seven(self):
        with self.sink(extensions=["PIPELINING", "CHUNKING"]) as sink:
            to = self.send(sink, content=self.EIGHT, options=["BODY=8BITMIME"])
            self.assert_once(sink, to)
            got = self.copies(sink, to)[0]
            self.assertTrue(got.isascii())
            self.assertIn(b"quoted-printable", got)
            self.assertNotIn("BODY", sink.mails[0].parameters)

    def test_eight_bits_for_eight(self):
        with self.sink() as sink:
            to = self.send(sink, content=self.EIGHT, options=["BODY=8BITMIME"])
            self.assert_once(sink, to)
            self.assertTrue(self.copies(sink, to)[0].endswith(
                self.BODY.encode()))

    def test_utf8_that_is_ascii_goes_everywhere(self):
        with self.sink(extensions=["PIPELINING", "8BITMIME"]) as sink:
            to = self.send(sink, options=["SMTPUTF8"])
            self.assert_once(sink, to)
            self.assertNotIn("SMTPUTF8", sink.mails[0].parameters)

    def test_refused_before_the_end(self):
        """Whoever has had enough is heard, converted or not."""
        def enough(session, _):
            session.writer.transport.pause_reading()
            asyncio.get_running_loop().call_later(1, end, session.writer)

        def end(writer):
            writer.write(b"552 5.3.4 Enough\r\n")
            writer.close()

        for extensions in ([], ["8BITMIME"]):
            with self.subTest(extensions=extensions), \
                    self.sink({"DATA": enough}, extensions) as sink:
                to = self.send(sink, content=self.EIGHT + self.BODY.encode() *
                               80000, options=["BODY=8BITMIME"])
                self.assertEqual(self.fate(to, "bounced")[0], "5.3.4")

    def test_utf8_header_is_not_for_everybody(self):
        with self.sink(extensions=["PIPELINING", "8BITMIME"]) as sink:
            to = self.send(sink, content=self.UTF8,
                           options=["SMTPUTF8", "BODY=8BITMIME"])
            dsn, _, why = self.fate(to, "bounced")
            self.assertEqual(dsn, "5.6.7")
            self.assertIn("SMTPUTF8", why)
            self.assertEqual(sink.mails, [])

    def test_utf8_header_goes_where_it_may(self):
        with self.sink() as sink:
            to = self.send(sink, content=self.UTF8,
                           options=["SMTPUTF8", "BODY=8BITMIME"])
            self.assert_once(sink, to)
            self.assertIn("SMTPUTF8", sink.mails[0].parameters)

    def test_too_large(self):
        with self.sink(extensions=["SIZE 1000"]) as sink:
            to = self.send(sink, content=message("x", "x\r\n" * 1000))
            dsn, _, why = self.fate(to, "bounced")
            self.assertEqual(dsn, "5.3.4")
            self.assertIn("exceeds size limit", why)
            self.assertFalse([c for c in sink.sessions[0].commands
                              if c.startswith("MAIL")])

    def test_return_by_goes_only_to_who_knows(self):
        with self.sink() as sink:
            to = self.send(sink, options=["BY=600;R"])
            self.assertEqual(self.fate(to, "bounced")[0], "5.3.3")


class Refusals(Relay):
    def test_for_now(self):
        def case(point, extensions):
            with self.sink({point: [f"451 4.7.1 Not now at {point}", None]},
                           extensions) as sink:
                to = self.send(sink)
                dsn, _, why = self.fate(to, "deferred")
                self.assertIn(f"451 4.7.1 Not now at {point}", why)
                self.assertEqual(dsn, "4.7.1")
                self.assert_once(sink, to)
        self.together(case, points())

    def test_for_good(self):
        def case(point, extensions):
            with self.sink({point: f"550 5.7.1 Never at {point}"},
                           extensions) as sink:
                to = self.send(sink)
                dsn, _, why = self.fate(to, "bounced")
                self.assertEqual(dsn, "5.7.1")
                self.assertRegex(why, r"^host 127\S*\[127\S*\] said: 550 "
                                 rf"5\.7\.1 Never at {point} "
                                 r"\(in reply to .* command\)")
                self.assertEqual(self.copies(sink, to), [])
        self.together(case, points(but=("GREETING", "EHLO")))

    def test_greeting_for_good_is_about_the_host(self):
        with self.sink({"GREETING": ["554 5.7.1 Go away", None]}) as sink:
            to = self.send(sink)
            _, _, why = self.fate(to, "deferred")
            self.assertIn("refused to talk to me: 554 5.7.1 Go away", why)
            self.assert_once(sink, to)

    def test_without_enhanced_status(self):
        with self.sink({"RCPT": "550 unknown"}) as sink:
            self.assertEqual(self.fate(self.send(sink), "bounced")[0], "5.1.0")

    def test_some_recipients(self):
        def rcpt(_, argument):
            return ("550 5.1.1 No" if "no" in argument else
                    "450 4.2.1 Later" if "wait" in argument else None)

        def case(extensions):
            with self.sink({"RCPT": rcpt}, extensions) as sink:
                good, no, wait = self.send(sink, [
                    self.name(sink, local) for local in ("yes", "no", "wait")])
                self.assert_once(sink, good)
                self.assertEqual(self.fate(no, "bounced")[0], "5.1.1")
                self.assertEqual(self.fate(wait, "deferred")[0], "4.2.1")
                self.server.posthouse("queue", "delete", "--recipient", wait,
                                      check=False)
        self.together(case, [[PLAIN], [PIPELINED], [CHUNKED]])

    def test_too_many_recipients_at_once(self):
        def case(extensions, code):
            def rcpt(session, _):
                return (f"{code} Too many" if len(session.mail.recipients) == 3
                        else None)
            with self.sink({"RCPT": rcpt}, extensions) as sink:
                for to in self.send(sink, [self.name(sink) for _ in range(7)]):
                    self.assert_once(sink, to)
                    self.assertEqual(len(self.fates(to)), 1)
                self.assertEqual(sorted(len(m.recipients)
                                        for m in sink.mails), [1, 3, 3])
        self.together(case, itertools.product(
            (PLAIN, PIPELINED, CHUNKED), ("452 4.5.3", "552", "452")))

    def test_several_lines(self):
        with self.sink({"RCPT": "550 5.1.1 One\n5.1.1 Two\n5.1.1 Three"}) as s:
            self.assertIn("550-5.1.1 One 550-5.1.1 Two 550 5.1.1 Three",
                          self.fate(self.send(s), "bounced")[2])


class Accidents(Relay):
    def test_lost_before_the_reply(self):
        def case(at, reset):
            point, extensions = at
            with self.sink({point: [Drop(reset=reset), None]},
                           extensions) as sink:
                to = self.send(sink)
                _, _, why = self.fate(to, "deferred")
                # a reset may come while we still connect
                self.assertRegex(why, "^lost connection with 127|"
                                 "Connection reset by peer$")
                self.assert_once(sink, to)
        self.together(case, itertools.product(points(), (False, True)))

    def test_lost_after_the_reply(self):
        def case(point, extensions):
            with self.sink({point: [Drop(REPLIES[point]), None]},
                           extensions) as sink:
                to = self.send(sink)
                self.fate(to, "deferred")
                self.assert_once(sink, to)
        self.together(case, points(but=("EHLO", "END")))

    def test_lost_after_the_last_reply(self):
        """It was seen: that is final."""
        def case(extensions):
            with self.sink({"END": Drop(REPLIES["END"])}, extensions) as sink:
                to = self.send(sink)
                self.fate(to, "sent")
                time.sleep(2)
                self.assertEqual(len(sink.mails), 1)
                self.assertEqual(len(self.fates(to)), 1)
        self.together(case, [[PLAIN], [PIPELINED], [CHUNKED]])

    def test_lost_in_the_content(self):
        def data(session, _):
            return Late(0.1, Drop("354 Go on")) if session.number == 0 else None
        with self.sink({"DATA": data}, PIPELINED) as sink:
            to = self.send(sink, content=message("x", "long\r\n" * 100000))
            self.fate(to, "deferred")
            self.assert_once(sink, to)

    def test_silence(self):
        def case(point, extensions):
            with self.sink({point: [Hang(), None]}, extensions) as sink:
                to = self.send(sink)
                _, _, why = self.fate(to, "deferred")
                self.assertRegex(why, r"^conversation with 127\S*\[127\S*\] "
                                 "timed out while")
                self.assert_once(sink, to)
        self.together(case, points())

    def test_nobody_there(self):
        sink = self.sink()
        to = self.send(sink)
        dsn, _, why = self.fate(to, "deferred")
        self.assertEqual(dsn, "4.4.1")
        self.assertEqual(why, f"connect to {sink.address}[{sink.address}]:"
                         f"{self.port}: Connection refused")
        with sink:
            self.assert_once(sink, to)

    def test_kept_connection_was_closed(self):
        """Whoever closes an idle connection has refused nothing."""
        with self.sink() as sink:
            self.assert_once(sink, self.send(sink))
        with self.sink(address=sink.address) as sink:
            to = self.send(sink)
            self.assert_once(sink, to)
            self.assertEqual(len(self.fates(to)), 1)

    def test_kept_connection_ends_with_mail(self):
        def case(*words):
            def mail(session, _):
                said = [c for c in session.commands if c[:4] == "MAIL"]
                return None if len(said) == 1 else Drop(*words)
            with self.sink({"MAIL": mail}) as sink:
                for _ in range(3):
                    to = self.send(sink)
                    self.assert_once(sink, to)
                    self.assertEqual(len(self.fates(to)), 1)
        self.together(case, [[], ["421 4.4.2 Too long"]])

    def test_replies_in_pieces(self):
        def case(extensions):
            with self.sink({point: Pieces(size=1) for point in POINTS},
                           extensions) as sink:
                self.assert_once(sink, self.send(sink))
        self.together(case, [[PLAIN], [PIPELINED], [CHUNKED]])

    def test_large_replies(self):
        def case(at, form):
            point, extensions = at
            good = REPLIES.get(point, "250 sink")
            text = (good + "x" * (65533 - len(good)), good +
                    ("\n" + "y" * 1000) * 90)[form]
            with self.sink({point: text}, extensions) as sink:
                self.assert_once(sink, self.send(sink))
        self.together(case, itertools.product(points(), (0, 1)))

    def test_replies_that_are_none(self):
        def case(junk, point):
            with self.sink({point: [junk, REPLIES[point]]}) as sink:
                to = self.send(sink)
                self.fate(to, "deferred")
                self.fate(to, "sent")
                good = wait_for(lambda: [m for m in sink.mails
                                         if m.said == [REPLIES["END"]]],
                                "the mail in the sink", 5)
                self.assertEqual(len(good), 1)
        self.together(case, itertools.product(
            (b"x" * 70000 + b"\r\n", b"250-a\r\n" * 20000, b"hello\r\n",
             b"\r\n", b"250\t\r\n", b"250-a\r\n251 b\r\n", b"999 x\r\n",
             b"\0\0\0\0\r\n", b"99 \r\n", b"250_x\r\n"),
            ("GREETING", "MAIL", "END")))

    def test_early_replies_are_not_believed(self):
        """A server says everything at once, and takes no mail."""
        more = ("250 2.1.5 Ok", "354 Go", "250 2.0.0 Queued")

        def case(at, n):
            point, extensions = at
            with self.sink({point: [Early(None, *more[:n]), None],
                            "END": lambda session, _: Drop()
                            if session.number == 0 else None},
                           extensions) as sink:
                to = self.send(sink)
                self.fate(to, "sent")
                good = wait_for(lambda: [m for m in sink.mails if m.said],
                                "the mail in the sink", 5)
                self.assertEqual(len(good), 1, self.fates(to))
        self.together(case, itertools.product(points(but=("END",)),
                                              (1, 2, 3)))


if __name__ == "__main__":
    unittest.main()
