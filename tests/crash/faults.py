#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every system call fails once.

A point is SCENARIO ROLE ACTION N: while the scenario (scenarios.py) runs, the
N-th call of the programs ROLE that ACTION fits is not made, made and the program
killed, answered with an error, or cut short (tracer.c). Then everything must be
as it was acknowledged, at once, and again after an orderly stop, without the
index: nothing missing, nothing double, the same UIDs, no file left behind.

    faults.py [--seed S] [--points K]       K of all points, chosen by S
    faults.py --all [--seconds T]           all of them, as many as there is time
    faults.py SCENARIO ROLE ACTION N        just this one
    faults.py --list                        how many there are

Each point has a user of its own, so that a server serves many of them. --json
FILE notes what was done.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from server import BIN, DOMAIN, Server, free_port, wait_for  # noqa: E402
from sink import Sink  # noqa: E402
import scenarios  # noqa: E402
from scenarios import OUTAGE, SCENARIOS, Broken, Refused  # noqa: E402
import tracing  # noqa: E402
from tracing import ACTIONS, HARMLESS, KILLS, Tracer  # noqa: E402

SOON = 0.3              # a program that died is there again, or is left waiting
USERS = 400
SKIP = 77
SETTINGS = """smtp_port = {port}
smtp_tls = none
retry_first = 1
retry_most = 1
remote_timeout = 5
connect_timeout = 5
user_rate = 1000000000
imap_quota_admins = {boss}
"""

AT_THE_END = "at the end, without the index"

Point = collections.namedtuple("Point", "scenario role action n")
numbers_lock = threading.Lock()


class World:
    """A server and another host, for one point after the other."""

    addresses = iter(f"127.1.{i // 250}.{i % 250 + 1}" for i in range(60000))

    def __init__(self):
        with numbers_lock:
            address = next(self.addresses)
            port = free_port()
        self.sink = Sink({"RCPT": self.reply_to_rcpt}, address=address,
                         port=port)
        self.sink.__enter__()
        self.names = iter([f"u{i}@{DOMAIN}" for i in range(USERS)])
        self.programs = pathlib.Path(tempfile.mkdtemp(
            prefix="posthouse-programs-"))
        self.replace_programs()
        self.boss = f"boss@{DOMAIN}"
        self.server = Server(SETTINGS.format(port=port, boss=self.boss) +
                             f"program_dir = {self.programs}\n",
                             users={self.boss: "pw",
                                    **{f"u{i}@{DOMAIN}": "pw"
                                       for i in range(USERS)}})
        self.number = 0
        self.done = []          # (point, scenario, was somebody killed)
        self.up = None
        self.role = self.tracer = self.tracer_command = None
        self.server.start()
        self.wait_up()

    @staticmethod
    def reply_to_rcpt(_, argument):
        return "550 5.1.1 No such user" if "<bad" in argument else None

    def next_user(self):
        return next(self.names)

    def next_number(self):
        self.number += 1
        return self.number

    # ---- processes ----

    def wait_up(self):
        """Until all programs run; asked again only when one is another. Master
        lets those that die again and again wait longer each time: then all
        begin anew."""
        if self.server.processes() != self.up:
            soon = time.monotonic() + SOON
            wait_for(lambda: self.are_up(time.monotonic() > soon),
                     "all programs", 120)

    def are_up(self, may_begin_anew):
        states = self.states()
        if may_begin_anew and "backoff" in states:
            assert self.server.stop() == 0
            self.start()
        return states == {"running"}

    def states(self):
        """Of all programs; "running" alone when they are those that are there."""
        self.up = self.server.processes()
        said = self.server.posthouse("status", "--json", check=False)
        if said.returncode != 0:
            return set()
        programs = [p for p in json.loads(said.stdout)["programs"]
                    if p["state"] != "off"]
        running = {p["pid"] for p in programs if p["state"] == "running"}
        return {p["state"] for p in programs} if running <= set(self.up) \
            else set()

    def replace_programs(self):
        """Each is another file from now on."""
        for program in BIN.iterdir():
            link = self.programs / program.name
            new = pathlib.Path(tempfile.mkdtemp(dir=self.programs)) / link.name
            shutil.copy(program, new)
            link.unlink(missing_ok=True)
            link.symlink_to(new)

    def kill_role(self, role):
        for pid in self.server.pids(role):
            os.kill(pid, signal.SIGKILL)

    def command(self, name, *argv, input=None):
        """One of the house's commands; its calls fail when it is the role."""
        argv = [BIN / name, "-C" if name == "sendmail" else "-c",
                self.server.conf, *argv]
        if self.tracer_command is None:
            return self.server.run(*argv, input=input, check=False)
        with tempfile.TemporaryFile("w+") as file:
            file.write(input or "")
            file.seek(0)
            self.tracer = Tracer(*self.tracer_command, command=argv,
                                 stdin=file)
        self.tracer.wait()
        status = self.tracer.seen["status"]
        return collections.namedtuple("Done", "returncode stderr")(
            os.waitstatus_to_exitcode(status), self.tracer.said)

    def is_over(self):
        """The traced programs have died."""
        return self.tracer is not None and \
            self.tracer.process.poll() is not None

    def wait_settled(self, scenario, number):
        """Until nothing is under way, or whom we follow is dead: what comes
        later is not of this point."""
        end = time.monotonic() + 20
        while not self.is_over() and time.monotonic() < end and \
                not self.server.queue_is_empty():
            time.sleep(0.02)

    # ---- a point ----

    def run(self, point):
        """Do it; what it touched, None when the call did not come."""
        self.wait_up()
        scenario = scenarios.BY_NAME[point.scenario](self)
        scenario.prepare()
        _, scenario.uids, scenario.validity = scenario.snapshot()
        self.role = point.role
        self.begin(scenario, point)
        outcome = "ok"
        try:
            scenario.act()
        except (Refused, Broken) as e:
            outcome = f"{type(e).__name__.lower()}: {e}"
        finally:
            if self.tracer:
                self.tracer.stop()
        tracer, self.tracer, self.tracer_command = self.tracer, None, None
        assert tracer is not None, outcome
        hit = tracer.hits[0] if tracer.hits else None
        if hit and point.action in KILLS:
            # it dies when it comes to run: perhaps after all was answered
            wait_for(tracer.is_killed, f"the end of {hit}")
        killed = tracer.is_killed()
        self.done.append((point, scenario, killed))
        what = f"{hit} was answered {outcome}"
        assert hit or outcome == "ok", f"untouched, and {outcome}"
        if point.action in HARMLESS:
            assert outcome == "ok", what
        # who gets no memory at all ends, and the next one goes on (lib/base);
        # so does who cannot sync what it has promised to (doc/QUEUE.md)
        if point.action not in KILLS and hit and \
                hit["call"] not in ("mmap", "syncfs") and \
                not scenario.may_end and point.role != scenario.command:
            assert not killed, f"died of it: {what}"
        self.check(scenario, what)
        self.counts = tracer.seen
        return hit and {**hit, "outcome": outcome}

    def begin(self, scenario, point):
        self.tracer_command = None
        if point.role == scenario.command:
            self.tracer_command = (point.action, point.n)
        elif point.role == "master":
            self.tracer = Tracer(point.action, point.n,
                                 [self.server.master.pid])
        elif scenario.from_start:
            self.tracer = Tracer(point.action, point.n,
                                 [self.server.master.pid], point.role)
        else:
            pids = wait_for(lambda: self.server.pids(point.role), point.role)
            self.tracer = Tracer(point.action, point.n, pids)

    def check(self, scenario, what=""):
        """Now, or when what comes has come."""
        if self.server.master is None or \
                self.server.master.poll() is not None:
            self.start()
        self.wait_up()
        state = wait_for(lambda: self.state_that_may_be(scenario, what),
                         f"a state of {scenario.user}; {what}", 60)
        if not scenario.waits():
            scenario.may = [state]
        scenario.look()

    def start(self):
        wait_for(lambda: not self.old_children(), "the children's end")
        self.server.start()

    def old_children(self):
        """Of a master that was killed: they end with it."""
        return [p for p in os.listdir("/proc") if p.isdigit() and
                is_of(p, str(self.server.dir))]

    def state_that_may_be(self, scenario, what):
        try:
            state, uids, validity = scenario.snapshot()
        except (Refused, Broken, *OUTAGE):
            return None
        if scenario.waits() and state not in scenario.may:
            return None
        if what == AT_THE_END:
            state = self.without_empty(scenario, state)
        assert state in scenario.may, (
            f"{scenario.user}: {what}\n  is     {state}\n  may be "
            + "\n  or     ".join(map(str, scenario.may)))
        scenario.compare_uids(uids, validity)
        return state

    @staticmethod
    def without_empty(scenario, state):
        """The directory of a mailbox whose CREATE was refused may be there: who
        reads the directories without an index finds it (doc/STORE.md)."""
        wanted = set().union(*scenario.may)
        return {box: m for box, m in state.items() if m or box in wanted}

    # ---- the end ----

    def finish(self):
        """Look at all again, without the index. [(point, what is wrong)]"""
        wrong = []
        try:
            wait_for(self.is_queue_empty, "an empty queue", 120)
            status = self.server.stop()
            assert status == 0, f"master ended with {status}"
            for file in (self.server.dir / "state/index").rglob("*"):
                if file.is_file():
                    file.unlink()
            self.server.start()
            self.wait_up()
        except Exception:
            return [(None, traceback.format_exc())]
        for point, scenario, killed in self.done:
            try:
                wait_for(lambda s=scenario: self.state_that_may_be(
                    s, AT_THE_END), f"a state of {scenario.user}", 30)
                if hasattr(scenario, "look_late"):
                    scenario.look_late(killed)
            except Exception:
                wrong.append((point, traceback.format_exc()))
        try:
            self.check_files()
        except AssertionError:
            wrong.append((None, traceback.format_exc()))
        return wrong

    def is_queue_empty(self):
        return "is empty" in self.server.posthouse("queue", "list",
                                                   check=False).stdout

    def check_files(self):
        """Nothing is there that nobody needs: what could not be removed at its
        time, the start has."""
        base = self.server.dir
        left = [p for part in ("spool/content", "spool/lost")
                for p in (base / part).rglob("*") if p.is_file()]
        left += [p for p in (base / "spool/journal").iterdir()
                 if p.suffix != ".log" and p.name not in ("spare", "extent")]
        left += [p for p in (base / "mail").rglob("*")
                 if p.is_file() and p.parent.name in ("tmp", "new") or
                 p.name.startswith("posthouse-trash")]
        assert not left, f"left behind: {left}"

    def remove(self):
        try:
            self.server.remove()
        finally:
            self.sink.__exit__()
            shutil.rmtree(self.programs)


def last_lines(world):
    """What the server said last."""
    if world is None:
        return ""
    return "".join(f"  log: {line}\n"
                   for line in world.server.output().splitlines()[-30:])


def is_of(pid, directory):
    try:
        return directory.encode() in \
            pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


# ---- all of them ----


class Torture:
    """Points for several worlds at a time."""

    def __init__(self, seconds=None, first=False):
        self.end = seconds and time.monotonic() + seconds
        self.first = first      # what is wrong ends it
        self.lock = threading.Lock()
        self.wrong, self.notes = [], []
        self.tried = collections.Counter()

    def note(self, point, error):
        with self.lock:
            self.wrong.append((point, error))
            print(f"WRONG {' '.join(map(str, point or ['?']))}\n{error}\n"
                  "  again: tests/crash/faults.py "
                  f"{' '.join(map(str, point or []))}", flush=True)

    def is_late(self):
        return (self.first and self.wrong) or \
            (self.end is not None and time.monotonic() > self.end)

    def one(self, world, point, verbose=False):
        """Its hit; a new world is needed after something went wrong."""
        began = time.monotonic()
        hit = world.run(point)
        with self.lock:
            if hit:
                self.tried[point.scenario, point.role, point.action] += 1
                self.notes.append(hit)
            if verbose:
                print(*point, f"{time.monotonic() - began:.2f} s", hit or
                      "untouched", flush=True)
        return hit

    def worker(self, take, verbose):
        world = None
        while (point := take()) is not None:
            try:
                if world is None or len(world.done) >= USERS - 1:
                    self.close(world)
                    world = World()
                take(point, self.one(world, point, verbose))
            except Exception:
                self.note(point, traceback.format_exc() +
                          last_lines(world))
                take(point, True)
                self.close(world, quiet=True)
                world = None
        self.close(world, quiet=bool(self.first and self.wrong))

    def close(self, world, quiet=False):
        if world is None:
            return
        try:
            if not quiet:
                for point, error in world.finish():
                    self.note(point, error)
            world.remove()
        except Exception:
            self.note(None, traceback.format_exc())

    def run(self, take, worlds, verbose=False):
        threads = [threading.Thread(target=self.worker, args=(take, verbose))
                   for _ in range(worlds)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()


class Chosen:
    """The points of a list, one after the other."""

    def __init__(self, points, torture):
        self.points, self.torture = list(points), torture
        self.left = 0
        self.lock = threading.Lock()

    def __call__(self, point=None, hit=None):
        with self.lock:
            if point is not None or not self.points:
                return None
            if self.torture.is_late():
                self.left, self.points = len(self.points), []
                return None
            return self.points.pop(0)


def place_of(hit):
    """What a call is about: neighbours that are alike are told by it."""
    path = hit["path"]
    if hit["call"] in ("mkdirat", "openat", "openat2", "unlinkat"):
        path = os.path.dirname(os.path.dirname(path))
    return hit["call"], re.sub(r"socket:.*", "socket", path)


class Sweep(Chosen):
    """n = 1, 2, 3... of each, until it passes untouched. Threads may make their
    calls in another order each time, so one untouched pass is not the end
    before all that were counted were passed. In a long row of the same call on
    the same file the steps grow, and from its end one goes back."""

    MOST = 64

    def __init__(self, counts, torture):
        super().__init__([], torture)
        self.lock = threading.Condition()
        self.counts, self.keys = dict(counts), list(counts)
        self.next = dict.fromkeys(counts, 1)
        self.step = dict.fromkeys(counts, 1)
        self.last = {}          # key: (n, place_of) of the last hit
        self.under_way = 0

    def __call__(self, point=None, hit=None):
        with self.lock:
            if point is not None:
                self.under_way -= 1
                self.took(tuple(point[:3]), point.n, hit)
                self.lock.notify_all()
                return None
            while not self.keys and self.under_way and \
                    not self.torture.is_late():
                self.lock.wait(1)
            if not self.keys or self.torture.is_late():
                self.left = sum(max(self.counts[k] - self.next[k] + 1, 0)
                                for k in self.keys)
                return None
            key = self.keys.pop(0)
            self.under_way += 1
            return Point(*key, self.next[key])

    def took(self, key, n, hit):
        place = place_of(hit) if isinstance(hit, dict) else hit
        before, last = self.last.get(key, (0, None))
        if place and place == last:
            self.step[key] = min(self.step[key] * 2, self.MOST)
            self.last[key] = n, place
        elif self.step[key] > 1:        # too far
            self.step[key], n = 1, before
        elif not hit and n >= self.counts[key]:
            return
        else:
            self.last[key] = n, place
        self.next[key] = n + self.step[key]
        self.keys.append(key)


def all_counts(names=None, roles=None):
    """{(scenario, role, action): how many calls fit}, from a pass of each."""
    found = {}
    world = World()
    try:
        for s in SCENARIOS:
            name = s.__name__.lower()
            for role in s.roles if not names or name in names else ():
                if roles and role not in roles:
                    continue
                world.run(Point(name, role, "none", 1))
                for action in ACTIONS:
                    if world.counts[action]:
                        found[name, role, action] = world.counts[action]
    finally:
        world.remove()
    return found


def choose(counts, points, seed):
    """As many of each kind as there can be, then more of the long ones."""
    rng = random.Random(seed)
    every = [Point(*key, n) for key, most in counts.items()
             for n in range(1, most + 1)]
    return rng.sample(every, min(points, len(every)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("point", nargs="*")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--points", type=int, default=100)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--first", action="store_true",
                        help="end with the first that is wrong")
    parser.add_argument("--worlds", type=int, default=3)
    parser.add_argument("--only", action="append", help="a scenario")
    parser.add_argument("--role", action="append")
    parser.add_argument("--json")
    parser.add_argument("-v", action="store_true")
    a = parser.parse_args()
    reason = tracing.why_not()
    if reason:
        print("skipped:", reason)
        return SKIP
    torture = Torture(a.seconds, a.first)
    if a.point:
        scenario, role, action, n = a.point
        take = Chosen([Point(scenario, role, action, int(n))], torture)
        torture.run(take, 1, True)
        return bool(torture.wrong)
    counts = all_counts(a.only, a.role)
    total = sum(counts.values())
    if a.list:
        for key, n in counts.items():
            print(*key, n)
        print(total, "points")
        return 0
    if a.all:
        take = Sweep(counts, torture)
    else:
        take = Chosen(choose(counts, a.points, a.seed), torture)
        print(f"faults: seed {a.seed}")
    torture.run(take, a.worlds, a.v)
    done = sum(torture.tried.values())
    print(f"faults: {done} points of {total}, {take.left} left for lack of "
          f"time, {len(torture.wrong)} wrong")
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps({
            "total": total, "tried": done, "left": take.left,
            "by_kind": [[*k, n] for k, n in sorted(torture.tried.items())],
            "wrong": [[list(p or []), e] for p, e in torture.wrong]}))
    return bool(torture.wrong)


if __name__ == "__main__":
    sys.exit(main())
