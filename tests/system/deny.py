#!/usr/bin/env python3
"""deny.py [--unshare|--io_uring] ERRNO COMMAND...: runs the command where socket() for IPv4 and IPv6 fails so, by a filter in the
kernel: what RestrictAddressFamilies= of a unit does; or unshare(), as by RestrictNamespaces=, or io_uring_setup(), as by
SystemCallFilter=. The filter also keeps the command from gaining rights."""

import ctypes
import errno
import os
import platform
import socket
import struct
import sys

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06  # BPF: a word of the call, is it equal, the verdict
ALLOW, REFUSE = 0x7FFF0000, 0x00050000
CALLS = {"x86_64": (41, 272), "aarch64": (198, 97), "riscv64": (198, 97)}  # the numbers of socket() and unshare()
IO_URING_SETUP = 425  # everywhere


def program(code, which):
    """Offsets are those of struct seccomp_data: nr at 0, the first argument at 16. Steps are (code, if so, if not, value)."""
    sock, unshare = CALLS[platform.machine()]
    end = [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, REFUSE | code)]
    if which:
        call = IO_URING_SETUP if which == "--io_uring" else unshare
        steps = [(LOAD, 0, 0, 0), (EQUAL, 1, 0, call), *end]
    else:
        steps = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, sock), (LOAD, 0, 0, 16),
                 (EQUAL, 2, 0, socket.AF_INET), (EQUAL, 1, 0, socket.AF_INET6), *end]
    return b"".join(struct.pack("HBBI", *step) for step in steps), len(steps)


def main():
    which = sys.argv[1] if sys.argv[1].startswith("--") else None
    words = sys.argv[2:] if which else sys.argv[1:]
    code, count = program(getattr(errno, words[0]), which)
    text = ctypes.create_string_buffer(code, len(code))
    fprog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", count, ctypes.addressof(text)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or libc.prctl(PR_SET_SECCOMP, FILTER, fprog, 0, 0):
        sys.exit("deny.py: no filter: " + os.strerror(ctypes.get_errno()))
    os.execvp(words[1], words[1:])


if __name__ == "__main__":
    main()
