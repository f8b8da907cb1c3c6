# SPDX-License-Identifier: ISC
"""What the lines of tests/corpus/*-lines.txt send."""

import re

NAMES = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\", "!": ""}


def octets(text):
    """\\xHH, \\r, \\n, \\t and \\\\ are octets, {x*10} is ten x; CR LF comes
    behind, unless \\! is the end."""
    end = "" if text.endswith("\\!") else "\r\n"

    def octet(match):
        code = match[1]
        return NAMES[code] if code in NAMES else chr(int(code[1:], 16))
    text = re.sub(r"\{((?:\\x..|[^{}]){1,2}?)\*(\d+)\}",
                  lambda m: m[1] * int(m[2]), text)
    text = re.sub(r"\\(x[0-9A-Fa-f]{2}|[rnt\\!])", octet, text)
    return (text + end).encode("latin-1")
