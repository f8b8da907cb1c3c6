# SPDX-License-Identifier: ISC
"""A whole Posthouse in a scratch directory, for tests and the demo.

    with Server() as server:
        with server.smtp() as smtp:
            smtp.sendmail(...)
        server.settle()                   # until the queue is empty
        server.messages("alice@example.test")

Every server has free ports on 127.0.0.1 and runs as whoever started it. The
programs come from $BUILD/bin, by default build/bin beside this source.
"""

import errno
import imaplib
import os
import pathlib
import poplib
import random
import re
import shutil
import signal
import smtplib
import socket
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("BUILD", "build")).resolve()
BIN = BUILD / "bin"

DOMAIN = "example.test"
USERS = {"alice@" + DOMAIN: "wonderland", "bob@" + DOMAIN: "builder"}
PROTOCOLS = ("smtp", "submission", "lmtp", "pop2", "pop3", "imap")


BASE = """\
hostname = mail.example.test
domains = example.test
users = users
aliases = aliases
spool_dir = ../spool
mail_dir = ../mail
state_dir = ../state
run_dir = ../run
log_file = {log}
program_dir = {programs}
drop_privileges = no
plain_logins = yes
dns_servers = 127.0.0.1@1
dnssec = off
new_mailboxes =
"""


def any_ports():
    """Those below what the kernel gives to connections."""
    least = int(pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
                .read_text().split()[0])
    return range(10000, max(least, 20000))


def own_ports():
    """PORTS=FIRST:COUNT gives a process its own, tests/system/run."""
    first, count = map(int, os.environ.get("PORTS", "0:0").split(":"))
    return range(first, first + count)


def given_ports():
    """Behind its own any."""
    yield from own_ports()
    yield from random.sample(any_ports(), 10000)


def shares_of_ports(n):
    """PORTS for each of n processes beside each other, of this one's own or of
    all: it must not take any itself."""
    of = own_ports() or any_ports()
    each = len(of) // n
    return [f"{of[i * each]}:{each}" for i in range(n)]


ports = given_ports()
ports_lock = threading.Lock()


def free_port():
    """A port that nobody listens on; never the same one twice."""
    while True:
        with ports_lock, socket.socket() as s:
            port = next(ports)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


# Whether the programs are built with sanitizers, which make them slow and keep
# freed memory.
SANITIZED = re.search(rb"__[at]san_init", (BIN / "master").read_bytes())


def within(seconds):
    """What may take so long on a quick machine, in seconds on this one. Such a
    limit finds what hangs, no more: other tests run at the same time."""
    return seconds * (10 if SANITIZED else 4)


def may_mount():
    """May this process have a name space of mounts? Not below a plain chroot."""
    return os.geteuid() == 0 and shutil.which("unshare") and subprocess.run(
        ["unshare", "-m", "true"], capture_output=True,
        check=False).returncode == 0


def wait_for(condition, what, seconds=30):
    """The first true value of condition(); fails when within(seconds) are
    over."""
    seconds = within(seconds)
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"still waiting for {what} after {seconds} s")
        time.sleep(0.02)

# What a failed must() and the sanitizers say.
FAULTS = (" bug: ", "Sanitizer: ", "runtime error: ")


def faults_in(output):
    """The lines that tell of one. After an hour under load the log has hundreds
    of megabytes, hence no expression."""
    return [line for words in FAULTS if words in output
            for line in output.splitlines() if words in line]


def settings_text(base, more):
    """Both, with what more sets taken out of base."""
    names = {line.split("=")[0].strip() for line in more.splitlines()}
    return "".join(line + "\n" for line in base.splitlines()
                   if line.split("=")[0].strip() not in names) + more


def write_settings(directory, ports, more="", log="../log/posthouse.log"):
    """etc/posthouse.conf below directory, and the directories it names."""
    for name in ("etc", "spool", "mail", "state", "run", "log", "bin"):
        (directory / name).mkdir(parents=True, exist_ok=True)
    text = "# Written by tests/system/server.py at each start.\n" + \
        settings_text(BASE.format(log=log, programs=BIN), more)
    for name, port in ports.items():
        text += (f"\n[listener {name}]\n"
                 f"address = 127.0.0.1:{port}\n"
                 f"protocol = {name}\n")
    (directory / "etc/posthouse.conf").write_text(text)
    for link, target in (("posthouse", "posthouse"), ("sendmail", "sendmail"),
                         ("mailq", "sendmail"), ("postqueue", "posthouse"),
                         ("postsuper", "posthouse"), ("postmap", "posthouse"),
                         ("postconf", "posthouse")):
        path = directory / "bin" / link
        if path.is_symlink():
            path.unlink()
        path.symlink_to(BIN / target)


# What a server under the sanitizers has to know.
PASSED = ("PATH", "ASAN_OPTIONS", "LSAN_OPTIONS", "TSAN_OPTIONS",
          "UBSAN_OPTIONS")


class Server:
    programs = BIN

    def __init__(self, settings="", users=None, aliases="", listeners=""):
        """settings: more lines; users: {address: password};
        listeners: more [listener] sections."""
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-"))
        self.conf = self.dir / "etc/posthouse.conf"
        self.users = dict(USERS if users is None else users)
        self.ports = {name: free_port() for name in PROTOCOLS}
        self.master = None
        write_settings(self.dir, self.ports, settings)
        with self.conf.open("a") as f:
            f.write(listeners)
        # plain-text passwords: what is tested here is not the hash
        (self.dir / "etc/users").write_text("".join(
            f"{a}:{{PLAIN}}{p}\n" for a, p in self.users.items()))
        (self.dir / "etc/users").chmod(0o600)
        (self.dir / "etc/aliases").write_text(aliases)

    # ---- life ----

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.remove()

    def start(self):
        """Start master in the foreground; returns when it says READY."""
        notify = self.dir / "run/notify"
        notify.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s, \
                (self.dir / "log/stdout").open("a") as output:
            s.bind(str(notify))
            s.settimeout(0.1)
            self.master = subprocess.Popen(
                [str(self.programs / "master"), "-F", "-c", str(self.conf)],
                stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT,
                env={"NOTIFY_SOCKET": str(notify),
                     **{name: os.environ[name] for name in PASSED
                        if name in os.environ}})
            wait_for(lambda: self.is_ready(s), "READY=1 from master")

    def is_ready(self, notify):
        if self.master.poll() is not None:
            raise RuntimeError(f"master ended with {self.master.returncode}:\n"
                               + self.output())
        try:
            return b"READY=1" in notify.recv(4096).split(b"\n")
        except (TimeoutError, socket.timeout):
            return False

    def stop(self):
        """An orderly stop. Returns the exit status of master."""
        if self.master is None:
            return None
        if self.master.poll() is None:
            self.master.terminate()
        try:
            status = self.master.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.master = None
        return status

    def kill(self):
        """kill -9 of master and all its children at once."""
        pids = [self.master.pid, *self.processes()]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.master.wait(10)
        self.master = None
        wait_for(lambda: not any(alive(p) for p in pids), "the end of all")

    def remove(self):
        """Stop it, look whether a program complained about itself, forget."""
        try:
            self.stop()
            faults = faults_in(self.output())
            if faults:
                raise AssertionError("a program has a bug:\n"
                                     + "\n".join(faults[:5]))
        finally:
            if "KEEP" in os.environ:
                print("kept:", self.dir)
            else:
                shutil.rmtree(self.dir, ignore_errors=True)

    def processes(self):
        """{pid: role} of the living children of master."""
        found = {}
        path = f"/proc/{self.master.pid}/task/{self.master.pid}/children"
        for pid in map(int, pathlib.Path(path).read_text().split()):
            role = role_of(pid)
            if role:
                found[pid] = role
        return found

    def pids(self, role):
        return [p for p, r in self.processes().items() if r == role]

    # ---- commands ----

    def run(self, *argv, input=None, check=True):
        """Run a command; text in, text out."""
        done = subprocess.run([str(a) for a in argv], input=input, text=True,
                              capture_output=True, timeout=120,
                              env={**os.environ,
                                   "POSTHOUSE_CONF": str(self.conf)})
        if check and done.returncode != 0:
            raise AssertionError(f"{argv} ended with {done.returncode}:\n"
                                 f"{done.stdout}{done.stderr}")
        return done

    def posthouse(self, *argv, **options):
        return self.run(BIN / "posthouse", "-c", self.conf, *argv, **options)

    def sendmail(self, *argv, input="", **options):
        return self.run(BIN / "sendmail", "-C", self.conf, *argv, input=input,
                        **options)

    # ---- clients ----

    def connect(self, protocol):
        return socket.create_connection(("127.0.0.1", self.ports[protocol]), 30)

    def smtp(self, timeout=120):
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"],
                            local_hostname="client.test", timeout=timeout)

    def pop3(self, user="alice@" + DOMAIN):
        client = poplib.POP3("127.0.0.1", self.ports["pop3"], timeout=60)
        client.user(user)
        client.pass_(self.users[user])
        return client

    def imap(self, user="alice@" + DOMAIN):
        client = imaplib.IMAP4("127.0.0.1", self.ports["imap"], timeout=60)
        client.login(user, self.users[user])
        return client

    # ---- looking inside ----

    def maildir(self, user="alice@" + DOMAIN):
        local, domain = user.split("@")
        return self.dir / "mail" / domain / local

    def block(self, user):
        """Nothing can be delivered to this user until unblock()."""
        self.maildir(user).parent.mkdir(parents=True, exist_ok=True)
        self.maildir(user).write_text("in the way\n")

    def unblock(self, user):
        self.maildir(user).unlink()

    def files(self, user="alice@" + DOMAIN):
        """The message files of the INBOX; one that moves meanwhile is found
        in one of its two places."""
        found = {}
        for part in ("new", "cur"):
            try:
                found |= {p.name.split(":")[0]: p
                          for p in (self.maildir(user) / part).iterdir()
                          if not p.name.startswith(".")}
            except FileNotFoundError:
                pass
        return list(found.values())

    def link_counts(self, user="alice@" + DOMAIN):
        """How many names each of these files has: 1 when the spool is done."""
        found = []
        for file in self.files(user):
            try:
                found.append(file.stat().st_nlink)
            except FileNotFoundError:   # renamed in between
                pass
        return found

    def spool_files(self):
        return [p for p in (self.dir / "spool/content").rglob("*")
                if p.is_file()]

    def messages(self, user="alice@" + DOMAIN):
        """The octets of every message, by IMAP."""
        client = self.imap(user)
        client.select("INBOX", readonly=True)
        _, data = client.fetch("1:*", "(BODY.PEEK[])")
        client.logout()
        return [part[1] for part in data if isinstance(part, tuple)]

    def queue_is_empty(self):
        """Nothing is left in the spool, and what was delivered is safe. (A small
        mail may never have a file there.)"""
        return not self.spool_files() and "queue is empty" in \
            self.posthouse("queue", "stats", check=False).stdout

    def settle(self, seconds=60):
        wait_for(self.queue_is_empty, "an empty queue", seconds)

    def log(self):
        path = self.dir / "log/posthouse.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def output(self):
        path = self.dir / "log/stdout"
        return (path.read_text(errors="replace") if path.exists() else "") \
            + self.log()


def alive(pid):
    """Whether pid runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError as e:
        if e.errno in (errno.ENOENT, errno.ESRCH):
            return False
        raise


def descriptors(pid):
    """What each descriptor of a process is; one may close while we look."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(fd)] = os.readlink(f"/proc/{pid}/fd/{fd}")
        except FileNotFoundError:
            pass
    return found


def memory(pid):
    """KiB that belong to a process alone; mapped files can go any time."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"RssAnon:\s+(\d+)", text)[1])


def role_of(pid):
    """Name of the program of a process; None when it is gone."""
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            word = f.read().split(b"\0")[0].decode()
    except OSError:
        return None
    return os.path.basename(word) or None


def message(subject="Hello", body="Hello.\r\n", sender="tester@client.test",
            to="alice@" + DOMAIN):
    """A small message in wire form."""
    return (f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n"
            f"\r\n{body}").encode()
