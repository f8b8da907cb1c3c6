# SPDX-License-Identifier: ISC
"""One program alone, with this process as its master and as all its siblings.

What a taken-over sibling can do is what its end of the link can carry: it has
nothing else (probe.c). So whoever holds that end is that sibling.

    target = Target("store", server)            # the real program, confined
    auth = target.link("auth")
    auth.call("grant", process=7, session=1, user=b"alice@example.test")
    imapd = target.link("imapd", process=7)
    imapd.call("mailbox_list", session=1)       # ("mailboxes", {...})
    imapd.end(octets)                           # sends, then reads to the end
"""

import itertools
import os
import signal
import socket
import struct

from table import BIT, HEAD, decode, encode

GUARD = 120     # seconds until a program counts as hanging
numbers = itertools.count(1000)


def memory_file(octets, name="breakout"):
    fd = os.memfd_create(name)
    os.write(fd, octets)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


class Link:
    """An end of a link."""

    def __init__(self, sock, process=0):
        self.sock, self.process = sock, process
        self.octets, self.fds = b"", []
        self.tags = itertools.count(1)
        self.pushed = []        # what came without being asked for
        sock.settimeout(GUARD)

    def send(self, octets, fds=()):
        socket.send_fds(self.sock, [octets], list(fds))

    def say(self, message, fds=(), tag=0, **values):
        self.send(encode(message, tag, **values), fds)

    def read(self):
        """The next message: (name, tag, fields), or None at the end."""
        while True:
            if len(self.octets) >= HEAD:
                n, _, nfds, _ = struct.unpack(">IHHI", self.octets[:HEAD])
                if len(self.octets) >= n:
                    frame, self.octets = self.octets[:n], self.octets[n:]
                    fds, self.fds = self.fds[:nfds], self.fds[nfds:]
                    return decode(frame, fds)
            try:
                more, fds, _, _ = socket.recv_fds(self.sock, 1 << 16, 64)
            except ConnectionResetError:
                return None
            self.fds += fds
            if not more:
                return None
            self.octets += more

    def call(self, message, fds=(), **values):
        """The answer: (name, fields); None when the link breaks."""
        tag = next(self.tags) | self.owner
        try:
            self.say(message, fds, tag, **values)
        except OSError:
            return None
        while True:
            got = self.read()
            if got is None:
                return None
            if got[1] == tag:
                return got[0], got[2]
            self.pushed.append((got[0], got[2]))

    def end(self, octets, fds=()):
        """Send, say no more, and read what comes until the other end has had
        enough: [(name, fields)]."""
        found = []
        try:
            self.send(octets, fds)
            self.sock.shutdown(socket.SHUT_WR)
        except OSError:         # thrown out in the middle of it
            pass
        while (got := self.read()) is not None:
            found.append((got[0], got[2]))
            close_all(got[2])
        self.close()
        return found

    def close(self):
        self.sock.close()
        for fd in self.fds:
            os.close(fd)
        self.fds = []


def close_all(fields):
    for value in fields.values():
        for fd in value if isinstance(value, list) else []:
            os.close(fd)


class Target:
    def __init__(self, role, server, binary=None, before=()):
        """before: (name, descriptors, fields) of what master says to this
        program alone ahead of the start."""
        self.role, self.server = role, server
        own, theirs = socket.socketpair()
        self.log_file = server.dir / f"log/{role}.{next(numbers)}"
        self.log_fd = os.open(self.log_file,
                              os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        self.pid = os.posix_spawn(
            str(binary or server.program(role)), [role],
            {k: os.environ[k] for k in ("PATH", "ASAN_OPTIONS",
                                        "UBSAN_OPTIONS") if k in os.environ},
            file_actions=[(os.POSIX_SPAWN_DUP2, self.log_fd, 1),
                          (os.POSIX_SPAWN_DUP2, self.log_fd, 2),
                          (os.POSIX_SPAWN_DUP2, theirs.fileno(), 3)])
        theirs.close()
        self.status = None
        self.links = []
        self.master = Link(own)
        name, _, said = self.master.read()
        assert name == "hello", name
        self.digest = said["digest"]
        settings, log = memory_file(server.settings), os.dup(self.log_fd)
        self.tell("welcome", [settings, log], digest=self.digest,
                  process=next(numbers), settings=0, log=0)
        for what, fds, fields in before:
            self.tell(what, fds, **fields)
        self.tell("start")
        while (got := self.master.read()) is not None and got[0] != "ready":
            pass
        if got is None:
            raise RuntimeError(f"{role} did not start:\n{self.log()}")

    def tell(self, message, fds=(), **fields):
        """As master; the descriptors are gone afterwards."""
        self.master.say(message, fds, **fields)
        for fd in fds:
            os.close(fd)

    def link(self, role, process=None, instance=0):
        """As a sibling of that role, in a process of its own."""
        own, theirs = socket.socketpair()
        process = next(numbers) if process is None else process
        self.master.say("peer", [theirs.fileno()], role=BIT[role],
                        instance=instance, process=process, link=0)
        theirs.close()
        link = Link(own, process)
        # The lower role counts its requests from 1, the other from 2^31.
        link.owner = 0 if BIT[role] < BIT[self.role] else 1 << 31
        self.links.append(link)
        return link

    def log(self):
        return self.log_file.read_text(errors="replace")

    def ended(self):
        """How it ended; None while it lives."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = status
        return self.status

    def stop(self):
        """The exit status of an orderly end, or how it had ended before."""
        if self.ended() is None:
            self.tell("stop", grace=1000)
            while self.master.read() is not None:
                pass
        if self.ended() is None:
            self.status = os.waitpid(self.pid, 0)[1]
        return self.status

    def remove(self):
        if self.ended() is None:
            os.kill(self.pid, signal.SIGKILL)
            self.status = os.waitpid(self.pid, 0)[1]
        for link in (self.master, *self.links):
            link.close()
        os.close(self.log_fd)
