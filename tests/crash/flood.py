#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""The long form of tests/system/test_flood.py: twenty times as much of everything.

    flood.py [--seconds N] [--json FILE] [--times N]
"""

import argparse
import os
import pathlib
import signal
import subprocess
import sys

SYSTEM = pathlib.Path(__file__).resolve().parents[1] / "system"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=1800)
    parser.add_argument("--json", default=os.devnull)
    parser.add_argument("--times", default="20")
    asked = parser.parse_args()
    tests = subprocess.Popen(
        [sys.executable, "-B", "-m", "unittest", "-v", "test_flood"],
        cwd=SYSTEM, env={**os.environ, "FLOOD": asked.times,
                         "FLOOD_JSON": os.path.abspath(asked.json)})
    try:
        return tests.wait(asked.seconds)
    except subprocess.TimeoutExpired:
        # what is done by then is noted
        tests.send_signal(signal.SIGINT)
        tests.wait(120)
        print("flood: no time for all of them")
        return 0


if __name__ == "__main__":
    sys.exit(main())
