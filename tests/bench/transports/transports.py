#!/usr/bin/env python3
"""Each TCP/IP of the gateway beside a bare program on the same provider: what does our interface cost?

transports.py [--rounds N] [--ms N] [--bulk MIB] [--only CODE[,CODE]] [--perf FOLDER]

  rr N    requests of 64 bytes answered a second, over N connections with one under way on each
  in      MiB a second that one connection takes in
  out     MiB a second that one connection gives out

Bare: lmn epoll, xln io_uring, ftp lwIP's raw calls over libvdeplug, nvl epoll in a namespace whose TAP vde_plug ties to the
switch, win libslirp over libvdeplug with its AF_UNIX sockets. The load comes from the kernel: over loopback, or from a namespace
whose TAP is plugged into the same vde_switch. Each round runs the module and the bare program, one right after the other and
with the order turned from round to round; the ratio is module / bare of that round, and the table has the medians.
Each process has a session of its own, for the kernel shares processors out by sessions (autogroup), and nvl's helper has one.
The row `xln/lmn` has the two modules. --perf has `perf record` follow the server of each module, for `perf report -i FOLDER/CODE-CASE`.
Needs root, for the namespaces.
"""
import argparse
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "system"))
import harness  # noqa: E402

CODES = ("lmn", "xln", "ftp", "nvl", "win")
CASES = (("rr", 1), ("rr", 32), ("rr", 256), ("in", 1), ("out", 1))
OWN = {"ftp": "10.77.0.25", "nvl": "10.77.0.45", "win": "10.77.0.35"}
PROGRAMS = os.path.join(harness.BUILD, "tests", "bench", "transports")


class Line:
    """The line that tells a terminal how far it is; a pipe hears nothing."""

    def __init__(self, stream=sys.stderr):
        self.stream, self.on, self.done, self.all = stream, stream.isatty(), 0, 0

    def say(self, text):
        self.done += 1
        if self.on:
            self.stream.write("\r%3d/%d %-40s" % (self.done, self.all, text))
            self.stream.flush()

    def end(self):
        if self.on:
            self.stream.write("\r%60s\r" % "")


def server_of(argv, stack):
    """A server that runs: (process, address). It ends with the stack."""
    p = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, start_new_session=True)
    stack.callback(p.stdout.close)
    stack.callback(p.wait)
    stack.callback(p.kill)
    address = p.stdout.readline().strip()
    if not address:
        raise RuntimeError("%s does not start" % " ".join(argv))
    return p, address


def module_of(code):
    for suffix in (os.path.join("plugins", code, ".libs", code + ".so"), os.path.join("plugins", code, code + ".so")):
        if os.path.exists(os.path.join(harness.BUILD, suffix)):
            return os.path.join(harness.BUILD, suffix)
    return None


def settings_of(code, net):
    more = {"ftp": ["address=%s/24" % OWN["ftp"]], "nvl": ["address=%s/24" % OWN["nvl"]],
            "win": ["address=%s/24" % OWN["win"], "source=10.77.0.36"]}.get(code)
    return ["network=" + net.url] + more if more else []


def module_command(code, net, bulk):
    listen = OWN[code] + ":25" if code in OWN else "127.0.0.1:0"
    return [program("serve_module"), module_of(code), listen, str(bulk)] + settings_of(code, net)


def program(name):
    return os.path.join(PROGRAMS, name)


def bare(code, net, bulk, stack):
    """The bare server of a code, which runs when this returns."""
    n = str(bulk)
    if code in ("lmn", "xln"):
        return server_of([program("bare_sockets" if code == "lmn" else "bare_uring"), "127.0.0.1:0", n], stack)
    if code == "ftp":
        return server_of([program("bare_lwip"), net.url, OWN[code] + ":25", n], stack)
    if code == "win":
        folder = tempfile.mkdtemp(prefix="smtpgate-bare.")
        stack.callback(shutil.rmtree, folder, True)
        return server_of([program("bare_slirp"), net.url, OWN[code] + ":25", n, folder], stack)
    space = harness.Space()
    stack.callback(space.close)
    plug = subprocess.Popen(space.inside + ["vde_plug", net.url, "tap://bench0"], stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    stack.callback(plug.stdin.close)
    stack.callback(plug.wait)
    stack.callback(plug.kill)
    harness.wait_for("vde_plug has made its TAP", lambda: space.run(
        ["ip", "address", "add", OWN[code] + "/24", "dev", "bench0"], check=False, stderr=subprocess.DEVNULL).returncode == 0)
    space.run(["ip", "link", "set", "bench0", "up"])
    return server_of(space.inside + [program("bare_sockets"), OWN[code] + ":25", n], stack)


def follow(pid, path, stack):
    p = subprocess.Popen(["perf", "record", "-q", "-g", "-o", path, "-p", str(pid)], stderr=subprocess.DEVNULL)
    stack.callback(p.wait)
    stack.callback(p.terminate)


def measure(code, kind, case, net, args):
    """One server, one load: requests or MiB a second."""
    mode, count = case
    bulk = int(args.bulk * 1024 * 1024)
    with contextlib.ExitStack() as stack:
        if kind == "bare":
            _, address = bare(code, net, bulk, stack)
        else:
            p, address = server_of(module_command(code, net, bulk), stack)
            if args.perf:
                follow(p.pid, os.path.join(args.perf, "%s-%s%d" % (code, mode, count)), stack)
        inside = net.inside if code in OWN else []
        if inside:  # the server before it had another MAC
            net.run(["ip", "neighbour", "flush", "dev", "vde0"])
        amount = args.ms if mode == "rr" else bulk
        done = subprocess.run(inside + [program("load"), address, mode, str(count), str(amount)], stdout=subprocess.PIPE,
                              text=True, timeout=300, check=False)
        if done.returncode:
            raise RuntimeError("%s, %s %s %d: the load failed" % (code, kind, mode, count))
        return float(done.stdout)


def rounds(codes, net, args, line):
    """{(code, case): [(module, bare) of each round]}"""
    found = {(code, case): [] for code in codes for case in CASES}
    line.all = len(found) * args.rounds
    for n in range(args.rounds):
        for code, case in found:
            line.say("round %d: %s %s %d" % (n + 1, code, *case))
            kinds = ("module", "bare") if n % 2 == 0 else ("bare", "module")
            got = {kind: measure(code, kind, case, net, args) for kind in kinds}
            found[code, case].append((got["module"], got["bare"]))
    line.end()
    return found


def median(pairs):
    return statistics.median(m / b for m, b in pairs)


def ratio_text(value):
    """Two digits behind the point, or one that counts: a ratio is never printed as 0."""
    return "%12.2f" % value if value >= 0.01 else "%12.1g" % value


def table(codes, found):
    head = ["%s %d" % case if case[0] == "rr" else case[0] for case in CASES]
    yield "%-28s" % "medians" + "".join("%12s" % h for h in head)
    for code in codes:
        for which, name in ((0, "module"), (1, "bare")):
            values = [statistics.median(p[which] for p in found[code, case]) for case in CASES]
            yield "%-28s" % ("%s %s" % (code, name)) + "".join("%12.0f" % v for v in values)
        yield "%-28s" % ("%s ratio" % code) + "".join(ratio_text(median(found[code, case])) for case in CASES)
    if "lmn" in codes and "xln" in codes:
        pairs = [[(x[0], n[0]) for x, n in zip(found["xln", case], found["lmn", case])] for case in CASES]
        yield "%-28s" % "xln/lmn ratio" + "".join(ratio_text(median(p)) for p in pairs)


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--ms", type=int, default=1000, help="time of a request-response measurement")
    parser.add_argument("--bulk", type=float, default=64, help="MiB of a bulk measurement")
    parser.add_argument("--only", default=",".join(CODES))
    parser.add_argument("--perf", metavar="FOLDER")
    args = parser.parse_args(argv)
    if os.geteuid() != 0:
        print("namespaces are root's to make: sudo make bench-transports")
        return 77
    asked = args.only.split(",")
    codes = [c for c in CODES if c in asked and module_of(c)]
    if not codes:
        print("no module of %s is built" % args.only)
        return 77
    with contextlib.closing(harness.VdeNetwork()) as net:
        found = rounds(codes, net, args, Line())
    print("requests a second (rr CONNECTIONS) and MiB a second (in, out); %d rounds" % args.rounds)
    print("\n".join(table(codes, found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
