# SPDX-License-Identifier: ISC
"""Trust towards other servers: levels, DANE, MTA-STS, REQUIRETLS.

A name server on loopback has signed and unsigned zones, sinks on addresses of
127.0.0.0/8 are the hosts, and an authority of the test's own signs certificates.
"""

import http.server
import ssl
import threading
import unittest

from certs import Authority
from secure import SecureServer
from server import Server, free_port, message, wait_for
from sink import EXTENSIONS, Sink
from zones import Zone, Zones, missing

TLS = EXTENSIONS + ("STARTTLS",)


class Policies(http.server.ThreadingHTTPServer):
    """Policies of MTA-STS by host name, over HTTPS; asked counts."""
    daemon_threads = True

    def __init__(self, context):
        test = self
        self.policy, self.asked, self.kind = {}, [], "text/plain"

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                host = self.headers["Host"].split(":")[0]
                test.asked.append(host)
                text = test.policy.get(host)
                if isinstance(text, int):
                    self.send_response(text)
                    self.send_header("Location", f"https://{host}/elsewhere")
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                octets = (text or "").encode()
                self.send_response(200 if text else 404)
                self.send_header("Content-Type", test.kind)
                # without it only the end of TLS could tell a whole policy
                self.send_header("Content-Length", str(len(octets)))
                self.end_headers()
                self.wfile.write(octets)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass

    def set(self, domain, mode, *mx, max_age=86400):
        self.policy["mta-sts." + domain] = "\r\n".join(
            ["version: STSv1", f"mode: {mode}", *(f"mx: {m}" for m in mx),
             f"max_age: {max_age}", ""])


@unittest.skipIf(missing(), missing())
class House(unittest.TestCase):
    settings = ""

    @classmethod
    def setUpClass(cls):
        cls.house = Authority()
        cls.addClassCleanup(cls.house.remove)
        cls.port = free_port()

    def zones(self, zones):
        z = Zones(zones)
        self.addCleanup(z.close)
        return z

    def sink(self, address, certificate=None, script=None, extensions=TLS,
             **options):
        if certificate is not None:
            options.setdefault("context", certificate.context())
        sink = Sink(script, extensions, address=address, port=self.port,
                    **options)
        sink.__enter__()
        self.addCleanup(sink.__exit__)
        return sink

    def server(self, zones, more=""):
        server = Server(zones.settings() + self.settings +
                        "relay_clients = 127.0.0.1\n"
                        f"smtp_port = {self.port}\n"
                        f"tls_ca = {self.house.path}\n" + more)
        self.addCleanup(server.remove)
        return server

    def send(self, server, *recipients, options=()):
        with server.smtp() as smtp:
            smtp.sendmail("alice@example.test", recipients, message(),
                          mail_options=options)

    def why(self, server, recipient):
        """What the log says of a recipient's last try."""
        lines = []

        def look():
            lines[:] = [line for line in server.log().splitlines()
                        if f"to=<{recipient}>" in line and "status=" in line]
            return lines
        wait_for(look, f"a verdict on {recipient}")
        return lines[-1]

    def arrives(self, sink, count=1):
        wait_for(lambda: len(sink.mails) >= count, "the mail")
        return sink.mails[-1]


class Levels(House):
    def test_opportunistic(self):
        """Whatever certificate there is, whatever goes wrong: the mail goes."""
        z = self.zones({"a.example": "@ MX 10 mx\nmx A 127.0.0.2\n",
                        "b.example": "@ MX 10 mx\nmx A 127.0.0.3\n",
                        "c.example": "@ MX 10 mx\nmx A 127.0.0.4\n",
                        "d.example": "@ MX 10 mx\nmx A 127.0.0.5\n"})
        old = self.house.make("mx.other.example", own=True, days=-1)
        good = self.sink("127.0.0.2", old)
        none = self.sink("127.0.0.3", extensions=EXTENSIONS)
        broken = self.sink("127.0.0.4", old, {
            "STARTTLS": b"220 Go on\r\nand more\r\n"})
        refuses = self.sink("127.0.0.5", old,
                            {"STARTTLS": "454 4.7.0 not now"})
        with self.server(z) as server:
            self.send(server, "x@a.example", "x@b.example", "x@d.example")
            self.assertTrue(self.arrives(good).session.tls)
            self.assertFalse(self.arrives(none).session.tls)
            self.assertFalse(self.arrives(refuses).session.tls)
            self.send(server, "x@c.example")
            self.why(server, "x@c.example")
        self.assertEqual(broken.mails, [])

    def test_handshake_that_fails(self):
        """The next connection is in clear text, where nothing demands more."""
        z = self.zones({"a.example": "@ MX 10 mx\nmx A 127.0.0.2\n"})
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)   # no certificate
        sink = self.sink("127.0.0.2", context=context)
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.assertFalse(self.arrives(sink).session.tls)
        self.assertEqual(len(sink.sessions), 2)

    def test_demands_of_the_settings(self):
        z = self.zones({n + ".example": f"@ MX 10 mx\nmx A 127.0.0.{i}\n"
                        for i, n in enumerate("abcdef", 2)})
        house = self.house
        sinks = [
            self.sink("127.0.0.2", house.make("mx.a.example")),
            self.sink("127.0.0.3", house.make("b.example")),
            self.sink("127.0.0.4", house.make("mx.other.example")),
            self.sink("127.0.0.5", house.make("mx.d.example", days=-1)),
            self.sink("127.0.0.6", house.make("mx.e.example", own=True)),
            self.sink("127.0.0.7", extensions=EXTENSIONS)]
        with self.server(z, "smtp_tls = verify\n") as server:
            self.send(server, *(f"x@{n}.example" for n in "abcdef"))
            for s in sinks[:2]:
                self.assertTrue(self.arrives(s).session.tls)
            for name, words in (("c", "hostname mismatch"),
                                ("d", "certificate has expired"),
                                ("e", "self-signed certificate"),
                                ("f", "TLS is required, but was not offered")):
                line = self.why(server, f"x@{name}.example")
                self.assertIn("status=deferred", line)
                self.assertIn("dsn=4.7.", line)
                self.assertIn(words, line.replace("self signed",
                                                  "self-signed"))
            self.assertEqual([len(s.mails) for s in sinks], [1, 1, 0, 0, 0, 0])
            self.assertIn("Verified TLS connection established to mx.a.example",
                          server.log())

    def test_demands_of_routes(self):
        z = self.zones({"a.example": "@ A 127.0.0.2\n"})
        sink = self.sink("127.0.0.2", self.house.make("other.example", own=True))
        server = self.server(z, "routes = routes\n")
        (server.dir / "etc/routes").write_text(
            "none.example     [a.example] tls=none\n"
            "encrypt.example  [a.example] tls=encrypt\n"
            "verify.example   [127.0.0.2] tls=verify\n")
        with server:
            self.send(server, "x@none.example")
            self.assertFalse(self.arrives(sink, 1).session.tls)
            self.send(server, "x@encrypt.example")
            self.assertTrue(self.arrives(sink, 2).session.tls)
            self.send(server, "x@verify.example")
            self.assertIn("(the route demands it)",
                          self.why(server, "x@verify.example"))


    def test_login_at_an_mx(self):
        """A password is not for whoever a forged MX names."""
        zone = "@ MX 10 mx.z.example.\n"
        z = self.zones({"a.example": zone, "b.example": Zone(zone, True),
                        "c.example": zone.replace("mx.z", "mx2.z"),
                        "z.example": "mx A 127.0.0.2\nmx2 A 127.0.0.3\n"})
        offer = TLS + ("AUTH PLAIN",)
        other = self.sink("127.0.0.2", self.house.make("mx.z.example"),
                          extensions=offer)
        own = self.sink("127.0.0.3", self.house.make("c.example"),
                        extensions=offer)
        server = self.server(z, "routes = routes\n"
                             "relay_logins = relay_logins\n")
        (server.dir / "etc/routes").write_text("* mx login=x\n")
        logins = server.dir / "etc/relay_logins"
        logins.write_text("x user password\n")
        logins.chmod(0o600)
        with server:
            self.send(server, "x@a.example")
            self.assertIn("hostname mismatch",
                          self.why(server, "x@a.example"))
            self.assertEqual([c for s in other.sessions for c in s.commands
                              if c.startswith("AUTH")], [])
            self.send(server, "x@b.example", "x@c.example")
            for sink in (other, own):
                said = self.arrives(sink).session.commands
                self.assertTrue(any(c.startswith("AUTH") for c in said), said)


class Dane(House):
    def zone(self, n, *tlsa, more=""):
        return Zone(f"@ MX 10 mx\nmx A 127.0.0.{n}\n" + more + "".join(
            f"_{self.port}._tcp.mx TLSA {t}\n" for t in tlsa), signed=True)

    def test_records(self):
        house = self.house
        wrong = house.make("mx.x.example").tlsa(3, 1, 1)
        own = {n: house.make("anything.example", own=True, days=-1)
               for n in "abcdefg"}
        named, strange = house.make("mx.h.example"), house.make("mx.strange.example")
        z = self.zones({
            "a.example": self.zone(2, own["a"].tlsa(3, 1, 1)),
            "b.example": self.zone(3, own["b"].tlsa(3, 0, 2)),
            "c.example": self.zone(4, wrong, own["c"].tlsa(3, 1, 2)),
            "d.example": self.zone(5, wrong),
            "e.example": self.zone(6, "0 0 1 " + "AB" * 32,
                                "1 1 1 " + "AB" * 32),
            "f.example": self.zone(7, wrong),
            "g.example": Zone(f"@ MX 10 mx\nmx A 127.0.0.8\n"
                           f"_{self.port}._tcp.mx TLSA {wrong}\n"),
            "h.example": self.zone(9, house.tlsa(2, 0, 1)),
            "i.example": self.zone(10, house.tlsa(2, 0, 1)),
        })
        sinks = {n: self.sink(f"127.0.0.{i}", own.get(n, named))
                 for i, n in enumerate("abcdefgh", 2) if n != "f"}
        sinks["f"] = self.sink("127.0.0.7", extensions=EXTENSIONS)
        sinks["i"] = self.sink("127.0.0.10", strange)
        with self.server(z) as server:
            self.send(server, *(f"x@{n}.example" for n in "abcdefghi"))
            # right; unusable: encrypted all the same; not signed: opportunistic
            for name in "abcegh":
                with self.subTest(name):
                    self.assertTrue(self.arrives(sinks[name]).session.tls)
            for name, words in (("d", "no matching DANE TLSA records"),
                                ("f", "TLS is required, but was not offered"),
                                ("i", "hostname mismatch")):
                with self.subTest(name):
                    line = self.why(server, f"x@{name}.example")
                    self.assertIn("status=deferred", line)
                    self.assertIn(words, line)
                    self.assertIn("(its TLSA records demand it)", line)
                    self.assertEqual(sinks[name].mails, [])
            for name, how in (("a", "Verified"), ("e", "Untrusted"),
                              ("g", "Untrusted"), ("h", "Verified")):
                self.assertIn(f"{how} TLS connection established to "
                              f"mx.{name}.example[", server.log())

    def test_lookups_that_fail(self):
        own = self.house.make("anything.example", own=True)
        bogus = self.zone(2, own.tlsa())
        bogus.spoiled = (own.tlsa().split()[3].lower()[:12], "ab" * 6)
        z = self.zones({"a.example": bogus,
                        "b.example": self.zone(3, own.tlsa()),
                        "c.example": Zone(
                            "@ MX 10 mx\n@ MX 20 mx2\nmx A 127.0.0.4\n"
                            f"mx2 A 127.0.0.5\n_{self.port}._tcp.mx TLSA "
                            f"{own.tlsa()}\n", signed=True)})
        z.rule(f"_{self.port}._tcp.mx.b.example", "servfail")
        z.rule(f"_{self.port}._tcp.mx.c.example", "servfail")
        a, b, c, c2 = (self.sink(f"127.0.0.{n}", own) for n in (2, 3, 4, 5))
        with self.server(z) as server:
            self.send(server, "x@a.example", "x@b.example", "x@c.example")
            for name in "ab":
                line = self.why(server, f"x@{name}.example")
                self.assertIn("dsn=4.7.5", line)
                self.assertIn(f"TLSA lookup error for mx.{name}.example", line)
            # the next host has an answer
            self.arrives(c2)
        self.assertEqual(a.sessions + b.sessions + c.sessions, [])

    def test_behind_an_alias(self):
        own = self.house.make("anything.example", own=True)
        wrong = self.house.make("anything.example", own=True)
        z = self.zones({
            "a.example": Zone("@ MX 10 mx\nmx CNAME host.b.example.\n"
                           f"_{self.port}._tcp.mx TLSA {wrong.tlsa()}\n",
                           signed=True),
            "b.example": Zone("host A 127.0.0.2\n"
                           f"_{self.port}._tcp.host TLSA {own.tlsa()}\n",
                           signed=True)})
        sink = self.sink("127.0.0.2", own)
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.assertTrue(self.arrives(sink).session.tls)
        self.assertEqual(z.asked(f"_{self.port}._tcp.mx.a.example", "TLSA"), 0)

    def test_addresses_held_back(self):
        """Whoever keeps one kind of address from us cannot lift the records
        with it."""
        own = self.house.make("anything.example", own=True)
        z = self.zones({"a.example": self.zone(2, own.tlsa()),
                        "b.example": self.zone(3, "3 1 1 " + "AB" * 32)})
        for name in "ab":
            z.rule(f"mx.{name}.example", "servfail", "AAAA")
        a, b = self.sink("127.0.0.2", own), self.sink("127.0.0.3", own)
        with self.server(z) as server:
            self.send(server, "x@a.example", "x@b.example")
            self.arrives(a)
            self.assertIn("Verified TLS connection established to "
                          "mx.a.example[", server.log())
            self.assertIn("(its TLSA records demand it)",
                          self.why(server, "x@b.example"))
        self.assertEqual(b.mails, [])

    def test_alias_that_leads_out(self):
        """The records beside a signed alias count, although the addresses
        behind it are not signed; those beside an unsigned one do not."""
        own = self.house.make("anything.example", own=True)

        def alias(wrong, signed=True):
            record = "3 1 1 " + "AB" * 32 if wrong else own.tlsa()
            return Zone("@ MX 10 mx\nmx CNAME host.z.example.\n"
                        f"_{self.port}._tcp.mx TLSA {record}\n", signed)
        z = self.zones({"a.example": alias(False), "b.example": alias(True),
                        "c.example": alias(True, False),
                        "z.example": "host A 127.0.0.2\n"})
        sink = self.sink("127.0.0.2", own)
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.arrives(sink)
            self.assertIn("Verified TLS connection established to "
                          "mx.a.example[", server.log())
            self.send(server, "x@b.example", "x@c.example")
            self.assertIn("(its TLSA records demand it)",
                          self.why(server, "x@b.example"))
            self.arrives(sink, 2)
        self.assertEqual(len(sink.mails), 2)

    def test_whole_records_that_are_none(self):
        """They demand TLS and no more, and lift no other demand."""
        own = self.house.make("anything.example", own=True)
        z = self.zones({f"{n}.example": self.zone(i, "3 0 0 ABCD",
                                               "3 1 0 ABCD")
                        for i, n in enumerate("abc", 2)})
        sinks = [self.sink(f"127.0.0.{n}", own) for n in (2, 3, 4)]
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.assertTrue(self.arrives(sinks[0]).session.tls)
        with self.server(z, "smtp_tls = verify\n") as server:
            self.send(server, "x@b.example")
            self.assertIn("certificate not accepted",
                          self.why(server, "x@b.example"))
        with self.server(z, "smtp_tls = dane-only\n") as server:
            self.send(server, "x@c.example")
            self.assertIn("host mx.c.example has no TLSA records",
                          self.why(server, "x@c.example"))
        self.assertEqual(sinks[1].mails + sinks[2].mails, [])

    def test_insecure_mx(self):
        """Records of a host that an unsigned MX names do not count."""
        own = self.house.make("anything.example", own=True)
        z = self.zones({"a.example": "@ MX 10 mx.b.example.\n",
                        "b.example": Zone("mx A 127.0.0.2\n"
                                       f"_{self.port}._tcp.mx TLSA "
                                       "3 1 1 " + "AB" * 32 + "\n",
                                       signed=True)})
        sink = self.sink("127.0.0.2", own)
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.arrives(sink)

    def test_dane_only(self):
        own = self.house.make("anything.example", own=True)
        z = self.zones({"a.example": self.zone(2, own.tlsa()),
                        "b.example": self.zone(3)})
        sinks = [self.sink(f"127.0.0.{n}", own) for n in (2, 3)]
        with self.server(z, "smtp_tls = dane-only\n") as server:
            self.send(server, "x@a.example", "x@b.example")
            self.arrives(sinks[0])
            self.assertIn("host mx.b.example has no TLSA records",
                          self.why(server, "x@b.example"))
        self.assertEqual(sinks[1].mails, [])

    def test_off(self):
        own = self.house.make("anything.example", own=True)
        z = self.zones({"a.example": self.zone(2, "3 1 1 " + "AB" * 32)})
        sink = self.sink("127.0.0.2", own)
        with self.server(z, "dane = no\n") as server:
            self.send(server, "x@a.example")
            self.arrives(sink)


class WithPolicies(House):
    def setUp(self):
        self.policies = Policies(self.house.make(
            *(f"mta-sts.{n}.example" for n in "abcdefgh")).context())
        self.addCleanup(self.policies.server_close)
        self.addCleanup(self.policies.shutdown)
        self.settings = f"sts_port = {self.policies.port}\n"

    def zone(self, n, id="1", mx="mx"):
        return (f"@ MX 10 {mx}\n{mx} A 127.0.0.{n}\n"
                f'_mta-sts TXT "v=STSv1; id={id};"\nmta-sts A 127.0.0.1\n')


class Sts(WithPolicies):
    def test_enforce(self):
        z = self.zones({n + ".example": self.zone(i)
                        for i, n in enumerate("abcde", 2)})
        house, policies = self.house, self.policies
        policies.set("a.example", "enforce", "mx.a.example")
        policies.set("b.example", "enforce", "*.b.example")
        policies.set("c.example", "enforce", "other.c.example")
        policies.set("d.example", "enforce", "mx.d.example")
        policies.set("e.example", "enforce", "mx.e.example")
        sinks = {"a": self.sink("127.0.0.2", house.make("mx.a.example")),
                 "b": self.sink("127.0.0.3", house.make("*.b.example")),
                 "c": self.sink("127.0.0.4", house.make("mx.c.example")),
                 # the domain's name is not the host's
                 "d": self.sink("127.0.0.5", house.make("d.example")),
                 "e": self.sink("127.0.0.6", extensions=EXTENSIONS)}
        with self.server(z) as server:
            self.send(server, *(f"x@{n}.example" for n in "abcde"))
            for name in "ab":
                self.assertTrue(self.arrives(sinks[name]).session.tls)
            for name, words in (
                    ("c", "is not in the MTA-STS policy of c.example"),
                    ("d", "hostname mismatch"),
                    ("e", "TLS is required, but was not offered")):
                line = self.why(server, f"x@{name}.example")
                self.assertIn("dsn=4.7.", line)
                self.assertIn(words, line)
                self.assertEqual(sinks[name].mails, [])
            # known now
            self.send(server, "y@a.example")
            self.arrives(sinks["a"], 2)
            self.assertEqual(policies.asked.count("mta-sts.a.example"), 1)

    def test_testing_and_none(self):
        z = self.zones({n + ".example": self.zone(i)
                        for i, n in enumerate("abc", 2)})
        own = self.house.make("anything.example", own=True)
        self.policies.set("a.example", "testing", "mx.a.example")
        self.policies.set("b.example", "testing", "other.b.example")
        self.policies.set("c.example", "none")
        sinks = [self.sink("127.0.0.2", own),
                 self.sink("127.0.0.3", extensions=EXTENSIONS),
                 self.sink("127.0.0.4", own)]
        with self.server(z) as server:
            self.send(server, *(f"x@{n}.example" for n in "abc"))
            self.assertTrue(self.arrives(sinks[0]).session.tls)
            self.assertFalse(self.arrives(sinks[1]).session.tls)
            self.assertTrue(self.arrives(sinks[2]).session.tls)

    def test_policies_that_cannot_be_had(self):
        """No policy then: the mail goes as if there were none."""
        z = self.zones({n + ".example": self.zone(i)
                        for i, n in enumerate("abcdx", 2)})
        own = self.house.make("anything.example", own=True)
        self.policies.set("a.example", "enforce")          # without mx
        self.policies.policy["mta-sts.b.example"] = 302
        self.policies.policy["mta-sts.d.example"] = "x" * 70000
        self.policies.set("x.example", "enforce", "mx.x.example")  # certificate
        sinks = {n: self.sink(f"127.0.0.{i}", own)
                 for i, n in enumerate("abcdx", 2)}
        with self.server(z) as server:
            self.send(server, *(f"x@{n}.example" for n in "abcdx"))
            for sink in sinks.values():
                self.arrives(sink)
            for name, words in (
                    ("a", "sts-policy-invalid: it has no mx"),
                    ("b", "sts-policy-fetch-error: the server says 302"),
                    ("c", "sts-policy-fetch-error: the server says 404"),
                    ("d", "sts-policy-fetch-error: the policy is too large"),
                    ("x", "sts-webpki-invalid:")):
                self.assertIn(f"domain={name}.example policy cannot be had: "
                              + words, server.log())
            asked = len(self.policies.asked)
            self.send(server, "y@a.example")
            self.arrives(sinks["a"], 2)
            self.assertEqual(len(self.policies.asked), asked)

    def test_large_policy(self):
        """As large as one may be, to the octet."""
        z = self.zones({"a.example": self.zone(2)})
        self.policies.set("a.example", "enforce", "mx.other.example")
        text = self.policies.policy["mta-sts.a.example"]
        rest = 65536 - len(text)
        self.policies.policy["mta-sts.a.example"] = \
            "more: " + "x" * (rest - 8) + "\r\n" + text
        sink = self.sink("127.0.0.2", self.house.make("mx.a.example"))
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.assertIn("mx.a.example is not in the MTA-STS policy",
                          self.why(server, "x@a.example"))
        self.assertEqual(sink.mails, [])

    def test_changes(self):
        """Another id means another policy; what fails leaves the old one."""
        z = self.zones({"a.example": self.zone(2)})
        z.ttl = 1
        z.update({})
        self.policies.set("a.example", "enforce", "mx.a.example")
        # a connection for each mail
        sink = self.sink("127.0.0.2", self.house.make("mx.a.example"),
                         extensions=TLS + ("LIMITS MAILMAX=1",))
        with self.server(z) as server:
            def how(count):
                self.send(server, "x@a.example")
                self.arrives(sink, count)
                lines = wait_for(lambda: [
                    line for line in server.log().splitlines()
                    if " TLS connection " in line][count - 1:], "the line")
                return lines[0].split("tls: ")[1].split()[0]

            self.assertEqual(how(1), "Verified")
            # gone from the DNS: still in force
            z.update({"a.example": self.zone(2).replace("_mta-sts TXT",
                                                        "_other TXT")})
            self.sleep_ttl()
            self.assertEqual(how(2), "Verified")
            # another one, which cannot be had
            self.policies.policy["mta-sts.a.example"] = 500
            z.update({"a.example": self.zone(2, id="2")})
            self.sleep_ttl()
            self.assertEqual(how(3), "Verified")
            self.assertIn("the server says 500", server.log())
            self.policies.set("a.example", "none")
            z.update({"a.example": self.zone(2, id="3")})
            # a slow machine hears of it later
            for count in range(4, 9):
                self.sleep_ttl()
                last = how(count)
                if last == "Untrusted":
                    break
            self.assertEqual(last, "Untrusted")

    def sleep_ttl(self):
        threading.Event().wait(2.5)

    def test_restart(self):
        """A policy is known again, though nobody can be asked."""
        z = self.zones({"a.example": self.zone(2)})
        self.policies.set("a.example", "enforce", "mx.a.example")
        sink = self.sink("127.0.0.2", self.house.make("mx.a.example"))
        server = self.server(z)
        with server:
            self.send(server, "x@a.example")
            self.arrives(sink)
            server.stop()
            z.update({"a.example": self.zone(2).replace("_mta-sts TXT",
                                                        "_other TXT")})
            server.start()
            self.send(server, "y@a.example")
            self.arrives(sink, 2)
            self.assertEqual(server.log().count("Verified TLS connection"), 2)

    def test_dane_comes_first(self):
        """Held to its records, a host need not be in the policy."""
        own = self.house.make("anything.example", own=True)
        z = self.zones({"a.example": Zone(
            self.zone(2) + f"_{self.port}._tcp.mx TLSA {own.tlsa()}\n",
            signed=True)})
        self.policies.set("a.example", "enforce", "other.a.example")
        sink = self.sink("127.0.0.2", own)
        with self.server(z) as server:
            self.send(server, "x@a.example")
            self.assertTrue(self.arrives(sink).session.tls)

    def test_off(self):
        z = self.zones({"a.example": self.zone(2)})
        self.policies.set("a.example", "enforce", "other.a.example")
        sink = self.sink("127.0.0.2", extensions=EXTENSIONS)
        with self.server(z, "mta_sts = no\n") as server:
            self.send(server, "x@a.example")
            self.arrives(sink)
        self.assertEqual(self.policies.asked, [])


class Required(WithPolicies):
    """What a mail itself demands (RFC 8689)."""

    def server(self, zones, more=""):
        server = SecureServer(
            zones.settings() + self.settings + "relay_clients = 127.0.0.1\n"
            f"smtp_port = {self.port}\ntls_ca = {self.house.path}\n" + more)
        self.addCleanup(server.remove)
        return server

    def send(self, server, *recipients, options=("REQUIRETLS",), text=None):
        with server.smtp() as smtp:
            smtp.starttls(context=ssl._create_unverified_context())
            smtp.sendmail("alice@example.test", recipients, text or message(),
                          mail_options=options)

    def test_required(self):
        house, offers = self.house, TLS + ("REQUIRETLS",)
        self.policies.set("b.example", "enforce", "mx.b.example")
        signed = Zone("@ MX 10 mx\nmx A 127.0.0.2\n", signed=True)
        z = self.zones({"a.example": signed, "b.example": self.zone(3),
                        "c.example": "@ MX 10 mx\nmx A 127.0.0.4\n",
                        "d.example": Zone("@ MX 10 mx\nmx A 127.0.0.5\n",
                                          signed=True)})
        sinks = {n: self.sink(f"127.0.0.{i}", house.make(
            "mx.other.example" if n == "d" else f"mx.{n}.example"),
            extensions=offers) for i, n in enumerate("abcd", 2)}
        with self.server(z) as server:
            self.send(server, *(f"x@{n}.example" for n in "abcd"))
            for name in "ab":
                mail = self.arrives(sinks[name])
                self.assertTrue(mail.session.tls)
                self.assertIn("REQUIRETLS", mail.parameters)
            line = self.why(server, "x@c.example")
            self.assertIn("status=bounced", line)
            self.assertIn("neither DNSSEC nor MTA-STS", line)
            line = self.why(server, "x@d.example")
            self.assertIn("status=deferred", line)
            self.assertIn("(the mail requires it)", line)
        self.assertEqual(sinks["c"].mails + sinks["d"].mails, [])

    def test_optional(self):
        """TLS-Required: No does without what the domain publishes."""
        own = self.house.make("anything.example", own=True)
        self.policies.set("a.example", "enforce", "other.a.example")
        z = self.zones({"a.example": self.zone(2), "b.example": Zone(
            "@ MX 10 mx\nmx A 127.0.0.3\n"
            f"_{self.port}._tcp.mx TLSA 3 1 1 " + "AB" * 32 + "\n",
            signed=True)})
        sinks = [self.sink("127.0.0.2", own), self.sink("127.0.0.3", own)]
        with self.server(z) as server:
            self.send(server, "x@a.example", "x@b.example", options=(),
                      text=b"TLS-Required: No\r\n" + message())
            for sink in sinks:
                self.arrives(sink)


if __name__ == "__main__":
    unittest.main()
