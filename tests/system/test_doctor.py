# SPDX-License-Identifier: ISC
"""posthouse doctor: what is right is called fine, what is wrong by its code."""

import json
import os
import signal
import socket
import threading
import unittest

import zones
from server import Server, free_port, wait_for
from zones import Zones


class Doctor(unittest.TestCase):
    def start(self, settings="", **more):
        self.server = Server("dns_timeout = 1s\n" + settings, **more)
        self.addCleanup(self.server.remove)
        self.server.start()

    def findings(self):
        """[(code, severity, evidence)], and the exit code that goes along."""
        done = self.server.posthouse("doctor", "--json", check=False)
        self.assertEqual(done.stderr, "")
        found = [(f["code"], f["severity"], f["evidence"])
                 for f in json.loads(done.stdout)]
        for f in json.loads(done.stdout):
            self.assertTrue(f["severity"] == "fine" or f["fix"], f)
        worst = {s for _, s, _ in found}
        self.assertEqual(done.returncode, 2 if "critical" in worst else
                         1 if "warning" in worst else 0)
        return found

    def wrong(self, but=("machine.", "dns.")):
        """What the machine is to blame for is left out."""
        return {(code, severity) for code, severity, _ in self.findings()
                if severity != "fine" and not code.startswith(but)}

    def test_all_is_well(self):
        self.start()
        self.assertEqual(self.wrong(), set())
        codes = {code for code, _, _ in self.findings()}
        self.assertLessEqual({"settings.wrong", "machine.clock",
                              "machine.disk", "listener.silent",
                              "server.program", "relay.open",
                              "accounts.postmaster", "queue.old"}, codes)
        said = self.server.posthouse("doctor", "--all", check=False).stdout
        self.assertIn("fine      relay.open: a stranger is refused", said)
        self.assertNotIn("fine  ", self.server.posthouse(
            "doctor", check=False).stdout)

    def test_no_server(self):
        self.start()
        self.server.stop()
        self.assertEqual(self.wrong(), {("server.down", "critical")})

    def test_a_program_that_died(self):
        self.start()
        os.kill(self.server.pids("store")[0], signal.SIGKILL)
        wait_for(lambda: ("server.restarts", "warning") in self.wrong(),
                 "a restart")
        wait_for(lambda: self.wrong() == {("server.restarts", "warning")},
                 "store to run")

    def test_another_on_our_port(self):
        """And one that nobody listens on."""
        self.start()
        other = socket.create_server(("127.0.0.1", free_port()))
        self.addCleanup(other.close)

        def greet():
            for _ in range(2):
                s, _ = other.accept()
                s.sendall(b"220 other.test ESMTP\r\n")
                s.close()
        threading.Thread(target=greet, daemon=True).start()
        text = self.server.conf.read_text()
        self.server.conf.write_text(
            text + f"[listener other]\naddress = 127.0.0.1:"
            f"{other.getsockname()[1]}\nprotocol = smtp\n[listener none]\n"
            f"address = 127.0.0.1:{free_port()}\nprotocol = imap\n")
        self.assertEqual(self.wrong(), {("listener.other", "critical"),
                                        ("listener.silent", "critical")})

    def test_postmaster_and_settings(self):
        self.start(users={}, aliases="bad line\n")
        self.assertEqual(self.wrong(), {("accounts.postmaster", "warning"),
                                        ("settings.doubtful", "warning")})

    def test_old_mail(self):
        """Nothing in the queue is as old as that, but a mail is counted."""
        self.start("routes = routes\nrelay_clients = 127.0.0.1\n")
        (self.server.conf.parent / "routes").write_text(
            f"* [127.0.0.1]:{free_port()}\n")
        self.server.posthouse("reload")
        with self.server.smtp() as smtp:
            smtp.sendmail("a@client.test", ["x@elsewhere.test"], b"A: 1\r\n")
        self.assertIn(("queue.old", "fine",
                       "1 mails wait, none of them for a day"),
                      self.findings())

    @unittest.skipIf(zones.missing(), zones.missing())
    def test_dns(self):
        site = "hostname = mail.example.net\ndomains = example.net\n"
        users = {"alice@example.net": "wonderland"}
        with Server(site, users) as server:
            wanted = json.loads(server.posthouse("dns", "show",
                                                 "--json").stdout)
        lines = {}
        for r in wanted:
            if not r["value"].startswith("("):
                lines.setdefault(r["type"] + " " + r["value"][:8], []).append(
                    f"{r['name']} {r['type']} {r['value']}")
        reverse = [k for k in lines if k.startswith("PTR")]
        text = [line for k in lines if k not in reverse for line in lines[k]]
        with Zones({"example.net": "\n".join(text) + "\n"}) as z:
            self.start(site + z.settings("off"), users=users)
            found = {c: s for c, s, _ in self.findings()
                     if c.startswith("dns.") and c != "dns.ptr"}
            self.assertEqual(set(found.values()), {"fine"}, found)
            self.assertLessEqual({"dns.mx", "dns.spf", "dns.dmarc"},
                                 set(found))
            z.update({"example.net": "\n".join(
                line.replace("v=spf1", "v=spf2")
                for line in text if " MX " not in line) + "\n"})
            wait_for(lambda: {"dns.mx": "critical", "dns.spf": "warning"} ==
                     {c: s for c, s, _ in self.findings()
                      if c in ("dns.mx", "dns.spf") and s != "fine"},
                     "the new zone", 60)
            said = self.server.posthouse("doctor", check=False).stdout
            self.assertIn("example.net. MX should be 10 mail.example.net., "
                          "and is not there", said)


if __name__ == "__main__":
    unittest.main()
