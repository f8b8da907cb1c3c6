# SPDX-License-Identifier: ISC
"""How Posthouse's costs grow: the same work with more of something else.

Each yields a figure for each number, "n".
"""

import os
import time

import workloads
from subjects import USERS, Posthouse
from workloads import load, uptime

# The most of everything; GROW=1 is a tenth of it.
SCALE = 10 ** -int(os.environ.get("GROW", 1))


def numbers(*powers):
    """10, 100, ... as far as the scale goes."""
    return [n for n in powers if n <= max(powers) * SCALE]


def one_message(subject, user=99):
    """Milliseconds from the connection to the file in the mailbox."""
    pattern = f"{subject.mail}/u{user}/cur"
    have = int(load("count", "-n", 0, "-t", 1, pattern)["files"])
    start = uptime()
    load("smtp", "-p", subject.in_port(), "-n", 1, "-f", user)
    found = load("count", "-n", have + 1, "-t", 60, pattern)
    return (found["at"] - start) * 1e3


def grow_queue():
    """What nobody takes lies in the queue: its hosts refuse connections."""
    with Posthouse() as subject:
        have = 0
        for n in numbers(10, 1000, 100000, 1000000):
            load("smtp", "-p", subject.in_port(), "-n", n - have, "-c", 20,
                 "-k", 100, "-D", 200, "-u", 1000, "-s", 512)
            have = n
            time.sleep(5)
            ms = min(one_message(subject) for _ in range(5))
            subject.stop()
            start = uptime()
            subject.start()
            yield "grow queue", {"n": n, "ms": ms,
                                 "start_s": uptime() - start}


def grow_mailbox():
    for n in numbers(100, 1000, 10000, 100000, 1000000):
        with Posthouse() as subject:
            port = subject.ports["imap"]
            subject.fill(0, n, 1024)

            def ms(*commands, count=5):
                said = load("imap", "-p", port, "-n", count, *commands)
                return said[f"c{len(commands) - 1}_ms"]

            ms("SELECT INBOX")
            yield "grow mailbox", {
                "n": n, "select_ms": ms("SELECT INBOX", count=20),
                "flags_ms": ms("SELECT INBOX", "FETCH 1:* (FLAGS)"),
                "append_ms": ms("APPEND INBOX", count=20)}


def grow_users():
    for n in numbers(100, 10000, 1000000):
        class Many(Posthouse):
            more_users = n - 2 * USERS

        with Many() as subject:
            said = load("imap", "-p", subject.ports["imap"], "-n", 500, "-u",
                        USERS)
            yield "grow users", {"n": max(n, 2 * USERS),
                                 "login_ms": said["p50_ms"]}


def grow_recipients():
    class Many(Posthouse):
        more = "recipients_max = 100000"
        more_users = 100000

    with Many() as subject:
        for n in numbers(1, 10, 100, 1000, 10000, 100000):
            start = uptime()
            load("list", "-p", subject.in_port(), "-n", 1, "-C", n, "-u", n,
                 "-U", "more")
            accepted = uptime() - start
            load("count", "-n", 1, "-t", 600,
                 f"{subject.mail}/more{n - 1}/cur")
            yield "grow recipients", {"n": n, "rcpt_us": accepted / n * 1e6,
                                      "all_s": uptime() - start}


def grow_size():
    class Large(Posthouse):
        more = "message_size_limit = 200M"

    with Large() as subject:
        for n in (1 << 10, 10 << 10, 100 << 10, 1 << 20, 10 << 20, 100 << 20):
            count = max(4, min(1000, (200 << 20) // n))
            said = workloads.deliver(subject, count, "-c", 4, "-k", 100, "-s",
                                     n)
            yield "grow size", {"n": n, "mb_rate": said["rate"] * n / 1e6}


def grow_sessions():
    class Many(Posthouse):
        more_users = 10000

    with Many() as subject:
        for n in numbers(100, 1000, 10000):
            for _, values in workloads.idle(subject, n, ("imap",)):
                yield "grow sessions", {"n": n, "kib": values["kib"]}


def grow_destinations():
    with Posthouse() as subject:
        for n in (1, 10, 100, 200):
            said = workloads.relay(subject, 5000, n, 0)
            yield "grow destinations", {"n": n, "rate": said["rate"]}


GROWTHS = {"grow-queue": grow_queue, "grow-mailbox": grow_mailbox,
           "grow-users": grow_users, "grow-recipients": grow_recipients,
           "grow-size": grow_size, "grow-sessions": grow_sessions,
           "grow-destinations": grow_destinations}
