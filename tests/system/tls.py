"""What the tests of TLS share: certificates made by openssl, clients that speak TLS, servers that do (or do it wrong)."""

import os
import socket
import ssl
import subprocess
import threading

import harness

UNTRUSTING = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
UNTRUSTING.check_hostname = False
UNTRUSTING.verify_mode = ssl.CERT_NONE


def openssl(*args, input=None):
    r = subprocess.run(["openssl", *args], input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if r.returncode:
        raise AssertionError("openssl %s: %s" % (" ".join(args), r.stderr.decode()))
    return r.stdout


class Authority:
    """A CA in a folder. make(name) gives the path of a PEM file with certificate and key."""

    def __init__(self, folder, name="Test CA"):
        self.folder, self.count = folder, 0
        self.key, self.path = self.file(name + ".key"), self.file(name + ".pem")
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-days", "30",
                "-keyout", self.key, "-out", self.path)

    def file(self, name):
        return os.path.join(self.folder, name.replace(" ", "-"))

    def make(self, name, start=None, end=None, self_signed=False, file=None):
        """start, end: 20200101000000Z; one that is not given is around today."""
        self.count += 1
        path = self.file(file or "%s-%d.pem" % (name, self.count))
        key, request, cert = path + ".key", path + ".csr", path + ".crt"
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=" + name, "-addext", "subjectAltName=DNS:" + name,
                "-keyout", key, "-out", request)
        config = path + ".conf"
        with open(config, "w") as f:
            f.write("[ca]\ndefault_ca=a\n[a]\ndatabase=%s.db\nserial=%s.serial\nnew_certs_dir=%s\npolicy=p\n"
                    "default_md=sha256\ncopy_extensions=copy\nunique_subject=no\n[p]\ncommonName=supplied\n"
                    % (path, path, self.folder))
        open(path + ".db", "w").close()
        with open(path + ".serial", "w") as f:
            f.write("%02X\n" % (self.count + 16))
        signer = ["-selfsign", "-keyfile", key] if self_signed else ["-cert", self.path, "-keyfile", self.key]
        times = (["-startdate", start] if start else []) + (["-enddate", end] if end else ["-days", "30"])
        openssl("ca", "-batch", "-notext", "-config", config, *signer, *times, "-in", request, "-out", cert)
        with open(path, "wb") as out:
            for part in (cert, key):
                with open(part, "rb") as f:
                    out.write(f.read())
        os.chmod(path, 0o644)
        return path


class Secure(harness.Client):
    """A raw SMTP client that can begin TLS."""

    def secure(self, context=UNTRUSTING, name="gw.example.test"):
        self.file.close()
        self.sock = context.wrap_socket(self.sock, server_hostname=name)
        self.file = self.sock.makefile("rb")
        return self.sock

    def starttls(self, context=UNTRUSTING):
        assert self.say("EHLO client.test")[0] == 220 + 30
        reply = self.say("STARTTLS")
        assert reply[0] == 220, reply
        return self.secure(context)


def s_client(port, *args, input=b"QUIT\n", starttls=True, limit=60):
    """openssl s_client at that port; (status, output)."""
    mode = ["-starttls", "smtp"] if starttls else []
    r = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % port, "-crlf", "-ign_eof", *mode, *args],
                       input=input, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit)
    return r.returncode, r.stdout.decode("utf-8", "replace")
