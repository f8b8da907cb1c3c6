# SPDX-License-Identifier: ISC
"""A server that takes mail by SMTP or LMTP and does what a test tells it.

    with Sink({"RCPT": ["250 2.1.5 Ok", "452 4.5.3 Too many"]}) as sink:
        ...                               # deliver to sink.port
        sink.mails[0].content

A script says what to do at each point of a conversation: GREETING, EHLO, HELO,
LHLO, STARTTLS, AUTH, MAIL, RCPT, DATA, BDAT, END (content is complete; for LMTP
once for each recipient), RSET, NOOP, VRFY, QUIT. What is said there is one of

    "250 Ok"            this reply ("\\n" divides lines)
    b"250 Ok\\r\\n"       these octets
    Drop(before, reset) send what is given, then close, or reset, the connection
    Hang()              never answer
    Late(seconds, what) wait first
    Pieces(what, size, pause)   in fragments
    Early(what, ...)    what, and at once replies that nobody asked for
    [a, b, c]           the first time a, then b, then c, and on
    a function          called with the session and the rest of the command

Everything else is answered as a good server would. A mail is in `mails` when its
content was complete, with `said`, the reply to it, once that was sent.
"""

import asyncio
import socket
import struct
import threading
import time

EXTENSIONS = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "DSN",
              "ENHANCEDSTATUSCODES", "CHUNKING")

REPLIES = {
    "GREETING": "220 sink.example ESMTP",
    "HELO": "250 sink.example",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 End data with <CR><LF>.<CR><LF>",
    "BDAT": "250 2.0.0 Ok: chunk taken",
    "END": "250 2.0.0 Ok: queued as SINK",
    "RSET": "250 2.0.0 Ok",
    "NOOP": "250 2.0.0 Ok",
    "VRFY": "252 2.0.0 Perhaps",
    "STARTTLS": "220 2.0.0 Ready to start TLS",
    "AUTH": "235 2.7.0 Authentication successful",
    "QUIT": "221 2.0.0 Bye",
}


class Drop:
    def __init__(self, before=b"", reset=False):
        self.before, self.reset = before, reset


class Hang:
    pass


class Late:
    def __init__(self, seconds, what=None):
        self.seconds, self.what = seconds, what


class Pieces:
    def __init__(self, what=None, size=1, pause=0.002):
        self.what, self.size, self.pause = what, size, pause


class Early:
    def __init__(self, what=None, *more):
        self.what, self.more = what, more


class Closed(Exception):
    pass


def octets(reply):
    """A reply on the wire: "250 a\\nb" has two lines."""
    if isinstance(reply, bytes):
        return reply
    code, lines = reply[:3], reply[4:].split("\n")
    return b"".join(
        f"{code}{' ' if i == len(lines) - 1 else '-'}{line}\r\n".encode()
        for i, line in enumerate(lines))


class Mail:
    def __init__(self, session, sender, parameters):
        self.session = session
        self.sender = sender            # without brackets
        self.parameters = parameters    # of MAIL, as said
        self.recipients = []            # those that were accepted
        self.rcpt_parameters = {}       # of each
        self.content = None
        self.chunks = 0                 # BDAT commands
        self.when = None                # content was complete, time.time()
        self.said = []                  # replies to the content


class Session:
    """One connection. `commands` has all that was said, `number` counts."""

    def __init__(self, sink, reader, writer):
        self.sink, self.reader, self.writer = sink, reader, writer
        self.commands, self.mail = [], None
        self.hello = ""
        self.tls = False
        self.peer = writer.get_extra_info("peername")
        self.number = len(sink.sessions)
        sink.sessions.append(self)

    # ---- saying ----

    async def put(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def drop(self, action):
        if action.before:
            await self.put(octets(action.before))
        if action.reset:
            s = self.writer.get_extra_info("socket")
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                         struct.pack("ii", 1, 0))
        raise Closed

    async def act(self, action, usual):
        """Do it; what was answered, None for something wild."""
        if action is None:
            action = usual
        if isinstance(action, Drop):
            await self.drop(action)
        if isinstance(action, Hang):
            await asyncio.sleep(3600)
        if isinstance(action, Late):
            await asyncio.sleep(action.seconds)
            return await self.act(action.what, usual)
        if isinstance(action, Early):
            said = action.what or usual
            await self.put(octets(said) + b"".join(map(octets, action.more)))
            return said
        if isinstance(action, Pieces):
            said = action.what or usual
            data = octets(said)
            for i in range(0, len(data), action.size):
                await self.put(data[i:i + action.size])
                await asyncio.sleep(action.pause)
            return said
        if self.sink.delay:
            await asyncio.sleep(self.sink.delay)
        await self.put(octets(action))
        return action

    async def say(self, point, argument="", usual=None):
        usual = usual or REPLIES[point]
        action = self.sink.script.get(point)
        if callable(action):
            action = action(self, argument)
        elif isinstance(action, list):
            action = self.sink.turn(point, action)
        said = await self.act(action, usual)
        return said if isinstance(said, str) else said.decode(
            "latin-1") if said else ""

    # ---- commands ----

    async def do_ehlo(self, verb, argument):
        self.hello = argument
        offered = [e for e in self.sink.extensions
                   if not (self.tls and e == "STARTTLS")]
        await self.say(verb, argument, "250 " + "\n".join(
            ["sink.example", *offered]))

    async def do_mail(self, argument):
        path, _, parameters = argument.partition(">")
        said = await self.say("MAIL", argument)
        if said[:1] == "2":
            self.mail = Mail(self, path.partition("<")[2], parameters.strip())

    async def do_rcpt(self, argument):
        path, _, parameters = argument.partition(">")
        path = path.partition("<")[2]
        if self.mail is None:
            await self.put(b"503 5.5.1 MAIL first\r\n")
            return
        said = await self.say("RCPT", argument)
        if said[:1] == "2":
            self.mail.recipients.append(path)
            self.mail.rcpt_parameters[path] = parameters.strip()

    async def do_data(self, _):
        if self.mail is None or not self.mail.recipients:
            await self.put(b"554 5.5.1 No valid recipients\r\n")
            return
        if (await self.say("DATA"))[:3] != "354":
            return
        lines = []
        while (line := await self.line()) != b".\r\n":
            lines.append(line[1:] if line[:1] == b"." else line)
        self.mail.content = b"".join(lines)
        await self.end()

    async def do_bdat(self, argument):
        size, _, last = argument.partition(" ")
        chunk = await self.reader.readexactly(int(size))
        if self.mail is None or not self.mail.recipients:
            await self.put(b"503 5.5.1 No valid recipients\r\n")
            return
        self.mail.content = (self.mail.content or b"") + chunk
        self.mail.chunks += 1
        if last.upper() == "LAST":
            await self.end()
        else:
            await self.say("BDAT", argument)

    async def end(self):
        mail, self.mail = self.mail, None
        mail.when = time.time()
        self.sink.mails.append(mail)
        for r in mail.recipients if self.sink.lmtp else [""]:
            mail.said.append(await self.say("END", r))

    async def do_starttls(self, _):
        if (await self.say("STARTTLS"))[:3] == "220":
            await self.writer.start_tls(self.sink.context)
            self.tls = True
            self.mail = None

    async def do_auth(self, argument):
        if self.sink.auth is None:
            await self.say("AUTH", argument)
        else:
            await self.sink.auth(self, argument)

    async def do_quit(self, _):
        await self.say("QUIT")
        raise Closed

    # ---- the conversation ----

    async def line(self):
        line = await self.reader.readline()
        if not line.endswith(b"\n"):
            raise Closed
        return line

    async def command(self, line):
        text = line.decode("utf-8", "surrogateescape").rstrip("\r\n")
        self.commands.append(text)
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        if verb in ("EHLO", "LHLO"):
            await self.do_ehlo(verb, argument)
        elif hasattr(self, "do_" + verb.lower()):
            await getattr(self, "do_" + verb.lower())(argument)
        elif verb in REPLIES:
            if verb == "RSET":
                self.mail = None
            await self.say(verb, argument)
        else:
            await self.put(b"500 5.5.2 What?\r\n")

    async def run(self):
        try:
            await self.say("GREETING")
            while True:
                await self.command(await self.line())
        except (Closed, OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self.writer.close()


class Sink:
    def __init__(self, script=None, extensions=EXTENSIONS, *,
                 address="127.0.0.1", port=0, path=None, lmtp=False, delay=0,
                 context=None, implicit=False, auth=None):
        """delay: seconds before each reply; path: of a UNIX socket instead of
        an address; context: for STARTTLS, or from the first octet when
        implicit; auth: waits for the rest of AUTH instead of the script."""
        self.script = dict(script or {})
        self.extensions = list(extensions)
        self.address, self.port, self.path = address, port, path
        self.lmtp, self.delay = lmtp, delay
        self.context, self.implicit = context, implicit
        self.auth = auth
        self.mails, self.sessions = [], []
        self.turns = {}
        self.loop = asyncio.new_event_loop()

    def turn(self, point, actions):
        n = self.turns.get(point, 0)
        self.turns[point] = n + 1
        return actions[min(n, len(actions) - 1)]

    async def session(self, reader, writer):
        task = asyncio.current_task()
        self.tasks.add(task)
        try:
            await Session(self, reader, writer).run()
        except asyncio.CancelledError:      # the sink ends
            pass
        finally:
            self.tasks.discard(task)

    async def serve(self):
        self.tasks = set()
        tls = self.context if self.implicit else None
        if self.path:
            self.server = await asyncio.start_unix_server(
                self.session, self.path, limit=1 << 26, ssl=tls)
        else:
            self.server = await asyncio.start_server(
                self.session, self.address, self.port, limit=1 << 26,
                backlog=1024, ssl=tls)
            self.port = self.server.sockets[0].getsockname()[1]

    async def end(self):
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def __enter__(self):
        self.loop.run_until_complete(self.serve())
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self.end(), self.loop).result(30)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(30)
        self.loop.close()

    # ---- what came of it ----

    def delivered(self):
        """[(recipient, content)] of the mails that were taken, LMTP's by
        recipient."""
        found = []
        for mail in list(self.mails):
            for i, r in enumerate(mail.recipients):
                said = mail.said[i if self.lmtp else 0:][:1]
                if said and said[0][:1] == "2":
                    found.append((r, mail.content))
        return found
