# SPDX-License-Identifier: ISC
"""Mail on its way: the disk of queue and store is one, and so is a crash.

On each state the recovery of queue runs, which writes again what only its journal
is sure to have, then that of store, sometimes before it, too, as both start at the
same time; then store delivers again what queue has not settled. Each mail that was
acknowledged must be where it was last, once, with the UID that a client was shown;
what a client has moved or removed must not come back.
"""

import concurrent.futures
import random
import re
import time

import scenarios
from server import free_port, wait_for
from sink import Sink
from strict import ALICE, RELAY, Kind, Recovery
import strict_store
from strict_store import HOST, INDEX, ask, crc32c, flags_of

GONE = "gone"
ABSENT = "absent"


class Mail(Kind):
    """places: {mail: [(begun, answered, place)]}, of which one that was answered
    counts, or a later one that had begun. A place is (mailbox, UID or None, flags or
    None), GONE, or ABSENT."""

    hold = False
    roles = ("queue", "smtpd", "store", "imapd")
    parts = ("spool", "mail", INDEX)

    def __init__(self, server, rng, outside):
        super().__init__(server, rng, outside)
        self.boxes = strict_store.Mailboxes(server, rng)
        self.places = {}
        self.appended = {}      # crc: what stands for a mail in places
        self.number = 0

    def prepare(self):
        self.boxes.do("CREATE", "box")
        self.boxes.client.select("INBOX")
        self.boxes.do("APPEND", "INBOX", None, None, scenarios.text_of(0))
        time.sleep(3)
        self.boxes.states = [(0, 0, self.boxes.look())]

    def deliver(self):
        self.number += 1
        begun = time.monotonic()
        mail = self.send(self.number)
        self.places[mail] = [(0, 0, ABSENT), (begun, self.acked[mail],
                                              ("INBOX", None, None))]
        return mail

    def come(self):
        """The UID that the last one has; it was shown."""
        uid = 0
        while not uid:
            self.boxes.do("NOOP")
            _, said = self.boxes.client.uid(
                "SEARCH", "SUBJECT", f'"fault {self.number}."')
            uid = int((said[0] or b"0").split()[-1])
        return uid

    def place(self, mail, where, *command, client=None):
        begun = time.monotonic()
        if command:
            ask(client or self.boxes.client, *command)
        self.places[mail].append((begun, time.monotonic(), where))

    @staticmethod
    def recovery():
        return Recovery({"mail": "mail", INDEX: "index", "spool": "spool"},
                        ("spool/content", "spool/journal", "spool/lost",
                         "index", "mail"),
                        queue=[strict_store.RECOVER.with_name("queue_recover")],
                        store=[strict_store.RECOVER, HOST, ALICE])

    def recover(self, recovery, rng):
        """(what queue says, what store says), everything delivered."""
        if rng.random() < 0.3:
            recovery.run("store", may_fail=True)
        said = recovery.run("queue", "/spool")
        assert not any(words[0] == "missing" for words in said), \
            "the journal misses what never was, or may go"
        mails = {words[1]: words[2:] for words in said if words[0] == "mail"}
        with open(f"{recovery.target}/again", "w") as f:
            for word, mail, *rest in said:
                if word == "rcpt" and rest[1] == "w" and rest[3] == "local":
                    f.write(f"{mail} {rest[0]} {' '.join(mails[mail])}\n")
        return said, recovery.run("store")

    def recorded_all(self):
        super().recorded_all()
        self.crc = {crc32c(octets): mail
                    for mail, octets in self.wanted.items()} | self.appended

    def check(self, found, _, latest):
        there = self.there(found)
        for mail, places in self.places.items():
            self.check_place(mail, there.pop(mail, None), places, latest)
        assert not there, f"{there} were never sent"

    def there(self, found):
        """{mail: (mailbox, UID, flags)}, but for what was there before."""
        there = {}
        before = self.boxes.states[0][2]["INBOX"].messages
        for name, box in strict_store.found_by(found[1]).items():
            for uid, (flags, size, crc) in box.messages.items():
                if name == "INBOX" and before.get(uid) == (flags, size, crc):
                    continue
                mail = self.crc.get(crc)
                assert mail, f"{name} {uid}: {size} octets that nobody sent"
                assert mail not in there, f"{mail} is there twice"
                there[mail] = (name, uid, flags)
        return there

    @staticmethod
    def check_place(mail, found, places, latest):
        answered = max(i for i, p in enumerate(places) if p[1] < latest)
        legal = [p[2] for i, p in enumerate(places)
                 if i == answered or (i > answered and p[0] < latest)]
        assert any(found is None if place in (GONE, ABSENT) else
                   found and all(want in (None, has)
                                 for want, has in zip(place, found))
                   for place in legal), \
            f"{mail} is {found}, should be one of {legal}"


class Received(Mail):
    """One after the other, as quickly as they are taken."""

    def act(self):
        for _ in range(8):
            self.deliver()
        time.sleep(strict_store.BEHIND)


class Read(Mail):
    """Each is looked at, flagged, moved, or removed when it has come."""

    def act(self):
        for _ in range(7):
            mail = self.deliver()
            uid = self.come()
            self.place(mail, ("INBOX", uid, 0))
            self.rng.choice((self.move, self.remove, self.flag))(mail, uid)
        time.sleep(strict_store.BEHIND)

    def move(self, mail, uid):
        target = self.rng.choice(("box", "INBOX"))
        self.place(mail, (target, None, 0), "UID", "MOVE", str(uid), target)

    def flag(self, mail, uid):
        self.place(mail, ("INBOX", uid, flags_of("\\Seen")), "UID", "STORE",
                   str(uid), "+FLAGS.SILENT", "(\\Seen)")

    def remove(self, mail, uid):
        self.place(mail, ("INBOX", uid, flags_of("\\Deleted")), "UID", "STORE",
                   str(uid), "+FLAGS.SILENT", "(\\Deleted)")
        self.place(mail, GONE, "UID", "EXPUNGE", str(uid))


class ReadLarge(Read):
    """Those that stand in their files at once."""
    size = 80_000


class Crowd(Mail):
    """Several clients in one mailbox at once, each with messages of its own, while
    mail comes: what one does shares rounds with what others do."""

    clients, messages = 3, 5

    def act(self):
        with concurrent.futures.ThreadPoolExecutor(self.clients + 1) as pool:
            work = [pool.submit(self.work, random.Random(self.rng.random()), i)
                    for i in range(self.clients)]
            for _ in range(5):
                self.deliver()
            for w in work:
                w.result()
        time.sleep(strict_store.BEHIND)

    def work(self, rng, number):
        client = self.server.imap(ALICE)
        client.select("INBOX")
        for i in range(self.messages):
            self.message(rng, client, number * 1000 + i + 1000)

    def message(self, rng, client, number):
        text = scenarios.text_of(number, rng.choice((300, 300, 80_000)))
        self.appended[crc32c(text)] = number
        begun = time.monotonic()
        said = ask(client, "APPEND", "INBOX", None, None, text)
        answered, uid = time.monotonic(), re.search(rb"UID \d+ (\d+)", said)
        uid = int(uid[1])
        self.places[number] = [(0, 0, ABSENT),
                               (begun, answered, ("INBOX", uid, 0))]
        flags = 0
        for _ in range(rng.randrange(3)):
            word = rng.choice(list(strict_store.FLAGS))
            flags |= flags_of(word)
            self.place(number, ("INBOX", uid, flags), "UID", "STORE", str(uid),
                       "+FLAGS.SILENT", f"({word})", client=client)
        rng.choice((self.go, self.away, lambda *_: None))(
            client, number, uid, flags)

    def go(self, client, number, uid, flags):
        self.place(number, ("box", None, flags), "UID", "MOVE", str(uid), "box",
                   client=client)

    def away(self, client, number, uid, flags):
        flags |= flags_of("\\Deleted")
        self.place(number, ("INBOX", uid, flags), "UID", "STORE", str(uid),
                   "+FLAGS.SILENT", "(\\Deleted)", client=client)
        self.place(number, GONE, "UID", "EXPUNGE", str(uid), client=client)


class Bounced(Mail):
    """To another host, which refuses it: then there is the mail or the report,
    in the queue or in the mailbox."""

    roles = (*Mail.roles, "bounce")
    settings = RELAY

    @staticmethod
    def other_host():
        return Sink({"RCPT": "550 5.1.1 No such user"}, address="127.1.7.2",
                    port=free_port())

    def act(self):
        self.about = {}         # mail: number
        for number in range(1, 7):
            self.about[self.send(number, [
                f"bad{number}@[{self.outside.address}]"])] = number
        wait_for(lambda: len(self.server.files()) > len(self.about),
                 "the reports")
        time.sleep(strict_store.BEHIND)

    def recorded_all(self):
        super().recorded_all()
        self.reports = {}       # report: number
        for mail, octets in self.wanted.items():
            about = re.search(rb"^Final-Recipient: [^\r]*bad(\d+)@", octets,
                              re.M)
            if about and mail not in self.acked:
                self.reports[mail] = int(about[1])
        assert len(self.reports) == len(self.about), self.reports

    def check(self, found, _, latest):
        told = [self.reports[mail] for mail in self.there(found)]
        untold = [words[1] for words in found[0]
                  if words[0] == "rcpt" and words[3] in "wf"]
        for mail, number in self.about.items():
            n = told.count(number) + untold.count(mail)
            assert n == 1 or (n == 0 and self.acked[mail] >= latest), \
                f"{mail}: {told.count(number)} reports, " \
                f"{untold.count(mail)} to come"


KINDS = (Received, Read, ReadLarge, Crowd, Bounced)
