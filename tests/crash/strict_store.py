# SPDX-License-Identifier: ISC
"""The same with mailboxes: what strict.py does to the queue, with what store does
to files and index, and its own recovery (store_recover.c).

Each kind is a row of commands of one client. Some wait until what is done behind
the answer is done, most come as quickly as they are answered, so that files of one
still go while the next one comes. After a crash the mailboxes must look as they did
when the last command that was answered had been carried out, or a later one that had
begun: each is done whole or not at all. Names, UIDVALIDITY, UIDs, flags, octets and
attributes count, and no UID is given twice. doc/STORE.md, "A crash at each point",
is what is relied on.
"""

import copy
import imaplib
import re
import time

from server import BUILD, DOMAIN
from strict import Recovery
import scenarios

RECOVER = BUILD / "tests/crash/store_recover"
ALICE = f"alice@{DOMAIN}"
HOST = "mail.example.test"
INDEX = "state/index/store/0"
FLAGS = {"\\Seen": 1, "\\Answered": 2, "\\Flagged": 4, "\\Deleted": 8,
         "\\Draft": 16, "red": 256, "green": 512, "blue": 1024}
BEHIND = 2.5            # letters of names, files that go, the sync behind it all


def crc_table():
    for n in range(256):
        for _ in range(8):
            n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
        yield n


CRC = tuple(crc_table())


def crc32c(octets):
    crc = 0xffffffff
    for octet in octets:
        crc = crc >> 8 ^ CRC[(crc ^ octet) & 255]
    return crc ^ 0xffffffff


def flags_of(words):
    return sum(FLAGS.get(f, 0) for f in words.split())


def ask(client, name, *argv, literal=None):
    """What it says with its OK."""
    if name == "APPEND":
        code, said = client.append(*argv)
    else:
        imaplib.Commands.setdefault(name, ("AUTH", "SELECTED"))
        client.literal = literal
        code, said = client._simple_command(name, *argv)
    assert code == "OK", (name, argv, said)
    return said[0]


class Box:
    """A mailbox as it should be, or as it was found."""

    def __init__(self, validity=None):
        self.validity = validity        # None: nobody was told
        self.next = 1                   # no UID below is given again
        self.messages = {}              # UID: (flags, size, crc)
        self.subscribed = False
        self.attributes = {}

    def add(self, message):
        self.messages[self.next] = message
        self.next += 1

    def fits(self, found):
        return self.validity in (None, found.validity) and \
            self.next <= found.next and \
            (self.messages, self.subscribed, self.attributes) == \
            (found.messages, found.subscribed, found.attributes)

    def __repr__(self):
        return f"<{self.validity} next {self.next} {self.messages} " \
            f"{self.subscribed} {self.attributes}>"


def fits(wanted, found):
    return wanted.keys() == found.keys() and \
        all(box.fits(found[name]) for name, box in wanted.items())


def found_by(said):
    """{name: Box} of what store_recover says."""
    boxes = {}
    for kind, name, *rest in said:
        if kind == "mailbox":
            validity, uidnext, subscribed = map(int, rest)
            boxes[name] = Box(validity)
            boxes[name].next = uidnext
            boxes[name].subscribed = bool(subscribed)
        elif kind == "attribute":
            if rest[0] != "id":
                boxes[name].attributes[rest[0]] = " ".join(rest[1:])
        elif kind == "message":
            uid, flags, *file = map(int, rest[:4])
            assert uid not in boxes[name].messages, f"{name} {uid} twice"
            assert file[0], f"{name} {uid} has no file"
            boxes[name].messages[uid] = (
                flags + flags_of(" ".join(rest[4:])), *file)
    return boxes


def attribute_becomes(name, attribute, value):
    """For row(): the mailbox has it with this value; None: no more."""
    def change(state):
        if value is None:
            state[name].attributes.pop(attribute, None)
        else:
            state[name].attributes[attribute] = value
    return change


class Mailboxes:
    """What is done to mailboxes while it is recorded."""

    roles = ("store", "imapd")
    parts = ("mail", INDEX)
    settings = ""
    size = 300
    ready = 0               # messages that are there before
    boxes = ("box",)

    def __init__(self, server, rng, _=None):
        self.server, self.rng = server, rng
        self.client = server.imap(ALICE)
        self.states = []        # (begun, answered, {name: Box})
        self.number = 0

    def prepare(self):
        for box in self.boxes:
            self.do("CREATE", box)
        self.fill()
        self.client.select("INBOX")
        # all of it is on disk, and file names have their letters
        time.sleep(3)
        self.states = [(0, 0, self.look())]

    def fill(self):
        for _ in range(self.ready):
            self.do("APPEND", "INBOX", None, None, self.text())

    def do(self, *command, **more):
        ask(self.client, *command, **more)

    def look(self):
        """{name: Box}, asked for on a connection of its own."""
        boxes = {}
        client = self.server.imap(ALICE)
        subscribed = self.names(client.lsub()[1])
        for name in self.names(client.list()[1]):
            code, said = client.select(name, readonly=True)
            assert code == "OK", said
            box = boxes[name] = Box(int(client.response("UIDVALIDITY")[1][0]))
            box.subscribed = name in subscribed
            box.next = int(client.response("UIDNEXT")[1][0])
            _, said = client.uid("FETCH", "1:*", "(FLAGS BODY.PEEK[])")
            for part in said:
                if isinstance(part, tuple):
                    head = part[0].decode()
                    box.messages[int(re.search(r"UID (\d+)", head)[1])] = (
                        flags_of(re.search(r"FLAGS \((.*?)\)", head)[1]),
                        len(part[1]), crc32c(part[1]))
        client.logout()
        return boxes

    @staticmethod
    def names(said):
        return [re.search(rb'"?([^" ]+)"?$', line)[1].decode()
                for line in said if line and b"\\Noselect" not in line]

    def row(self, change, *command, **more):
        """Ask for it; change() is what it does to {name: Box}."""
        state, begun = copy.deepcopy(self.states[-1][2]), time.monotonic()
        if callable(command[0]):
            command[0]()
        else:
            self.do(*command, **more)
        answered = time.monotonic()
        change(state)
        self.states.append((begun, answered, state))

    def rest(self):
        """Until what is done behind the last answer is done."""
        time.sleep(0.4)

    # ---- commands ----

    def text(self):
        self.number += 1
        return scenarios.text_of(self.number, self.size)

    def append(self, box="INBOX", flags=""):
        text = self.text()
        self.row(lambda s: s[box].add((flags_of(flags), len(text),
                                       crc32c(text))),
                 "APPEND", box, f"({flags})", None, text)

    def append_all(self, box, count):
        """All or none (RFC 3502)."""
        texts = [self.text() for _ in range(count)]

        def change(state):
            for text in texts:
                state[box].add((0, len(text), crc32c(text)))
        # imaplib's own name for it takes one message
        self.row(change, "append", box, b" ".join(
            b"{%d+}\r\n%s" % (len(text), text) for text in texts))

    def copy(self, uid, box):
        self.row(lambda s: s[box].add(s["INBOX"].messages[uid]),
                 "UID", "COPY", str(uid), box)

    def move(self, uid, box):
        self.row(lambda s: s[box].add(s["INBOX"].messages.pop(uid)),
                 "UID", "MOVE", str(uid), box)

    def flag(self, uids, sign, flags):
        def change(state):
            for uid in uids:
                had, *rest = state["INBOX"].messages[uid]
                bits = flags_of(flags)
                state["INBOX"].messages[uid] = (
                    had | bits if sign == "+" else had & ~bits, *rest)
        self.row(change, "UID", "STORE", ",".join(map(str, uids)),
                 f"{sign}FLAGS.SILENT", f"({flags})")

    def expunge(self, *uids):
        def change(state):
            for uid in uids:
                del state["INBOX"].messages[uid]
        self.flag(uids, "+", "\\Deleted")
        self.row(change, "UID", "EXPUNGE", ",".join(map(str, uids)))

    def replace(self, uid, box="INBOX"):
        text = self.text()

        def change(state):
            del state["INBOX"].messages[uid]
            state[box].add((0, len(text), crc32c(text)))
        self.row(change, "UID", "REPLACE", str(uid), box, literal=text)

    def create(self, name):
        """Nobody was told its UIDVALIDITY."""
        self.row(lambda s: s.update({name: Box()}), "CREATE", name)

    def told(self, name):
        """Now he is."""
        def change(state):
            state[name].validity = int(re.search(
                rb"UIDVALIDITY (\d+)", self.status)[1])

        def ask():
            self.status = self.client.status(name, "(UIDVALIDITY)")[1][0]
        self.row(change, ask)

    def delete(self, name):
        self.row(lambda s: s.pop(name), "DELETE", name)

    def rename(self, old, new):
        def change(state):
            for name in list(state):
                if name == old or name.startswith(old + "/"):
                    state[new + name[len(old):]] = state.pop(name)
                    state[new + name[len(old):]].subscribed = False
        self.row(change, "RENAME", old, new)

    def subscribe(self, name, on=True):
        self.row(lambda s: setattr(s[name], "subscribed", on),
                 "SUBSCRIBE" if on else "UNSUBSCRIBE", name)

    def attribute(self, name, what, value):
        """value None: it goes."""
        self.row(attribute_becomes(name, f"private/{ALICE}/{what}", value),
                 "SETMETADATA", name, "(/private/{} {})".format(
                     what, "NIL" if value is None else f'"{value}"'))

    def rights(self, name, who, rights):
        """rights None: whatever he had goes."""
        self.row(attribute_becomes(name, f"acl/{who}", rights),
                 *(("DELETEACL", name, who) if rights is None else
                   ("SETACL", name, who, rights)))

    def uids(self, box="INBOX"):
        return list(self.states[-1][2][box].messages)

    # ---- recovery ----

    def act(self):
        self.acts()
        time.sleep(BEHIND)

    def acts(self):
        """After the first ones what is done behind them is waited for, too."""
        for i in range(self.steps):
            self.step(i)
            if i < self.rests:
                self.rest()

    @staticmethod
    def other_host():
        """None is needed."""

    def close(self):
        """A row that was not what it should be is no measure."""
        self.last = self.look() if self.states else None

    def recorded_all(self):
        assert len(self.states) > 1 and self.recorded.ops
        wanted = self.states[-1][2]
        for name, box in self.last.items():
            box.attributes = wanted[name].attributes
        assert fits(wanted, self.last), f"{wanted}\n  should be, is {self.last}"

    @staticmethod
    def recovery():
        return Recovery({"mail": "mail", INDEX: "index", "spool": "spool"},
                        ("spool/content", "index", "mail"),
                        store=[RECOVER, HOST, ALICE])

    def recover(self, recovery, _):
        return recovery.run("store")

    def check(self, said, _, latest):
        found = found_by(said)
        answered = max(i for i, s in enumerate(self.states) if s[1] < latest)
        legal = [s[2] for i, s in enumerate(self.states)
                 if i == answered or (i > answered and s[0] < latest)]
        assert any(fits(state, found) for state in legal), \
            f"{found}\n  is none of {legal}, {answered} commands answered"


class Appended(Mailboxes):
    """Small: held by the journal, which the first one has made."""
    ready = 1
    steps, rests = 12, 2

    def step(self, _):
        self.append(self.rng.choice(("INBOX", "box")),
                    self.rng.choice(("", "\\Seen \\Flagged")))


class AppendedLarge(Mailboxes):
    """Each is synced by itself."""
    size = 80_000
    steps, rests = 4, 1

    def step(self, _):
        self.append()


class Flagged(Mailboxes):
    """Row by row, and names behind them that get other letters meanwhile."""
    ready = 4

    def acts(self):
        for i in range(20):
            self.flag(self.rng.sample(range(1, 5), self.rng.randrange(1, 4)),
                      self.rng.choice("++-"), self.rng.choice(
                          ("\\Flagged", "\\Seen", "\\Draft \\Answered")))
            if i % 7 == 0:
                time.sleep(self.rng.random() / 5)


class Labelled(Mailboxes):
    """With keywords, which the mailbox has not known before, and of which it
    keeps a file."""
    ready = 4
    steps, rests = 14, 2

    def step(self, i):
        self.flag(self.rng.sample(range(1, 5), self.rng.randrange(1, 4)),
                  self.rng.choice("++-"),
                  self.rng.choice(("red", "red green", "blue \\Seen")))
        if i % 5 == 4:
            self.copy(self.rng.randrange(1, 5), "box")


class AppendedAll(Mailboxes):
    """Several with one command; small and large."""
    ready = 1
    steps, rests = 6, 2

    def step(self, _):
        self.size = self.rng.choice((300, 300, 80_000))
        self.append_all(self.rng.choice(("INBOX", "box")),
                        self.rng.randrange(2, 4))


class Copied(Mailboxes):
    """Also of what has just come."""
    ready = 4
    steps, rests = 10, 2

    def step(self, i):
        if i % 3 == 2:
            self.append()
        self.copy(self.rng.choice((1, max(self.uids()))),
                  self.rng.choice(("INBOX", "box")))


class Moved(Mailboxes):
    ready = 10
    steps, rests = 8, 2

    def step(self, i):
        if i == 5:
            self.append()
        self.move(self.rng.choice(self.uids()), "box")


class Expunged(Mailboxes):
    """With the greatest UID among them."""
    ready = 14
    steps, rests = 6, 2

    def step(self, _):
        self.expunge(*self.rng.sample(self.uids(), 2))

    def acts(self):
        super().acts()
        self.append()
        self.expunge(max(self.uids()))
        self.append()


class Popped(Mailboxes):
    """DELE of some and QUIT, by one session after the other."""
    roles = ("store", "imapd", "pop3d")
    ready = 9
    steps, rests = 5, 1

    def step(self, i):
        if i == 3:
            self.append()
        self.session(self.rng.sample(range(len(self.uids())), 2))

    def session(self, places):
        client, uids = self.server.pop3(ALICE), self.uids()
        for at in places:
            client.dele(at + 1)

        def change(state):
            for at in places:
                del state["INBOX"].messages[uids[at]]
        self.row(change, client.quit)


class Replaced(Mailboxes):
    ready = 7
    steps, rests = 7, 2

    def step(self, _):
        self.replace(self.rng.choice(self.uids()),
                     self.rng.choice(("INBOX", "INBOX", "box")))


class Foldered(Mailboxes):
    """CREATE, RENAME of one with messages and of a tree, DELETE, SUBSCRIBE."""
    boxes = ("box", "box/a", "box/b", "full")

    def fill(self):
        for box in ("box", "box/a", "full", "full"):
            self.do("APPEND", box, None, None, self.text())

    def acts(self):
        self.rename("box", "tree")
        self.rest()
        self.create("more")
        self.told("more")
        self.append("more")
        self.subscribe("more")
        self.rename("more", "tree/c")
        self.delete("full")
        self.create("full")
        self.told("full")
        self.append("full")
        self.rename("tree", "wood")
        self.append("wood/a")
        self.rename("wood/a", "deep/a/b")
        self.delete("wood/b")
        self.subscribe("full")
        self.rename("full", "wood/b")
        self.delete("wood/c")


class Mixed(Mailboxes):
    """All of it, as it comes."""
    ready = 8
    boxes = ("box", "box/a")

    def acts(self):
        for _ in range(24):
            self.rng.choice((self.append, self.one, self.one, self.one,
                             self.two, self.tree))()

    def one(self):
        uids = self.uids()
        if not uids:
            return self.append()
        uid = self.rng.choice((uids[-1], self.rng.choice(uids)))
        return self.rng.choice((
            lambda: self.copy(uid, "box"), lambda: self.copy(uid, "INBOX"),
            lambda: self.move(uid, "box"), lambda: self.replace(uid),
            lambda: self.expunge(uid),
            lambda: self.flag([uid], "+", "\\Seen")))()

    def two(self):
        if self.uids():
            self.flag(self.uids()[-2:], "-", "\\Seen")

    def tree(self):
        """box is always there."""
        self.number += 1
        self.rename("box", f"old{self.number}")
        self.create("box")
        self.told("box")
        if self.rng.random() < 0.5:
            self.delete(f"old{self.number}")


class Noted(Mailboxes):
    """SETMETADATA."""
    ready = 1
    steps, rests = 8, 2

    def step(self, _):
        self.attribute(self.rng.choice(("INBOX", "box")),
                       self.rng.choice(("comment", "vendor/v")),
                       self.rng.choice(("one", "two", None)))


class Shared(Mailboxes):
    """SETACL and DELETEACL."""
    ready = 1
    steps, rests = 8, 2

    def step(self, _):
        self.rights(self.rng.choice(("INBOX", "box")), "anyone",
                    self.rng.choice(("l", "lr", None)))


KINDS = (Appended, AppendedLarge, AppendedAll, Flagged, Labelled, Copied, Moved,
         Expunged, Popped, Replaced, Foldered, Noted, Shared, Mixed)
