# SPDX-License-Identifier: ISC
"""A hundred power cuts; tests/crash/power.py does as many as one wants."""

import pathlib
import subprocess
import sys
import unittest

from server import SANITIZED

POWER = pathlib.Path(__file__).resolve().parents[1] / "crash/power.py"
SKIP = 77


class Power(unittest.TestCase):
    def test_cuts(self):
        run = subprocess.run([sys.executable, "-B", str(POWER),
                              "20" if SANITIZED else "100", "--worlds", "2"],
                             capture_output=True, text=True, timeout=1800)
        if run.returncode == SKIP:
            self.skipTest(run.stdout)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main()
