# SPDX-License-Identifier: ISC
"""A program that answers for tables over sockets, also as none should."""

import smtplib
import socket
import socketserver
import threading
import urllib.parse


class Recipients:
    """For a test with a server: what it says about recipients."""

    def answer(self, recipient):
        with smtplib.SMTP("127.0.0.1", self.server.ports["smtp"],
                          timeout=60) as smtp:
            smtp.ehlo("client.test")
            smtp.mail("friend@client.test")
            code, text = smtp.rcpt(recipient)
        return f"{code} {text.decode()}"

    def expect(self, says, *recipients):
        for recipient in recipients:
            with self.subTest(recipient=recipient):
                self.assertEqual(self.answer(recipient)[:len(says)], says)


class Closed(Exception):
    pass


def netstring(text):
    return b"%d:%s," % (len(text), text)


class Handler(socketserver.StreamRequestHandler):
    """The answer of a key is text, None, or octets that are sent as they are,
    after which the connection is closed; a function makes one of these."""

    def handle(self):
        self.server.connections += 1
        try:
            while True:
                self.turn()
        except (Closed, OSError):
            pass

    def turn(self):
        key = self.read_line() if self.server.lines else self.read_netstring()
        self.server.asked.append(key)
        answer = self.server.answers.get(key)
        if callable(answer):
            answer = answer()
        if isinstance(answer, bytes):
            self.wfile.write(answer)
            raise Closed
        if self.server.lines:
            self.wfile.write(b"500 none\n" if answer is None else b"200 " +
                             urllib.parse.quote(answer, "@,").encode() +
                             b"\n")
        else:
            self.wfile.write(netstring(b"NOTFOUND " if answer is None else
                                       b"OK " + answer.encode()))

    def read_netstring(self):
        digits = b""
        while not digits.endswith(b":"):
            one = self.rfile.read(1)
            if not one:
                raise Closed
            digits += one
        text = self.rfile.read(int(digits[:-1]) + 1)
        assert text.endswith(b","), text
        name, key = text[:-1].decode().split(" ", 1)
        assert name == "names", name
        return key

    def read_line(self):
        line = self.rfile.readline().decode()
        if not line.endswith("\n"):
            raise Closed
        verb, key = line[:-1].split(" ")
        assert verb == "get", line
        return urllib.parse.unquote(key)


class Tables:
    """At a path or a port; lines: by tcp_table(5), else by netstrings."""

    def __init__(self, answers, path=None, port=0, lines=False):
        kind = (socketserver.ThreadingUnixStreamServer if path else
                socketserver.ThreadingTCPServer)
        self.server = type("Server", (kind,), {
            "allow_reuse_address": True, "daemon_threads": True,
            "request_queue_size": 100})(
                str(path) if path else ("127.0.0.1", port), Handler)
        self.server.answers = answers
        self.server.lines = lines
        self.server.asked = self.asked = []
        self.server.connections = 0
        self.sockets = []
        get_request = self.server.get_request

        def remember():
            got = get_request()
            self.sockets.append(got[0])
            return got
        self.server.get_request = remember
        self.port = None if path else self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever,
                                       args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def connections(self):
        return self.server.connections

    def hang_up(self):
        """As one that has been idle for long."""
        for one in self.sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.sockets.clear()

    def end(self):
        self.server.shutdown()
        self.server.server_close()
        self.hang_up()
