"""The measurements of proxy.sh. proxy.py ROUNDS

The proxy alone runs on core 0, load and node share core 1. CPU is the process's own run time (/proc/PID/task/*/schedstat),
memory its PSS. Trust the ratios; the machine moves the absolute figures.
"""

import glob
import json
import os
import pathlib
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TOOLS = ROOT / "build" / "bench"
ROUNDS = int(sys.argv[1])
SECONDS = 2
CONNECTIONS = 64
STREAMS = 1000
PACE_MS = 20
SIZES = {"1 KB": 1024, "32 KB": 32 * 1024, "256 KB": 256 * 1024}

NGINX = """
worker_processes 1;
error_log stderr error;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  client_max_body_size 16m;
  client_body_buffer_size 512k;
  keepalive_requests 100000000;
  upstream node {{ server 127.0.0.1:{node}; keepalive 64; keepalive_requests 100000000; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://node;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""
ROUTER = """
listen: 127.0.0.1:{port}
roles:
  bench: {{ node: node, model: "bench:latest", keep_alive: -1 }}
nodes:
  node: {{ address: 127.0.0.1:{node} }}
models:
  bench:latest: {{ num_ctx: 8192, size: 1GB, parallel: 1024 }}
smart_swap: {{ policy: seed }}
limits: {{ connections: 4096, waiting: 4096 }}
"""
WRK = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
local file = io.open("{body}", "rb")
wrk.body = file:read("*a")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, condition):
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            sys.exit(f"proxy.py: {what} did not come in 30 s")
        time.sleep(0.02)


def answers(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read()
    except OSError:
        return None


def pinned(core, *command, **more):
    return subprocess.Popen(["taskset", "-c", str(core), *map(str, command)], **more)


class Proxy:
    def __init__(self, name, folder, node_port):
        self.name, self.port = name, free_port()
        config = folder / f"{name}.conf"
        config.write_text((NGINX if name == "nginx" else ROUTER).format(folder=folder, node=node_port, port=self.port))
        command = ["nginx", "-p", folder, "-c", config] if name == "nginx" else [
            ROOT / "build" / "release" / "role-router", "serve", "--config", config]
        self.process = pinned(0, *command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(f"{name}'s first answer (its configuration is in tests/bench/proxy.py)",
              lambda: self.process.poll() is None and answers(self.port, "/api/version"))
        if name != "nginx":
            until("the router's sight of its node",
                  lambda: json.loads(answers(self.port, "/health"))["roles"]["bench"]["state"] == "ready")
        self.pids = [self.process.pid, *map(int, pathlib.Path(
            f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split())]

    def cpu_us(self) -> float:
        total = 0
        for pid in self.pids:
            for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                total += int(pathlib.Path(task).read_text().split()[0])
        return total / 1000

    def pss_kb(self) -> int:
        return sum(int(re.search(r"^Pss: *(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1])
                   for pid in self.pids)

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(3)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGINT)  # the router's second signal means now
            self.process.wait(10)


class Bench:
    def __init__(self, folder):
        self.folder = folder
        self.node_port = free_port()
        self.node = pinned(1, TOOLS / "dummy_node", self.node_port, PACE_MS)
        until("the dummy node", lambda: answers(self.node_port, "/api/version"))
        for name, size in SIZES.items():
            self.body(f"{size}", size, "false")
        self.body("stream", 1024, "true")

    def body(self, name, size, stream):
        head = f'{{"model":"bench:latest","stream":{stream},"messages":[{{"role":"user","content":"'
        (self.folder / f"{name}.json").write_text(head + "x" * (size - len(head) - 4) + '"}]}')
        (self.folder / f"{name}.lua").write_text(WRK.format(body=self.folder / f"{name}.json"))

    def wrk(self, port, size, seconds=SECONDS) -> int:
        ran = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "-s",
                              self.folder / f"{size}.lua", f"http://127.0.0.1:{port}/api/chat"],
                             capture_output=True, text=True, check=True)
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", ran.stdout)
        if bad:
            sys.exit(f"proxy.py: {bad[1]} answers were not 200")
        return int(re.search(r"(\d+) requests in", ran.stdout)[1])

    def cpu_per_request(self, proxy, size):
        self.wrk(proxy.port, size, 1)
        before = proxy.cpu_us()
        requests = self.wrk(proxy.port, size)
        return (proxy.cpu_us() - before) / requests

    def calls_per_request(self, proxy, size):
        out = self.folder / "strace.txt"
        trace = subprocess.Popen(["strace", "-f", "-c", "-o", out, *(w for pid in proxy.pids for w in ("-p", str(pid)))],
                                 stderr=subprocess.PIPE, text=True)
        attached = 0
        for line in trace.stderr:
            attached += "attached" in line
            if attached >= len(proxy.pids):
                break
        requests = self.wrk(proxy.port, size)
        trace.send_signal(signal.SIGINT)
        trace.wait(30)
        trace.stderr.close()
        total = re.search(r"^100[.,]00 +\S+ +(?:\d+ +)?(\d+) +(?:\d+ +)?total", out.read_text(), re.M)
        return int(total[1]) / requests

    def streams(self, proxy):
        """CPU per chunk, p50 of the delay, memory per stream (a fresh process is wanted for the last)."""
        self.wrk(proxy.port, SIZES["1 KB"], 1)  # warm, so that memory is that of the streams
        memory = proxy.pss_kb()
        load = pinned(1, TOOLS / "paced_load", proxy.port, STREAMS, self.folder / "stream.json",
                      stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            if load.stdout.readline() != "ready\n":
                sys.exit(f"proxy.py: the streams through {proxy.name} did not begin")
            def tell():
                load.stdin.write("\n")
                load.stdin.flush()
                return [int(word) for word in load.stdout.readline().split()]
            tell()
            before = proxy.cpu_us()
            time.sleep(SECONDS)
            chunks, p50, _ = tell()
            used = proxy.cpu_us() - before
            return {"CPU us per paced chunk": used / chunks, "p50 us of a chunk": p50,
                    "KB of memory per stream": (proxy.pss_kb() - memory) / STREAMS}
        finally:
            load.stdin.close()
            load.wait(10)

    def round(self, name) -> dict[str, float]:
        """One fresh proxy, everything measured."""
        proxy = Proxy(name, self.folder, self.node_port)
        try:
            figures = dict(self.streams(proxy))
            for label, size in SIZES.items():
                figures[f"CPU us per request, {label}"] = self.cpu_per_request(proxy, size)
            return figures
        finally:
            proxy.stop()

    def system_calls(self, name) -> dict[str, float]:
        proxy = Proxy(name, self.folder, self.node_port)
        try:
            return {f"system calls per request, {label}": self.calls_per_request(proxy, size) for label, size in SIZES.items()}
        finally:
            proxy.stop()


def main():
    if os.cpu_count() < 2:
        sys.exit("proxy.py: two cores are needed, one for the proxy and one for the load")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        bench = Bench(folder)
        try:
            found = {"router": [], "nginx": []}
            for n in range(ROUNDS):
                for proxy in ("router", "nginx") if n % 2 == 0 else ("nginx", "router"):
                    found[proxy].append(bench.round(proxy))
                    print(f"round {n + 1} of {ROUNDS}: {proxy}", file=sys.stderr)
            median = {proxy: {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
                      for proxy, rounds in found.items()}
            for proxy in median:
                median[proxy].update(bench.system_calls(proxy))
        finally:
            bench.node.terminate()
            bench.node.wait(10)
    print(f"{'median of ' + str(ROUNDS):34}{'router':>10}{'nginx':>10}{'ratio':>8}")
    for key in sorted(median["router"]):
        mine, theirs = median["router"][key], median["nginx"][key]
        print(f"{key:34}{mine:10.1f}{theirs:10.1f}{mine / theirs if theirs else 0:8.2f}")


main()
