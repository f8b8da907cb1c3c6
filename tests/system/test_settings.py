# SPDX-License-Identifier: ISC
"""Wrong settings: all errors at once, with their places; nothing changes."""

import re
import time
import unittest

from server import ROOT, Server, message, within

# What 0 is for the settings that take it. None of them keeps a stranger from
# memory, descriptors or time: such a limit has no 0.
NOUGHT = {
    "greet_wait": "no wait", "tarpit": "no wait", "pop3_login_delay": "no wait",
    "imap_append_limit": "as message_size_limit",
    "bounce_message_size": "nothing comes back whole",
    "delay_warning": "nobody is warned", "history_keep": "nothing is kept",
    "quota": "what a user has is the administrator's affair",
    "quota_messages": "the same", "quota_grace": "nothing above quota",
    "destination_rate": "as fast as destination_connections allow",
}


def limits():
    """(whether it is a listener's, name, least) of settings that are numbers."""
    text = (ROOT / "lib/proc/settings.def").read_text()
    for kind, name, least in re.findall(
            r"^(LISTENER_)?SETTING\((?:count|size|time), (\w+), "
            r'"[^"]*", (\d+),', text, re.M):
        yield bool(kind), name, int(least)


class Settings(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)

    def append(self, text):
        """Put lines in front, where settings stand; returns the old text."""
        old = self.server.conf.read_text()
        self.server.conf.write_text(text + old)
        return old

    def test_good(self):
        self.assertEqual(self.server.posthouse("check").returncode, 0)

    def test_all_errors_at_once(self):
        self.append("hostnam = x.test\nerrors_max = many\nhops_max = 0\n"
                    "just words\n")
        done = self.server.posthouse("check", check=False)
        self.assertEqual(done.returncode, 78)
        text = done.stdout + done.stderr
        for line in (1, 2, 3, 4):
            self.assertRegex(text, rf"posthouse\.conf:{line}:\d+: ")
        self.assertIn("hostname", text)     # the nearest right name

    def test_nought_is_not_without_limit(self):
        """A limit of 0 is refused, not taken for none at all."""
        self.assertEqual({n for _, n, least in limits() if least == 0},
                         set(NOUGHT))
        self.append("".join(f"{n} = 0\n" for n in NOUGHT))
        self.assertEqual(self.server.posthouse("check").returncode, 0)
        strict = [(listener, n) for listener, n, least in limits() if least]
        self.assertGreater(len(strict), 30)
        with self.server.conf.open("a") as f:
            # behind the last section, which is a listener's
            f.writelines(f"{n} = 0\n" for listener, n in strict if listener)
        self.append("".join(f"{n} = 0\n" for listener, n in strict
                            if not listener))
        done = self.server.posthouse("check", check=False)
        self.assertEqual(done.returncode, 78)
        said = done.stdout + done.stderr
        for _, name in strict:
            self.assertRegex(said, rf"conf:\d+:\d+: .*\b{name}\b")

    def test_given_twice(self):
        self.append("errors_max = 5\nerrors_max = 6\n")
        done = self.server.posthouse("check", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertRegex(done.stdout + done.stderr, r":2:\d+: ")

    def test_start_with_errors(self):
        self.append("no_such = 1\n")
        done = self.server.posthouse("start", check=False)
        self.assertEqual(done.returncode, 78)
        self.assertIn("no_such", done.stdout + done.stderr)

    def test_reload_with_errors_changes_nothing(self):
        self.server.start()
        old = self.append("no_such = 1\n")
        done = self.server.posthouse("reload", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("no_such", done.stdout + done.stderr)
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", ["alice@example.test"], message())
        self.server.conf.write_text(old)
        self.server.posthouse("reload")

    def test_reload_keeps_sessions(self):
        self.server.start()
        with self.server.smtp() as smtp:
            smtp.ehlo()
            self.append("message_size_limit = 2M\n")
            self.server.posthouse("reload")
            smtp.sendmail("t@client.test", ["alice@example.test"], message())
        end = time.monotonic() + within(10)
        while True:     # the announcement follows within a moment
            with self.server.smtp() as smtp:
                smtp.ehlo()
                if smtp.esmtp_features.get("size") == "2097152":
                    break
            self.assertLess(time.monotonic(), end)

    def test_new_user_and_alias_need_no_restart(self):
        self.server.start()
        with (self.server.dir / "etc/users").open("a") as f:
            f.write("carol@example.test:{PLAIN}carroll\n")
        (self.server.dir / "etc/aliases").write_text("cc: carol\n")
        self.server.posthouse("reload")
        self.server.users["carol@example.test"] = "carroll"
        end = time.monotonic() + within(10)
        while True:
            with self.server.smtp() as smtp:
                smtp.ehlo()
                smtp.mail("t@client.test")
                codes = [smtp.rcpt(a + "@example.test")[0]
                         for a in ("carol", "cc")]
            if codes == [250, 250]:
                break
            self.assertLess(time.monotonic(), end, codes)
        self.server.pop3("carol@example.test").quit()


if __name__ == "__main__":
    unittest.main()
