# SPDX-License-Identifier: ISC
"""Real clients of POP3, where they are installed: each fetches all and leaves
it, comes again and gets nothing twice, gets what is new, and at last takes
everything away; in the clear, by STLS and in TLS from the first octet. Every
octet that a client hands on is compared.

What clients keep are lines of Unix; what some put in front is taken off."""

import os
import poplib
import re
import shutil
import subprocess
import unittest

from pop_wire import Imap
from secure import HOST, SecureServer
from server import DOMAIN
from terminal import Terminal

ALICE, PASSWORD = f"alice@{DOMAIN}", "wonderland"
MANY = 100
BODIES = (
    b".\r\n", b"..\r\n.\r\n...\r\n", b".a\r\n.b\r\n\r\n.\r\n", b"",
    b"no end", b"From here on\r\n>From there\r\n", b"\r\n\r\n\r\n",
    b"gr\xfc\xdfe, \xe4\xf6\xfc\r\n", "gr\u00fc\u00dfe \U0001f40e\r\n".encode(),
    b"x" * 990 + b"\r\n", b"a line\r\n" * 20000, b"+OK\r\n-ERR\r\n",
    b" leading\r\ntrailing \t\r\n", b"=3D=\r\n=2E\r\n",
)


def letter(number, body):
    return (b"From: Bob <bob@client.test>\r\nTo: %s\r\nSubject: number %d\r\n"
            b"Message-ID: <%d@client.test>\r\n"
            b"Date: Mon, 2 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n"
            b"Content-Type: text/plain; charset=utf-8\r\n"
            b"Content-Transfer-Encoding: 8bit\r\nX-Long: one\r\n\ttwo\r\n\r\n"
            % (ALICE.encode(), number, number)) + body


def unix(octets):
    """As a client keeps it."""
    octets = octets.replace(b"\r\n", b"\n")
    return octets if octets.endswith(b"\n") else octets + b"\n"


class Client(Terminal):
    """How a client is told to fetch; `got` takes what it has kept apart."""
    program = None
    # name: (port, how the client is to speak TLS)
    MODES = {"clear": "pop3", "stls": "pop3", "tls": "pop3s"}

    def setUp(self):
        if self.program and not shutil.which(self.program):
            self.skipTest(f"no {self.program}")
        self.server = SecureServer()
        self.addCleanup(self.server.remove)
        self.server.start()
        self.home = self.server.dir / "home"
        self.home.mkdir()
        self.sent = []

    def put(self, *bodies):
        wire = Imap(self.server, ALICE, PASSWORD)
        for body in bodies:
            self.sent.append(letter(len(self.sent), body))
            wire.say("APPEND INBOX", self.sent[-1])
        wire.close()

    def left(self):
        pop3 = self.server.pop3()
        count, _ = pop3.stat()
        pop3.quit()
        return count

    def call(self, *argv, codes=(0,), **options):
        done = subprocess.run([str(a) for a in argv], capture_output=True,
                              timeout=300, env={
                                  "HOME": str(self.home), "TERM": "dumb",
                                  "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                              **options)
        self.assertIn(done.returncode, codes, done.stdout + done.stderr)
        return done.stdout

    def box(self):
        """An empty Maildir."""
        box = self.home / "box"
        shutil.rmtree(box, True)
        for name in ("cur", "new", "tmp"):
            (box / name).mkdir(parents=True)
        return box

    def kept(self, box):
        return [f.read_bytes() for f in box.glob("*/*") if f.is_file()]

    def got(self, octets):
        return octets

    def compare(self, found, sent):
        by_number = {}
        for octets in map(self.got, found):
            number = int(re.search(rb"^Subject: number (\d+)$", octets,
                                   re.M)[1])
            self.assertFalse(number in by_number, f"{number} twice")
            by_number[number] = octets
        self.assertEqual(sorted(by_number), sorted(
            self.sent.index(octets) for octets in sent))
        for octets in sent:
            self.assertEqual(by_number[self.sent.index(octets)],
                             self.got(unix(octets)))

    def test_fetch(self):
        for mode, port in self.MODES.items():
            with self.subTest(mode=mode):
                self.sent = []
                self.put(*BODIES)
                self.scenario(mode, self.server.ports[port])

    def scenario(self, mode, port):
        self.begin(mode, port)
        self.compare(self.fetch(True), self.sent)
        self.assertEqual(self.left(), len(self.sent))
        self.compare(self.again(), [])
        before = len(self.sent)
        self.put(b".\r\nnew\r\n", b"newer\r\n")
        self.compare(self.again(), self.sent[before:])
        self.compare(self.fetch(False), self.sent)
        self.assertEqual(self.left(), 0)

    def again(self):
        return self.fetch(True)

    def test_many(self):
        self.put(*(b"%d\r\n" % n for n in range(MANY)))
        self.begin("clear", self.server.ports["pop3"])
        self.compare(self.fetch(False), self.sent)
        self.assertEqual(self.left(), 0)


class Poplib(Client, unittest.TestCase):
    def begin(self, mode, port):
        self.mode, self.port, self.known = mode, port, set()

    def session(self):
        trust = self.server.trust()
        if self.mode == "tls":
            pop3 = poplib.POP3_SSL(HOST, self.port, context=trust, timeout=60)
        else:
            pop3 = poplib.POP3(HOST, self.port, timeout=60)
        if self.mode == "stls":
            pop3.stls(trust)
        pop3.user(ALICE)
        pop3.pass_(PASSWORD)
        return pop3

    def fetch(self, keep):
        pop3, found = self.session(), []
        for line in pop3.uidl()[1]:
            number, uidl = line.split()
            if uidl in self.known and keep:
                continue
            self.known.add(uidl)
            # it has no limit of its own for what a line has in it
            found.append(b"\n".join(pop3.retr(int(number))[1]) + b"\n")
            if not keep:
                pop3.dele(int(number))
        pop3.quit()
        return found


class Curl(Client, unittest.TestCase):
    program = "curl"

    def begin(self, mode, port):
        self.url = ("pop3s" if mode == "tls" else "pop3") + f"://{HOST}:{port}"
        self.options = ["-sS", "--cacert", self.server.certificate, "-u",
                        f"{ALICE}:{PASSWORD}"]
        if mode == "stls":
            self.options.append("--ssl-reqd")
        self.known = set()

    def fetch(self, keep):
        out = self.call("curl", *self.options, "-X", "UIDL", self.url + "/")
        numbers = []
        for line in out.split(b"\r\n"):
            if line and (not keep or line.split()[1] not in self.known):
                self.known.add(line.split()[1])
                numbers.append(int(line.split()[0]))
        box, rc = self.box(), self.home / "curlrc"
        rc.write_text("".join(f'url="{self.url}/{n}"\noutput="{box}/new/{n}"\n'
                              for n in numbers))
        if numbers:
            self.call("curl", *self.options, "-K", rc)
        if not keep:
            rc.write_text("next\n".join(
                f'url="{self.url}/{n}"\nlist-only\nrequest=DELE\n'
                f'user="{ALICE}:{PASSWORD}"\nsilent\n'
                f'cacert="{self.server.certificate}"\n'
                + ("ssl-reqd\n" if "--ssl-reqd" in self.options else "")
                for n in numbers))
            self.call("curl", "-K", rc)
        return [unix(octets) for octets in self.kept(box)]


class Mpop(Client, unittest.TestCase):
    program = "mpop"

    def begin(self, mode, port):
        self.rc = (
            f"account a\nhost {HOST}\nport {port}\nuser {ALICE}\n"
            f"password {PASSWORD}\nauth user\nreceived_header off\n"
            f"tls {'off' if mode == 'clear' else 'on'}\n"
            f"tls_starttls {'on' if mode == 'stls' else 'off'}\n"
            f"tls_trust_file {self.server.certificate}\n"
            f"uidls_file {self.home / ('uidls-' + mode)}\n")

    def fetch(self, keep):
        box, rc = self.box(), self.home / "mpoprc"
        rc.write_text(self.rc + f"delivery maildir {box}\n"
                      + ("keep on\n" if keep else "keep off\nonly_new off\n"))
        rc.chmod(0o600)
        self.call("mpop", "-C", rc, "a")
        return self.kept(box)


class Fetchmail(Client, unittest.TestCase):
    program = "fetchmail"

    def begin(self, mode, port):
        ssl = {"clear": "sslproto ''", "stls": "sslproto tls1.2+ sslcertck",
               "tls": "ssl sslcertck"}[mode]
        self.poll = (f"poll {HOST} protocol pop3 uidl port {port} "
                     "auth password no envelope\n"
                     f"user '{ALICE}' password '{PASSWORD}' {ssl} "
                     f"sslcertfile {self.server.certificate} no rewrite ")
        self.mode = mode

    def fetch(self, keep):
        box, rc = self.box(), self.home / "fetchmailrc"
        rc.write_text("set invisible\n" + self.poll
                      + ("keep" if keep else "fetchall no keep")
                      + f' mda "cat >{box}/new/$$"\n')
        rc.chmod(0o600)
        # 1: there was no new mail
        self.call("fetchmail", "-f", rc, "-N", "--nosyslog", "--pidfile",
                  self.home / "pid", "-i", self.home / ("ids-" + self.mode),
                  codes=(0, 1))
        return self.kept(box)


class Getmail(Client, unittest.TestCase):
    """It knows no STLS."""
    program = "getmail"
    MODES = {"clear": "pop3", "tls": "pop3s"}
    test_many = None        # it starts a program for each message

    def begin(self, mode, port):
        self.directory = self.home / f"getmail-{mode}"
        self.directory.mkdir()
        kind = "SimplePOP3SSLRetriever" if mode == "tls" \
            else "SimplePOP3Retriever"
        self.rc = (f"[retriever]\ntype = {kind}\nserver = {HOST}\n"
                   f"port = {port}\nusername = {ALICE}\n"
                   f"password = {PASSWORD}\n"
                   + (f"ca_certs = {self.server.certificate}\n"
                      if mode == "tls" else ""))

    def fetch(self, keep):
        box = self.box()
        (self.directory / "getmailrc").write_text(
            self.rc + "[destination]\n"
            # as root it takes nothing else
            "type = MDA_external\nallow_root_commands = true\n"
            f"path = /bin/sh\narguments = ('-c', 'cat >{box}/new/$$')\n"
            "[options]\ndelivered_to = false\nreceived = false\n"
            + ("read_all = false\ndelete = false\n" if keep
               else "read_all = true\ndelete = true\n"))
        self.call("getmail", "--getmaildir", self.directory)
        return self.kept(box)

    def got(self, octets):
        return octets.removeprefix(b"Return-Path: <unknown>\n")


class Forgetful(Client):
    """Without a memory of what it fetched: what comes again is what is there.
    """

    def again(self):
        return []

    def compare(self, found, sent):
        if found or not sent or len(sent) == len(self.sent):
            super().compare(found, sent)


class CClient(Forgetful, unittest.TestCase):
    """mailutil of UW, in the package uw-mailutils of Debian 12, which Debian 13
    has no more. By STLS it speaks TLS 1.0 only, which nobody should, and of
    POP2 the last release of the library knows nothing."""
    program = "mailutil"
    MODES = {"clear": "pop3", "tls": "pop3s"}
    HEAD = 2048                     # octets of an mbx file's own

    def begin(self, mode, port):
        how = "/notls" if mode == "clear" else "/ssl/novalidate-cert"
        self.url = f"{{{HOST}:{port}/pop3{how}/user={ALICE}}}INBOX"

    def fetch(self, keep):
        box = self.home / "mbx"
        box.unlink(True)
        # it takes names below the home of who calls it; root's is /
        name = box.relative_to("/") if os.geteuid() == 0 else box.name
        self.call("mailutil", "copy" if keep else "move", "-rw", self.url,
                  f"#driver.mbx/{name}", input=PASSWORD.encode() + b"\n",
                  start_new_session=True)
        return list(self.kept(box))

    def kept(self, box):
        rest = box.read_bytes()[self.HEAD:]
        while rest:
            size = int(re.match(rb"[^,\r]*,(\d+);[^\r]*\r\n", rest)[1])
            rest = rest[rest.index(b"\n") + 1:]
            yield unix(rest[:size])
            rest = rest[size:]


class Mutt(Forgetful, unittest.TestCase):
    """It copies into a Maildir what it has shown."""
    program = "mutt"
    ADDED = re.compile(rb"^(?:Status|Content-Length|Lines): .*\n", re.M)

    def begin(self, mode, port):
        self.url = ("pops" if mode == "tls" else "pop") + f"://{HOST}:{port}"
        tls = "no" if mode == "clear" else "yes"
        self.rc = (f'set pop_user="{ALICE}" pop_pass="{PASSWORD}"\n'
                   f'set folder="{self.home}" pop_authenticators="user"\n'
                   f'set certificate_file="{self.server.certificate}"\n'
                   f"set ssl_starttls={tls} ssl_force_tls={tls}\n"
                   "set copy=no quit=yes delete=yes resolve=no move=no\n"
                   "set confirmappend=no confirmcreate=no mbox_type=maildir\n"
                   "set wait_key=no pop_delete=no header_cache=\n"
                   "set sort=mailbox-order pop_checkinterval=0\n")

    def fetch(self, keep):
        box, rc = self.box(), self.home / "muttrc"
        rc.write_text(self.rc)
        self.on_terminal(
            "mutt", "-F", rc, "-f", self.url, "-e",
            "push '<tag-pattern>~A<enter><tag-prefix><copy-message><kill-line>"
            f"{box}<enter>" + ("" if keep else "<delete-pattern>~A<enter>")
            + "<quit>'")
        return self.kept(box)

    def got(self, octets):
        head, empty, body = octets.partition(b"\n\n")
        return self.ADDED.sub(b"", head + b"\n") + b"\n" + body


if __name__ == "__main__":
    unittest.main()
