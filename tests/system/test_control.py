# SPDX-License-Identifier: ISC
"""The administrator's command, as typed."""

import json
import os
import re
import signal
import subprocess
import time
import unittest

from server import BIN, DOMAIN, Server, alive, message, wait_for

ALICE = f"alice@{DOMAIN}"


class Control(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.stop_and_remove)

    def stop_and_remove(self):
        self.server.posthouse("stop", check=False)
        self.server.remove()

    def test_life(self):
        """start goes to the background and returns when all is ready."""
        posthouse = self.server.posthouse
        self.assertNotEqual(posthouse("status", check=False).returncode, 0)
        posthouse("start")
        self.assertIn("smtpd", posthouse("status").stdout)
        with self.server.smtp() as smtp:
            smtp.noop()
        again = posthouse("start", check=False)
        self.assertIn("running", again.stdout + again.stderr)
        data = json.loads(posthouse("status", "--json").stdout)
        pids = [p["pid"] for p in data["programs"]]
        posthouse("stop")
        self.assertFalse(any(map(alive, filter(None, pids))))
        self.assertNotEqual(posthouse("status", check=False).returncode, 0)
        posthouse("start")

    def test_unknown_command(self):
        done = self.server.posthouse("frobnicate", check=False)
        self.assertEqual(done.returncode, 64)

    def test_users(self):
        self.server.start()
        posthouse, name = self.server.posthouse, f"dora@{DOMAIN}"
        posthouse("user", "add", name, input="explorer\n")
        self.server.users[name] = "explorer"
        self.assertIn(name, posthouse("user", "list").stdout)
        self.assertIn(name, json.dumps(json.loads(
            posthouse("user", "list", "--json").stdout)))
        self.assertNotIn("explorer", (self.server.dir / "etc/users").read_text())
        self.login(name)
        posthouse("user", "passwd", name, input="swiper\n")
        self.server.users[name] = "swiper"
        self.login(name)
        again = posthouse("user", "add", name, input="x\n", check=False)
        self.assertNotEqual(again.returncode, 0)
        posthouse("user", "del", name)
        self.assertNotIn(name, posthouse("user", "list").stdout)
        gone = posthouse("user", "del", name, check=False)
        self.assertNotEqual(gone.returncode, 0)

    def login(self, name):
        def works():
            try:
                self.server.pop3(name).quit()
                return True
            except Exception:
                return False
        wait_for(works, "a login", 10)

    def test_check(self):
        """What the server would pass over is a warning, the rest an error."""
        etc = self.server.dir / "etc"
        with (etc / "users").open("a") as f:
            f.write(f"{ALICE}:{{PLAIN}}again\nnobody\n")
        (etc / "aliases").write_text("list: |\nno colon\n")
        done = self.server.posthouse("check")
        for place in ("users:3: ", "users:4: ", "aliases:1: ", "aliases:2: "):
            self.assertIn(f"warning: {etc}/{place}", done.stderr)
        (etc / "aliases").unlink()
        self.assertIn("no such file", self.server.posthouse("check").stderr)
        (etc / "users").unlink()
        done = self.server.posthouse("check", "--json", check=False)
        self.assertEqual(done.returncode, 78)
        found = json.loads(done.stdout)
        self.assertEqual([found["fine"], len(found["errors"]),
                          len(found["warnings"])], [False, 1, 1])

    def test_queue(self):
        self.server.start()
        self.assertIn("empty", self.server.posthouse("queue", "list").stdout)
        json.loads(self.server.posthouse("queue", "list", "--json").stdout
                   or "[]")
        self.server.posthouse("queue", "flush")
        none = self.server.posthouse("queue", "delete", "00000000000000AA",
                                     check=False)
        self.assertNotEqual(none.returncode, 0)

    def test_queue_dies(self):
        """In the middle of several requests: the command says so and ends."""
        self.server.start()
        pid = self.server.pids("queue")[0]
        os.kill(pid, signal.SIGSTOP)
        command = subprocess.Popen(
            [BIN / "posthouse", "-c", self.server.conf, "queue", "delete",
             "00000000000000AA", "00000000000000AB", "00000000000000AC"],
            stderr=subprocess.PIPE, text=True)
        time.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
        _, said = command.communicate(timeout=20)
        self.assertEqual(command.returncode, 75, said)
        self.assertEqual(len(said.splitlines()), 1, said)

    def test_mailboxes(self):
        self.server.start()
        with self.server.smtp() as smtp:
            for n in range(5):
                smtp.sendmail("t@client.test", [ALICE], message(f"n {n}"))
        self.server.settle()
        imap = self.server.imap()
        imap.create("Work")
        imap.select("INBOX")
        imap.store("2", "+FLAGS", r"(\Flagged)")
        before = self.picture(imap)
        imap.logout()
        text = self.server.posthouse("mailbox", "list", ALICE).stdout
        self.assertIn("INBOX", text)
        self.assertIn("Work", text)
        json.loads(self.server.posthouse("mailbox", "list", ALICE,
                                         "--json").stdout)
        self.server.posthouse("mailbox", "rebuild", ALICE)
        imap = self.server.imap()
        self.assertEqual(self.picture(imap), before)
        imap.logout()

    def picture(self, imap):
        """What must be the same after a rebuild."""
        imap.select("INBOX")
        validity = imap.response("UIDVALIDITY")[1]
        _, data = imap.fetch("1:*", "(UID FLAGS RFC822.SIZE INTERNALDATE)")
        return validity, [re.sub(rb"\\Recent | ?\\Recent", b"", x)
                          for x in data]

    def test_config_show(self):
        text = self.server.posthouse("config", "show").stdout
        self.assertRegex(text, rf"(?m)^domains\s*=\s*{DOMAIN}")
        json.loads(self.server.posthouse("config", "show", "--json").stdout)


if __name__ == "__main__":
    unittest.main()
