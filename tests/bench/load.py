"""What drives a server and what takes its mail: smtp-source, smtp-sink, and sessions that do nothing."""
import pathlib
import re
import socket
import subprocess
import time

RUN_LIMIT_S = 600


class Sink:
    """smtp-sink on a port; counts in its output what it took. Use as a context."""

    def __init__(self, build, port):
        self.port = port
        self.command = [str(pathlib.Path(build, "peers/bin/smtp-sink")), "-c", "-u", "nobody", f"127.0.0.1:{port}", "1000"]
        self.process = None

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return self
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("smtp-sink did not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()
        return False

    def wait_for(self, messages):
        """Returns when it has taken so many messages: its line `... quit=N mesg=M` is written anew at each change."""
        text, limit = "", time.monotonic() + RUN_LIMIT_S
        while time.monotonic() < limit:
            text = (text + self.process.stdout.read1(65536).decode())[-4096:]
            counts = re.findall(r"mesg=(\d+)", text)
            if counts and int(counts[-1]) >= messages:
                return
        raise RuntimeError(f"the sink has not got {messages} messages in {RUN_LIMIT_S} s")


def source(build, port, sessions, messages, size, keep=True):
    """Sends messages over sessions that stay open, or a new one for each; seconds that it took."""
    command = [str(pathlib.Path(build, "peers/bin/smtp-source")), *(["-d"] if keep else []), "-s", str(sessions), "-m", str(messages), "-l", str(size),
               "-f", "sender@source.example", "-t", "recipient@sink.example", f"127.0.0.1:{port}"]
    began = time.monotonic()
    subprocess.run(command, check=True, timeout=RUN_LIMIT_S, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def idle_sessions(port, count):
    """So many sessions that have said EHLO and wait; the sockets, to be closed by whoever asked."""
    sockets = []
    for _ in range(count):
        s = socket.create_connection(("127.0.0.1", port), timeout=30)
        lines = s.makefile("rb")
        lines.readline()
        s.sendall(b"EHLO idle.example\r\n")
        while lines.readline()[3:4] == b"-":
            pass
        lines.close()
        sockets.append(s)
    return sockets
