# SPDX-License-Identifier: ISC
"""Sessions of all protocols at the same time that make no sense: right and
wrong commands in any order, in pieces and in heaps, connections that break,
while the programs behind them are killed and the settings change. Nothing may fail a must() or a
sanitizer, no session program may die or keep a descriptor, and nobody may see
what is somebody else's.

    SEED=n SECONDS=n    another order, another length
"""

import base64
import os
import random
import re
import signal
import socket
import struct
import threading
import time
import unittest

from server import DOMAIN, USERS, Server, message, wait_for, within

SEED = int(os.environ.get("SEED", "1"))
SECONDS = float(os.environ.get("SECONDS", "8"))
CLIENTS = 16
KILLED = ("store", "auth", "router", "queue")
SESSIONS = ("smtpd", "pop3d", "imapd")

ALICE, BOB = "alice@" + DOMAIN, "bob@" + DOMAIN
OTHER = {ALICE: BOB, BOB: ALICE}


def secret(user):
    return b"secret of " + user.encode()


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


def number(r):
    return r.choice(["0", "1", "2", "3", "99", "4294967295", "4294967296",
                     "99999999999999999999", "-1", "x"])


def octets(r):
    """A line that no protocol knows."""
    return bytes(r.choice(b"aZ09 \t\"\\(){}[]*%<>:,.@\0\x01\x7f\x80\xff")
                 for _ in range(r.randrange(40)))


# ---- what clients say: a list of octet strings for each step ----

def smtp_content(r):
    lines = [b"Subject: stress", b""] if r.random() < 0.7 else []
    lines += [r.choice([b"text", b".", b"..", b".x", b"x" * r.choice(
        [70, 998, 999, 5000]), b"\x80", b""]) for _ in range(r.randrange(9))]
    text = b"\r\n".join(lines) + b"\r\n"
    if r.random() < 0.1:
        text += r.choice([b"\n.\n", b"\r.\r", b"\r\n.\n", b"\n.\r\n", b"\0"])
    if r.random() < 0.1:
        text *= r.choice([10, 1000])
    return text + b".\r\n"


def smtp(r, user):
    to = r.choice([ALICE, BOB, "nobody@" + DOMAIN, "x@elsewhere.test",
                   "postmaster", '"a b"@' + DOMAIN, "a" * 400, ""])
    start = r.choice([["EHLO c.test"], ["LHLO c.test"], ["HELO c.test"],
                      ["EHLO c.test", "AUTH PLAIN " + plain(
                          user, USERS[user])]])
    mail = [f"MAIL FROM:<{user}>" + r.choice(["", " SIZE=100", " SIZE=1x",
                                              " BODY=8BITMIME", " X=1"])]
    step = r.choice([
        start, start + mail, start + mail + [f"RCPT TO:<{to}>"], mail,
        [f"RCPT TO:<{to}>"] * r.choice([1, 1, 20]), ["DATA"], ["DATA"],
        ["RSET"], ["NOOP"], ["QUIT"], ["HELP"], ["VRFY x"], ["EHLO"],
        ["AUTH LOGIN", base64.b64encode(user.encode()).decode(), "*"],
        ["AUTH PLAIN ====", "AUTH PLAIN"], ["AUTH LOGIN", "x" * 3000],
        ["MAIL FROM:<>"], ["HELO " + "h" * r.choice([3, 255, 256])]])
    out = [line.encode() + b"\r\n" for line in step]
    if r.random() < 0.5:
        out += [b"RSET\r\n"] + [line.encode() + b"\r\n" for line in
                                start[:1] + mail + [f"RCPT TO:<{user}>"]]
        out += [b"DATA\r\n", smtp_content(r)]
    return out


def pop3(r, user):
    login = [f"USER {user}", "PASS " + r.choice([USERS[user]] * 20 + ["x"])]
    step = r.choice([
        login, login, login[:1], ["PASS x"], ["STAT"], ["LIST"],
        ["LIST " + number(r)], ["UIDL"], ["UIDL " + number(r)],
        ["RETR " + number(r)], ["RETR 1", "RETR 2", "RETR 3", "RETR 4"],
        [f"TOP {number(r)} {number(r)}"], ["DELE " + number(r)], ["RSET"],
        ["NOOP"], ["CAPA"], ["QUIT"], ["APOP a b"], ["X" * 300]])
    return [line.encode() + b"\r\n" for line in step]


def pop2(r, user):
    folder = r.choice(["INBOX", "../" + OTHER[user].split("@")[0], "x", "/",
                       f"../../{DOMAIN}/" + OTHER[user].split("@")[0]])
    step = r.choice([
        [f"HELO {user} {USERS[user]}"], [f"HELO {user} {USERS[user]}"],
        ["READ", "RETR", "ACKS"], ["READ " + number(r)], ["RETR"], ["ACKD"],
        ["NACK"], ["FOLD " + folder, "READ 1", "RETR"], ["QUIT"]])
    return [line.encode() + b"\r\n" for line in step]


def imap_literal(r, head, text):
    plus = r.choice([b"+", b""])
    return b"%s{%d%s}\r\n%s" % (head, len(text), plus, text)


def imap(r, user):
    other = OTHER[user].split("@")[0]
    box = r.choice(["INBOX", "inbox", "Sent", "Sent/Sub", "x", '""', '"a b"',
                    "&AOk-", "&", "../" + other, f"INBOX/../../{other}",
                    f"../../{DOMAIN}/{other}", "a" * 300, "%", "Trash"])
    numbers = r.choice(["1", "1:*", "*", "2,1,3:2", "0", "1:4294967295", ",",
                        "99", "1:" + number(r)])
    uid = r.choice(["", "UID "])
    login = f"LOGIN {user} " + r.choice([USERS[user]] * 20 + ["x"])
    text = message("stress", "x\r\n" * r.choice([1, 100, 9000]))
    step = r.choice([
        [login, "SELECT INBOX"], [login, f"SELECT {box}"], [login],
        [f"SELECT {box}"], [f"EXAMINE {box}"], [f"CREATE {box}"],
        [f"DELETE {box}"], [f"RENAME {box} Sent"], [f"RENAME INBOX {box}"],
        [f"SUBSCRIBE {box}"], [f'LIST "" {r.choice(["*", "%", box])}'],
        ['LSUB "" *'], [f"STATUS {box} (MESSAGES UNSEEN SIZE)"],
        [f"{uid}FETCH {numbers} " + r.choice([
            "(FLAGS UID)", "BODY[]", "(BODY.PEEK[TEXT]<0.100> ENVELOPE)",
            "BODYSTRUCTURE", "BODY[1.MIME]", "BODY[HEADER.FIELDS (To X)]",
            "FULL", "BODY[", "(" * 60])],
        [f"{uid}STORE {numbers} {r.choice(['+', '-', ''])}FLAGS" +
         r.choice([" (\\Seen)", ".SILENT (\\Deleted)", " kw", " \\Recent"])],
        [f"{uid}SEARCH " + r.choice(["ALL", "TEXT stress", "UNSEEN " + numbers,
                                     "OR SEEN NOT SEEN", "(" * 70, "KEYWORD",
                                     "CHARSET X ALL"])],
        [f"{uid}COPY {numbers} {box}"], [f"{uid}MOVE {numbers} Sent"],
        ["EXPUNGE"], ["CLOSE"], ["UNSELECT"], ["NOOP"], ["CAPABILITY"],
        ["LOGOUT"], ["ENABLE X"], ["NAMESPACE"], ['ID ("a" "b")'], ["ID NIL"],
        ["AUTHENTICATE PLAIN " + plain(user, USERS[user]), "SELECT INBOX"],
    ])
    out = [f"t{i} {line}\r\n".encode() for i, line in enumerate(step)]
    special = r.random()
    if special < 0.1:
        out += [imap_literal(r, b"t APPEND Sent ", text), b"\r\n"]
    elif special < 0.15:
        out += [imap_literal(r, b"t APPEND INBOX (\\Seen) ", text),
                imap_literal(r, b" ", text), b"\r\n"]
    elif special < 0.2:
        out += [b"t IDLE\r\n", r.choice([b"DONE\r\n", b"x\r\n"])]
    elif special < 0.23:
        out += [r.choice([b"t LOGIN {5}\r\n", b"t LOGIN {99999999999}\r\n",
                          b"t LOGIN {9999+}\r\n", b"t {", b"t AUTHENTICATE "
                          b"PLAIN\r\n*\r\n", b"t NOOP\n", b"\r\n"])]
    return out


TALK = {"smtp": smtp, "submission": smtp, "lmtp": smtp, "pop3": pop3,
        "pop2": pop2, "imap": imap}


class Client(threading.Thread):
    def __init__(self, server, which, until):
        super().__init__()
        self.server, self.until = server, until
        self.random = random.Random(f"{SEED}.{which}")
        self.seen = []          # what went wrong
        self.sessions = 0

    def run(self):
        while time.monotonic() < self.until and not self.seen:
            protocol = self.random.choice(list(TALK) + ["imap"] * 3)
            user = self.random.choice(list(USERS))
            try:
                with self.server.connect(protocol) as s:
                    self.talk(s, TALK[protocol], user)
            except OSError:
                pass
            self.sessions += 1

    def read(self, s, seconds, user):
        s.settimeout(seconds)
        got = b""
        while len(got) < 1 << 20:
            try:
                more = s.recv(65536)
            except (TimeoutError, socket.timeout):
                break
            got += more
            if not more:
                raise ConnectionError("closed")
            s.settimeout(0.005)
        if secret(OTHER[user]) in got:
            self.seen.append(f"{user} sees {got!r}")

    def write(self, s, text):
        r = self.random
        s.settimeout(5)
        if len(text) < 200 and r.random() < 0.05:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for octet in text:
                s.sendall(bytes([octet]))
        elif r.random() < 0.05:
            s.sendall(text[:r.randrange(len(text) + 1)])
        else:
            s.sendall(text)

    def talk(self, s, say, user):
        r = self.random
        if r.random() < 0.8:
            self.read(s, 1, user)
        for _ in range(r.randrange(1, 15)):
            if time.monotonic() > self.until:
                break
            step = say(r, user)
            if r.random() < 0.1:
                step = [octets(r) + r.choice([b"\r\n", b"\n", b""])]
            if r.random() < 0.4:
                step = [b"".join(step)]
            for text in step:
                self.write(s, text)
                if r.random() < 0.7:
                    self.read(s, r.choice([0.002, 0.1]), user)
            self.read(s, 0.02, user)
        if r.random() < 0.3:    # a reset instead of an end
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Stress(unittest.TestCase):
    def setUp(self):
        self.server = Server(settings="errors_max = 50\n")
        self.addCleanup(self.server.remove)
        self.server.start()
        for user in USERS:
            with self.server.smtp() as client:
                for _ in range(3):
                    client.sendmail("", [user], message(
                        "Own", secret(user).decode() + "\r\n", to=user))
        self.server.settle()

    def kill_some(self, until):
        r = random.Random(SEED)
        while time.monotonic() < until:
            time.sleep(r.uniform(0.3, 1.5))
            for pid in self.server.pids(r.choice(KILLED))[:1]:
                os.kill(pid, signal.SIGKILL)
            if r.random() < 0.4:
                self.reload(errors=r.randrange(50, 99))

    def reload(self, errors):
        conf = self.server.conf
        conf.write_text(re.sub(r"errors_max = \d+", f"errors_max = {errors}",
                               conf.read_text()))
        self.server.posthouse("reload")

    def session_pids(self):
        return {p for role in SESSIONS for p in self.server.pids(role)}

    def works(self):
        """Everything can be used as before."""
        for user in USERS:
            wait_for(lambda: self.try_all(user), "service", 20)

    def try_all(self, user):
        try:
            self.server.imap(user).logout()
            self.server.pop3(user).quit()
            with self.server.smtp() as client:
                client.sendmail("", [user], message(to=user))
            return True
        except Exception:       # of four libraries; wait_for gives up
            return False

    def test_stress(self):
        self.works()
        before = {p: descriptors(p) for p in self.session_pids()}
        until = time.monotonic() + SECONDS
        clients = [Client(self.server, i, until) for i in range(CLIENTS)]
        for client in clients:
            client.start()
        self.kill_some(until)
        for client in clients:
            client.join(60)
        self.assertEqual([x for c in clients for x in c.seen], [])
        self.assertGreater(sum(c.sessions for c in clients), CLIENTS)
        self.works()
        self.assertEqual(set(before) - self.session_pids(), set(),
                         "a session program died")
        for pid, count in before.items():
            wait_for(lambda: descriptors(pid) <= count + 1,
                     f"{pid} to close its descriptors", 10)
        self.server.settle()

    def test_flood(self):
        """Who never stops talking keeps nobody else of his process waiting."""
        until = time.monotonic() + 3
        threads = [threading.Thread(target=self.flood, args=(p, line, until))
                   for p, line in (("smtp", b"NOOP\r\n"), ("pop3", b"CAPA\r\n"),
                                   ("imap", b"a NOOP\r\n"))]
        for thread in threads:
            thread.start()
        while time.monotonic() < until:
            for protocol in ("smtp", "pop3", "imap"):
                begun = time.monotonic()
                with self.server.connect(protocol) as s:
                    self.assertTrue(s.recv(100))
                self.assertLess(time.monotonic() - begun, within(1), protocol)
            time.sleep(0.1)
        for thread in threads:
            thread.join(60)

    def flood(self, protocol, line, until):
        with self.server.connect(protocol) as s:
            reader = threading.Thread(target=self.swallow, args=(s,))
            reader.start()
            try:
                while time.monotonic() < until:
                    s.sendall(line * 10000)
            except OSError:
                pass
            s.shutdown(socket.SHUT_RDWR)
            reader.join(60)

    def swallow(self, s):
        try:
            while s.recv(1 << 20):
                pass
        except OSError:
            pass

    def test_auth_dies_in_a_login(self):
        """store was told, the session was not: it can log in all the same."""
        stores = self.server.pids("store")
        with self.server.connect("imap") as imap, \
                self.server.connect("pop3") as pop3:
            a, b = imap.makefile("rb"), pop3.makefile("rb")
            a.readline(), b.readline()
            for pid in stores:
                os.kill(pid, signal.SIGSTOP)
            try:
                imap.sendall(f"a LOGIN {ALICE} {USERS[ALICE]}\r\n".encode())
                login = f"USER {BOB}\r\nPASS {USERS[BOB]}\r\n".encode()
                pop3.sendall(login)
                time.sleep(0.5)
                os.kill(self.server.pids("auth")[0], signal.SIGKILL)
                time.sleep(0.5)
            finally:
                for pid in stores:
                    os.kill(pid, signal.SIGCONT)
            self.assertTrue(a.readline().startswith(b"a OK"))
            b.readline()
            self.assertTrue(b.readline().startswith(b"-ERR [SYS/TEMP]"))
            pop3.sendall(login)
            b.readline()
            self.assertTrue(b.readline().startswith(b"+OK"))


if __name__ == "__main__":
    unittest.main()
