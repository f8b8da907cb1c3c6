# SPDX-License-Identifier: ISC
"""The work that servers are measured at.

A workload is a function that takes a subject and yields figures:

    name, {"rate": ..., "cpu_ms": ...}

It runs once for each repetition. What a figure means stands beside its name in
tables.py.
"""

import contextlib
import math
import os
import pathlib
import re
import resource
import subprocess
import tempfile
import time

from subjects import DOMAINS, LOAD, SCRATCH, SINK, USERS

MESSAGES = int(os.environ.get("MESSAGES", 5000))
IDLE = int(os.environ.get("IDLE", 2000))

# ---- measuring --------------------------------------------------------------

SYNCS = ("fsync", "fdatasync", "syncfs", "sync", "sync_file_range")
EVENTS = ",".join(["raw_syscalls:sys_enter"] +
                  [f"syscalls:sys_enter_{name}" for name in SYNCS])


def may_count():
    """Does this machine let us count system calls?"""
    return subprocess.run(["perf", "stat", "-a", "-e", EVENTS, "true"],
                          capture_output=True, check=False).returncode == 0


COUNTS = may_count()


def pairs(text):
    """{"rate": 12.5, ...} of what load prints."""
    return {name: float(value)
            for name, value in re.findall(r"(\w+)=(-?[\d.]+)", text)}


def load(*argv):
    """Run the load generator to its end; what it says."""
    done = subprocess.run([LOAD, *map(str, argv)], capture_output=True,
                          text=True, check=False)
    said = pairs(done.stdout)
    if done.returncode != 0 or said.get("failed", 0) > 0:
        raise RuntimeError(f"load {argv}: {done.stdout}{done.stderr}")
    return said


def disk():
    """The name of the disk that is written to, as /proc/diskstats has it."""
    device = SCRATCH.stat().st_dev
    link = pathlib.Path(f"/sys/dev/block/{os.major(device)}:"
                        f"{os.minor(device)}")
    return link.resolve().name if link.exists() else ""


def written_kib(name):
    for line in pathlib.Path("/proc/diskstats").read_text().splitlines():
        words = line.split()
        if words[2] == name:
            return int(words[9]) / 2
    return 0


class Measured:
    """What a piece of work costs the subject, by message where there are some.

        with Measured(subject) as cost:
            ...
        cost.per(messages)
    """

    def __init__(self, subject):
        self.subject = subject

    def __enter__(self):
        os.sync()
        self.disk = disk()
        self.counts = tempfile.NamedTemporaryFile("r")
        self.perf = subprocess.Popen(
            ["perf", "stat", "-a", "-x,", "-o", self.counts.name, "-e",
             EVENTS], stderr=subprocess.DEVNULL) if COUNTS else None
        if COUNTS:
            time.sleep(0.3)         # until it counts
        self.kib = written_kib(self.disk)
        self.cpu = self.subject.cgroup.seconds()
        return self

    def __exit__(self, *_):
        self.cpu = self.subject.cgroup.seconds() - self.cpu
        self.calls = self.syncs = 0
        if self.perf:
            self.perf.send_signal(2)
            self.perf.wait()
            for line in self.counts.read().splitlines():
                words = line.split(",")
                if len(words) > 2 and words[0].isdigit():
                    if words[2].startswith("raw_"):
                        self.calls = int(words[0])
                    else:
                        self.syncs += int(words[0])
        os.sync()
        self.kib = written_kib(self.disk) - self.kib

    def per(self, count):
        found = {"cpu_ms": self.cpu * 1e3 / count,
                 "written_kib": self.kib / count}
        if self.perf:
            found |= {"calls": self.calls / count,
                      "syncs": self.syncs / count}
        return found


def uptime():
    return time.clock_gettime(time.CLOCK_MONOTONIC)


# ---- mail in ----------------------------------------------------------------

def deliver(subject, count, *options):
    """Mail to u0 to u99 until all is in the mailboxes."""
    subject.clear()
    with Measured(subject) as cost:
        start = uptime()
        said = load("smtp", "-p", subject.in_port(), *subject.in_options(),
                    "-n", count, "-u", USERS, *options)
        stored = said["secs"]
        pattern = subject.mailbox_pattern()
        if pattern:
            found = load("count", "-n", count, "-t", 300, pattern)
            if found["files"] < count:
                raise RuntimeError(f"{subject}: {found['files']:.0f} of "
                                   f"{count} arrived")
            stored = max(stored, found["at"] - start)
    return {"rate": count / stored, "accepted": said["rate"],
            "p99_ms": said["p99_ms"], **cost.per(count)}


def mail_in(subject):
    for k in (1, 20):
        yield f"in, {k} a session", deliver(
            subject, int(MESSAGES * subject.share), "-c", 20, "-k", k)


def mail_in_large(subject):
    size, count = 25 << 20, 40
    figures = deliver(subject, count, "-c", 4, "-k", 10, "-s", size)
    figures["mb_rate"] = figures["rate"] * size / 1e6
    figures["written_ratio"] = figures["written_kib"] * 1024 / size
    yield "in, 25 MiB", figures


# ---- mail out ---------------------------------------------------------------

@contextlib.contextmanager
def host(count, *options):
    """Another host, which takes so many messages."""
    sink = subprocess.Popen(
        [LOAD, "sink", "-p", str(SINK), "-D", str(DOMAINS), "-n", str(count),
         "-t", "600", *options], stdout=subprocess.PIPE, text=True)
    try:
        if not sink.stdout.readline():
            raise RuntimeError("another host cannot be there")
        yield sink
    finally:
        sink.kill()
        sink.wait()


def relay(subject, count, domains, delay):
    with host(count, "-w", str(delay)) as sink, Measured(subject) as cost:
        start = uptime()
        said = load("smtp", "-p", subject.in_port(), "-n", count, "-c", 20,
                    "-k", 20, "-u", 1000, "-D", domains)
        sunk = pairs(sink.communicate()[0])
    if sunk["sunk"] < count:
        raise RuntimeError(f"{subject}: {sunk['sunk']:.0f} of {count} arrived")
    return {"rate": count / (sunk["last"] - start), "accepted": said["rate"],
            **cost.per(count)}


def mail_out(subject):
    for domains in (1, 200):
        yield (f"relay, {domains} domains",
               relay(subject, int(MESSAGES * subject.share), domains, 0))


def mail_out_slow(subject):
    for domains in (200, 1):
        yield (f"relay, {domains} domains, 100 ms",
               relay(subject, MESSAGES * 2 // 5, domains, 100))


# ---- sessions ---------------------------------------------------------------

def sessions(subject):
    total = int(MESSAGES * subject.share)
    for kind, count in (("sessions", total), ("tls", total * 2 // 5)):
        if kind == "tls" and subject.name == "opensmtpd":
            continue    # 6.8 of Debian 12 fails in each handshake here
        with Measured(subject) as cost:
            said = load(kind, "-p", subject.ports["smtp"], "-n", count, "-c",
                        20)
        yield kind, {"rate": said["rate"], "p99_ms": said["p99_ms"],
                     **cost.per(count)}


def settled_kib(subject):
    """Memory when it falls no more: thousands of sessions take time to end."""
    last, now = math.inf, subject.cgroup.memory_kib()
    while now < 0.99 * last:
        time.sleep(1)
        last, now = now, subject.cgroup.memory_kib()
    return now


def idle(subject, count=IDLE, protocols=("smtp", "pop3", "imap")):
    for protocol in protocols:
        if protocol not in subject.ports:
            continue
        before = settled_kib(subject)
        with subprocess.Popen(
                [LOAD, "idle", "-m", protocol, "-p",
                 str(subject.ports[protocol]), "-n", str(count), "-c", "8",
                 "-U", "more", "-u", str(count), "-t", "8"],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                text=True) as process:
            said = pairs(process.stdout.readline())
            time.sleep(2)
            kib = subject.cgroup.memory_kib() - before
        if said.get("ok"):
            yield f"idle {protocol}", {"kib": kib / said["ok"],
                                       "sessions": said["ok"]}


# ---- POP3 -------------------------------------------------------------------

def pop(subject):
    deliver(subject, USERS * 200, "-c", 20, "-k", 100)
    load("pop3", "-p", subject.ports["pop3"], "-n", USERS, "-c", 10, "-u",
         USERS)                                         # warms up
    with Measured(subject) as cost:
        said = load("pop3", "-p", subject.ports["pop3"], "-n", USERS, "-c",
                    10, "-u", USERS)
    yield "pop3 RETR", {"rate": said["message_rate"], **cost.per(USERS * 200)}
    with Measured(subject) as cost:
        said = load("pop3", "-p", subject.ports["pop3"], "-U", "nobody", "-n",
                    1000, "-c", 10, "-u", 100)
    yield "pop3 login", {"rate": said["rate"], **cost.per(1000)}


# ---- IMAP -------------------------------------------------------------------

def imap(subject):
    subject.clear()
    port = subject.ports["imap"]
    with Measured(subject) as cost:
        said = load("imap", "-p", port, "-n", 2000, "-c", 10, "-u", USERS)
    yield "imap login", {"rate": said["rate"], **cost.per(2000)}
    for clients, each in ((1, 2000), (10, 500)):
        with Measured(subject) as cost:
            said = load("imap", "-p", port, "-n", clients, "-c", clients, "-u",
                        clients, "-r", each, "APPEND INBOX")
        yield (f"imap APPEND, {clients} clients",
               {"rate": said["command_rate"], **cost.per(clients * each)})


def imap_latency(subject):
    said = load("latency", "-p", subject.ports["imap"], "-q",
                subject.in_port(), *subject.in_options(), "-n", 30, "-f", 30,
                "-w", 300)
    yield "imap IDLE", {"ms": said["p50_ms"], "p99_ms": said["p99_ms"],
                        "whole_ms": said["send_to_exists_ms"]}


BIG, SEARCHED = 100000, 20000
BIG_COMMANDS = (
    ("SELECT, 100,000", 20, 20, ("SELECT INBOX",)),
    ("FETCH FLAGS, 100,000", 20, 1, ("SELECT INBOX", "FETCH 1:* (FLAGS)")),
    ("FETCH ENVELOPE, 100,000", 20, 1,
     ("SELECT INBOX", "FETCH 1:* (FLAGS ENVELOPE)")),
    ("STORE, 100,000", 20, 1,
     ("SELECT INBOX", "STORE 1:* +FLAGS.SILENT (\\Flagged)",
      "STORE 1:* -FLAGS.SILENT (\\Flagged)")),
    ("SEARCH TEXT, 20,000", 21, 1,
     ("SELECT INBOX", 'SEARCH TEXT "needle in the"')),
    ("SEARCH SUBJECT, 20,000", 21, 1,
     ("SELECT INBOX", 'SEARCH SUBJECT "message 1999"')),
    ("FETCH BODY[], 20,000", 21, 1,
     ("SELECT INBOX", "FETCH 1:* (BODY.PEEK[])")),
)


def imap_big_fill(subject):
    subject.clear()
    subject.fill(20, BIG, 1024)
    subject.fill(21, SEARCHED, 4096)
    for _, user, count, commands in BIG_COMMANDS:       # warms up
        load("imap", "-p", subject.ports["imap"], "-n", count, "-f", user,
             *commands)


def imap_big(subject):
    for name, user, count, commands in BIG_COMMANDS:
        with Measured(subject) as cost:
            said = load("imap", "-p", subject.ports["imap"], "-n", count, "-f",
                        user, *commands)
        yield name, {"ms": said[f"c{min(1, len(commands) - 1)}_ms"],
                     "whole_ms": said["p50_ms"], "max_ms": said["max_ms"],
                     **cost.per(count)}


# ---- a full queue -----------------------------------------------------------

def backlog(subject):
    count = MESSAGES * 4
    with host(99999999, "-X"):
        with Measured(subject) as cost:
            said = load("smtp", "-p", subject.in_port(), "-n", count, "-c", 20,
                        "-k", 20, "-D", DOMAINS, "-u", 1000)
        yield "deferred, taken in", {"rate": said["rate"], **cost.per(count)}
        time.sleep(15)
        start = uptime()
        lines = subject.queue_list().stdout.count("\n")
        if lines < count:
            raise RuntimeError(f"{subject}: {lines} lines for {count}")
        yield "deferred, listed", {"s": uptime() - start}


# What is prepared once, what runs for each repetition.
WORKLOADS = {
    "in": (None, mail_in),
    "large": (None, mail_in_large),
    "relay": (None, mail_out),
    "relay-slow": (None, mail_out_slow),
    "sessions": (None, sessions),
    "idle": (None, idle),
    "pop": (None, pop),
    "imap": (None, imap),
    "latency": (None, imap_latency),
    "big": (imap_big_fill, imap_big),
    "backlog": (None, backlog),
}

# Each repetition has a server of its own, which has no memory left from the one
# before.
AFRESH = ("idle",)

# As many sessions as the machine lets a process have files.
_, most = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
