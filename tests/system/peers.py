# SPDX-License-Identifier: ISC
"""Other mail servers on loopback: Postfix, Exim and OpenSMTPD from Debian.

    with Postfix("127.0.0.11", port, relay={"example.test": ("127.0.0.1", p)},
                 users={"carol"}, domain="postfix.example") as peer:
        peer.messages("carol")            # what it has delivered

Their packages exclude each other, so they are not installed: they are fetched
and unpacked below build/peers, and each server runs in namespaces of its own
(mounts and processes) with them laid over /usr, and other directories over
/etc and /var. That takes root; what is missing skips the test.
"""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from secure import make_certificate
from server import ROOT, wait_for

PACKAGES = ROOT / "build/peers"
STORE_UID = 5000


def run(*argv, **options):
    return subprocess.run([str(a) for a in argv], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, **options)


def unpacked(name, *packages):
    """The root directory with these packages and what they need."""
    top = PACKAGES / name
    if (top / "complete").exists():
        return top / "root"
    debs = top / "debs"
    (debs / "partial").mkdir(parents=True, exist_ok=True)
    (top / "root").mkdir(exist_ok=True)
    run("apt-get", "-y", "-qq", "-d", "--no-install-recommends",
        "-o", f"Dir::Cache::archives={debs}", "-o", "Debug::NoLocking=1",
        "install", *packages)
    for package in packages:        # -d fetches none that is installed
        if not list(debs.glob(f"{package}_*.deb")):
            done = run("apt-get", "-qq", "download", package, cwd=debs)
            if done.returncode != 0:
                raise unittest.SkipTest(
                    f"cannot fetch {package}: {done.stderr.strip()[-200:]}")
    for deb in debs.glob("*.deb"):
        run("dpkg", "-x", deb, top / "root", check=True)
    (top / "complete").touch()
    return top / "root"


class Log:
    """What the server says to syslog."""

    def __init__(self, path):
        self.lines = []
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(path))
        path.chmod(0o666)
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while True:
            try:
                line = self.socket.recv(8192)
            except OSError:
                return
            self.lines.append(line.decode(errors="replace"))

    def text(self):
        return "\n".join(self.lines)


MOUNTS = """\
set -e
for d in etc var; do
    mkdir -p {dir}/$d.up {dir}/$d.work
    mount -t overlay overlay \
        -o lowerdir=/$d,upperdir={dir}/$d.up,workdir={dir}/$d.work /$d
done
mount -t overlay overlay -o lowerdir={root}/usr:/usr /usr
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -p {dir}/dev
mount -t tmpfs -o mode=755 tmpfs {dir}/dev
cd {dir}/dev
mkdir pts shm; chmod 1777 shm
mknod -m 666 null c 1 3; mknod -m 666 zero c 1 5; mknod -m 666 full c 1 7
mknod -m 666 random c 1 8; mknod -m 666 urandom c 1 9; mknod -m 666 tty c 5 0
ln -s /proc/self/fd fd; ln -s fd/0 stdin; ln -s fd/1 stdout; ln -s fd/2 stderr
ln -s {dir}/log log
mount --rbind {dir}/dev /dev
cd /
touch {dir}/mounted
"""


class Peer:
    name = ""
    packages = ()
    accounts = ()           # name, number

    def __init__(self, address, port, domain, users, relay):
        """relay: {domain: (address, port)}, for whoever connects."""
        if os.geteuid() != 0:
            raise unittest.SkipTest("namespaces take root")
        for tool in ("unshare", "dpkg", "apt-get"):
            if not shutil.which(tool):
                raise unittest.SkipTest(f"there is no {tool}")
        self.dir = self.make_dir()
        self.root = self.unpack()
        self.address, self.port = address, port
        self.domain, self.users, self.relay = domain, users, relay
        self.hostname = f"mx.{domain}"
        self.etc = self.dir / "etc.up"
        self.var = self.dir / "var.up"
        self.store = self.dir / "store"
        for path in (self.etc, self.var, self.store):
            path.mkdir()
        self.log = self.make_log()
        self.process = None
        self.certificate, self.key = make_certificate(self.etc)
        self.name_accounts()
        self.prepare()
        self.start()

    # What benchmarks do otherwise (bench/subjects.py).

    def make_dir(self):
        path = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-peer-"))
        path.chmod(0o755)
        return path

    def unpack(self):
        return unpacked(self.name, *self.packages)

    def make_log(self):
        return Log(self.dir / "log")

    def before_start(self):
        """Shell text, behind the mounts."""
        return ""

    # ----

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.process is not None:
            self.process.kill()     # --kill-child: and all the others
            self.process.wait(10)
        self.log.socket.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    def name_accounts(self):
        for name in ("passwd", "group"):
            lines = pathlib.Path("/etc", name).read_text().splitlines()
            taken = {a for a, _ in self.accounts} | {"vmail"}
            lines = [x for x in lines if x.split(":")[0] not in taken]
            for account, number in (*self.accounts, ("vmail", STORE_UID)):
                tail = f"{number}::{self.home}:/usr/sbin/nologin" \
                    if name == "passwd" else ""
                lines.append(f"{account}:x:{number}:{tail}")
            (self.etc / name).write_text("\n".join(lines) + "\n")
        (self.etc / "hosts").write_text(
            f"127.0.0.1 localhost\n{self.address} {self.hostname}\n")
        # nobody listens there: refused at once
        (self.etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
        for user in self.users:
            (self.store / user).mkdir()
        for path in (self.store, *self.store.iterdir()):
            os.chown(path, STORE_UID, STORE_UID)

    home = "/nonexistent"

    def prepare(self):
        """Write its settings into self.etc."""
        raise NotImplementedError

    def command(self):
        """Shell text that starts it."""
        raise NotImplementedError

    def start(self):
        script = MOUNTS.format(dir=self.dir, root=self.root) + \
            self.before_start() + self.command() + "\nexec sleep 100000\n"
        (self.dir / "run.sh").write_text(script)
        with (self.dir / "said").open("w") as said:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "--propagation", "private", "--pid",
                 "--fork", "--kill-child", "--mount-proc",
                 "sh", str(self.dir / "run.sh")],
                stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        try:
            wait_for(self.is_up, self.name, 60)
        except TimeoutError:
            words = self.words()
            self.close()
            raise RuntimeError(f"{self.name} does not start:\n{words}") \
                from None

    def words(self):
        return (self.dir / "said").read_text() + self.log.text()

    def is_up(self):
        if self.process.poll() is not None:
            words = self.words()
            mounted = (self.dir / "mounted").exists()
            self.close()
            if not mounted:
                raise unittest.SkipTest("no namespace: " + words)
            raise RuntimeError(f"{self.name} ended:\n{words}")
        try:
            with socket.create_connection((self.address, self.port), 2) as s:
                return s.recv(512).startswith(b"220")
        except OSError:
            return False

    def messages(self, user):
        """The octets of what it has delivered, with CR LF."""
        return [path.read_bytes().replace(b"\r\n", b"\n")
                .replace(b"\n", b"\r\n")
                for path in sorted((self.store / user).rglob("new/*"))]


class Postfix(Peer):
    name = "postfix"
    packages = ("postfix",)
    accounts = (("postfix", 911), ("postdrop", 912))

    def prepare(self):
        etc = self.etc / "postfix"
        etc.mkdir()
        share = self.root / "usr/share/postfix"
        for path in (self.root / "etc/postfix").iterdir():
            if path.is_file():
                shutil.copy(path, etc)
        lines = []
        for line in (share / "master.cf.dist").read_text().splitlines():
            words = line.split()
            if len(words) > 7 and words[1] in ("unix", "inet", "fifo") and \
                    not line.startswith(("#", " ")):
                words[4] = "n"      # no chroot
                if words[:2] == ["smtp", "inet"]:
                    words[0] = f"{self.address}:{self.port}"
                line = " ".join(words)
            lines.append(line)
        (etc / "master.cf").write_text("\n".join(lines) + "\n")
        for name in ("spool", "lib"):
            (self.var / name / "postfix").mkdir(parents=True)
        os.chown(self.var / "lib/postfix", 911, 911)
        (etc / "users").write_text("".join(
            f"{u}@{self.domain} {u}/Maildir/\n" for u in self.users))
        (etc / "transport").write_text("".join(
            f"{d} smtp:[{a}]:{p}\n" for d, (a, p) in self.relay.items()))
        (etc / "main.cf").write_text(f"""\
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
meta_directory = /etc/postfix
shlib_directory = /usr/lib/postfix
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {self.hostname}
mydestination =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
alias_maps =
alias_database =
virtual_mailbox_domains = {self.domain}
virtual_mailbox_base = {self.store}
virtual_mailbox_maps = texthash:/etc/postfix/users
virtual_uid_maps = static:{STORE_UID}
virtual_gid_maps = static:{STORE_UID}
relay_domains = {" ".join(self.relay)}
transport_maps = texthash:/etc/postfix/transport
smtp_dns_support_level = disabled
smtp_tls_security_level = may
smtp_tls_loglevel = 1
smtpd_tls_cert_file = /etc/tls-cert.pem
smtpd_tls_key_file = /etc/tls-key.pem
smtpd_tls_security_level = may
smtpd_tls_received_header = yes
""")

    def command(self):
        return "postfix start"


class Exim(Peer):
    name = "exim"
    packages = ("exim4-daemon-heavy", "exim4-base")
    accounts = (("Debian-exim", 931),)

    def prepare(self):
        for name in ("spool/exim4", "log/exim4"):
            (self.var / name).mkdir(parents=True)
            os.chown(self.var / name, 931, 931)
        for path in (self.certificate, self.key):
            os.chown(path, 931, 931)
        (self.etc / "exim4").mkdir()
        routes = " ; ".join(f"{d} {a}::{p} byname"
                            for d, (a, p) in self.relay.items())
        (self.etc / "exim4/exim4.conf").write_text(f"""\
primary_hostname = {self.hostname}
daemon_smtp_ports = {self.port}
local_interfaces = {self.address}
rfc1413_query_timeout = 0s
smtp_accept_queue_per_connection = 0
host_lookup =
log_file_path = syslog
tls_advertise_hosts = *
tls_certificate = /etc/tls-cert.pem
tls_privatekey = /etc/tls-key.pem
auth_advertise_hosts = *
acl_smtp_rcpt = rcpt
acl_smtp_data = accept
never_users =
begin acl
rcpt:
  accept domains = {self.domain}
         verify = recipient
  accept domains = {" : ".join(self.relay)}
  deny message = relay not permitted
begin routers
local:
  driver = accept
  domains = {self.domain}
  local_parts = {" : ".join(self.users)}
  transport = maildir
relay:
  driver = manualroute
  domains = {" : ".join(self.relay)}
  route_list = {routes}
  self = send
  transport = smtp
begin transports
maildir:
  driver = appendfile
  maildir_format
  create_directory
  directory = {self.store}/${{local_part_data}}/Maildir
  user = vmail
  group = vmail
smtp:
  driver = smtp
  allow_localhost
begin retry
* * F,2h,1m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{posthouse}}}}{{eq{{$auth3}}{{letmein}}}}}}}}
  server_set_id = $auth2
""")

    def command(self):
        return "exim4 -bd -q30m -oP /var/spool/exim4/pid"


class OpenSMTPD(Peer):
    name = "opensmtpd"
    packages = ("opensmtpd",)
    accounts = (("opensmtpd", 921), ("opensmtpq", 922))
    home = "/var/lib/opensmtpd/empty"

    def prepare(self):
        for name in ("lib/opensmtpd/empty", "spool/smtpd"):
            (self.var / name).mkdir(parents=True)
        (self.var / "spool/smtpd").chmod(0o711)
        (self.etc / "store-users").write_text("".join(
            f"{u} {STORE_UID}:{STORE_UID}:{self.store}/{u}\n"
            for u in self.users))
        lines = ['pki here cert "/etc/tls-cert.pem"',
                 'pki here key "/etc/tls-key.pem"',
                 "table users file:/etc/store-users",
                 f"listen on {self.address} port {self.port} tls pki here "
                 f"hostname {self.hostname}",
                 'action "local" maildir userbase <users>',
                 f'match from any for domain "{self.domain}" action "local"']
        for i, (domain, (address, port)) in enumerate(self.relay.items()):
            lines += [f'action "relay{i}" relay host smtp://{address}:{port}',
                      f'match from any for domain "{domain}" '
                      f'action "relay{i}"']
        (self.etc / "smtpd-test.conf").write_text("\n".join(lines) + "\n")

    def command(self):
        return "mkdir -p /run/smtpd; smtpd -f /etc/smtpd-test.conf"
