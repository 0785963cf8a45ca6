"""A scripted name server (RFC 1035) over UDP and TCP: answers from a table, counts what it was asked."""

import socket
import struct
import threading

A, MX, AAAA, CNAME, SOA = 1, 15, 28, 5, 6
NXDOMAIN, SERVFAIL = 3, 2


def pack_name(name):
    return b"".join(bytes([len(x)]) + x.encode() for x in name.rstrip(".").split(".") if x) + b"\0"


def unpack_name(data, at):
    labels = []
    while data[at]:
        labels.append(data[at + 1:at + 1 + data[at]].decode())
        at += data[at] + 1
    return ".".join(labels).lower(), at + 1


class Names:
    """table: {(name, type): [values]}; a name without any entry is NXDOMAIN; a value SERVFAIL fails the question. MX values
    are (preference, host). truncate: UDP answers are cut, so that TCP is used. silent: no answer at all."""

    def __init__(self, table, host="127.0.0.1", truncate=False, silent=False):
        self.table, self.truncate, self.silent = table, truncate, silent
        self.asked, self.by_tcp = [], 0
        while not self.bind(host):
            pass
        self.tcp.listen(16)
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def bind(self, host):
        """One port for both; the kernel's choice for the one may be taken for the other."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.tcp = socket.socket(family, socket.SOCK_STREAM)
        self.udp.bind((host, 0))
        self.port = self.udp.getsockname()[1]
        try:
            self.tcp.bind((host, self.port))
            return True
        except OSError:
            self.udp.close()
            self.tcp.close()
            return False

    def close(self):
        for s in (self.udp, self.tcp):
            try:
                s.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits
            except OSError:
                pass
            s.close()

    def value(self, kind, value):
        if kind == A:
            return socket.inet_aton(value)
        if kind == AAAA:
            return socket.inet_pton(socket.AF_INET6, value)
        if kind == MX:
            return struct.pack(">H", value[0]) + pack_name(value[1])
        return pack_name(value)

    def answer(self, query, udp):
        ident, = struct.unpack(">H", query[:2])
        name, at = unpack_name(query, 12)
        kind, = struct.unpack(">H", query[at:at + 2])
        question = query[12:at + 4]
        self.asked.append((name, kind))
        values = self.table.get((name, kind), [])
        known = bool(values) or any(n == name for n, _ in self.table)
        code = SERVFAIL if values == SERVFAIL else 0 if known else NXDOMAIN
        values = [] if values == SERVFAIL else values
        cut = udp and self.truncate and values
        flags = 0x8580 | code | (0x0200 if cut else 0)
        body = b""
        for v in [] if cut else values:
            data = self.value(kind, v)
            body += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(data)) + data
        count = 0 if cut else len(values)
        return struct.pack(">HHHHHH", ident, flags, 1, count, 0, 0) + question + body

    def serve_udp(self):
        while True:
            try:
                query, peer = self.udp.recvfrom(4096)
                if not query:  # closed
                    return
                if not self.silent:
                    self.udp.sendto(self.answer(query, True), peer)
            except OSError:
                return

    def serve_tcp(self):
        while True:
            try:
                conn, _ = self.tcp.accept()
            except OSError:
                return
            with conn, conn.makefile("rb") as file:  # one connection after another is enough
                head = file.read(2)
                while len(head) == 2:
                    query = file.read(struct.unpack(">H", head)[0])
                    self.by_tcp += 1
                    reply = self.answer(query, False)
                    conn.sendall(struct.pack(">H", len(reply)) + reply)
                    head = file.read(2)
