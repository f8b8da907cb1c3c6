# SPDX-License-Identifier: ISC
"""POP3, POP2 and IMAP octet by octet, for tests that compare what each sees.

These clients keep to the letter: a reply that is out of form, a dot too many or
an octet too few is an error here, where a library would look away.
"""

import re
import socket


class Lost(Exception):
    """The server ended the connection."""


class Refused(Exception):
    """-ERR of POP3, - of POP2, NO and BAD of IMAP; its text."""


class Line:
    def __init__(self, server, protocol, timeout=30):
        self.socket = server.connect(protocol)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(timeout)
        self.file = self.socket.makefile("rb")

    def line(self):
        try:
            line = self.file.readline()
        except ConnectionError:
            raise Lost from None
        if not line.endswith(b"\r\n"):
            raise Lost(line)
        return line[:-2]

    def octets(self, count):
        try:
            octets = self.file.read(count)
        except ConnectionError:
            raise Lost from None
        if len(octets) != count:
            raise Lost(f"{len(octets)} of {count} octets")
        return octets

    def send(self, octets):
        try:
            self.socket.sendall(octets)
        except ConnectionError:
            raise Lost from None

    def at_end(self):
        try:
            return self.file.read(1) == b""
        except ConnectionError:
            return True

    def close(self):
        self.file.close()
        self.socket.close()


class Pop3(Line):
    def __init__(self, server, user, password):
        super().__init__(server, "pop3")
        try:
            self.reply()
            self.say("USER " + user)
            self.say("PASS " + password)
        except (Lost, Refused):
            self.close()
            raise

    def reply(self):
        line = self.line().decode()
        if line.startswith("-ERR "):
            raise Refused(line[5:])
        if not line.startswith("+OK"):
            raise AssertionError(f"not a reply: {line!r}")
        return line[4:]

    def say(self, line):
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def body(self):
        """The octets of a reply of many lines, dots taken out."""
        lines = []
        while (line := self.file.readline()) != b".\r\n":
            if not line:
                raise Lost
            if line.startswith(b"."):
                if not line.startswith(b".."):
                    raise AssertionError(f"a lone dot: {line!r}")
                line = line[1:]
            lines.append(line)
        return b"".join(lines)

    def stat(self):
        return tuple(map(int, self.say("STAT").split()))

    def listing(self, verb):
        """{number: word}"""
        self.say(verb)
        return {int(number): word for number, word in
                (line.split() for line in self.body().decode().splitlines())}

    def retr(self, number):
        """(octets as announced, octets that came)"""
        said = self.say(f"RETR {number}")
        return int(said.split()[0]), self.body()

    def top(self, number, lines):
        self.say(f"TOP {number} {lines}")
        return self.body()

    def quit(self):
        try:
            self.say("QUIT")
        finally:
            self.close()


class Pop2(Line):
    def __init__(self, server, user, password):
        super().__init__(server, "pop2")
        try:
            self.line()
            self.count = self.number("#", f"HELO {user} {password}")
        except (Lost, Refused):
            self.close()
            raise

    def number(self, kind, line):
        self.send(line.encode() + b"\r\n")
        reply = self.line().decode()
        if reply.startswith("-"):
            raise Refused(reply[2:])
        if not re.fullmatch(rf"{kind}\d+", reply):
            raise AssertionError(f"{line}: {reply!r}")
        return int(reply[1:])

    def retr(self, size):
        self.send(b"RETR\r\n")
        return self.octets(size)

    def quit(self):
        self.send(b"QUIT\r\n")
        reply = self.line().decode()
        self.close()
        if reply.startswith("-"):
            raise Refused(reply[2:])


LITERAL = re.compile(rb"\{(\d+)\}\Z")


class Imap(Line):
    """`view` follows the selected mailbox by what the server tells; its
    entries are UIDs, None for those not asked for yet."""

    def __init__(self, server, user, password):
        super().__init__(server, "imap")
        self.tag, self.view = 0, []
        self.line()
        self.say(f'LOGIN {user} "{password}"')

    def response(self):
        """A whole response, its literals inside."""
        text = self.line()
        while found := LITERAL.search(text):
            text += b"\r\n" + self.octets(int(found[1])) + self.line()
        self.follow(text)
        return text

    def follow(self, text):
        found = re.match(rb"\* (\d+) (EXISTS|EXPUNGE)\Z", text)
        if not found:
            return
        number = int(found[1])
        if found[2] == b"EXPUNGE":
            del self.view[number - 1]
        elif number < len(self.view):
            raise AssertionError(f"{text!r} with {len(self.view)} messages")
        else:
            self.view += [None] * (number - len(self.view))

    def finish(self):
        """Untagged responses up to the tagged one."""
        untagged = []
        tag = b"t%d " % self.tag
        while not (text := self.response()).startswith(tag):
            untagged.append(text)
        if not text.startswith(tag + b"OK"):
            raise Refused(text[len(tag):].decode())
        return untagged

    def say(self, line, literal=None):
        self.tag += 1
        octets = b"t%d %s" % (self.tag, line.encode())
        if literal is not None:
            octets += b" {%d+}\r\n%s" % (len(literal), literal)
        self.send(octets + b"\r\n")
        return self.finish()

    def select(self, name):
        self.view = []
        return self.say(f"SELECT {name}")

    def idle(self):
        self.tag += 1
        self.send(b"t%d IDLE\r\n" % self.tag)
        while not self.response().startswith(b"+"):
            pass

    def done(self):
        self.send(b"DONE\r\n")
        return self.finish()

    def fetch(self, what="1:*"):
        """{uid: (flags, size)} of the view, whose order it fills in."""
        found = {}
        for text in self.say(f"FETCH {what} (UID FLAGS RFC822.SIZE)"):
            number = re.match(rb"\* (\d+) FETCH ", text)
            uid = re.search(rb"UID (\d+)", text)
            if not number or not uid:
                continue
            self.view[int(number[1]) - 1] = int(uid[1])
            flags = re.search(rb"FLAGS \(([^)]*)\)", text)[1].decode().split()
            size = re.search(rb"RFC822\.SIZE (\d+)", text)
            found[int(uid[1])] = (set(flags) - {r"\Recent"}, int(size[1]))
        return found

    def content(self, uid):
        """BODY[] of a message; None when it is gone."""
        for text in self.say(f"UID FETCH {uid} BODY.PEEK[]"):
            found = re.search(rb"BODY\[\] \{(\d+)\}\r\n", text)
            if found:
                return text[found.end():found.end() + int(found[1])]
        return None
