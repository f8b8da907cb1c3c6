# SPDX-License-Identifier: ISC
"""A file system that promises what POSIX says, and no more.

A Record is made of the files that were there and of what a tracer saw done to
them. state() gives one of the many things that a crash may leave: what a finished
sync covers is there; of everything else any part may be missing, names and octets
apart, and a write may be torn, with zeros where nothing was before. A directory is a thing of its own, so
files in one whose name is lost are lost, and those in one that was renamed have
moved with it. A rename to another directory is two changes, of which the second
never comes without the first.
"""

import hashlib
import os

SECTOR = 512
# Of Berkeley DB, which relies on it that a page comes whole or not at all.
TABLES, PAGE = "tables.db", 16384
ROOMS = 0.1             # of the states with all zeros of logs, which take time


class Node:
    """A file of so many octets, zeros behind those that are given, or a directory
    with {name: Node}. room: what a log has in front of it, of zeros."""

    def __init__(self, octets=b"", size=0, room=0, kids=None):
        self.base, self.size, self.room, self.kids = octets, size, room, kids
        self.unit = SECTOR      # what is written of it at once


class Op:
    """One change, or the end of a sync that made some durable: before it they may
    be missing although nothing else has happened since. covered: how many there
    were by the end of that sync."""

    covered = needs = None

    def __init__(self, kind, when, node, dir=None, name=None, at=0, data=b""):
        self.kind, self.time, self.node = kind, when, node
        self.dir, self.name, self.at, self.data = dir, name, at, data

    def target(self):
        """What has to be synced for it."""
        return self.node if self.kind in ("write", "size") else self.dir


class State:
    def __init__(self, k, dirs, files, applied):
        self.k = k              # so many operations had begun
        self.dirs = dirs        # [path]
        self.files = files      # [(path, Node, octets, size)]
        self.applied = applied  # indices of operations

    def digest(self):
        h, first = hashlib.sha1(), {}
        for path, node, octets, size in self.files:
            h.update(b"%s\0%d\0" % (path.encode(), size))
            # two names of one file are not two files that are alike
            h.update(b"%d\0" % first.setdefault(node, len(first)))
            h.update(octets)
        for path in self.dirs:
            h.update(path.encode() + b"\0")
        return h.digest()


class Record:
    """base: what look() found; lines: the tracer's."""

    def __init__(self, top, base, lines):
        self.top = os.path.normpath(top)
        self.root = Node(kids={})
        self.names = {self.root: self.root.kids}
        self.ends = {}          # of files that are written in order
        self.ops = []
        self.told = {}          # line number: how many operations before it
        inodes = {}
        for path, number, octets, size, room in base:
            dir, name = self.parent(path)
            self.names[dir][name] = node = inodes.setdefault(
                number,
                Node(octets, size, room, {} if octets is None else None))
            if name == TABLES:
                node.unit = PAGE
            if octets is None:
                self.names[node] = node.kids
        for dir, names in list(self.names.items()):
            dir.kids, self.names[dir] = dict(names), dict(names)
        self.first = lines[0]["n"] if lines else 0
        for line in lines:
            self.told[line["n"]] = len(self.ops)
            self.take(line)

    # ---- recording ----

    def below(self, path):
        """Its parts below the top; None: it is elsewhere."""
        path = os.path.normpath(path)
        if os.path.isabs(path):
            if path != self.top and not path.startswith(self.top + "/"):
                return None
            path = os.path.relpath(path, self.top)
        return [] if path == "." else path.split("/")

    def find(self, parts):
        node = self.root if parts is not None else None
        for part in parts or ():
            node = self.names.get(node, {}).get(part)
        return node

    def parent(self, path):
        """(directory, name); (None, None) when there is none that is recorded."""
        parts = self.below(path)
        if not parts:
            return None, None
        dir = self.find(parts[:-1])
        return (dir, parts[-1]) if dir in self.names else (None, None)

    def take(self, line):
        """Calls that failed change nothing here either."""
        call, when = line["call"], line["time"]
        node = self.find(self.below(line["path"]))
        dir, name = self.parent(line["path"])
        to, new = self.parent(line["to"]) if "to" in line else (None, None)
        if call in ("fsync", "fdatasync", "syncfs"):
            if not line["failed"] and line["since"] >= self.first:
                self.sync(call, when, node, self.told.get(line["since"] + 1,
                                                          len(self.ops)))
        elif call in ("openat", "open"):
            if node is None and dir:
                self.add(Op("name", when, Node(), dir, name))
            elif node and line.get("cut"):
                self.add(Op("size", when, node))
        elif "data" in line and node:
            data = bytes.fromhex(line["data"])
            at = line["at"] if line["at"] >= 0 else self.ends.get(node, 0)
            self.ends[node] = at + len(data)
            self.add(Op("write", when, node, at=at, data=data))
        elif call == "ftruncate" and node:
            self.add(Op("size", when, node, at=line["size"]))
        elif call.startswith("mkdir") and dir and node is None:
            self.add(Op("name", when, Node(kids={}), dir, name))
        elif call.startswith("rename") and node and to:
            self.rename(when, node, (dir, name), (to, new))
        elif call == "linkat" and node and to and new not in self.names[to]:
            self.add(Op("name", when, node, to, new))
        elif call in ("unlink", "unlinkat", "rmdir") and node and \
                not self.names.get(node):
            self.add(Op("gone", when, node, dir, name))

    def rename(self, when, node, old, new):
        if old[0] is new[0]:
            self.add(Op("move", when, node, old[0], (old[1], new[1])))
            return
        self.add(Op("name", when, node, *new))
        self.add(Op("gone", when, node, *old))
        self.ops[-1].needs = self.ops[-2]

    def add(self, op):
        self.ops.append(op)
        self.change(op, self.names)

    @staticmethod
    def change(op, names):
        if op.kind == "name":
            names[op.dir][op.name] = op.node
            if op.node.kids is not None:
                names.setdefault(op.node, dict(op.node.kids))
        elif op.kind == "gone":
            names[op.dir].pop(op.name, None)
        elif op.kind == "move":
            names[op.dir].pop(op.name[0], None)
            names[op.dir][op.name[1]] = op.node

    def sync(self, call, when, node, before):
        """It covers what began before it did."""
        covers = [op for op in self.ops[:before]
                  if op.covered is None and op.kind != "sync" and
                  (call == "syncfs" or (node and op.target() is node))]
        if covers:
            self.ops.append(Op("sync", when, node))
        for op in covers:
            op.covered = len(self.ops)

    # ---- building ----

    def state(self, rng):
        k = rng.randrange(len(self.ops) + 1)
        comes = chances(self.ops, k, rng)
        torn_chance = rng.choice((0.0, 0.5))
        rooms = rng.random() < ROOMS
        names = {dir: dict(dir.kids) for dir in self.names}
        octets, sizes, applied = {}, {}, set()
        for i, op in enumerate(self.ops[:k]):
            durable = op.covered is not None and op.covered <= k
            if op.kind == "sync" or not durable and (not comes(i, op) or
                                (op.needs and op.needs not in applied)):
                continue
            applied.add(op)
            self.change(op, names)
            if op.kind in ("size", "write"):
                torn_here = not durable and rng.random() < torn_chance
                write(octets, sizes, op, torn(
                    octets.get(op.node, op.node.base), op, rng)
                    if torn_here else op.data)
        dirs, files = [], []
        walk(self.root, "", names, dirs, files)
        files = [(path, node, octets.get(node, node.base),
                  max(sizes.get(node, node.size), node.room * rooms))
                 for path, node in files]
        return State(k, dirs, files, applied)

    def whole(self, node):
        """What stood in it when everything had been written."""
        octets = {}
        for op in self.ops:
            if op.node is node and op.kind in ("write", "size"):
                write(octets, {}, op, op.data)
        return bytes(octets.get(node, node.base))

    def created(self, part):
        """{name: Node} of all files that got a name below a directory that is
        called so."""
        below = set()
        for dir, names in self.names.items():
            for name, node in [*dir.kids.items(), *names.items()]:
                if name == part:
                    below.add(node)
        for dir in list(self.names):
            if dir in below:
                below |= {n for n in self.names[dir].values()
                          if n.kids is not None}
        return {op.name: op.node for op in self.ops
                if op.kind == "name" and op.dir in below and
                op.node.kids is None}

    def story(self, state):
        """All operations in words: durable, there, or missing."""
        where = {self.root: "."}

        def name(dir, path):
            for part, node in [*dir.kids.items(), *self.names[dir].items()]:
                if node not in where:
                    where[node] = f"{path}{part}"
                    if node in self.names:
                        name(node, f"{path}{part}/")
        name(self.root, "")
        for i, op in enumerate(self.ops):
            how = "-" if i >= state.k else "missing" \
                if op not in state.applied else "durable" \
                if op.covered is not None and op.covered <= state.k else "there"
            what = f"{op.at}+{len(op.data)}" \
                if op.kind in ("write", "size") else op.name
            yield (f"{i:5} {op.time:.6f} {how:8} {op.kind:5} "
                   f"{where.get(op.target(), '?')} {what} "
                   f"[{where.get(op.node, '?')}] covered={op.covered}")


def chances(ops, k, rng):
    """Which of the operations come that need not: each by itself; all or none of
    one file or directory, as when its block was written or not; or all up to
    some point."""
    chance = rng.choice((0.0, 0.1, 0.5, 0.9))
    way, targets = rng.randrange(3), {}
    last = rng.randrange(k + 1)
    if way == 0:
        return lambda i, op: rng.random() < chance
    if way == 1:
        return lambda i, op: rng.random() < targets.setdefault(
            op.target(), rng.choice((0.0, 0.0, 1.0, 1.0, 0.5)))
    return lambda i, op: i < last or rng.random() < chance / 8


def write(octets, sizes, op, data):
    content = octets.setdefault(op.node, bytearray(op.node.base))
    if op.kind == "size":
        del content[op.at:]
        sizes[op.node] = op.at
        return
    if len(content) < op.at:
        content.extend(bytes(op.at - len(content)))
    content[op.at:op.at + len(data)] = data
    sizes[op.node] = max(sizes.get(op.node, op.node.size), len(content))


def torn(content, op, rng):
    """Cut at a sector, or with sectors that never came: old octets are there
    still, or zeros where there were none."""
    unit, data = op.node.unit, bytearray(op.data)
    first = unit - op.at % unit
    edges = [0, *range(first, len(data), unit)]
    if rng.random() < 0.5:
        edge = rng.choice(edges)
        return bytes(data[:edge] + content[op.at + edge:op.at + len(data)])
    for i, edge in enumerate(edges):
        if rng.random() < 0.5:
            end = edges[i + 1] if i + 1 < len(edges) else len(data)
            old = content[op.at + edge:op.at + end]
            data[edge:end] = old + bytes(end - edge - len(old))
    return bytes(data)


def walk(dir, path, names, dirs, files):
    for name, node in sorted(names[dir].items()):
        if node.kids is None:
            files.append((path + name, node))
        else:
            dirs.append(path + name)
            walk(node, path + name + "/", names, dirs, files)


def look(top, parts):
    """[(path below top, what tells files apart, octets or None, size, room)],
    parents first; octets without the zeros at the end, of which logs keep a few:
    their last record may end with some."""
    found, seen = [], set()
    for part in parts:
        for i in range(1, part.count("/") + 2):
            above = "/".join(part.split("/")[:i])
            if above not in seen:
                found.append((above, above, None, 0, 0))
                seen.add(above)
        for at, dirs, files in os.walk(os.path.join(top, part)):
            dirs[:] = [d for d in dirs if d != "cache"]
            below = os.path.relpath(at, top)
            found += [(f"{below}/{name}", f"{below}/{name}", None, 0, 0)
                      for name in dirs]
            for name in files:
                with open(f"{at}/{name}", "rb") as f:
                    octets = f.read()
                    number = os.fstat(f.fileno()).st_ino
                cut = octets.rstrip(b"\0")
                is_log = name.startswith((".appended-", "log.")) or \
                    name.endswith((".log", "spare"))
                found.append((f"{below}/{name}", number, cut,
                              min(len(octets), len(cut) + SECTOR)
                              if is_log else len(octets), len(octets)))
    return found
