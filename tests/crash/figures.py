#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""How long recovery takes, and what strangers cost: figures for
doc/RELIABILITY.md, each beside the one to be reached. No test: a figure that is
missed is told and no failure, as it depends on the machine.

    figures.py [--seconds N] [--json FILE] [NAME ...]
"""

import argparse
import contextlib
import json
import multiprocessing
import pathlib
import re
import resource
import shutil
import statistics
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "system")]

from power import can_mount, disk_for_servers  # noqa: E402
from secure import SecureServer  # noqa: E402
from server import DOMAIN, Server, wait_for  # noqa: E402
from test_flood import (MAILS, MIB, connect, source)  # noqa: E402
from test_smtp_abuse import client_hello  # noqa: E402
from wire import Wire  # noqa: E402

ALICE = f"alice@{DOMAIN}"
KNOWN = 10000       # messages of a mailbox, mails of a queue
LARGE = 100000


def taken(call):
    """Its seconds."""
    begun = time.monotonic()
    call()
    return time.monotonic() - begun


def fill_mailbox(server, count):
    """By import, of a Maildir with flags on some of them."""
    cur = server.dir / "old/cur"
    for name in ("cur", "new", "tmp"):
        (cur.parent / name).mkdir(parents=True)
    for n in range(count):
        (cur / f"{n}.x:2,{'S' * (n % 3 == 0)}").write_bytes(
            b"Subject: %d\r\n\r\ntext %d\r\n" % (n, n))
    server.posthouse("import", ALICE, cur.parent)
    shutil.rmtree(cur.parent)


def select(server):
    """Seconds from connecting to the answer to SELECT."""
    def call():
        client = server.imap()
        assert client.select()[0] == "OK"
        client.shutdown()
    return taken(call)


def state(server):
    client = server.imap()
    client.select(readonly=True)
    found = [client.response("UIDVALIDITY")[1],
             client.uid("FETCH", "1:*", "(FLAGS RFC822.SIZE)")[1]]
    client.shutdown()
    return found


@contextlib.contextmanager
def alive():
    """A server, of which nothing is left running, whatever happens."""
    server = Server()
    try:
        yield server
    finally:
        if server.master is not None:
            server.kill()


# ---- recovery ----

def select_after_cut():
    if not can_mount():
        return None
    with disk_for_servers() as disk, alive() as server:
        server.start()
        fill_mailbox(server, KNOWN)
        client = server.imap()
        client.select()
        client.store(f"1:{KNOWN // 2}", "+FLAGS", r"\Flagged")
        disk.cut()
        server.kill()
        client.shutdown()
        disk.off()
        disk.on()
        server.start()
        seconds = select(server)
    return (seconds, 1, "s"),


def listed(server):
    done = server.posthouse("queue", "list", "--json", check=False)
    return len(done.stdout.splitlines()) if done.returncode == 0 else 0


def start_with_queue():
    """From a start after everything was killed until all that waits is listed,
    and until some of it is tried again."""
    server = Server("retry_first = 1s\nretry_most = 1s\nroutes = routes\n"
                    "relay_clients = 127.0.0.1\n")
    (server.dir / "etc/routes").write_text("* [127.0.0.1]:9 tls=none\n")
    try:
        server.start()
        with server.smtp() as smtp:
            for _ in range(KNOWN):
                smtp.sendmail("", ["x@elsewhere.test"], b"Subject: x\r\n\r\n")
        server.kill()
        tried = server.output().count("status=deferred")
        begun = time.monotonic()
        server.start()
        with server.smtp():
            greeted = time.monotonic() - begun
        wait_for(lambda: server.output().count("status=deferred") > tried,
                 "a try")
        again = time.monotonic() - begun
        wait_for(lambda: listed(server) == KNOWN, "the queue")
    finally:
        server.remove()
    return (greeted, 1, "s"), (again, 2, "s")


def rebuilt_index():
    server = Server()
    try:
        server.start()
        fill_mailbox(server, LARGE)
        before = state(server)
        server.stop()
        shutil.rmtree(server.dir / "state/index/store")
        server.start()
        seconds = select(server)
        assert state(server) == before, "UIDs or flags are others"
    finally:
        server.remove()
    return (seconds, 10, "s"),


# ---- strangers ----

class Busy(threading.Thread):
    """A user at work: how many commands a second, and how long a greeting from
    another address takes."""

    def __init__(self, server, port="imap"):
        super().__init__()
        self.server, self.port, self.end = server, port, threading.Event()
        self.commands, self.greetings = 0, []

    def run(self):
        client = self.server.imap()
        client.select()
        begun = last = time.monotonic()
        while not self.end.is_set():
            client.noop()
            self.commands += 1
            if time.monotonic() - last > 0.02:
                last = time.monotonic()
                self.greetings.append(taken(self.greeting))
        self.seconds = time.monotonic() - begun
        client.logout()

    def greeting(self):
        with connect(self.server.ports["smtp"], "127.99.0.1") as s:
            assert s.recv(512).startswith(b"220 ")

    @classmethod
    def during(cls, server, seconds, work=None):
        one = cls(server)
        one.start()
        try:
            if work is not None:
                work(time.monotonic() + seconds)
            else:
                time.sleep(seconds)
        finally:
            one.end.set()
            one.join()
        one.rate = one.commands / one.seconds
        return one


def slow_strangers():
    """5,000 connections to each of three protocols, from ten addresses, that
    send an octet now and then."""
    server = Server()
    server.conf.write_text(server.conf.read_text().replace(
        "\nprotocol =", "\nsessions_per_client = 10000\nsessions_per_network ="
        " 10000\nsessions = 10000\nprotocol ="))
    octets = {"smtp": b"N", "pop3": b"U", "imap": b"a"}
    held = []
    try:
        server.start()
        alone = Busy.during(server, 3)
        for n in range(5000):
            held += [(connect(server.ports[p], f"127.1.1.{n % 10 + 1}",
                              wait=False), o) for p, o in octets.items()]

        def drip(end):
            while time.monotonic() < end:
                for s, octet in held[::50]:
                    with contextlib.suppress(OSError):
                        s.send(octet)
                time.sleep(0.1)
        among = Busy.during(server, 5, drip)
    finally:
        for s, _ in held:
            s.close()
        server.remove()
    slow = statistics.quantiles(among.greetings, n=100)[98]
    return (slow, 1, "s"), (-among.rate / alone.rate * 100, -80, "%")


def shake_hands(port, hello, end):
    n = 0
    while time.monotonic() < end:
        some = []
        for _ in range(50):
            n += 1
            some.append(connect(port, source(n)))
            some[-1].sendall(hello)
        for s in some:
            with contextlib.suppress(OSError):
                s.recv(100)
            s.close()


def handshakes():
    """As many as there can be, while a user works."""
    server, hello = SecureServer(), client_hello()
    try:
        server.start()
        alone = Busy.during(server, 3)

        def flood(end):
            others = multiprocessing.Process(
                target=shake_hands, args=(server.ports["imaps"], hello, end))
            others.start()
            others.join()
        among = Busy.during(server, 5, flood)
    finally:
        server.remove()
    return (-among.rate / alone.rate * 100, -50, "%"),


def resident(server, roles):
    total = 0
    for pid, role in server.processes().items():
        if role in roles:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"Pss:\s+(\d+)", text)[1])
    return total


STRANGE = (b"(" * 60000, b"a {4294967295}\r\n", b"AUTH PLAIN " + b"A" * 60000,
           b"x" * 60000, b"EHLO " + b"[" * 60000, b"BDAT 1\r\nx" * 2000)


def memory_of_strangers():
    """Of one connection before any login, whatever it sends."""
    server, count, held = Server(), 300, []
    roles = ("smtpd", "pop3d", "imapd")
    try:
        server.start()
        for port in roles:              # each program is there
            connect(server.ports[port.rstrip("d")]).close()
        before = resident(server, roles)
        for n in range(count):
            for port in ("smtp", "pop3", "imap"):
                s = connect(server.ports[port], source(n))
                s.settimeout(0.2)
                with contextlib.suppress(OSError):
                    s.sendall(STRANGE[n % len(STRANGE)])
                held.append(s)
        time.sleep(1)
        most = (resident(server, roles) - before) / (3 * count)
    finally:
        for s in held:
            s.close()
        server.remove()
    return (most, 64, "KiB"),


def hostile_mails():
    """The slowest of all to be taken in, the slowest answer to ENVELOPE and
    BODYSTRUCTURE, and the worst growth from half of it."""
    server = Server("message_size_limit = 256M\n")
    accepted, fetched, growth = [], [], []
    try:
        server.start()
        for what, most, make in MAILS:
            if most > 10 * MIB:
                continue                # a flood, not a mail
            times = [one_mail(server, make(n)) for n in (most // 2, most)]
            accepted.append(times[1][0])
            fetched.append(times[1][1])
            if times[0][1] > 0.02:      # below is noise
                growth.append(times[1][1] / times[0][1])
    finally:
        server.remove()
    return (max(accepted), 0.25, "s"), (max(fetched), 0.25, "s"), \
        (max(growth, default=1), 2.2, "times")


def one_mail(server, text):
    with Wire(server.ports["smtp"], timeout=120) as wire:
        wire.hello()
        wire.must("MAIL FROM:<>", 250)
        wire.must(f"RCPT TO:<{ALICE}>", 250)
        wire.must("DATA", 354)
        begun = time.monotonic()
        wire.send(text + b"\r\n.\r\n")
        assert wire.reply().code in (250, 552, 554)
        accepted = time.monotonic() - begun
    server.settle()
    client = server.imap()
    client.select()
    fetched = taken(lambda: client.fetch("*", "(ENVELOPE BODYSTRUCTURE)"))
    client.logout()
    return accepted, fetched


def room_again():
    """From the moment at which a full disk has room until mail is taken. What is
    there can be read and removed meanwhile."""
    if not can_mount():
        return None
    with disk_for_servers() as disk, alive() as server:
        server.start()
        with server.smtp() as smtp:
            for _ in range(2):
                smtp.sendmail("", [ALICE], b"Subject: x\r\n\r\nx\r\n")
        server.settle()
        ballast = disk.mount / "ballast"
        with ballast.open("wb", 0) as f:
            for size in (MIB, 4096):
                with contextlib.suppress(OSError):
                    while True:
                        f.write(bytes(size))
        wait_for(lambda: not takes(server), "a refusal")
        client = server.imap()
        for command in (client.select, lambda: client.fetch("1:2", "BODY[]"),
                        lambda: client.store("1", "+FLAGS", r"\Deleted"),
                        client.expunge):
            said = command()
            assert said[0] == "OK", said
        ballast.unlink()
        seconds = taken(lambda: wait_for(lambda: takes(server), "room"))
        client.shutdown()
    return (seconds, 1, "s"),


def takes(server):
    with Wire(server.ports["smtp"]) as wire:
        wire.hello()
        return wire.say("MAIL FROM:<>").code == 250


def aborted_mails():
    """Files that a thousand of 10 MiB leave, given up before their end."""
    server, part = Server(), b"x" * 70 + b"\r\n"
    try:
        server.start()
        for n in range(1000):
            s = connect(server.ports["smtp"], source(n % 7))
            with contextlib.suppress(OSError):
                s.sendall(b"HELO x\r\nMAIL FROM:<>\r\nRCPT TO:<%s>\r\nDATA\r\n"
                          % ALICE.encode())
                s.sendall(part * (10 * MIB // len(part)))
            s.close()
        time.sleep(2)
        left = [f for f in (server.dir / "spool/content").rglob("*")
                if f.is_file()]
    finally:
        server.remove()
    return (len(left), 0, "files"),


# Name, function, what each of its figures says. A figure is (value, the most it
# may be, unit); both negative: the least it may be.
FIGURES = (
    ("cut", select_after_cut,
     ("a mailbox of 10,000 is selected after a power cut",)),
    ("queue", start_with_queue,
     ("a start with 10,000 mails in the queue: a greeting",
      "the same: the first of them is tried",)),
    ("index", rebuilt_index,
     ("a mailbox of 100,000 is selected without its index, UIDs and flags as "
      "before",)),
    ("slow", slow_strangers,
     ("5,000 slow connections to each protocol from ten addresses: a greeting "
      "to another one, 99th percentile", "the same: commands of a user, beside "
      "those without",)),
    ("memory", memory_of_strangers,
     ("memory of a connection before login, whatever it sends",)),
    ("mails", hostile_mails,
     ("hostile mails: taken in", "hostile mails: ENVELOPE, BODYSTRUCTURE",
      "hostile mails: time for twice as much",)),
    ("handshakes", handshakes,
     ("handshakes of TLS as fast as they come: commands of a user, beside "
      "those without",)),
    ("full", room_again,
     ("a full disk has room again: mail is taken",)),
    ("aborted", aborted_mails,
     ("files that 1,000 mails of 10 MiB leave that are given up before their "
      "end",)),
)


def row(said, figure):
    value, most, unit = figure
    return {"what": said, "value": round(abs(value), 3), "unit": unit,
            "aim": ("at least " if most < 0 else "at most ") + str(abs(most)),
            "reached": value <= most}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--json")
    a = parser.parse_args()
    end, rows = time.monotonic() + a.seconds, []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for name, measure, said in FIGURES:
        if a.names and name not in a.names or time.monotonic() > end:
            continue
        for what, figure in zip(said, measure() or ()):
            rows.append(row(what, figure))
            print("figure: {what}: {value} {unit}, aim {aim}".format(
                **rows[-1]), "" if rows[-1]["reached"] else "MISSED",
                flush=True)
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps({"figures": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
