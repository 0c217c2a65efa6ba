"""What links cost on this machine, by the clock: an address that refuses, one that swallows everything, one that goes and comes back.
Prints figures, judges nothing. The address that refuses and the one that swallows are of this machine's loopback network."""

import pathlib
import selectors
import socket
import statistics
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
from house import Node, Router, call, until  # noqa: E402

ASK = {"model": "coder", "stream": False, "messages": [{"role": "user", "content": "[[say:hi]]"}]}


class BlackHole:
    """Its queue of connections is full: what comes is dropped, as by a cut cable."""

    def __init__(self):
        self.sockets = [socket.socket()]
        self.sockets[0].bind(("127.0.0.1", 0))
        self.sockets[0].listen(0)
        self.port = self.sockets[0].getsockname()[1]
        for _ in range(4):
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", self.port))
            self.sockets.append(one)


class Cable:
    """Another address of the node, which can be pulled and put back."""

    def __init__(self, to: int):
        self.to, self.port, self.open, self.listener = to, 0, [], None
        self.put()

    def put(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        self.listener.listen(64)
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def pull(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for one in self.open:
            one.close()
        self.open = []

    def accept(self, listener):
        while True:
            try:
                client = listener.accept()[0]
            except OSError:
                return
            node = socket.create_connection(("127.0.0.1", self.to))
            self.open += [client, node]
            threading.Thread(target=self.carry, args=(client, node), daemon=True).start()

    @staticmethod
    def carry(a, b):
        with selectors.DefaultSelector() as both:
            try:
                both.register(a, selectors.EVENT_READ, b)
                both.register(b, selectors.EVENT_READ, a)
                while True:
                    for key, _ in both.select():
                        data = key.fileobj.recv(65536)
                        if not data:
                            raise OSError
                        key.data.sendall(data)
            except (OSError, ValueError):
                a.close()
                b.close()


def configured(folder, addresses):
    file = pathlib.Path(folder) / "router.yaml"
    file.write_text("roles: { coder: { node: mini, model: qwen3-coder:30b } }\nnodes: { mini: { address: [" + ", ".join(addresses) + "] } }\n")
    return file


def milliseconds(do) -> float:
    began = time.perf_counter()
    assert do()
    return (time.perf_counter() - began) * 1000


def answered(router) -> float:
    return milliseconds(lambda: call(router.url + "/api/chat", ASK)[0] == 200)


def in_use(router) -> int:
    return next((int(link["address"].split(":")[1]) for link in router.health()["nodes"]["mini"]["links"] if link["in_use"]), 0)


def main(rounds: int):
    node = Node("mac-mini", "--clock", "1000")
    good = f"127.0.0.1:{node.port}"
    hole, closed = BlackHole(), socket.socket()
    closed.bind(("127.0.0.1", 0))  # nobody listens: refused
    variants = {"one address": [good], "the first refuses": [f"127.0.0.1:{closed.getsockname()[1]}", good], "the first swallows": [f"127.0.0.1:{hole.port}", good]}
    seen = {name: ([], []) for name in variants}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, addresses in variants.items():
                router = Router("--config", configured(folder, addresses))
                seen[name][0].append(answered(router))
                seen[name][1].append(statistics.median(answered(router) for _ in range(20)))
                router.stop()
        base = statistics.median(seen["one address"][1])
        print(f"{'':20}{'first answer after the start':>30}{'later answers':>16}{'ratio':>8}   medians of {rounds}, ms")
        for name, (first, later) in seen.items():
            print(f"{name:20}{statistics.median(first):>30.1f}{statistics.median(later):>16.2f}{statistics.median(later) / base:>8.2f}")
        cable = Cable(node.port)
        router = Router("--config", configured(folder, [f"127.0.0.1:{cable.port}", good]))
        until("the better link to be used", lambda: in_use(router) == cable.port)
        answered(router)
        cable.pull()
        print(f"pulled:   the next answer after {answered(router):.1f} ms, the other link in use after {milliseconds(lambda: until('the other link', lambda: in_use(router) == node.port)):.0f} ms more")
        cable.put()
        print(f"put back: in use again after {milliseconds(lambda: until('the better link', lambda: in_use(router) == cable.port)) / 1000:.1f} s (three good answers, and at least 10 s after the last change)")
        router.stop()
    node.stop()


main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
