# SPDX-License-Identifier: ISC
"""What one user does while something fails, and what may be true afterwards.

A scenario keeps `may`: the states of the user's mailboxes that are possible
now. step() knows two of them while something is asked, one when it was
answered: OK makes the new one true, a refusal leaves the old one. So every
acknowledgement and every refusal is held against what IMAP and POP3 show later.

A state is {mailbox: {number: flags}}; number is that in a message's subject,
"report N" for a report about it (which has the original only if bounce could
read it).
"""

import copy
import imaplib
import poplib
import re
import smtplib
import subprocess
import time

from server import message, wait_for

OUTAGE = (OSError, EOFError, smtplib.SMTPServerDisconnected,
          imaplib.IMAP4.abort, subprocess.TimeoutExpired)
DELETED = r"(\Deleted)"


class Refused(Exception):
    """The answer was no. uncertain: and nobody knows."""

    def __init__(self, words, uncertain=False):
        super().__init__(words)
        self.uncertain = uncertain


class Broken(Exception):
    """No answer came."""


def number_of(content):
    """Of a message; None where it has none."""
    subject = re.search(rb"^Subject: (.*?)\r\n(?=\S|\r\n)", content,
                        re.M | re.S)
    own = subject and re.match(rb"fault (\d+)\.", subject[1])
    if own:
        return int(own[1])
    about = re.search(rb"^Final-Recipient: [^\r]*bad(\d+)@", content, re.M)
    return "report " + about[1].decode() if about else None


def text_of(number, size=100):
    lines = f"{number * 7919 % 1000003:064x}\r\n" * (size // 66 + 1)
    return message(f"fault {number}.", lines)


class Scenario:
    roles = ()          # whose calls fail
    command = None      # the role that is a command of its own, not a server
    from_start = False  # the calls of the next process are meant, from the first
    may_end = False     # what fails may end the program; the next one goes on

    def __init__(self, world):
        self.world, self.server = world, world.server
        self.user = world.next_user()
        self.may = [{"INBOX": {}}]
        self.texts = {}
        self.uids, self.validity = {}, {}
        self.tracer_command = None

    def prepare(self):
        """What has to be there before; nothing fails yet."""

    def act(self):
        raise NotImplementedError

    def look(self):
        """After the act, when all programs are up: further checks."""

    # ---- asking ----

    def text(self, size=100):
        number = self.world.next_number()
        self.texts[number] = text_of(number, size)
        return number

    def step(self, change, ask):
        assert len(self.may) == 1
        after = copy.deepcopy(self.may[0])
        change(after)
        self.may.append(after)
        try:
            ask()
        except Refused as e:
            if not e.uncertain:
                self.may.pop()
            raise
        except OUTAGE as e:
            raise Broken(f"{type(e).__name__}: {e}") from e
        self.may.pop(0)

    def imap_ask(self, command, *argv):
        """OK, or Refused."""
        try:
            answer, data = command(*argv)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as e:
            answer, data = "NO", [str(e).encode()]
        words = b" ".join(d for d in data if isinstance(d, bytes)).decode()
        if answer != "OK":
            raise Refused(words, "may or may not" in words)

    def smtp_send(self, to, text, sender=None, port="submission", options=()):
        """A refusal of content may mean a mail all the same: doc/QUEUE.md, "a
        group refused"."""
        try:
            with smtplib.SMTP("127.0.0.1", self.server.ports[port],
                              local_hostname="client.test",
                              timeout=60) as smtp:
                if port == "submission":
                    smtp.login(self.user, self.server.users[self.user])
                smtp.sendmail(sender or self.user, [to], text, list(options))
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPDataError as e:
            raise Refused(str(e), True) from e
        except smtplib.SMTPException as e:
            raise Refused(str(e)) from e

    def imap(self, user=None):
        """A program that had no descriptor left turns newcomers away for some
        seconds, also at the next point."""
        end = time.monotonic() + 20
        while True:
            try:
                return self.server.imap(user or self.user)
            except imaplib.IMAP4.abort as e:
                raise Broken(str(e)) from e
            except imaplib.IMAP4.error as e:
                if "Too many sessions" not in str(e) or time.monotonic() > end:
                    raise Refused(str(e)) from e
            except OUTAGE as e:
                raise Broken(str(e)) from e
            time.sleep(0.5)

    def pop3(self):
        """The same."""
        end = time.monotonic() + 20
        while True:
            try:
                return self.server.pop3(self.user)
            except poplib.error_proto as e:
                if "Too many connections" not in str(e) or \
                        time.monotonic() > end:
                    raise
            time.sleep(0.5)

    def fill(self, client, box, count, flags=None):
        """So many messages, in the state, too."""
        for _ in range(count):
            number = self.text()
            assert client.append(box, flags, None,
                                 self.texts[number])[0] == "OK"
            self.may[0].setdefault(box, {})[number] = frozenset(
                (flags or "").strip("()").split())

    # ---- looking ----

    def snapshot(self):
        """({mailbox: {number: flags}}, {(mailbox, number): uid},
        {mailbox: uidvalidity}); AssertionError when something is double, torn
        or nobody's."""
        state, uids, validity = {}, {}, {}
        client = self.imap()
        try:
            names = [re.search(rb'"?([^" ]+)"?$', line)[1].decode()
                     for line in client.list()[1] if line]
            for box in names:
                self.look_into(client, box, state, uids, validity)
        finally:
            try:
                client.logout()
            except (imaplib.IMAP4.error, OSError):
                pass
        return state, uids, validity

    def look_into(self, client, box, state, uids, validity):
        self.imap_ask(client.select, box, True)
        validity[box] = int(client.response("UIDVALIDITY")[1][0])
        state[box] = {}
        count = int(client.untagged_responses.get("EXISTS", [b"0"])[-1])
        if count == 0:
            return
        answer, data = client.fetch("1:*", "(UID FLAGS BODY.PEEK[])")
        if answer != "OK":
            raise Refused(str(data))
        found = [d for d in data if isinstance(d, tuple)]
        assert len(found) == count, f"{box}: {len(found)} of {count}: {data}"
        for head, content in found:
            self.take(box, head, content, state, uids)

    def take(self, box, head, content, state, uids):
        number = number_of(content)
        where = f"{self.user} {box}: {head!r}, number {number}"
        assert number not in state[box], f"double: {where}"
        if isinstance(number, int):
            assert number in self.texts, f"never sent: {where}"
            assert content.endswith(self.texts[number]), f"torn: {where}"
        flags = re.search(rb"FLAGS \(([^)]*)\)", head)[1].decode()
        state[box][number] = frozenset(flags.split()) - {r"\Recent"}
        uids[box, number] = int(re.search(rb"UID (\d+)", head)[1])

    def compare_uids(self, uids, validity):
        """What was there has the UIDs that it had."""
        for key, uid in uids.items():
            old = self.uids.get(key)
            assert old in (None, uid), f"{self.user} {key}: UID {old} is {uid}"
        for box, v in validity.items():
            old = self.validity.get(box)
            assert old in (None, v), f"{self.user} {box}: UIDVALIDITY {old}, {v}"
        self.uids, self.validity = uids, validity

    def waits(self):
        """Mail may come still: the state is not asked for at once."""
        return False


# ---- mail ----


class Deliver(Scenario):
    """A mail that stands in the journal."""
    roles = ("smtpd", "queue", "store", "local", "router")
    size = 100

    def act(self):
        number = self.text(self.size)
        self.step(lambda s: s["INBOX"].update({number: frozenset()}),
                  lambda: self.smtp_send(self.user, self.texts[number]))
        self.world.wait_settled(self, number)

    def waits(self):
        return True


class DeliverLarge(Deliver):
    """A mail that does not."""
    roles = ("smtpd", "queue")
    size = 100_000


class Sendmail(Deliver):
    """The command."""
    roles = ("sendmail",)
    command = "sendmail"

    def act(self):
        number = self.text()
        text = self.texts[number].replace(b"\r\n", b"\n").decode()

        def ask():
            done = self.world.command("sendmail", "-i", "-f", self.user,
                                      self.user, input=text)
            if done.returncode < 0:
                raise ConnectionError("killed")
            if done.returncode != 0:
                raise Refused(done.stderr, True)
        self.step(lambda s: s["INBOX"].update({number: frozenset()}), ask)


class Relay(Scenario):
    """To another host, which takes it."""
    roles = ("queue", "smtp")

    def act(self):
        self.number = self.text()
        self.to = f"r{self.number}@[{self.world.sink.address}]"
        self.acked = False
        try:
            self.smtp_send(self.to, self.texts[self.number])
        except OUTAGE as e:
            raise Broken(str(e)) from e
        self.acked = True
        self.world.wait_settled(self, self.number)

    def copies(self):
        return [c for r, c in self.world.sink.delivered() if r == self.to]

    def look(self):
        """Twice only when who heard the last reply has died of it: a second try
        must not be under way when the next one is killed."""
        if self.acked:
            wait_for(self.copies, f"{self.to} at the other host", 60)
            wait_for(self.world.is_queue_empty, "the end of the tries", 60)

    def look_late(self, killed):
        copies = self.copies()
        assert len(copies) <= (2 if killed else 1), \
            f"{self.to}: {len(copies)} copies"
        assert copies or not self.acked, f"{self.to}: lost"
        for c in copies:
            assert c.endswith(self.texts[self.number]), f"{self.to}: torn"


class Bounce(Scenario):
    """To another host, which refuses it; the sender is told once."""
    roles = ("queue", "smtp", "bounce", "store")

    def act(self):
        number = self.text()
        to = f"bad{number}@[{self.world.sink.address}]"
        self.step(lambda s: s["INBOX"].update(
                      {f"report {number}": frozenset()}),
                  lambda: self.smtp_send(to, self.texts[number]))
        self.world.wait_settled(self, number)

    def waits(self):
        return True


# ---- readers ----


class Pop(Scenario):
    """DELE of some, and QUIT."""
    roles = ("pop3d", "store", "auth")

    def prepare(self):
        client = self.imap()
        self.fill(client, "INBOX", 3)
        client.logout()

    def act(self):
        first, second, _ = self.may[0]["INBOX"]

        def change(state):
            del state["INBOX"][first], state["INBOX"][second]

        def ask():
            try:
                client = self.pop3()
                for i in (1, 2):
                    client.retr(i)
                    client.dele(i)
                client.quit()
            except poplib.error_proto as e:
                if "EOF" in str(e):
                    raise ConnectionError(str(e)) from e
                raise Refused(str(e), "may or may not" in str(e)) from e
        self.step(change, ask)


class Imap(Scenario):
    """Some messages, and a session that does something to them."""
    roles = ("imapd", "store")
    messages = 3

    def prepare(self):
        client = self.imap()
        client.create("box")
        self.may[0]["box"] = {}
        self.fill(client, "INBOX", self.messages, r"(\Seen)")
        client.logout()

    def act(self):
        client = self.imap()
        try:
            self.imap_ask(client.select, "INBOX")
            self.work(client, list(self.may[0]["INBOX"]))
            client.logout()
        except OUTAGE as e:
            raise Broken(str(e)) from e
        finally:
            client.sock.close()


class Append(Imap):
    messages = 1

    def work(self, client, _):
        for box, flags in (("INBOX", r"(\Flagged key)"), ("box", None)):
            number = self.text()
            known = frozenset((flags or "").strip("()").split())
            self.step(lambda s, b=box, n=number, k=known: s[b].update({n: k}),
                      lambda b=box, n=number, f=flags: self.imap_ask(
                          client.append, b, f, None, self.texts[n]))


class Flags(Imap):
    def work(self, client, numbers):
        def all_get(flags):
            def change(state):
                for n in numbers:
                    state["INBOX"][n] = flags(state["INBOX"][n])
            return change
        self.step(all_get(lambda f: f | {r"\Flagged", "key"}),
                  lambda: self.imap_ask(client.store, "1:*", "+FLAGS",
                                        r"(\Flagged key)"))
        self.step(all_get(lambda f: f - {r"\Seen"}),
                  lambda: self.imap_ask(client.store, "1:*", "-FLAGS",
                                        r"(\Seen)"))


class Copy(Imap):
    def work(self, client, numbers):
        self.step(lambda s: s["box"].update(
                      {n: s["INBOX"][n] for n in numbers[:2]}),
                  lambda: self.imap_ask(client.copy, "1:2", "box"))


class Move(Imap):
    def work(self, client, numbers):
        def change(state):
            for n in numbers[1:]:
                state["box"][n] = state["INBOX"].pop(n)
        self.step(change, lambda: self.imap_ask(
            client._simple_command, "MOVE", "2:3", "box"))


class Expunge(Imap):
    def work(self, client, numbers):
        def delete(state):
            for n in numbers[1:]:
                state["INBOX"][n] |= {r"\Deleted"}

        def expunge(state):
            for n in numbers[1:]:
                del state["INBOX"][n]
        self.step(delete, lambda: self.imap_ask(client.store, "2:3",
                                                "+FLAGS", DELETED))
        self.step(expunge, lambda: self.imap_ask(client.expunge))


class Folders(Imap):
    """CREATE, RENAME, DELETE."""
    messages = 1

    def prepare(self):
        super().prepare()
        client = self.imap()
        client.create("old/child")
        client.create("old")
        self.may[0].update({"old": {}, "old/child": {}})
        self.fill(client, "old", 2)
        self.fill(client, "old/child", 1)
        client.logout()

    def work(self, client, _):
        def rename(state):
            for name in ("old", "old/child"):
                state[name.replace("old", "new")] = state.pop(name)
        self.step(lambda s: s.update({"more": {}}),
                  lambda: self.imap_ask(client.create, "more"))
        self.step(rename, lambda: self.imap_ask(client.rename, "old", "new"))
        self.step(lambda s: s.pop("new/child"),
                  lambda: self.imap_ask(client.delete, "new/child"))


class Limits(Imap):
    """SETQUOTA of two limits, which come together or not at all. They are part
    of the state, as what the user's root says."""
    messages = 1

    def prepare(self):
        super().prepare()
        self.may[0]["limits"] = {}
        client = self.imap(self.world.boss)
        self.limit(client, 100)
        client.logout()

    def work(self, _, numbers):
        client = self.imap(self.world.boss)
        try:
            for most in (200, 300):
                self.limit(client, most)
        finally:
            client.shutdown()

    def limit(self, client, most):
        self.step(lambda s: s.update({"limits": self.limits(most, most)}),
                  lambda: self.imap_ask(
                      client.setquota, self.user,
                      f"(STORAGE {most} MESSAGE {most})"))

    @staticmethod
    def limits(octets, messages):
        return {"STORAGE": str(octets), "MESSAGE": str(messages)}

    def snapshot(self):
        state, uids, validity = super().snapshot()
        client = self.imap()
        try:
            answer, data = client.getquota(self.user)
            if answer != "OK":
                raise Refused(str(data))
            state["limits"] = dict(re.findall(r"(STORAGE|MESSAGE) \d+ (\d+)",
                                              data[0].decode()))
        finally:
            client.shutdown()
        return state, uids, validity


# ---- the administrator ----


class Rebuild(Imap):
    """posthouse mailbox rebuild; nothing changes."""
    roles = ("store", "posthouse")
    command = "posthouse"

    def act(self):
        def ask():
            done = self.world.command("posthouse", "mailbox", "rebuild",
                                      self.user)
            if done.returncode < 0:
                raise ConnectionError("killed")
            if done.returncode != 0:
                raise Refused(done.stderr)
        self.step(lambda s: None, ask)


class Aliases(Scenario):
    """Another line of the aliases file, and a reload. Mail to the new name is
    taken, whatever failed: router looks after its files."""
    roles = ("router", "master", "posthouse")
    command = "posthouse"

    def act(self):
        self.name = f"alias-{self.user}"
        file = self.server.dir / "etc/aliases"
        new = file.with_name("aliases.new")
        new.write_text(file.read_text() +
                       f"{self.name.split('@')[0]}: {self.user}\n")
        new.rename(file)
        done = self.world.command("posthouse", "reload")
        if done.returncode < 0:
            raise Broken("killed")
        if done.returncode != 0:
            raise Refused(done.stderr)

    def look(self):
        """Mail to it comes, now or when router has seen the file."""
        number = self.text()
        self.may[0]["INBOX"][number] = frozenset()

        def taken():
            try:
                self.smtp_send(self.name, self.texts[number])
            except Refused:
                return False
            return True
        wait_for(taken, f"mail to {self.name}", 60)


class Restart(Scenario):
    """The program is killed with work under way; the next one's calls fail,
    from its first on."""
    roles = ("queue", "store")
    from_start = may_end = True

    def prepare(self):
        client = self.imap()
        client.create("box")
        self.may[0]["box"] = {}
        self.fill(client, "INBOX", 2)
        client.select("INBOX")
        self.step(lambda s: s["box"].update(s["INBOX"]),
                  lambda: self.imap_ask(client.copy, "1:*", "box"))
        client.logout()

    def act(self):
        for _ in range(2):
            number = self.text()
            self.step(lambda s, n=number: s["INBOX"].update({n: frozenset()}),
                      lambda n=number: self.smtp_send(self.user,
                                                      self.texts[n]))
        self.world.kill_role(self.world.role)
        self.world.wait_settled(self, number)

    def waits(self):
        return True


class Upgrade(Deliver):
    """All program files are replaced and the server is stopped, with work under
    way; then the new ones are started."""
    roles = ("queue", "store", "master")
    may_end = True

    def act(self):
        number = self.text()
        self.step(lambda s: s["INBOX"].update({number: frozenset()}),
                  lambda: self.smtp_send(self.user, self.texts[number]))
        self.world.replace_programs()
        self.server.stop()
        self.world.start()


SCENARIOS = (Deliver, DeliverLarge, Sendmail, Relay, Bounce, Pop, Append,
             Flags, Copy, Move, Expunge, Folders, Limits, Rebuild, Aliases,
             Restart, Upgrade)
BY_NAME = {s.__name__.lower(): s for s in SCENARIOS}
