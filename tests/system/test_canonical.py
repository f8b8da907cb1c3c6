# SPDX-License-Identifier: ISC
"""Addresses that other hosts see: canonical and masquerade_domains."""

import json
import os
import unittest

from server import DOMAIN, Server, wait_for
from sink import EXTENSIONS
from test_routes import ALICE, FRIEND, Routes

FAR = "friend@far.example"

SETTINGS = f"""\
routes = routes
relay_clients = {FRIEND}
retry_first = 1
retry_most = 1
smtp_tls = none
masquerade_domains = !keep.web.example web.example
masquerade_exceptions = root
canonical = ../tables/names pcre:expressions
"""

NAMES = """\
# the first of these keys that is there counts
www-data@web3.web.example  web-team@public.example
news@host.lan   news@deep.web.example
@host.lan       @public.example
alice           a.lice@public.example
"""

HEADER = """\
From: "web3.web.example" <www-data@web3.web.example> (www-data@web3.web.example)
To: All: root@a.web.example,
\tx@b.keep.web.example;, "q q"@host.lan
Cc: {alice}, alice+tag@{domain}, alice@far.example
X-From: www-data@web3.web.example
Subject: x@host.lan

"""

WANTED = """\
From: "web3.web.example" <web-team@public.example> (www-data@web3.web.example)
To: All: root@a.web.example,
\tx@b.keep.web.example;, "q q"@public.example
Cc: a.lice@public.example, a.lice+tag@public.example, alice@far.example
X-From: www-data@web3.web.example
Subject: x@host.lan

"""


def wire(text):
    return text.format(alice=ALICE, domain=DOMAIN).replace(
        "\n", "\r\n").encode()


class Canonical(Routes):
    def serve(self, sink, names=NAMES, routes=None, expressions=
              "/^(.*)=(.*)@old\\.lan$/ $1@$2\n"):
        self.server = Server(SETTINGS)
        self.addCleanup(self.server.remove)
        # another place than that of the other files: router may read it
        (self.server.dir / "tables").mkdir()
        self.write("routes", routes or f"* [127.0.0.1]:{sink.port}\n")
        self.write("../tables/names", names)
        self.write("expressions", expressions)
        self.server.start()

    def send(self, content, sender="www-data@web3.web.example", to=FAR,
             options=()):
        smtp = self.connect(FRIEND)
        smtp.sendmail(sender, to, content, mail_options=options)
        smtp.quit()

    def got(self, sink, n=1):
        super().got(sink, n)
        return sink.mails[-1]

    def content(self, mail):
        """Without the Received field of the server."""
        text = mail.content
        self.assertTrue(text.startswith(b"Received: "))
        while text.startswith((b"Received: ", b"\t", b" ")):
            text = text.partition(b"\r\n")[2]
        return text

    def expect_size(self, mail):
        self.assertIn(f"SIZE={len(mail.content)}", mail.parameters.split())

    def test_envelope_and_header(self):
        """By BDAT, by DATA in a group, and without PIPELINING."""
        for missing in ((), ("CHUNKING",), ("CHUNKING", "PIPELINING")):
            with self.subTest(missing=missing):
                sink = self.sink(extensions=[e for e in EXTENSIONS
                                             if e not in missing])
                self.serve(sink)
                body = b"From: www-data@web3.web.example\r\n.\r\n..x\r\n"
                self.send(wire(HEADER) + body)
                mail = self.got(sink)
                self.assertEqual(mail.sender, "web-team@public.example")
                self.assertEqual(mail.recipients, [FAR])
                self.assertEqual(self.content(mail), wire(WANTED) + body)
                self.assertEqual(mail.chunks, 0 if missing else 1)
                self.expect_size(mail)

    def test_large_body(self):
        """More than a block, from the file behind another header."""
        body = os.urandom(3 << 20).hex().encode()
        body = b"".join(body[i:i + 76] + b"\r\n"
                        for i in range(0, len(body), 76))
        for missing in ((), ("CHUNKING",)):
            with self.subTest(missing=missing):
                sink = self.sink(extensions=[e for e in EXTENSIONS
                                             if e not in missing])
                self.serve(sink)
                self.send(wire(HEADER) + body)
                mail = self.got(sink)
                self.assertTrue(self.content(mail) == wire(WANTED) + body)
                self.expect_size(mail)

    def test_converted(self):
        """8-bit text for a server that takes none has the same header, also
        one that grows by more than a page."""
        mime = ("MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                "Content-Transfer-Encoding: {}\n")
        body = "Das ist ganz schön.\r\n".encode() * 3000
        many = "Reply-To: " + ",\n ".join(f"u{i}@host.lan"
                                          for i in range(1200)) + "\n"
        sink = self.sink(extensions=["SIZE", "PIPELINING"])
        self.serve(sink)
        for n, more in enumerate(("", many), 1):
            with self.subTest(more=more[:10]):
                self.send(wire(mime.format("8bit") + more + HEADER) + body,
                          options=["BODY=8BITMIME"])
                mail = self.got(sink, n)
                self.assertEqual(self.content(mail), wire(
                    mime.format("quoted-printable") + more.replace(
                        "@host.lan", "@public.example") + WANTED) +
                    b"Das ist ganz sch=C3=B6n.\r\n" * 3000)
                self.expect_size(mail)

    def test_utf8(self):
        """An address that other servers cannot be told, until it is renamed."""
        sink = self.sink(extensions=["SIZE", "PIPELINING", "8BITMIME"])
        self.serve(sink, names="jörg@host.lan  joerg@public.example\n")
        self.send("From: jörg@host.lan\r\n\r\nx\r\n".encode(),
                  sender="jörg@host.lan", options=["SMTPUTF8"])
        mail = self.got(sink)
        self.assertEqual(mail.sender, "joerg@public.example")
        self.assertEqual(self.content(mail),
                         b"From: joerg@public.example\r\n\r\nx\r\n")

    def test_senders(self):
        sink = self.sink()
        self.serve(sink)
        for n, (sender, wanted) in enumerate((
                ("x+list=a=b.example@host.lan",
                 "x+list=a=b.example@public.example"),
                ("news+1@host.lan", "news+1@web.example"),
                ("root@a.web.example", "root@a.web.example"),
                ("x@web.example", "x@web.example"),
                ("x@evilweb.example", "x@evilweb.example"),
                ("WWW-Data@WEB3.web.example", "web-team@public.example"),
                ("a=b.example@old.lan", "a@b.example"),
                ("", "")), 1):
            with self.subTest(sender=sender):
                self.send(b"Subject: x\r\n\r\n", sender=sender)
                self.assertEqual(self.got(sink, n).sender, wanted)

    def test_not_by_lmtp_nor_here(self):
        sink = self.sink(lmtp=True)
        self.serve(sink, routes=f"* lmtp:[127.0.0.1]:{sink.port}\n")
        self.send(wire(HEADER), to=[FAR, ALICE])
        mail = self.got(sink)
        self.assertEqual(mail.sender, "www-data@web3.web.example")
        self.assertEqual(self.content(mail), wire(HEADER))
        wait_for(lambda: self.server.messages(ALICE), "mail of alice")
        self.assertIn(wire(HEADER).rstrip(), self.server.messages(ALICE)[0])

    def test_many_addresses(self):
        """More than one question has."""
        sink = self.sink()
        self.serve(sink)
        lines = [f" u{i}@host.lan,\r\n" for i in range(1200)]
        text = "To:\r\n" + "".join(lines) + " x@y.example\r\n\r\n"
        self.send(text.encode())
        self.assertEqual(
            self.content(self.got(sink)),
            text.replace("@host.lan", "@public.example").encode())

    def test_no_table(self):
        """A private address never leaves because a file is wrong."""
        sink = self.sink()
        self.serve(sink, names="alice\n")
        self.send(wire(HEADER))
        wait_for(lambda: "not known what the addresses are called" in
                 self.server.log(), "a try")
        self.assertRegex(self.server.log(), r"dsn=4\.3\.0, status=deferred")
        self.assertEqual(sink.mails, [])
        check = self.server.posthouse("check", check=False)
        self.assertNotEqual(check.returncode, 0)
        self.assertIn("names:1: A line must be KEY VALUE",
                      check.stdout + check.stderr)
        self.write("../tables/names", NAMES)
        self.server.posthouse("reload")
        self.assertEqual(self.content(self.got(sink)), wire(WANTED))

    def test_one_that_waits(self):
        """It is no fault of the host: others go there meanwhile."""
        sink = self.sink()
        self.serve(sink, expressions="/^bad@/ nobody\n")
        self.send(wire(HEADER), sender="bad@x.example")
        wait_for(lambda: "status=deferred" in self.server.log(), "a try")
        self.send(wire(HEADER), to="second@far.example")
        self.assertEqual(self.got(sink).recipients, ["second@far.example"])
        self.assertNotRegex(self.server.log(),
                            "to=<second@.*status=deferred")

    def test_explain(self):
        self.serve(self.sink())

        def explain(sender, to=FAR, *more):
            return self.server.posthouse("explain", to, "--sender", sender,
                                         "--client", FRIEND, *more).stdout

        self.assertIn("other hosts see the sender web-team@public.example",
                      explain("www-data@web3.web.example"))
        self.assertNotIn("see the sender", explain("x@far.example"))
        self.assertNotIn("see the sender", explain("x@host.lan", ALICE))
        told = json.loads(explain("x@host.lan", FAR, "--json"))
        self.assertEqual(told["sender"], "x@public.example")


if __name__ == "__main__":
    unittest.main()
