# SPDX-License-Identifier: ISC
"""A system call fails while something is rebuilt, read again or started."""

import unittest

import faulty


class Faults(unittest.TestCase):
    def test_administrator(self):
        faulty.run(self, 14, "rebuild", "aliases")

    def test_restart(self):
        faulty.run(self, 16, "restart", "upgrade")


if __name__ == "__main__":
    unittest.main()
