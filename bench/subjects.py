# SPDX-License-Identifier: ISC
"""The servers that are measured: each in namespaces and a cgroup of its own.

    with Postfix() as subject:
        subject.ports["smtp"]             # where it takes mail

Users are u0 to u99 of bench.test with the password pw, and nobody0 to nobody99
who get no mail. What d1.test to d200.test get goes to 127.0.1.1 to 127.0.1.200,
port SINK. The peers come unpacked from Debian's packages, as for the tests
(tests/system/peers.py), with the settings that their own documents recommend
for such a load; nothing is set that takes durability away.
"""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests/system"))

import peers                                            # noqa: E402
from server import role_of                              # noqa: E402

BUILD = pathlib.Path(os.environ.get("BUILD", ROOT / "build")).resolve()
LOAD = BUILD / "bench/load"
SCRATCH = pathlib.Path(os.environ.get("BENCH_DIR", BUILD / "bench/scratch"))
DOMAIN = "bench.test"
USERS = 100
SINK = 11999
DOMAINS = 200
MAIL_USER = 5000


class Subject(peers.Peer):
    """A peer whose spool and mailboxes lie on the disk itself, whose log goes
    to a file, and whose processor time can be told from that of others."""

    binds = ()              # directories below /var that it syncs
    ports = {}              # protocol: port
    in_protocol = "smtp"    # how mail comes in
    mailboxes = "{store}/u*/Maildir/new"
    variant = ""
    share = 1               # of the messages: what takes minutes gets fewer

    def __init__(self):
        super().__init__("127.0.0.1", min(self.ports.values()), DOMAIN,
                         [f"u{i}" for i in range(USERS)],
                         {f"d{i}.test": (f"127.0.1.{i}", SINK)
                          for i in range(1, DOMAINS + 1)})

    def __str__(self):
        return self.name + (f" ({self.variant})" if self.variant else "")

    # ---- what the tests do otherwise ----

    def make_dir(self):
        SCRATCH.mkdir(parents=True, exist_ok=True)
        path = SCRATCH / self.name
        put_away(path)
        path.mkdir()
        for parent in (path, *path.parents):
            if parent != pathlib.Path("/") and not parent.stat().st_mode & 1:
                parent.chmod(parent.stat().st_mode | 0o111)
        return path

    def make_log(self):
        return LogFile(self.dir)

    def start(self):
        self.cgroup = Cgroup(self.name)
        super().start()

    def before_start(self):
        lines = [f"echo 0 >{path}" for path in self.cgroup.members]
        for path in self.binds:
            source = self.dir / "bind" / path.strip("/")
            source.mkdir(parents=True, exist_ok=True)
            lines.append(f"mkdir -p {path}; cp -a {path}/. {source}/; "
                         f"mount --bind {source} {path}")
        return "\n".join(lines) + "\n"

    def is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"{self.name} ended:\n{self.words()}")
        return all(greets(port) for port in self.ports.values())

    def close(self):
        put_away(self.dir)
        super().close()
        self.cgroup.remove()

    # ---- what workloads ask for ----

    def run(self, *argv, **options):
        """A command inside its namespaces."""
        return subprocess.run(
            ["nsenter", "--mount", "--pid", "-t", str(self.inner_pid()),
             "--", *map(str, argv)], text=True, capture_output=True, **options)

    def inner_pid(self):
        path = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        return int(pathlib.Path(path).read_text().split()[0])

    def in_options(self):
        return ["-L"] if self.in_protocol == "lmtp" else []

    def in_port(self):
        return self.ports[self.in_protocol]

    def mailbox_pattern(self):
        """Directories whose files are the messages of all users; None when
        there are none, and the reply tells that it is stored."""
        return self.mailboxes and self.mailboxes.format(store=self.store)

    def clear(self):
        """Empty all mailboxes."""
        for user in self.store.iterdir():
            put_away(user)

    def fill(self, user, count, size):
        """A mailbox with so many messages that no index knows."""
        top = self.store / f"u{user}"
        top.mkdir(exist_ok=True)
        subprocess.run([LOAD, "maildir", "-n", str(count), "-s", str(size),
                        top / "Maildir"], check=True, capture_output=True)
        subprocess.run(["chown", "-R", f"{MAIL_USER}:{MAIL_USER}", top],
                       check=True)


def put_away(path):
    """Out of sight, and not removed before all is measured (old_removed): ext4
    passes over inodes that were free for less than five minutes, one by one,
    whenever it makes a file, so that whoever comes next would pay for it."""
    if path.exists():
        old = SCRATCH / "old"
        old.mkdir(exist_ok=True)
        path.rename(old / f"{path.name}.{time.monotonic_ns()}")


def old_removed():
    shutil.rmtree(SCRATCH / "old", ignore_errors=True)


class LogFile:
    def __init__(self, directory):
        self.path = directory / "log.txt"
        self.process = subprocess.Popen([LOAD, "syslog", directory / "log",
                                         self.path])
        peers.wait_for((directory / "log").exists, "the log's socket")
        self.socket = self

    def close(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def text(self):
        return self.path.read_text(errors="replace") \
            if self.path.exists() else ""


class Cgroup:
    """Processor seconds and memory of all its processes; version 1 or 2."""

    def __init__(self, name):
        top = pathlib.Path("/sys/fs/cgroup")
        self.unified = (top / "cgroup.controllers").exists()
        self.path = (top if self.unified else top / "cpuacct") / \
            f"posthouse-bench-{name}"
        self.path.mkdir(exist_ok=True)
        self.members = [self.path / "cgroup.procs"]

    def seconds(self):
        if not self.unified:
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        for line in (self.path / "cpu.stat").read_text().splitlines():
            if line.startswith("usage_usec"):
                return int(line.split()[1]) / 1e6
        return 0.0

    def pids(self):
        return [int(p) for p in self.members[0].read_text().split()]

    def memory_kib(self):
        """The proportional set size of all."""
        total = 0
        for pid in self.pids():
            try:
                text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
            except OSError:
                continue
            for line in text.splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total

    def remove(self):
        for _ in range(100):
            try:
                return self.path.rmdir()
            except OSError:
                time.sleep(0.05)


def greets(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 2) as s:
            return len(s.recv(512)) > 0
    except OSError:
        return False


# ---- the servers ----


class Posthouse(Subject):
    name = "posthouse"
    ports = {"smtp": 10025, "lmtp": 10024, "pop3": 10110, "imap": 10143}
    more = ""               # further settings
    more_users = 2000       # in the users file: more0, more1, ...

    def unpack(self):
        """Nothing: its programs are in build/."""
        empty = self.dir / "root"
        (empty / "usr").mkdir(parents=True)
        return empty

    @property
    def accounts(self):
        """As contrib/systemd/sysusers.conf has them."""
        text = (ROOT / "contrib/systemd/sysusers.conf").read_text()
        names = [line.split()[1] for line in text.splitlines()
                 if line.startswith("u ")]
        return [("posthouse", 950), *zip(names, range(951, 999))]

    def name_accounts(self):
        super().name_accounts()
        group = self.etc / "group"
        group.write_text(group.read_text().replace(
            "posthouse:x:950:", "posthouse:x:950:posthouse-store"))
        passwd = self.etc / "passwd"
        passwd.write_text(passwd.read_text().replace(
            "posthouse-queue:x:951:951:", "posthouse-queue:x:951:950:"))

    def prepare(self):
        etc = self.etc / "posthouse"
        etc.mkdir()
        for name in ("spool", "mail", "state"):
            (self.dir / name).mkdir()
        (etc / "users").write_text("".join(
            f"{name}{i}@{DOMAIN}:{{PLAIN}}pw\n" for name, count in (
                ("u", USERS), ("nobody", USERS), ("more", self.more_users))
            for i in range(count)))
        (etc / "users").chmod(0o600)
        (etc / "routes").write_text("".join(
            f"d{i}.test [127.0.1.{i}]:{SINK} tls=none\n"
            for i in range(1, DOMAINS + 1)))
        (etc / "posthouse.conf").write_text(f"""\
hostname = mx.{DOMAIN}
domains = {DOMAIN}
users = /etc/posthouse/users
aliases =
routes = /etc/posthouse/routes
access =
spool_dir = {self.dir}/spool
mail_dir = {self.dir}/mail
state_dir = {self.dir}/state
run_dir = /run/posthouse
program_dir = {BUILD}/bin
plain_logins = yes
relay_clients = 127.0.0.0/8
dnssec = off
new_mailboxes =
tls_cert = {self.certificate}
tls_key = {self.key}
{self.more}
""" + "".join(f"""
[listener {protocol}]
address = 127.0.0.1:{port}
protocol = {protocol}
sessions = 20000
sessions_per_client = 20000
sessions_per_network = 20000
session_rate = 1000000
""" for protocol, port in self.ports.items()))

    def command(self):
        return f"""\
mkdir -p /run/posthouse
chmod 711 {self.dir}/spool {self.dir}/state
chown posthouse-store:posthouse-store {self.dir}/mail
chmod 700 {self.dir}/mail
chgrp posthouse-auth /etc/posthouse/users
chmod 640 /etc/posthouse/users
{BUILD}/bin/master -F -c /etc/posthouse/posthouse.conf &
"""

    @property
    def mail(self):
        return self.dir / "mail" / DOMAIN

    def posthouse(self, *argv, **options):
        return self.run(BUILD / "bin/posthouse", "-c",
                        "/etc/posthouse/posthouse.conf", *argv, **options)

    def mailbox_pattern(self):
        return f"{self.mail}/u*/cur"

    def clear(self):
        """All that it knows, in the end."""
        self.stop()
        for path in (self.dir / "mail", self.dir / "state",
                     self.dir / "spool"):
            for entry in path.iterdir():
                put_away(entry)
        self.start()

    def stop(self):
        for pid in self.cgroup.pids():
            if role_of(pid) == "master":
                os.kill(pid, signal.SIGTERM)
        # what has ended stays a zombie until its namespace goes
        peers.wait_for(lambda: "master" not in map(role_of, self.cgroup.pids()),
                       "the end of Posthouse")
        self.process.kill()
        self.process.wait()

    def fill(self, user, count, size):
        """The same files, taken over by its own command."""
        scratch = self.dir / "fill"
        subprocess.run([LOAD, "maildir", "-n", str(count), "-s", str(size),
                        scratch], check=True, capture_output=True)
        done = self.posthouse("import", f"u{user}@{DOMAIN}", scratch)
        if done.returncode:
            raise RuntimeError(done.stdout + done.stderr)
        put_away(scratch)

    def queue_list(self):
        return self.posthouse("queue", "list")


class Postfix(Subject, peers.Postfix):
    ports = {"smtp": 11025}
    binds = ("/var/spool/postfix", "/var/lib/postfix")

    def prepare(self):
        peers.Postfix.prepare(self)
        etc = self.etc / "postfix"
        with (etc / "main.cf").open("a") as f:
            f.write("""\
message_size_limit = 120000000
virtual_mailbox_limit = 0
mailbox_size_limit = 0
relay_domains =
smtp_tls_security_level = none
smtp_tls_loglevel = 0
smtpd_tls_received_header = no
smtpd_client_connection_count_limit = 0
virtual_mailbox_maps = hash:/etc/postfix/users
transport_maps = hash:/etc/postfix/transport
""")

    def command(self):
        return ("postmap hash:/etc/postfix/users hash:/etc/postfix/transport"
                " && postfix start")

    def queue_list(self):
        return self.run("mailq")


class Exim(Subject, peers.Exim):
    share = 0.2
    ports = {"smtp": 13025}
    binds = ("/var/spool/exim4", "/var/log/exim4")

    def prepare(self):
        peers.Exim.prepare(self)
        (self.etc / "bench-users").write_text("".join(
            f"{u}: {u}\n" for u in self.users))
        (self.etc / "bench-routes").write_text("".join(
            f"d{i}.test: 127.0.1.{i}\n" for i in range(1, DOMAINS + 1)))
        (self.etc / "exim4/exim4.conf").write_text(f"""\
primary_hostname = mx.{DOMAIN}
daemon_smtp_ports = {self.ports["smtp"]}
local_interfaces = 127.0.0.1
smtp_accept_max = 0
smtp_accept_queue_per_connection = 0
smtp_accept_queue = 0
message_size_limit = 120M
rfc1413_query_timeout = 0s
host_lookup =
split_spool_directory = true
tls_advertise_hosts = *
tls_certificate = /etc/tls-cert.pem
tls_privatekey = /etc/tls-key.pem
acl_smtp_rcpt = accept
acl_smtp_data = accept
never_users =
begin routers
local:
  driver = accept
  domains = {DOMAIN}
  local_parts = lsearch;/etc/bench-users
  transport = maildir
relay:
  driver = manualroute
  domains = ! {DOMAIN}
  route_data = ${{lookup{{$domain}}lsearch{{/etc/bench-routes}}}}
  self = send
  transport = smtp
  no_more
begin transports
maildir:
  driver = appendfile
  maildir_format
  create_directory
  directory = {self.store}/$local_part_data/Maildir
  user = vmail
  group = vmail
  mode = 0600
smtp:
  driver = smtp
  port = {SINK}
  allow_localhost
  hosts_avoid_tls = *
  hosts_try_chunking =
begin retry
* * F,2h,15m
""")

    def queue_list(self):
        return self.run("exim4", "-bp")


class OpenSMTPD(Subject, peers.OpenSMTPD):
    share = 0.2
    ports = {"smtp": 12025}
    binds = ("/var/spool/smtpd", "/var/lib/opensmtpd")

    def prepare(self):
        peers.OpenSMTPD.prepare(self)
        for name in ("lib/opensmtpd/empty", "spool/smtpd"):
            (self.dir / "bind/var" / name).mkdir(parents=True)
        conf = self.etc / "smtpd-test.conf"
        conf.write_text("smtp max-message-size 120M\n" + conf.read_text())
        self.clear()

    def clear(self):
        super().clear()
        for user in self.users:
            (self.store / user).mkdir(exist_ok=True)
            os.chown(self.store / user, MAIL_USER, MAIL_USER)

    def queue_list(self):
        return self.run("smtpctl", "show", "queue")


class Dovecot(Subject):
    name = "dovecot"
    packages = ("dovecot-core", "dovecot-imapd", "dovecot-pop3d",
                "dovecot-lmtpd")
    accounts = (("dovecot", 941), ("dovenull", 942))
    binds = ("/var/lib/dovecot",)
    ports = {"lmtp": 14024, "pop3": 14110, "imap": 14143}
    in_protocol = "lmtp"
    login = ""

    def prepare(self):
        (self.etc / "dovecot-bench.conf").write_text(f"""\
protocols = imap pop3 lmtp
listen = 127.0.0.1
base_dir = /run/dovecot
disable_plaintext_auth = no
ssl = yes
ssl_cert = </etc/tls-cert.pem
ssl_key = </etc/tls-key.pem
mail_location = maildir:~/Maildir
first_valid_uid = 1
mail_max_userip_connections = 0
login_trusted_networks =
auth_mechanisms = plain login
passdb {{
  driver = static
  args = password=pw
}}
userdb {{
  driver = static
  args = uid={MAIL_USER} gid={MAIL_USER} home={self.store}/%n
}}
protocol lmtp {{
  auth_username_format = %Lu
}}
default_client_limit = 10000
default_process_limit = 5000
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
service imap {{
  process_limit = 5000
}}
service pop3 {{
  process_limit = 5000
}}
""" + "".join(f"""
service {name}-login {{
  inet_listener {name} {{
    port = {self.ports[name]}
  }}
  inet_listener {name}s {{
    port = 0
  }}
  {self.login}
}}
""" for name in ("imap", "pop3")) + f"""
service lmtp {{
  inet_listener lmtp {{
    port = {self.ports["lmtp"]}
  }}
}}
""")

    def command(self):
        return "mkdir -p /run/dovecot; dovecot -c /etc/dovecot-bench.conf"


class DovecotTuned(Dovecot):
    """With login processes that serve many, as its documents advise for speed."""
    variant = "tuned"
    login = "service_count = 0\n  process_min_avail = 2"


SUBJECTS = {"posthouse": Posthouse, "postfix": Postfix, "dovecot": Dovecot,
            "dovecot-tuned": DovecotTuned, "opensmtpd": OpenSMTPD,
            "exim": Exim}
