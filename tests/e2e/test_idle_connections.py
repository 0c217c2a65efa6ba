"""Ten thousand connections that rest: what they cost the process, in memory that it holds."""

import re
import resource
import socket
import sys

import pytest

from house import Router, call

MANY = 10_000
ASK = b"GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n"


def resident_mib(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+) kB", open(f"/proc/{pid}/status").read())[1]) / 1024


def room_for(files: int) -> bool:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < files <= hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return files <= hard


@pytest.mark.long
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what a process holds is read from /proc")
def test_ten_thousand_idle_connections_take_at_most_100_mb(tmp_path):
    if not room_for(MANY + 500):
        pytest.skip(f"this system does not let a process open {MANY + 500} files")
    file = tmp_path / "router.yaml"
    file.write_text("roles: { coder: { node: here, model: m } }\nnodes: { here: { address: 127.0.0.1:1 } }\nlimits: { connections: 10100 }\n")
    router = Router("--config", file)
    clients = []
    try:
        before = resident_mib(router.process.pid)
        for _ in range(MANY):
            client = socket.create_connection(("127.0.0.1", router.port), timeout=60)
            client.sendall(ASK)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
            clients.append(client)
        after = resident_mib(router.process.pid)
        print(f"{MANY} idle connections: {after:.1f} MiB resident, {before:.1f} before them")
        assert after <= 100
        assert call(router.url + "/health/live")[0] == 200
        for client in clients[:: MANY // 100]:  # none was closed
            client.sendall(ASK)
            assert client.recv(4096).startswith(b"HTTP/1.1 200")
    finally:
        for client in clients:
            client.close()
        router.stop()
