#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Power is lost in the middle of a load, again and again.

The whole server stands on an ext4 image behind a loop device. A cut is the
file system's own shutdown without its log (EXT4_IOC_SHUTDOWN): what was not
synced is gone. Then all processes are killed, the image is mounted again, the
server started, and the ledger compared with the mailboxes: nothing that was
acknowledged is missing, double, or says something else.

Usage: power.py [CUTS] [SEED]; as root; skipped where there are no loop devices.
"""

import collections
import fcntl
import os
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))

from server import DOMAIN, Server, wait_for  # noqa: E402
import test_kill  # noqa: E402

EXT4_IOC_SHUTDOWN = 0x8004587d
NOLOGFLUSH = 2
SIZE = 512 << 20
SKIP = 77


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True)


class Disk:
    """An ext4 image, mounted."""

    def __init__(self, base):
        self.image, self.mount = base / "image", base / "mount"
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


def restored(server):
    """What the starts had to do, from the log."""
    log = server.output()
    files = sum(map(int, re.findall(r" restored=(\d+)", log)))
    return f"restored={files} mended={log.count(': mended ')}"


def check(server, ledger):
    """Every acknowledged message once, and whole."""
    server.settle()
    for user in test_kill.USERS:
        files = server.files(user)
        seen = collections.Counter()
        for f in files:
            content = f.read_bytes()
            match = re.search(rb"ledger (\d+)\.", content)
            assert match, f"{f}: {len(content)} octets, not a message"
            seen[int(match[1])] += 1
        acked = {n for n in ledger.acked if ledger.sent[n] == user}
        assert not acked - set(seen), f"missing: {acked - set(seen)}"
        double = [n for n in seen if seen[n] > 1]
        assert not double, f"double: {double}"
        uids = [int(re.search(r",U=(\d+)", f.name)[1]) for f in files]
        assert len(set(uids)) == len(uids), "a UID twice"
        assert len(server.messages(user)) == len(files), "index and files"


def one_life(disk, server, rng, ledger):
    """Start, load, cut at a random moment."""
    server.start()
    load = test_kill.Load(server, ledger)
    try:
        load.more(rng.randrange(5, 300))
        time.sleep(rng.random() * 0.2)
        disk.cut()
        server.kill()
    finally:
        load.stop()
    disk.off()
    disk.on()


def main():
    cuts = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(1 << 30)
    if os.geteuid() != 0 or not os.path.exists("/dev/loop-control"):
        print("skipped: needs root and loop devices")
        return SKIP
    print(f"power: {cuts} cuts, seed {seed}", flush=True)
    rng = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="posthouse-power-") as base:
        disk = Disk(pathlib.Path(base))
        tempfile.tempdir = str(disk.mount)
        server = Server(users=test_kill.USERS)
        ledger = test_kill.Ledger()
        try:
            run("sync")
            for i in range(cuts):
                one_life(disk, server, rng, ledger)
                server.start()
                check(server, ledger)
                server.stop()
                print(f"cut {i + 1}: acked {len(ledger.acked)} of "
                      f"{len(ledger.sent)} sent, all there;",
                      "so far", restored(server), flush=True)
            server.remove()
        finally:
            if server.master is not None:
                server.kill()
            tempfile.tempdir = None
            disk.off()
    return 0


if __name__ == "__main__":
    sys.exit(main())
