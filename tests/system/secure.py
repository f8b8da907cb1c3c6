# SPDX-License-Identifier: ISC
"""A server with a certificate, and clients that trust it.

    server = SecureServer()               # skips the test without openssl
    server.ports["imaps"], server.ports["pop3s"], server.ports["submissions"]
    server.trust()                        # an SSLContext for its clients
"""

import shutil
import ssl
import subprocess
import unittest

from server import Server, free_port

HOST = "localhost"
# more listeners, with the handshake at once
IMPLICIT = {"submissions": "submission", "pop3s": "pop3", "imaps": "imap"}


def make_certificate(directory, name="tls", user=None):
    """Files of a certificate for localhost and 127.0.0.1, or for a user, and
    of its key."""
    names = f"email:{user}" if user else \
        f"DNS:{HOST},DNS:mail.example.test,IP:127.0.0.1"
    if not shutil.which("openssl"):
        raise unittest.SkipTest("no openssl")
    cert, key = directory / f"{name}-cert.pem", directory / f"{name}-key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
         "-subj", f"/CN={user or HOST}", "-addext",
         f"subjectAltName={names}",
         "-keyout", key, "-out", cert], check=True, capture_output=True)
    key.chmod(0o600)
    return cert, key


class SecureServer(Server):
    def __init__(self, settings="", **options):
        implicit = {name: free_port() for name in IMPLICIT}
        listeners = options.pop("listeners", "") + "".join(
            f"\n[listener {name}]\naddress = 127.0.0.1:{port}\n"
            f"protocol = {IMPLICIT[name]}\ntls = implicit\n"
            for name, port in implicit.items())
        super().__init__("tls_cert = tls-cert.pem\ntls_key = tls-key.pem\n"
                         + settings, listeners=listeners, **options)
        self.ports.update(implicit)
        self.certificate, _ = make_certificate(self.dir / "etc")

    def trust(self):
        context = ssl.create_default_context(cafile=self.certificate)
        return context
