# SPDX-License-Identifier: ISC
"""Lines in the journal have fields that can be asked for. A socket of our own
stands where the journal's would be, in a name space of mounts."""

import json
import pathlib
import socket
import subprocess
import sys
import threading
import unittest

from server import Server, may_mount, message, wait_for

DOOR = pathlib.Path("/run/systemd/journal/socket")


def inside():
    """In a new name space: a server without a log file, one mail taken and one
    refused, and what the door has heard."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    DOOR.parent.mkdir(parents=True)
    door = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    door.bind(str(DOOR))
    entries = []

    def hear():
        while True:
            text = door.recv(65536).decode()
            entries.append(dict(line.split("=", 1)
                                for line in text.splitlines()))
    threading.Thread(target=hear, daemon=True).start()
    with Server("log_file =\n") as server:
        with server.smtp() as smtp:
            smtp.ehlo()
            smtp.sendmail("a@client.test", ["alice@example.test"], message())
            smtp.mail("b@client.test")
            smtp.rcpt("nobody@example.test")
        wait_for(lambda: {"sent", "reject"} <=
                 {e.get("STATUS") for e in list(entries)}, "both")
    print(json.dumps(entries))


@unittest.skipUnless(may_mount(), "needs root and mount namespaces")
class Journal(unittest.TestCase):
    def test_fields(self):
        done = subprocess.run(
            ["unshare", "--mount", "--propagation", "private", sys.executable,
             "-B", __file__, "inside"], capture_output=True, text=True,
            check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        entries = json.loads(done.stdout)

        def one(**wanted):
            (entry,) = [e for e in entries if wanted.items() <= e.items()]
            return entry
        sent = one(STATUS="sent", RCPT="alice@example.test")
        self.assertEqual(sent["DSN"], "2.1.5")
        self.assertEqual(sent["SYSLOG_IDENTIFIER"], "posthouse/queue")
        self.assertIn("status=sent", sent["MESSAGE"])
        taken = one(QUEUE_ID=sent["QUEUE_ID"],
                    SYSLOG_IDENTIFIER="posthouse/smtpd")
        self.assertEqual(taken["CLIENT_IP"], "127.0.0.1")
        refused = one(QUEUE_ID="NOQUEUE", STATUS="reject")
        self.assertEqual(refused["REASON_CODE"], "550 5.1.1")
        self.assertEqual(refused["SENDER"], "b@client.test")
        self.assertEqual(refused["RCPT"], "nobody@example.test")
        self.assertEqual({e["SYSLOG_FACILITY"] for e in entries}, {"2"})


if __name__ == "__main__":
    if sys.argv[1:] == ["inside"]:
        inside()
    else:
        unittest.main()
