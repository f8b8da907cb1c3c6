# SPDX-License-Identifier: ISC
"""What stands on disk is damaged: cut, emptied, removed, with bits turned, of
another version, of a wrong owner, without room. The log says what is wrong,
everybody else is served, and what can be repaired is, without losing a message
or changing a UID."""

import imaplib
import os
import pathlib
import random
import re
import shutil
import smtplib
import subprocess
import tempfile
import unittest

from server import DOMAIN, Server, message, wait_for

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
SMALL, LARGE = 300, 200_000


def text(number, size):
    return message(f"damage {number}.", f"{number:064x}\r\n" * (size // 66))


def zeroed(data, rng):
    return bytes(len(data))


def empty(data, rng):
    return b""


def cut(data, rng):
    return data[:rng.randrange(len(data))]


def turned(data, rng):
    """A bit in every page, so that some of them matter."""
    data = bytearray(data)
    for page in range(0, len(data), 4096):
        at = page + rng.randrange(min(4096, len(data) - page))
        data[at] ^= 1 << rng.randrange(8)
    return bytes(data)


def other_version(data, rng):
    """Berkeley DB keeps a file's version behind its magic number."""
    return data[:16] + b"\xff\0\0\0" + data[20:]


DAMAGES = (None, zeroed, empty, cut, turned, other_version)


class Case(unittest.TestCase):
    settings = ""

    def setUp(self):
        self.server = Server(self.settings)
        self.addCleanup(self.server.remove)
        self.server.start()

    def send(self, to, content, options=()):
        with smtplib.SMTP("127.0.0.1", self.server.ports["submission"],
                          local_hostname="client.test", timeout=60) as smtp:
            smtp.login(ALICE, self.server.users[ALICE])
            smtp.sendmail(ALICE, [to], content, list(options))

    def restart(self):
        self.assertEqual(self.server.stop(), 0)
        self.server.start()

    def is_served(self, number=99):
        """Somebody else gets his mail."""
        content = text(number, SMALL)

        def sent():
            try:
                self.send(BOB, content)
            except smtplib.SMTPException:
                return False
            return True
        wait_for(sent, "mail to Bob")
        wait_for(lambda: any(m.endswith(content) for m in self.has(BOB)),
                 "Bob's mail")

    def has(self, user):
        """His messages; none while they cannot be had."""
        try:
            return self.server.messages(user)
        except imaplib.IMAP4.error:
            return []


class Spool(Case):
    """Mail that waits, whose files somebody damages."""

    def hold(self, sizes):
        """Waiting mails, safe in their files; their spool files."""
        before = set(self.server.spool_files())
        found = []
        for number, size in enumerate(sizes):
            self.send(ALICE, text(number, size), ["HOLDFOR=3600"])
            wait_for(lambda: len(self.server.spool_files()) > len(before),
                     "its file")
            new = set(self.server.spool_files()) - before
            before |= new
            found += new
        self.restart()          # all of it is hard now
        return found

    def check(self, *said):
        done = self.server.posthouse("queue", "check", check=False)
        for words in said:
            self.assertIn(words, done.stdout + done.stderr)
        return done.returncode

    def release(self, ids=None):
        self.server.posthouse("queue", "flush", *(ids or self.ids()))

    def ids(self):
        out = self.server.posthouse("queue", "list", "--json").stdout
        return re.findall(r'"queue_id": "(\w+)"', out)

    def arrived(self):
        self.server.settle()
        return self.server.messages(ALICE)

    def test_whole(self):
        self.hold([SMALL, LARGE])
        self.assertEqual(self.check("every mail is whole"), 0)

    def test_small_content_is_written_again(self):
        files = self.hold([SMALL] * 4)
        files[0].unlink()
        files[1].write_bytes(b"")
        files[2].write_bytes(files[2].read_bytes()[:100])
        self.assertEqual(self.check(*(f.name for f in files[:3]), "3 mails"),
                         65)
        self.restart()
        self.assertEqual(self.check(), 0)
        self.release()
        found = self.arrived()
        for number in range(4):
            self.assertEqual(sum(m.endswith(text(number, SMALL))
                                 for m in found), 1, number)

    def test_large_content_is_set_aside(self):
        files = self.hold([LARGE, LARGE])
        files[0].write_bytes(files[0].read_bytes()[:70_000])
        self.assertEqual(self.check(files[0].name, "1 mail;"), 65)
        self.restart()
        self.assertEqual(self.check("1 file that the queue could not use"), 0)
        self.assertRegex(self.server.log(), files[0].name + ": it has not the "
                         "size that was taken in: moved to spool/lost")
        self.assertEqual((self.server.dir / "spool/lost" / files[0].name)
                         .stat().st_size, 70_000)
        self.release()
        found = self.arrived()
        self.assertEqual(len(found), 1)
        self.assertTrue(found[0].endswith(text(1, LARGE)))

    def test_journal_with_a_turned_bit(self):
        """One record is lost; its content is kept, all others live."""
        files = self.hold([LARGE] * 3)
        self.assertEqual(self.server.stop(), 0)
        segment = min((self.server.dir / "spool/journal").glob("*.log"))
        data = bytearray(segment.read_bytes())
        at = [m.start() for m in re.finditer(b"PHJ1", data)]
        envelopes = [a for a in at if b"alice@" in
                     data[a:a + int.from_bytes(data[a + 8:a + 12], "big")]]
        data[envelopes[len(envelopes) // 2] + 40] ^= 4
        segment.write_bytes(data)
        self.server.start()
        self.assertRegex(self.server.log(), r"segment=\d+ offset=\d+ "
                         r"octets=\d+ damaged: skipped")
        self.is_served()
        lost = [f.name for f in files
                if (self.server.dir / "spool/lost" / f.name).exists()]
        self.assertEqual(len(lost) + len(self.ids()), 3, lost)
        self.release()
        self.assertEqual(len(self.arrived()), 3 - len(lost))

    def segments(self):
        return sorted((self.server.dir / "spool/journal").glob("*.log"))

    def three(self):
        """A large mail and a small one in each of three segments; the files of
        the large ones."""
        files = []
        for _ in range(3):
            files.append(self.hold([LARGE, SMALL])[0])
        self.size = files[1].stat().st_size
        self.assertEqual(self.server.stop(), 0)
        return files

    def hurt(self, files, said, which=1):
        """The mails of one segment of three are lost; the content of the large
        one is not, nor others."""
        self.server.start()
        self.assertRegex(self.server.log(), said)
        self.assertEqual(self.check("1 segment of the journal missing or "
                                    "damaged"), 0)
        self.assertEqual((self.server.dir / "spool/lost" / files[which].name)
                         .stat().st_size, self.size)
        ids = self.ids()
        self.assertEqual(len(ids), 4)
        self.is_served()
        # the mail that showed that may still be under way
        self.release(ids)
        self.assertEqual(len(self.arrived()), 4)

    def test_journal_without_a_segment(self):
        files = self.three()
        self.segments()[1].unlink()
        self.hurt(files, r"segments=(\d+)-\1 missing")

    def test_journal_with_a_segment_of_zeros(self):
        """It is kept, and so is what it may have owned."""
        files = self.three()
        segment = self.segments()[1]
        segment.write_bytes(bytes(segment.stat().st_size))
        self.hurt(files, r"segment=\d+ offset=0 octets=\d+ lost")
        kept = self.server.dir / "spool/lost" / segment.name
        # a dead segment goes with one of the next mails
        wait_for(lambda: self.is_served() or kept.exists(),
                 "the segment among the lost")

    def test_journal_with_a_segment_that_was_cut(self):
        files = self.three()
        segment = self.segments()[1]
        data = segment.read_bytes()
        segment.write_bytes(data[:data.index(b"alice@")])
        self.hurt(files, r"segment=\d+ offset=\d+ octets=\d+ lost")

    def test_journal_without_its_oldest_segment(self):
        files = self.three()
        self.segments()[0].unlink()
        self.hurt(files, r"segments=(\d+)-\1 missing", 0)

    def test_journal_without_its_newest_segment(self):
        files = self.three()
        self.segments()[2].unlink()
        self.hurt(files, r"segments=(\d+)-\1 missing", 2)

    def test_journal_with_a_newest_segment_of_zeros(self):
        files = self.three()
        newest = self.segments()[2]
        newest.write_bytes(bytes(newest.stat().st_size))
        self.server.start()
        self.assertRegex(self.server.log(),
                         r"segment=\d+ offset=0 octets=\d+ lost")
        self.assertEqual(self.check("1 segment of the journal missing or "
                                    "damaged"), 0)
        self.is_served(98)
        # it stays while older ones have live mails, and the next start says
        # so, too: the segment behind it knows how far it went
        self.assertEqual(self.server.stop(), 0)
        self.assertTrue(newest.exists())
        self.hurt(files, r"segment=\d+ offset=0 octets=\d+ lost", 2)

    def test_journal_with_a_newest_segment_that_was_cut(self):
        """After nothing but a kill."""
        files = self.hold([LARGE, SMALL, LARGE, SMALL])
        size = files[0].stat().st_size
        self.send(ALICE, text(4, LARGE), ["HOLDFOR=3600"])
        self.server.kill()
        newest = self.segments()[1]
        data = newest.read_bytes()
        newest.write_bytes(data[:data.index(b"alice@")])
        self.server.start()
        self.assertRegex(self.server.log(),
                         r"segment=\d+ offset=\d+ octets=\d+ lost")
        self.check("1 segment of the journal missing or damaged")
        (lost,) = (self.server.dir / "spool/lost").iterdir()
        self.assertEqual(lost.stat().st_size, size)
        self.assertEqual(len(self.ids()), 4)

    def test_dead_segments_go_before_any_mail_comes(self):
        self.three()
        dead = {s: s.read_bytes() for s in self.segments()}
        self.server.start()
        self.release(self.ids())
        self.assertEqual(len(self.arrived()), 6)
        self.assertEqual(self.server.stop(), 0)
        for segment, octets in dead.items():
            segment.write_bytes(octets)
        self.assertGreater(len(self.segments()), 3)
        self.server.start()
        wait_for(lambda: len(self.segments()) <= 1, "the dead ones' end")
        self.is_served()
        self.assertEqual(len(self.arrived()), 6)

    def test_no_journal(self):
        """Nor a word of how far it went: as on the first day, but there is
        content."""
        self.hold([LARGE, SMALL])
        self.assertEqual(self.server.stop(), 0)
        for file in (self.server.dir / "spool/journal").iterdir():
            file.unlink()
        self.server.start()
        self.assertEqual(len(list((self.server.dir / "spool/lost").iterdir())),
                         2)
        self.assertEqual(self.ids(), [])
        self.is_served()

    def test_journal_that_grew_and_shrank(self):
        """Segments that go when nobody needs them are not missed."""
        for number in range(4):
            self.is_served(number)
            self.restart()
        self.server.settle()
        wait_for(lambda: self.is_served() or len(self.segments()) == 1,
                 "one segment")
        self.server.kill()
        self.server.start()
        self.assertIn("damaged=0 gaps=0", self.server.log())
        self.assertNotRegex(self.server.log(), "gaps=[1-9]|missing:| lost;")

    def test_journal_of_an_earlier_version(self):
        """Its segments do not say how the one before ended: nothing is missed."""
        self.three()
        (self.server.dir / "spool/journal/extent").unlink()
        begun = 24      # octets, lib/mail/journal.c: BEGUN_SIZE
        for segment in self.segments():
            data = segment.read_bytes()
            segment.write_bytes(data[begun:] + bytes(begun))
        self.server.start()
        self.assertEqual(self.check("every mail is whole"), 0)
        self.assertIn("damaged=0 gaps=0", self.server.log())
        self.assertEqual(len(self.ids()), 6)
        self.release()
        self.assertEqual(len(self.arrived()), 6)


class Index(Case):
    """Every file of the index of mailboxes, damaged in every way."""

    def state(self):
        """All that IMAP shows of Alice's mailboxes."""
        client = self.server.imap(ALICE)
        found = {}
        for box in ("INBOX", "box"):
            self.assertEqual(client.select(box, True)[0], "OK")
            found[box] = [client.response("UIDVALIDITY"),
                          [re.sub(rb"\\Recent ?", b"", line) for line in
                           client.fetch("1:*", "(UID FLAGS RFC822.SIZE)")[1]]]
        client.logout()
        return found

    def fill(self):
        client = self.server.imap(ALICE)
        client.create("box")
        for number in range(5):
            client.append("INBOX", None, None, text(number, SMALL))
        client.select("INBOX")
        client.store("2:3", "+FLAGS", r"(\Flagged key)")
        client.copy("1:4", "box")
        client.store("1", "+FLAGS", r"(\Deleted)")
        client.expunge()
        client.logout()
        self.restart()

    def check(self):
        return self.server.posthouse("mailbox", "check", ALICE,
                                     check=False)

    def test_files(self):
        self.fill()
        wanted = self.state()
        directory = self.server.dir / "state/index/store/0"
        rng = random.Random(1)
        self.assertEqual(self.check().returncode, 0)
        for name in ("tables.db", "log"):
            for damage in DAMAGES:
                with self.subTest(file=name, damage=damage and
                                  damage.__name__):
                    self.assertEqual(self.server.stop(), 0)
                    for file in directory.glob(name + "*"):
                        data = file.read_bytes()
                        file.unlink()
                        if damage is not None:
                            file.write_bytes(damage(data, rng))
                    self.server.start()
                    self.assertEqual(self.state(), wanted)
                    self.assertEqual(self.check().stderr, "")
                    self.is_served(rng.randrange(1 << 20))

    def test_message_files(self):
        """One is cut, one is gone, a strange one is there."""
        self.fill()
        wanted = self.state()
        cur = self.server.maildir(ALICE) / "cur"
        files = sorted(cur.iterdir())
        gone = files[0].read_bytes()
        files[0].unlink()
        stranger = cur / "1234.strange.host:2,S"
        stranger.write_bytes(text(77, SMALL))
        done = self.check()
        self.assertEqual(done.returncode, 65)
        self.assertIn("INBOX: 1 without a file", done.stderr)
        self.assertIn("INBOX: 1 not in the index", done.stderr)
        files[0].write_bytes(gone)
        stranger.unlink()
        self.assertEqual(self.check().returncode, 0, self.check().stderr)
        self.assertEqual(self.state(), wanted)
        files[1].write_bytes(files[1].read_bytes()[:50])
        self.assertIn("1 whose file has another size", self.check().stderr)
        stranger.write_bytes(text(77, SMALL))
        self.server.posthouse("mailbox", "rebuild", ALICE)
        client = self.server.imap(ALICE)
        self.assertEqual(client.select("INBOX", True)[1], [b"5"])
        uids = client.uid("search", "ALL")[1][0].split()
        client.logout()
        self.assertEqual(uids[:4], re.findall(
            rb"UID (\d+)", b"".join(wanted["INBOX"][1])))


@unittest.skipUnless(os.geteuid() == 0, "needs root to give files away")
class Owners(Case):
    """A user's directory belongs to somebody else."""

    def test_mailbox(self):
        self.send(ALICE, text(1, SMALL))
        self.server.settle()
        directory = self.server.maildir(ALICE)
        self.assertEqual(self.server.stop(), 0)
        os.chown(directory, 65534, 65534)
        os.chmod(directory, 0o700)
        self.server.start()
        content = text(2, SMALL)
        self.send(ALICE, content)
        wait_for(lambda: re.search(rf"to=<{ALICE}>.*status=deferred.*denied",
                                   self.server.log()), "a clear log line")
        self.is_served()
        os.chown(directory, 0, 0)
        self.server.posthouse("queue", "flush")
        wait_for(lambda: any(m.endswith(content)
                             for m in self.server.messages(ALICE)), "the mail")
        self.assertEqual(len(self.server.messages(ALICE)), 2)

    def test_spool(self):
        """What is small and can be delivered at once needs no file there. Other
        mail is refused for now, and small mail, too, when some had to wait and
        got no file; a start says what is wrong."""
        spool = self.server.dir / "spool/content"
        for directory in spool.iterdir():
            os.chown(directory, 65534, 65534)
            os.chmod(directory, 0o700)
        self.send(BOB, text(1, SMALL))
        wait_for(lambda: len(self.has(BOB)) == 1, "Bob's mail")
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send(BOB, text(2, LARGE))
        self.assertEqual(caught.exception.smtp_code // 100, 4)
        self.send(ALICE, text(3, SMALL), ["HOLDFOR=3600"])
        wait_for(lambda: "content cannot be written" in self.server.log(),
                 "the failure")
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send(BOB, text(4, SMALL))
        self.assertEqual(caught.exception.smtp_code // 100, 4)
        self.assertEqual(self.server.stop(), 0)
        with self.assertRaisesRegex(RuntimeError, "spool.*: Permission denied"):
            self.server.start()
        self.server.master = None
        for directory in spool.iterdir():
            os.chown(directory, 0, 0)
        self.server.start()
        self.assertEqual(len(self.server.spool_files()), 1)
        self.is_served()


class Full(Case):
    """A file system without room, and with room again."""

    def setUp(self):
        disk = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-full-"))
        self.addCleanup(shutil.rmtree, disk, True)
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m",
                               "tmpfs", disk], capture_output=True, text=True)
        if done.returncode != 0:
            self.skipTest("cannot mount: " + done.stderr)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        before, tempfile.tempdir = tempfile.tempdir, str(disk)
        try:
            super().setUp()
        finally:
            tempfile.tempdir = before

    def fill(self, leave=0):
        path = self.server.dir / "ballast"
        with path.open("wb", 0) as f:
            try:
                while True:
                    f.write(bytes(1 << 16))
            except OSError:
                pass
            if leave:
                f.truncate(max(path.stat().st_size - leave, 0))
        return path

    def full(self, leave):
        self.send(ALICE, text(1, SMALL))
        self.send(ALICE, text(2, SMALL))
        self.server.settle()
        ballast = self.fill(leave)
        with self.assertRaises(smtplib.SMTPResponseException) as caught:
            self.send(BOB, text(3, LARGE))
        self.assertEqual(caught.exception.smtp_code, 452)
        self.assertEqual(len(self.server.messages(ALICE)), 2)
        client = self.server.imap(ALICE)
        client.select("INBOX")
        answer = client.append("INBOX", None, None, text(4, LARGE))
        self.assertEqual(answer[0], "NO")
        return ballast, client

    def test_reserve(self):
        """Below spool_reserve nothing new comes in, and one can make room."""
        ballast, client = self.full(8 << 20)
        client.store("1", "+FLAGS", r"(\Deleted)")
        self.assertEqual(client.expunge()[0], "OK")
        client.logout()
        ballast.unlink()
        self.is_served()
        self.assertEqual(len(self.server.messages(ALICE)), 1)

    def test_nothing_left(self):
        ballast, client = self.full(0)
        client.logout()
        ballast.unlink()
        self.is_served()
        wait_for(lambda: len(self.has(ALICE)) == 2, "Alice's mail")
        self.restart()
        self.assertEqual(len(self.server.messages(ALICE)), 2)
        self.assertEqual(self.server.posthouse("mailbox", "check", ALICE)
                         .returncode, 0)


if __name__ == "__main__":
    unittest.main()
