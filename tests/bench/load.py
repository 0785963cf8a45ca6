"""What drives a server and what takes its mail: smtp-source, smtp-sink, and sessions that do nothing."""
import pathlib
import re
import socket
import subprocess
import threading
import time

RUN_LIMIT_S = 600


class Sink:
    """smtp-sink on a port; counts in its output what it took. Use as a context."""

    def __init__(self, build, port, host="127.0.0.1"):
        self.host, self.port = host, port
        self.command = [str(pathlib.Path(build, "peers/bin/smtp-sink")), "-c", "-m", "30000", "-u", "nobody", f"{host}:{port}",
                        "1000"]
        self.process, self.count = None, 0

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        for _ in range(600):
            try:
                socket.create_connection((self.host, self.port), timeout=5).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise RuntimeError("smtp-sink did not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.reader.join()
        self.process.stdout.close()
        return False

    def read(self):
        """Takes its line `... quit=N mesg=M`, which it writes anew at each change: with a full pipe it would take no more mail."""
        text = b""
        while chunk := self.process.stdout.read1(65536):
            text = (text + chunk)[-4096:]
            counts = re.findall(rb"mesg=(\d+)\D", text)
            self.count = int(counts[-1]) if counts else 0
            time.sleep(0.002)  # many lines at once cost less beside what is measured

    def wait_for(self, messages):
        """Returns when it has taken so many messages."""
        limit = time.monotonic() + RUN_LIMIT_S
        while self.count < messages:
            if time.monotonic() > limit:
                raise RuntimeError(f"the sink has got {self.count} of {messages} messages in {RUN_LIMIT_S} s")
            time.sleep(0.002)


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
