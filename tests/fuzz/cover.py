#!/usr/bin/env python3
# SPDX-License-Identifier: ISC
"""Lines of each reader that the corpus of its driver runs: `make fuzz-cover`.

    cover.py BUILD [--lines] [--json FILE] [DRIVER...]

BUILD has --coverage. Each driver of the table readers is run over its corpus
alone, so that no other one's inputs count for it. Fails when a file has less
than LEAST of 100. --lines says which lines are missing.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LEAST = 90


class Reader(collections.namedtuple("Reader", "file sign names")):
    """A file, and which of its functions count."""

    def counts(self, name):
        return not self.sign or (name in self.names) == (self.sign == ":")


def readers():
    """{driver: [Reader]}"""
    table = collections.defaultdict(list)
    for line in (HERE / "readers").read_text().splitlines():
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if not line[0].isspace():
            driver = words.pop(0)
        for word in words:
            file, sign, names = re.match(r"([^:!]+)([:!]?)(.*)", word).groups()
            table[driver].append(
                Reader(file, sign, names.split(",") if names else []))
    return table


def corpus(driver):
    return sorted((HERE / "corpus" / driver).iterdir())


def lines_of(build, reader):
    """{line: times} of one source; nothing when it never ran."""
    data = (build / "obj" / reader.file).with_suffix(".gcda")
    if not data.exists():
        return {}
    out = subprocess.run(["gcov", "--json-format", "--stdout", data],
                         capture_output=True, text=True, check=True).stdout
    seen = collections.Counter()
    for document in map(json.loads, filter(None, out.splitlines())):
        for part in document["files"]:
            for line in part["lines"] if part["file"] == reader.file else ():
                if reader.counts(line.get("function_name")):
                    seen[line["line_number"]] += line["count"]
    return seen


def measure(build, driver, rows):
    """{file: {line: times}}"""
    for data in build.rglob("*.gcda"):
        data.unlink()
    subprocess.run([build / "tests/fuzz" / driver, *corpus(driver)],
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=True, timeout=300)
    return {reader.file: lines_of(build, reader) for reader in rows}


def ranges(numbers):
    """[1, 2, 3, 7] -> "1-3 7"."""
    out = []
    for n in numbers:
        if out and out[-1][1] == n - 1:
            out[-1][1] = n
        else:
            out.append([n, n])
    return " ".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def tell(driver, file, lines, missing):
    """Print one row; what it says, as numbers."""
    ran = sum(1 for times in lines.values() if times)
    part = 100 * ran / len(lines) if lines else 0
    print(f"{part:6.1f}% of {len(lines):4} {driver:20} {file}"
          + ("  TOO FEW" if part < LEAST else ""), flush=True)
    if missing and ran < len(lines):
        print("        not", ranges(n for n in sorted(lines) if not lines[n]))
    return {"lines": len(lines), "ran": ran, "few": part < LEAST}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=lambda p: pathlib.Path(p).resolve())
    parser.add_argument("--lines", action="store_true")
    parser.add_argument("--json", default=os.devnull)
    parser.add_argument("drivers", nargs="*")
    asked = parser.parse_intermixed_args()
    os.chdir(ROOT)
    table, found = readers(), {}
    for driver in asked.drivers or table:
        found[driver] = {
            file: tell(driver, file, lines, asked.lines)
            for file, lines in
            measure(asked.build, driver, table[driver]).items()}
    pathlib.Path(asked.json).write_text(json.dumps(found, indent=1))
    few = sum(f["few"] for files in found.values() for f in files.values())
    if few:
        print(f"cover: {few} with less than {LEAST} %")
    return bool(few)


if __name__ == "__main__":
    sys.exit(main())
