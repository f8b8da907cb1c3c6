# SPDX-License-Identifier: ISC
"""What sslscan sees on each listener that has TLS: nothing old, nothing weak."""

import shutil
import subprocess
import unittest
import xml.etree.ElementTree as tree

from secure import SecureServer
from wire import Wire

# listener: options of sslscan
SCANS = {
    "submissions": (), "imaps": (), "pop3s": (),
    "smtp": ("--starttls-smtp",), "submission": ("--starttls-smtp",),
    "imap": ("--starttls-imap",), "pop3": ("--starttls-pop3",),
}
MODERN = {("tls", "1.2"), ("tls", "1.3")}
WEAK = ("NULL", "anon", "ADH", "AECDH", "EXP", "RC4", "RC2", "DES", "IDEA",
        "SEED", "MD5", "CBC", "PSK", "SRP")


@unittest.skipUnless(shutil.which("sslscan"), "no sslscan")
class Scan(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = SecureServer("handshake_timeout = 5s\n"
                                  "junk_max = 10000\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def scan(self, listener, options):
        out = self.server.dir / f"{listener}.xml"
        subprocess.run(
            ["sslscan", "--no-colour", f"--xml={out}", "--no-heartbleed",
             *options, f"127.0.0.1:{self.server.ports[listener]}"],
            check=True, capture_output=True, timeout=60)
        return tree.parse(out).getroot().find("ssltest")

    def judge(self, found):
        self.assertEqual({(p.get("type"), p.get("version"))
                          for p in found.iter("protocol")
                          if p.get("enabled") == "1"}, MODERN)
        self.assertIsNotNone(found.find("cipher"))
        for cipher in found.iter("cipher"):
            name = cipher.get("cipher")
            self.assertFalse([w for w in WEAK if w in name], name)
            self.assertGreaterEqual(int(cipher.get("bits")), 128, name)
            # forward secrecy: (EC)DHE, as everything in TLS 1.3
            self.assertTrue(name.startswith(("TLS_", "ECDHE-", "DHE-")), name)
        for renegotiation in found.iter("renegotiation"):
            self.assertEqual(renegotiation.get("supported"), "0")
        for compression in found.iter("compression"):
            self.assertEqual(compression.get("supported"), "0")
        for group in found.iter("group"):
            self.assertGreaterEqual(int(group.get("bits")), 112,
                                    group.get("name"))

    def test_listeners(self):
        with Wire(self.server.ports["smtp"]) as wire:
            starttls = "STARTTLS" in wire.hello()
        for listener, options in SCANS.items():
            with self.subTest(listener=listener):
                if "--starttls-smtp" in options and not starttls:
                    self.skipTest("STARTTLS is not offered")
                self.judge(self.scan(listener, options))


if __name__ == "__main__":
    unittest.main()
