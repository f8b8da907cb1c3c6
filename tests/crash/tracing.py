# SPDX-License-Identifier: ISC
"""tracer.c from Python: makes the n-th call of a running program fail."""

import json
import platform
import signal
import subprocess
import threading

from server import BUILD, SANITIZED, alive

TRACER = BUILD / "tests/crash/tracer"
ACTIONS = ("kill", "after", "ENOSPC", "EIO", "EMFILE", "ENOMEM", "EINTR",
           "short")
KILLS = ("kill", "after")
# What a program must not even notice.
HARMLESS = ("EINTR", "short")


def why_not():
    """Why nothing can be traced here; None when it can."""
    if platform.machine() != "x86_64":
        return "tests/crash/tracer.c knows x86_64 only"
    if SANITIZED:
        return "the sanitizers make calls of their own, and trace at the end"
    if not TRACER.exists():
        return f"{TRACER} is not built (make tests)"
    probe = subprocess.run([str(TRACER), "none", "/bin/true"],
                           capture_output=True, text=True)
    if probe.returncode != 0:
        return "no process may be traced here: " + probe.stderr.strip()
    return None


class Tracer:
    """Follows processes until stop(); then hits are the calls that it touched
    and seen says how many each action would have fitted."""

    def __init__(self, action, n=1, pids=(), role=None, count=1, command=(),
                 stdin=subprocess.DEVNULL, env=None):
        argv = [str(TRACER), "-n", str(n), "-k", str(count)]
        if role:
            argv += ["-r", role]
        for pid in pids:
            argv += ["-p", str(pid)]
        self.process = subprocess.Popen(
            [*argv, action, *map(str, command)], text=True,
            stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=env)
        self.hits, self.seen, self.said = [], {}, ""
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError(self.process.communicate()[1])
        # a full pipe would stop it, and so whom it follows
        self.lines = []
        self.reader = threading.Thread(
            target=lambda: self.lines.extend(self.process.stdout))
        self.reader.start()

    def wait(self):
        """Until the traced processes have ended."""
        self.said = self.process.stderr.read()
        self.process.wait(120)
        self.reader.join()
        *hits, seen = self.lines
        self.hits, self.seen = [json.loads(h) for h in hits], json.loads(seen)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.wait()

    def is_killed(self):
        return bool(self.hits) and not alive(self.hits[0]["pid"])
