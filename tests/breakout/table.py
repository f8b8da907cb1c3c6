# SPDX-License-Identifier: ISC
"""lib/proc/messages.def and lib/proc/role.h, read as a test needs them.

    MESSAGES["verdict"].senders                 # {"local", "smtp"}
    frame = encode("route", 7, recipient=b"a@example.test")
    for name, octets, descriptors in mangled("mail_rcpt", 9): ...
"""

import os
import pathlib
import re
import struct

ROOT = pathlib.Path(__file__).resolve().parents[2]
HEAD = 12
FRAME_MAX = 256 * 1024
FDS_MAX = 32


def without_comments(path):
    return re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(), flags=re.S)


def read_roles():
    text = without_comments("lib/proc/role.h")
    return [name for name, upper in re.findall(r"ROLE\((\w+), (\w+)\)", text)
            if upper == name.upper() and upper != "NAME"]


# The order is the order of trust.
ROLES = read_roles()
BIT = {name: 1 << i for i, name in enumerate(ROLES)}


def role_sets():
    names = {"ROLE_" + name.upper(): bit for name, bit in BIT.items()}
    text = without_comments("lib/proc/role.h").replace("\\\n", " ")
    names["ROLE_COUNT"] = len(ROLES)
    for name, value in re.findall(r"#define (ROLE_\w+)\s+(\(.+\))", text):
        names[name] = eval(value.replace("1u", "1"), {}, names)
    return names


SETS = role_sets()


def roles_of(expression):
    bits = eval(expression, {}, SETS)
    return {name for name in ROLES if bits & BIT[name]}


class Message:
    def __init__(self, name, number, senders, receivers, fields):
        self.name, self.number, self.fields = name, number, fields
        self.senders, self.receivers = senders, receivers


def read_messages():
    text = without_comments("lib/proc/messages.def")
    found = {}
    for part in re.split(r"^MESSAGE\(", text, flags=re.M)[1:]:
        head = re.match(r"(\w+), (\d+),\s*([^,]+),\s*([^,]+),", part)
        name, number, senders, receivers = head.groups()
        found[name] = Message(name, int(number), roles_of(senders),
                              roles_of(receivers),
                              re.findall(r"FIELD\((\w+), (\w+),", part))
    return found


MESSAGES = read_messages()
NUMBERS = {m.number: m for m in MESSAGES.values()}

WIDTH = {"u8": 1, "u32": 4, "u64": 8, "i64": 8}


def counted(octets):
    return struct.pack(">I", len(octets)) + octets


def items(*octets):
    """A list."""
    return b"".join(counted(o) for o in octets)


def field(kind, value):
    """Its octets, and how many descriptors it has."""
    if kind in WIDTH:
        n = (value or 0) & (1 << 8 * WIDTH[kind]) - 1
        return n.to_bytes(WIDTH[kind], "big"), 0
    if kind in ("text", "list"):
        return counted(value or b""), 0
    if kind == "fd":
        return bytes([value is not None]), int(value is not None)
    value = value or ()
    return struct.pack(">I", len(value)), len(value)


def head(length, number, fds, tag):
    return struct.pack(">IHHI", length, number, fds, tag)


def encode(message, tag=0, **values):
    """A frame; descriptors are sent along by whoever sends it."""
    m, body, fds = MESSAGES[message], b"", 0
    for kind, what in m.fields:
        octets, n = field(kind, values.pop(what, None))
        body, fds = body + octets, fds + n
    assert not values, values
    return head(HEAD + len(body), m.number, fds, tag) + body


def decode(octets, fds):
    """The name, tag and {field: value} of one whole frame."""
    _, number, _, tag = struct.unpack(">IHHI", octets[:HEAD])
    m, rest, found = NUMBERS[number], octets[HEAD:], {}
    fds = list(fds)
    for kind, what in m.fields:
        if kind in WIDTH:
            found[what] = int.from_bytes(rest[:WIDTH[kind]], "big",
                                         signed=kind == "i64")
            rest = rest[WIDTH[kind]:]
        elif kind == "fd":
            found[what] = fds.pop(0) if rest[0] else None
            rest = rest[1:]
        else:
            n = int.from_bytes(rest[:4], "big")
            if kind == "fds":
                found[what], fds, n = fds[:n], fds[n:], 0
            else:
                found[what] = rest[4:4 + n]
            rest = rest[4 + n:]
    return m.name, tag, found


def null():
    return os.open("/dev/null", os.O_RDONLY)


def mangled(name, tag):
    """What breaks the rules of the wire: (what is wrong, octets, number of
    descriptors to send along)."""
    m = MESSAGES[name]
    whole = encode(name, tag)
    body = whole[HEAD:]

    def framed(octets, fds=0):
        return head(HEAD + len(octets), m.number, fds, tag) + octets
    if body:
        yield "an octet is missing", framed(body[:-1]), 0
        yield "only a head", framed(b""), 0
    yield "an octet too much", framed(body + b"\0"), 0
    yield "a descriptor too much", framed(body, 1), 1
    yield "longer than a frame may be", head(
        FRAME_MAX + 1, m.number, 0, tag) + body, 0
    yield "shorter than a head", head(HEAD - 1, m.number, 0, tag) + body, 0
    yield "more descriptors than there may be", head(
        len(whole), m.number, FDS_MAX + 1, tag) + body, 0
    at = 0
    for kind, what in m.fields:
        size = len(field(kind, None)[0])
        if kind in ("text", "list"):
            yield f"{what} ends behind the end", framed(
                body[:at] + b"\xff\xff\xff\xff" + body[at + size:]), 0
        if kind == "list":
            yield f"{what} holds a torn text", framed(
                body[:at] + counted(b"\0\0\0\x09abc") + body[at + size:]), 0
        if kind == "fd":
            yield f"{what} has not come", framed(
                body[:at] + b"\1" + body[at + size:]), 0
            yield f"{what} is neither there nor not", framed(
                body[:at] + b"\2" + body[at + size:]), 0
        if kind == "fds":
            yield f"{what} are too many", framed(
                body[:at] + b"\xff\xff\xff\xff" + body[at + size:]), 0
        at += size


NASTY = {
    "text": (b"\0", b"../../etc/passwd", b"\xff" * 300, b"a" * 60000,
             b"\r\n.\r\n", b"%s%n", b"alice@example.test"),
    "list": (items(b""), items(b"\0", b"/"), items(*[b"x"] * 5000),
             items(b"\xff" * 50000)),
}


def extreme(name, tag):
    """Well-formed messages with values that nobody sends: (what, octets, number
    of descriptors)."""
    fields = MESSAGES[name].fields
    for n in (0, 1, (1 << 31) - 1, (1 << 64) - 1, 1 << 63):
        for turn in range(4):
            values, fds = {}, 0
            for kind, what in fields:
                if kind in WIDTH:
                    values[what] = n
                elif kind in NASTY:
                    of = NASTY[kind]
                    values[what] = of[turn * 2 % len(of)]
                elif kind == "fd":
                    values[what], fds = 0, fds + 1
                else:
                    values[what], fds = range(turn), fds + turn
            octets = encode(name, tag, **values)
            if len(octets) <= FRAME_MAX:
                yield f"numbers {n}, turn {turn}", octets, fds


