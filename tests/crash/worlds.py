# SPDX-License-Identifier: ISC
"""Harnesses beside each other, each a process with ports of its own."""

import concurrent.futures
import json
import os
import pathlib
import queue
import subprocess
import sys
import tempfile

from server import shares_of_ports


def beside(jobs, works):
    """(exit status, what was said with --json, or None) of each. works: functions
    that say, when it is their turn, the arguments of Python; None: not any more, and
    it is left out."""
    ports = queue.SimpleQueue()
    for share in shares_of_ports(jobs):
        ports.put(share)

    def run(number, work):
        argv = work()
        if argv is None:
            return None
        file, share = pathlib.Path(at, str(number)), ports.get()
        try:
            code = subprocess.run(
                [sys.executable, "-B", *map(str, argv), "--json", str(file)],
                env={**os.environ, "PORTS": share}).returncode
        finally:
            ports.put(share)
        return code, json.loads(file.read_text()) if file.exists() else None

    with tempfile.TemporaryDirectory() as at, \
            concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        return [done for done in pool.map(run, range(len(works)), works)
                if done]
