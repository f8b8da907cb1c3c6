# SPDX-License-Identifier: ISC
"""IMAP octet by octet, for tests that want to be rude or exact."""

import itertools
import re
import socket

from server import DOMAIN

ALICE = f"alice@{DOMAIN}"
SELECT = {"box": b"SELECT INBOX", "look": b"EXAMINE INBOX"}


class Wrong(Exception):
    pass


class Talk:
    """A session, octet by octet."""

    def __init__(self, server, state):
        self.socket = socket.create_connection(
            ("127.0.0.1", server.ports["imap"]), 30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending, self.tags, self.errors = b"", itertools.count(1), 0
        self.line()
        if state != "login":
            self.must(f"LOGIN {ALICE} {server.users[ALICE]}".encode())
        if state in SELECT:
            self.must(SELECT[state])

    def close(self):
        self.socket.close()

    def line(self):
        """A line with the literals in it; b"" when the server has closed."""
        line = b""
        while True:
            while b"\n" not in self.pending:
                if not self.more():
                    return b""
            part, _, self.pending = self.pending.partition(b"\n")
            line += part + b"\n"
            literal = re.search(rb"\{(\d+)\}\r\n\Z", part + b"\n")
            if not literal:
                break
            while len(self.pending) < int(literal[1]) and self.more():
                pass
            line += self.pending[:int(literal[1])]
            self.pending = self.pending[int(literal[1]):]
        if not line.endswith(b"\r\n") or b"\0" in line:
            raise Wrong(f"out of form: {line[:200]!r}")
        return line

    def more(self):
        try:
            more = self.socket.recv(65536)
        except (ConnectionResetError, BrokenPipeError):
            more = b""
        except (TimeoutError, socket.timeout):
            raise Wrong(f"no reply; pending {self.pending!r}") from None
        self.pending += more
        return bool(more)

    def send(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass                # its reason is still to be read

    def reply(self):
        """The next line that is no untagged data, and the data before it."""
        data = []
        while True:
            line = self.line()
            if not re.match(rb"\* (?!BAD|BYE)", line):
                return line, data
            data.append(line)

    def must(self, command):
        """The untagged data before its OK."""
        tag = b"m%d" % next(self.tags)
        self.send(tag + b" " + command + b"\r\n")
        line, data = self.reply()
        if not line.startswith(tag + b" OK"):
            raise Wrong(f"{command[:60]!r} gives {line[:200]!r}")
        return b"".join(data)

    def fetch(self, number, items):
        """{item: value} of one message."""
        data = self.must(b"FETCH %d (%s)" % (number, items))
        head = b"* %d FETCH " % number
        if not data.startswith(head):
            raise Wrong(f"no FETCH: {data[:200]!r}")
        values = Values(data, len(head)).value()
        return dict(zip(values[::2], values[1::2]))


class Values:
    """Data of a response: lists, numbers, None for NIL, strings as bytes,
    other atoms as str."""

    ATOM = re.compile(rb"[^ ()\"{\r\n\[]+(\[[^\]]*\](<\d+>)?)?")
    LITERAL = re.compile(rb"~?\{(\d+)\}\r\n")
    QUOTED = re.compile(rb'"((?:[^"\\\r\n]|\\["\\])*)"')

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, pattern):
        found = pattern.match(self.data, self.at)
        if not found:
            raise Wrong(f"out of form: {self.data[self.at:][:100]!r}")
        self.at = found.end()
        return found

    def items(self):
        self.at += 1
        while self.data[self.at:self.at + 1] != b")":
            yield self.value()
            # BODYSTRUCTURE has parts without a blank between
            if self.data[self.at:self.at + 1] == b" ":
                self.at += 1
        self.at += 1

    def value(self):
        first = self.data[self.at:self.at + 1]
        if first == b"(":
            return list(self.items())
        if first == b'"':
            return re.sub(rb"\\(.)", rb"\1", self.take(self.QUOTED)[1])
        if first in b"{~":
            size = int(self.take(self.LITERAL)[1])
            self.at += size
            return self.data[self.at - size:self.at]
        atom = self.take(self.ATOM)[0]
        if atom == b"NIL":
            return None
        return int(atom) if atom.isdigit() else atom.decode("latin-1")
