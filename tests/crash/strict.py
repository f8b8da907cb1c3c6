#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""What a file system may leave that promises no more than POSIX says.

A transaction of the queue is recorded, with every write, name, truncation and
sync of the spool (tracer.c). Then states are built as a crash may leave them:
what a finished sync covers is there; of everything else any part may be missing,
names and octets apart, and a write may be torn or be zeros. On each state the
queue's own recovery runs (queue_recover.c), and a mail that was acknowledged
must be there with just its octets. doc/QUEUE.md, "A group commit", is what is
relied on. The same with what store does to mailboxes (strict_store.py).

    strict.py [--states N] [--seed S] [--kind KIND] [--seconds T] [--json FILE]
"""

import argparse
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
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from server import BUILD, DOMAIN, Server, wait_for  # noqa: E402
import scenarios  # noqa: E402
import tracing  # noqa: E402

RECOVER = BUILD / "tests/crash/queue_recover"
ALICE = f"alice@{DOMAIN}"
SKIP = 77
SECTOR = 512


# ---- a file system ----


class File:
    """Octets, and the operations on them in order."""

    def __init__(self, octets=b""):
        self.base = octets


class Op:
    """One change. covered: the index of the sync that made it durable."""

    def __init__(self, kind, time, file=None, name=None, at=0, data=b""):
        self.kind, self.time, self.file, self.name = kind, time, file, name
        self.at, self.data = at, data
        self.covered = None


class Record:
    """The operations of a transaction, from the tracer's lines."""

    def __init__(self, base, lines):
        self.base = base        # {name: octets}, durable
        self.names = {n: File(o) for n, o in base.items()}
        self.start = dict(self.names)
        self.ends = {}          # of files that are written in order
        self.ops = []
        self.told = {}          # line number: how many operations before it
        self.first = lines[0]["n"] if lines else 0
        for line in lines:
            self.told[line["n"]] = len(self.ops)
            self.take(line)

    def take(self, line):
        """Of calls that failed only those without an effect come up here."""
        call, when = line["call"], line["time"]
        path = os.path.normpath(line["path"])
        if call in ("fsync", "fdatasync", "syncfs"):
            if not line["failed"] and line["since"] >= self.first:
                self.sync(call, path, self.told.get(line["since"] + 1,
                                                    len(self.ops)))
        elif call in ("openat", "open"):
            if path not in self.names:
                self.add("name", when, File(), path)
            elif line.get("cut"):
                self.add("size", when, self.names[path], at=0)
        elif "data" in line and path in self.names:
            file, data = self.names[path], bytes.fromhex(line["data"])
            at = line["at"] if line["at"] >= 0 else self.ends.get(file, 0)
            self.ends[file] = at + len(data)
            self.add("write", when, file, at=at, data=data)
        elif call == "ftruncate" and path in self.names:
            self.add("size", when, self.names[path], at=line["size"])
        elif call.startswith("rename") and path in self.names:
            self.add("move", when, self.names[path],
                     (path, os.path.normpath(line["to"])))
        elif call == "linkat" and path in self.names:
            self.add("name", when, self.names[path],
                     os.path.normpath(line["to"]))
        elif call.startswith("unlink") and path in self.names:
            self.add("gone", when, self.names[path], path)

    def add(self, kind, when, file, name=None, at=0, data=b""):
        self.ops.append(Op(kind, when, file, name, at, data))
        if kind == "name":
            self.names[name] = file
        elif kind == "gone":
            del self.names[name]
        elif kind == "move":
            self.names[name[1]] = self.names.pop(name[0])

    def sync(self, call, path, before):
        """It covers what began before it did."""
        for op in self.ops[:before]:
            if op.covered is None and (
                    call == "syncfs" or
                    (op.kind in ("write", "size") and
                     self.names.get(path) is op.file) or
                    (op.kind in ("name", "gone", "move") and
                     os.path.dirname(str(op.name if op.kind != "move" else
                                         op.name[1])) == path.rstrip("/."))):
                op.covered = len(self.ops)

    def state(self, rng):
        """({name: (file, octets)}, how many operations had begun)."""
        k = rng.randrange(len(self.ops) + 1)
        chance = rng.choice((0.0, 0.1, 0.5, 0.9))
        names = dict(self.start)
        octets = {f: bytearray(f.base) for f in names.values()}
        for op in self.ops[:k]:
            durable = op.covered is not None and op.covered <= k
            if durable or rng.random() < chance:
                self.apply(op, durable, names, octets, rng)
        return {n: (f, bytes(octets.get(f, b"")))
                for n, f in names.items()}, k

    @staticmethod
    def apply(op, durable, names, octets, rng):
        if op.kind == "name":
            names[op.name] = op.file
        elif op.kind == "gone":
            names.pop(op.name, None)
        elif op.kind == "move":
            names.pop(op.name[0], None)
            names[op.name[1]] = op.file
        content = octets.setdefault(op.file, bytearray())
        if op.kind == "size":
            del content[op.at:]
            content.extend(bytes(op.at - len(content)))
        if op.kind == "write":
            data = op.data
            if not durable and rng.random() < 0.5:
                data = torn(data, rng)
            if len(content) < op.at:
                content.extend(bytes(op.at - len(content)))
            content[op.at:op.at + len(data)] = data


def torn(data, rng):
    """Cut at a sector, or with sectors that never came."""
    if rng.random() < 0.5:
        return data[:rng.randrange(len(data) // SECTOR + 1) * SECTOR]
    data = bytearray(data)
    for at in range(0, len(data), SECTOR):
        if rng.random() < 0.5:
            n = min(SECTOR, len(data) - at)
            data[at:at + n] = bytes(n)
    return bytes(data)


# ---- a transaction ----


class Kind:
    """What is done to the queue while it is recorded."""

    size, hold = 300, True
    roles = ("queue", "smtpd")

    def __init__(self, server):
        self.server = server
        self.acked = {}         # mail id: when
        self.done = {}          # mail id: from when on it may be gone

    def prepare(self):
        """Before it is recorded."""

    def files(self):
        """{path: octets without the zeros at the end}"""
        return {str(p): p.read_bytes().rstrip(b"\0")
                for p in (self.server.dir / "spool").rglob("*")
                if p.is_file()}

    def recorded_all(self):
        self.wanted = contents_of(self.recorded)
        assert set(self.acked) <= set(self.wanted), "not all was recorded"

    @staticmethod
    def recovery():
        return Recovery([RECOVER], {"spool": "."},
                        ("content", "journal", "lost"))

    def check(self, recovery, said, earliest, latest):
        assert not said or said[0][0] != "missing", "the journal misses " \
            "what never was, or may go"
        mails = [words[1] for words in said]
        contents = {p.name: p.read_bytes() for p in
                    (recovery.target / "content").rglob("*") if p.is_file()}
        for mail, acked in self.acked.items():
            if acked < latest and mail not in mails:
                assert self.done.get(mail, latest) <= earliest, \
                    f"{mail} was acknowledged and is lost"
        for mail in mails:
            assert mail in contents, f"{mail} has no content"
            assert contents[mail] == self.wanted[mail], \
                f"{mail}: {len(contents[mail])} octets, not the right ones"

    def send(self, number):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          local_hostname="client.test", timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.mail(ALICE, ["HOLDFOR=3600"] if self.hold else [])
            smtp.rcpt(ALICE)
            if not self.hold:
                begun = time.monotonic()
            code, said = smtp.data(scenarios.text_of(number, self.size))
            assert code == 250, said
            mail = re.search(rb"queued as (\w+)", said)[1].decode()
            self.acked[mail] = time.monotonic()
            if not self.hold:
                self.done[mail] = begun

    def act(self):
        for number in range(3):
            self.send(number)
        time.sleep(1.5)         # the sync behind it is recorded, too


class Small(Kind):
    """Three mails that stand in the journal, then in their files."""


class Large(Kind):
    """Three that stand in their files at once."""
    size = 100_000


class Delivered(Kind):
    """Delivered at once; their content goes."""
    hold = False

    def act(self):
        super().act()
        self.server.settle()


class Deleted(Kind):
    """Two are deleted by the administrator."""

    def act(self):
        super().act()
        for mail in list(self.acked)[:2]:
            self.done[mail] = time.monotonic()
            self.server.posthouse("queue", "delete", mail)
        time.sleep(0.5)


class Segments(Large):
    """The same, while a segment begins and the one before it, in which nothing
    lives, goes."""

    def prepare(self):
        self.hold = False
        self.send(0)
        self.server.settle()
        self.acked, self.done, self.hold = {}, {}, True
        assert self.server.stop() == 0
        self.server.start()
        wait_for(lambda: (self.server.dir / "spool/journal/spare").exists(),
                 "the queue")

    def recorded_all(self):
        super().recorded_all()
        moves = [op.name for op in self.recorded.ops if op.kind == "move"]
        gone = [old for old, new in moves if old.endswith(".log")] + [
            op.name for op in self.recorded.ops if op.kind == "gone" and
            op.name.endswith(".log")]
        assert gone and any(new.endswith(".log") for _, new in moves), moves


QUEUE_KINDS = (Small, Large, Delivered, Deleted, Segments)


def record(kind_of):
    """A kind with what was recorded. Again when something was written while the
    files were read from which it begins."""
    while True:
        server = Server()
        try:
            server.start()
            wait_for(lambda: (server.dir / "spool/journal/spare").exists(),
                     "the queue")
            kind = kind_of(server)
            kind.prepare()
            kind.top = str(server.dir)
            tracer = tracing.Tracer("record", pids=[
                pid for role in kind.roles for pid in server.pids(role)])
            begun = time.monotonic()
            base = kind.files()
            read = time.monotonic()
            kind.act()
            tracer.stop()
        finally:
            server.remove()
        if not any(begun <= line["time"] <= read for line in tracer.hits):
            kind.recorded = Record(base, [line for line in tracer.hits
                                          if line["time"] > read])
            return kind


# ---- recovery ----


class Recovery:
    """A program that recovers one directory after the other. parts: what each
    consists of, {directory below the server's: what it is called there}."""

    def __init__(self, argv, parts, empty):
        self.parts, self.empty = parts, empty
        self.dir = pathlib.Path(tempfile.mkdtemp(
            prefix="posthouse-strict-",
            dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
        self.process = subprocess.Popen(
            list(map(str, argv)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)

    def run(self, state, top):
        """The words of each line that it says."""
        self.target = self.dir / "one"
        shutil.rmtree(self.target, ignore_errors=True)
        for part in self.empty:
            (self.target / part).mkdir(parents=True)
        made = {}               # one file may have several names
        for name, (which, octets) in state.items():
            file = self.target / self.place(os.path.relpath(name, top))
            file.parent.mkdir(parents=True, exist_ok=True)
            if which in made:
                os.link(made[which], file)
            else:
                file.write_bytes(octets)
            made[which] = file
        self.process.stdin.write(f"{self.target}\n")
        self.process.stdin.flush()
        said = []
        while (line := self.process.stdout.readline().split())[0] != "end":
            said.append(line)
        assert line == ["end", "0"], f"recovery ended: {line}"
        return said

    def place(self, name):
        for part, called in self.parts.items():
            if name.startswith(part + "/"):
                return called + name[len(part):]
        raise ValueError(name)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        shutil.rmtree(self.dir, ignore_errors=True)


def contents_of(rec):
    """What each mail said, when everything had been written."""
    content = {}
    for op in rec.ops:
        if op.kind == "name" and "/content/" in op.name:
            content[os.path.basename(op.name)] = op.file
    octets = {f: bytearray() for f in content.values()}
    for op in rec.ops:
        if op.file in octets and op.kind in ("write", "size"):
            Record.apply(op, True, {}, octets, None)
    return {name: bytes(octets[f]) for name, f in content.items()}


def replay(kind_of, states, seed, end):
    """How many states were tried, and what is wrong."""
    kind, rng = record(kind_of), random.Random(seed)
    kind.recorded_all()
    ops = kind.recorded.ops
    recovery, tried = kind.recovery(), 0
    try:
        while tried < states and time.monotonic() < end:
            state, k = kind.recorded.state(rng)
            tried += 1
            # the crash came at some time between the operations k - 1 and k
            kind.check(recovery, recovery.run(state, kind.top),
                       ops[k - 1].time if k else 0,
                       ops[k].time if k < len(ops) else float("inf"))
    except AssertionError as e:
        return tried, f"state {tried} of seed {seed}, {k} operations: {e}"
    finally:
        recovery.close()
    return tried, None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append")
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--json")
    a = parser.parse_args()
    reason = tracing.why_not()
    if reason:
        print("skipped:", reason)
        return SKIP
    kinds = [k for k in (*QUEUE_KINDS, *strict_store.KINDS) if not a.kind or k.__name__.lower() in a.kind]
    begun, found, wrong = time.monotonic(), {}, []
    for i, kind in enumerate(kinds):
        tried, error = replay(kind, a.states, a.seed,
                              begun + a.seconds * (i + 1) / len(kinds))
        found[kind.__name__.lower()] = tried
        print(f"strict: {kind.__name__.lower()}: {tried} states"
              + (f"; WRONG: {error}" if error else ", all legal"), flush=True)
        wrong += [error] if error else []
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(
            {"seed": a.seed, "states": found, "wrong": wrong}))
    return bool(wrong)


if __name__ == "__main__":
    # its kinds are made of what stands here
    sys.modules["strict"] = sys.modules["__main__"]
    import strict_store
    sys.exit(main())
