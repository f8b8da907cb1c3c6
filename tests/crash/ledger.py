# SPDX-License-Identifier: ISC
"""What was asked of a server, what it acknowledged, and whether that is true.

Senders, an IMAP client and a POP3 client work at once. Everything is noted
before it is asked and again when it was acknowledged; check() compares the
notes with what IMAP shows after a crash. What was asked and not acknowledged
may be true or not; a message is never double, torn or somebody else's.
"""

import collections
import imaplib
import json
import poplib
import random
import re
import smtplib
import threading
import time
import traceback

from server import DOMAIN, message, wait_for

USERS = {f"u{i}@{DOMAIN}": "pw" for i in range(6)}
ALIASES = "far: somebody@elsewhere.example\n"
FAR = f"far@{DOMAIN}"           # waits in the queue for ever
SENDERS = 4
BOXES = ("INBOX", "box")
ASKED, ACKED = 1, 2


class Fact:
    """A message of a user: ASKED or ACKED, or 0, for all that was done."""

    def __init__(self, text):
        self.text = text
        self.sent = self.flagged = self.copied = self.moved = self.gone = 0
        self.unflagged = 0


def text_of(number):
    """Content of message N: mostly small, some around 64 KiB, some large."""
    r = random.Random(number)
    size = r.choice((40, 300, 2000, 8000, 60000, 65000, 66000, 200000)
                    if number % 5 == 0 else (40, 300, 1200, 4000))
    lines = (f"{r.getrandbits(256):064x}\r\n" for _ in range(size // 66 + 1))
    return message(f"ledger {number}.", "".join(lines))


class Ledger:
    def __init__(self):
        self.lock = threading.RLock()
        self.facts = {}         # (user, number): Fact
        self.far = {}           # number: ASKED, ACKED; None: deleted
        self.numbers = 0
        self.acks = 0
        self.uids = {}          # (user, box, uid): number
        self.folders = {}       # command and name: what may be true of it
        self.taken = set()      # (user, number) that a client works on
        self.trap = None        # see set_trap
        self.dark = False       # see cut

    def begin(self, users, far):
        with self.lock:
            self.numbers += 1
            text = text_of(self.numbers)
            for user in users:
                self.facts[user, self.numbers] = Fact(text)
                self.facts[user, self.numbers].sent = ASKED
            if far:
                self.far[self.numbers] = ASKED
            return self.numbers, text

    def ack(self, what, facts):
        """Does it count?"""
        with self.lock:
            for fact in facts if not self.dark else ():
                setattr(fact, what, ACKED)
            return self.acked(what)

    def acked(self, what):
        """An answer has come; the trap closes on it at once. Does it count?"""
        with self.lock:
            if self.dark:
                return False
            self.acks += 1
            trap = self.trap
            if trap and what == trap[0]:
                self.trap = None
                trap[1]()
            return True

    def cut(self, disk):
        """Power goes. Who is answered later has no promise: the machine would
        be off. A sync that is under way while ext4 shuts down may end well,
        although what it waited for is lost (its unwritten extents stay so)."""
        with self.lock:
            self.dark = True
        disk.cut()

    def set_trap(self, what, fn):
        """fn() right after the next answer to what: an attribute of Fact, or
        "folder"."""
        with self.lock:
            self.trap = (what, fn)

    def sent(self, number, users, far):
        if self.ack("sent", [self.facts[user, number] for user in users]) \
                and far:
            self.far[number] = ACKED


def retried(work, load):
    """Again and again, whatever breaks, until the end."""
    while not load.end.is_set():
        try:
            work()
        except (OSError, EOFError, smtplib.SMTPException, imaplib.IMAP4.error,
                poplib.error_proto):
            time.sleep(0.02)
        except AssertionError:
            load.wrong.append(traceback.format_exc())
            return


def number_of(content):
    match = re.search(rb"^Subject: ledger (\d+)\.", content, re.M)
    return int(match[1]) if match else None


class Load:
    """All clients, each a thread."""

    def __init__(self, server, ledger, seed):
        self.server, self.ledger = server, ledger
        ledger.dark = False
        self.end = threading.Event()
        self.wrong = []
        works = [self.send] * SENDERS + [self.imap, self.imap, self.pop,
                                         self.folders]
        self.threads = [
            threading.Thread(target=retried,
                             args=(lambda w=work, r=random.Random(seed + i):
                                   w(r), self))
            for i, work in enumerate(works)]
        for thread in self.threads:
            thread.start()

    def send(self, r):
        with self.server.smtp(timeout=30) as smtp:
            while not self.end.is_set():
                users = r.sample(list(USERS), r.choice((1, 1, 1, 2, 5)))
                far = r.random() < 0.1
                number, text = self.ledger.begin(users, far)
                refused = smtp.sendmail(f"n{number}@client.test",
                                        users + [FAR] * far, text)
                assert not refused, refused
                self.ledger.sent(number, users, far)

    def pick(self, r, user, numbers):
        """One that nothing was done to yet but flags; None."""
        with self.ledger.lock:
            facts = {n: self.ledger.facts[user, n] for n in numbers if n}
            free = [n for n, f in facts.items()
                    if not (f.moved or f.gone or f.copied)
                    and (user, n) not in self.ledger.taken]
            number = r.choice(free) if free else None
            self.ledger.taken.add((user, number))
            return number

    def imap(self, r):
        user = r.choice(list(USERS)[:3])
        client = self.server.imap(user)
        client.create("box")
        if client.select("INBOX")[0] != "OK":
            return
        for _ in range(20):
            if self.end.is_set():
                break
            self.imap_one(r, user, client)
        client.logout()

    def imap_one(self, r, user, client):
        if r.random() < 0.15:
            self.append(user, client)
            return
        client.noop()
        answer, data = client.uid(
            "fetch", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        if answer != "OK":      # another session has removed some
            return
        found = {number_of(d[1]): re.search(rb"UID (\d+)", d[0])[1].decode()
                 for d in data if isinstance(d, tuple)}
        number = self.pick(r, user, found)
        if number:
            work = r.choice((self.flag, self.flag, self.unflag, self.copy,
                             self.move, self.expunge))
            try:
                work(client, found[number], self.ledger.facts[user, number])
            finally:
                self.ledger.taken.discard((user, number))

    def command(self, client, what, fact, *argv):
        setattr(fact, what, ASKED)
        answer, data = client.uid(*argv)
        if answer == "OK":
            self.ledger.ack(what, [fact])
        else:
            assert answer == "NO", (argv, answer, data)
        return answer == "OK"

    def flag(self, client, uid, fact):
        if not fact.unflagged:
            self.command(client, "flagged", fact, "store", uid, "+FLAGS",
                         r"(\Flagged key)")

    def unflag(self, client, uid, fact):
        if fact.flagged == ACKED:
            self.command(client, "unflagged", fact, "store", uid, "-FLAGS",
                         r"(\Flagged key)")

    def copy(self, client, uid, fact):
        self.command(client, "copied", fact, "copy", uid, "box")

    def move(self, client, uid, fact):
        self.command(client, "moved", fact, "move", uid, "box")

    def expunge(self, client, uid, fact):
        fact.gone = ASKED
        if client.uid("store", uid, "+FLAGS", r"(\Deleted)")[0] == "OK":
            self.command(client, "gone", fact, "expunge", uid)

    def append(self, user, client):
        number, text = self.ledger.begin([user], False)
        if client.append("INBOX", None, None, text)[0] == "OK":
            self.ledger.sent(number, [user], False)

    def folders(self, r):
        """Makes, subscribes to, renames and removes mailboxes of the last."""
        client = self.server.imap(list(USERS)[5])
        while not self.end.is_set():
            known = self.ledger.folders
            name = f"f{len(known)}"
            if not self.folder(client, client.create, {name: True}):
                return
            self.folder(client, client.subscribe, {"subscribed " + name: True})
            if r.random() < 0.5:
                self.folder(client, client.rename,
                            {name: False, name + "new": True})
            elif r.random() < 0.5:
                self.folder(client, client.delete, {name: False})
            time.sleep(0.02)

    def folder(self, client, command, becomes):
        for name, state in becomes.items():
            self.ledger.folders.setdefault(name, {False}).add(state)
        done = command(*(n.split()[-1] for n in becomes))[0] == "OK" and \
            self.ledger.acked("folder")
        for name, state in becomes.items() if done else ():
            self.ledger.folders[name] = {state}
        return done

    def pop(self, r):
        """Two users that IMAP leaves alone."""
        user = r.choice(list(USERS)[3:5])
        client = self.server.pop3(user)
        count = client.stat()[0]
        facts = []
        for i in r.sample(range(1, count + 1), min(count, 5)):
            content = b"\r\n".join(client.top(i, 0)[1]) + b"\r\n"
            number = number_of(content)
            assert number, content
            facts.append(self.ledger.facts[user, number])
            facts[-1].gone = ASKED
            client.dele(i)
        client.quit()
        self.ledger.ack("gone", facts)
        time.sleep(0.05)

    def more(self, count):
        """Wait for so many further acknowledgements."""
        goal = self.ledger.acks + count
        wait_for(lambda: self.ledger.acks >= goal, f"{count} more acks")

    def stop(self):
        self.end.set()
        for thread in self.threads:
            thread.join(60)
        assert not self.wrong, self.wrong[0]


# ---- what is there ----


def waiting(server):
    """{number: [addresses]} of the queue."""
    out = server.posthouse("queue", "list", "--json").stdout
    found = {}
    for line in out.splitlines():
        mail = json.loads(line)
        number = re.match(r"n(\d+)@", mail["sender"])
        found[int(number[1]) if number else mail["queue_id"]] = mail
    return found


def is_settled(server):
    """Only what goes far is left."""
    return all(r["address"].endswith("@elsewhere.example")
               for mail in waiting(server).values()
               for r in mail["recipients"])


def seen_by(client, box):
    """[(number, uid, flags, content)]"""
    answer, data = client.select(box, readonly=True)
    if answer != "OK" or data == [b"0"]:
        return []
    answer, data = client.fetch("1:*", "(UID FLAGS BODY.PEEK[])")
    assert answer == "OK", data
    found = []
    for head, content in (d for d in data if isinstance(d, tuple)):
        uid = int(re.search(rb"UID (\d+)", head)[1])
        found.append((number_of(content), uid, head, content))
    return found


def check_message(ledger, user, box, seen):
    number, uid, flags, content = seen
    where = f"{user} {box} UID {uid}, message {number}"
    fact = ledger.facts.get((user, number))
    assert fact, f"{where}: never sent: {content[:200]}"
    assert content.endswith(fact.text), f"{where}: {len(content)} octets, " \
        f"not those of {len(fact.text)} that were sent"
    assert ledger.uids.setdefault((user, box, uid), number) == number, \
        f"{where}: the UID was that of {ledger.uids[user, box, uid]}"
    if fact.flagged == ACKED and not fact.unflagged:
        assert b"\\Flagged" in flags and b"key" in flags, f"{where}: {flags}"
    if fact.unflagged == ACKED:
        assert b"\\Flagged" not in flags, f"{where}: {flags}"


def expected(fact):
    """(least, most) copies in INBOX and in box."""
    inbox, box = (int(fact.sent == ACKED), 1), (0, 0)
    if fact.copied:
        box = (int(fact.copied == ACKED), 1)
    if fact.gone:
        inbox = (0, int(fact.gone == ASKED))
    if fact.moved == ACKED:
        inbox, box = (0, 0), (1, 1)
    if fact.moved == ASKED:
        inbox, box = (0, 1), (0, 1)
    return inbox, box


def check_user(server, ledger, user):
    client = server.imap(user)
    counts = {}
    for box in BOXES:
        seen = seen_by(client, box)
        for one in seen:
            check_message(ledger, user, box, one)
        uids = [one[1] for one in seen]
        assert uids == sorted(set(uids)), f"{user} {box}: {uids}"
        counts[box] = collections.Counter(one[0] for one in seen)
    client.logout()
    assert len(server.files(user)) == sum(counts["INBOX"].values()), \
        f"{user}: index and files"
    for (whose, number), fact in ledger.facts.items():
        if whose != user:
            continue
        n = [counts[box][number] for box in BOXES]
        for here, (least, most), box in zip(n, expected(fact), BOXES):
            assert least <= here <= most, f"{user} {box}: {here} times " \
                f"message {number}: {vars(fact) | {'text': len(fact.text)}}"
        assert not (fact.moved == ASKED and fact.sent == ACKED) or \
            sum(n) == 1, f"{user}: message {number} moved: {n}"


def check_folders(server, ledger):
    client = server.imap(list(USERS)[5])
    there = {line.split()[-1].decode().strip('"')
             for line in client.list()[1] if line}
    there |= {"subscribed " + line.split()[-1].decode().strip('"')
              for line in client.lsub()[1] if line}
    client.logout()
    for name, states in ledger.folders.items():
        assert (name in there) in states, f"mailbox {name}: {states}"
        ledger.folders[name] = {name in there}


def check(server, ledger):
    """Everything that was acknowledged is true."""
    wait_for(lambda: is_settled(server), "an empty queue", 90)
    for user in USERS:
        check_user(server, ledger, user)
    check_folders(server, ledger)
    there = waiting(server)
    for number, state in ledger.far.items():
        assert state != ACKED or number in there, f"far mail {number} missing"
        assert state is not None or number not in there, \
            f"far mail {number} was deleted"


def clear(server, ledger, r):
    """Half of all go, so that the disk does not fill; that is checked, too."""
    gone = [mail for mail in waiting(server).values() if r.random() < 0.5]
    if gone:
        server.posthouse("queue", "delete", *(m["queue_id"] for m in gone))
    for mail in gone:
        ledger.far[int(re.match(r"n(\d+)@", mail["sender"])[1])] = None
    for user in USERS:
        client = server.imap(user)
        client.select("INBOX")
        seen = [s for s in seen_by_uid(client) if r.random() < 0.5]
        if seen:
            uids = ",".join(str(uid) for _, uid in seen)
            client.uid("store", uids, "+FLAGS.SILENT", r"(\Deleted)")
            assert client.uid("expunge", uids)[0] == "OK"
        for number, _ in seen:
            fact = ledger.facts[user, number]
            if fact.moved:
                fact.moved = 0      # it was not
            fact.gone = ACKED
        client.logout()


def seen_by_uid(client):
    answer, data = client.uid(
        "fetch", "1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
    return [(number_of(d[1]), int(re.search(rb"UID (\d+)", d[0])[1]))
            for d in data if answer == "OK" and isinstance(d, tuple)]
