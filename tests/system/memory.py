"""How much memory the gateway takes with all that it runs, while a test does something.

Counted is memory that is nobody else's: RssAnon of all of these processes at one moment, seen every few milliseconds; and VmHWM of the
gateway, the kernel's own record of its peak, files and libraries among it, begun anew before.
"""

import os
import threading

from sink import LIMIT

MIB = 1 << 20


class Memory(threading.Thread):
    """Looks at a process and its children until it is stopped."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.over = pid, threading.Event()
        with open("/proc/%d/clear_refs" % pid, "w") as f:
            f.write("5")  # the record of the peak begins here
        self.idle = self.look(pid)["RssAnon"]
        self.idle_peak = self.look(pid)["VmHWM"]
        self.peak, self.seen = 0, {}
        self.start()

    def look(self, pid):
        with open("/proc/%d/status" % pid) as f:
            lines = dict(line.split(":", 1) for line in f)
        return {k: int(lines[k].split()[0]) << 10 for k in ("RssAnon", "VmHWM") if k in lines} | {"Name": lines["Name"].strip()}

    @staticmethod
    def command(pid):
        with open("/proc/%d/cmdline" % pid, "rb") as f:
            return f.read()

    def children(self):
        for task in os.listdir("/proc/%d/task" % self.pid):
            with open("/proc/%d/task/%s/children" % (self.pid, task)) as f:
                yield from map(int, f.read().split())

    def run(self):
        own = self.command(self.pid)
        while not self.over.wait(0.003):
            total = self.look(self.pid)["RssAnon"]
            try:
                for pid in self.children():
                    if self.command(pid) == own:
                        continue  # not yet the program that it becomes: its memory is the gateway's, which would count twice
                    one = self.look(pid)
                    total += one.get("RssAnon", 0)  # none of one that has just ended
                    name = one["Name"]
                    self.seen[name] = max(self.seen.get(name, 0), one.get("VmHWM", 0))
            except (FileNotFoundError, ProcessLookupError):
                pass  # it ended meanwhile
            self.peak = max(self.peak, total)

    def stop(self):
        """(bytes above idle, bytes that the gateway's own peak rose)"""
        self.over.set()
        self.join(LIMIT)
        return self.peak - self.idle, self.look(self.pid)["VmHWM"] - self.idle_peak

    def words(self, above, own):
        return "%.1f MiB above idle (%.1f MiB), the gateway's own peak %.1f MiB above; peaks with libraries: %s" % (
            above / MIB, self.idle / MIB, own / MIB, ", ".join("%s %.1f" % (k, v / MIB) for k, v in sorted(self.seen.items())))
