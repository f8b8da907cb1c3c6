# SPDX-License-Identifier: ISC
"""How many sessions a process holds is one number of the listener."""

import os
import smtplib
import socket
import unittest

from server import DOMAIN, Server, free_port, message, wait_for


class Listeners(unittest.TestCase):
    def serve(self, host="127.0.0.1", **numbers):
        """A server with one more SMTP listener that has these settings."""
        self.port = free_port()
        text = f"\n[listener small]\naddress = {host}:{self.port}\n"
        text += "".join(f"{name} = {n}\n" for name, n in numbers.items())
        self.server = Server(listeners=text)
        self.addCleanup(self.server.remove)
        self.server.start()

    def connect(self):
        """A connection and its greeting."""
        s = socket.create_connection(("127.0.0.1", self.port), 30)
        self.addCleanup(s.close)
        return s, s.recv(512)

    def test_a_process_for_each_client(self):
        self.serve(sessions=1, processes=4)
        before = len(self.server.pids("smtpd"))
        held = [self.connect() for _ in range(4)]
        self.assertEqual([g[:4] for _, g in held], [b"220 "] * 4)
        self.assertGreaterEqual(len(self.server.pids("smtpd")),
                                max(before, 4))

    def test_room_comes_back(self):
        """A client too many waits or is refused; when one leaves, there is
        room again, and the other listeners never noticed."""
        self.serve(sessions=2, processes=1)
        held = [self.connect()[0] for _ in range(2)]
        extra = socket.create_connection(("127.0.0.1", self.port), 30)
        self.addCleanup(extra.close)
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", [f"alice@{DOMAIN}"], message())
        held[0].close()

        def greeted():
            s = socket.create_connection(("127.0.0.1", self.port), 30)
            with s:
                s.settimeout(1)
                try:
                    return s.recv(4) == b"220 "
                except TimeoutError:
                    return False
        extra.close()
        wait_for(greeted, "a greeting")

    def test_every_address(self):
        """One socket for both families, and each client has its own name."""
        self.serve(host="*")
        for host, literal in (("127.0.0.1", b"[127.0.0.1]"),
                              ("::1", b"[IPv6:::1]")):
            if host == "::1" and not os.path.exists("/proc/net/if_inet6"):
                continue
            with smtplib.SMTP(host, self.port, timeout=60) as smtp:
                smtp.sendmail("t@client.test", [f"alice@{DOMAIN}"], message())
            files = wait_for(self.server.files, "the mail")
            self.assertIn(literal, files[0].read_bytes().split(b"Subject:")[0])
            files[0].unlink()
        log = self.server.log()
        self.assertIn("connect from unknown[127.0.0.1]", log)
        self.assertNotIn("ffff:127", log)

    def test_sessions_per_client(self):
        self.serve(sessions_per_client=3)
        greetings = [self.connect()[1] for _ in range(5)]
        self.assertEqual([g[:3] for g in greetings],
                         [b"220"] * 3 + [b"421"] * 2)


if __name__ == "__main__":
    unittest.main()
