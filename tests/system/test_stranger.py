# SPDX-License-Identifier: ISC
"""Random settings, of which posthouse check takes some: none of those lets a
stranger send to anywhere else. SETTINGS is how many, SEED where they begin."""

import ipaddress
import os
import random
import smtplib
import unittest

from server import DOMAIN, Server, wait_for

COUNT = int(os.environ.get("SETTINGS", 60))
SEED = int(os.environ.get("SEED", 20261126))
STRANGER = ipaddress.ip_address("127.77.7.7")
RIGHT = 5       # so many values of each list are fine by themselves
ELSEWHERE = ("x@elsewhere.test", "x@[127.9.9.9]", "x@sub.example.test",
             f"@{DOMAIN}:x@elsewhere.test", f"x%elsewhere.test@{DOMAIN}",
             f"elsewhere.test!x@{DOMAIN}", f'"x@elsewhere.test"@{DOMAIN}',
             f"alice+x@elsewhere.test@{DOMAIN}", "x@EXAMPLE.test.",
             f"x@elsewhere.test,alice@{DOMAIN}")
NETWORKS = ("127.0.0.2", "10.0.0.0/8", "128.0.0.0/8", "::1", "fc00::/7",
            "127.0.0.0/8", "127.64.0.0/10", "0.0.0.0/0", "0.0.0.0/1",
            "96.0.0.0/3", "::/0", "::ffff:0:0/96", "::ffff:127.0.0.0/104",
            "127.77.7.7", "everybody", "127.0.0.0/33", "127/8",
            "127.77.7.6/31")
DOMAINS = ("example.test", "other.test", "third.test", "mail.example.test",
           "a.third.test", ".other.test", "test", ".test", ".", "*", "*.test",
           "elsewhere", "sub.example.test", "-", "[127.9.9.9]")
WORDS = {
    "domains": DOMAINS, "relay_domains": DOMAINS, "etrn_domains": DOMAINS,
    "relay_clients": NETWORKS, "proxy_clients": NETWORKS,
}
ONE = {
    "recipient_delimiter": ("+", "-", "%", "", "+-", "@", "!"),
    "plain_logins": ("yes", "no"), "postmaster": ("alice", "x@elsewhere.test"),
    "errors_max": ("3", "100"), "tarpit": ("0", "1h"), "greet_wait": ("0",),
    "relay_recipients": ("", "none"), "queue_lifetime": ("1h", "5d"),
    "smtp_tls": ("none", "may", "encrypt"), "user_rate": ("0", "1", "100"),
    "destination_rate": ("0", "10"), "history": ("yes", "no"),
    "smtp_port": ("25", "0", "65535"), "junk_max": ("1", "100"),
    "mta_sts": ("yes", "no"), "dnssec": ("off", "auto"),
}
ROUTES = ("* [127.0.0.1]:9", "elsewhere.test [127.0.0.1]:9",
          "x@elsewhere.test [127.0.0.1]:9", ".test [127.0.0.1]:9",
          "sub.example.test [127.0.0.1]:9", "sub.example.test -", "* -")
ACCESS = ("client 127.77.0.0/16 allow", "client local allow",
          "helo client.test allow", "sender @client.test allow",
          "recipient @elsewhere.test allow", "not login * allow",
          "sender <> allow", "helo client.test bcc x@elsewhere.test",
          "recipient x@elsewhere.test moved alice@example.test",
          "sender @client.test hold")
ALIASES = ("x: alice", "all: x@elsewhere.test", "\"x%elsewhere.test\": bob",
           "x@elsewhere.test: alice", "a: b, c, alice", "@elsewhere.test: alice",
           "loop: loop", "no colon")


class Stranger(unittest.TestCase):
    def setUp(self):
        self.rng = random.Random(SEED)
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.server.start()
        # one stranger comes thousands of times
        self.text = self.server.conf.read_text().replace(
            "\nprotocol =", "\nsession_rate = 1000000\nprotocol =")
        self.etc = self.server.conf.parent

    def some(self, of, most):
        """Mostly of the first of them, which are right."""
        if self.rng.random() < 0.85:
            of = of[:RIGHT]
        return self.rng.sample(of, self.rng.randint(0, min(most, len(of))))

    def settings(self, number):
        """A text, and the networks that it names."""
        lines, named = {"message_size_limit": f"{1000000 + number}"}, []
        for name, of in WORDS.items():
            if self.rng.random() < 0.4:
                words = self.some(of, 3)
                lines[name] = " ".join(words)
                if name.endswith("clients"):
                    named += words
        for name in self.some(sorted(ONE), 4):
            lines[name] = self.rng.choice(ONE[name])
        for name, of in (("routes", ROUTES), ("access", ACCESS),
                         ("aliases", ALIASES)):
            (self.etc / name).write_text("".join(
                line + "\n" for line in self.some(of, 3)))
        lines |= {"routes": "routes", "access": "access", "aliases": "aliases"}
        kept = [line for line in self.text.splitlines()
                if line.split("=")[0].strip() not in lines]
        return "\n".join([f"{n} = {v}" for n, v in lines.items()] + kept), named

    def is_named(self, named):
        for word in named:
            try:
                network = ipaddress.ip_network(word, strict=False)
            except ValueError:
                continue
            if network.version == 6 and network.network_address.ipv4_mapped:
                network = ipaddress.ip_network(
                    f"{network.network_address.ipv4_mapped}/"
                    f"{max(network.prefixlen - 96, 0)}", strict=False)
            if STRANGER in network:
                return True
        return False

    def connect(self, listener):
        smtp = smtplib.SMTP(timeout=60, local_hostname="client.test",
                            source_address=(str(STRANGER), 0))
        smtp.connect("127.0.0.1", self.server.ports[listener])
        return smtp

    def has_come(self, number):
        with self.server.smtp() as smtp:
            smtp.ehlo()
            return smtp.esmtp_features.get("size") == str(1000000 + number)

    def try_all(self, listener, domains):
        for sender in ("<a@client.test>", "<>", f"<alice@{DOMAIN}>",
                       "<x@elsewhere.test>"):
            for to in ELSEWHERE:
                with self.connect(listener) as smtp:
                    smtp.ehlo()
                    smtp.docmd(f"MAIL FROM:{sender}")
                    code, text = smtp.docmd(f"RCPT TO:<{to}>")
                if code < 300 and to.rsplit("@")[-1] not in domains:
                    self.fail(f"{listener}, {sender}, {to}: {code} {text}")

    def test_none_relays(self):
        taken = refused = 0
        for number in range(COUNT):
            text, named = self.settings(number)
            self.server.conf.write_text(text)
            done = self.server.posthouse("check", check=False)
            if done.returncode != 0:
                self.assertTrue(done.stderr)
                refused += 1
                continue
            if self.is_named(named):
                continue
            self.server.posthouse("reload")
            wait_for(lambda: self.has_come(number), "the settings")
            taken += 1
            domains = {line.split("=")[1] for line in text.splitlines()
                       if line.startswith(("domains ", "relay_domains "))}
            with self.subTest(seed=SEED, number=number, settings=text):
                for listener in ("smtp", "submission"):
                    self.try_all(listener, " ".join(domains).split())
        # both happen, so the test says something
        self.assertGreater(taken, COUNT // 20)
        self.assertGreater(refused, COUNT // 20)


if __name__ == "__main__":
    unittest.main()
