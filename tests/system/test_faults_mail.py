# SPDX-License-Identifier: ISC
"""A system call fails while mail comes, is delivered, relayed and returned."""

import unittest

import faulty


class Faults(unittest.TestCase):
    def test_in(self):
        faulty.run(self, 24, "deliver", "deliverlarge", "sendmail")

    def test_out(self):
        faulty.run(self, 16, "relay", "bounce")


if __name__ == "__main__":
    unittest.main()
