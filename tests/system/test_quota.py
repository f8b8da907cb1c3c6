# SPDX-License-Identifier: ISC
"""How much a user may keep: in SMTP, LMTP, IMAP, by warning, after a crash."""

import json
import os
import random
import re
import shutil
import signal
import smtplib
import time
import unittest

from server import DOMAIN, Server, message, wait_for

ALICE, BOB = f"alice@{DOMAIN}", f"bob@{DOMAIN}"
KB = 1024


def body(octets):
    """A mail of about so many octets."""
    line = "x" * 70 + "\r\n"
    return message(body=line * (octets // len(line)))


class Quota(unittest.TestCase):
    def start(self, settings, **options):
        server = Server(settings, **options)
        self.addCleanup(server.remove)
        server.start()
        self.server = server
        return server

    def ok(self, answer):
        self.assertEqual(answer[0], "OK", answer)
        return answer[1]

    def send(self, octets, user=ALICE):
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", [user], body(octets))
        self.server.settle()

    def refusal(self, user=ALICE):
        """What RCPT says once it refuses."""
        def ask():
            with self.server.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("t@client.test")
                code, text = smtp.rcpt(user)
                return (code, text.decode()) if code != 250 else None
        return wait_for(ask, "a refusal")

    def accepted(self, user=ALICE):
        def ask():
            with self.server.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("t@client.test")
                return smtp.rcpt(user)[0] == 250
        wait_for(ask, "room")

    def shown(self, *words, user=ALICE):
        rows = json.loads(self.server.posthouse(
            "quota", *(words or ("show",)), user, "--json").stdout)
        self.assertEqual(len(rows), 1)
        return rows[0]

    def used(self, user=ALICE):
        row = self.shown(user=user)
        return row["octets"], row["messages"]

    def in_files(self, user=ALICE):
        """The same from the files."""
        files = [f for f in self.server.maildir(user).rglob("*")
                 if f.is_file() and f.parent.name == "cur"]
        return sum(f.stat().st_size for f in files), len(files)

    def check_numbers(self, user=ALICE):
        """Files of messages that are gone go a moment later."""
        wait_for(lambda: self.used(user) == self.in_files(user),
                 "as many files as are counted")


class Smtp(Quota):
    def test_full_mailbox_is_refused_until_there_is_room(self):
        server = self.start("quota = 20K\nquota_warnings =\n")
        self.accepted()
        self.send(19 * KB)
        self.accepted()
        self.send(2 * KB)       # the last one, within quota_grace
        code, text = self.refusal()
        self.assertEqual(code, 452)
        self.assertRegex(text, r"^4\.2\.2 <alice@example\.test>: .*full")
        self.accepted(BOB)
        told = server.posthouse("explain", ALICE, check=False)
        self.assertEqual(told.returncode, 75)
        self.assertIn("4.2.2", told.stdout)
        self.assertIn(f"quota {ALICE}: the mailbox is full", told.stdout)
        self.assertIn("quota: no mailbox is full",
                      server.posthouse("explain", BOB).stdout)
        with server.imap() as imap:
            imap.select("INBOX")
            self.ok(imap.store("1", "+FLAGS", r"(\Deleted)"))
            self.ok(imap.expunge())
        self.accepted()
        self.send(KB)
        self.check_numbers()

    def test_refused_for_good(self):
        self.start("quota_messages = 1\nquota_refuse = yes\n"
                   "quota_warnings =\n")
        self.send(100)
        code, text = self.refusal()
        self.assertEqual((code, text[:5]), (552, "5.2.2"))

    def test_lmtp_answers_for_each_recipient(self):
        server = self.start("quota_messages = 1\nquota_warnings =\n")
        self.send(100)
        self.refusal()
        with smtplib.LMTP("127.0.0.1", server.ports["lmtp"]) as lmtp:
            refused = lmtp.sendmail("t@client.test", [ALICE, BOB],
                                    message("for both"))
        self.assertEqual(list(refused), [ALICE])
        self.assertEqual(refused[ALICE][0], 452)
        server.settle()
        self.assertEqual(len(server.files(BOB)), 1)

    def test_too_large_for_what_is_left_comes_back(self):
        server = self.start("quota = 10K\nquota_grace = 0\nquota_refuse = yes\n"
                            "quota_warnings =\n")
        server.posthouse("quota", "set", BOB, "none")   # the report is large
        wait_for(lambda: self.shown(user=BOB)["octets_most"] == 0, "no limit")
        server.sendmail("-f", BOB, ALICE, input="Subject: large\n\n"
                        + "x\n" * 10000)
        wait_for(lambda: server.files(BOB), "a report")
        server.settle()
        self.assertEqual(server.files(ALICE), [])
        self.assertIn(b"5.2.2", server.messages(BOB)[0])

    def test_waits_in_the_queue_for_room(self):
        server = self.start("quota_messages = 1\nretry_first = 1s\n"
                            "retry_most = 2s\nquota_warnings =\n")
        self.send(100)
        self.refusal()
        # a program on this host gives its mail once
        server.sendmail("-f", BOB, ALICE, input="Subject: patience\n\nx\n")
        wait_for(lambda: "mailbox is full" in server.log(), "a try")
        with server.imap() as imap:
            imap.select("INBOX")
            imap.store("1", "+FLAGS", r"(\Deleted)")
            imap.expunge()
        server.settle()
        self.assertIn(b"patience", server.messages()[0])

    def test_an_alias_with_room_somewhere(self):
        self.start("quota_messages = 1\nquota_warnings =\n",
                   aliases="both: alice, bob\nalso: alice\n")
        self.send(100)
        self.refusal()
        self.accepted(f"both@{DOMAIN}")
        self.assertEqual(self.refusal(f"also@{DOMAIN}")[0], 452)

    def test_router_and_store_may_be_started_again(self):
        server = self.start("quota_messages = 1\nquota_warnings =\n")
        self.send(100)
        self.refusal()
        for role in ("router", "store"):
            for pid in server.pids(role):
                os.kill(pid, signal.SIGKILL)
                wait_for(lambda: server.pids(role) not in ([], [pid]),
                         "another " + role)
            self.assertEqual(self.refusal()[0], 452)


class Limits(Quota):
    def test_users_file_domain_and_all(self):
        server = self.start(
            "quota = 1M\nquota_messages = 100\n", users={
                ALICE: "wonderland", BOB: "builder",
                f"carol@{DOMAIN}": "x"},
            listeners=f"\n[domain {DOMAIN}]\nquota_messages = 50\n")
        users = server.dir / "etc/users"

        def limits(user):
            row = self.shown(user=user)
            return row["octets_most"], row["messages_most"]

        self.assertEqual(limits(ALICE), (KB * KB, 50))
        server.posthouse("quota", "set", ALICE, "2M", "7")
        wait_for(lambda: limits(ALICE) == (2 * KB * KB, 7), "new limits")
        self.assertIn(f"{ALICE}:{{PLAIN}}wonderland::::::quota=2097152 "
                      "quota_messages=7\n", users.read_text())
        server.posthouse("quota", "set", ALICE, "none")
        wait_for(lambda: limits(ALICE) == (0, 50), "no limit")
        server.posthouse("quota", "set", ALICE, "default")
        wait_for(lambda: limits(ALICE) == (KB * KB, 50), "the default")
        self.assertIn(f"{ALICE}:{{PLAIN}}wonderland::::::\n",
                      users.read_text())
        # one from Dovecot
        users.write_text(users.read_text() + f"dora@{DOMAIN}:{{PLAIN}}x:"
                         ":::::userdb_quota_rule=*:storage=2G:messages=3\n")
        server.posthouse("reload")
        wait_for(lambda: f"dora@{DOMAIN}" in
                 server.posthouse("quota", "show").stdout, "a new user")
        wait_for(lambda: limits(f"dora@{DOMAIN}") == (2 * KB**3, 3),
                 "limits by Dovecot's word")
        with server.imap(ALICE) as imap:        # the password still counts
            self.assertEqual(imap.state, "AUTH")

    def test_a_lower_limit_and_a_higher_one(self):
        server = self.start("quota_warnings =\n")
        self.send(100)
        self.send(100)
        self.accepted()
        server.posthouse("quota", "set", ALICE, "default", "2")
        self.assertEqual(self.refusal()[0], 452)
        server.posthouse("quota", "set", ALICE, "default", "3")
        self.accepted()

    def test_mistakes_are_told(self):
        server = self.start("")
        self.assertEqual(server.posthouse("quota", "set", ALICE, "much",
                                          check=False).returncode, 65)
        self.assertEqual(server.posthouse("quota", "show", f"x@{DOMAIN}",
                                          check=False).returncode, 67)
        users = server.dir / "etc/users"
        users.write_text(users.read_text() + f"eve@{DOMAIN}:x::::::quota=ten\n")
        self.assertIn("users:3: a quota makes no sense",
                      server.posthouse("check").stderr)
        server.conf.write_text("quota_warnings = 80 101\n"
                               + server.conf.read_text()
                               + f"\n[domain {DOMAIN}]\nquota = lots\n")
        told = server.posthouse("check", check=False)
        self.assertEqual(told.returncode, 78)
        self.assertIn("101", told.stderr)
        self.assertIn("quota must be a number", told.stderr)


class Imap(Quota):
    def test_getquotaroot_and_overquota(self):
        server = self.start("quota = 10K\nquota_messages = 3\n"
                            "quota_warnings =\n")
        imap = server.imap()
        offered = self.ok(imap.capability())[0].decode().split()
        for word in ("QUOTA", "QUOTA=RES-STORAGE", "QUOTA=RES-MESSAGE"):
            self.assertIn(word, offered)
        self.assertNotIn("QUOTASET", offered)
        root, quota = self.ok(imap.getquotaroot("INBOX"))
        self.assertEqual(root, [f"INBOX {ALICE}".encode()])
        self.assertEqual(quota,
                         [f"{ALICE} (STORAGE 0 10 MESSAGE 0 3)".encode()])
        self.ok(imap.append("INBOX", "", None, body(4 * KB)))
        self.ok(imap.create("Work"))
        imap.select("INBOX")
        self.ok(imap.copy("1", "Work"))
        quota = self.ok(imap.getquota(ALICE))[0].decode()
        self.assertRegex(quota, r"\(STORAGE 9 10 MESSAGE 2 3\)")
        # a third one does not fit, by COPY or APPEND; MOVE needs no room
        for answer in (imap.copy("1", "Work"),
                       imap.append("Work", "", None, body(4 * KB))):
            self.assertEqual(answer[0], "NO")
            self.assertIn(b"[OVERQUOTA]", answer[1][0])
        self.ok(imap.uid("MOVE", "1", "Work"))
        self.check_numbers()
        self.assertEqual(imap.getquota("nobody")[0], "NO")
        self.assertEqual(imap.getquotaroot("Nowhere")[0], "NO")
        answer = imap.setquota(ALICE, "(STORAGE 100)")
        self.assertEqual(answer[0], "NO")
        self.assertIn(b"[NOPERM]", answer[1][0])
        imap.logout()

    def test_administrators_set_limits(self):
        """By users of other stores, too; for a lost index and the next start."""
        server = self.start(f"quota = 1M\nimap_quota_admins = {BOB}\n"
                            "quota_warnings =\nstore_instances = 3\n")
        bob = server.imap(user=BOB)
        alice = server.imap()
        self.assertIn("QUOTASET", bob.capabilities + tuple(
            self.ok(bob.capability())[0].decode().split()))
        # Alice has no mail yet: she is nobody to others
        self.assertIn(b"[NONEXISTENT]", bob.setquota("x@y", "()")[1][0])
        self.ok(alice.append("INBOX", "", None, body(4 * KB)))

        self.assertEqual(self.ok(bob.setquota(ALICE, "(STORAGE 8 MESSAGE 9)")),
                         [f"{ALICE} (STORAGE 5 8 MESSAGE 1 9)".encode()])
        self.assertEqual(self.ok(alice.getquota(ALICE)),
                         [f"{ALICE} (STORAGE 5 8 MESSAGE 1 9)".encode()])
        self.assertIn(b"[OVERQUOTA]",
                      alice.append("INBOX", "", None, body(5 * KB))[1][0])
        row = self.shown()
        self.assertEqual((row["octets_most"], row["messages_most"],
                          row["set_by_imap"]), (8 * KB, 9, True))
        # what is not named is not limited
        self.ok(bob.setquota(ALICE, "(message 7)"))
        self.assertEqual(self.ok(bob.getquota(ALICE)),
                         [f"{ALICE} (MESSAGE 1 7)".encode()])
        for wrong, code in (("(STORAGE 0)", b"[CANNOT]"),
                            ("(MAILBOX 5)", b"[CANNOT]"),
                            (f"(STORAGE {2**62})", b"[CANNOT]")):
            self.assertIn(code, bob.setquota(ALICE, wrong)[1][0])
        for root in (ALICE, BOB):
            self.assertIn(b"[NOPERM]",
                          alice.setquota(root, "(STORAGE 9)")[1][0])

        for lost in (False, True):
            server.stop()
            if lost:
                shutil.rmtree(server.dir / "state/index/store")
            server.start()
            bob = server.imap(user=BOB)
            self.assertEqual(self.ok(bob.getquota(ALICE)),
                             [f"{ALICE} (MESSAGE 1 7)".encode()])
        # none, and back to what is said of all
        self.assertEqual(self.ok(bob.setquota(ALICE, "()")),
                         [f"{ALICE} ()".encode()])
        self.assertEqual(self.shown()["octets_most"], 0)
        server.posthouse("quota", "set", ALICE, "default")
        wait_for(lambda: self.shown()["octets_most"] == 1024 * KB, "1 MiB")
        self.assertFalse(self.shown()["set_by_imap"])
        bob.logout()

    def test_the_root_of_a_shared_mailbox(self):
        server = self.start("quota = 1M\nstore_instances = 3\n")
        alice, bob = server.imap(), server.imap(user=BOB)
        shared = f'"Other Users/{ALICE}/Work"'
        self.ok(alice.create("Work"))
        self.assertIn(b"[NONEXISTENT]", bob.getquota(ALICE)[1][0])
        self.ok(alice.setacl("Work", BOB, "l"))
        self.assertIn(b"[NONEXISTENT]", bob.getquota(ALICE)[1][0])
        self.ok(alice.setacl("Work", BOB, "lr"))
        root, quota = self.ok(bob.getquotaroot(shared))
        self.assertIn(ALICE.encode(), root[0].split())
        self.assertEqual(quota, [f"{ALICE} (STORAGE 0 1024)".encode()])
        self.assertEqual(self.ok(bob.getquota(ALICE)), quota)
        self.ok(alice.deleteacl("Work", BOB))
        self.assertIn(b"[NONEXISTENT]", bob.getquota(ALICE)[1][0])
        alice.logout()
        bob.logout()

    def test_without_a_limit_there_is_no_root(self):
        imap = self.start("").imap()
        root, quota = self.ok(imap.getquotaroot("INBOX"))
        self.assertEqual((root, quota), ([b"INBOX"], [None]))
        self.assertEqual(imap.getquota(ALICE)[0], "NO")
        imap.logout()

    def test_deleted_storage(self):
        imap = self.start("").imap()
        for _ in range(3):
            self.ok(imap.append("INBOX", "", None, body(KB)))
        size = self.in_files()[0] // 3

        def status():
            data = self.ok(imap.status("INBOX", "(DELETED DELETED-STORAGE)"))
            return [int(n) for n in re.findall(r" (\d+)", data[0].decode())]

        self.assertEqual(status(), [0, 0])
        imap.select("INBOX")
        imap.store("1:2", "+FLAGS", r"(\Deleted)")
        self.assertEqual(status(), [2, 2 * size])
        imap.store("1", "-FLAGS", r"(\Deleted)")
        self.assertEqual(status(), [1, size])
        imap.expunge()
        self.assertEqual(status(), [0, 0])
        imap.logout()

    def test_mailboxes_as_a_whole(self):
        server = self.start("quota = 1M\n")
        imap = server.imap()
        for name in ("Old", "Old/Deep", "INBOX"):
            if name != "INBOX":
                self.ok(imap.create(name))
            for _ in range(5):
                self.ok(imap.append(name, "", None, body(KB)))
        self.check_numbers()
        self.ok(imap.rename("Old", "New"))
        self.check_numbers()
        self.ok(imap.delete("New"))
        wait_for(lambda: self.used() == self.in_files(), "the same numbers")
        self.assertEqual(self.used()[1], 10)
        self.ok(imap.rename("INBOX", "Kept"))
        wait_for(lambda: self.used() == self.in_files(), "the same numbers")
        self.assertEqual(self.used()[1], 10)
        imap.logout()


class Warnings(Quota):
    def test_once_for_each_crossing(self):
        server = self.start("quota_messages = 10\nquota_warnings = 50 80\n")

        def subjects():
            return sorted(re.findall(rb"Subject: (Your .*?)\r",
                                     b"".join(server.messages())))

        for _ in range(5):
            self.send(100)
        wait_for(lambda: subjects() == [b"Your mailboxes are 50% full"],
                 "a warning")
        self.send(100)          # seven with the warning
        self.assertEqual(len(subjects()), 1)
        self.send(100)
        wait_for(lambda: len(subjects()) == 2, "another one")
        self.assertEqual(len(server.files()), 9)
        server.kill()
        server.start()
        self.send(100)          # the last one
        self.refusal()
        self.assertEqual(len(subjects()), 2)
        # below it, and over it again
        with server.imap() as imap:
            imap.select("INBOX")
            imap.store("1:7", "+FLAGS", r"(\Deleted)")
            imap.expunge()
        self.accepted()
        for _ in range(2):
            self.send(100)
        wait_for(lambda: len(subjects()) >= 2 and b"50%" in
                 b"".join(subjects()), "it begins again")
        self.check_numbers()


class Crash(Quota):
    def test_numbers_after_kills_and_a_lost_index(self):
        server = self.start("quota = 100M\nquota_warnings =\n")
        for i in range(6):
            with server.smtp() as smtp:
                for _ in range(10):
                    smtp.sendmail("t@client.test", [ALICE], body(i * KB))
            with server.imap() as imap:
                imap.select("INBOX")
                imap.store("1:3", "+FLAGS", r"(\Deleted)")
                imap.expunge()
                imap.copy("1:2", "INBOX")
            for pid in server.pids("store"):
                os.kill(pid, signal.SIGKILL)
        server.settle()
        wait_for(lambda: self.used() == self.in_files(), "the same numbers")
        before = self.used()
        row = self.shown("recount")
        self.assertEqual((row["octets"], row["messages"]), before)
        server.posthouse("mailbox", "rebuild", ALICE)
        self.assertEqual(self.used(), before)
        server.stop()
        shutil.rmtree(server.dir / "state/index/store")
        server.start()
        self.assertEqual(self.used(), before)
        self.check_numbers()

    def test_limits_after_kills(self):
        """SETQUOTA that was answered counts after a kill of all programs; of the
        one that was under way, both limits do or none. So it is without the
        index."""
        server = self.start(f"imap_quota_admins = {BOB}\n")
        server.imap().append("INBOX", "", None, body(KB))
        asked = 100
        for i in range(6):
            bob = server.imap(user=BOB)
            acked = asked
            end = time.monotonic() + random.Random(i).uniform(0.02, 0.3)
            while acked == 100 or time.monotonic() < end:
                asked += 1
                self.ok(bob.setquota(ALICE,
                                     f"(STORAGE {asked} MESSAGE {asked})"))
                acked = asked
            asked += 1
            bob.send(f"X SETQUOTA {ALICE} (STORAGE {asked} MESSAGE {asked})"
                     "\r\n".encode())
            time.sleep(0.0005 * i)
            server.kill()
            if i % 3 == 2:
                shutil.rmtree(server.dir / "state/index/store")
            server.start()
            answer = self.ok(server.imap().getquota(ALICE))[0].decode()
            storage, messages = map(int, re.search(
                r"\(STORAGE \d+ (\d+) MESSAGE \d+ (\d+)\)$",
                answer).groups())
            self.assertEqual(storage, messages, "torn")
            self.assertIn(storage, (acked, asked))
            asked = storage


if __name__ == "__main__":
    unittest.main()
