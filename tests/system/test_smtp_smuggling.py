# SPDX-License-Identifier: ISC
"""Only CR LF . CR LF ends a mail (CVE-2023-51764 and its kin): whatever else
looks like an end, in one packet or cut into many, there is one reply to the
content and no second mail."""

import time
import unittest

from server import DOMAIN, Server
from wire import Wire

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
PAUSE = 0.002

FALSE_ENDS = {
    "LF.LF": b"\n.\n",
    "LF.CRLF": b"\n.\r\n",
    "LF.CR": b"\n.\r",
    "CR.CR": b"\r.\r",
    "CR.LF": b"\r.\n",
    "CR.CRLF": b"\r.\r\n",
    "CRLF.LF": b"\r\n.\n",
    "CRLF.CR": b"\r\n.\r",
    "CRLF.CRCRLF": b"\r\n.\r\r\n",
    "CRCRLF.CRCRLF": b"\r\r\n.\r\r\n",
    "CRCRLF.LF": b"\r\r\n.\n",
    "LFCR.LFCR": b"\n\r.\n\r",
    "CRLF.NULCRLF": b"\r\n.\0\r\n",
    "CRLFNUL.CRLF": b"\r\n\0.\r\n",
    "CRNULLF.CRLF": b"\r\0\n.\r\n",
    "CRLF.CRNULLF": b"\r\n.\r\0\n",
    "NULLF.LF": b"\0\n.\n",
    "CRLF.BLANKCRLF": b"\r\n. \r\n",
    "CRLF.TABCRLF": b"\r\n.\t\r\n",
    "CRLFBLANK.CRLF": b"\r\n .\r\n",
    "CRLF..CRLF": b"\r\n..\r\n",
    "CRLF..LF": b"\r\n..\n",
    "LF..CRLF": b"\n..\r\n",
    "CRLF.CRLF in UTF-16": b"\r\0\n\0.\0\r\0\n\0",
    "FF.FF": b"\x0c.\x0c",
    "VT.VT": b"\x0b.\x0b",
    "NEL.NEL": b"\x85.\x85",
    "U+2028": b"\xe2\x80\xa8.\xe2\x80\xa8",
    "8-bit CRLF.CRLF": b"\x8d\x8a\xae\x8d\x8a",
    "overlong": b"\xc0\x8d\xc0\x8a.\xc0\x8d\xc0\x8a",
}
SMUGGLED = (f"MAIL FROM:<admin@{DOMAIN}>\r\nRCPT TO:<{BOB}>\r\nDATA\r\n"
            "Subject: smuggled\r\n\r\nsmuggled\r\n.\r\n").encode()


class Smuggling(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server(settings="errors_max = 10000\njunk_max = 100000\n")
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def begin(self, wire, rcpt=ALICE):
        wire.must("MAIL FROM:<tester@client.test>", 250)
        wire.must(f"RCPT TO:<{rcpt}>", 250)
        wire.must("DATA", 354)

    def finish(self, wire, name):
        """One reply, accepted or not, and the session goes on."""
        reply = wire.reply()
        self.assertIn(reply.code, (250, 550, 554), name)
        wire.must("NOOP", 250)
        self.assertEqual(wire.pending, b"", name)
        return reply

    def tearDown(self):
        self.server.settle()
        self.assertEqual(self.server.files(BOB), [], "a smuggled mail")

    def each(self, cut):
        """Say every variant; cut() makes packets of one."""
        for listener in ("smtp", "lmtp"):
            with Wire(self.server.ports[listener]) as wire:
                wire.hello("LHLO" if listener == "lmtp" else "EHLO")
                for name, end in FALSE_ENDS.items():
                    for packets in cut(b"Subject: first\r\n\r\nfirst", end):
                        self.begin(wire)
                        for packet in packets:
                            wire.send(packet)
                            if len(packets) > 1:
                                time.sleep(PAUSE)
                        self.finish(wire, f"{listener} {name} {packets}")

    def test_in_one_packet(self):
        self.each(lambda head, end: [[head + end + SMUGGLED]])

    def test_at_the_beginning(self):
        """What follows DATA at once, without a line before it."""
        self.each(lambda head, end: [[end.removeprefix(b"\r\n") + SMUGGLED]]
                  if end != b"\r\n..\r\n" else [])

    def test_in_two_packets(self):
        """Cut in the middle of the false end, wherever that is."""
        self.each(lambda head, end: [[head + end[:i], end[i:] + SMUGGLED]
                                     for i in range(len(end) + 1)])

    def test_octet_by_octet(self):
        self.each(lambda head, end:
                  [[head, *(end[i:i + 1] for i in range(len(end))),
                    SMUGGLED]])

    def test_behind_a_refused_mail(self):
        """What is refused already is read with the same care."""
        self.each(lambda head, end: [[b"a\nb" + end + SMUGGLED]])

    def test_the_end_itself(self):
        """CR LF . CR LF ends a mail however it is cut."""
        before = len(self.server.files())
        text = b"Subject: x\r\n\r\nx\r\n.\r\n"
        with Wire(self.server.ports["smtp"]) as wire:
            wire.hello()
            for i in range(len(text) - 6, len(text)):
                self.begin(wire)
                wire.send(text[:i])
                time.sleep(PAUSE)
                wire.send(text[i:])
                self.assertEqual(self.finish(wire, i).code, 250)
            self.begin(wire)
            wire.send(b".\r\n")
            self.assertEqual(self.finish(wire, "empty").code, 250)
        self.server.settle()
        self.assertEqual(len(self.server.files()), before + 7)

    def test_dots_in_bdat(self):
        """BDAT counts; an end of data in it is text and arrives as it is."""
        with Wire(self.server.ports["smtp"]) as wire:
            if "CHUNKING" not in wire.hello():
                self.skipTest("CHUNKING is not offered")
            before = set(self.server.files())
            text = b"Subject: x\r\n\r\nx\r\n.\r\n..\r\n" + SMUGGLED
            wire.must("MAIL FROM:<tester@client.test>", 250)
            wire.must(f"RCPT TO:<{ALICE}>", 250)
            wire.send(b"BDAT %d LAST\r\n" % len(text) + text)
            self.assertEqual(self.finish(wire, "BDAT").code, 250)
        self.server.settle()
        (new,) = set(self.server.files()) - before
        self.assertTrue(new.read_bytes().endswith(text))


if __name__ == "__main__":
    unittest.main()
