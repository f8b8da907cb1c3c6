# SPDX-License-Identifier: ISC
"""A system call fails while somebody reads and files his mail."""

import unittest

import faulty


class Faults(unittest.TestCase):
    def test_pop(self):
        faulty.run(self, 16, "pop")

    def test_imap(self):
        faulty.run(self, 60, "append", "flags", "copy", "move", "expunge",
                   "folders")

    def test_limits(self):
        faulty.run(self, 16, "limits")


if __name__ == "__main__":
    unittest.main()
