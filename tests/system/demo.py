# SPDX-License-Identifier: ISC
"""The demo: a server in ./demo, and two messages on their way through it.

    demo.py start|stop        run by ./bootstrap demo; DEMO_DIR moves ./demo

start writes the settings, makes a certificate, starts the server, sends a
message by SMTP in TLS and one by sendmail, reads both by POP3 and IMAP, showing
what goes over the wire, sends one to another host that is down at first, and
leaves the server running.
"""

import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import time

from server import DOMAIN, ROOT, USERS, wait_for, write_settings
from sink import Sink

DIR = pathlib.Path(os.environ.get("DEMO_DIR") or ROOT / "demo").absolute()
CONF = DIR / "etc/posthouse.conf"
ALICE, BOB = USERS
# What the demo listens on, by protocol.
PORTS = {"smtp": 2525, "submission": 2587, "lmtp": 2424, "pop2": 2109,
         "pop3": 2110, "imap": 2143}
# The same with TLS from the beginning.
TLS_PORTS = {"submission": 2465, "pop3": 2995, "imap": 2993}
HOST = "mail." + DOMAIN
# Where mail to the other host of the demo goes, etc/routes.
AWAY, AWAY_PORT = "far.test", 2526
MARK = f"{time.strftime('%H:%M:%S')} ({os.getpid()})"


def say(text):
    print(f"\n==> {text}", flush=True)


def posthouse(*argv, input=None, check=True):
    done = subprocess.run([DIR / "bin/posthouse", "-c", CONF, *argv],
                          input=input, text=True, capture_output=True)
    if check and done.returncode != 0:
        sys.exit(f"posthouse {' '.join(argv)}: {done.stdout}{done.stderr}")
    return done


class Talk:
    """A connection whose every line is shown."""

    def __init__(self, protocol):
        port = PORTS[protocol]
        print(f"\n    $ telnet 127.0.0.1 {port}")
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def hear(self):
        line = self.file.readline()
        if not line:
            sys.exit("the server closed the connection")
        print("    S: " + line.decode("utf-8", "replace").rstrip("\r\n"))
        return line

    def hear_until(self, *ends):
        """Lines up to one that starts so; the last one."""
        while True:
            line = self.hear()
            if line.startswith(ends):
                return line

    def start_tls(self):
        """From here on in TLS, with the certificate that the demo made."""
        trust = ssl.create_default_context(cafile=DIR / f"etc/{HOST}.crt")
        self.file.close()
        self.socket = trust.wrap_socket(self.socket, server_hostname=HOST)
        self.file = self.socket.makefile("rb")
        print(f"    -- {self.socket.version()} with "
              f"{self.socket.cipher()[0]}, certificate of {HOST}")

    def say(self, line):
        print("    C: " + line)
        self.socket.sendall(line.encode() + b"\r\n")

    def smtp(self, line, good):
        """A command and its reply, of several lines perhaps."""
        self.say(line)
        reply = self.hear()
        while reply[3:4] == b"-":
            reply = self.hear()
        if not reply.startswith(good):
            sys.exit(f"expected {good.decode()}")

    def pop3(self, line):
        self.say(line)
        if not self.hear().startswith(b"+OK"):
            sys.exit("expected +OK")

    def imap(self, line):
        self.say("a " + line)
        if not self.hear_until(b"a ").startswith(b"a OK"):
            sys.exit("expected OK")


def make_site():
    say(f"settings, users and mail live in {DIR}")
    pair = DIR / f"etc/{HOST}.crt", DIR / f"etc/{HOST}.key"
    listeners = "".join(
        f"\n[listener {name}-tls]\naddress = 127.0.0.1:{port}\n"
        f"protocol = {name}\ntls = implicit\n"
        for name, port in TLS_PORTS.items())
    write_settings(DIR, PORTS, f"tls_cert = {pair[0].name}\n"
                   f"tls_key = {pair[1].name}\nroutes = routes\n")
    (DIR / "etc/routes").write_text(f"{AWAY} [127.0.0.1]:{AWAY_PORT}\n")
    with CONF.open("a") as f:
        f.write(listeners)
    if not all(p.exists() for p in pair):
        for p in pair:
            p.unlink(missing_ok=True)
        print(f"    $ posthouse tls self-signed {HOST}")
        posthouse("tls", "self-signed", HOST)
    print(f"    {CONF}:")
    for line in CONF.read_text().splitlines():
        print("      " + line)
    users = DIR / "etc/users"
    if not users.exists():
        users.touch(0o600)
    aliases = DIR / "etc/aliases"
    if not aliases.exists():
        aliases.write_text(f"postmaster: {ALICE}\n")
    known = users.read_text()
    for user, password in USERS.items():
        if f"{user}:" not in known:
            print(f"    $ posthouse user add {user}")
            posthouse("user", "add", user, input=password + "\n")


def is_running():
    return posthouse("status", check=False).returncode == 0


def start_server():
    if is_running():
        say("a server runs here from before; stop it, so that the new one runs")
        posthouse("stop")
    say("start the server")
    print("    $ posthouse -c demo/etc/posthouse.conf start")
    posthouse("start")
    print("    $ posthouse -c demo/etc/posthouse.conf status")
    for line in posthouse("status").stdout.splitlines():
        print("      " + line)


def send_by_smtp():
    say(f"a message to {ALICE} by SMTP, as one would type it")
    with Talk("smtp") as talk:
        talk.hear_until(b"220 ")
        talk.smtp("EHLO client.test", b"250")
        talk.smtp("STARTTLS", b"220")
        talk.start_tls()
        talk.smtp("EHLO client.test", b"250")
        talk.smtp("MAIL FROM:<traveller@client.test>", b"250")
        talk.smtp(f"RCPT TO:<{ALICE}>", b"250")
        talk.smtp(f"RCPT TO:<nobody@{DOMAIN}>", b"550")
        talk.smtp("DATA", b"354")
        talk.say("From: traveller@client.test")
        talk.say(f"To: {ALICE}")
        talk.say(f"Subject: Hello by SMTP, {MARK}")
        talk.say("")
        talk.say("The horses are changed.")
        talk.smtp(".", b"250")
        talk.smtp("QUIT", b"221")


def send_by_sendmail():
    say("a message by sendmail, as programs on this host send")
    text = (f"From: {BOB}\nTo: {ALICE}\nSubject: Hello by sendmail, {MARK}\n"
            "\nThe coach leaves at noon.\n")
    print(f"\n    $ demo/bin/sendmail -t -f {BOB} <<end")
    for line in text.splitlines():
        print("    " + line)
    print("    end")
    done = subprocess.run([DIR / "bin/sendmail", "-C", CONF, "-t", "-f", BOB],
                          input=text, text=True)
    if done.returncode != 0:
        sys.exit(f"sendmail ended with {done.returncode}")


def delivered():
    """Numbers of our two messages in alice's mailbox, by POP3, unseen."""
    with socket.create_connection(("127.0.0.1", PORTS["pop3"]), 30) as s, \
            s.makefile("rwb") as f:
        def ask(line, many=False):
            f.write(line.encode() + b"\r\n")
            f.flush()
            lines = [f.readline()]
            while many and lines[0].startswith(b"+OK") and \
                    lines[-1] != b".\r\n":
                lines.append(f.readline())
            return lines
        f.readline()
        ask(f"USER {ALICE}")
        ask(f"PASS {USERS[ALICE]}")
        count = int(ask("STAT")[0].split()[1])
        found = [n for n in range(max(1, count - 20), count + 1)
                 if MARK.encode() in b"".join(ask(f"TOP {n} 0", True))]
        ask("QUIT")
    return found if len(found) == 2 else None


def read_by_pop3(numbers):
    say(f"{ALICE} reads them by POP3")
    with Talk("pop3") as talk:
        talk.hear()
        talk.pop3(f"USER {ALICE}")
        talk.pop3(f"PASS {USERS[ALICE]}")
        talk.pop3("STAT")
        for n in numbers:
            talk.pop3(f"RETR {n}")
            talk.hear_until(b".\r\n")
        talk.pop3("QUIT")


def read_by_imap(numbers):
    say("and by IMAP: the same octets")
    with Talk("imap") as talk:
        talk.hear()
        talk.imap(f"LOGIN {ALICE} {USERS[ALICE]}")
        talk.imap("SELECT INBOX")
        for n in numbers:
            talk.imap(f"FETCH {n} (FLAGS ENVELOPE BODY.PEEK[])")
        talk.imap("LOGOUT")


def show(*argv):
    print(f"\n    $ posthouse {' '.join(argv)}")
    for line in posthouse(*argv).stdout.splitlines():
        print("      " + line)


def waiting():
    """The mail to the other host, once it was tried."""
    for line in posthouse("queue", "list", "--recipient", f"friend@{AWAY}",
                          "--json").stdout.splitlines():
        mail = json.loads(line)
        if mail["recipients"][0]["tries"] > 0:
            return mail["queue_id"]
    return None


def send_away():
    say(f"a message to another host, which is down: etc/routes says {AWAY} "
        f"is 127.0.0.1:{AWAY_PORT}")
    print(f"\n    $ demo/bin/sendmail -f {ALICE} friend@{AWAY} <<end")
    subprocess.run([DIR / "bin/sendmail", "-C", CONF, "-f", ALICE,
                    f"friend@{AWAY}"], text=True, check=True,
                   input=f"Subject: Hello far away, {MARK}\n\nGood roads.\n")
    mail = wait_for(waiting, "a try")
    show("queue", "list")
    show("queue", "why", mail)
    show("queue", "stats")
    say("the other host comes up, and we do not wait for the next try")
    with Sink(port=AWAY_PORT) as sink:
        show("queue", "flush", mail)
        wait_for(sink.delivered, "the mail at the other host")
        print("\n    what it was told:")
        for line in sink.mails[-1].session.commands:
            print("      " + line)
        for line in sink.mails[-1].content.decode().splitlines():
            print("      | " + line)
    wait_for(lambda: "empty" in posthouse("queue", "list").stdout,
             "an empty queue")
    wait_for(lambda: (told := posthouse("trace", mail, check=False).stdout)
             and "in the queue" not in told, "history to know all of it")
    show("trace", mail)


def tell_more():
    say("the server is left running; talk to it by hand")
    here = pathlib.Path(os.path.relpath(DIR))
    print(f"""
    accounts     {ALICE} {USERS[ALICE]}
                 {BOB} {USERS[BOB]}
    SMTP         nc -C 127.0.0.1 {PORTS['smtp']}
                 curl smtp://127.0.0.1:{PORTS['smtp']} --mail-from me@client.test \\
                      --mail-rcpt {ALICE} -T README.md
    with TLS     openssl s_client -quiet -crlf -starttls smtp -connect 127.0.0.1:{PORTS['smtp']}
                 openssl s_client -quiet -crlf -connect 127.0.0.1:{TLS_PORTS['submission']}
                 openssl s_client -quiet -crlf -connect 127.0.0.1:{TLS_PORTS['pop3']}
                 openssl s_client -quiet -crlf -connect 127.0.0.1:{TLS_PORTS['imap']}
    POP3         nc -C 127.0.0.1 {PORTS['pop3']}
                 curl pop3://127.0.0.1:{PORTS['pop3']}/1 -u {ALICE}:{USERS[ALICE]}
    IMAP         nc -C 127.0.0.1 {PORTS['imap']}
                 curl 'imap://127.0.0.1:{PORTS['imap']}/INBOX;MAILINDEX=1' \\
                      -u {ALICE}:{USERS[ALICE]}
    sendmail     echo hello | {here}/bin/sendmail -C {here}/etc/posthouse.conf {BOB}
    look around  export POSTHOUSE_CONF={here}/etc/posthouse.conf
                 {here}/bin/posthouse status
                 {here}/bin/posthouse queue list
                 {here}/bin/posthouse trace {ALICE}
                 {here}/bin/posthouse privileges
                 {here}/bin/posthouse tls show
                 tail -f {here}/log/posthouse.log
                 ls -l {here}/mail/{DOMAIN}/alice/*
    stop         ./bootstrap demo stop
""")


def start():
    make_site()
    start_server()
    send_by_smtp()
    send_by_sendmail()
    numbers = wait_for(delivered, "the delivery of two messages")
    read_by_pop3(numbers)
    read_by_imap(numbers)
    send_away()
    tell_more()


def stop():
    if not CONF.exists() or not is_running():
        print(f"no server runs in {DIR}")
        return
    posthouse("stop")
    print(f"stopped; mail and settings stay in {DIR}")


if __name__ == "__main__":
    if sys.argv[1:] == ["start"]:
        start()
    elif sys.argv[1:] == ["stop"]:
        stop()
    else:
        sys.exit(__doc__)
