# SPDX-License-Identifier: ISC
"""Some of the states that a strict file system may leave of a spool;
tests/crash/strict.py does as many as one wants."""

import pathlib
import subprocess
import sys
import unittest

STRICT = pathlib.Path(__file__).resolve().parents[1] / "crash/strict.py"
SKIP = 77


class Strict(unittest.TestCase):
    def test_states(self):
        run = subprocess.run([sys.executable, "-B", str(STRICT), "--states",
                              "30", "--each", "120", "--jobs", "8"],
                             capture_output=True, text=True, timeout=900)
        if run.returncode == SKIP:
            self.skipTest(run.stdout.strip())
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
