#!/usr/bin/env python3
"""place.py PROGRAM...: runs it where tests can work, whatever place the project was cloned into.

Root's tests become ordinary users and mount things in a mount namespace of their own. In two places that fails, and both are
where a newcomer may well be:
  a closed folder: the clone lies below one that others may not enter, as root's home is, so that those users do not find the
    programs under test. In a namespace of this program, an empty folder stands in its place, with nothing in it but the clone,
    the folder where it is run and TMPDIR.
  a chroot: its / is no mount, so that a mount namespace cannot be told to keep its mounts to itself, and nobody in it may make a
    user namespace. In a namespace of this program, its folder is the root.
Elsewhere, and for an ordinary user, the program is run as it is."""

import ctypes
import os
import sys

CLONE_NEWNS = 0x20000
MS_BIND, MS_MOVE, MS_REC, MS_PRIVATE = 0x1000, 0x2000, 0x4000, 0x40000
MNT_DETACH = 2
libc = ctypes.CDLL(None, use_errno=True)


def call(what, *arguments):
    if getattr(libc, what)(*(a.encode() if isinstance(a, str) else a for a in arguments)):
        e = ctypes.get_errno()
        raise OSError(e, "%s%s: %s" % (what, arguments, os.strerror(e)))


def mount(source, target, kind=None, flags=0, data=None):
    call("mount", source, target, kind, ctypes.c_ulong(flags), data)


def root_is_a_mount():
    with open("/proc/self/mountinfo") as f:
        return any(line.split()[4] == "/" for line in f)


def closed_above(path):
    """The folder nearest to / that others may not enter, of those above the path; None: all let them in."""
    found = None
    while path != "/":
        path = os.path.dirname(path)
        if not os.stat(path).st_mode & 0o001:
            found = path
    return found


def make_root_a_mount():
    """Joining the namespace in which we are leads to its own root; from there the chroot's folder, bound to itself, takes its place."""
    root, space = os.open("/", os.O_PATH), os.open("/proc/self/ns/mnt", os.O_RDONLY)
    call("setns", space, CLONE_NEWNS)
    folder = os.readlink("/proc/self/fd/%d" % root)
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    mount(folder, folder, flags=MS_BIND | MS_REC)
    os.chdir(folder)
    call("pivot_root", ".", ".")
    call("umount2", ".", MNT_DETACH)  # the old root, which now lies above
    os.close(root)
    os.close(space)


def open_folder(closed, keep):
    """Another folder in the place of the closed one, and in it what is to be kept of it."""
    inside = sorted({p for p in keep if p.startswith(closed + "/")})
    held = [os.open(p, os.O_PATH) for p in inside]
    mount("place", closed, "tmpfs", data="mode=755")
    for path, fd in zip(inside, held):
        if not os.path.isdir(path):  # below one that is back already
            os.makedirs(path, 0o755)
            mount("/proc/self/fd/%d" % fd, path, flags=MS_BIND | MS_REC)
        os.close(fd)


def prepare():
    clone = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
    keep = [clone, os.getcwd(), os.path.realpath(os.environ.get("TMPDIR") or "/tmp")]
    mounted, closed = root_is_a_mount(), sorted({c for c in map(closed_above, keep) if c})
    if mounted and not closed:
        return
    call("unshare", CLONE_NEWNS)
    if not mounted:
        make_root_a_mount()
    mount(None, "/", flags=MS_REC | MS_PRIVATE)
    for folder in closed:
        open_folder(folder, keep)
    os.chdir(keep[1])


if __name__ == "__main__":
    if os.geteuid() == 0:
        try:
            prepare()
        except OSError as e:
            print("place.py: the place stays as it is:", e, file=sys.stderr)
    os.execvp(sys.argv[1], sys.argv[1:])
