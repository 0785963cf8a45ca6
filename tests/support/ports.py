"""Ports of a test's own: below those that the kernel gives to connections, and kept for as long as this process lives.

A port that is only looked up (bind to 0, close) may belong to a connection of another test by the time a server wants it,
and tests of several builds run side by side. So a port is reserved by an abstract name, which ends with its process.
"""
import random
import socket

FIRST, LAST = 10000, 32767  # the kernel's own begin at 32768
_reserved = {}


def _reserve(port):
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind("\0smtpgate-test-port-%d" % port)
    except OSError:
        name.close()
        return False
    _reserved[port] = name
    return True


def _is_free(port, family, host):
    for kind in socket.SOCK_STREAM, socket.SOCK_DGRAM:
        with socket.socket(family, kind) as s:
            try:
                s.bind((host, port))
            except OSError:
                return False
    return True


def free_port(family=socket.AF_INET, host="127.0.0.1"):
    """A port of host that nobody has, for TCP and UDP; no other test gets it while this process lives."""
    for _ in range(1000):
        port = random.SystemRandom().randint(FIRST, LAST)
        if _reserve(port):
            if _is_free(port, family, host):
                return port
            _reserved.pop(port).close()
    raise OSError("no free port between %d and %d at %s" % (FIRST, LAST, host))
