"""Two machines on one cable: namespaces joined by a veth pair, each end named `cable` where it is. Needs root."""

import socket

import harness


class Cable:
    """near (10.78.0.2, its default gateway is the other) is where the gateway runs; far (10.78.0.1) has what it talks to."""

    NEAR, FAR = "10.78.0.2", "10.78.0.1"

    def __init__(self):
        self.near, self.far = harness.Space(), None
        self.plug()

    def plug(self):
        """A machine at the far end."""
        self.far = harness.Space()
        self.near.run(["ip", "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", str(self.far.keeper.pid)])
        for space, address in (self.near, self.NEAR), (self.far, self.FAR):
            space.run(["ip", "address", "add", address + "/24", "dev", "cable"])
            space.run(["ip", "link", "set", "cable", "up"])
        self.near.run(["ip", "route", "add", "default", "via", self.FAR])

    def sink(self, port=0, **more):
        return self.far.enter(lambda: harness.Sink(host=self.FAR, port=port, **more))

    def remove(self, *ours):
        """The machine at the far end is no more, and with it the device here, as a veth pair goes with either namespace. What is ours
        there would keep it, and ends without a word to anybody."""
        self.far.run(["ip", "link", "set", "cable", "down"])
        for end in ours:
            end.close()
        self.far.close()
        harness.wait_for("the device is gone", lambda: self.near.run(["ip", "link", "show", "cable"], check=False,
                                                                     capture_output=True).returncode)

    def close(self):
        self.near.close()
        self.far.close()


class Dropped:
    """A port that answers nothing, as behind a firewall that drops: its queue of connections is full, and nobody takes them."""

    def __init__(self, host, port):
        self.server = socket.socket()
        self.server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.server.bind((host, port))
        self.server.listen(0)
        self.port = self.server.getsockname()[1]
        self.waiting = []
        for _ in range(4):
            s = socket.socket()
            s.setblocking(False)
            s.connect_ex((host, self.port))
            self.waiting.append(s)

    def close(self):
        for s in [self.server] + self.waiting:
            s.close()
