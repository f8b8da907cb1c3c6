# SPDX-License-Identifier: ISC
"""bash completion knows every command of posthouse, as it asks for them."""

import subprocess
import unittest

from server import BIN, ROOT

SCRIPT = ROOT / "contrib/bash-completion/posthouse"
COMPLETE = """\
. "$1"
while read -ra words; do
	COMP_WORDS=("$2" "${words[@]//EMPTY/}"); COMP_CWORD=${#words[@]}
	_posthouse
	echo "${COMPREPLY[*]}"
done
"""


def complete(*lines):
    """What bash offers for the last word of each line."""
    done = subprocess.run(
        ["bash", "-c", COMPLETE, "bash", SCRIPT, BIN / "posthouse"],
        input="".join(line + "\n" for line in lines), capture_output=True,
        text=True, check=True, timeout=120)
    assert not done.stderr, done.stderr
    return [line.split() for line in done.stdout.split("\n")[:-1]]


def commands():
    done = subprocess.run([BIN / "posthouse", "completion"], text=True,
                          capture_output=True, check=True, timeout=60)
    return dict(line.split("\t") for line in done.stdout.splitlines())


class Completion(unittest.TestCase):
    def test_every_command(self):
        known = commands()
        self.assertIn("queue list", known)
        ways = [(words[:n], word) for words in map(str.split, known)
                for n, word in enumerate(words)]
        offers = complete(*(" ".join([*before, word[:1]])
                            for before, word in ways))
        for (before, word), offer in zip(ways, offers, strict=True):
            self.assertIn(word, offer, before)
        offers = complete(*(f"{command} --" for command in known))
        for (command, options), offer in zip(known.items(), offers,
                                             strict=True):
            self.assertEqual(offer, sorted(
                o.split("=")[0] for o in options.split()), command)

    def test_words_on_the_way(self):
        cases = {"queue re": "release requeue reroute",
                 "--json queue st": "stats",
                 "-c queue queue st": "stats",
                 "--sender queue queue st": "stats",
                 "version EMPTY": "", "help queu": "queue"}
        for offer, wanted in zip(complete(*cases), cases.values(), strict=True):
            self.assertEqual(offer, wanted.split())

    def test_values(self):
        states = "active deferred held reporting"
        # bash splits --state=he into three words
        cases = {"queue list --state EMPTY": states,
                 "queue list --state = he": "held",
                 "queue list --state =": states,
                 "queue list --sender EMPTY": ""}
        for offer, wanted in zip(complete(*cases), cases.values(), strict=True):
            self.assertEqual(offer, wanted.split())


if __name__ == "__main__":
    unittest.main()
