# SPDX-License-Identifier: ISC
"""`posthouse privileges` says what /proc shows."""

import json
import os
import re
import unittest

from server import Server, descriptors, wait_for

ALWAYS = {"smtpd", "pop3d", "imapd", "router", "auth", "queue", "local",
          "store", "bounce", "resolver", "smtp"}
# What a session program may hold: nothing that leads to a file.
HARMLESS = re.compile(r"socket:|anon_inode:|/memfd:|pipe:|/dev/null|"
                      r".*/log/(posthouse\.log|stdout)$")


def status_of(pid):
    with open(f"/proc/{pid}/status") as f:
        return dict(line.rstrip("\n").split(":\t", 1)
                    for line in f if ":\t" in line)


class Privileges(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()
        wait_for(lambda: ALWAYS <= set(cls.server.processes().values()),
                 "all programs")

    def test_confinement(self):
        for pid, role in self.server.processes().items():
            with self.subTest(role=role):
                status = status_of(pid)
                self.assertEqual(status["Seccomp"].strip(), "2")
                self.assertEqual(status["NoNewPrivs"].strip(), "1")

    def test_descriptors_of_sessions(self):
        for role in ("smtpd", "pop3d", "imapd"):
            for pid in self.server.pids(role):
                with self.subTest(role=role):
                    for fd, target in descriptors(pid).items():
                        self.assertRegex(target, HARMLESS, f"fd {fd}")

    def test_descriptors_stay_below_their_directories(self):
        own = str(self.server.dir)
        for pid, role in self.server.processes().items():
            for fd, target in descriptors(pid).items():
                with self.subTest(role=role, fd=fd):
                    if not HARMLESS.match(target):
                        self.assertTrue(target.startswith(own), target)

    def test_command_names_every_program(self):
        text = self.server.posthouse("privileges").stdout
        data = json.loads(self.server.posthouse("privileges", "--json").stdout)
        for role in ALWAYS:
            self.assertIn(role, text)
            self.assertIn(role, json.dumps(data))

    @unittest.skipUnless(os.geteuid() == 0, "needs root")
    def test_no_program_keeps_a_capability_it_does_not_name(self):
        """With drop_privileges off only the bounding can be seen: no program
        may gain any by exec, as no-new-privileges says."""
        for pid, role in self.server.processes().items():
            with self.subTest(role=role):
                self.assertEqual(status_of(pid)["CapInh"].strip("\t 0"), "")


if __name__ == "__main__":
    unittest.main()
