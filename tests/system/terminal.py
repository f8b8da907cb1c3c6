# SPDX-License-Identifier: ISC
"""A terminal for mail clients that want one."""

import fcntl
import os
import pty
import struct
import subprocess
import termios


class Terminal:
    """Beside unittest.TestCase, for tests with a self.home."""

    def on_terminal(self, *argv):
        """Run a program that wants a terminal; it must succeed."""
        try:
            ours, theirs = pty.openpty()
        except OSError:
            self.skipTest("no terminals here: /dev/pts is not mounted")
        fcntl.ioctl(theirs, termios.TIOCSWINSZ,
                    struct.pack("HHHH", 24, 80, 0, 0))
        with open(ours, "rb", 0) as screen:
            running = subprocess.Popen(
                [str(a) for a in argv], stdin=theirs, stdout=theirs,
                stderr=theirs, start_new_session=True,
                env={"HOME": str(self.home), "TERM": "vt100",
                     "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"})
            os.close(theirs)
            shown = b""
            try:
                while more := screen.read(4096):
                    shown += more
            except OSError:     # the other side is closed
                pass
            self.assertEqual(running.wait(60), 0, shown)
