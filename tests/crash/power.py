#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Power is lost in the middle of a load, again and again.

The whole server stands on an ext4 image behind a loop device, or the spool on
one and the rest on another, of which one loses its power (every second run of
lives). A cut is the file system's own shutdown without its log
(EXT4_IOC_SHUTDOWN): what was not synced is gone. Then all processes are killed,
the image is mounted again, the server started, and the ledger compared with
what IMAP shows (ledger.py). Half of the cuts come at a random moment, half right
after an answer of a chosen kind. Some lives have a program killed in the middle,
or end with an orderly stop just before the cut.

Usage: power.py [CUTS] [--seed S] [--seconds T] [--worlds N] [--json FILE]
[--keep DIRECTORY]; as root; skipped where there are no loop devices.
--worlds: so many beside each other, each a process, with seeds of its own and a new
server for every hundred cuts. --keep: where a server's directory, its log and the
ledger are left when something is wrong.
"""

import argparse
import collections
import contextlib
import ctypes
import fcntl
import functools
import json
import os
import pathlib
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from server import Server, wait_for  # noqa: E402
import ledger  # noqa: E402
import worlds  # noqa: E402

EXT4_IOC_SHUTDOWN = 0x8004587d
NOLOGFLUSH = 2
CLONE_NEWNS = 0x20000
SIZE = 1 << 30
EACH = 100              # cuts of one process; log and ledger grow with them
SKIP = 77


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True)


class Disk:
    """An ext4 image, mounted."""

    def __init__(self, base, name):
        self.image, self.mount = base / f"{name}.image", base / name
        self.mount.mkdir()
        with self.image.open("wb") as f:
            f.truncate(SIZE)
        run("mkfs.ext4", "-q", "-F", str(self.image))
        self.on()

    def on(self):
        run("mount", "-o", "loop", str(self.image), str(self.mount))

    def cut(self):
        fd = os.open(self.mount, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))
        finally:
            os.close(fd)

    def off(self):
        wait_for(lambda: subprocess.run(["umount", str(self.mount)],
                                        capture_output=True).returncode == 0,
                 "umount", 20)


@contextlib.contextmanager
def disk_for_servers():
    """Those that are made meanwhile stand on it."""
    with tempfile.TemporaryDirectory(prefix="posthouse-disk-") as base:
        disk = Disk(pathlib.Path(base), "disk")
        tempfile.tempdir = str(disk.mount)
        try:
            yield disk
        finally:
            tempfile.tempdir = None
            disk.off()


class PowerServer(Server):
    """Its spool may be elsewhere."""

    spool = None

    def spool_files(self):
        return [p for p in (self.spool / "content").rglob("*") if p.is_file()]


def restored(server):
    """What the starts had to do, from the log."""
    log = server.output()
    files = sum(map(int, re.findall(r" restored=(\d+)", log)))
    return f"restored={files} mended={log.count(': mended ')}"


def kill_some(server, rng):
    role = rng.choice(("queue", "store", "local"))
    pids = server.pids(role)
    if pids:
        os.kill(rng.choice(pids), signal.SIGKILL)


def lose_names(server, rng):
    """ext4 keeps the names of files whose octets it lost; others need not."""
    for file in server.spool_files():
        if file.stat().st_size == 0 and rng.random() < 0.5:
            file.unlink()


REPLIES = ("sent", "flagged", "unflagged", "copied", "moved", "gone", "folder")


def cut_after(what, disk, book):
    """Right after an answer of this kind, or soon when none comes."""
    done = threading.Event()

    def spring():
        book.cut(disk)
        done.set()
    book.set_trap(what, spring)
    if not done.wait(5):
        with book.lock:
            book.trap = None
            if not done.is_set():
                book.cut(disk)


def one_life(disk, server, book, rng):
    """Start, load, cut; after which answer, or "any time"."""
    what = rng.choice(REPLIES) if rng.random() < 0.5 else "any time"
    if server.master is None:
        server.start()
    load = ledger.Load(server, book, rng.randrange(1 << 30))
    try:
        load.more(rng.randrange(5, 250))
        if rng.random() < 0.3:
            kill_some(server, rng)
            time.sleep(rng.random() * 1.5)
        if what != "any time":
            cut_after(what, disk, book)
        else:
            time.sleep(rng.random() * 0.2)
            if rng.random() < 0.4:
                assert server.stop() == 0
            book.cut(disk)
        if server.master is not None:
            server.kill()
    finally:
        load.stop()
    disk.off()
    disk.on()
    lose_names(server, rng)
    return what


def keep(to, disks, book):
    """What whoever looks for the reason needs."""
    to.mkdir(parents=True)
    for disk in disks:
        run("cp", "-a", str(disk.mount), str(to))
    (to / "ledger").write_text("".join(
        f"{user} {number} " + " ".join(
            f"{what}={done}" for what, done in vars(fact).items()
            if done and what != "text") + "\n"
        for (user, number), fact in book.facts.items()))


def lives(base, cuts, rng, apart, end, done, keep_in=None):
    """The spool is on a disk of its own when apart. Cuts are counted in done,
    by what they came after. keep_in: where all is left when something is
    wrong."""
    disks = [Disk(base, "main")] + ([Disk(base, "spool")] if apart else [])
    tempfile.tempdir = str(disks[0].mount)
    more = f"spool_dir = {disks[1].mount}/spool\n" if apart else ""
    if apart:
        (disks[1].mount / "spool").mkdir()
    server = PowerServer(more + "store_instances = 2\n",
                         users=ledger.USERS, aliases=ledger.ALIASES)
    server.spool = (disks[1].mount if apart else server.dir) / "spool"
    book = ledger.Ledger()
    try:
        run("sync")
        for i in range(cuts):
            if time.monotonic() > end:
                break
            disk = rng.choice(disks)
            what = one_life(disk, server, book, rng)
            server.start()
            ledger.check(server, book)
            done[f"{len(disks)} disks" if apart else "1 disk", what] += 1
            print(f"cut {i + 1} of {disk.mount.name} after {what}: "
                  f"{book.acks} acks, all true; so far", restored(server),
                  flush=True)
            ledger.clear(server, book, rng)
            if rng.random() < 0.3:
                assert server.stop() == 0
        server.remove()
        done["acks"] += book.acks
    except Exception:
        if keep_in:
            keep(keep_in, disks, book)
        raise
    finally:
        if server.master is not None:
            server.kill()
        tempfile.tempdir = None
        for disk in disks:
            disk.off()


def own_mounts():
    """What is mounted from now on is not seen by others: a test that takes a
    copy of all mounts would keep the disk of before the cut alive."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) < 0:
        raise OSError(ctypes.get_errno(), "unshare")
    run("mount", "--make-rprivate", "/")


def can_mount():
    """Does this machine let us have a disk and cut it? Then in a name space of
    our own."""
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
        return False
    try:
        own_mounts()
    except (OSError, subprocess.CalledProcessError):
        return False
    with tempfile.TemporaryDirectory(prefix="posthouse-power-") as base:
        try:
            disk = Disk(pathlib.Path(base), "probe")
        except (OSError, subprocess.CalledProcessError):
            return False
        try:
            disk.cut()
        except OSError:
            return False
        finally:
            disk.off()
    return True


def in_one_world(a, done):
    """What went wrong; None."""
    end = time.monotonic()
    try:
        for apart, part in ((False, a.cuts - a.cuts // 2),
                            (True, a.cuts // 2)):
            print(f"power: {part} cuts, seed {a.seed}, "
                  f"{'two disks' if apart else 'one disk'}", flush=True)
            end += a.seconds / 2
            if part > 0:
                with tempfile.TemporaryDirectory(
                        prefix="posthouse-power-") as base:
                    lives(pathlib.Path(base), part, random.Random(a.seed),
                          apart, end, done, a.keep)
    except Exception:
        return traceback.format_exc() + \
            f"\nagain: tests/crash/power.py {a.cuts} --seed {a.seed}"
    return None


def in_worlds(a, done):
    """The same in so many processes beside each other, again and again."""
    end = time.monotonic() + a.seconds
    each = min(EACH, -(-a.cuts // a.worlds))

    def world(first):
        left = end - time.monotonic()
        if left < 1:
            return None
        argv = [__file__, min(each, a.cuts - first), "--seed", a.seed + first,
                "--seconds", left]
        return argv + (["--keep", a.keep / str(first)] if a.keep else [])

    wrong = None
    for code, found in worlds.beside(
            a.worlds, [functools.partial(world, first)
                       for first in range(0, a.cuts, each)]):
        found = found or {"wrong": f"ended with {code}", "acks": 0, "cuts": []}
        done["acks"] += found["acks"]
        for disks, what, n in found["cuts"]:
            done[disks, what] += n
        wrong = wrong or found["wrong"]
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("cuts", nargs="?", type=int, default=5)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--seconds", type=float, default=1e9)
    parser.add_argument("--worlds", type=int, default=1)
    parser.add_argument("--json")
    parser.add_argument("--keep", type=pathlib.Path)
    a = parser.parse_args()
    if not can_mount():
        print("skipped: needs root, loop devices, ext4 and its shutdown")
        return SKIP
    done = collections.Counter()
    wrong = (in_worlds if a.worlds > 1 else in_one_world)(a, done)
    acks, cuts = done.pop("acks", 0), sorted(done.items())
    print(f"power: {sum(done.values())} cuts, {acks} acks, "
          + (f"WRONG:\n{wrong}" if wrong else "all true"), flush=True)
    if a.json:
        pathlib.Path(a.json).write_text(json.dumps({
            "seed": a.seed, "acks": acks, "wrong": wrong,
            "cuts": [[*k, n] for k, n in cuts]}))
    return wrong is not None


if __name__ == "__main__":
    sys.exit(main())
