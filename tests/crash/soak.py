#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Mail comes, is read and filed for a long time, while programs are killed and
power goes.

In each life of the server half of its programs, drawn by lot, are victims:
every ten seconds one of them is killed. The others see their peers die and come
back, and may neither grow nor keep descriptors of the dead. Every minute the
load stops, the ledger is compared with what is there (ledger.py), and the
survivors are measured. A life ends with a power cut (power.py), or with the death
of all where there are no loop devices; then the ledger is compared once more.

    soak.py [--seconds T] [--life L] [--seed S] [--json FILE]
"""

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import signal
import sys
import threading
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "system"))

from server import Server, descriptors, memory, wait_for  # noqa: E402
import ledger  # noqa: E402
from power import can_mount, disk_for_servers  # noqa: E402

KILL_EVERY = 10
LOOK_EVERY = 60
# What malloc keeps at hand makes that much of a difference, in KiB.
SLACK = 1024


class Kills(threading.Thread):
    """One victim after the other, until the end."""

    def __init__(self, server, victims, rng):
        super().__init__()
        self.server, self.victims, self.rng = server, victims, rng
        self.end, self.count = threading.Event(), 0
        self.start()

    def run(self):
        while not self.end.wait(KILL_EVERY):
            pids = self.server.pids(self.rng.choice(self.victims))
            if pids:
                os.kill(self.rng.choice(pids), signal.SIGKILL)
                self.count += 1

    def stop(self):
        self.end.set()
        self.join()
        return self.count


def measured(server, roles):
    """{pid: (role, KiB, descriptors)} of the survivors and of master."""
    found = {server.master.pid: "master", **server.processes()}
    return {pid: (role, memory(pid), collections.Counter(
                re.sub(r"\d+", "N", d) for d in descriptors(pid).values()))
            for pid, role in found.items() if role in roles}


def are_all_up(server):
    said = server.posthouse("status", "--json", check=False)
    return said.returncode == 0 and all(
        p["state"] in ("running", "off")
        for p in json.loads(said.stdout)["programs"])


class Life:
    """From a start to a cut."""

    def __init__(self, server, book, rng):
        self.server, self.book, self.rng = server, book, rng
        self.looks = []         # what measured() has found, each minute
        self.kills = 0

    def begin(self):
        self.server.start()
        roles = sorted(set(self.server.processes().values()))
        self.victims = self.rng.sample(roles, len(roles) // 2)
        self.survivors = {*roles, "master"} - set(self.victims)

    def minute(self, seconds):
        load = ledger.Load(self.server, self.book, self.rng.randrange(1 << 30))
        kills = Kills(self.server, self.victims, self.rng)
        try:
            time.sleep(seconds)
        finally:
            self.kills += kills.stop()
            load.stop()
        wait_for(lambda: are_all_up(self.server), "all programs")
        ledger.check(self.server, self.book)
        ledger.clear(self.server, self.book, self.rng)
        wait_for(lambda: ledger.is_settled(self.server), "an empty queue")
        self.looks.append(measured(self.server, self.survivors))

    def cut(self, disk):
        """In the middle of a load."""
        load = ledger.Load(self.server, self.book, self.rng.randrange(1 << 30))
        try:
            load.more(self.rng.randrange(5, 250))
            if disk:
                self.book.cut(disk)
            self.server.kill()
        finally:
            load.stop()
        if disk:
            disk.off()
            disk.on()
        self.server.start()
        ledger.check(self.server, self.book)
        ledger.clear(self.server, self.book, self.rng)
        assert self.server.stop() == 0

    def figures(self):
        """[(role, KiB at each look, descriptors, which more at the end)]; who
        survives is one process in all of them."""
        first, last = self.looks[0], self.looks[-1]
        for pid, (role, _, fds) in first.items():
            assert pid in last, f"{role} was not killed, and is another"
            yield (role, [look[pid][1] for look in self.looks],
                   sum(fds.values()), dict(last[pid][2] - fds))


def judge(role, kib, fds, more_fds):
    """What comes in the first minute is warmth. A segment of the journal that is
    spare comes and goes."""
    more_fds = {name: n for name, n in more_fds.items()
                if n > 1 or "/spool/journal/" not in name}
    assert not more_fds, f"{role}: {fds} descriptors, and more: {more_fds}"
    warm = kib[min(1, len(kib) - 1)]
    assert kib[-1] - warm <= max(SLACK, warm // 10), f"{role} grows: {kib} KiB"


def soak(server, disk, seconds, life_of, rng, result):
    book = ledger.Ledger()
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        life = Life(server, book, rng)
        life.begin()
        over = min(time.monotonic() + life_of, end)
        while not life.looks or time.monotonic() < over:
            life.minute(min(LOOK_EVERY, seconds / 4))
        figures = list(life.figures())
        print(f"life {result['lives'] + 1}: {life.kills} kills among "
              f"{' '.join(life.victims)}; {book.acks} acks, all true")
        for f in figures:
            print("  {}: {} KiB; {} descriptors, more {}".format(*f),
                  flush=True)
            result["figures"].append(f)
        for f in figures:
            judge(*f)
        life.cut(disk)
        result["lives"] += 1
        result["kills"] += life.kills
        result["acks"] = book.acks
    server.remove()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--life", type=float, default=300)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--json")
    a = parser.parse_args()
    seed = random.randrange(1 << 30) if a.seed is None else a.seed
    result = {"seed": seed, "lives": 0, "kills": 0, "acks": 0, "figures": [],
              "wrong": None}
    print(f"soak: {a.seconds:.0f} s, seed {seed}", flush=True)
    with disk_for_servers() if can_mount() else \
            contextlib.nullcontext() as disk:
        result["cuts"] = disk is not None
        server = Server("store_instances = 2\nindex_cache = 1M\n",
                        users=ledger.USERS, aliases=ledger.ALIASES)
        try:
            soak(server, disk, a.seconds, a.life, random.Random(seed), result)
        except Exception:
            result["wrong"] = traceback.format_exc()
            print(result["wrong"])
        finally:
            if server.master is not None:
                server.kill()
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps(result))
    return result["wrong"] is not None


if __name__ == "__main__":
    sys.exit(main())
