# SPDX-License-Identifier: ISC
"""The Debian package, looked at without being installed; and make install,
which takes no other package's sendmail away."""

import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from server import BIN, ROOT, SANITIZED

ENV = {**{k: v for k, v in os.environ.items() if not k.startswith("MAKE")},
       "DEBEMAIL": "postmaster@posthouse.email", "SOURCE_DATE_EPOCH": "1700000000"}


def make(*argv, check=True, **env):
    return subprocess.run(["make", "-s", "-C", ROOT, *argv], text=True,
                          env={**ENV, **env}, check=check, timeout=600,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def dpkg_deb(*argv):
    return subprocess.run(["dpkg-deb", *argv], capture_output=True, text=True,
                          check=True, timeout=120).stdout


@unittest.skipIf(SANITIZED, "nobody packs programs with sanitizers")
@unittest.skipUnless(shutil.which("dpkg-deb"), "no dpkg-deb here")
class Package(unittest.TestCase):
    """Made of the programs that are there: only their paths differ."""

    @classmethod
    def setUpClass(cls):
        cls.dir = Path(tempfile.mkdtemp(prefix="posthouse-deb-"))
        cls.addClassCleanup(shutil.rmtree, cls.dir)
        said = make("deb-package", "PREFIX=/usr", f"BUILD={cls.dir}/build",
                    f"BIN={BIN}", f"DEB_TO={cls.dir}", check=False)
        if said.returncode != 0:
            raise AssertionError(said.stdout)
        [cls.deb] = cls.dir.glob("posthouse_*.deb")
        dpkg_deb("-R", cls.deb, cls.dir / "root")
        cls.listing = [line.split(None, 5) for line in
                       dpkg_deb("-c", cls.deb).splitlines()]
        cls.files = {words[5].removeprefix("./"): words
                     for words in cls.listing}

    def script(self, name):
        return self.dir / "root/DEBIAN" / name

    def test_it_is_the_mail_transport_agent(self):
        for field in ("Provides", "Conflicts", "Replaces"):
            self.assertIn("mail-transport-agent",
                          dpkg_deb("-f", self.deb, field).strip().split(", "))
        needs = dpkg_deb("-f", self.deb, "Depends")
        for name in ("libc6", "libdb5.3", "dns-root-data"):
            self.assertIn(name, needs)

    def test_names_that_programs_look_for(self):
        for name in ("usr/sbin/sendmail", "usr/sbin/posthouse",
                     "usr/libexec/posthouse/master",
                     "usr/lib/systemd/system/posthouse.service",
                     "usr/lib/sysusers.d/posthouse.conf",
                     "usr/lib/tmpfiles.d/posthouse.conf",
                     "usr/share/man/man8/sendmail.8.gz",
                     "usr/share/bash-completion/completions/posthouse"):
            self.assertIn(name, self.files)
        for link in ("usr/lib/sendmail", "usr/bin/mailq", "usr/bin/newaliases"):
            self.assertIn(f"{link} -> ../sbin/sendmail", self.files)
        self.assertIn("usr/libexec/posthouse/postfix/postqueue -> "
                      "../../../sbin/posthouse", self.files)

    def test_owners_and_modes(self):
        for name, words in self.files.items():
            with self.subTest(name):
                self.assertEqual(words[1], "root/root")
                self.assertNotRegex(words[0], "^.....w|^........w|[sS]"
                                    if words[0][0] != "l" else "^$")

    def test_mail_and_settings_are_nobodys(self):
        """What is not in the package, dpkg never overwrites or removes."""
        for name in self.files:
            self.assertNotRegex(name, "^(var|run|usr/local)/?.")
            self.assertNotRegex(name, "^etc/(posthouse/.|aliases|mailname)")
        etc = {"/" + name for name, words in self.files.items()
               if name.startswith("etc/") and words[0][0] == "-"}
        self.assertEqual(etc, set(self.script("conffiles").read_text().split()))
        samples = {p.name for p in (ROOT / "etc").iterdir()} - {"aliases"}
        self.assertLessEqual({f"usr/share/posthouse/{s}" for s in samples},
                             set(self.files))

    def test_scripts(self):
        for name in ("preinst", "postinst", "prerm", "postrm"):
            text = self.script(name).read_text()
            self.assertIn("set -e\n", text)
            subprocess.run(["sh", "-n", self.script(name)], check=True)
        for line in self.script("postrm").read_text().splitlines():
            if line.strip().startswith("rm "):
                self.assertNotIn("/var", line)

    def test_unit_names_programs_of_the_package(self):
        unit = self.dir / "root/usr/lib/systemd/system/posthouse.service"
        for line in unit.read_text().splitlines():
            self.assertNotIn("@", line.replace("@system", "").replace(
                "@setuid", ""))
            if line.startswith("Exec"):
                program = line.split("=")[1].split()[0]
                self.assertIn(program.lstrip("/"), self.files)

    @unittest.skipUnless(shutil.which("lintian"), "no lintian here")
    def test_lintian_finds_no_errors(self):
        done = subprocess.run(["lintian", "--allow-root", "--fail-on", "error",
                               self.deb], capture_output=True, text=True,
                              timeout=600)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)


class Install(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp(prefix="posthouse-install-"))
        self.addCleanup(shutil.rmtree, self.dir)

    def check(self, *argv, dpkg):
        program = self.dir / "dpkg"
        program.write_text(f"#!/bin/sh\n{dpkg}\n")
        program.chmod(0o755)
        return make("check-sendmail", "PREFIX=/usr", f"BUILD={self.dir}/build",
                    *argv, check=False,
                    PATH=f"{self.dir}:{os.environ['PATH']}")

    def test_sendmail_of_a_package_stays(self):
        owned = "echo postfix: /usr/sbin/sendmail"
        done = self.check(dpkg=owned)
        self.assertNotEqual(done.returncode, 0)
        for word in ("postfix", "make deb", "PREFIX", "REPLACE_SENDMAIL=1"):
            self.assertIn(word, done.stdout)
        for argv, dpkg in (([], "exit 1"), (["REPLACE_SENDMAIL=1"], owned),
                           (["DESTDIR=/elsewhere"], owned)):
            done = self.check(*argv, dpkg=dpkg)
            self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
