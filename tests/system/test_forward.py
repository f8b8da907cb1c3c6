# SPDX-License-Identifier: ISC
"""Users of the system: their mailboxes, and what their ~/.forward says.

The server runs in a mount namespace with an /etc/passwd and a /var/mail of its
own, so nothing of this host is touched."""

import concurrent.futures
import grp
import mailbox
import os
import pathlib
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

import server as house
from server import DOMAIN, Server, may_mount, message, wait_for

ALICE = f"alice@{DOMAIN}"
PEOPLE = {"carol": 20001, "dave": 20002, "erin": 20003}


class Inside(Server):
    """A server that sees another /etc/passwd and /var/mail."""

    def __init__(self, place, settings):
        super().__init__("system_domains = example.test\n"
                         "recipient_delimiter = +\n"
                         "retry_first = 1s\nretry_most = 2s\n" + settings)
        self.place = place
        for path in (self.dir, self.dir / "etc", self.dir / "run"):
            path.chmod(0o755)
        wrap = self.dir / "bin/master"
        wrap.write_text(f"""#!/bin/sh
            mount --make-rprivate / &&
            mount --bind {place}/passwd /etc/passwd &&
            mount --bind {place}/mail /var/mail &&
            exec {house.BIN}/master "$@"\n""")
        wrap.chmod(0o755)

    def start(self):
        """As the parent, with master in a namespace of its own."""
        real, popen = house.BIN, subprocess.Popen

        def inside(argv, **more):
            if argv[0] == str(real / "master"):
                argv = ["unshare", "-m", str(self.dir / "bin/master"),
                        *argv[1:]]
            return popen(argv, **more)
        subprocess.Popen = inside
        try:
            super().start()
        finally:
            subprocess.Popen = popen


@unittest.skipUnless(may_mount(), "needs root and mount namespaces")
class Forward(unittest.TestCase):
    def setUp(self):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="forward-"))
        self.addCleanup(shutil.rmtree, self.place, True)
        self.place.chmod(0o755)
        (self.place / "mail").mkdir()
        os.chown(self.place / "mail", 0, grp.getgrnam("mail").gr_gid)
        (self.place / "mail").chmod(0o2775)
        passwd = pathlib.Path("/etc/passwd").read_text()
        for name, uid in PEOPLE.items():
            passwd += f"{name}:x:{uid}:{uid}::{self.place}/{name}:/bin/sh\n"
            self.own(name, self.place / name, "mkdir")
        (self.place / "passwd").write_text(passwd + "sys:x:500:500::/:/bin/sh\n")

    def own(self, name, path, text, mode=None):
        """A file of that user's, or a directory."""
        if text == "mkdir":
            path.mkdir()
        else:
            path.write_text(text)
        os.chown(path, PEOPLE[name], PEOPLE[name])
        path.chmod(mode or (0o755 if text == "mkdir" else 0o644))
        return path

    def forward(self, name, text, suffix="", **more):
        self.own(name, self.place / name / f".forward{suffix}", text, **more)

    def script(self, name, script, text):
        """A command of that user's; ${OUT} in it is a file beside it."""
        path = self.place / name / script
        return self.own(name, path, f"#!/bin/sh\nOUT={path}.out\n{text}\n",
                        mode=0o755)

    def out(self, name, script):
        path = self.place / name / f"{script}.out"
        return path.read_text() if path.exists() else ""

    def serve(self, settings=""):
        self.server = Inside(self.place, settings)
        self.addCleanup(self.server.remove)
        self.server.start()
        return self.server

    def send(self, *names, sender=ALICE, **more):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, [f"{n}@{DOMAIN}" for n in names],
                          message(**more))

    def box(self, name):
        path = self.place / "mail" / name
        if not path.exists():
            return []
        box = mailbox.mbox(path, create=False)
        self.addCleanup(box.close)
        return list(box)

    def deferred(self, pattern):
        wait_for(lambda: re.search(rf"status=deferred \(.*{pattern}",
                                   self.server.log()),
                 f"{pattern} in the log")

    def test_mbox(self):
        """Made for the user, in the group that may lock it."""
        self.serve()
        self.send("carol", subject="One")
        self.send("Carol+x", subject="Two")
        self.server.settle()
        self.assertEqual(sorted(m["Subject"] for m in self.box("carol")),
                         ["One", "Two"])
        st = (self.place / "mail/carol").stat()
        self.assertEqual((st.st_uid, st.st_mode & 0o7777), (20001, 0o600))
        self.assertEqual(st.st_gid, grp.getgrnam("mail").gr_gid)
        self.assertEqual(os.listdir(self.place / "mail"), ["carol"])

    def test_dot_lock_is_kept(self):
        self.serve()
        lock = self.place / "mail/carol.lock"
        lock.write_text(f"{os.getpid()}\n")
        self.send("carol")
        wait_for(lambda: "deliver" in self.server.processes().values(),
                 "a delivery")
        lock.unlink()
        self.server.settle()
        self.assertEqual(len(self.box("carol")), 1)

    def test_maildir(self):
        self.serve("system_mailbox = maildir\n")
        self.send("carol", subject="One")
        self.server.settle()
        (one,) = mailbox.Maildir(self.place / "carol/Maildir", create=False)
        self.assertEqual(one["Subject"], "One")
        self.assertEqual((self.place / "carol/Maildir").stat().st_uid, 20001)

    def test_who_gets_mail(self):
        self.serve()
        for name in ("sys", "root", "daemon", "nobody", "no-such"):
            with self.subTest(name=name):
                self.assertRegex(self.server.posthouse(
                    "explain", f"{name}@{DOMAIN}", check=False).stdout,
                    "refused, 5.1.1")
        self.assertIn(f"by deliver to ~carol (carol@{DOMAIN})",
                      self.server.posthouse("explain",
                                            f"carol@{DOMAIN}").stdout)
        # users of Posthouse come first
        self.assertIn("by local", self.server.posthouse(
            "explain", f"bob@{DOMAIN}").stdout)

    def test_new_user(self):
        self.serve()
        self.add_frank()
        wait_for(self.is_frank_known, "frank")
        self.send("frank")
        self.server.settle()
        self.assertEqual(len(self.box("frank")), 1)

    def add_frank(self):
        with (self.place / "passwd").open("a") as f:
            f.write("frank:x:20009:20009::/nonexistent:/bin/sh\n")

    def is_frank_known(self):
        return "~frank" in self.server.posthouse(
            "explain", f"frank@{DOMAIN}", check=False).stdout

    def test_new_user_while_the_server_starts(self):
        """router has the names already, but not everybody is ready."""
        programs = self.place / "programs"
        programs.mkdir()
        for program in house.BIN.iterdir():
            (programs / program.name).symlink_to(program)
        (programs / "bounce").unlink()
        (programs / "bounce").write_text(
            f"#!/bin/sh\nuntil [ -e {self.place}/go ]; do sleep 0.05; done\n"
            f"exec {house.BIN}/bounce\n")
        (programs / "bounce").chmod(0o755)
        self.server = Inside(self.place, f"program_dir = {programs}\n")
        self.addCleanup(self.server.remove)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            start = pool.submit(self.server.start)
            wait_for(self.router_has_names, "names of users in router")
            self.add_frank()
            (self.place / "go").touch()
            start.result()
        wait_for(self.is_frank_known, "frank")

    def router_has_names(self):
        return self.server.master is not None and any(
            "memfd:system" in pathlib.Path(f"/proc/{pid}/maps").read_text()
            for pid in self.server.pids("router"))

    def test_values(self):
        """Everything that may stand there, each once."""
        script = self.script("carol", "run",
                             'id -un >>$OUT; pwd >>$OUT; cat >>$OUT')
        self.own("carol", self.place / "carol/list", "dave\n")
        self.forward("carol", f"""# what is mine
\\carol, bob
"|{script} a"
{self.place}/carol/copy, {self.place}/carol/dir/
:include:{self.place}/carol/list
""")
        self.serve()
        self.send("carol", subject="For all")
        self.server.settle()
        for name in ("carol", "dave"):
            with self.subTest(name=name):
                (m,) = self.box(name)
                self.assertEqual(m["Subject"], "For all")
                self.assertEqual(m["Return-Path"], f"<{ALICE}>")
        (m,) = self.server.messages(f"bob@{DOMAIN}")
        self.assertIn(f"Delivered-To: carol@{DOMAIN}".encode(), m)
        self.assertTrue(m.startswith(f"Return-Path: <{ALICE}>".encode()), m)
        out = self.out("carol", "run")
        self.assertTrue(out.startswith(f"carol\n{self.place}/carol\nFrom "),
                        out)
        self.assertIn("Subject: For all\n",
                      (self.place / "carol/copy").read_text())
        self.assertEqual(len(mailbox.Maildir(self.place / "carol/dir",
                                             create=False)), 1)
        self.assertRegex(self.server.log(), r"status=sent \(forwarded to bob@")

    def test_one_that_fails(self):
        """What has been done is not done again when another value waits."""
        first = self.script("carol", "first", "echo x >>$OUT")
        second = self.script("carol", "second", """
            echo x >>$OUT; test $(wc -l <$OUT) -ge 3 || exit 75""")
        self.forward("carol", f"\\carol, |{first}, |{second}\n")
        self.serve()
        self.send("carol", "carol+a")
        self.server.settle()
        self.assertEqual(self.out("carol", "first"), "x\n")
        self.assertEqual(self.out("carol", "second"), 3 * "x\n")
        self.assertEqual(len(self.box("carol")), 1)

    def test_detail(self):
        script = self.script("carol", "run", 'echo "$EXTENSION" >>$OUT')
        self.forward("carol", f"|{script}\n", suffix="+lists")
        self.serve()
        self.send("carol+lists")
        self.send("carol+other")
        self.send('"carol+../x"')
        self.server.settle()
        self.assertEqual(self.out("carol", "run"), "lists\n")
        self.assertEqual(len(self.box("carol")), 2)

    def test_loop(self):
        self.forward("carol", "dave\n")
        self.forward("dave", "carol\n")
        self.serve()
        self.send("carol")
        wait_for(lambda: self.server.files(ALICE), "a report")
        self.server.settle()
        self.assertIn(b"mail forwarding loop",
                      self.server.messages(ALICE)[0])

    def test_alias_and_user(self):
        """An alias wins; a backslash in it means the mailbox."""
        self.forward("carol", "dave\n")
        server = self.serve()
        (server.dir / "etc/aliases").write_text(
            "carol: \\carol, erin\nboss: carol\n")
        server.posthouse("reload")
        self.send("boss")
        server.settle()
        self.assertEqual([len(self.box(n)) for n in PEOPLE], [1, 0, 1])

    def test_mistakes_wait(self):
        """Mail is kept until the file is right; the log has the line."""
        for text, mode, pattern in (
                ("dave\n|\n", 0o644, ".forward:2: .*an empty command"),
                ("dave dave x\n", 0o644, ".forward:1: .*no.* address|not an"),
                (":include:/nonexistent\n", 0o644, "/nonexistent:0: No such"),
                ("dave\n", 0o666, "chmod go-w"),
                ("dave\n", 0o664, "chmod go-w")):
            with self.subTest(text=text, mode=mode):
                self.forward("carol", text, mode=mode)
                self.serve()
                self.send("carol")
                self.deferred(pattern)
                self.assertEqual(self.box("carol"), [])
                self.forward("carol", "\\carol\n")
                self.server.settle()
                self.assertEqual(len(self.box("carol")), 1)
                (self.place / "mail/carol").unlink()
                self.server.stop()

    def test_what_is_not_his(self):
        """Neither a foreign .forward nor a foreign file is touched."""
        self.forward("carol", "erin\n")
        os.chown(self.place / "carol/.forward", PEOPLE["dave"], 0)
        self.own("erin", self.place / "erin/box", "", mode=0o666)
        self.forward("dave", f"{self.place}/erin/box\n")
        (self.place / "mail/erin").symlink_to(self.place / "erin/box")
        self.serve()
        self.send("carol", "dave", "erin")
        self.deferred("belongs to somebody else.*")
        self.deferred("box belongs to somebody else")
        self.deferred("symbolic link")
        self.assertEqual((self.place / "erin/box").read_text(), "")

    def test_commands_have_not_the_group_of_mailboxes(self):
        script = self.script("carol", "run", "id -G >$OUT.new; mv $OUT.new $OUT")
        self.forward("carol", f"|{script}\n")
        self.serve()
        self.send("carol")
        self.server.settle()
        self.assertEqual(self.out("carol", "run").split(), ["20001"])

    def test_kills(self):
        self.forward("carol", f"\\carol, {self.place}/carol/dir/, bob\n")
        self.serve()
        for i in range(24):
            wait_for(lambda: self.try_to_send(f"{i:02}"), "a mail to be taken")
            if i % 4 == 3:
                for pid in self.server.pids(("local", "queue",
                                             "deliver")[i // 4 % 3]):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass    # it had ended
        wait_for(lambda: {"queue", "local"} <=
                 set(self.server.processes().values()), "both")
        # what sendmail could not hand over, master looks for now and then
        wait_for(lambda: not os.listdir(self.server.dir / "spool/drop"),
                 "the drop directory to be empty", 120)
        self.server.settle(120)
        wanted = [f"{i:02}" for i in range(24)]
        found = mailbox.Maildir(self.place / "carol/dir", create=False)
        self.assertEqual(sorted({m["Subject"] for m in found}), wanted)
        self.assertEqual(sorted({m["Subject"] for m in self.box("carol")}),
                         wanted)
        found = [re.search(rb"Subject: (\d\d)", m)[1].decode()
                 for m in self.server.messages(f"bob@{DOMAIN}")]
        self.assertEqual(sorted(set(found)), wanted)

    def try_to_send(self, subject):
        try:
            self.send("carol", subject=subject)
            return True
        except OSError:
            return False


if __name__ == "__main__":
    unittest.main()
