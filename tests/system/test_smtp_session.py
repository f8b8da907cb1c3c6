# SPDX-License-Identifier: ISC
"""The gatekeeping of smtpd: limits, proxies, early talkers, idlers, logins.

Clients come from addresses all over 127.0.0.0/8, each /24 of which is a network
of its own.
"""

import base64
import os
import re
import selectors
import shutil
import smtplib
import socket
import ssl
import struct
import subprocess
import tempfile
import time
import unittest

from secure import HOST, SecureServer
from server import (DOMAIN, Server, free_port, message, wait_for,
                    within)

ALICE = "alice@" + DOMAIN
SIGN = b"\r\n\r\n\0\r\nQUIT\n"


def plain(user, password):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


class Client:
    """Octets to a port, from an address."""

    def __init__(self, port, source="127.0.0.1", timeout=20):
        self.socket = socket.create_connection(
            ("127.0.0.1", port), timeout, source_address=(source, 0))
        self.file = self.socket.makefile("rb")

    def send(self, octets):
        self.socket.sendall(octets)

    def reply(self):
        """Lines of one reply; [] at the end."""
        lines = []
        while True:
            try:
                line = self.file.readline()
            except ConnectionResetError:
                line = b""
            if not line:
                return lines
            lines.append(line.decode().rstrip())
            if line[3:4] == b" ":
                return lines

    def say(self, line):
        self.send(line.encode() + b"\r\n")
        return self.reply()

    def close(self):
        self.file.close()
        self.socket.close()


class Sessions(unittest.TestCase):
    def serve(self, settings="", protocol="smtp", **numbers):
        self.port = free_port()
        text = (f"\n[listener small]\naddress = 127.0.0.1:{self.port}\n"
                f"protocol = {protocol}\n")
        text += "".join(f"{name} = {n}\n" for name, n in numbers.items())
        self.server = Server(settings=settings, listeners=text)
        self.addCleanup(self.server.remove)
        self.server.start()

    def connect(self, source="127.0.0.1", port=None):
        client = Client(port or self.port, source)
        self.addCleanup(client.close)
        return client

    def code(self, source):
        """The code that greets a client from there."""
        lines = self.connect(source).reply()
        return lines[0][:3] if lines else ""

    def logged(self, pattern):
        wait_for(lambda: re.search(pattern, self.server.log()),
                 f"{pattern} in the log")

    # ---- limits ----

    def test_limits(self):
        self.serve(sessions_per_client=2, sessions_per_network=3,
                   session_rate=5)
        self.assertEqual([self.code("127.0.5.1") for _ in range(3)],
                         ["220", "220", "421"])
        self.assertEqual(self.code("127.0.5.2"), "220")
        self.assertEqual(self.code("127.0.5.3"), "421")
        self.assertEqual(self.code("127.0.6.1"), "220")
        self.logged(r"warning: Connection concurrency limit exceeded: 3 from "
                    r"unknown\[127.0.5.1\] for service small")
        self.logged(r"limit of a network exceeded: 4 from "
                    r"unknown\[127.0.5.3\]")

    def test_rate(self):
        self.serve(session_rate=5)
        codes = []
        for _ in range(7):
            client = Client(self.port, "127.0.5.1")
            codes.append(client.reply()[0][:3])
            client.close()
        self.assertEqual(codes, ["220"] * 5 + ["421"] * 2)
        self.assertEqual(self.code("127.0.5.2"), "220")
        self.logged(r"warning: Connection rate limit exceeded: 6 from")

    # ---- proxies ----

    def test_proxy(self):
        self.serve("proxy_clients = 127.0.7.0/24\n", proxy="yes",
                   sessions_per_client=1)
        v1 = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n"
        client = self.connect("127.0.7.1")
        for octet in v1:            # however it comes
            client.send(bytes([octet]))
        self.assertEqual(client.reply()[0][:4], "220 ")
        self.logged(r"connect from unknown\[192.0.2.7\]")
        # the limit is that of the client behind the proxy
        client = self.connect("127.0.7.1")
        client.send(v1)
        self.assertEqual(client.reply()[0][:4], "421 ")
        client = self.connect("127.0.7.1")
        address = socket.inet_pton(socket.AF_INET6, "2001:db8::7")
        client.send(SIGN + b"\x21\x21" + struct.pack(">H", 36 + 5) +
                    address * 2 + struct.pack(">HH", 4712, 25) +
                    b"\x04\x00\x02ab")
        self.assertEqual(client.reply()[0][:4], "220 ")
        self.logged(r"connect from unknown\[2001:db8::7\]")
        client = self.connect("127.0.7.1")
        client.send(SIGN + b"\x20\x00\x00\x00")
        self.assertEqual(client.reply()[0][:4], "220 ")
        self.logged(r"connect from unknown\[127.0.7.1\]")
        # who sends none, or may not, hears nothing
        client = self.connect("127.0.7.1")
        self.assertEqual(client.say("EHLO client.test"), [])
        client = self.connect("127.0.8.1")
        client.send(v1)
        self.assertEqual(client.reply(), [])
        self.logged(r"unknown\[127.0.8.1\] for service small: not in")

    def test_proxy_that_names_nobody(self):
        """Then its client is not believed as the proxy itself would be."""
        self.serve("proxy_clients = 127.0.7.1\n", proxy="yes")
        for preamble in (b"PROXY UNKNOWN\r\n",
                         SIGN + b"\x21\x00\x00\x00",
                         SIGN + b"\x20\x00\x00\x00"):
            client = self.connect("127.0.7.1")
            client.send(preamble)
            self.assertEqual(client.reply()[0][:4], "220 ")
            self.assertNotIn("XCLIENT", " ".join(client.say("EHLO c.test")))
            self.assertEqual(client.say("XCLIENT LOGIN=" + ALICE)[0][:9],
                             "550 5.7.0")

    def test_proxy_for_readers(self):
        self.serve("proxy_clients = 127.0.7.1\n", protocol="pop3",
                   proxy="yes")
        client = self.connect("127.0.7.1")
        client.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 110\r\n")
        self.assertEqual(client.file.readline()[:4], b"+OK ")

    def test_proxy_takes_its_time(self):
        self.serve("proxy_clients = 127.0.7.1\nhandshake_timeout = 1s\n",
                   proxy="yes")
        client = self.connect("127.0.7.1")
        client.send(b"PROXY ")
        self.assertEqual(client.reply(), [])

    def test_xclient(self):
        self.serve("proxy_clients = 127.0.7.1\n")
        client = self.connect("127.0.8.1")
        client.reply()
        self.assertNotIn("XCLIENT", " ".join(client.say("EHLO c.test")))
        self.assertEqual(client.say("XCLIENT ADDR=192.0.2.7")[0][:9],
                         "550 5.7.0")
        client = self.connect("127.0.7.1")
        client.reply()
        self.assertIn("250-XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR "
                      "DESTPORT", client.say("EHLO proxy.test"))
        self.assertEqual(client.say(
            "XCLIENT NAME=c.test ADDR=192.0.2.7 PORT=40")[0][:4], "220 ")
        client.say("EHLO c.test")
        client.say("XFORWARD NAME=o.test ADDR=192.0.2.9 IDENT=ABC")
        client.say("MAIL FROM:<t@client.test>")
        client.say(f"RCPT TO:<{ALICE}>")
        client.say("DATA")
        self.assertEqual(client.say("Subject: x\r\n\r\nx\r\n.")[0][:4],
                         "250 ")
        self.logged(r"client=c.test\[192.0.2.7\], orig_queue_id=ABC, "
                    r"orig_client=o.test\[192.0.2.9\]")
        self.server.settle()
        self.assertIn(b"from c.test (c.test [192.0.2.7])",
                      self.server.messages()[0])

    def test_message_id(self):
        """In the log, however large the mail is."""
        self.serve()
        for i, lines in enumerate((0, 5000)):
            with smtplib.SMTP("127.0.0.1", self.port) as smtp:
                smtp.sendmail("t@client.test", [ALICE], f"Subject: x\r\n"
                              f"Message-ID: <no{i}@client.test>\r\n\r\n" +
                              lines * "some line of text\r\n")
            self.logged(rf"message-id=<no{i}@client.test>")

    def test_listener_goes_while_it_is_used(self):
        """Settings that came after a session began stay as long as it."""
        self.serve()
        client = self.connect()
        client.reply()
        text = self.server.conf.read_text()
        cut = text.index("\n[listener small]")
        for i, settings in enumerate((text, text[:cut], text[:cut])):
            self.server.conf.write_text(f"errors_max = {90 + i}\n" + settings)
            self.server.posthouse("reload")
            time.sleep(0.5)     # the announcement follows within a moment
        self.assertIn("250-SIZE", " ".join(client.say("EHLO client.test")))
        self.assertEqual(client.say("STARTTLS")[0][:9], "454 4.7.0")
        self.assertEqual(client.say("QUIT")[0][:9], "221 2.0.0")

    # ---- manners ----

    def test_pregreet(self):
        self.serve("greet_wait = 60s\n")
        client = self.connect()
        client.send(b"EHLO client.test\r\n")
        self.assertEqual(client.reply()[0][:9], "554 5.5.1")
        self.assertEqual(client.reply(), [])
        self.logged(r"PREGREET 18 after \d+\.\d\d from \[127.0.0.1\]:\d+: EHLO")

    def test_greet_wait(self):
        self.serve("greet_wait = 1s\n")
        client = self.connect()
        begun = time.monotonic()
        self.assertEqual(client.reply()[0][:4], "220 ")
        self.assertGreater(time.monotonic() - begun, 0.9)

    def test_tarpit(self):
        self.serve("tarpit = 4s\n")
        client = self.connect()
        client.reply()
        begun = time.monotonic()
        client.say("XYZZY")
        client.say("XYZZY")
        self.assertLess(time.monotonic() - begun, 3.9)
        client.say("XYZZY")
        self.assertGreater(time.monotonic() - begun, 3.9)

    def test_junk(self):
        self.serve("junk_max = 10\n")
        client = self.connect()
        client.reply()
        codes = [client.say("NOOP")[0][:3] for _ in range(11)]
        self.assertEqual(codes, ["250"] * 10 + ["421"])
        self.assertEqual(client.reply(), [])
        self.logged(r"too many errors after NOOP from unknown\[127.0.0.1\]")

    def test_a_line_has_its_time(self):
        """However its octets trickle in."""
        self.serve("command_timeout = 2s\n")
        client = self.connect()
        client.reply()
        begun = time.monotonic()
        client.socket.settimeout(0.2)
        for _ in range(40):
            try:
                client.send(b"N")
                if client.socket.recv(4) == b"421 ":
                    break
            except (TimeoutError, socket.timeout):
                pass
        self.assertLess(time.monotonic() - begun, within(4))
        self.logged(r"timeout after CONNECT from unknown\[127.0.0.1\]")

    def test_a_login_has_its_time(self):
        self.serve("login_timeout = 2s\n", protocol="submission")
        client = self.connect()
        client.reply()
        begun = time.monotonic()
        lines = []
        while not lines or lines[0][:3] == "250":
            time.sleep(0.3)
            lines = client.say("NOOP")
        self.assertEqual(lines[0][:9], "421 4.4.2")
        self.assertLess(time.monotonic() - begun, within(4))

    def test_who_never_reads(self):
        """Replies that nobody reads end the session, not the process."""
        self.serve("command_timeout = 1s\njunk_max = 100000\n")
        client = self.connect()
        client.reply()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.socket.settimeout(5)
        with self.assertRaises(OSError):
            while True:
                client.send(b"HELP\r\n" * 1000)
                time.sleep(0.01)
        self.logged(r"disconnect from unknown\[127.0.0.1\]")

    # ---- a crowd ----

    def test_crowd(self):
        """600 clients of three networks that send an octet now and then hold
        all sessions there are; others are served at once."""
        self.serve(sessions=10)     # in each of 8 processes
        crowd = selectors.DefaultSelector()
        self.addCleanup(crowd.close)
        for i in range(600):
            client = Client(self.port, f"127.1.{i % 3}.{1 + i // 3}")
            self.addCleanup(client.close)
            client.socket.setblocking(False)
            crowd.register(client.socket, selectors.EVENT_READ)
        for i in range(12):
            for key in list(crowd.get_map().values())[i::12]:
                try:
                    key.fileobj.send(b"E")
                except OSError:
                    crowd.unregister(key.fileobj)
            with smtplib.SMTP("127.0.0.1", self.port, timeout=within(20),
                              local_hostname="client.test",
                              source_address=(f"127.2.{i}.1", 0)) as smtp:
                smtp.sendmail("t@client.test", [ALICE], message(f"{i}"))
        self.server.settle()
        self.assertEqual(len(self.server.files()), 12)
        self.logged(r"made place for others after \S+ from unknown\[127.1.")
        # one of their network, too, when he is alone at his address
        with smtplib.SMTP("127.0.0.1", self.port, timeout=20,
                          local_hostname="client.test",
                          source_address=("127.1.0.250", 0)) as smtp:
            self.assertEqual(smtp.noop()[0], 250)

    def test_who_has_sent_mail_stays(self):
        self.serve(sessions=1)
        smtp = smtplib.SMTP("127.0.0.1", self.port, timeout=20,
                            local_hostname="client.test",
                            source_address=("127.3.0.1", 0))
        self.addCleanup(smtp.close)
        smtp.sendmail("t@client.test", [ALICE], message())
        for i in range(20):
            self.connect(f"127.3.0.{2 + i}").reply()
        self.assertEqual(smtp.noop()[0], 250)

    # ---- logins ----

    def test_logins(self):
        self.serve("log_ident = postfix\n", protocol="submission")
        smtp = smtplib.SMTP("127.0.0.1", self.port, timeout=20,
                            local_hostname="client.test")
        self.addCleanup(smtp.close)
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            smtp.login(ALICE, "wrong")
        self.assertEqual(caught.exception.smtp_code, 535)
        wrong = caught.exception.smtp_error
        with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
            smtp.login("nobody@" + DOMAIN, "wrong")
        self.assertEqual(caught.exception.smtp_error, wrong)
        smtp.login(ALICE, self.server.users[ALICE])
        smtp.sendmail(ALICE, [ALICE], message())
        smtp.quit()
        self.logged(r"warning: unknown\[127.0.0.1\]: SASL \S+ authentication "
                    r"failed: .*, sasl_username=")
        self.logged(r": client=unknown\[127.0.0.1\], sasl_method=\S+, "
                    r"sasl_username=alice@example.test, message-id=")
        self.logged(r"disconnect from unknown\[127.0.0.1\] .*auth=1/\d")

    def test_logins_in_tls(self):
        """On an open line nothing is taken, and STARTTLS forgets all."""
        self.server = SecureServer("plain_logins = no\n"
                                   "sasl_mechanisms = PLAIN LOGIN\n")
        self.addCleanup(self.server.remove)
        self.server.start()
        port = self.server.ports["submission"]
        client = self.connect(port=port)
        client.reply()
        offer = client.say("EHLO client.test")
        self.assertIn("250-STARTTLS", offer)
        self.assertNotIn("AUTH", " ".join(offer))
        self.assertEqual(client.say("AUTH PLAIN AA==")[0][:10],
                         "538 5.7.11")
        client.send(b"STARTTLS\r\nMAIL FROM:<a@client.test>\r\n")
        self.assertEqual(client.reply()[0][:4], "220 ")
        self.logged("improper command pipelining after STARTTLS from "
                    r"unknown\[127.0.0.1\]")
        client.send(b"EHLO client.test\r\n")
        try:
            heard = client.file.read(4)
        except ConnectionResetError:
            heard = b""
        self.assertEqual(heard[:3].isdigit(), False)
        self.logged("lost connection after STARTTLS from")
        smtp = smtplib.SMTP(HOST, port, local_hostname="client.test",
                            timeout=20)
        self.addCleanup(smtp.close)
        smtp.starttls(context=self.server.trust())
        self.assertEqual(smtp.docmd("MAIL", f"FROM:<{ALICE}>")[0], 503)
        smtp.ehlo()
        self.assertEqual(smtp.esmtp_features["auth"].split(),
                         ["PLAIN", "LOGIN"])
        self.assertNotIn("starttls", smtp.esmtp_features)
        self.assertEqual(smtp.docmd("STARTTLS")[0], 503)
        self.assertEqual(smtp.docmd("MAIL", f"FROM:<{ALICE}>")[0], 530)
        smtp.login(ALICE, self.server.users[ALICE])
        smtp.sendmail(ALICE, [ALICE], message())
        smtp.quit()
        self.logged(r"Anonymous TLS connection established from "
                    r"unknown\[127.0.0.1\]: TLSv1.3 with cipher")
        self.logged(r"disconnect from \S+ ehlo=2 .* auth=1 starttls=1/2 ")
        self.server.settle()
        self.assertIn(b"with ESMTPSA id",
                      self.server.files()[0].read_bytes())

    def test_proxy_before_tls(self):
        """The preamble, and nothing behind it, is read before TLS."""
        port = free_port()
        self.server = SecureServer(
            "proxy_clients = 127.0.0.1\n",
            listeners=f"\n[listener behind]\naddress = 127.0.0.1:{port}\n"
            "protocol = submission\ntls = implicit\nproxy = yes\n")
        self.addCleanup(self.server.remove)
        self.server.start()
        context = self.server.trust()
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_hostname=HOST)
        preamble = b"PROXY TCP4 192.0.2.7 192.0.2.1 4711 465\r\n"
        with socket.create_connection(("127.0.0.1", port), 20) as \
                plain_socket:
            while True:
                try:
                    greeting = tls.read(512)
                    break
                except ssl.SSLWantReadError:
                    plain_socket.sendall(preamble + outgoing.read())
                    preamble = b""
                    incoming.write(plain_socket.recv(65536))
        self.assertEqual(greeting[:4], b"220 ")
        self.logged(r"connect from unknown\[192.0.2.7\]")

    @unittest.skipUnless(shutil.which("fail2ban-regex"), "no fail2ban")
    def test_fail2ban(self):
        """Its filter for Postfix finds whoever guesses, and nobody else."""
        self.serve("log_ident = postfix\nerrors_max = 3\n"
                   "plain_logins = yes\n", protocol="submission")
        client = self.connect("127.0.9.1")
        client.reply()
        client.say("EHLO client.test")
        client.say("AUTH PLAIN " + plain(ALICE, "wrong"))
        client.say("QUIT")
        client = self.connect("127.0.9.2")
        client.reply()
        for _ in range(4):
            client.say("XYZZY")
        client = self.connect("127.0.9.3")
        client.reply()
        client.say("EHLO client.test")
        client.say("AUTH PLAIN " + plain(ALICE, self.server.users[ALICE]))
        client.say("QUIT")
        self.logged(r"disconnect from unknown\[127.0.9.3\]")
        with tempfile.NamedTemporaryFile("w", suffix=".log") as log:
            log.write(self.server.log())
            log.flush()
            done = subprocess.run(
                ["fail2ban-regex", *os.environ.get(
                    "FAIL2BAN_OPTIONS", "").split(), "-o", "ip", log.name,
                 "postfix[mode=aggressive]"],
                capture_output=True, text=True, timeout=60)
        self.assertEqual(set(done.stdout.split()),
                         {"127.0.9.1", "127.0.9.2"}, done.stderr)


if __name__ == "__main__":
    unittest.main()
