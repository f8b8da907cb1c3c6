# SPDX-License-Identifier: ISC
"""An authority of one's own, and certificates of servers.

    house = Authority(directory)
    house.path                                   # PEM, for tls_ca
    house.make("mx.a.test", "*.b.test")          # a Certificate
    house.make("mx.a.test", days=-1)             # out of date
    house.make("mx.a.test", own=True)            # signed by itself
    c.context()                                  # for a server
    c.tlsa(3, 1, 1)                              # "3 1 1 AB12..."
"""

import hashlib
import pathlib
import shutil
import ssl
import subprocess
import tempfile
import time
import unittest


def openssl(*argv, input=None):
    return subprocess.run(["openssl", *map(str, argv)], check=True,
                          capture_output=True, input=input).stdout


CONFIG = """\
[ca]
default_ca = house
[house]
dir = {dir}
database = {dir}/index
new_certs_dir = {dir}
serial = {dir}/serial
certificate = {dir}/ca.pem
private_key = {dir}/ca-key.pem
default_md = sha256
policy = any
unique_subject = no
copy_extensions = copy
[any]
commonName = supplied
"""


class Certificate:
    def __init__(self, path, key):
        self.path, self.key = path, key

    def context(self, version=None):
        c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        c.load_cert_chain(self.path, self.key)
        if version:
            c.minimum_version = c.maximum_version = version
        return c

    def der(self, selector=0):
        if selector == 0:
            return openssl("x509", "-in", self.path, "-outform", "DER")
        pem = openssl("x509", "-in", self.path, "-noout", "-pubkey")
        return openssl("pkey", "-pubin", "-outform", "DER", input=pem)

    def tlsa(self, usage=3, selector=1, matching=1):
        der = self.der(selector)
        data = {0: der, 1: hashlib.sha256(der).digest(),
                2: hashlib.sha512(der).digest()}[matching]
        return f"{usage} {selector} {matching} {data.hex().upper()}"


class Authority(Certificate):
    def __init__(self):
        if not shutil.which("openssl"):
            raise unittest.SkipTest("no openssl")
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="posthouse-certs-"))
        self.dir.chmod(0o755)
        super().__init__(self.dir / "ca.pem", self.dir / "ca-key.pem")
        self.count = 0
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj",
                "/CN=authority", "-keyout", self.key, "-out", self.path)
        (self.dir / "index").write_text("")
        (self.dir / "serial").write_text("01\n")
        (self.dir / "config").write_text(CONFIG.format(dir=self.dir))

    def remove(self):
        shutil.rmtree(self.dir, ignore_errors=True)

    def make(self, *names, days=30, own=False):
        self.count += 1
        path = self.dir / f"host-{self.count}.pem"
        key = self.dir / f"host-{self.count}-key.pem"
        request = self.dir / f"host-{self.count}.csr"
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-subj", f"/CN={names[0]}", "-addext",
                "subjectAltName=" + ",".join(
                    ("IP:" if n[-1].isdigit() else "DNS:") + n
                    for n in names), "-keyout", key, "-out", request)
        end = time.strftime("%Y%m%d%H%M%SZ",
                            time.gmtime(time.time() + days * 86400))
        openssl("ca", "-batch", "-config", self.dir / "config", "-in", request,
                "-out", path, "-notext", "-startdate", "20200101000000Z",
                "-enddate", end,
                *(("-selfsign", "-keyfile", key) if own else ()))
        if not own:
            with path.open("a") as f:
                f.write(self.path.read_text())
        return Certificate(path, key)
