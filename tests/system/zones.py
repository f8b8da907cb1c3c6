# SPDX-License-Identifier: ISC
"""A DNS of one's own on loopback, signed where wanted, for tests.

    zones = {"example.net": Zone("@ MX 10 mx\\nmx A 127.0.0.2\\n", signed=True),
             "plain.net": "@ A 127.0.0.3\\n"}           # not signed
    with Zones(zones) as z, Server(z.settings()) as server:
        ...
        z.update({"plain.net": "@ A 127.0.0.4\\n"})     # the others stay
        z.rule("mx.example.net", "silent")              # or servfail, ...
        z.asked("mx.example.net", "A")                  # how often

NSD answers from zone files that ldns-signzone has signed, below a root zone
that delegates to them and whose key is the trust anchor. Zones has a front
before it, which counts questions and does what a name server must not do:
keep silent, be slow, refuse, cut answers off.
"""

import os
import pathlib
import shutil
import socket
import socketserver
import struct
import subprocess
import tempfile
import threading
import time

from server import free_port, wait_for

NEEDED = ("nsd", "ldns-signzone", "ldns-keygen")
TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15,
         "TXT": 16, "AAAA": 28, "SRV": 33, "DS": 43, "DNSKEY": 48, "TLSA": 52}
PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def missing():
    """What is needed and not installed, as words for a skip; or ""."""
    return ", ".join(n for n in NEEDED if shutil.which(n, path=PATH) is None)


class Zone:
    """text: records with names below the zone; @ is the zone itself.
    expired: its signatures are not good any more. spoiled: an old and a new
    piece of text of what stands in the zone, changed after it was signed."""

    def __init__(self, text="", signed=False, expired=False, spoiled=None):
        self.text = text
        self.expired = expired
        self.spoiled = spoiled
        self.signed = signed or expired or spoiled is not None


def question(packet):
    """Name in lower case and type of a DNS message."""
    labels, at = [], 12
    while packet[at]:
        n = packet[at]
        labels.append(packet[at + 1:at + 1 + n].decode("latin-1").lower())
        at += n + 1
    return ".".join(labels), struct.unpack_from("!H", packet, at + 1)[0], at + 5


def reply_without_records(packet, flags):
    """The question, said back with these flags (QR is added)."""
    end = question(packet)[2]
    return packet[:2] + struct.pack("!HHHHH", 0x8000 | flags, 1, 0, 0, 0) + \
        packet[12:end]


class Zones:
    def __init__(self, zones=(), ttl=60):
        if missing():
            raise RuntimeError("not installed: " + missing())
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-zones-"))
        self.ttl = ttl
        self.zones = {"": Zone(signed=True)}
        self.keys = {}
        self.serial = 0
        self.rules = {}
        self.questions = []
        self.nsd = None
        self.back = free_port()
        self.port = free_port()
        self.server = f"127.0.0.1@{self.port}"
        self.anchors = self.dir / "anchors"
        self.front = Front(self)
        self.update(dict(zones))
        (self.dir / "anchors").write_text(
            (self.dir / (self.key_of("") + ".key")).read_text())

    def settings(self, dnssec="validate"):
        """Lines for Server()."""
        return (f"dns_servers = {self.server}\ndns_anchors = {self.anchors}\n"
                f"dnssec = {dnssec}\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.front.close()
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    # ---- what a test changes and sees ----

    def update(self, zones):
        """Add or replace zones; {name: Zone or text}."""
        for name, zone in zones.items():
            self.zones[name] = Zone(zone) if isinstance(zone, str) else zone
        self.serial += 1
        for name in sorted(self.zones, key=len, reverse=True):
            self.write(name)
        self.stop()
        self.start()

    def rule(self, name, what, kind=None):
        """For questions for this name (and type): "silent", "servfail",
        "refused", "cut" (truncated: come again by TCP), a number of seconds
        to wait, or "" for nothing special again. The name "*" is all
        others."""
        self.rules[name.lower(), kind] = what

    def asked(self, name, kind=None):
        """How many questions for it have come."""
        return sum(1 for n, t in self.questions
                   if n == name.lower() and kind in (None, t))

    # ---- zone files ----

    def ldns(self, *argv):
        return subprocess.run(argv, cwd=self.dir, check=True, text=True,
                              capture_output=True,
                              env={**os.environ, "PATH": PATH}).stdout.strip()

    def key_of(self, name):
        if name not in self.keys:
            self.keys[name] = self.ldns("ldns-keygen", "-r", "/dev/urandom",
                                        "-k", "-a", "ECDSAP256SHA256",
                                        name + ".")
        return self.keys[name]

    def children(self, parent):
        """Zones that the nearest zone above is this one."""
        for name in self.zones:
            above = [z for z in self.zones
                     if z != name and (z == "" or name.endswith("." + z))]
            if name and max(above, key=len) == parent:
                yield name

    def write(self, name):
        zone = self.zones[name]
        lines = [f"$ORIGIN {name}.", f"$TTL {self.ttl}",
                 f"@ SOA ns.invalid. root.invalid. {self.serial} 3600 600 "
                 f"86400 {self.ttl}",
                 "@ NS ns.invalid.", zone.text]
        for child in self.children(name):
            lines.append(f"{child}. NS ns.invalid.")
            if self.zones[child].signed:
                ds = self.dir / (self.key_of(child) + ".ds")
                lines.append(ds.read_text())
        path = self.dir / f"zone-{name}"
        path.write_text("\n".join(lines) + "\n")
        if not zone.signed:
            return
        times = ["-i", "20200101", "-e", "20200201"] if zone.expired else \
            ["-e", time.strftime("%Y%m%d", time.gmtime(time.time() + 864000))]
        signed = self.dir / f"signed-{name}"
        self.ldns("ldns-signzone", *times, "-o", name + ".", "-f", signed.name,
                  path.name, self.key_of(name))
        text = signed.read_text()
        if zone.spoiled:
            assert zone.spoiled[0] in text, zone.spoiled
            text = text.replace(*zone.spoiled)
        path.write_text(text)

    # ---- NSD ----

    def start(self):
        config = f"""\
server:
    ip-address: 127.0.0.1@{self.back}
    username: ""
    chroot: ""
    zonesdir: "{self.dir}"
    database: ""
    zonelistfile: "{self.dir}/zone.list"
    xfrdfile: "{self.dir}/xfrd.state"
    xfrdir: "{self.dir}"
    pidfile: "{self.dir}/nsd.pid"
    logfile: "{self.dir}/nsd.log"
    server-count: 1
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
remote-control:
    control-enable: no
"""
        for name in self.zones:
            config += (f'zone:\n    name: "{name or "."}"\n'
                       f'    zonefile: "zone-{name}"\n')
        (self.dir / "nsd.conf").write_text(config)
        self.nsd = subprocess.Popen(
            ["nsd", "-d", "-c", str(self.dir / "nsd.conf")],
            env={**os.environ, "PATH": PATH}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.is_up, "nsd")

    def is_up(self):
        if self.nsd.poll() is not None:
            raise RuntimeError("nsd ended:\n"
                               + (self.dir / "nsd.log").read_text())
        query = struct.pack("!HHHHHHBHH", 1, 0, 1, 0, 0, 0, 0, 6, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            try:
                s.connect(("127.0.0.1", self.back))
                s.send(query)
                return s.recv(512)[3] & 15 == 0
            except OSError:
                return False

    def stop(self):
        if self.nsd is not None:
            self.nsd.terminate()
            self.nsd.wait(10)
            self.nsd = None


class Front:
    """Takes questions by UDP and TCP and has NSD answer them."""

    def __init__(self, zones):
        self.zones = zones
        front = self

        class Datagram(socketserver.BaseRequestHandler):
            def handle(self):
                packet, s = self.request
                answer = front.answer(packet, udp=True)
                if answer:
                    s.sendto(answer, self.client_address)

        class Line(socketserver.StreamRequestHandler):
            timeout = 10

            def handle(self):
                while True:
                    head = self.rfile.read(2)
                    if len(head) < 2:
                        return
                    packet = self.rfile.read(struct.unpack("!H", head)[0])
                    answer = front.answer(packet, udp=False)
                    if not answer:
                        return
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        class Udp(socketserver.ThreadingUDPServer):
            daemon_threads = True
            max_packet_size = 65535

        class Tcp(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass        # the client has gone

        self.servers = [Udp(("127.0.0.1", zones.port), Datagram),
                        Tcp(("127.0.0.1", zones.port), Line)]
        for s in self.servers:
            threading.Thread(target=s.serve_forever, args=(0.05,),
                             daemon=True).start()

    def close(self):
        for s in self.servers:
            s.shutdown()
            s.server_close()

    def answer(self, packet, udp):
        name, number, _ = question(packet)
        kind = next((k for k, n in TYPES.items() if n == number), str(number))
        self.zones.questions.append((name, kind))
        rules = self.zones.rules
        for key in ((name, kind), (name, None), ("*", kind), ("*", None)):
            if key in rules:
                what = rules[key]
                break
        else:
            what = ""
        if what == "silent":
            return b""
        if what in ("servfail", "refused"):
            return reply_without_records(packet, 2 if what[0] == "s" else 5)
        if what == "cut" and udp:
            return reply_without_records(packet, 0x0200)
        if isinstance(what, (int, float)):
            time.sleep(what)
        try:
            return self.ask(packet, udp)
        except OSError:
            return b""      # NSD is starting again

    def ask(self, packet, udp):
        at = ("127.0.0.1", self.zones.back)
        if udp:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                s.settimeout(2)
                s.connect(at)
                s.send(packet)
                return s.recv(65535)
        with socket.create_connection(at, 2) as s, s.makefile("rb") as f:
            s.sendall(struct.pack("!H", len(packet)) + packet)
            return f.read(struct.unpack("!H", f.read(2))[0])
