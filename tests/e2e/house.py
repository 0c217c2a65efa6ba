"""The processes under test: role-router, simulated nodes, and what they say. Waits are for conditions and bounded; nobody sleeps."""

import json
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BINARY = pathlib.Path(os.environ.get("RR_BINARY") or ROOT / "build" / "release" / "role-router")  # or another build's
PATIENCE = 60.0  # seconds; a bound for what should take milliseconds, so that a slow machine fails nothing

# Of the configuration below, as the nodes must see it: model, node, num_ctx, keep_alive in seconds.
TABLE = {
    "router": ("qwen3:1.7b", "macbook", 8192, -1),
    "architect": ("qwen3-coder-next:q4_K_M", "mac-mini", 32768, 0),
    "coder": ("qwen3-coder:30b", "mac-mini", 32768, 7200),
    "tester": ("qwen2.5-coder:14b", "mac-mini", 16384, 1800),
}


def config(macbook: int, mac_mini: int, **change: str) -> str:
    """The YAML of the two Macs with these ports. change: coder="{ node: macbook, ... }" replaces a role, policy= the policy."""
    roles = {
        "router": "{ node: macbook, model: qwen3:1.7b, keep_alive: -1 }",
        "architect": "{ node: mac-mini, model: qwen3-coder-next:q4_K_M, keep_alive: 0 }",
        "coder": "{ node: mac-mini, model: qwen3-coder:30b, keep_alive: 2h }",
        "tester": "{ node: [mac-mini, macbook], model: qwen2.5-coder:14b, keep_alive: 30m }",
    }
    roles.update({name: text for name, text in change.items() if name in roles})
    lines = "".join(f"  {name}: {text}\n" for name, text in roles.items())
    return f"""\
listen: 127.0.0.1:8000
roles:
{lines}default_role: coder
also_called:
  architect: [planner, 설계자]
  coder: [developer, 코더]
  tester: [reviewer, 테스터]
nodes:
  macbook:
    address: 127.0.0.1:{macbook}
    gpu_memory: 17.7GiB
  mac-mini:
    address: 127.0.0.1:{mac_mini}
    gpu_memory: 56GiB
models:
  qwen3:1.7b: {{ num_ctx: 8192, size: 1.4GB }}
  qwen3-coder-next:q4_K_M: {{ num_ctx: 32768, size: 52GB }}
  qwen3-coder:30b: {{ num_ctx: 32768, size: 19GB }}
  qwen2.5-coder:14b: {{ num_ctx: 16384, size: 9.0GB }}
smart_swap:
  policy: {change.get("policy", "seed")}
  max_wait: 15m
"""


def until(what: str, condition, patience: float = PATIENCE):
    """The condition's first true value. Polls; fails naming what did not come."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: did not come within {patience:.0f} s")
        time.sleep(0.01)


def call(url: str, body=None, headers=None, method=None) -> tuple[int, dict, bytes]:
    """status, headers, body. A body that is not bytes goes as JSON. An HTTP error is an answer, not an exception."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), error.read()


def seconds(keep_alive) -> float:
    """A keep_alive as it was on the wire: -1, "2h", "1h30m", or its raw JSON text."""
    text = str(keep_alive).strip('"')
    if re.fullmatch(r"-?[\d.]+", text):
        return float(text)
    units = {"h": 3600, "m": 60, "s": 1, "ms": 0.001}
    parts = re.findall(r"([\d.]+)(ms|h|m|s)", text)
    assert parts and "".join(n + u for n, u in parts) == text.lstrip("-"), f"keep_alive {keep_alive!r}"
    return (-1 if text.startswith("-") else 1) * sum(float(n) * units[u] for n, u in parts)


class Client:
    """A client's program in another language: a line {"url":, "call":, "ask":} in, a line of what it said out. It lives until the
    end of its tests, so that no connection is closed only because a process ended."""

    def __init__(self, *command):
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __call__(self, url: str, call: str, ask: dict) -> dict:
        late = threading.Timer(2 * PATIENCE, self.process.kill)
        late.start()
        try:
            print(json.dumps({"url": url, "call": call, "ask": ask}), file=self.process.stdin, flush=True)
            line = self.process.stdout.readline()
        finally:
            late.cancel()
        assert line, f"{self.process.args[0]} said nothing to {call}"
        said = json.loads(line)
        assert "failed" not in said, said["failed"]
        return said

    def stop(self):
        try:
            self.process.stdin.close()
            self.process.wait(PATIENCE)
        except BrokenPipeError:
            pass  # it was killed: the test that waited for it has failed
        finally:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()


class Program:
    """One process, of role-router unless said otherwise; both of its outputs, line by line."""

    def __init__(self, *arguments, cwd=None):
        self.process = subprocess.Popen([str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, cwd=cwd, text=True)
        self._watch()

    def _watch(self):
        self.lines: list[str] = []
        self.over = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self.over = True
            self._news.notify_all()

    def line(self, pattern: str, since: int = 0, patience: float = PATIENCE) -> re.Match:
        """The first line from `since` on that holds the pattern."""
        def find():
            return next((m for m in (re.search(pattern, text) for text in self.lines[since:]) if m), None)
        with self._news:
            self._news.wait_for(lambda: find() or self.over, patience)
            found = find()
        assert found, f"no line with {pattern!r}:\n" + "\n".join(self.lines[since:])
        return found

    def text(self) -> str:
        return "\n".join(self.lines)

    def signal(self, number: int):
        self.process.send_signal(number)

    def wait(self, patience: float = PATIENCE) -> int:
        status = self.process.wait(patience)
        self._reader.join(patience)
        return status

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()
        self.process.stdout.close()


class Node(Program):
    def __init__(self, machine: str, *arguments):
        super().__init__("sim-node", "--listen", "127.0.0.1:0", "--machine", machine, *arguments)
        self.machine = machine
        self.port = int(self.line(r"http://127\.0\.0\.1:(\d+)")[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def record(self) -> list[dict]:
        status, _, body = call(self.url + "/sim/record")
        assert status == 200, body
        return json.loads(body)["seen"]

    def inference(self) -> list[dict]:
        """What asked for an answer: not the router's own loads and unloads, which hold no prompt."""
        found = []
        for seen in self.record():
            if seen["method"] != "POST" or seen["target"] not in ("/api/chat", "/api/generate"):
                continue
            body = json.loads(seen["body"])
            if body.get("messages") or body.get("prompt"):
                found.append(seen)
        return found

    def fault(self, **what):
        status, _, body = call(self.url + "/sim/fault", what)
        assert status == 200, body


class Router(Program):
    def __init__(self, *arguments):
        super().__init__("serve", "--listen", "127.0.0.1:0", *arguments)
        self.port = int(self.line(r"http://localhost:(\d+)")[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def health(self) -> dict:
        return json.loads(call(self.url + "/health")[2])

    def log(self) -> list[dict]:
        """Its lines about requests, as dictionaries: id role source model node session status ..."""
        found = []
        for line in list(self.lines):
            pairs = {k: v.strip('"') for k, v in re.findall(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)', line)}
            if pairs.get("id", "").startswith("r-"):
                found.append(pairs)
        return found

    def asked(self, *paths: str) -> list[dict]:
        return [line for line in self.log() if line.get("path") in (paths or ("/api/chat", "/v1/chat/completions"))]


class Fleet:
    """Two simulated Macs and the router in front of them."""

    def __init__(self, folder: pathlib.Path, clock: float, *node_arguments, **change):
        self.programs: list[Program] = []
        self.file = folder / "router.yaml"
        try:
            self.macbook = self._add(Node("macbook", "--clock", clock, *node_arguments))
            self.mac_mini = self._add(Node("mac-mini", "--clock", clock, *node_arguments))
            self.write(**change)
            self.router = self._add(Router("--config", self.file))
            self.url = self.router.url
            until("both nodes up", lambda: all(n["state"] == "up" for n in self.router.health()["nodes"].values()))
        except BaseException:
            self.stop()
            raise

    def _add(self, program):
        self.programs.append(program)
        return program

    @property
    def nodes(self) -> dict[str, Node]:
        return {"macbook": self.macbook, "mac-mini": self.mac_mini}

    def write(self, **change):
        """Saves the configuration as an editor does: a new file, renamed."""
        fresh = self.file.with_suffix(".new")
        fresh.write_text(config(self.macbook.port, self.mac_mini.port, **change))
        fresh.rename(self.file)

    def reload(self):
        self.router.signal(signal.SIGHUP)

    def stop(self):
        for program in reversed(self.programs):
            program.stop()
