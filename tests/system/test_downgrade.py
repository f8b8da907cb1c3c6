# SPDX-License-Identifier: ISC
"""Messages for servers that take less, read by another hand.

Messages of every shape are made from a seed and converted; Python's email
package must find the same parts in the result, and in each the same octets."""

import base64
import email
import email.policy
import os
import random
import subprocess
import unittest

from server import BUILD

CONVERTER = BUILD / "tests/unit/mail_downgrade"
MESSAGES = int(os.environ.get("MESSAGES", "1500"))

TEXTS = ["schön und gut, ", "Grüße\r\n", "-- \r\n", "--", "-", "=", "=3D", ". ",
         ".\r\n", "From here\r\n", "a ", "\t\r\n", "\r\n", "日本語の文章", "дада",
         "word " * 40, "x" * 75, "x" * 76, "y" * 990, "--b", "a--b0 "]
BINARY = [b"\0", b"\r", b"\n", b"\xff", b"\x80\x81", b"\r\n", b"\r\r\n",
          b"x" * 1200, b"--b", b" \n", b"\x1a"]


class Maker:
    """Messages from a seed. The names of boundaries never stand in texts at the
    beginning of a line, as no honest sender lets them."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.boundaries = 0

    def body(self):
        kind = self.random.choice(["plain", "text", "octets", "mixed"])
        n = self.random.choice([0, 1, 3, 10, 60])
        out = b""
        for _ in range(n):
            if kind == "plain":
                out += self.random.choice([b"plain ", b"text\r\n", b"=20"])
            elif kind == "octets" or (kind == "mixed" and
                                      self.random.random() < 0.3):
                out += self.random.choice(BINARY)
            else:
                out += self.random.choice(TEXTS).encode(
                    self.random.choice(["utf-8", "utf-16-le"])
                    if kind == "mixed" else "utf-8")
        while b"\n--b" in b"\n" + out.replace(b"\r", b"\n"):
            out = out.replace(b"--b", b"-+b")
        return out

    def leaf(self):
        kind = self.random.choice(
            ["text/plain; charset=utf-8", "text/html", "application/x-y",
             'image/png; name="a b.png"', "text/rfc822-headers", None])
        header = b""
        if kind:
            header += b"Content-Type: %s\r\n" % kind.encode()
        cte = self.random.choice(["7bit", "8bit", "binary", "BINARY (x)",
                                  "base64", "quoted-printable", None, None])
        body = self.body()
        if cte == "base64":
            body = base64.encodebytes(body).replace(b"\n", b"\r\n")
        elif cte == "quoted-printable":
            body = b"=C3=A4 b=\r\nc\r\n" * self.random.randrange(4)
        if cte:
            at = self.random.choice([0, len(header)])
            header = header[:at] + b"Content-Transfer-Encoding: %s\r\n" % \
                cte.encode() + header[at:]
        return header, body

    def multipart(self, depth):
        boundary = f"b{self.boundaries}_".encode()
        self.boundaries += 1
        kind = self.random.choice([b"mixed", b"alternative", b"report",
                                   b"signed" if depth > 1 and
                                   self.random.random() < 0.2 else b"related"])
        header = b"Content-Type: multipart/%s;\r\n\tboundary=\"%s\"\r\n" % (
            kind, boundary)
        if self.random.random() < 0.5:
            header += b"Content-Transfer-Encoding: %s\r\n" % \
                self.random.choice([b"7bit", b"8bit", b"binary"])
        body = self.random.choice([b"", b"preamble\r\n", b"Pr\xe4ambel\r\n"])
        for _ in range(self.random.randrange(1, 4)):
            h, b = self.part(depth + 1)
            body += b"--%s\r\n%s\r\n%s\r\n" % (boundary, h, b)
        body += b"--%s--\r\n" % boundary
        body += self.random.choice([b"", b"epilogue\r\n", b"\xfc\r\n"])
        return header, body

    def part(self, depth):
        r = self.random.random()
        if depth < 5 and r < 0.35:
            return self.multipart(depth)
        if depth < 5 and r < 0.45:
            return b"Content-Type: message/rfc822\r\n", self.message(depth + 1)
        return self.leaf()

    def message(self, depth=0):
        h, b = self.part(depth)
        out = b"Subject: a message\r\nMIME-Version: 1.0\r\n"
        return out + b"X-Long: " + b"word " * 20 + b"\r\n" + h + b"\r\n" + b


def octets(part):
    """What a leaf holds, whatever carries it."""
    return part.get_payload(decode=True)


def parts(message):
    return list(email.message_from_bytes(
        message, policy=email.policy.compat32).walk())


def sealed(message):
    """The parts that are signed, as they stand."""
    return [c.as_bytes() for p in parts(message)
            if p.get_content_type() == "multipart/signed"
            for c in p.get_payload()]


@unittest.skipUnless(CONVERTER.exists(), f"needs {CONVERTER}")
class Downgrade(unittest.TestCase):
    def convert(self, messages, level):
        """The results in the order of the messages: octets, or why not."""
        sent = b"".join(len(m).to_bytes(4, "big") + m for m in messages)
        out = subprocess.run([CONVERTER, level], input=sent, check=True,
                             stdout=subprocess.PIPE, timeout=300).stdout
        results = []
        while out:
            n = int.from_bytes(out[1:5], "big")
            text = out[5:5 + n]
            results.append(text if out[:1] == b"+" else text.decode())
            out = out[5 + n:]
        self.assertEqual(len(results), len(messages))
        return results

    def check(self, message, result, level):
        bare = result.replace(b"\r\n", b"")
        for octet in b"\0\r\n":
            self.assertNotIn(octet, bare)
        self.assertLessEqual(max(map(len, result.split(b"\r\n"))), 998)
        if level == "7bit":
            self.assertTrue(result.isascii())
        before, after = parts(message), parts(result)
        self.assertEqual([p.get_content_type() for p in before],
                         [p.get_content_type() for p in after])
        for a, b in zip(before, after):
            self.assertEqual([v for k, v in a.items() if k == "X-Long"],
                             [v for k, v in b.items() if k == "X-Long"])
            if not a.is_multipart():
                self.assertEqual(octets(a), octets(b))
            elif result != message and not sealed(message):
                self.assertIn(b.get("Content-Transfer-Encoding", "7bit"),
                              ("7bit", "8bit")[:1 + (level == "8bit")])
        self.assertEqual(sealed(message), sealed(result))

    def run_all(self, level):
        messages = [Maker(f"{level} {i}").message() for i in range(MESSAGES)]
        changed = 0
        for i, (message, result) in enumerate(
                zip(messages, self.convert(messages, level))):
            with self.subTest(seed=f"{level} {i}"):
                if isinstance(result, str):
                    self.assertIn("signed", result)
                    self.assertIn(b"multipart/signed", message)
                    continue
                changed += result != message
                self.check(message, result, level)
        self.assertGreater(changed, MESSAGES // 4)

    def test_for_7bit(self):
        self.run_all("7bit")

    def test_for_8bit(self):
        self.run_all("8bit")


if __name__ == "__main__":
    unittest.main()
