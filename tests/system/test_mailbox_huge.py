# SPDX-License-Identifier: ISC
"""One mailbox with very many messages: MESSAGES=1000000 MEASURE=1 tells what it
takes; without, there are fewer, and only the answers are looked at."""

import imaplib
import os
import pathlib
import re
import time
import unittest

from server import DOMAIN, SANITIZED, Server, memory

# answers to SEARCH are one line
imaplib._MAXLINE = 1 << 26

ALICE = f"alice@{DOMAIN}"
COUNT = int(os.environ.get("MESSAGES", "20000"))
LINKS = 30000           # to one file; file systems have a limit
MEMORY = 16 * 1024 + COUNT * 128 // 1024    # KiB that imapd may grow by


def make(base, host, count):
    """A Maildir as the store leaves it. Few files, with many names each."""
    for part in ("cur", "new", "tmp"):
        os.makedirs(base / part)
    (base / "posthouse-uidvalidity").write_text(
        f"uidvalidity 7\nuidnext {count + 1}\n")
    cur = os.open(base / "cur", os.O_RDONLY)
    for uid in range(1, count + 1):
        kind = (uid - 1) // LINKS
        if (uid - 1) % LINKS == 0:
            source = base / "tmp" / str(kind)
            text = (f"From: a{kind}@client.test\r\nSubject: number {kind}\r\n"
                    f"Message-ID: <{kind}@client.test>\r\n\r\nbody {kind}\r\n")
            source.write_text(text, newline="")
        flags = "S" if uid % 2 else ""
        os.link(source, f"{uid + 0x660F55509D2D5:016X}.A0.{host},"
                f"S={len(text)},U={uid}:2,{flags}", dst_dir_fd=cur)
    os.close(cur)
    for path in (base / "tmp").iterdir():
        path.unlink()


def cpu(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")")[-1]
    user, system = fields.split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Huge(unittest.TestCase):
    def programs(self):
        return {name: self.server.pids(name) for name in ("imapd", "store")}

    def measure(self, what, f):
        def sums(of):
            return {name: sum(map(of, pids))
                    for name, pids in self.programs().items()}
        used, began = sums(cpu), time.monotonic()
        result = f()
        wall, after, kib = time.monotonic() - began, sums(cpu), sums(memory)
        self.grown = max(map(memory, self.server.pids("imapd"))) - self.before
        if os.environ.get("MEASURE"):
            print(f"{what:28} {wall:8.3f} s, " + ", ".join(
                f"{name} {after[name] - used[name]:.2f} s of CPU {kib[name]} "
                "KiB" for name in used), flush=True)
        return result

    def ok(self, what, f):
        status, data = self.measure(what, f)
        self.assertEqual(status, "OK", data)
        return data

    def test_huge(self):
        self.server = Server("imap_timeout = 1h\n")
        self.addCleanup(self.server.remove)
        make(self.server.maildir(), self.host(), COUNT)
        self.server.start()
        self.before = max(map(memory, self.server.pids("imapd")))
        imap = self.server.imap()
        imap.sock.settimeout(3600)
        self.addCleanup(imap.shutdown)
        self.assertEqual(self.ok("SELECT, first", imap.select),
                         [b"%d" % COUNT])
        for _ in range(3):
            self.ok("SELECT", imap.select)
        for word in ("1:*", "1:*", f"{COUNT // 2}"):
            lines = self.ok(f"FETCH {word} FLAGS",
                            lambda: imap.fetch(word, "(FLAGS)"))
            self.assertEqual(len(lines), COUNT if "*" in word else 1)
        self.ok("STORE of one", lambda: imap.store(
            f"{COUNT // 2}", "+FLAGS.SILENT", "\\Flagged"))
        self.assertEqual(
            self.ok("SEARCH FLAGGED", lambda: imap.search(None, "FLAGGED")),
            [b"%d" % (COUNT // 2)])
        found = self.ok("SEARCH UNSEEN", lambda: imap.search(None, "UNSEEN"))
        self.assertEqual(len(found[0].split()), COUNT // 2)
        self.ok("APPEND of one", lambda: imap.append(
            "INBOX", "", None, b"Subject: new\r\n\r\nx\r\n"))
        self.ok("NOOP", imap.noop)
        self.ok("STATUS", lambda: imap.status("INBOX", "(MESSAGES UNSEEN)"))
        self.ok("SELECT after a change", imap.select)
        self.ok("EXPUNGE of one", lambda: imap.store(
            "5", "+FLAGS.SILENT", "\\Deleted") and imap.expunge())
        for _ in range(2):
            found = self.ok("SEARCH SUBJECT", lambda: imap.search(
                None, "SUBJECT", '"number 0"'))
            self.assertEqual(len(found[0].split()), min(COUNT, LINKS) - 1)
        self.ok("STORE 1:* +FLAGS", lambda: imap.store(
            "1:*", "+FLAGS.SILENT", "\\Answered"))
        self.others_hear(imap)
        self.ok("SORT (REVERSE ARRIVAL)", lambda: imap.sort(
            "(REVERSE ARRIVAL)", "UTF-8", "ALL"))
        if not SANITIZED:       # they keep freed memory
            self.assertLess(self.grown, MEMORY)

    def others_hear(self, imap):
        """Changes of so many flags that the index is mapped anew: for who makes
        them, for one in IDLE, and for one who asks."""
        idle, other = self.server.imap(), self.server.imap()
        for client in (idle, other):
            client.sock.settimeout(3600)
            self.addCleanup(client.shutdown)
            client.select()
        idle.send(b"i IDLE\r\n")
        for sign, flag in (("+", "Draft"), ("-", "Answered"), ("+", "Flagged")):
            self.ok(f"STORE 1:* {sign}FLAGS {flag}", lambda: imap.store(
                "1:*", f"{sign}FLAGS.SILENT", f"\\{flag}"))
            other.noop()
        self.ok("EXPUNGE of one", lambda: imap.store(
            "9", "+FLAGS.SILENT", "\\Deleted") and imap.expunge())
        self.ok("APPEND of one", lambda: imap.append(
            "INBOX", "", None, b"Subject: new\r\n\r\nx\r\n"))
        idle.send(b"DONE\r\n")
        while not (line := idle.readline()).startswith(b"i "):
            self.assertTrue(line)
        for client in (imap, idle, other):
            client.noop()
            client.untagged_responses.clear()
            lines = client.fetch("1:*", "(UID FLAGS)")[1]
            self.assertEqual(len(lines), COUNT)
            told = [re.match(rb"(\d+) \(UID (\d+) FLAGS \((.*)\)\)", line)
                    for line in lines]
            self.assertEqual([int(t[1]) for t in told],
                             list(range(1, COUNT + 1)))
            self.assertEqual(sum(b"\\Draft \\Flagged" in b" ".join(
                sorted(t[3].split())) and b"Answered" not in t[3]
                for t in told), COUNT - 1)
            if client is imap:
                uids = [int(t[2]) for t in told]
            self.assertEqual([int(t[2]) for t in told], uids)

    def host(self):
        """As in the names of the store's files."""
        text = (self.server.dir / "etc/posthouse.conf").read_text() \
            if (self.server.dir / "etc/posthouse.conf").exists() else ""
        found = re.search(r"^hostname = (\S+)", text, re.M)
        return found[1] if found else "mail." + DOMAIN


if __name__ == "__main__":
    unittest.main()
