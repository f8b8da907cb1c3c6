# SPDX-License-Identifier: ISC
"""Messages of many shapes, and what a server may add in front of them."""

import random
import re

# Where buffers end.
EDGES = (1, 2, 511, 512, 1023, 1024, 4094, 4095, 4096, 4097, 8191, 8192, 16383,
         16384, 16385, 32768, 65535, 65536, 65537, 131072)


def header(number, more=""):
    return (f"From: tester@client.test\r\nTo: alice@example.test\r\n"
            f"Subject: number {number}\r\n{more}\r\n").encode()


def lines(rng, count, longest):
    """count lines of 8-bit octets without NUL, CR and LF."""
    allowed = bytes(b for b in range(1, 256) if b not in b"\r\n")
    return b"".join(bytes(rng.choices(allowed, k=rng.randrange(longest)))
                    + b"\r\n" for _ in range(count))


def empty_body(number, rng):
    return header(number)


def only_header(number, rng):
    return header(number)[:-2]


def no_header(number, rng):
    return f"\r\nnumber {number}\r\n".encode()


def text(number, rng):
    words = "post house rider horse letter bag road night".split()
    return header(number) + b"".join(
        " ".join(rng.choices(words, k=rng.randrange(1, 12))).encode() + b"\r\n"
        for _ in range(rng.randrange(40)))


def longest_lines(number, rng):
    return header(number) + (b"x" * 998 + b"\r\n") * rng.randrange(1, 20)


def dots(number, rng):
    some = (b".", b"..", b"...", b".x", b"x.", b"", b" .", b". ", b"QUIT")
    return header(number) + b"\r\n".join(rng.choices(some, k=50)) + b"\r\n"


def eight_bit(number, rng):
    return header(number, "Content-Type: text/plain; charset=x-none\r\n") + \
        lines(rng, rng.randrange(30), 990)


def blank_lines(number, rng):
    return header(number) + b"\r\n" * rng.randrange(1, 200)


def edge(number, rng):
    """A whole message of just so many octets, or one more or less."""
    size = EDGES[number % len(EDGES)] + rng.randrange(-1, 2)
    start = header(number)
    fill = max(2, size - len(start))
    body = b""
    while fill > 1000:
        body += b"y" * 78 + b"\r\n"
        fill -= 80
    return start + body + b"z" * (fill - 2) + b"\r\n"


def folded(number, rng):
    more = "X-Long: " + "\r\n\t".join("word" * 15 for _ in range(60)) + "\r\n"
    return header(number, more) + b"folded\r\n"


def many_fields(number, rng):
    more = "".join(f"X-Field-{i}: {i}\r\n" for i in range(300))
    return header(number, more) + b"many\r\n"


def multipart(number, rng):
    return header(number, "MIME-Version: 1.0\r\nContent-Type: multipart/mixed;"
                  "\r\n boundary=\"=_b\"\r\n") + (
        b"preamble\r\n--=_b\r\n\r\nfirst\r\n--=_b\r\n"
        b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\ninner\r\n"
        b"--=_b--\r\nepilogue\r\n")


SHAPES = (empty_body, only_header, no_header, text, longest_lines, dots,
          eight_bit, blank_lines, edge, folded, many_fields, multipart)


def message(number):
    """The message of this number: always the same."""
    rng = random.Random(number)
    return SHAPES[number % len(SHAPES)](number, rng)


def big(size):
    """A message of about so many octets."""
    start = header("big")
    line = b"0123456789" * 7 + b"abcdef\r\n"
    return start + line * ((size - len(start)) // len(line) + 1)


def without_trace(content):
    """What the client sent; fails when the trace fields are not in front."""
    found = re.match(rb"Return-Path: <[^\r\n]*>\r\n", content)
    if not found:
        raise AssertionError(f"no Return-Path in front: {content[:80]!r}")
    rest = content[found.end():]
    found = re.match(rb"(?:(?:X-Original-To|Delivered-To): [^\r\n]*\r\n)*"
                     rb"Received: [^\r\n]*\r\n(?:[ \t][^\r\n]*\r\n)*", rest)
    if not found:
        raise AssertionError(f"no Received field: {rest[:80]!r}")
    return rest[found.end():]
