"""A cable that is really pulled: the machine stands in a network namespace of its own, the link goes down, and only the kernel can tell.
Needs root and iproute2. What it took is printed, never judged."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import time

import pytest

from house import BINARY, Router, call, until

pytestmark = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("ip"), reason="network namespaces need root and iproute2")

YAML = """roles:
  coder: {{ node: mini, model: qwen3-coder:30b, keep_alive: 2h }}
nodes:
  mini: {{ address: [{addresses}], gpu_memory: 56GiB }}
models:
  qwen3-coder:30b: {{ num_ctx: 32768, size: 19GB }}
"""


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, text=True, timeout=60)


def reached(host):
    """Without the router: does a plain connection get there?"""
    for _ in range(100):
        try:
            socket.create_connection((host, 11434), timeout=1).close()
            return True
        except OSError:
            time.sleep(0.1)
    return False


class Machine:
    """A simulated Mac behind `cables` links: 10.231.<n>.1 here, 10.231.<n>.2 there."""

    def __init__(self, folder, cables):
        self.space = f"rr{os.getpid()}"
        if ip("netns", "add", self.space).returncode != 0:
            pytest.skip("this system makes no network namespaces")
        self.programs = []
        self.ends = [f"rr{os.getpid() % 100000}n{n}" for n in range(cables)]
        try:
            for n, end in enumerate(self.ends):
                there = end + "t"
                for words in (["link", "add", end, "type", "veth", "peer", "name", there], ["link", "set", there, "netns", self.space],
                              ["addr", "add", f"10.231.{n}.1/24", "dev", end], ["link", "set", end, "up"],
                              ["-n", self.space, "addr", "add", f"10.231.{n}.2/24", "dev", there], ["-n", self.space, "link", "set", there, "up"]):
                    made = ip(*words)
                    if made.returncode != 0:
                        pytest.skip("this system makes no virtual links: " + made.stderr.strip())
            node = subprocess.Popen(["ip", "netns", "exec", self.space, BINARY, "sim-node", "--listen", "0.0.0.0:11434", "--machine", "mac-mini", "--clock", "50"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.programs.append(node)
            for n in range(cables):
                if not reached(f"10.231.{n}.2"):
                    pytest.skip("this system's network namespaces carry no TCP")
            self.file = folder / "router.yaml"
            self.file.write_text(YAML.format(addresses=", ".join(f"10.231.{n}.2" for n in range(cables))))
            self.router = Router("--config", self.file)
            until("the machine and its links up", lambda: all(link["state"] == "up" for link in self.links()))
        except BaseException:
            self.stop()
            raise

    def links(self):
        return self.router.health()["nodes"]["mini"]["links"]

    def pull(self, n):
        assert ip("link", "set", self.ends[n], "down").returncode == 0

    def put_back(self, n):
        assert ip("link", "set", self.ends[n], "up").returncode == 0

    def stop(self):
        if hasattr(self, "router"):
            self.router.stop()
        for program in self.programs:
            program.kill()
            program.wait()
        for end in self.ends:
            ip("link", "del", end)
        ip("netns", "del", self.space)


@pytest.fixture
def machine(tmp_path, request):
    made = Machine(tmp_path, request.param)
    yield made
    made.stop()


def stream(machine, prompt):
    connection = http.client.HTTPConnection("127.0.0.1", machine.router.port, timeout=120)
    connection.request("POST", "/api/chat", json.dumps({"model": "coder", "messages": [{"role": "user", "content": prompt}]}))
    return connection


def rest(answer):
    said = b""
    try:
        while line := answer.readline():
            said += line
        return said, "whole"
    except http.client.IncompleteRead as cut:
        return said + cut.partial, "cut"


LONG = "[[chunks:300]][[delay:4000]]"  # half a minute, unless it is cut; the machine, which hears nothing of the cut, goes on with it


@pytest.mark.parametrize("machine", [1], indirect=True)
def test_the_only_cable_pulled_in_mid_stream_is_told_within_the_stream(machine, capsys):
    connection = stream(machine, LONG)
    answer = connection.getresponse()
    assert answer.readline()
    began = time.monotonic()
    machine.pull(0)
    said, _ = rest(answer)
    with capsys.disabled():
        print(f"\n  the only cable: noticed after {time.monotonic() - began:.1f} s")
    assert b'"done":true' not in said
    assert b"the link to mini (10.231.0.2:11434) was lost after" in said
    machine.put_back(0)
    until("the machine to answer again", lambda: machine.router.health()["nodes"]["mini"]["state"] == "up")
    assert call(machine.router.url + "/api/chat", {"model": "coder", "stream": False, "messages": [{"role": "user", "content": "[[say:hi]]"}]})[0] == 200


@pytest.mark.parametrize("machine", [2], indirect=True)
def test_the_better_of_two_cables_pulled(machine, capsys):
    connection = stream(machine, LONG)
    answer = connection.getresponse()
    assert answer.readline()
    began = time.monotonic()
    machine.pull(0)
    said, _ = rest(answer)
    with capsys.disabled():
        print(f"\n  one of two cables: noticed after {time.monotonic() - began:.1f} s")
    assert b"ask again, the other link is up" in said
    assert [link["in_use"] for link in machine.links()] == [False, True]
    began = time.monotonic()
    assert call(machine.router.url + "/api/chat", {"model": "coder", "stream": False, "messages": [{"role": "user", "content": "[[say:hi]]"}]})[0] == 200
    with capsys.disabled():
        print(f"  asked again over the other one: {time.monotonic() - began:.2f} s")
    machine.put_back(0)
    until("the better cable to be taken back", lambda: machine.links()[0]["in_use"])
