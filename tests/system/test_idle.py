# SPDX-License-Identifier: ISC
"""Many sessions at once that do nothing, and one that does."""

import resource
import unittest

from server import DOMAIN, Server, message, wait_for

SESSIONS = 500


class Idle(unittest.TestCase):
    def setUp(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        want = 2 * SESSIONS + 200
        if soft < want:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(want, hard), hard))
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()

    def test_idle_sessions(self):
        idle = []
        try:
            for protocol, greeting in (("smtp", b"220 "), ("imap", b"* OK")):
                for _ in range(SESSIONS):
                    idle.append(self.server.connect(protocol))
                for s in idle[-SESSIONS:]:
                    self.assertEqual(s.recv(4), greeting)
            with self.server.smtp() as smtp:
                smtp.sendmail("t@client.test", [f"alice@{DOMAIN}"], message())
            wait_for(self.server.files, "delivery beside idle sessions")
            self.assertEqual(len(self.server.messages()), 1)
        finally:
            for s in idle:
                s.close()


if __name__ == "__main__":
    unittest.main()
