"""Certificates for the servers of a test, by the openssl command."""
import pathlib

from harness import run

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc")


class Authority:
    """One that issues certificates; `file` is its own."""

    def __init__(self, folder, name="authority"):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        self.file, self.key = self.folder / "ca.pem", self.folder / "ca.key"
        run("openssl", "req", "-x509", *NEW_KEY, "-keyout", self.key, "-out", self.file, "-days", "30", "-subj", f"/CN={name}",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")

    def issue(self, *names):
        """A certificate for these names, and its key."""
        certificate, key = self.folder / f"{names[0]}.pem", self.folder / f"{names[0]}.key"
        run("openssl", "req", "-x509", *NEW_KEY, "-CA", self.file, "-CAkey", self.key, "-keyout", key, "-out", certificate, "-days", "30",
            "-subj", f"/CN={names[0]}", "-addext", "basicConstraints=critical,CA:FALSE",
            "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names))
        return certificate, key


def tlsa(certificate):
    """What a TLSA record for its key says: DANE-EE, SPKI, SHA-256 (RFC 7672 §3.1.1)."""
    import hashlib
    import subprocess
    public = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-pubkey"], capture_output=True, check=True).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=public, capture_output=True, check=True).stdout
    return "3 1 1 " + hashlib.sha256(der).hexdigest()
