# SPDX-License-Identifier: ISC
"""resolver, with a real name server: NSD with signed zones, and Unbound where
somebody else is to validate."""

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

import zones
from server import Server, descriptors, free_port, wait_for
from zones import Zone, Zones

TXT = "".join(f' "{c * 250}"' for c in "abcdefghijkl")      # 3000 octets

RECORDS = f"""\
@       MX 10 mx
@       MX 20 mx.Example.NET.
mx      A 127.0.0.2
mx      A 127.0.0.3
mx      AAAA 2001:db8::1
_25._tcp.mx TLSA 3 1 1 {"ab" * 32}
_sub._tcp SRV 0 5 587 mx
text    TXT "v=spf1 " "-all"
huge    TXT{TXT}
one     CNAME two
two     CNAME Three
three   CNAME mx
loop    CNAME pool
pool    CNAME loop
away    CNAME there.plain.net.
nowhere CNAME nothing
null    MX 0 .
*.wild  A 127.0.0.9
many    MX 1 m0
""" + "".join(f"many MX {n} a-rather-long-name-of-a-host-{n}\n"
              for n in range(2, 101)) \
    + "".join(f"c{n} CNAME c{n + 1}\n" for n in range(30))

VAST = "".join(f"vast MX 1 m{n}.with-a-name.{'that-is-long.' * 9}far\n"
               for n in range(2400))

ZONES = {
    "example.net": Zone(RECORDS, signed=True),
    "plain.net": "@ MX 5 there\nthere A 127.0.0.4\n" + VAST,
    "old.net": Zone("@ MX 5 mx\nmx A 127.0.0.5\n", expired=True),
    "bad.net": Zone("@ MX 5 mx\nmx 60 A 127.0.0.6\ngood A 127.0.0.6\n",
                    spoiled=("mx.bad.net.\t60\tIN\tA\t127.0.0.6",
                             "mx.bad.net.\t60\tIN\tA\t127.0.0.7")),
    "9.9.9.in-addr.arpa": Zone("1 PTR host.example.net.\n", signed=True),
}


def ask(server, name, kind=None):
    """The answer as `posthouse dns --json` has it."""
    words = [name] if kind is None else [name, kind]
    done = server.posthouse("dns", "--json", *words, check=False)
    if not done.stdout:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def change(server, old, new):
    """Other settings, and a reload."""
    text = server.conf.read_text()
    assert old in text
    server.conf.write_text(text.replace(old, new))
    server.posthouse("reload")


def modes(server):
    """What was found out about validation, one after the other."""
    return [line.split("dnssec=")[1].split()[0]
            for line in server.log().splitlines() if " dns: dnssec=" in line]


class Case(unittest.TestCase):
    settings = ""
    ttl = 60

    @classmethod
    def setUpClass(cls):
        if zones.missing():
            raise unittest.SkipTest("not installed: " + zones.missing())
        cls.zones = Zones(ZONES, ttl=cls.ttl)
        cls.addClassCleanup(cls.zones.close)
        cls.server = Server(cls.zones.settings() + cls.settings)
        cls.addClassCleanup(cls.server.remove)
        cls.server.start()

    def ask(self, name, kind=None):
        return ask(self.server, name, kind)

    def check(self, name, kind, result, secure=None, records=None):
        answer = self.ask(name, kind)
        self.assertEqual(answer["result"], result, answer)
        if secure is not None:
            self.assertEqual(answer["secure"], secure, answer)
        if records is not None:
            self.assertEqual(sorted(answer["records"]), sorted(records))
        return answer


class Records(Case):
    """What there is, validated."""

    def test_types(self):
        for name, kind, records in (
                ("example.net", "MX",
                 ["10 mx.example.net.", "20 mx.example.net."]),
                ("MX.Example.Net.", "A", ["127.0.0.2", "127.0.0.3"]),
                ("mx.example.net", "AAAA", ["2001:db8::1"]),
                ("_25._tcp.mx.example.net", "TLSA", ["3 1 1 " + "ab" * 32]),
                ("_sub._tcp.example.net", "SRV", ["0 5 587 mx.example.net."]),
                ("text.example.net", "TXT", ['"v=spf1 -all"']),
                ("one.example.net", "CNAME", ["two.example.net."]),
                ("null.example.net", "MX", ["0 ."]),
                ("a.b.wild.example.net", "A", ["127.0.0.9"]),
                ("9.9.9.1", None, ["host.example.net."])):
            with self.subTest(name=name, kind=kind):
                answer = self.check(name, kind, "found", True, records)
                self.assertLessEqual(answer["ttl"], 60)
                self.assertGreater(answer["ttl"], 50)

    def test_nothing(self):
        for name, kind, result, secure in (
                ("nothing.example.net", "A", "no such name", True),
                ("text.example.net", "A", "no such record", True),
                ("nothing.plain.net", "MX", "no such name", False),
                ("there.plain.net", "TXT", "no such record", False),
                ("nowhere.example.net", "A", "no such name", True),
                ("no-such-top", "MX", "no such name", True)):
            with self.subTest(name=name):
                self.check(name, kind, result, secure, [])

    def test_aliases(self):
        answer = self.check("one.example.net", "A", "found", True)
        self.assertEqual(answer["canonical"], "mx.example.net")
        # from a signed zone into one that is not
        answer = self.check("away.example.net", "A", "found", False)
        self.assertEqual(answer["canonical"], "there.plain.net")

    def test_aliases_without_end(self):
        for name in ("loop.example.net", "c0.example.net"):
            with self.subTest(name=name):
                answer = self.check(name, "A", "failed", False, [])
                self.assertNotEqual(answer["sentence"], "")

    def test_not_signed(self):
        self.check("plain.net", "MX", "found", False, ["5 there.plain.net."])

    def test_bogus(self):
        for name, word in (("old.net", "expired"), ("mx.bad.net", "fail")):
            with self.subTest(name=name):
                answer = self.check(name, "A", "bogus", False, [])
                self.assertIn(word, answer["sentence"])
                wait_for(lambda: f"bogus name={name} " in self.server.log(),
                         "a line in the log")
        self.check("good.bad.net", "A", "found", True)

    def test_what_does_not_fit_into_a_datagram(self):
        answer = self.check("huge.example.net", "TXT", "found", True)
        self.assertEqual(len(answer["records"][0]), 3002)
        answer = self.check("many.example.net", "MX", "found", True)
        self.assertEqual(len(answer["records"]), 100)
        self.zones.rule("text.example.net", "cut", "TXT")
        self.check("text.example.net", "TXT", "found", True)

    def test_what_fits_only_while_it_is_compressed(self):
        """More than 64 KiB when libunbound has unpacked it: an older one hands
        over an answer without records that says that it was cut, a newer one
        takes none."""
        answer = self.ask("vast.plain.net", "MX")
        self.assertEqual(answer["result"], "failed")
        self.assertRegex(answer["sentence"],
                         "too long|no name server gives an answer")
        self.check("plain.net", "MX", "found")

    def test_names_that_nobody_is_asked_for(self):
        before = len(self.zones.questions)
        self.check("localhost", "AAAA", "found", False, ["::1"])
        self.check("x.localhost", "A", "found", False, ["127.0.0.1"])
        self.check("127.0.0.1", None, "found", False, ["localhost."])
        for name in ("192.0.2.1", "x.invalid", "x.onion", "a..b", "a b"):
            self.check(name, "A", "no such name")
        self.assertEqual(len(self.zones.questions), before)

    def test_command(self):
        done = self.server.posthouse("dns", "example.net", "mx")
        self.assertRegex(done.stdout, r"^example\.net MX: found, secure, for "
                                      r"\d+s\n  (10|20) mx\.example\.net\.\n")
        done = self.server.posthouse("dns", "nothing.example.net", check=False)
        self.assertEqual(done.returncode, 68)
        done = self.server.posthouse("dns", "old.net", check=False)
        self.assertEqual(done.returncode, 75)
        done = self.server.posthouse("dns", "old.net", "LOC", check=False)
        self.assertEqual(done.returncode, 64)

    def test_its_process(self):
        """It has no file at all."""
        pid = self.server.pids("resolver")[0]
        for target in descriptors(pid).values():
            self.assertRegex(target, r"socket:|anon_inode:|/memfd:|pipe:|"
                                     r"/dev/null|/log/")

    def test_it_is_killed(self):
        os.kill(self.server.pids("resolver")[0], signal.SIGKILL)
        wait_for(lambda: self.server.pids("resolver"), "another resolver")
        wait_for(lambda: self.server.posthouse(
            "dns", "plain.net", "MX", check=False).returncode == 0, "an answer")


class Cache(Case):
    ttl = 3
    settings = "dns_timeout = 5s\n"

    def test_found_and_not_found(self):
        for name in ("mx.example.net", "nix.plain.net"):
            with self.subTest(name=name):
                self.ask(name, "A")
                # more than once when the answer is slow
                first = self.zones.asked(name, "A")
                for _ in range(3):
                    self.ask(name, "A")
                self.assertEqual(self.zones.asked(name, "A"), first)
                time.sleep(4)
                self.ask(name, "A")
                self.assertGreater(self.zones.asked(name, "A"), first)

    def test_the_same_question_at_once(self):
        self.zones.rule("one.example.net", 0.3)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            answers = list(pool.map(lambda _: self.ask("one.example.net"),
                                    range(12)))
        self.assertEqual({a["result"] for a in answers}, {"found"})
        # a server that has been quick before is soon asked again
        self.assertLess(self.zones.asked("one.example.net", "A"), 12)

    def test_silence_has_an_end(self):
        self.zones.rule("there.plain.net", "silent")
        answer = self.check("there.plain.net", "A", "failed")
        self.assertRegex(answer["sentence"], "no name server")
        # others do not wait for it
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(self.ask, "there.plain.net", "AAAA")
            self.check("text.example.net", "TXT", "found")
            self.assertFalse(slow.done())
            self.assertEqual(slow.result()["result"], "failed")
        self.zones.rule("there.plain.net", "")
        wait_for(lambda: self.ask("there.plain.net")["result"] == "found",
                 "an answer")

    def test_refusals(self):
        for word in ("servfail", "refused"):
            with self.subTest(word=word):
                self.zones.rule(word + ".plain.net", word)
                answer = self.check(word + ".plain.net", "A", "failed")
                self.assertIn("no name server", answer["sentence"])

    def test_a_zone_changes(self):
        self.check("new.example.net", "A", "no such name", True)
        self.zones.update({"example.net":
                           Zone(RECORDS + "new A 127.0.0.8\n", signed=True)})
        wait_for(lambda: self.ask("new.example.net")["result"] == "found",
                 "the new record")
        self.assertTrue(self.ask("new.example.net")["secure"])


class Reload(Case):
    def test_questions_under_way_go_on(self):
        self.zones.rule("slow.plain.net", 1)
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            slow = pool.submit(self.ask, "slow.plain.net")
            wait_for(lambda: self.zones.asked("slow.plain.net"), "it")
            self.server.posthouse("reload")
            self.check("plain.net", "MX", "found")
            answer = slow.result()
            self.assertEqual(answer["result"], "no such name", answer)

    def test_other_servers(self):
        with Zones({"plain.net": "@ A 127.0.0.66\n"}) as others:
            self.check("plain.net", "A", "no such record")
            change(self.server, self.zones.server, others.server)
            change(self.server, "dnssec = validate", "dnssec = off")
            wait_for(lambda: self.ask("plain.net")["records"] ==
                     ["127.0.0.66"], "the other server")
            change(self.server, others.server, self.zones.server)
            change(self.server, "dnssec = off", "dnssec = validate")
            wait_for(lambda: self.ask("example.net", "MX")["secure"],
                     "the first server")

    def test_anchors_are_looked_after(self):
        good = self.zones.anchors.read_text()
        self.zones.anchors.write_text(good.replace("DNSKEY\t257 3 13 ",
                                                   "DNSKEY\t257 3 13 AAAA"))
        try:
            wait_for(lambda: self.ask("example.net", "MX")["result"] ==
                     "bogus", "distrust", 60)
        finally:
            self.zones.anchors.write_text(good)
        wait_for(lambda: self.ask("example.net", "MX")["secure"], "trust",
                 60)

    def test_settings_that_cannot_be(self):
        for line, word in (("dnssec = perhaps", "auto, validate"),
                           ("dns_servers = mail.example", "address"),
                           ("dns_servers = 127.0.0.1@0", "address"),
                           ("dns_servers = 192.0.2.1\ndnssec = trust",
                            "not on this host"),
                           ("dnssec = validate\ndns_anchors = nowhere",
                            "dns_anchors")):
            with self.subTest(line=line), tempfile.NamedTemporaryFile(
                    "w", dir=self.server.dir / "etc") as f:
                names = {part.split(" = ")[0] for part in line.split("\n")}
                f.write(line + "\n" + "".join(
                    part + "\n"
                    for part in self.server.conf.read_text().splitlines()
                    if part.split(" = ")[0] not in names))
                f.flush()
                done = self.server.run(
                    self.server.dir / "bin/posthouse", "-c", f.name, "check",
                    check=False)
                self.assertEqual(done.returncode, 78)
                self.assertIn(word, done.stdout + done.stderr)


class Ways(unittest.TestCase):
    """The setting dnssec."""

    @classmethod
    def setUpClass(cls):
        if zones.missing():
            raise unittest.SkipTest("not installed: " + zones.missing())
        cls.zones = Zones(ZONES)
        cls.addClassCleanup(cls.zones.close)

    def unbound(self):
        """A validating server before the zones; its address@port."""
        if not shutil.which("unbound", path=zones.PATH):
            self.skipTest("unbound is not installed")
        port = free_port()
        path = self.zones.dir / f"unbound-{port}.conf"
        path.write_text(f"""\
server:
    interface: 127.0.0.1@{port}
    username: ""
    chroot: ""
    directory: "{self.zones.dir}"
    pidfile: ""
    use-syslog: no
    do-not-query-localhost: no
    module-config: "validator iterator"
    trust-anchor-file: "{self.zones.anchors}"
    num-threads: 1
remote-control:
    control-enable: no
forward-zone:
    name: "."
    forward-addr: {self.zones.server}
""")
        process = subprocess.Popen(
            ["unbound", "-d", "-c", str(path)], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": zones.PATH})
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)
        return f"127.0.0.1@{port}"

    def answers(self, server, trusted=True):
        self.assertEqual(ask(server, "example.net", "MX")["secure"], trusted)
        self.assertEqual(ask(server, "nothing.example.net")["secure"], trusted)
        self.assertFalse(ask(server, "plain.net", "MX")["secure"])
        self.assertEqual(ask(server, "one.example.net")["canonical"],
                         "mx.example.net")
        self.assertEqual(len(ask(server, "many.example.net", "MX")["records"]),
                         100)
        self.assertEqual(ask(server, "old.net", "MX")["result"],
                         "found" if not trusted else
                         "failed" if modes(server)[-1] == "trust" else "bogus")

    def test_trust(self):
        settings = f"dns_servers = {self.unbound()}\ndnssec = trust\n"
        with Server(settings) as server:
            wait_for(lambda: modes(server) == ["trust"], "the way")
            self.answers(server)

    def test_off(self):
        with Server(self.zones.settings("off")) as server:
            wait_for(lambda: modes(server) == ["off"], "the way")
            self.answers(server, trusted=False)

    def test_auto_validates(self):
        with Server(self.zones.settings("auto")) as server:
            wait_for(lambda: modes(server) == ["validate"], "the way")
            self.answers(server)

    def test_auto_trusts(self):
        settings = (f"dns_servers = {self.unbound()}\ndnssec = auto\n"
                    "dns_anchors = nowhere\n")
        with Server(settings) as server:
            self.answers_at_once(server, True)
            self.assertEqual(modes(server), ["trust"])
            self.answers(server)

    def test_auto_gives_up(self):
        settings = (f"dns_servers = {self.zones.server}\ndnssec = auto\n"
                    "dns_anchors = nowhere\n")
        with Server(settings) as server:
            self.answers_at_once(server, False)
            self.assertEqual(modes(server), ["off"])

    def test_auto_comes_back(self):
        """Somebody who suppresses signatures for a while has turned them off
        for a while."""
        self.zones.rule("", "servfail", "DNSKEY")
        self.addCleanup(self.zones.rules.pop, ("", "DNSKEY"), None)
        with Server(self.zones.settings("auto")) as server:
            self.answers_at_once(server, False)
            self.assertEqual(modes(server), ["off"])
            self.zones.rules.pop(("", "DNSKEY"))
            wait_for(lambda: modes(server) == ["off", "validate"],
                     "the way", 40)
            self.answers(server)

    def answers_at_once(self, server, secure):
        """A question that comes before the way is known waits for it."""
        answer = ask(server, "example.net", "MX")
        self.assertEqual(answer["result"], "found")
        self.assertEqual(answer["secure"], secure)

    def test_auto_does_not_give_up_when_all_are_silent(self):
        self.zones.rule("*", "silent")
        self.addCleanup(self.zones.rule, "*", "")
        with Server(self.zones.settings("auto")
                    + "dns_timeout = 3s\n") as server:
            self.assertEqual(ask(server, "plain.net", "MX")["result"],
                             "failed")
            wait_for(lambda: "no name server answers" in server.log(),
                     "the complaint", 60)
            self.assertEqual(modes(server), ["validate"])
            self.zones.rule("*", "")
            server.posthouse("reload")
            wait_for(lambda: modes(server) == ["validate"] * 2, "the way")
            self.answers(server)

    def test_the_second_server_answers(self):
        settings = self.zones.settings().replace(
            "dns_servers = ", f"dns_servers = 127.0.0.1@{free_port()} ")
        with Server(settings) as server:
            for name in ("example.net", "plain.net", "nothing.net"):
                self.assertNotEqual(ask(server, name, "MX")["result"],
                                    "failed")


if __name__ == "__main__":
    unittest.main()
