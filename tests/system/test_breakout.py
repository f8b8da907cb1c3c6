# SPDX-License-Identifier: ISC
"""A program has been taken over: what can it do?

It has its links and nothing else (the second class below, tests/breakout/probe.c).
So each program that others of less trust talk to is started alone, as in life,
and this test holds the other ends: it says everything of lib/proc/messages.def that
such a sibling may not say, and all that it may in every mangled form. That link
ends, the log says why, and somebody else is answered as before. A liar of more
trust ends the program, which says so, and is started again.

    BREAKOUT_JSON=file      notes how much was tried, for doc/RELIABILITY.md
"""

import collections
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import unittest

from certs import Authority
from server import BIN, BUILD, DOMAIN, SANITIZED, Server, message, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]
                       / "breakout"))
import table  # noqa: E402
from house import Target, memory_file  # noqa: E402

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
COUNTS = collections.Counter()
NEVER, DONE = 5, 2

# Whom somebody of less trust talks to; who asks what, to see that others are
# served, and what comes then.
WITNESS = {
    "resolver": ("router", "resolve", {"name": b"", "type": 1}, "resolved"),
    "history": ("ctl", "trace", {"key": b"nobody", "most": 1}, "trace_end"),
    "router": ("queue", "route", {"recipient": b"postmaster"}, "routed"),
    "queue": ("ctl", "queue_stats", {}, "queue_end"),
    "store": ("local", "deliver", {"user": ALICE.encode(), "mail": 77},
              "answer"),
    "auth": ("ctl", "guess_list", {}, "answer"),
    "keys": ("ctl", "tls_list", {}, "tls_end"),
}
# What master hands to a program alone: descriptors, fields.
BEFORE = collections.defaultdict(list, {
    "resolver": [("dns_files", {})],
    "keys": [("key_files", {"first": 1})],
})


def peers(role):
    said = subprocess.run([BIN / role, "--privileges"], text=True, check=True,
                          capture_output=True).stdout
    return re.search(r"^peers (.*)$", said, re.M)[1].split()


def trust(role):
    return table.ROLES.index(role)


class House(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()          # makes the directories
        for user in (ALICE, BOB):
            with cls.server.smtp() as smtp:
                smtp.sendmail("", [user], message(f"own of {user}", to=user))
        cls.server.settle()
        cls.server.settings = cls.server.posthouse(
            "config", "show").stdout.encode()
        assert cls.server.stop() == 0
        cls.server.program = lambda role: BIN / role

    def target(self, role, before=None):
        if before is None:
            before = [(name, [], fields) for name, fields in BEFORE[role]]
        target = Target(role, self.server, before=before)
        self.addCleanup(target.remove)
        return target

    def lives(self, target):
        """Alive, and somebody else is answered."""
        self.assertIsNone(target.ended(), target.log()[-2000:])
        role, name, fields, wanted = WITNESS[target.role]
        if getattr(target, "witness", None) is None:
            target.witness = target.link(role)
        target.witness.say(name, tag=next(target.witness.tags) |
                           target.witness.owner, **fields)
        while True:
            got = target.witness.read()
            self.assertIsNotNone(got, f"{target.role} has thrown out another "
                                 f"one:\n{target.log()[-2000:]}")
            if got[0] == wanted:
                return

    def violations(self, target, processes):
        """The log says whose fault it was, and so does the program to
        master."""
        said = re.compile(r'violation="[^"]+" peer=\w+ process=(\d+) ')
        wait_for(lambda: processes <= set(map(int, said.findall(target.log()))),
                 "a line about each breach")
        told, got = set(), True
        while not processes <= told and (got := target.master.read()):
            if got[0] == "link_lost" and got[2]["breach"]:
                told.add(got[2]["process"])
        self.assertEqual(processes - told if got else set(), set())


class Messages(House):
    """Everything that can be said over a link."""

    def forbidden(self, target, role):
        """What a well-behaved sibling of that role never says to this one."""
        for m in table.MESSAGES.values():
            if role not in m.senders or target.role not in m.receivers:
                yield m.name, table.encode(m.name, 1)

    def permitted(self, target, role):
        return [m.name for m in table.MESSAGES.values()
                if role in m.senders and target.role in m.receivers]

    def breach(self, target, role, octets, nfds, what):
        link = target.link(role)
        fds = [table.null() for _ in range(nfds)]
        try:
            found = link.end(octets, fds)
        finally:
            for fd in fds:
                os.close(fd)
        self.assertEqual([f for f in found if f[0] not in (
            "certificate", "certificates", "ticket_keys", "mechanisms",
            "sts_known", "user_table", "quota_table", "quota_full",
            "settled")], [], f"{role} to {target.role}: {what}")
        return link.process

    def each(self, try_one):
        """try_one(target, peer) for each target and sibling of no more trust."""
        for role in WITNESS:
            target = self.target(role)
            for peer in peers(role):
                if trust(peer) > trust(role):
                    continue
                with self.subTest(target=role, liar=peer):
                    try_one(target, peer)
            target.stop()

    def breaches(self, count, lies):
        """Each says what lies(target, peer) gives: octets, how many
        descriptors, and what that is."""
        def try_one(target, peer):
            liars = {self.breach(target, peer, *lie)
                     for lie in lies(target, peer)}
            self.violations(target, liars)
            COUNTS[count] += len(liars)
            self.lives(target)

        self.each(try_one)

    def test_what_may_not_be_said(self):
        self.breaches("not allowed", lambda target, peer: (
            (octets, 0, name)
            for name, octets in self.forbidden(target, peer)))

    def test_what_is_mangled(self):
        self.breaches("mangled", lambda target, peer: (
            (octets, nfds, f"{name}: {what}")
            for name in self.permitted(target, peer)
            for what, octets, nfds in table.mangled(name, 1)))

    def test_what_nobody_says(self):
        """Well-formed, with numbers and texts that make no sense: any answer
        but a yes, and everybody else is served."""
        self.each(self.nonsense)

    def nonsense(self, target, peer):
        for name in self.permitted(target, peer):
            for what, octets, nfds in table.extreme(name, 1):
                link = target.link(peer)
                fds = [memory_file(b"\xff" * 5000) for _ in range(nfds)]
                link.end(octets, fds)
                for fd in fds:
                    os.close(fd)
                self.assertIsNone(target.ended(), (peer, name, what,
                                                   target.log()[-2000:]))
                COUNTS["nonsense"] += 1
            self.lives(target)

    def test_liar_of_more_trust(self):
        """Nothing that it says can be believed any more: the program ends."""
        for role in WITNESS:
            for peer in peers(role):
                if trust(peer) <= trust(role):
                    continue
                with self.subTest(target=role, liar=peer):
                    target = self.target(role)
                    link = target.link(peer)
                    link.end(table.encode("hello", 1))
                    self.violations(target, {link.process})
                    status = wait_for(target.ended, "the end")
                    self.assertEqual(os.WTERMSIG(status), signal.SIGABRT)
                    self.assertRegex(target.log(), "bug: ")
                    target.log_file.unlink()
                    COUNTS["more trust"] += 1


# In the place of bounce: the first two lives end with a lie, then it is bounce.
LIAR = """\
#!{python} -B
import os, pathlib, socket, sys, time
sys.path[:0] = {path!r}
from house import Link
lives = pathlib.Path({lives!r})
n = int(lives.read_text()) if lives.exists() else 0
lives.write_text(str(n + 1))
if n == 2:
    os.execv({bounce!r}, ["bounce"])
master = Link(socket.socket(fileno=3))
master.say("hello", digest={digest}, pid=os.getpid(), program=b"bounce")
queue = None
while (got := master.read())[0] != "start":
    if got[0] == "peer" and got[2]["role"] == {queue}:
        queue = Link(socket.socket(fileno=got[2]["link"]))
master.say("ready", layers=b"none")
time.sleep(n * {old})
queue.say({lie!r})
while master.read():
    pass
"""
AT_ONCE = ("queue_lifetime = 1\nbounce_lifetime = 1\n"
           "retry_first = 1\nretry_most = 1\n")
OLD = 2.5       # seconds; master takes a death then for no failure of the start


class Ended(House):
    """master ends who has broken the rules, and starts it again."""

    def program_dir(self, **words):
        """The programs, with a liar among them."""
        where = self.server.dir / "programs"
        where.mkdir()
        for program in BIN.iterdir():
            if program.name != "bounce":
                (where / program.name).symlink_to(program)
        text = LIAR.format(python=sys.executable, path=sys.path,
                           lives=str(self.server.dir / "lives"),
                           bounce=str(BIN / "bounce"), old=OLD,
                           queue=table.BIT["queue"], **words)
        (where / "bounce").write_text(text)
        (where / "bounce").chmod(0o755)
        return where

    def test_liar_is_started_again(self):
        target = self.target("bounce")
        digest = target.digest
        target.stop()
        where = self.program_dir(digest=digest, lie="grant")
        conf = self.server.conf
        conf.write_text(AT_ONCE + re.sub(
            "program_dir = .*", f"program_dir = {where}", conf.read_text()))
        (self.server.dir / "etc/aliases").write_text(
            "away: nobody@[127.0.0.1]\n")
        self.server.start()
        others = {pid for pid, role in self.server.processes().items()
                  if role in WITNESS}
        wait_for(lambda: self.server.output().count("broke the rules") == 2,
                 "two ends of a liar")
        with self.server.smtp() as smtp:
            smtp.sendmail(ALICE, [f"away@{DOMAIN}"], message("lost"))
        wait_for(lambda: any(b"multipart/report" in m.lower() for m in
                             self.server.messages(ALICE)), "a report")
        # the second life was no short one, and yet there was a pause
        self.assertEqual(re.findall(
            r"bounce.* ended signal=9 restart_in=(\d+)ms",
            self.server.output()),
            ["0", "100"])
        self.assertLessEqual(others, set(self.server.processes()),
                             "another one ended, too")


class Rights(House):
    """What a sibling may ask, about what is not its own."""

    def refused(self, answer):
        self.assertIsNotNone(answer)
        self.assertEqual(answer[0], "answer", answer)
        self.assertNotEqual(answer[1]["verdict"], DONE, answer)
        COUNTS["not its own"] += 1

    def vouch(self, store, process, session, user):
        auth = store.link("auth")
        name, fields = auth.call("grant", process=process, session=session,
                                 user=user.encode())
        self.assertEqual((name, fields["verdict"]), ("answer", DONE))

    def test_mail_of_others(self):
        """imapd and pop3d have the mail of those for whom auth has vouched, for
        that session of that process, and nobody else's."""
        store = self.target("store")
        for role in ("imapd", "pop3d"):
            mine = store.link(role, process=31)
            other = store.link(role, process=32)
            self.refused(mine.call("mailbox_open", session=5,
                                   mailbox=b"INBOX"))
            self.vouch(store, 31, 5, ALICE)
            got = mine.call("mailbox_open", session=5, mailbox=b"INBOX")
            self.assertEqual(got[0], "mailbox_opened")
            handle = got[1]["handle"]
            got = mine.call("content_open", handle=handle, uids=b"1")
            self.assertEqual(got[0], "contents")
            for box in (b"../bob", b"../bob/INBOX", b"/", b"../../bob",
                        b"..", b"user/bob", BOB.encode(), b"INBOX/../../bob",
                        b"Other Users/" + BOB.encode(), b"\0bob", b".bob",
                        f"../../{DOMAIN}/bob".encode()):
                for session in (5, 6, 0, (1 << 64) - 1):
                    self.refused(mine.call("mailbox_open", session=session,
                                           mailbox=box))
            for session in (5, 31, 0):
                self.refused(other.call("mailbox_open", session=session,
                                        mailbox=b"INBOX"))
                self.refused(other.call("mailbox_list", session=session))
            for n in (handle, handle + 1, 0, (1 << 32) - 1):
                self.refused(other.call("content_open", handle=n, uids=b"1"))
                self.refused(other.call("mailbox_expunge", handle=n,
                                        uids=b"1:*", any=1))
                self.refused(other.call("mailbox_flags", handle=n, mode=1,
                                        flags=8, uids=b"1:*"))
            mine.close()
            other.close()
        store.stop()

    def test_mail_of_another_receiver(self):
        """A mail that another smtpd takes in cannot be touched, and what is in
        the queue cannot be read."""
        queue = self.target("queue")
        honest, liar = queue.link("smtpd"), queue.link("smtpd")
        name, opened = honest.call("mail_open", size=5)
        self.assertEqual(name, "mail_opened")
        mail = opened["mail"]
        liar.say("mail_rcpt", mail=mail, original=b"x@example.test",
                 transport=b"local", destination=BOB.encode(),
                 address=BOB.encode())
        self.refused(liar.call("mail_commit", mail=mail, size=5))
        liar.say("mail_abort", mail=mail)
        honest.say("mail_rcpt", mail=mail, original=ALICE.encode(),
                   transport=b"local", destination=ALICE.encode(),
                   address=ALICE.encode())
        os.write(opened["content"], b"a\r\nb\r")
        self.refused(honest.call("mail_commit", mail=mail, size=400))
        local = queue.link("local")
        self.refused(local.call("content_get", mail=mail))
        queue.stop()

    def test_verdicts_about_what_was_not_asked(self):
        """smtp and local say what became of mail that they were not given."""
        queue = self.target("queue")
        smtpd, local = queue.link("smtpd"), queue.link("local")
        smtp = queue.link("smtp")
        name, opened = smtpd.call("mail_open", size=5)
        mail = opened["mail"]
        os.write(opened["content"], b"a\r\nb\n")
        smtpd.say("mail_rcpt", mail=mail, original=ALICE.encode(),
                  transport=b"local", destination=ALICE.encode(),
                  address=ALICE.encode())
        name, fields = smtpd.call("mail_commit", mail=mail, size=5)
        self.assertEqual(name, "mail_queued", fields)
        asked = local.read()
        self.assertEqual((asked[0], asked[2]["mail"]), ("attempt", mail))
        for liar, tag in ((smtp, asked[1]), (smtp, 0)):
            liar.say("verdict", tag=tag, mail=mail, verdict=DONE,
                     status=b"0.0")
        for tag in (0, asked[1] + 1):
            local.say("verdict", tag=tag, mail=mail, rcpt=7, verdict=DONE,
                      status=b"0.0")
        self.refused(smtpd.call("mail_commit", mail=mail, size=5))
        ctl = queue.link("ctl")
        ctl.say("queue_act", tag=1 | ctl.owner, action=1, mail=mail)
        item = ctl.read()
        self.assertEqual(item[0], "queue_item")
        self.assertEqual(item[2]["state"], b"active")
        self.lives(queue)
        queue.stop()

    def test_a_login_of_another_process(self):
        """What another one has begun cannot be gone on with."""
        auth = self.target("auth")
        honest, liar = auth.link("imapd"), auth.link("pop3d")
        name, begun = honest.call("sasl_begin", session=1, service=b"imap",
                                  mechanism=b"PLAIN", secure=1)
        self.assertEqual(name, "sasl_challenge", begun)
        answer = b"\0" + ALICE.encode() + b"\0" + \
            self.server.users[ALICE].encode()
        self.refused(liar.call("sasl_response", exchange=begun["exchange"],
                               response=answer))
        liar.say("sasl_cancel", exchange=begun["exchange"])
        self.lives(auth)
        auth.stop()

    def test_signatures(self):
        """keys signs handshakes of TLS, and nothing else."""
        house = Authority()
        self.addCleanup(house.remove)
        cert = house.make("mail.example.test")
        files = [os.open(p, os.O_RDONLY) for p in (cert.path, cert.key)]
        keys = self.target("keys", [
            ("key_pair", files, {"cert": 0, "key": 0, "cert_name": b"c",
                                 "key_name": b"k"}),
            ("key_files", [], {"first": 1})])
        smtpd = keys.link("smtpd")
        name, _, fields = smtpd.read()
        while name != "certificate":
            name, _, fields = smtpd.read()
        good = b" " * 64 + b"TLS 1.3, server CertificateVerify\0" + b"h" * 32
        name, _ = smtpd.call("sign", key=fields["key"], scheme=0x0403,
                             content=good)
        self.assertEqual(name, "signature")
        for content in (b"", b"pay 1000", good[:-1], good + b"x", good[1:],
                        good.replace(b"server", b"client"),
                        good.replace(b"1.3", b"1.2"), b"\0" * 200,
                        b"from: alice\r\n", b"x" * 60000):
            for scheme in (0x0403, 0x0503, 0x0804, 0, 0xffffffff):
                self.refused(smtpd.call("sign", key=fields["key"],
                                        scheme=scheme, content=content))
        for key in (b"", fields["key"][:-1], b"\0" * 32, fields["key"] * 2):
            self.refused(smtpd.call("sign", key=key, scheme=0x0403,
                                    content=good))
        self.assertIn("refused to smtpd", keys.log())
        keys.stop()


@unittest.skipIf(SANITIZED, "a program with instruments is confined less")
class Calls(House):
    """Code that runs inside a program, once that is confined."""

    def test_calls(self):
        settings = self.server.dir / "effective"
        settings.write_bytes(self.server.settings)
        outside = self.server.dir / "outside"
        outside.mkdir(exist_ok=True)
        (outside / "file").write_text("somebody's\n")
        for probe in sorted((BUILD / "tests/breakout").iterdir()):
            with self.subTest(program=probe.name):
                said = subprocess.run([probe, settings, outside], text=True,
                                      capture_output=True, check=True).stdout
                found = dict(line.split(" ", 1) for line in said.splitlines())
                self.assertGreater(len(found), 50)
                self.assertEqual([name for name, end in found.items()
                                  if end.startswith(("done", "ended"))], [])
                COUNTS["calls"] += sum(
                    end != "allowed" for end in found.values())
        self.assertEqual([p.name for p in outside.iterdir()], ["file"])
        self.assertEqual((outside / "file").read_text(), "somebody's\n")


def tearDownModule():
    if "BREAKOUT_JSON" in os.environ:
        path = pathlib.Path(os.environ["BREAKOUT_JSON"])
        path.write_text(json.dumps(COUNTS))


if __name__ == "__main__":
    unittest.main()
