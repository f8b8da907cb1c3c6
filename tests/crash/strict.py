#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a file system may leave that promises no more than POSIX says.

A transaction of the queue is recorded, with every write, name, truncation and
sync of the spool (tracer.c). Then states are built as a crash may leave them
(strict_disk.py), each once, and of some a recovery that crashes in its turn. On each the queue's own recovery runs
(queue_recover.c), and a mail that was acknowledged must be there with just its
octets. doc/QUEUE.md, "A group commit", is what is relied on. The same with what
store does to mailboxes (strict_store.py), and with mail on its way from one to the
other (strict_mail.py). What depends on who was quicker is in one record and not in
the next, so each kind is recorded again and again.

    strict.py [--states N] [--seed S] [--kind KIND] [--seconds T] [--json FILE]
              [--each N] [--jobs N] [--keep DIRECTORY]

    --each      states drawn of one record, 1000 without
    --jobs      so many kinds beside each other, each a process and with an equal
                part of the time; records of a busy machine differ
    --keep      where a state that is wrong is left, with the story of its record
"""

import argparse
import concurrent.futures
import functools
import json
import os
import pathlib
import random
import re
import shutil
import smtplib
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from server import (  # noqa: E402
    BUILD, DOMAIN, Server, free_port, wait_for)
from sink import Sink  # noqa: E402
import scenarios  # noqa: E402
import strict_disk  # noqa: E402
import tracing  # noqa: E402
import worlds  # noqa: E402

RECOVER = BUILD / "tests/crash/queue_recover"
ALICE = f"alice@{DOMAIN}"
SKIP = 77
RECOVERIES = 2          # beside each other
CLIENTS = 3
TWICE = 0.1             # of the states: the recovery crashes, too,
TWICE_EACH = 5          # so often
RECOVERY = "_recover"    # how the names of such programs end
RELAY = """smtp_port = {port}
smtp_tls = none
retry_first = 1
retry_most = 1
"""


# ---- a transaction ----


class Kind:
    """What is done to the queue while it is recorded."""

    size, hold, mails = 300, True, 9
    roles = ("queue", "smtpd")
    parts = ("spool",)
    settings = ""

    def __init__(self, server, rng, outside):
        self.server, self.rng, self.outside = server, rng, outside
        self.acked = {}         # mail id: when
        self.done = {}          # mail id: from when on it may be gone
        self.sent = {}          # mail id: octets, without trace fields
        self.delivered = {}     # mail id: octets, of what has no file

    def prepare(self):
        """Before it is recorded."""

    @staticmethod
    def other_host():
        """A Sink for mail to somewhere else."""

    def close(self):
        """While the server is still there."""

    def recorded_all(self):
        self.wanted = dict(self.delivered)
        for part in ("mail", "content"):
            for name, node in self.recorded.created(part).items():
                if part == "content" or ".R" in name:
                    self.wanted[name[:16]] = self.recorded.whole(node)
        # others may have gone without ever having a file
        assert set(self.acked) <= {*self.wanted, *self.done}, \
            "not all was recorded"

    @staticmethod
    def recovery():
        return Recovery({"spool": "."}, ("content", "journal", "lost"),
                        queue=[RECOVER])

    def recover(self, recovery, _):
        """What is found, for check()."""
        return recovery.run("queue"), recovery.contents("content")

    def check(self, found, earliest, latest):
        said, contents = found
        assert not any(words[0] == "missing" for words in said), \
            "the journal misses what never was, or may go"
        mails = [words[1] for words in said if words[0] == "mail"]
        for mail, acked in self.acked.items():
            if acked < latest and mail not in mails:
                assert self.done.get(mail, latest) <= earliest, \
                    f"{mail} was acknowledged and is lost"
        for mail in mails:
            assert mail in contents, f"{mail} has no content"
            assert self.is_right(mail, contents[mail]), \
                f"{mail}: {len(contents[mail])} octets, not the right ones"

    def is_right(self, mail, octets):
        if mail in self.wanted:
            return octets == self.wanted[mail]
        return mail in self.sent and octets.startswith(b"Return-Path: ") and \
            octets.endswith(self.sent[mail])

    def send(self, number, to=(ALICE,)):
        """Its id."""
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          local_hostname="client.test", timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.mail(ALICE, ["HOLDFOR=3600"] if self.hold else [])
            for rcpt in to:
                smtp.rcpt(rcpt)
            begun = time.monotonic()
            # so that records of the journal lie anywhere in sectors
            octets = scenarios.text_of(
                number, self.size + self.rng.randrange(strict_disk.SECTOR))
            code, said = smtp.data(octets)
            assert code == 250, said
            mail = re.search(rb"queued as (\w+)", said)[1].decode()
            self.sent[mail] = octets
            self.acked[mail] = time.monotonic()
            if not self.hold:
                self.done[mail] = begun
        return mail

    def act(self):
        """Some at a time, so that a group has several."""
        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(self.one, range(self.mails)))
        time.sleep(1.5)         # the sync behind it is recorded, too

    def one(self, number):
        self.send(number)


class Small(Kind):
    """Three mails that stand in the journal, then in their files."""


class Large(Kind):
    """Three that stand in their files at once."""
    size, mails = 100_000, 5


class Delivered(Kind):
    """Delivered at once: their content has no file, but in the mailbox."""
    hold = False

    def act(self):
        super().act()
        self.server.settle()
        self.delivered = {p.name[:16]: p.read_bytes()
                          for p in self.server.files(ALICE)}


class Deleted(Kind):
    """Two are deleted by the administrator."""

    def act(self):
        super().act()
        for mail in list(self.acked)[:2]:
            self.done[mail] = time.monotonic()
            self.server.posthouse("queue", "delete", mail)
        time.sleep(0.5)


class Segments(Large):
    """The same, while a segment begins and the one before it goes, when nothing
    lives there any more."""

    def prepare(self):
        self.old = self.send(0)
        assert self.server.stop() == 0
        self.server.start()
        wait_for(lambda: (self.server.dir / "spool/journal/spare").exists(),
                 "the queue")

    def act(self):
        super().act()
        self.done[self.old] = time.monotonic()
        self.server.posthouse("queue", "delete", self.old)
        time.sleep(0.5)

    def recorded_all(self):
        super().recorded_all()
        moves = [op.name for op in self.recorded.ops if op.kind == "move"]
        gone = [old for old, new in moves if old.endswith(".log")] + [
            op.name for op in self.recorded.ops if op.kind == "gone" and
            op.name.endswith(".log")]
        assert gone and any(new.endswith(".log") for _, new in moves), moves


class Held(Kind):
    """The administrator holds two, and releases one of them."""

    def act(self):
        self.words = []         # (begun, answered, mail, is it held)
        super().act()
        first, second = list(self.acked)[:2]
        for mail, word in ((first, "hold"), (second, "hold"),
                           (first, "release")):
            begun = time.monotonic()
            self.server.posthouse("queue", word, mail)
            self.words.append((begun, time.monotonic(), mail, word == "hold"))
        time.sleep(0.5)

    def check(self, found, earliest, latest):
        super().check(found, earliest, latest)
        held = {words[1]: words[4] == "1" for words in found[0]
                if words[0] == "rcpt"}
        for mail, is_held in held.items():
            legal = [False]
            for begun, answered, about, on in self.words:
                if about == mail and begun < latest:
                    legal = [on] if answered < latest else [*legal, on]
            assert is_held in legal, f"{mail}: held is {is_held}, not {legal}"


class Relayed(Kind):
    """To two at another host, which takes the second one's later."""

    hold, mails = False, 6
    settings = RELAY

    def one(self, number):
        self.places[self.send(number, [
            f"{name}{number}@[{self.outside.address}]"
            for name in ("soon", "late")])] = number

    def act(self):
        self.places = {}        # mail: number
        super().act()
        wait_for(lambda: len(self.outside.delivered()) >= 2 * self.mails,
                 "mail at the other host")
        time.sleep(1)

    @staticmethod
    def other_host():
        seen = set()

        def answer(_, argument):
            if "<late" not in argument or argument in seen:
                return None
            seen.add(argument)
            return "452 4.2.1 Later"
        return Sink({"RCPT": answer}, address="127.1.7.1", port=free_port())

    def recorded_all(self):
        super().recorded_all()
        # its clock is another one
        ahead = time.time() - time.monotonic()
        self.taken = {r: mail.when - ahead for mail in self.outside.mails
                      for r in mail.recipients}

    def check(self, found, earliest, latest):
        """Whoever is settled has it."""
        waiting = {(words[1], int(words[2])) for words in found[0]
                   if words[0] == "rcpt" and words[3] == "w"}
        for mail, number in self.places.items():
            for i, name in enumerate(("soon", "late")):
                to = f"{name}{number}@[{self.outside.address}]"
                assert (mail, i) in waiting or self.acked[mail] >= latest or \
                    self.taken[to] < latest, f"{mail}: {to} has not got it"
        self.done = {mail: 0 for mail in self.acked}
        super().check(found, earliest, latest)


QUEUE_KINDS = (Small, Large, Delivered, Deleted, Segments, Held, Relayed)


def record(kind_of, rng):
    """A kind with what was recorded. Again when something was written while the
    files were read from which it begins."""
    while True:
        outside, kind = kind_of.other_host(), None
        if outside:
            outside.__enter__()
        server = Server(kind_of.settings.format(
            port=outside.port if outside else 0))
        try:
            server.start()
            wait_for(lambda: (server.dir / "spool/journal/spare").exists(),
                     "the queue")
            kind = kind_of(server, rng, outside)
            kind.prepare()
            tracer = tracing.Tracer("record", pids=[
                pid for role in kind.roles for pid in server.pids(role)])
            begun = time.monotonic()
            base = strict_disk.look(server.dir, kind.parts)
            read = time.monotonic()
            kind.act()
            tracer.stop()
        finally:
            if kind:
                kind.close()
            server.remove()
            if outside:
                outside.__exit__()
        if not any(begun <= line["time"] <= read for line in tracer.hits):
            kind.recorded = strict_disk.Record(
                str(server.dir), base,
                [line for line in tracer.hits if line["time"] > read])
            return kind


# ---- recovery ----


def clear(path, wanted):
    """Files go, and directories that are not wanted. Those that are left."""
    left = {path} & wanted
    with os.scandir(path) as entries:
        for entry in list(entries):
            if entry.is_dir(follow_symlinks=False):
                left |= clear(entry.path, wanted)
            else:
                os.unlink(entry.path)
    if not left:
        os.rmdir(path)
    return left


class Recovery:
    """Programs that recover one directory after the other. parts: what each
    consists of, {directory below the server's: what it is called there}; empty:
    directories that must be there; programs: {name: argv}."""

    def __init__(self, parts, empty, **programs):
        self.parts, self.empty = parts, empty
        self.dir = pathlib.Path(tempfile.mkdtemp(
            prefix="posthouse-strict-",
            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        self.target = str(self.dir / "one")
        self.programs = {name: subprocess.Popen(
            list(map(str, argv)), stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
            for name, argv in programs.items()}

    def record(self, state, run):
        """What run() does to a state."""
        self.make(state)
        parts = [called for called in self.parts.values() if called != "."]
        base = strict_disk.look(self.target, parts or self.empty)
        tracer = tracing.Tracer("record", role=RECOVERY, pids=[
            process.pid for process in self.programs.values()])
        try:
            run()
        finally:
            tracer.stop()
        return strict_disk.Record(self.target, base, tracer.hits)

    def make(self, state):
        """Most of the directories are there from the state before."""
        dirs = {self.target}
        for path in (*(f"{self.target}/{p}" for p in self.empty),
                     *(self.place(p) for p in state.dirs)):
            path = os.path.normpath(path)
            while path not in dirs:
                dirs.add(path)
                path = os.path.dirname(path)
        os.makedirs(self.target, exist_ok=True)
        for path in sorted(dirs - clear(self.target, dirs)):
            os.mkdir(path)
        made = {}               # one file may have several names
        for path, node, octets, size in state.files:
            file = self.place(path)
            if node in made:
                os.link(made[node], file)
                continue
            with open(file, "wb", buffering=0) as f:
                f.write(octets)
                if size > len(octets):
                    f.truncate(size)
            made[node] = file

    def place(self, path):
        """What only leads to a part stays empty."""
        for part, called in self.parts.items():
            if path == part or path.startswith(part + "/"):
                return f"{self.target}/{called}{path[len(part):]}"
        if any(part.startswith(path + "/") for part in self.parts):
            return self.target
        return f"{self.target}/{path}"      # what a recovery has left

    def run(self, program, below="", may_fail=False):
        """The words of each line that it says."""
        process, said = self.programs[program], []
        process.stdin.write(f"{self.target}{below}\n")
        process.stdin.flush()
        while (line := process.stdout.readline().split() or [""])[0] != "end":
            said.append(line)
        assert may_fail or line == ["end", "0"], \
            f"recovery of {program} ended: {line} {said}"
        return said

    def contents(self, part):
        """{name: octets} of all files below it."""
        return {path.name: path.read_bytes()
                for at, _, names in os.walk(f"{self.target}/{part}")
                for path in (pathlib.Path(at, name) for name in names)}

    def close(self):
        for process in self.programs.values():
            process.stdin.close()
            process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


# ---- states ----


class Replay:
    """States of one kind until there are enough, or the time is over."""

    def __init__(self, kind_of, options, end):
        self.kind_of, self.options, self.end = kind_of, options, end
        self.name = kind_of.__name__.lower()
        self.tried, self.draws, self.records = set(), 0, 0
        self.twice = 0          # states of a recovery that crashed
        self.wrong = []
        self.lock = threading.Lock()

    def is_over(self):
        return self.wrong or len(self.tried) >= self.options.states or \
            time.monotonic() >= self.end

    def turn(self):
        """One record, and states of it."""
        name = f"{self.name}-{self.options.seed}-{self.records}"
        self.records += 1
        try:
            kind = record(self.kind_of, random.Random(name))
            kind.recorded_all()
        except AssertionError as e:
            self.wrong.append(f"{name}: {e}")
            return
        draws = iter(range(self.options.each))
        with concurrent.futures.ThreadPoolExecutor(RECOVERIES) as pool:
            for worker in [pool.submit(self.work, kind, name, draws)
                           for _ in range(RECOVERIES)]:
                worker.result()

    def figures(self):
        return {"states": len(self.tried), "draws": self.draws,
                "twice": self.twice, "records": self.records}

    def work(self, kind, name, draws):
        recovery = kind.recovery()
        try:
            for number in draws:
                if self.is_over():
                    break
                self.one(kind, recovery, f"{name}-{number}")
        finally:
            recovery.close()

    def one(self, kind, recovery, name):
        """One of the states that a name stands for, if it was not tried."""
        rng = random.Random(name)
        state = kind.recorded.state(rng)
        what = state.digest()
        with self.lock:
            self.draws += 1
            if what in self.tried:
                return
            self.tried.add(what)
        ops, k = kind.recorded.ops, state.k
        # the crash came at some time between the operations k - 1 and k
        when = (ops[k - 1].time if k else 0,
                ops[k].time if k < len(ops) else float("inf"))
        self.try_one(kind, recovery, rng, name, kind.recorded, state, when)
        if not self.wrong and rng.random() < TWICE:
            self.again(kind, recovery, rng, name, state, when)

    def again(self, kind, recovery, rng, name, state, when):
        """A crash of the recovery, too."""
        second = recovery.record(state, lambda: kind.recover(recovery, rng))
        for i in range(TWICE_EACH):
            with self.lock:
                self.twice += 1
            self.try_one(kind, recovery, rng, f"{name}-{i}", second,
                         second.state(rng), when)

    def try_one(self, kind, recovery, rng, name, record, state, when):
        recovery.make(state)
        try:
            kind.check(kind.recover(recovery, rng), *when)
        except AssertionError as e:
            self.wrong.append(f"state {name}, {state.k} operations: {e}")
            if self.options.keep:
                to = pathlib.Path(self.options.keep, name)
                to.mkdir(parents=True, exist_ok=True)
                (to / "story").write_text("\n".join(
                    [str(e), *record.story(state), ""]))
                recovery.make(state)
                shutil.copytree(recovery.target, to / "state",
                                dirs_exist_ok=True)


def replay_all(replay):
    """A record after the other until it is over; what --json notes of it."""
    while not replay.is_over():
        replay.turn()
    print("strict: {}: {states} states, {draws} drawn, {twice} of recoveries, "
          "{records} records".format(replay.name, **replay.figures())
          + (f"; WRONG: {replay.wrong[0]}" if replay.wrong else
             ", all legal"), flush=True)
    return {"wrong": replay.wrong[:1],
            "kinds": {replay.name: replay.figures()}}


def in_processes(names, a, end):
    """What each kind says with --json; one in each, as Python has one processor
    at a time."""
    left, lock = len(names), threading.Lock()

    def argv(name):
        nonlocal left
        with lock:              # an equal part of what is left
            seconds = (end - time.monotonic()) / max(1, left / a.jobs)
            left -= 1
        return [__file__, "--kind", name, "--states", a.states, "--seed", a.seed,
                "--each", a.each, "--seconds", max(1, seconds),
                *(("--keep", a.keep) if a.keep else ())]

    return [found or {"wrong": [f"{name}: ended with {code}"], "kinds": {}}
            for name, (code, found) in zip(names, worlds.beside(
                a.jobs, [functools.partial(argv, name) for name in names]))]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--each", type=int, default=1000)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--keep")
    parser.add_argument("--json")
    a = parser.parse_args()
    reason = tracing.why_not()
    if reason:
        print("skipped:", reason)
        return SKIP
    end = time.monotonic() + a.seconds
    kinds = {k.__name__.lower(): k for k in (
        *QUEUE_KINDS, *strict_store.KINDS, *strict_mail.KINDS)}
    names = a.kind or list(kinds)
    results = in_processes(names, a, end) if len(names) > 1 else \
        [replay_all(Replay(kinds[names[0]], a, end))]
    wrong = [w for result in results for w in result["wrong"]]
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(
            {"seed": a.seed, "wrong": wrong, "kinds": {
                name: figures for result in results
                for name, figures in result["kinds"].items()}}))
    return bool(wrong)


if __name__ == "__main__":
    # its kinds are made of what stands here
    sys.modules["strict"] = sys.modules["__main__"]
    import strict_mail
    import strict_store
    sys.exit(main())
