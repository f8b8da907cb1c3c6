# SPDX-License-Identifier: ISC
"""SMTP octet by octet, for tests that want to be rude.

A Wire sends what it is told and reads replies, which it holds to the form that
RFC 5321 4.2 and RFC 2034 give them; a reply out of form is a BadReply.
"""

import base64
import collections
import re
import socket
import ssl

Reply = collections.namedtuple("Reply", "code status lines")
REPLY_LINE = re.compile(rb"([2-5][0-5]\d)([ -])(.*)\r\n\Z", re.DOTALL)
STATUS = re.compile(r"([245]\.\d{1,3}\.\d{1,3}) ")


class BadReply(Exception):
    pass


class Closed(Exception):
    """The server ended the session."""


def client_context(**options):
    """TLS that believes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for name, value in options.items():
        setattr(context, name, value)
    return context


def plain_response(user, password, as_user=""):
    return base64.b64encode(
        f"{as_user}\0{user}\0{password}".encode()).decode()


class Wire:
    def __init__(self, port, timeout=10, greet=True, tls=False):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.pending = b""
        if tls:
            self.start_tls()
        self.utf8 = False       # after SMTPUTF8 replies may have it, too
        if greet:
            self.greeting = self.reply(plain=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def start_tls(self, context=None):
        self.socket = (context or client_context()).wrap_socket(
            self.socket, server_hostname="mail.example.test")

    # ---- replies ----

    def line(self):
        """With its CR LF."""
        while b"\n" not in self.pending:
            try:
                more = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError,
                    ssl.SSLEOFError):
                more = b""
            except (TimeoutError, socket.timeout):
                raise BadReply("no reply came; pending "
                               f"{self.pending!r}") from None
            if not more:
                if self.pending:
                    raise BadReply(f"half a line: {self.pending!r}")
                raise Closed
            self.pending += more
        line, _, self.pending = self.pending.partition(b"\n")
        return line + b"\n"

    def reply(self, plain=False):
        """plain: one that has no enhanced status (greeting, EHLO)."""
        lines, last = [], False
        while not last:
            line = self.line()
            found = REPLY_LINE.match(line)
            if not found or len(line) > 512 or \
                    not (line.isascii() or self.utf8) or \
                    re.search(rb"[\0-\x08\x0a-\x1f\x7f]", found[3]):
                raise BadReply(f"not a reply line: {line!r}")
            lines.append((found[1].decode(), found[3].decode("utf-8")))
            last = found[2] == b" "
        if len({code for code, _ in lines}) > 1:
            raise BadReply(f"codes differ: {lines}")
        code = int(lines[0][0])
        found = STATUS.match(lines[0][1])
        if found and found[1][0] != str(code)[0]:
            raise BadReply(f"{found[1]} does not go with {code}")
        if found and not all(text.startswith(found[0]) for _, text in lines):
            raise BadReply(f"codes differ: {lines}")
        if not found and not plain and code // 100 != 3:
            raise BadReply(f"no enhanced status: {lines}")
        return Reply(code, found[1] if found else "",
                     [text[len(found[0]):] if found else text
                      for _, text in lines])

    def at_end(self):
        """Whether nothing but the end of the stream follows."""
        try:
            self.line()
        except Closed:
            return True
        return False

    # ---- commands ----

    def send(self, octets):
        if isinstance(octets, str):
            octets = octets.encode("latin-1")
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError, ssl.SSLEOFError):
            raise Closed from None

    def say(self, line, plain=False):
        """A command line and its reply."""
        self.send(line + "\r\n" if isinstance(line, str) else line + b"\r\n")
        return self.reply(plain)

    def must(self, line, code):
        """The same; the reply must have that code."""
        reply = self.say(line, plain=line[:4].upper() in
                         ("EHLO", "HELO", "LHLO"))
        if reply.code != code:
            raise BadReply(f"{line!r} gives {reply}, not {code}")
        return reply

    def hello(self, verb="EHLO", name="client.test"):
        """{keyword: parameters}"""
        reply = self.must(f"{verb} {name}", 250)
        if not reply.lines[0].endswith(name):
            raise BadReply(f"the reply to {verb} {name} is {reply}")
        return {line.split(" ")[0].upper(): line.split(" ")[1:]
                for line in reply.lines[1:]}

    def secure(self, verb="EHLO", context=None):
        self.hello(verb)
        self.must("STARTTLS", 220)
        self.start_tls(context)
        return self.hello(verb)

    def log_in(self, user, password):
        return self.must("AUTH PLAIN " + plain_response(user, password), 235)
