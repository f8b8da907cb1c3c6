# SPDX-License-Identifier: ISC
"""NOTIFY (RFC 5465) and ESEARCH in many mailboxes (RFC 7377).

A follower asks once how things are and then believes what it is told; in the
end it must know what a client finds that asks. Others make, rename and remove
mailboxes, mail is delivered into them, and store is killed. So it is with
mailboxes of others, which come and go with the right to look them up, too.
"""

import os
import random
import re
import signal
import socket
import unittest

from server import DOMAIN, Server, message, wait_for
from test_acl import OTHERS
from test_metadata import Several

ALICE, BOB, CARL = (f"{n}@{DOMAIN}" for n in ("alice", "bob", "carl"))
STEPS = 150
MANY = 400              # mailboxes for ESEARCH and STATUS
EVENTS = "(MessageNew MessageExpunge FlagChange MailboxName " \
    "SubscriptionChange)"


class Lost(Exception):
    """The server has said that the follower does not know any more."""


class Client:
    """Talks IMAP line by line; literals stay in their line."""

    def __init__(self, server):
        self.socket = socket.create_connection(
            ("127.0.0.1", server.ports["imap"]), 60)
        self.file = self.socket.makefile("rwb")
        self.tag = 0
        self.line()
        self.command(f"LOGIN {ALICE} sesame")

    def close(self):
        self.file.close()
        self.socket.close()

    def line(self):
        text = self.file.readline()
        if not text:
            raise EOFError("the server is gone")
        text = text.decode().rstrip("\r\n")
        if text.startswith("* BYE"):
            raise Lost(text)
        return text

    def send(self, text):
        self.tag += 1
        self.file.write(f"t{self.tag} {text}\r\n".encode())
        self.file.flush()

    def answer(self):
        """Untagged lines, and the tagged one last."""
        lines = [self.line()]
        while not lines[-1].startswith(f"t{self.tag} "):
            lines.append(self.line())
        return lines

    def command(self, text, want="OK"):
        self.send(text)
        lines = self.answer()
        if not lines[-1].startswith(f"t{self.tag} {want}"):
            raise AssertionError(f"{text}: {lines[-1]}")
        return lines

    def append(self, mailbox, flags=""):
        octets = message("x")
        octets = octets if isinstance(octets, bytes) else octets.encode()
        self.command(f'APPEND "{mailbox}" ({flags}) {{{len(octets)}+}}\r\n'
                     + octets.decode())


class Follower(Client):
    """What it knows: numbers, names and subscriptions of all mailboxes."""

    def __init__(self, server):
        super().__init__(server)
        self.numbers, self.subscribed = {}, set()
        self.command("ENABLE CONDSTORE")
        for line in self.command('LIST "" *'):
            self.hear(line)
        for line in self.command('LSUB "" *'):
            found = re.match(r'\* LSUB \(.*?\) "/" "?(.*?)"?$', line)
            if found:
                self.subscribed.add(found[1])
        for line in self.command(f"NOTIFY SET STATUS (PERSONAL {EVENTS})"):
            self.hear(line)

    def hear(self, line):
        if "[NOTIFICATIONOVERFLOW]" in line:
            raise Lost(line)
        found = re.match(r'\* STATUS "?(.*?)"? \((.*)\)$', line)
        if found:
            words = found[2].split()
            self.numbers.setdefault(found[1], {}).update(
                zip(words[::2], map(int, words[1::2])))
        found = re.match(r'\* LIST \((.*?)\) "/" "?(.*?)"?'
                         r'(?: \("OLDNAME" \("?(.*?)"?\)\))?$', line)
        if found:
            self.hear_name(*found.groups())

    def hear_name(self, flags, name, old):
        if old:                 # of those below it nothing is said
            for was in [n for n in self.numbers
                        if n == old or n.startswith(f"{old}/")]:
                self.numbers[name + was[len(old):]] = self.numbers.pop(was)
        if "\\NonExistent" in flags or "\\Noselect" in flags:
            self.numbers.pop(name, None)
        else:
            self.numbers.setdefault(name, {})
        if "\\Subscribed" in flags:
            self.subscribed.add(name)
        elif "\\Has" in flags:
            self.subscribed.discard(name)

    def catch_up(self):
        for line in self.command("NOOP"):
            self.hear(line)


class Notify(unittest.TestCase):
    def setUp(self):
        self.server = Server(users={ALICE: "sesame"})
        self.addCleanup(self.server.remove)
        self.server.start()
        self.random = random.Random(5465)
        self.names = ["INBOX"]
        self.made = 0

    def client(self, kind=Client):
        client = kind(self.server)
        self.addCleanup(client.close)
        return client

    # ---- steps ----

    def others(self):
        return [n for n in self.names if n != "INBOX"]

    def new_name(self):
        self.made += 1
        above = self.random.choice(["", "", *[n + "/" for n in self.others()
                                              if n.count("/") < 3]])
        return f"{above}Box{self.made}"

    def step_create(self, actor):
        name = self.new_name()
        actor.command(f'CREATE "{name}"')
        self.names.append(name)

    def step_delete(self, actor):
        if self.others():
            name = self.random.choice(self.others())
            actor.command(f'DELETE "{name}"')
            self.names.remove(name)

    def step_rename(self, actor):
        if not self.others():
            return
        old, new = self.random.choice(self.others()), self.new_name()
        if new.startswith(old + "/"):
            return
        actor.command(f'RENAME "{old}" "{new}"')
        self.names = [new + n[len(old):]
                      if n == old or n.startswith(old + "/") else n
                      for n in self.names]

    def step_subscribe(self, actor):
        name = self.random.choice(self.names)
        verb = self.random.choice(["SUBSCRIBE", "SUBSCRIBE", "UNSUBSCRIBE"])
        actor.command(f'{verb} "{name}"')

    def step_append(self, actor):
        actor.append(self.random.choice(self.names),
                     self.random.choice(["", "\\Seen"]))

    def step_flags(self, actor):
        actor.command(f'SELECT "{self.random.choice(self.names)}"')
        flag = self.random.choice(["\\Seen", "\\Flagged", "\\Deleted"])
        actor.command(f"UID STORE 1:* {self.random.choice('+-')}FLAGS ({flag})")
        actor.command(self.random.choice(["UNSELECT", "CLOSE"]))

    def step_deliver(self, _):
        """Mail for USER+FOLDER goes into that folder."""
        level = [n for n in self.others() if "/" not in n] or [""]
        folder = self.random.choice(level)
        to = f"alice+{folder}@{DOMAIN}" if folder else ALICE
        with self.server.smtp() as smtp:
            smtp.sendmail("t@client.test", [to], message())
        self.server.settle()

    def steps(self, actors, n):
        kinds = [getattr(self, k) for k in dir(self) if k.startswith("step_")]
        for _ in range(n):
            self.random.choice(kinds)(self.random.choice(actors))

    # ---- the truth ----

    def truth(self):
        client = self.client()
        client.command("ENABLE CONDSTORE")
        found = {}
        for line in client.command('LIST "" *'):
            name = re.match(r'\* LIST \((.*?)\) "/" "?(.*?)"?$', line)
            if not name or "\\No" in name[1]:
                continue
            status = client.command(
                f'STATUS "{name[2]}" (MESSAGES UIDNEXT UIDVALIDITY UNSEEN '
                "HIGHESTMODSEQ)")[0]
            words = re.search(r" \((.*)\)$", status)[1].split()
            found[name[2]] = dict(zip(words[::2], map(int, words[1::2])))
        client.close()
        return found

    def subscriptions(self):
        client = self.client()
        return {re.match(r'\* LSUB \(.*?\) "/" "?(.*?)"?$', line)[1]
                for line in client.command('LSUB "" *')[:-1]}

    def check(self, followers):
        truth, subscribed = self.truth(), self.subscriptions()
        for f in followers:
            f.catch_up()
            self.assertEqual(set(f.numbers), set(truth))
            for name, numbers in f.numbers.items():
                # of a mailbox without messages nothing need be said
                self.assertEqual({k: truth[name][k] for k in numbers},
                                 numbers, name)
                if truth[name]["MESSAGES"] or truth[name]["UIDNEXT"] > 1:
                    self.assertIn("UIDNEXT", numbers, name)
            self.assertEqual(f.subscribed, subscribed)

    def test_followers(self):
        actors = [self.client(), self.client()]
        followers = [self.client(Follower), self.client(Follower)]
        for _ in range(3):
            self.steps(actors, STEPS // 3)
            self.check(followers)
        followers.append(self.client(Follower))
        self.steps(actors, STEPS // 3)
        self.check(followers)

    def test_idle(self):
        """The same while the follower is in IDLE."""
        actor, follower = self.client(), self.client(Follower)
        self.steps([actor], 10)
        follower.send("IDLE")
        self.steps([actor], STEPS // 3)
        follower.file.write(b"DONE\r\n")
        follower.file.flush()
        for line in follower.answer():
            follower.hear(line)
        self.check([follower])

    def test_store_dies(self):
        """A follower is told, at once, that it knows nothing any more."""
        follower = self.client(Follower)
        pids = self.server.pids("store")
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        with self.assertRaises((Lost, EOFError)):
            while True:
                follower.hear(follower.line())
        wait_for(lambda: self.server.pids("store") and not
                 set(pids) & set(self.server.pids("store")), "a new store")
        actor, follower = self.client(), self.client(Follower)
        self.steps([actor], STEPS // 5)
        self.check([follower])

    def test_many_events(self):
        """Of a mailbox only the last numbers wait, so a follower that does not
        read for long is told what counts."""
        actor, slow = self.client(), self.client(Follower)
        for i in range(MANY):
            actor.send(f"CREATE Slow{i}")
            actor.answer()
        for _ in range(3):
            for i in range(0, MANY, 20):
                actor.append(f"Slow{i}")
        self.names += [f"Slow{i}" for i in range(MANY)]
        self.check([slow])

    def test_many_mailboxes(self):
        actor = self.client()
        for i in range(MANY):
            actor.command(f"CREATE Many/{i}")
        for i in range(0, MANY, 10):
            actor.append(f"Many/{i}")
        lines = actor.command("ESEARCH IN (subtree Many) RETURN (COUNT) ALL")
        found = {re.search(r"MAILBOX (\S+) ", x)[1] for x in lines
                 if x.startswith("* ESEARCH")}
        self.assertEqual(found, {f"Many/{i}" for i in range(0, MANY, 10)})
        lines = actor.command(f"NOTIFY SET STATUS (SUBTREE Many {EVENTS})")
        self.assertEqual(len([x for x in lines if "* STATUS" in x]), MANY)

    def test_search_beside_changes(self):
        """ESEARCH while mailboxes come and go: each answer is true of some
        moment, and nobody's \\Recent is taken."""
        actor, searcher = self.client(), self.client()
        for i in range(20):
            actor.command(f"CREATE S/{i}")
            actor.append(f"S/{i}")
        for i in range(30):
            searcher.send("ESEARCH IN (personal) RETURN (ALL) SUBJECT x")
            actor.command(f"RENAME S/{i % 20} T/{i}")
            actor.command(f"RENAME T/{i} S/{i % 20}")
            lines = searcher.answer()
            self.assertIn("OK", lines[-1])
            found = [re.search(r"MAILBOX (\S+) ", x)[1] for x in lines[:-1]]
            self.assertEqual(len(found), len(set(found)))
            self.assertGreaterEqual(len(found), 19)
        for i in range(20):
            lines = actor.command(f"STATUS S/{i} (RECENT)")
            self.assertIn("(RECENT 1)", lines[0])


class OthersNames(Several):
    """Alice does things to her mailboxes; Bob, who watches them all, knows after
    each what LIST would say to him, and Carl, who may see nothing, nothing."""

    def setUp(self):
        self.begin([ALICE, BOB, CARL])
        self.random = random.Random(4314)
        self.alice = self.client(ALICE)
        self.bob, self.carl = self.watcher(BOB), self.watcher(CARL)
        self.theirs = f"{OTHERS}{ALICE}/"
        self.known = {}
        self.made = 0

    def watcher(self, user):
        client = self.client(user)
        client.ok(f'NOTIFY SET (SUBTREE "{OTHERS.rstrip("/")}" '
                  "(MailboxName SubscriptionChange))")
        return client

    def hear(self, lines):
        for line in lines:
            found = re.match(r'\* LIST \((.*?)\) "/" "(.*?)"'
                             r'(?: \("OLDNAME" \("(.*?)"\)\))?$', line)
            if not found:
                continue
            flags, name, old = found.groups()
            if old:
                del self.known[old]
            if "\\NonExistent" in flags:
                del self.known[name]    # what he did not know is not told
            else:
                self.known[name] = "\\Subscribed" in flags

    def check(self):
        self.hear(self.bob.ok("NOOP"))
        there = {}
        for line in self.bob.ok(f'LIST "" "{self.theirs}*" '
                                "RETURN (SUBSCRIBED)"):
            flags, name = re.match(r'\* LIST \((.*?)\) "/" "(.*)"$',
                                   line).groups()
            if "\\No" not in flags:
                there[name] = "\\Subscribed" in flags
        self.assertEqual(self.known, there)

    def mailboxes(self):
        return [line.rsplit(" ", 1)[1].strip('"') for line in self.alice.ok(
            'LIST "" *') if not re.search(r"\\No(select|nE)|INBOX$", line)]

    def step(self):
        names = self.mailboxes()
        name = self.random.choice(names or ["INBOX"])
        self.made += 1
        new = self.random.choice([f"Box{self.made}", f"{name}/Box{self.made}"])
        verb = self.random.choice(["CREATE", "CREATE", "DELETE", "RENAME",
                                   "SETACL", "SETACL", "DELETEACL"])
        if verb == "CREATE":
            self.alice.ok(f'CREATE "{new}"')
        elif verb == "SETACL":
            rights = self.random.choice(["l", "lr", "+r", "r", "-l"])
            self.alice.ok(f'SETACL "{name}" {BOB} {rights}')
        elif verb == "DELETEACL":
            self.alice.ok(f'DELETEACL "{name}" {BOB}')
        elif names and verb == "DELETE":
            self.alice.ok(f'DELETE "{name}"')
        elif names:
            self.alice.ok(f'RENAME "{name}" "Box{self.made}"')

    def test_names(self):
        for _ in range(STEPS):
            self.step()
            self.check()
        self.assertEqual(self.carl.ok("NOOP"), [])

    def test_forms(self):
        alice, bob, theirs = self.alice, self.bob, self.theirs
        alice.ok("CREATE Work")
        self.assertEqual(bob.ok("NOOP"), [])
        alice.ok(f"SETACL Work {BOB} lk")
        self.assertEqual(bob.ok("NOOP"), [
            f'* LIST (\\HasNoChildren) "/" "{theirs}Work"'])
        alice.ok(f"SETACL Work {BOB} +r")
        self.assertEqual(bob.ok("NOOP"), [])
        bob.ok(f'SUBSCRIBE "{theirs}Work"')
        alice.ok("CREATE Work/Below")       # has the rights of Work
        self.assertEqual(bob.ok("NOOP"), [
            f'* LIST (\\HasNoChildren) "/" "{theirs}Work/Below"'])
        alice.ok(f"SETACL Work/Below {BOB} r")
        self.assertEqual(bob.ok("NOOP"), [
            f'* LIST (\\NonExistent \\HasNoChildren) "/" '
            f'"{theirs}Work/Below"'])
        alice.ok("RENAME Work Play")
        self.assertEqual(bob.ok("NOOP"), [
            f'* LIST (\\HasNoChildren) "/" "{theirs}Play" '
            f'("OLDNAME" ("{theirs}Work"))'])
        alice.ok(f"SETACL Play/Below {BOB} lr")
        alice.ok("DELETE Play")
        self.assertEqual(bob.ok("NOOP"), [
            f'* LIST (\\HasNoChildren) "/" "{theirs}Play/Below"',
            f'* LIST (\\NonExistent \\HasChildren) "/" "{theirs}Play"'])
        folder = self.server.maildir(ALICE) / ".Play"
        self.assertFalse(folder.exists())
        alice.ok("CREATE Play")             # its name is free
        self.assertTrue(folder.exists())

    def test_who_may_make_one_himself(self):
        """The owner hears of it, and who did it does not."""
        self.alice.ok('NOTIFY SET (PERSONAL (MailboxName))')
        self.alice.ok("CREATE Work")
        self.alice.ok(f"SETACL Work {BOB} lk")
        self.bob.ok("NOOP")
        self.bob.ok(f'CREATE "{self.theirs}Work/New"')
        self.assertEqual(self.bob.ok("NOOP"), [])
        self.assertEqual(self.alice.ok("NOOP"), [
            '* LIST (\\HasNoChildren) "/" Work/New',
            '* LIST (\\HasChildren) "/" Work'])


if __name__ == "__main__":
    unittest.main()
