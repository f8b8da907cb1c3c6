# SPDX-License-Identifier: ISC
"""Commands, files and Maildirs that aliases name: what they get, what becomes of
what they say, and what is not done for anybody."""

import fcntl
import json
import mailbox
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from server import BIN, DOMAIN, Server, message, settings_text, wait_for
from terminal import Terminal

SENDER = f"alice@{DOMAIN}"
ROOT = os.geteuid() == 0
# Whose the deliveries are: without root there is nobody else to be.
USER = pwd.getpwnam("nobody") if ROOT else pwd.getpwuid(os.geteuid())


class Scratch:
    """A directory of that user's, that everybody can look into."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="deliver-"))
        self.own(self.path).chmod(0o755)

    @staticmethod
    def own(path):
        os.chown(path, USER.pw_uid, USER.pw_gid)
        return path

    def script(self, name, text):
        """A shell script; ${OUT} in it is a file beside it."""
        path = self.path / name
        out = self.path / f"{name}.out"
        path.write_text(f"#!/bin/sh\nOUT={out}\n{text}\n")
        path.chmod(0o755)
        return path

    def out(self, name):
        path = self.path / f"{name}.out"
        return path.read_text() if path.exists() else ""

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Case(unittest.TestCase):
    SETTINGS = (f"alias_user = {USER.pw_name}\n"
                "retry_first = 1s\nretry_most = 2s\n")

    def setUp(self):
        self.scratch = Scratch()
        self.addCleanup(self.scratch.remove)
        self.place = self.scratch.path

    def serve(self, aliases, settings="", **more):
        """aliases: {name: value}"""
        self.server = Server(
            settings_text(self.SETTINGS, settings),
            aliases="".join(f"{n}: {v}\n" for n, v in aliases.items()), **more)
        self.addCleanup(self.server.remove)
        self.server.start()
        return self.server

    def send(self, *names, sender=SENDER, **more):
        with self.server.smtp() as smtp:
            smtp.sendmail(sender, [f"{n}@{DOMAIN}" for n in names],
                          message(**more))

    def deferred(self, pattern, name=""):
        """A log line about a delivery that was put off."""
        line = rf"to=<{name}.*status=deferred \(.*{pattern}"
        wait_for(lambda: re.search(line, self.server.log()),
                 f"{pattern} in the log")

    def report(self):
        """What the sender is told of a failure."""
        wait_for(lambda: self.server.files(SENDER), "a report")
        return self.server.messages(SENDER)[0].decode()


class Commands(Case):
    def test_what_a_command_gets(self):
        script = self.scratch.script("get", """
            { env; echo "cwd=$(pwd)"; ls -l /proc/self/fd | sed 's/.* //'
              echo "=="; cat; } >$OUT.new 2>&1; mv $OUT.new $OUT""")
        self.serve({"get": f'"|{script} one \'two three\'"'},
                   "recipient_delimiter = +\n")
        self.send("get+x&y", subject="One", body="From here\r\n.\r\nend")
        wait_for(lambda: self.scratch.out("get"), "the command")
        env, content = self.scratch.out("get").split("==\n", 1)
        lines = env.split("\n")
        for line in (f"SENDER={SENDER}", f"RECIPIENT=get+x_y@{DOMAIN}",
                     f"ORIGINAL_RECIPIENT=get+x_y@{DOMAIN}", "LOCAL=get",
                     "EXTENSION=x_y", f"DOMAIN={DOMAIN}", "SHELL=/bin/sh",
                     f"USER={USER.pw_name}", f"LOGNAME={USER.pw_name}",
                     f"HOME={USER.pw_dir}",
                     "PATH=/usr/local/bin:/usr/bin:/bin"):
            self.assertIn(line, lines)
        self.assertNotRegex(env, "POSTHOUSE|ASAN|LC_ALL")
        # standard input, output, error, and what ls has opened
        self.assertEqual(len(re.findall(r"^(?:pipe:|/proc|/)", env, re.M)),
                         4, env)
        self.assertRegex(content, rf"\AFrom {SENDER} \w\w\w \w\w\w [ \d]\d "
                         r"\d\d:\d\d:\d\d \d{4}\n")
        self.assertEqual(content.split("\n")[1:4],
                         [f"Return-Path: <{SENDER}>",
                          f"X-Original-To: get+x&y@{DOMAIN}",
                          f"Delivered-To: get+x&y@{DOMAIN}"])
        self.assertEqual(content.count("Return-Path:"), 1)
        self.assertNotIn("\r", content)
        self.assertTrue(content.endswith("\n\nFrom here\n.\nend\n"), content)
        self.server.settle()
        self.assertRegex(self.server.log(), rf"to=<get\+x&y@{DOMAIN}>.*"
                         r"status=sent \(delivered to command: ")

    def test_it_is_not_root(self):
        script = self.scratch.script("id", "id -u >$OUT; id -g >>$OUT")
        self.serve({"id": f"|{script}"})
        self.send("id")
        wait_for(lambda: self.scratch.out("id").count("\n") == 2, "the ids")
        self.assertEqual(self.scratch.out("id"),
                         f"{USER.pw_uid}\n{USER.pw_gid}\n")

    def test_quoting(self):
        script = self.scratch.script("args", 'echo "$#:$*" >>$OUT')
        self.serve({"a": f"|{script} a b", "b": f'|"{script} a, b"',
                    "c": f'"|{script} \\"a b\\", c"'})
        self.send("a", "b", "c")
        wait_for(lambda: self.scratch.out("args").count("\n") == 3, "all")
        self.assertEqual(sorted(self.scratch.out("args").split("\n")[:3]),
                         ["2:a b", "2:a b, c", "2:a, b"])

    def test_null_sender(self):
        script = self.scratch.script("null", 'head -n 2 >$OUT')
        self.serve({"null": f"|{script}"})
        self.send("null", sender="")
        wait_for(lambda: self.scratch.out("null").count("\n") == 2, "it")
        self.assertRegex(self.scratch.out("null"),
                         r"\AFrom MAILER-DAEMON .*\nReturn-Path: <>\n\Z")

    def test_exit_codes(self):
        """By sysexits: some are told to the sender, 75 is tried again."""
        codes = {64: "5.3.0", 65: "5.6.0", 67: "5.1.1", 68: "5.1.2",
                 70: "5.3.0", 73: "5.2.0", 76: "5.5.0", 77: "5.7.0",
                 78: "5.3.5", 1: "5.3.0", 99: "5.3.0"}
        script = self.scratch.script(
            "code", 'echo; echo "about $1" >&2; echo more; exit $1')
        self.serve({f"c{c}": f"|{script} {c}" for c in codes})
        self.send(*[f"c{c}" for c in codes])
        wait_for(lambda: len(re.findall("status=bounced", self.server.log()))
                 == len(codes), "all failures")
        log = self.server.log()
        for code, status in codes.items():
            self.assertRegex(log, rf"to=<c{code}@.*dsn={status}, "
                             rf"status=bounced \(.*about {code}\)")
        report = self.report()
        self.assertIn("about 67", report)
        self.assertIn("Status: 5.1.1", report)
        self.assertNotRegex(report, r"about \d+\s+more")

    def test_try_again(self):
        script = self.scratch.script("late", f"""
            echo try >>$OUT; test $(wc -l <$OUT) -ge 3 || exit 75""")
        self.serve({"late": f"|{script}"})
        self.send("late")
        self.deferred("try again later", "late")
        self.server.settle()
        self.assertEqual(self.scratch.out("late"), "try\n" * 3)

    def test_what_cannot_run_waits(self):
        self.serve({"gone": f"|{self.place}/not-there"})
        self.send("gone")
        self.deferred("status 127 .*was not found", "gone")

    def test_signal(self):
        self.serve({"dies": "|kill -SEGV $$"})
        self.send("dies")
        self.deferred("ended by signal 11", "dies")

    def test_time_limit(self):
        """All that the command has started is ended with it."""
        script = self.scratch.script("slow", """
            sleep 1000 & echo $! >>$OUT; echo $$ >>$OUT; wait""")
        self.serve({"slow": f"|trap '' TERM; {script}"},
                   "command_time = 1s\nretry_first = 1h\nretry_most = 1h\n")
        self.send("slow")
        self.deferred("not done in 1 seconds", "slow")
        pids = [int(p) for p in self.scratch.out("slow").split()]
        self.assertEqual(len(pids), 2)
        wait_for(lambda: not any(os.path.exists(f"/proc/{p}/fd/0")
                                 for p in pids), "the end of them")

    def test_one_that_hangs(self):
        """A command that does not end has a share of the turns, not all."""
        script = self.scratch.script("hang", f"""
            echo begun >>$OUT
            while ! test -e {self.place}/go; do sleep 0.05; done""")
        other = self.scratch.script("other", "echo x >>$OUT")
        self.serve({"hang": f"|{script}", "other": f"|{other}"},
                   "command_deliveries = 8\n")
        for _ in range(12):
            self.send("hang")
        wait_for(lambda: self.scratch.out("hang"), "the command")
        for _ in range(12):
            self.send("other")
        wait_for(lambda: self.scratch.out("other").count("x") == 12, "others")
        self.assertEqual(self.scratch.out("hang").count("begun"), 2)
        self.server.posthouse("queue", "delete", self.id_of("hang", -1))
        (self.place / "go").write_text("")
        self.server.settle()
        self.assertEqual(self.scratch.out("hang").count("begun"), 11)

    def id_of(self, name, which):
        """The mail id of a mail that waits for that recipient."""
        items = [json.loads(line) for line in self.server.run(
            self.server.dir / "bin/postqueue", "-j").stdout.splitlines()]
        return [i["queue_id"] for i in items
                if i["recipients"][0]["address"].startswith(name)][which]

    def test_background(self):
        """What a command leaves running does not hold the mail up."""
        script = self.scratch.script("behind", "sleep 1000 & echo $! >$OUT")
        self.serve({"behind": f"|{script}"})
        self.send("behind")
        self.server.settle()
        os.kill(int(self.scratch.out("behind")), signal.SIGKILL)

    def test_much_output(self):
        self.serve({"loud": "|yes | head -c 5000000; exit 77"})
        self.send("loud")
        wait_for(lambda: "status=bounced" in self.server.log(), "the end")
        self.assertRegex(self.server.log(), r"\(not allowed\): y\)")

    def test_input_is_not_read(self):
        self.serve({"deaf": "|exec <&-; sleep 0.2"})
        self.send("deaf", body="x\r\n" * 500000)
        self.server.settle()
        self.assertIn("status=sent (delivered to command", self.server.log())

    def test_large_and_binary(self):
        script = self.scratch.script("sum", "sed '1,/^$/d' | cksum >$OUT")
        self.serve({"sum": f"|{script}"})
        body = "".join(f"{i} \xe9\r\n.{i}\r\n" for i in range(200000))
        with self.server.smtp() as smtp:
            smtp.sendmail(SENDER, [f"sum@{DOMAIN}"],
                          b"Subject: x\r\n\r\n" + body.encode("latin-1"),
                          mail_options=["BODY=8BITMIME"])
        self.server.settle()
        wanted = subprocess.run(["cksum"], capture_output=True, check=True,
                                input=body.replace("\r\n", "\n")
                                .encode("latin-1")).stdout.decode()
        self.assertEqual(self.scratch.out("sum"), wanted)

    def test_loop(self):
        """A mail that comes back with our Delivered-To is not run again."""
        script = self.scratch.script("loop", "echo x >>$OUT")
        self.serve({"loop": f"|{script}"})
        with self.server.smtp() as smtp:
            smtp.sendmail(SENDER, [f"loop@{DOMAIN}"], b"Delivered-To: LOOP@"
                          + DOMAIN.encode() + b"\r\nSubject: x\r\n\r\nx\r\n")
        self.assertIn("mail forwarding loop", self.report())
        self.assertEqual(self.scratch.out("loop"), "")

    def test_beside_a_mailbox(self):
        """bob keeps his mail, and a command gets a copy; each once."""
        script = self.scratch.script("copy", "echo x >>$OUT")
        self.serve({"bob": f"\\bob, |{script}", "all": "bob, bob"})
        self.send("bob", "all")
        self.server.settle()
        self.assertEqual(self.scratch.out("copy"), "x\n")
        self.assertEqual(len(self.server.files(f"bob@{DOMAIN}")), 1)

    def test_requeue(self):
        """What waits for a command that was renamed goes to the new one, and
        the mailbox beside it gets nothing twice."""
        script = self.scratch.script("new", "echo x >>$OUT")
        self.serve({"bob": f"\\bob, |{self.place}/old"},
                   "retry_first = 1h\nretry_most = 1h\n")
        self.send("bob")
        self.deferred("was not found", "bob")
        (self.server.dir / "etc/aliases").write_text(
            f"bob: \\bob, |{script}\n")
        self.server.posthouse("reload")
        self.server.posthouse("queue", "requeue", "--all")
        self.server.settle()
        self.assertEqual(self.scratch.out("new"), "x\n")
        self.assertEqual(len(self.server.files(f"bob@{DOMAIN}")), 1)

    def test_explain(self):
        self.serve({"get": '"|cat >x, y"', "file": "/var/mail/x"})
        self.assertIn(f"by deliver to |cat >x, y (get@{DOMAIN})",
                      self.server.posthouse("explain", f"get@{DOMAIN}").stdout)
        self.assertIn("by deliver to /var/mail/x", self.server.posthouse(
            "explain", f"file@{DOMAIN}").stdout)


class Files(Case, Terminal):
    def box(self, name="box"):
        return mailbox.mbox(self.place / name, create=False)

    def subjects(self, name="box"):
        box = self.box(name)
        self.addCleanup(box.close)
        return sorted(m["Subject"] for m in box)

    def test_mbox(self):
        path = self.place / "box"
        self.serve({"box": path})
        self.send("box", subject="One", body="From x\r\n>From y\r\nFro\r\nF")
        self.server.settle()
        self.send("box", subject="Two")
        self.server.settle()
        text = path.read_text()
        self.assertEqual(self.subjects(), ["One", "Two"])
        self.assertIn("\n\n>From x\n>From y\nFro\nF\n\nFrom ", text)
        self.assertTrue(text.endswith("\n\n"))
        self.assertEqual(path.stat().st_mode & 0o7777, 0o600)
        self.assertEqual(path.stat().st_uid, USER.pw_uid)
        self.assertEqual(self.box()[0]["Delivered-To"], f"box@{DOMAIN}")
        self.assertIn("status=sent (delivered to file: ", self.server.log())
        self.assertEqual(os.listdir(self.place), ["box"])

    @unittest.skipUnless(shutil.which("mutt"), "needs mutt")
    def test_mutt_reads_them(self):
        self.serve({"box": self.place / "box", "dir": f"{self.place}/dir/"})
        self.send("box", "dir", subject="For mutt")
        self.server.settle()
        self.home = self.place
        (self.place / "rc").write_text(
            "set copy=no quit=yes resolve=no confirmappend=no move=no\n"
            f'set confirmcreate=no wait_key=no folder="{self.place}"\n')
        for name in ("box", "dir"):
            self.on_terminal(
                "mutt", "-n", "-F", self.place / "rc", "-f",
                self.place / name, "-e",
                'push "<copy-message><kill-line>'
                f'{self.place}/{name}.copy<enter><quit>"')
            with self.subTest(name=name):
                self.assertEqual(self.subjects(name + ".copy"), ["For mutt"])

    def test_many_at_once(self):
        self.serve({"box": self.place / "box"})

        def send(first):
            with self.server.smtp() as smtp:
                for i in range(first, first + 10):
                    smtp.sendmail(SENDER, [f"box@{DOMAIN}"],
                                  message(f"{i:03}", 50 * ("x" * 60 + "\r\n")))
        threads = [threading.Thread(target=send, args=(100 * n,))
                   for n in range(6)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        self.server.settle(120)
        self.assertEqual(self.subjects(), [f"{100 * n + i:03}"
                                           for n in range(6)
                                           for i in range(10)])

    def test_locks(self):
        """Neither of the two locks is passed by."""
        path = self.place / "box"
        path.write_text("")
        self.scratch.own(path)
        self.serve({"box": path})
        with path.open("r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_EX)
            self.send("box", subject="One")
            wait_for(self.helpers, "a delivery")
            time.sleep(0.3)
            self.assertEqual(path.stat().st_size, 0)
            fcntl.lockf(f, fcntl.LOCK_UN)
        self.server.settle()
        lock = self.place / "box.lock"
        lock.write_text(f"{os.getpid()}\n")
        before = path.stat().st_size
        self.send("box", subject="Two")
        wait_for(self.helpers, "a delivery")
        time.sleep(0.3)
        self.assertEqual(path.stat().st_size, before)
        lock.unlink()
        self.server.settle()
        self.assertEqual(self.subjects(), ["One", "Two"])

    def helpers(self):
        return self.server.pids("deliver")

    def test_lock_that_was_left_behind(self):
        lock = self.place / "box.lock"
        self.serve({"box": self.place / "box"})
        for i, text in enumerate(("999999999\n", "")):
            lock.write_text(text)
            if not text:
                os.utime(lock, (time.time() - 1000, time.time() - 1000))
            self.send("box")
            self.server.settle()
            self.assertEqual(len(self.subjects()), i + 1)
            self.assertFalse(lock.exists())

    def test_what_is_not_written_to(self):
        """Links, foreign files, programs and places for everybody."""
        good = self.place / "good"
        good.write_text("")
        self.scratch.own(good)

        def made(name, mode=0o600, own=True):
            path = self.place / name
            path.write_text("")
            if own:
                self.scratch.own(path)
            path.chmod(mode)

        (self.place / "link").symlink_to(good)
        (self.place / "dangling").symlink_to(self.place / "nowhere")
        os.link(good, self.place / "hard")
        made("setuid", 0o4600)
        made("setgid", 0o2600)
        made("program", 0o700)
        made("open", 0o606)
        os.mkfifo(self.place / "fifo")
        (self.place / "dir").mkdir()
        for name in ("world", "dirs"):
            (self.place / name).mkdir()
            self.scratch.own(self.place / name).chmod(0o777)
        names = {"link": "symbolic link", "dangling": "symbolic link",
                 "hard": "hard links", "setuid": "set-uid",
                 "setgid": "set-uid or set-gid", "program": "executed",
                 "open": "written by everybody", "fifo": "no regular file",
                 "dir": "Is a directory", "world/box": "changed by everybody",
                 "dirs/": "changed by everybody", "no/box": "No such file"}
        if ROOT:
            made("foreign", 0o666, own=False)
            names["foreign"] = "somebody else"
        self.serve({f"t{i}": f"{self.place}/{n}"
                    for i, n in enumerate(names)})
        self.send(*[f"t{i}" for i in range(len(names))])
        for i, (name, what) in enumerate(names.items()):
            with self.subTest(name=name):
                self.deferred(what, f"t{i}@")
        self.assertEqual(good.read_text(), "")
        self.assertFalse((self.place / "nowhere").exists())
        self.assertEqual(os.listdir(self.place / "world"), [])

    def test_dev_null(self):
        self.serve({"nobody": "/dev/null"})
        self.send("nobody")
        self.server.settle()
        self.assertIn("status=sent (thrown away", self.server.log())

    @unittest.skipUnless(ROOT, "needs root to mount")
    def test_full_disk(self):
        """Nothing is left of what did not fit, and it comes when there is
        room."""
        small = self.place / "small"
        small.mkdir()
        done = subprocess.run(["mount", "-t", "tmpfs", "-o",
                               f"size=64k,uid={USER.pw_uid}", "none", small],
                              capture_output=True)
        if done.returncode != 0:
            self.skipTest("cannot mount")
        self.addCleanup(subprocess.run, ["umount", small])
        self.serve({"box": small / "box", "dir": f"{small}/dir/"})
        self.send("box", subject="Small")
        self.server.settle()
        before = (small / "box").read_bytes()
        (small / "fill").write_bytes(b"x" * 20000)
        self.send("box", "dir", subject="Large", body=1000 * ("x" * 78 + "\r\n"))
        self.deferred("No space left", "box")
        self.deferred("No space left", "dir")
        self.assertEqual((small / "box").read_bytes(), before)
        (small / "fill").unlink()
        subprocess.run(["mount", "-o", "remount,size=4m", small], check=True)
        self.server.settle()
        self.assertEqual(len(mailbox.mbox(small / "box")), 2)
        self.assertEqual(len(mailbox.Maildir(small / "dir", create=False)), 1)

    def test_maildir(self):
        path = self.place / "dir"
        self.serve({"dir": f"{path}/"})
        self.send("dir", subject="One", body="From x\r\n")
        self.server.settle()
        self.assertEqual(sorted(os.listdir(path)), ["cur", "new", "tmp"])
        self.assertEqual(os.listdir(path / "tmp"), [])
        (name,) = os.listdir(path / "new")
        text = (path / "new" / name).read_text()
        self.assertTrue(text.startswith(f"Return-Path: <{SENDER}>\n"))
        self.assertTrue(text.endswith("\n\nFrom x\n"))
        self.assertNotIn(":", name)
        (box,) = mailbox.Maildir(path, create=False)
        self.assertEqual(box["Subject"], "One")


class Kills(Case):
    """At most one copy more, and none less, whoever dies."""

    def count(self, name):
        return self.scratch.out(name).count("\n")

    def gate(self, name):
        """A command that says it has begun and goes on when it may."""
        script = self.scratch.script(name, f"""
            echo begun >>$OUT
            while ! test -e {self.place}/go; do sleep 0.05; done
            echo done >>$OUT.done""")
        return f"|{script}"

    def done(self, name):
        path = self.place / f"{name}.out.done"
        return path.read_text().count("\n") if path.exists() else 0

    def kill(self, role):
        for pid in self.server.pids(role):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass    # it had ended

    def test_queue_dies(self):
        """The command goes on, and its outcome waits for the new queue."""
        self.serve({"gate": self.gate("gate")})
        self.send("gate")
        wait_for(lambda: self.count("gate") == 1, "the command")
        self.kill("queue")
        wait_for(lambda: self.server.pids("queue"), "a new queue")
        (self.place / "go").write_text("")
        self.server.settle()
        self.assertEqual((self.count("gate"), self.done("gate")), (1, 1))

    def test_queue_is_away_at_the_end(self):
        self.serve({"gate": self.gate("gate")})
        self.send("gate")
        wait_for(lambda: self.count("gate") == 1, "the command")
        self.kill("queue")
        (self.place / "go").write_text("")
        self.server.settle()
        self.assertEqual((self.count("gate"), self.done("gate")), (1, 1))

    def test_local_dies(self):
        """Its command is ended, and run again."""
        self.serve({"gate": self.gate("gate")})
        self.send("gate")
        wait_for(lambda: self.count("gate") == 1, "the command")
        self.kill("local")
        wait_for(lambda: self.count("gate") == 2, "the second try")
        wait_for(lambda: len(self.server.pids("deliver")) == 1,
                 "the end of the first")
        (self.place / "go").write_text("")
        self.server.settle()
        self.assertEqual(self.done("gate"), 1)

    def test_deliver_dies(self):
        self.serve({"gate": self.gate("gate")})
        self.send("gate")
        wait_for(lambda: self.count("gate") == 1, "the command")
        self.kill("deliver")
        self.deferred("ended without an answer", "gate")
        (self.place / "go").write_text("")
        self.server.settle()
        self.assertEqual(self.count("gate"), 2)
        self.assertLessEqual(self.done("gate"), 2)

    def test_all_die(self):
        """Also of the files nothing is missing, and in the Maildir nothing
        double."""
        self.serve({"all": f"{self.place}/dir/, {self.place}/box"})
        for i in range(30):
            self.send("all", subject=f"{i:02}")
            if i % 6 == 5:
                self.kill(("queue", "local", "deliver")[i // 6 % 3])
        wait_for(lambda: self.works(), "a server that works")
        self.server.kill()
        self.server.start()
        self.server.settle(120)
        found = mailbox.Maildir(self.place / "dir", create=False)
        wanted = [f"{i:02}" for i in range(30)]
        self.assertEqual(sorted(m["Subject"] for m in found), wanted)
        # and a part of what was being written
        found = [m["Subject"] for m in mailbox.mbox(self.place / "box")
                 if m["Subject"]]
        self.assertEqual(sorted(set(found)), wanted)
        # what was under way at one of six kills may be there once more
        self.assertLessEqual(max(found.count(s) for s in wanted), 7)

    def send(self, *names, **more):
        wait_for(lambda: self.try_to_send(names, more), "a mail to be taken")

    def try_to_send(self, names, more):
        try:
            super().send(*names, **more)
            return True
        except OSError:
            return False

    def works(self):
        return {"queue", "local"} <= set(self.server.processes().values())


class Trust(Case):
    """What a program in wrong hands can have done here: nothing that root has
    not written."""

    def ask(self, target, address, aliases, argv=("5", "+"), mail="0" * 15 +
            "1"):
        """Run deliver as master does, as this user."""
        content = tempfile.TemporaryFile()
        self.addCleanup(content.close)
        content.write(b"Subject: x\r\n\r\nx\r\n")
        content.flush()
        files = [content.fileno()]
        for path in aliases:
            files.append(os.open(path, os.O_RDONLY))
        ours, theirs = socket.socketpair()
        question = "\0".join([mail, "0", "0", "0", "1700000000", SENDER,
                              address, address, target]) + "\0"

        def set_up():
            moved = [fcntl.fcntl(f, fcntl.F_DUPFD, 100) for f in files]
            for i, f in enumerate(moved):
                os.dup2(f, 3 + i)
            os.closerange(3 + len(files), 200)
            if ROOT:
                os.setgroups([])
                os.setgid(USER.pw_gid)
                os.setuid(USER.pw_uid)

        p = subprocess.Popen([BIN / "deliver", *argv], stdin=theirs,
                             stdout=theirs, preexec_fn=set_up,
                             close_fds=False)
        theirs.close()
        for fd in files[1:]:
            os.close(fd)
        with ours:
            ours.sendall(question.encode())
            ours.shutdown(socket.SHUT_WR)
            said = b""
            while piece := ours.recv(1000):
                said += piece
        p.wait(60)
        return said.decode()

    def aliases(self, text, name="aliases"):
        path = self.place / name
        path.write_text(text)
        return path

    def test_forged(self):
        """A command, a file or a name that does not stand there."""
        real = f"touch {self.place}/real"
        bad = f"touch {self.place}/bad"
        path = self.aliases(f'good: "|{real}"\nother@x.test: |{bad}\n')
        for target, address in ((f"|{bad}", "good@x.test"),
                                (f"|{real}; {bad}", "good@x.test"),
                                (f"|{real}", "wrong@x.test"),
                                (f"|{bad}", "other@y.test"),
                                (f"{self.place}/bad", "good@x.test"),
                                ("|", "good@x.test"), ("x", "good@x.test"),
                                (f"|{real}", ""), (f"|{real}", "good")):
            with self.subTest(target=target, address=address):
                self.assertRegex(self.ask(target, address, [path]),
                                 r"\A4 3\.[05] ")
        self.assertEqual(sorted(os.listdir(self.place)), ["aliases"])
        for address in ("good@x.test", "GOOD@y.test", "good+more@x.test"):
            self.assertRegex(self.ask(f"|{real}", address, [path]),
                             r"\A2 0\.0 delivered to command")
        self.assertTrue((self.place / "real").exists())
        self.assertRegex(self.ask(f"|{bad}", "other@X.test",
                                  [self.aliases("", "empty"), path]), r"\A2 ")
        self.assertRegex(self.ask(f"|{bad}", "good@x.test", []), r"\A4 3\.5 ")

    def test_malformed(self):
        path = self.aliases("good: |true\n")
        for mail in ("", "1", "x" * 16, "0" * 16):
            self.assertRegex(self.ask("|true", "good@x.test", [path],
                                      mail=mail), r"\A4 3\.0 ")
        self.assertRegex(self.ask("|true", "good\r\nX: y@x.test", [path]),
                         r"\A4 3\.0 ")
        for argv in ((), ("0", "+"), ("x", "+"), ("5", "+", "x")):
            done = subprocess.run([BIN / "deliver", *argv],
                                  capture_output=True, text=True,
                                  stdin=subprocess.DEVNULL)
            self.assertEqual(done.returncode, 64)
            self.assertIn("started by master", done.stderr)

    @unittest.skipUnless(ROOT, "needs root")
    def test_never_as_root(self):
        done = subprocess.run([BIN / "deliver", "5", "+"], input="\0".join(
            ["0" * 15 + "1", "0", "0", "0", "1", "", "a@b.test", "a@b.test",
             "|true"]) + "\0", capture_output=True, text=True)
        self.assertRegex(done.stdout, r"\A4 3\.5 .*root")

    def refused(self, settings, pattern, aliases="x: |true\n", **more):
        server = Server(f"retry_first = 1s\n{settings}", aliases=aliases)
        self.addCleanup(server.remove)
        for path in more.get("writable", ()):
            (server.dir / path).chmod(0o666)
        server.start()
        self.server = server
        self.send("x")
        self.deferred(pattern, "x")
        return server

    def test_users_that_may_not(self):
        self.refused("alias_user = root\n", "is root")
        self.refused("alias_user = no-such-user\n", "no system user")
        if not ROOT:
            self.refused("alias_user = daemon\n", "Only root can become")

    def test_alias_file_of_others(self):
        server = self.refused(f"alias_user = {USER.pw_name}\n",
                              "no alias file has",
                              writable=("etc/aliases",))
        self.assertIn("can be written by others than root", server.log())
        self.assertIn("changed just now, or forged", server.output())

    def test_lists_name_addresses_only(self):
        server = Server(f"alias_user = {USER.pw_name}\n",
                        aliases="")
        self.addCleanup(server.remove)
        (server.dir / "etc/list").write_text(f"|touch {self.place}/bad\n")
        (server.dir / "etc/aliases").write_text(
            f"x: :include:{server.dir}/etc/list\n")
        server.start()
        self.assertIn("refused for now", server.posthouse(
            "explain", f"x@{DOMAIN}", check=False).stdout)

    def test_check(self):
        server = Server("alias_user = no-such-user\n",
                        aliases='a: "|"\nb: /a/../b\nc: |true\n')
        self.addCleanup(server.remove)
        said = server.posthouse("check").stderr
        etc = server.dir / "etc"
        self.assertIn(f"warning: {etc}/aliases:1: ", said)
        self.assertIn(f"warning: {etc}/aliases:2: ", said)
        self.assertRegex(said, f"warning: {etc}/aliases:3: .*no-such-user")
        server = Server(f"alias_user = {USER.pw_name}\n", aliases="c: |true\n")
        self.addCleanup(server.remove)
        self.assertEqual(server.posthouse("check").stderr, "")
        (server.dir / "etc/aliases").chmod(0o666)
        self.assertRegex(server.posthouse("check").stderr,
                         r"aliases:1: .*others than root can write")


if __name__ == "__main__":
    unittest.main()
