"""A scripted SMTP server for tests, and how long a test waits for anything."""

import os
import socket
import threading
import time

LIMIT = float(os.environ.get("SMTPGATE_TEST_LIMIT", "60"))  # seconds that anything may take


class Sink:
    """A scripted SMTP server: keeps what it got, and answers as `script(verb, argument, session)` says (None: usual).
    keep: what to keep of the content of each message, when not all of it."""

    def __init__(self, script=None, host="127.0.0.1", port=0, family=socket.AF_INET, ehlo=("PIPELINING", "8BITMIME", "SIZE 0"),
                 keep=None):
        self.script, self.ehlo = script or (lambda verb, argument, session: None), ehlo
        self.keep = keep or (lambda data: data)
        self.messages, self.sessions, self.lock = [], 0, threading.Lock()
        self.server = socket.socket(family, socket.SOCK_STREAM)
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind((host, port))
        self.server.listen(128)
        self.host, self.port = host, self.server.getsockname()[1]
        self.open = True
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while self.open:
            try:
                conn, peer = self.server.accept()
            except OSError:
                return
            with self.lock:
                self.sessions += 1
                number = self.sessions
            threading.Thread(target=self.serve, args=(conn, peer, number), daemon=True).start()

    def serve(self, conn, peer, number):
        session = {"number": number, "peer": peer, "helo": None, "mail": None, "rcpt": []}
        file = conn.makefile("rb")
        try:
            conn.settimeout(LIMIT)
            if not self.answer(conn, "CONNECT", "", session, "220 sink.test ESMTP"):
                return
            while True:
                line = file.readline()
                if not line:
                    return
                text = line.decode("latin-1").rstrip("\r\n")
                verb, argument = text[:4].upper(), text[5:]
                usual = "250 2.0.0 Ok"
                if verb == "EHLO":
                    usual = "\r\n".join(["250-sink.test"] + ["250-" + k for k in self.ehlo] + ["250 HELP"])
                    session["helo"] = argument
                elif verb == "MAIL":
                    session["mail"], session["rcpt"], session["chunks"], session["holed"] = argument, [], [], False
                elif verb == "BDAT":
                    if not self.chunk(conn, file, argument, session):
                        return
                    continue
                elif verb == "DATA":
                    usual = "354 Go on"
                elif verb == "QUIT":
                    usual = "221 Bye"
                reply = self.answer(conn, verb, argument, session, usual)
                if not reply:
                    return
                if verb == "RCPT" and reply.startswith("2"):
                    session["rcpt"].append(argument[4:].split(">")[0].split("<")[-1])
                if verb == "QUIT":
                    return
                if verb == "DATA" and reply.startswith("354") and not self.take(conn, file, session):
                    return
        except OSError:
            pass
        finally:
            file.close()
            conn.close()

    def answer(self, conn, verb, argument, session, usual):
        reply = self.script(verb, argument, session)
        if reply == "DROP":
            return None
        reply = reply or usual
        conn.sendall(reply.encode("latin-1") + b"\r\n")
        return reply

    def take(self, conn, file, session):
        lines = []
        while True:
            line = file.readline()
            if not line:
                return False
            if line == b".\r\n":
                break
            lines.append(line[1:] if line.startswith(b".") else line)
        data = b"".join(lines)
        reply = self.script("END", "", session)
        if reply == "DROP":
            return False
        if not reply or reply.startswith("2"):
            self.store(session, data)
        conn.sendall((reply or "250 2.0.0 Taken").encode() + b"\r\n")
        return True

    def chunk(self, conn, file, argument, session):
        """A chunk of a BDAT. The script may also say DEAF: it is not known, and what follows is read as commands; LOST: the
        message is taken and the connection dropped."""
        reply = self.script("BDAT", argument, session)
        if reply == "DEAF":
            conn.sendall(b"502 5.5.2 What?\r\n")
            return True
        size, last = int(argument.split()[0]), argument.endswith("LAST")
        data = file.read(size)
        session["chunks"].append(data)
        if len(data) < size or reply == "DROP":
            return False
        if session["holed"]:
            reply = "503 5.5.1 A chunk was refused"  # RFC 3030 2
        elif last and (not reply or reply == "LOST"):
            self.store(session, b"".join(session["chunks"]))
        if reply == "LOST":
            return False
        session["holed"] = session["holed"] or reply is not None
        conn.sendall((reply or "250 2.0.0 Taken").encode() + b"\r\n")
        return True

    def store(self, session, data):
        with self.lock:
            self.messages.append({"mail": session["mail"], "rcpt": list(session["rcpt"]), "data": self.keep(data),
                                  "session": session["number"], "helo": session["helo"], "peer": session["peer"],
                                  "at": time.monotonic()})

    def count(self):
        with self.lock:
            return len(self.messages)

    def close(self):
        if not self.open:
            return
        self.open = False
        self.server.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts: close alone would not
        self.thread.join(LIMIT)
        self.server.close()
