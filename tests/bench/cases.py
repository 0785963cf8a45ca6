"""What is compared: one row a case, with the ratio to Postfix that is aimed at."""
import time
from dataclasses import dataclass

from load import Sink, idle_sessions, source
from servers import free_port

KIB = 1024


@dataclass(frozen=True)
class Case:
    name: str
    unit: str
    target: float  # of smtpgate / postfix: at least, or with `less` at most; 0: none
    way: str  # taken: answered while it goes on to a sink; held: kept on disk; through: arrived at the sink; maildir; idle
    sessions: int = 20
    size: int = 4 * KIB
    share: float = 1.0  # of --messages
    keep: bool = True  # a session sends all it has, else one message
    cpu: bool = False  # processor time is what is measured
    less: bool = False  # less is better


CASES = (
    Case("accepted, 20 sessions", "1/s", 10, "taken"),
    Case("accepted, 100 sessions", "1/s", 10, "taken", sessions=100),
    Case("accepted and held, 20 sessions", "1/s", 10, "held"),
    Case("accepted and held, 100 sessions", "1/s", 10, "held", sessions=100),
    Case("end to end, 20 sessions", "1/s", 8, "through"),
    Case("end to end, 100 sessions", "1/s", 8, "through", sessions=100),
    Case("into Maildirs, 20 sessions", "1/s", 5, "maildir"),
    Case("accepted and held, 64 KiB", "1/s", 4, "held", size=64 * KIB, share=0.2),
    Case("accepted and held, 1 MiB", "1/s", 4, "held", size=KIB * KIB, share=0.02),
    Case("accepted, one session", "1/s", 3, "taken", sessions=1, share=0.2),
    Case("accepted, a connection each", "1/s", 3, "taken", keep=False, share=0.4),
    Case("processor, accepted and held", "ms/1000", 1 / 15, "held", cpu=True, less=True),
    Case("processor, end to end", "ms/1000", 1 / 15, "through", cpu=True, less=True),
    Case("memory of an idle session", "KiB", 0, "idle", sessions=100, less=True),
)


def load(case, build, server, messages):
    return source(build, server.port, case.sessions, messages, case.size, case.keep)


def cpu_per_thousand(server, before, messages):
    return (server.cpu_s() - before) * 1e6 / messages


def measure_held(case, make, build, messages):
    with make(way="hold", sink_port=free_port(), sessions=case.sessions) as server:
        cpu = server.cpu_s()
        took = load(case, build, server, messages)
        spent = cpu_per_thousand(server, cpu, messages)
        if server.kept() != messages:
            raise RuntimeError(f"{server.name} took {messages} messages and has {server.kept()}")
        return spent if case.cpu else messages / took


def measure_through(case, make, build, messages):
    """Whether it ends with the last answer or the last arrival, all must arrive."""
    with Sink(build, free_port()) as sink, make(way="send", sink_port=sink.port, sessions=case.sessions) as server:
        cpu, began = server.cpu_s(), time.monotonic()
        answered = load(case, build, server, messages)
        sink.wait_for(messages)
        took = answered if case.way == "taken" else time.monotonic() - began
        return cpu_per_thousand(server, cpu, messages) if case.cpu else messages / took


def measure_maildir(case, make, build, messages):
    with make(way="maildir", sink_port=free_port(), sessions=case.sessions) as server:
        began = time.monotonic()
        load(case, build, server, messages)
        while server.delivered() < messages:
            time.sleep(0.02)
            if time.monotonic() > began + 600:
                raise RuntimeError(f"{server.name} has delivered {server.delivered()} of {messages} in 600 s\n" + server.story())
        return messages / (time.monotonic() - began)


def measure_idle(case, make, _build, _messages):
    with make(way="hold", sink_port=free_port(), sessions=case.sessions) as server:
        first = idle_sessions(server.port, 1)  # what is paid once is not a session's
        before = server.memory_kib()
        rest = idle_sessions(server.port, case.sessions)
        after = server.memory_kib()
        for s in first + rest:
            s.close()
        return (after - before) / case.sessions


WAYS = {"taken": measure_through, "held": measure_held, "through": measure_through, "maildir": measure_maildir,
        "idle": measure_idle}


def measure(case, make, build, messages):
    """What one server does in one case: a number in case.unit."""
    return WAYS[case.way](case, make, build, max(int(messages * case.share), 20))
