"""A smart host of today: aiosmtpd behind STARTTLS (or TLS first) that wants its clients to log in, by passwords or by tokens."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import socket
import ssl
import threading

from aiosmtpd.smtp import MISSING, SMTP, AuthResult

NAME = "smtp.test"
ROUNDS = 4096


class Server(SMTP):
    line_length_limit = 16384  # tokens are long


class SmartHost:
    """accounts: {user: password}. token(user, token): whether it is taken. offer: the mechanisms. refuse: an answer to every
    AUTH; mail, data: to every MAIL, to the end of every message. once: it leaves after a message. lie: SCRAM says 235
    without proof. `logins` keeps (mechanism, user) of who was let in, `tries` (mechanism, whether with an initial response)
    of each AUTH, `messages` what was taken."""

    def __init__(self, pem, accounts=None, token=None, offer=("PLAIN", "LOGIN"), first=False, lie=False):
        self.accounts, self.token, self.offer, self.lie = accounts or {}, token, offer, lie
        self.refuse = self.mail = self.data = None
        self.once = False
        self.logins, self.tries, self.messages = [], [], []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.loop = asyncio.new_event_loop()

        def serve():
            return Server(self, tls_context=None if first else context, require_starttls=not first, authenticator=self.check,
                          auth_required=True, auth_require_tls=not first, hostname=NAME, loop=self.loop, timeout=120)

        ready = threading.Event()

        async def begin():
            await self.loop.create_server(serve, sock=self.socket, ssl=context if first else None)
            ready.set()

        def run():
            asyncio.set_event_loop(self.loop)
            self.loop.create_task(begin())
            self.loop.run_forever()

        self.thread = threading.Thread(target=run, daemon=True)
        self.thread.start()
        ready.wait()

    def close(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.socket.close()

    def check(self, server, session, envelope, mechanism, data):
        user, password = data.login.decode(), data.password.decode()
        good = self.accounts.get(user) == password
        if good:
            self.logins.append((mechanism, user))
        return AuthResult(success=good, handled=False)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        out = []
        for line in responses:
            if line.startswith("250-AUTH"):
                line = "250-AUTH " + " ".join(self.offer) if self.offer else ""
            if line:
                out.append(line)
        return out

    async def handle_AUTH(self, server, session, envelope, args):
        self.tries.append((args[0], len(args) > 1))
        return self.refuse or MISSING

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mail:
            return self.mail
        envelope.mail_from = address
        return "250 2.1.0 Ok"

    async def handle_DATA(self, server, session, envelope):
        if self.data:
            return self.data
        if self.once:
            self.loop.call_later(0.05, server.transport.close)
        self.messages.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))
        return "250 2.0.0 taken"

    # ---- mechanisms that aiosmtpd does not bring ----

    async def auth_SCRAM__SHA__256(self, server, args):
        first = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        bare = first.decode().split(",", 2)[2]
        fields = dict(part.split("=", 1) for part in bare.split(","))
        user, nonce = fields["n"], fields["r"] + "servernonce"
        salt = os.urandom(12)
        salted = hashlib.pbkdf2_hmac("sha256", self.accounts.get(user, "").encode(), salt, ROUNDS)
        said = "r=%s,s=%s,i=%d" % (nonce, base64.b64encode(salt).decode(), ROUNDS)
        final = await server.challenge_auth(said)
        if final is MISSING:
            return AuthResult(success=False)
        without, _, proof = final.decode().rpartition(",p=")
        message = ",".join((bare, said, without)).encode()
        key = hmac.digest(salted, b"Client Key", "sha256")
        signature = hmac.digest(hashlib.sha256(key).digest(), message, "sha256")
        expected = bytes(a ^ b for a, b in zip(key, signature))
        if self.lie:
            return AuthResult(success=True)
        if user not in self.accounts or base64.b64decode(proof) != expected:
            return AuthResult(success=False, handled=False)
        server_key = hmac.digest(salted, b"Server Key", "sha256")
        verifier = b"v=" + base64.b64encode(hmac.digest(server_key, message, "sha256"))
        if await server.challenge_auth(verifier) != b"":
            return AuthResult(success=False)
        self.logins.append(("SCRAM-SHA-256", user))
        return AuthResult(success=True)

    async def bearer(self, server, args, name, parse):
        said = base64.b64decode(args[1]) if len(args) > 1 else await server.challenge_auth("")
        user, token = parse(said.decode())
        if self.token and self.token(user, token):
            self.logins.append((name, user))
            return AuthResult(success=True)
        why = {"status": "400", "schemes": "Bearer", "scope": "https://mail.test/"}
        answer = await server.challenge_auth(json.dumps(why))
        return AuthResult(success=False, handled=answer is MISSING)

    async def auth_XOAUTH2(self, server, args):
        def parse(text):
            fields = dict(part.split("=", 1) for part in text.split("\1") if part)
            return fields["user"], fields["auth"].split(" ", 1)[1]
        return await self.bearer(server, args, "XOAUTH2", parse)

    async def auth_OAUTHBEARER(self, server, args):
        def parse(text):
            header, *parts = text.split("\1")
            fields = dict(part.split("=", 1) for part in parts if part)
            return header.split(",")[1][2:], fields["auth"].split(" ", 1)[1]
        return await self.bearer(server, args, "OAUTHBEARER", parse)
