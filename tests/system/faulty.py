# SPDX-License-Identifier: ISC
"""Some points of tests/crash/faults.py, as a test.

FAULT_SEED chooses others, FAULT_POINTS how many of each file; make torture does
all."""

import os
import pathlib
import subprocess
import sys
import unittest

FAULTS = pathlib.Path(__file__).resolve().parents[1] / "crash/faults.py"
SKIP = 77


def run(test, points, *scenarios):
    seed = os.environ.get("FAULT_SEED", "1")
    points = os.environ.get("FAULT_POINTS", str(points))
    argv = [sys.executable, "-B", str(FAULTS), "-v", "--seed", seed,
            "--points", points, "--worlds", "2"]
    for name in scenarios:
        argv += ["--only", name]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=1500)
    if done.returncode == SKIP:
        raise unittest.SkipTest(done.stdout.strip())
    test.assertEqual(done.returncode, 0, done.stdout + done.stderr)
    print(done.stdout.splitlines()[-1], file=sys.stderr)
