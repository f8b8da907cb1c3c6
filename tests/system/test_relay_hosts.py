# SPDX-License-Identifier: ISC
"""Which host gets the mail: MX records, addresses, loops, sockets."""

import time
import unittest

import zones
from server import (DOMAIN, Server, free_port, message, settings_text,
                    wait_for, within)
from sink import REPLIES, Drop, Hang, Sink
from test_relay import ALICE, Follower, Relay

SETTINGS = """smtp_port = {port}
relay_clients = 127.0.0.1
retry_first = 1
retry_most = 1
remote_timeout = 3
connect_timeout = 2
dns_timeout = 2
smtp_tls = none
mta_sts = no
hostname = mail.example.test
routes = routes
"""


@unittest.skipIf(zones.missing(), zones.missing())
class Hosts(unittest.TestCase):
    fates, fate = Relay.fates, Relay.fate

    def start(self, records, more="", routes=""):
        self.port = free_port()
        self.zones = zones.Zones(records)
        self.addCleanup(self.zones.close)
        self.server = Server(settings_text(
            SETTINGS.format(port=self.port), more) +
            self.zones.settings("off"))
        self.addCleanup(self.server.remove)
        (self.server.dir / "etc/routes").write_text(routes)
        self.server.start()
        self.follower = Follower(self.server.dir / "log/posthouse.log")

    def sink(self, address, script=None, **more):
        sink = Sink(script, address=address, port=self.port, **more)
        sink.__enter__()
        self.addCleanup(sink.__exit__)
        return sink

    def send(self, to):
        with self.server.smtp() as smtp:
            smtp.sendmail(ALICE, [to], message("x"))

    def test_preference(self):
        self.start({"one.example": "@ MX 10 a\n@ MX 20 b\n@ MX 30 c\n"
                    "a A 127.1.0.1\nb A 127.1.0.2\nc A 127.1.0.3\n"})
        a = self.sink("127.1.0.1", {"MAIL": [None, "451 4.3.0 Busy"]})
        b = self.sink("127.1.0.2", {"GREETING": "421 4.3.2 Full"})
        c = self.sink("127.1.0.3")
        self.send("x@one.example")
        self.fate("x@one.example", "sent")
        self.assertEqual([len(s.mails) for s in (a, b, c)], [1, 0, 0])
        self.send("y@one.example")
        self.fate("y@one.example", "sent")
        self.assertEqual([len(s.mails) for s in (a, b, c)], [1, 0, 1])
        self.assertEqual(len(self.fates("y@one.example")), 1)
        self.assertEqual(len(b.sessions), 1)

    def test_equal_preference_shares(self):
        self.start({f"d{i}.example": "@ MX 10 a.hosts.example.\n"
                    "@ MX 10 b.hosts.example.\n" for i in range(24)} |
                   {"hosts.example": "a A 127.1.0.1\nb A 127.1.0.2\n"})
        both = [self.sink(f"127.1.0.{i}") for i in (1, 2)]
        for i in range(24):
            self.send(f"x@d{i}.example")
        for i in range(24):
            self.fate(f"x@d{i}.example", "sent")
        self.assertTrue(all(s.mails for s in both))

    def test_the_domain_itself(self):
        self.start({"plain.example": "@ A 127.1.0.1\n",
                    "alias.example": "www CNAME mx.plain.example.\n",
                    "mx.plain.example": "@ A 127.1.0.1\n"})
        sink = self.sink("127.1.0.1")
        for to in ("x@plain.example", "x@www.alias.example"):
            self.send(to)
            self.fate(to, "sent")
        self.assertEqual(len(sink.mails), 2)

    def test_several_addresses(self):
        self.start({"many.example": "@ MX 1 mx\nmx A 127.1.0.1\n"
                    "mx A 127.1.0.2\nmx A 127.1.0.3\nmx AAAA ::1\n"})
        sink = self.sink("127.1.0.3")
        self.send("x@many.example")
        self.fate("x@many.example", "sent")
        self.assertEqual(len(self.fates("x@many.example")), 1)
        self.assertEqual(len(sink.mails), 1)

    def test_no_mail_for_them(self):
        self.start({"null.example": "@ MX 0 .\n@ A 127.1.0.1\n",
                    "empty.example": "@ TXT nothing\n",
                    "dead.example": "@ MX 1 mx\n"})
        for to, status, words in (
                ("x@null.example", "5.1.10", "nullMX"),
                ("x@empty.example", "5.1.2", "no data record"),
                ("x@dead.example", "5.1.2", "Host not found"),
                ("x@nowhere.example", "5.1.2", "Host not found")):
            with self.subTest(to=to):
                self.send(to)
                dsn, _, why = self.fate(to, "bounced")
                self.assertEqual(dsn, status)
                self.assertIn(words, why)

    def test_dns_that_does_not_answer(self):
        self.start({"quiet.example": "@ A 127.1.0.1\n"})
        sink = self.sink("127.1.0.1")
        self.zones.rule("quiet.example", "servfail")
        self.send("x@quiet.example")
        self.assertEqual(self.fate("x@quiet.example", "deferred")[0], "4.4.3")
        self.zones.rule("quiet.example", "")
        self.fate("x@quiet.example", "sent")
        self.assertEqual(len(sink.mails), 1)

    def test_loops(self):
        """This host in the list: only those with a better preference."""
        self.start({"best.example": "@ MX 1 mail.example.test.\n@ MX 2 b\n"
                    "b A 127.1.0.2\n",
                    "backup.example": "@ MX 1 a\n@ MX 2 us\n@ MX 2 b\n"
                    "@ MX 3 c\na A 127.1.0.1\nus A 127.0.0.9\n"
                    "b A 127.1.0.2\nc A 127.1.0.3\n",
                    "none.example": "@ MX 1 n\nn A 0.0.0.0\n",
                    "six.example": "@ MX 1 n\nn AAAA ::\n"})
        # a listener that is at port smtp_port of 127.0.0.9
        with self.server.conf.open("a") as f:
            f.write(f"\n[listener more]\naddress = 127.0.0.9:{self.port}\n"
                    "protocol = smtp\n")
        self.server.stop()
        self.server.start()
        others = [self.sink("127.1.0.2"), self.sink("127.1.0.3")]
        for to in ("x@best.example", "x@none.example", "x@six.example"):
            self.send(to)
            dsn, _, why = self.fate(to, "bounced")
            self.assertEqual(dsn, "5.4.6")
            self.assertIn("loops back to myself", why)
        self.send("x@backup.example")
        self.assertIn("Connection refused",
                      self.fate("x@backup.example", "deferred")[2])
        a = self.sink("127.1.0.1")
        self.fate("x@backup.example", "sent")
        self.assertEqual(len(a.mails), 1)
        self.assertEqual([len(s.sessions) for s in others], [0, 0])

    def test_lost_at_one_host_is_sent_to_the_next(self):
        self.start({"two.example": "@ MX 1 a\n@ MX 2 b\na A 127.1.0.1\n"
                    "b A 127.1.0.2\n"})
        a = self.sink("127.1.0.1", {"RCPT": Drop()})
        b = self.sink("127.1.0.2")
        self.send("x@two.example")
        self.fate("x@two.example", "sent")
        self.assertEqual([len(a.mails), len(b.mails)], [0, 1])
        self.assertEqual(len(self.fates("x@two.example")), 1)

    def test_the_end_is_not_tried_elsewhere(self):
        """Who may have the mail is asked again later, and nobody else now."""
        self.start({"two.example": "@ MX 1 a\n@ MX 2 b\na A 127.1.0.1\n"
                    "b A 127.1.0.2\n"})
        a = self.sink("127.1.0.1", {"END": [Drop(), None]})
        b = self.sink("127.1.0.2")
        self.send("x@two.example")
        self.assertIn("may be sent more than once",
                      self.fate("x@two.example", "deferred")[2])
        self.fate("x@two.example", "sent")
        self.assertEqual([len(a.mails), len(b.mails)], [2, 0])

    def test_source_addresses(self):
        self.start({"from.example": "@ A 127.1.0.1\n"},
                   "source_addresses = 127.0.0.21 127.0.0.22\n"
                   "destination_connections = 2\n")
        sink = self.sink("127.1.0.1", {"QUIT": REPLIES["QUIT"]},
                         extensions=["LIMITS MAILMAX=1"])
        for i in range(4):
            self.send(f"x{i}@from.example")
            self.fate(f"x{i}@from.example", "sent")
        self.assertEqual({s.peer[0] for s in sink.sessions},
                         {"127.0.0.21", "127.0.0.22"})

    def test_limit_of_domains(self):
        """Two domains with one next host are one mail, unless it minds."""
        self.start({}, routes="a.example [127.1.0.1]\nb.example [127.1.0.1]\n")
        sink = self.sink("127.1.0.1", extensions=["PIPELINING",
                                                  "LIMITS RCPTDOMAINMAX=1"])
        all_of = ["x@a.example", "x@b.example", "y@a.example", "y@b.example"]
        with self.server.smtp() as smtp:
            smtp.sendmail(ALICE, all_of, message("x"))
        for to in all_of:
            self.fate(to, "sent")
        self.assertEqual(sorted(sorted(m.recipients) for m in sink.mails),
                         [["x@a.example", "y@a.example"],
                          ["x@b.example", "y@b.example"]])

    def test_limit_of_domains_again(self):
        """A domain that had its turn before counts like any other."""
        self.start({}, routes="a.example [127.1.0.1]\nb.example [127.1.0.1]\n")
        sink = self.sink("127.1.0.1", extensions=[
            "PIPELINING", "LIMITS RCPTMAX=2 RCPTDOMAINMAX=1"])
        all_of = ["x@a.example", "y@a.example", "z@a.example", "x@b.example"]
        with self.server.smtp() as smtp:
            smtp.sendmail(ALICE, all_of, message("x"))
        for to in all_of:
            self.fate(to, "sent")
        self.assertEqual([m.recipients for m in sink.mails],
                         [all_of[:2], all_of[2:3], all_of[3:]])

    def test_reload_ends_connections(self):
        """What was found good by other settings is not used by new ones."""
        self.start({}, routes="a.example [127.1.0.1]\n")
        sink = self.sink("127.1.0.1")
        for n in ("x", "y"):
            self.send(f"{n}@a.example")
            self.fate(f"{n}@a.example", "sent")
        self.assertEqual(len(sink.sessions), 1)
        conf = self.server.conf
        conf.write_text(conf.read_text().replace("smtp_tls = none",
                                                 "smtp_tls = may"))
        self.server.posthouse("reload")
        # at once, and not when it was idle for 5 s
        wait_for(lambda: "QUIT" in str(sink.sessions[0].commands), "QUIT", 3)
        self.send("z@a.example")
        self.fate("z@a.example", "sent")
        self.assertEqual(len(sink.sessions), 2)

    def test_quoted_local_part(self):
        """What ends a path may stand in quotes (RFC 5321 4.1.2)."""
        self.start({}, routes="a.example [127.1.0.1]\n")
        sink = self.sink("127.1.0.1")
        with self.server.smtp() as smtp:
            smtp.ehlo()
            for line in ('MAIL FROM:<"c>d"@example.test>',
                         'RCPT TO:<"a>b \\" c"@a.example>'):
                code, text = smtp.docmd(line)
                self.assertEqual(code, 250, text)
            self.assertEqual(smtp.data(message("x"))[0], 250)
        wait_for(lambda: sink.mails, "the mail")
        self.assertIn('RCPT TO:<"a>b \\" c"@a.example>',
                      " ".join(map(str, sink.sessions[0].commands)))

    def test_stop_does_not_wait_for_others(self):
        """A host that keeps silent does not hold up the end."""
        self.start({}, "remote_timeout = 1h\n",
                   "a.example [127.1.0.1]\n")
        sink = self.sink("127.1.0.1", {"MAIL": Hang()})
        self.send("x@a.example")
        wait_for(lambda: sink.sessions and sink.sessions[0].commands[1:],
                 "MAIL")
        begin = time.monotonic()
        self.server.stop()
        self.assertLess(time.monotonic() - begin, within(10))
        sink.script = {}
        self.server.start()
        self.fate("x@a.example", "sent")
        self.assertEqual(len(sink.mails), 1)

    def test_lmtp(self):
        self.start({"box.example": "@ A 127.1.0.1\n"})
        path = self.server.dir / "lmtp.sock"
        other = free_port()
        (self.server.dir / "etc/routes").write_text(
            f"sock.example unix:{path}\n"
            f"tcp.example lmtp:[127.1.0.1]:{other}\n")
        self.server.posthouse("reload")

        def end(_, recipient):
            return "552 5.2.2 Full" if recipient.startswith("full") else \
                "452 4.2.2 Later" if recipient.startswith("later") else None
        for domain, more in (("sock.example", {"path": str(path)}),
                             ("tcp.example", {"address": "127.1.0.1",
                                              "port": other})):
            for extensions in ([], ["PIPELINING"], ["PIPELINING", "CHUNKING"]):
                with self.subTest(domain=domain, extensions=extensions), \
                        Sink({"END": end}, extensions, lmtp=True,
                             **more) as sink:
                    n = f"{len(extensions)}@{domain}"
                    with self.server.smtp() as smtp:
                        smtp.sendmail(ALICE, ["a" + n, "full" + n, "later" + n,
                                              "b" + n], message("x"))
                    for to in ("a" + n, "b" + n):
                        self.fate(to, "sent")
                    self.assertEqual(self.fate("full" + n, "bounced")[0],
                                     "5.2.2")
                    self.assertEqual(self.fate("later" + n, "deferred")[0],
                                     "4.2.2")
                    self.assertIn(f"LHLO mail.{DOMAIN}",
                                  sink.sessions[0].commands)
                    self.server.posthouse("queue", "delete", "--all",
                                          check=False)

    def test_limits_of_connections(self):
        """One destination never has more than its share, nor all of them."""
        self.start({f"d{i}.example": f"@ A 127.1.1.{i}\n" for i in range(1, 9)},
                   "destination_connections = 2\nsmtp_connections = 6\n")
        now, most = [0], [0]

        def greeting(*_):
            now[0] += 1
            most[0] = max(most[0], now[0])

        def leave(*_):
            now[0] -= 1

        sinks = [self.sink(f"127.1.1.{i}", {"GREETING": greeting,
                                            "QUIT": leave}, delay=0.02)
                 for i in range(1, 9)]
        for n in range(6):
            for i in range(1, 9):
                self.send(f"x{n}@d{i}.example")
        for n in range(6):
            for i in range(1, 9):
                self.fate(f"x{n}@d{i}.example", "sent", 60)
        # a sink may hear of the next one before the last one's QUIT
        self.assertLessEqual(most[0], 8)
        self.assertEqual([len(s.mails) for s in sinks], [6] * 8)

    def test_a_host_with_few_connections(self):
        """Who says 421 to the fourth of us has its mail over three."""
        self.start({"few.example": "@ A 127.1.2.1\n"})
        good, refused = [], []

        def greeting(session, _):
            if sum(not s.writer.is_closing() for s in good) >= 3:
                refused.append(session)
                return "421 4.7.0 Too many connections"
            good.append(session)

        sink = self.sink("127.1.2.1", {"GREETING": greeting}, delay=0.05)
        for n in range(40):
            self.send(f"x{n}@few.example")
        for n in range(40):
            self.fate(f"x{n}@few.example", "sent", 60)
        self.assertEqual(len(sink.mails), 40)
        self.assertTrue(refused)
        self.assertLess(len(refused), 40)


if __name__ == "__main__":
    unittest.main()
