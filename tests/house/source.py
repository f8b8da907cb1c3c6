# SPDX-License-Identifier: ISC
"""Reading our own C, which keeps to the house style: a function begins with its
name in column one and its body ends with a brace in column one."""

import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = re.compile(r"^([a-z_]\w*)\(")


def files(*suffixes):
    """Committed and new files with these suffixes, as paths below ROOT."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        names = listed.stdout.splitlines()
    else:           # a release, unpacked
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
                 if not str(p.relative_to(ROOT)).startswith(("build", "demo"))]
    return sorted(pathlib.Path(n) for n in set(names)
                  if n.endswith(suffixes) and (ROOT / n).is_file())


def text(path):
    return (ROOT / path).read_text(errors="replace")


class Function:
    def __init__(self, path, name, line, head, body):
        self.path, self.name, self.line = path, name, line
        self.head, self.body = head, body

    @property
    def length(self):
        """Lines between the braces."""
        return len(self.body)

    @property
    def parameters(self):
        inside = self.head[self.head.index("(") + 1:self.head.rindex(")")]
        if inside.strip() in ("", "void"):
            return 0
        flat = re.sub(r"\([^()]*\)", "", inside)
        return flat.count(",") + 1

    @property
    def nesting(self):
        """Deepest statement; lines that go on with one do not count."""
        deepest, before = 1, ";"
        for line in self.body:
            words = re.sub(r"/\*.*?\*/", "", line).strip()
            if words and re.search(
                    r"[;{})]$|\belse$|^(case\b.*|\w+):$", before):
                deepest = max(deepest, len(line) - len(line.lstrip("\t")))
            before = words or before
        return deepest - 1


def functions(path):
    """The functions that a .c file defines."""
    lines = text(path).splitlines()
    i = 0
    while i < len(lines):
        found = NAME.match(lines[i])
        if not found:
            i += 1
            continue
        start = i
        while i < len(lines) and lines[i] != "{" and lines[i].strip():
            i += 1
        if i == len(lines) or lines[i] != "{":
            continue
        end = next((n for n in range(i, len(lines)) if lines[n] == "}"), i)
        yield Function(path, found[1], start + 1,
                       " ".join(lines[start:i]), lines[i + 1:end])
        i = end
