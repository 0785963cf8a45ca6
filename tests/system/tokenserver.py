"""A token server of the tests: OAuth 2 over TLS with a CA of its own, which checks what it is asked with."""

import base64
import json
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

NAME = "login.test"


def unbase(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class TokenServer:
    """client, secret: of the application; certificate: PEM that signed statements are verified by. trouble(form): None, or (status, body)
    to be answered instead, or "hang". `forms` keeps what was asked, `given` the access tokens in order; `agreed`: a person has
    entered the code."""

    def __init__(self, pem, secret="app secret &=+", certificate=None, life=3600, client="app-id"):
        self.secret, self.certificate, self.life, self.client = secret, certificate, life, client
        self.forms, self.given, self.valid = [], [], set()
        self.refresh, self.agreed, self.trouble, self.ended = "refresh-0-8Zq", False, None, threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.serve(self, dict(urllib.parse.parse_qsl(text, strict_parsing=True)))

            def log_message(self, *args):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request, address):
                pass  # clients that leave, and certificates that they do not like

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self.server.server_address[1]
        self.url = "https://localhost:%d/" % self.port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()

    def serve(self, handler, form):
        self.forms.append(form)
        answer = self.trouble(form) if self.trouble else None
        if answer == "hang":
            self.ended.wait()
            return
        if answer is None:
            answer = self.device(form) if handler.path == "/device" else self.token(form)
        status, body = answer
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def device(self, form):
        return 200, {"device_code": "device-code-77", "user_code": "ABCD-EFGH", "interval": 1, "expires_in": 900,
                     "verification_uri": "https://login.test/device"}

    def proven(self, form):
        """Is it the application?"""
        if form.get("client_id") != self.client:
            return False
        if not self.certificate:
            return form.get("client_secret") == self.secret
        header, claims, signature = form["client_assertion"].split(".")
        head, said = json.loads(unbase(header)), json.loads(unbase(claims))
        with tempfile.NamedTemporaryFile() as f, tempfile.NamedTemporaryFile() as key:
            f.write(unbase(signature))
            f.flush()
            key.write(subprocess.check_output(["openssl", "x509", "-in", self.certificate, "-noout", "-pubkey"]))
            key.flush()
            good = subprocess.run(["openssl", "dgst", "-sha256", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:-1",
                                   "-verify", key.name, "-signature", f.name], input=(header + "." + claims).encode(),
                                  stdout=subprocess.DEVNULL).returncode == 0
        der = subprocess.check_output(["openssl", "x509", "-in", self.certificate, "-outform", "der"])
        print_ = subprocess.check_output(["openssl", "dgst", "-sha256", "-binary"], input=der)
        now = time.time()
        return (good and head["alg"] == "PS256" and unbase(head["x5t#S256"]) == print_ and said["iss"] == said["sub"] == self.client
                and said["aud"] == self.url + "token" and said["nbf"] <= now + 5 and said["exp"] > now - 5)

    def token(self, form):
        grant = form.get("grant_type")
        if grant == "urn:ietf:params:oauth:grant-type:device_code":
            if form.get("device_code") != "device-code-77":
                return 400, {"error": "invalid_grant"}
            if not self.agreed:
                return 400, {"error": "authorization_pending"}
            return self.give(True)
        if grant == "client_credentials":
            if not self.proven(form):
                return 401, {"error": "invalid_client", "error_description":
                             "AADSTS7000215: Invalid client secret provided: " + form.get("client_secret", "")}
            return self.give(False)
        if grant == "refresh_token":
            if form.get("refresh_token") != self.refresh or form.get("client_secret") != self.secret:
                return 400, {"error": "invalid_grant", "error_description": "AADSTS700082: ended " + form.get("refresh_token", "")}
            return self.give(True)
        return 400, {"error": "unsupported_grant_type"}

    def give(self, refresh):
        token = "access-%d-Kw3x" % len(self.given) + "y" * 1500
        self.given.append(token)
        self.valid.add(token)
        out = {"access_token": token, "token_type": "Bearer", "expires_in": self.life}
        if refresh:
            self.refresh = "refresh-%d-8Zq" % len(self.given)
            out["refresh_token"] = self.refresh
        return 200, out

    def takes(self, user, token):
        """For a smart host: is the token one of ours, and still good?"""
        return token in self.valid
