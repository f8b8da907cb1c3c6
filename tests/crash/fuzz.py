#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Every fuzz driver for a slice of the time, from the inputs in the tree on.

    fuzz.py [--seconds N] [--json FILE] [--seed N] [DRIVER...]

A finding is an input with which a driver crashes, leaks, takes more than
SLOW_S, or more memory than libFuzzer allows; it is kept in build/fuzz/found.
Notes, too, what the corpora run of the readers (tests/fuzz/cover.py). The time
is for trying: building and that come before it.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOUND = ROOT / "build/fuzz/found"
SKIP = 77
SLOW_S = 5
sys.path.insert(0, str(ROOT / "tests/fuzz"))

import cover  # noqa: E402


def make(*targets):
    return subprocess.run(["make", "-s", f"-j{os.cpu_count()}", *targets],
                          cwd=ROOT, stdout=sys.stderr).returncode


def statistics(text):
    """What -print_final_stats says: {name: number}."""
    return {name: int(n) for name, n in
            re.findall(r"^stat::(\w+):\s+(\d+)", text, re.M)}


def run(driver, seconds, seed):
    """One driver, in a directory of its own for the inputs that it makes."""
    before = set(FOUND.iterdir())
    with tempfile.TemporaryDirectory() as made:
        text = subprocess.run(
            [ROOT / "build/fuzz" / driver, f"-max_total_time={seconds}",
             f"-timeout={SLOW_S}", f"-seed={seed}", "-print_final_stats=1",
             f"-artifact_prefix={FOUND}/{driver}-", made,
             ROOT / "tests/fuzz/corpus" / driver],
            capture_output=True, text=True, errors="replace", cwd=made)
    found = sorted(f.name for f in set(FOUND.iterdir()) - before)
    if text.returncode and not found:
        found = [f"ended with {text.returncode}"]
    if found:
        print(text.stderr[-4000:])
    return {"driver": driver, "corpus": len(cover.corpus(driver)),
            "tried": statistics(text.stderr).get("number_of_executed_units", 0),
            "found": found}


def coverage():
    file = ROOT / "build/fuzz/cover.json"
    file.unlink(missing_ok=True)
    make("fuzz-cover", f"COVER=--json {file}")
    return json.loads(file.read_text()) if file.exists() else {}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--json", default=os.devnull)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("drivers", nargs="*")
    asked = parser.parse_args()
    if not shutil.which("clang"):
        print("fuzz: there is no clang")
        return SKIP
    if make("fuzz-build"):
        return 1
    FOUND.mkdir(parents=True, exist_ok=True)
    covered = coverage()
    drivers = asked.drivers or list(cover.readers())
    end = time.monotonic() + asked.seconds
    rows = []
    for n, driver in enumerate(drivers):
        each = (end - time.monotonic()) / (len(drivers) - n)
        row = run(driver, max(1, round(each)), asked.seed)
        rows.append({**row, "cover": covered.get(driver, {})})
        print(f"fuzz: {driver}: {row['tried']} inputs, "
              f"found: {', '.join(row['found']) or 'nothing'}", flush=True)
    pathlib.Path(asked.json).write_text(json.dumps(
        {"seed": asked.seed, "drivers": rows}, indent=1))
    few = [file for files in covered.values()
           for file, f in files.items() if f["few"]]
    return bool(few or any(row["found"] for row in rows))


if __name__ == "__main__":
    sys.exit(main())
