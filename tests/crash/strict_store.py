# SPDX-License-Identifier: ISC
"""The same with mailboxes: what strict.py does to the queue, with what store does
to files and index, and its own recovery (store_recover.c).

Each kind is a row of commands of one IMAP session. After a crash the mailboxes
must look as they did when the last command that was answered had been carried
out, or a later one that had begun: each is done whole or not at all. UIDs, flags
and octets count. doc/STORE.md, "A crash at each point", is what is relied on.
"""

import imaplib
import re
import time

from server import BUILD, DOMAIN, Server  # noqa: F401
from strict import Recovery
import scenarios

RECOVER = BUILD / "tests/crash/store_recover"
ALICE = f"alice@{DOMAIN}"
HOST = "mail.example.test"
BOXES = ("INBOX", "box")
INDEX = "state/index/store/0"
FLAGS = {"\\Seen": 1, "\\Answered": 2, "\\Flagged": 4, "\\Deleted": 8,
         "\\Draft": 16}


def crc32c(octets):
    crc = 0xffffffff
    for octet in octets:
        crc ^= octet
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


class Mailboxes:
    """What is done to mailboxes while it is recorded."""

    roles = ("store", "imapd")
    size = 300
    ready = 0               # messages that are there before

    def __init__(self, server):
        self.server = server
        self.client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
        self.client.login(ALICE, server.users[ALICE])
        self.states = []        # (begun, answered, how it looks then)
        self.number = 0

    def prepare(self):
        self.do("CREATE", "box")
        self.client.select("INBOX")
        for _ in range(self.ready):
            self.append()
        # all of it is on disk, and file names have their letters
        time.sleep(3)
        self.states = [(0, 0, self.look())]

    def do(self, name, *argv):
        code, said = self.client.xatom(name, *argv) if name in (
            "MOVE", "EXPUNGE") else getattr(self.client, name.lower())(*argv)
        assert code == "OK", said

    def look(self):
        """{(mailbox, UID): (flags, size, crc)}, asked for on a connection of
        its own."""
        found = {}
        client = imaplib.IMAP4("127.0.0.1", self.server.ports["imap"])
        client.login(ALICE, self.server.users[ALICE])
        for box in BOXES:
            client.select(box, readonly=True)
            _, said = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
            for part in said:
                if not isinstance(part, tuple):
                    continue
                head = part[0].decode()
                uid = int(re.search(r"UID (\d+)", head)[1])
                flags = sum(FLAGS.get(f, 0) for f in
                            re.search(r"FLAGS \((.*?)\)", head)[1].split())
                found[box, uid] = (flags, len(part[1]), crc32c(part[1]))
        client.logout()
        return found

    def command(self, fn):
        begun = time.monotonic()
        fn()
        self.states.append((begun, time.monotonic(), self.look()))

    def append(self):
        self.number += 1
        self.do("APPEND", "INBOX", None, None,
                scenarios.text_of(self.number, self.size))

    def files(self):
        """Journals without the zeros at their end."""
        found = {}
        for part in ("mail", INDEX):
            for path in (self.server.dir / part).rglob("*"):
                if path.is_file() and "/cache/" not in str(path):
                    octets = path.read_bytes()
                    found[str(path)] = octets.rstrip(b"\0") \
                        if "/.appended-" in str(path) else octets
        return found

    def act(self):
        self.acts()
        time.sleep(1.5)         # the sync behind it is recorded, too

    def recorded_all(self):
        assert len(self.states) > 1 and self.recorded.ops

    def recovery(self):
        user = "mail/" + DOMAIN + "/alice"
        return Recovery([RECOVER, HOST, ALICE, *BOXES],
                        {"mail": "mail", INDEX: "index"},
                        ("spool/content", "index",
                         *(f"{user}{box}/{part}" for box in ("", "/.box")
                           for part in ("cur", "new", "tmp"))))

    def check(self, _, said, __, latest):
        found = {}
        for _, box, uid, *rest in said:
            assert (box, int(uid)) not in found, f"{box} {uid} is there twice"
            found[box, int(uid)] = tuple(map(int, rest))
        answered = max(i for i, s in enumerate(self.states) if s[1] < latest)
        legal = [s[2] for i, s in enumerate(self.states)
                 if i == answered or (i > answered and s[0] < latest)]
        assert found in legal, \
            f"{found}\n  is none of {legal}, {answered} commands answered"


class Appended(Mailboxes):
    """Small: held by the journal."""

    def acts(self):
        for _ in range(4):
            self.command(self.append)


class AppendedLarge(Mailboxes):
    """Each is synced by itself."""
    size = 80_000

    def acts(self):
        for _ in range(2):
            self.command(self.append)


class Flagged(Mailboxes):
    ready = 4

    def acts(self):
        for uids, flags in (("1:3", "(\\Flagged)"), ("2:4", "(\\Seen)"),
                            ("1", "(\\Draft \\Answered)")):
            self.command(lambda u=uids, f=flags: self.do(
                "UID", "STORE", u, "+FLAGS.SILENT", f))


class Copied(Mailboxes):
    ready = 4

    def acts(self):
        for uids, box in (("1:3", "box"), ("4", "INBOX"), ("5", "INBOX")):
            self.command(lambda u=uids, b=box: self.do("UID", "COPY", u, b))
        self.command(self.append)
        self.command(lambda: self.do("UID", "COPY", "7", "box"))


class Moved(Mailboxes):
    """One after the other, and then as quickly as they are answered, so that
    files of one still go while the next one comes."""
    ready = 10

    def acts(self):
        for uids in ("1:2", "4"):
            self.command(lambda u=uids: self.do("UID", "MOVE", u, "box"))
        for uid in (3, 5, 6, 7, 8, 9):
            self.quickly(uid)

    def quickly(self, uid):
        """Nobody looks: what it must be is known."""
        state, begun = dict(self.states[-1][2]), time.monotonic()
        last = max(n for box, n in state if box == "box")
        state["box", last + 1] = state.pop(("INBOX", uid))
        self.do("UID", "MOVE", str(uid), "box")
        self.states.append((begun, time.monotonic(), state))


class Expunged(Mailboxes):
    ready = 5

    def acts(self):
        for uids in ("1:2", "5"):
            self.command(lambda u=uids: self.do(
                "UID", "STORE", u, "+FLAGS.SILENT", "(\\Deleted)"))
            self.command(lambda u=uids: self.do("UID", "EXPUNGE", u))


KINDS = (Appended, AppendedLarge, Flagged, Copied, Moved, Expunged)
