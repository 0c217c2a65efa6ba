"""The policies as processes: one router and two simulated machines at a scaled clock, played by real clients; beside it what
`role-router simulate` says of the same work in virtual time. Prints, judges nothing.

Each turn sends its session's whole history, so that a node computes what its prompt cache no longer holds. The clock scales work,
loads and leases; how often the router looks at /api/ps is not scaled, so a high --clock makes each swap dearer than it is.
"""

import argparse
import http.client
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import house  # noqa: E402

POLICIES = ("smart", "seed", "passthrough")
DECODE = {"router": 120, "architect": 45, "coder": 48, "tester": 23}  # tokens a second of the roles' models on the mini
MODELS = {"qwen3:1.7b": ("router", 1500, 1.4), "qwen3-coder-next:q4_k_m": ("architect", 500, 52), "qwen3-coder:30b": ("coder", 600, 19),
          "qwen2.5-coder:14b": ("tester", 250, 9.0)}  # role, tokens of a prompt a second, GB
MACHINES = {"mac-mini": (1, 2.5), "macbook": (0.55, 2)}  # of those rates; GB/s of a load
PATIENCE = 600.0
PIECES = 8       # of an answer; what counts is how long it takes


def read(path: pathlib.Path, turns: int) -> tuple[dict, list[dict]]:
    """The script's head, and the first `turns` turns of each session (0 = all)."""
    head, *work = [json.loads(line) for line in path.read_text().splitlines() if line.strip()]
    return head, [turn for turn in work if not turns or turn["turn"] < turns]


def said(what: str, role: str, tokens: int, output: int) -> dict:
    """A message of so many tokens, which the node answers for as long as so many tokens take it."""
    head = f"{what} [[chunks:{PIECES}]] [[delay:{round(1000 * output / DECODE[role] / PIECES)}]] "
    return {"role": "user", "content": head + "word" * max(1, tokens - len(head) // 4)}


class Player:
    """Sessions as closed loops: the next turn begins when the answer has ended and its thinking time is over."""

    def __init__(self, port: int, head: dict, turns: list[dict], clock: float):
        self.port, self.call, self.clock = port, head["router_call"], clock
        self.sessions: dict[str, list[dict]] = {}
        for turn in turns:
            self.sessions.setdefault(turn["session"], []).append(turn)
        self.lock = threading.Lock()
        self.first: list[float] = []
        self.asked = self.answered = self.again = 0
        self.trouble: list[str] = []

    def ask(self, session: str, role: str, messages: list[dict]) -> float:
        body = json.dumps({"model": role, "stream": True, "messages": messages})
        began = time.monotonic()
        while True:
            link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
            link.request("POST", "/api/chat", body, {"Content-Type": "application/json", "X-Session-Id": session})
            answer = link.getresponse()
            line = answer.readline()
            first = time.monotonic() - began
            rest = answer.read()
            link.close()
            if answer.status == 200 and b'"done":true' in (rest or line):
                return first
            if answer.status != 503 or time.monotonic() - began > PATIENCE:
                raise AssertionError(f"{role}: {answer.status} {line[:200]!r}")
            with self.lock:
                self.again += 1
            time.sleep(int(answer.headers.get("Retry-After", 1)) / self.clock)

    def route(self, what: str) -> list[dict]:
        shared = {"role": "system", "content": "word" * (self.call["prompt_tokens"] - self.call["new_tokens"])}
        return [shared, said(what, "router", self.call["new_tokens"], self.call["output_tokens"])]

    def play(self, name: str, turns: list[dict]):
        try:
            time.sleep((turns[0]["start_s"] or 0) / self.clock)
            history: list[dict] = []
            told = 0
            for turn in turns:
                time.sleep(turn["think_s"] / self.clock)
                if turn["history_reset"]:
                    history, told = [], 0
                history.append(said(f"{name} {turn['turn']}", turn["role"], turn["prompt_tokens"] - told, turn["output_tokens"]))
                told = turn["prompt_tokens"]
                calls = [("router", self.route(f"{name} {turn['turn']}"))] if turn["router_first"] else []
                for role, messages in [*calls, (turn["role"], history)]:
                    with self.lock:
                        self.asked += 1
                    first = self.ask(name, role, messages)
                    with self.lock:
                        self.answered += 1
                        if role != "router":
                            self.first.append(first * self.clock)
        except Exception as error:  # told at the end, with the others
            with self.lock:
                self.trouble.append(f"{name}: {error}")

    def run(self) -> float:
        threads = [threading.Thread(target=self.play, args=one) for one in self.sessions.items()]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return (time.monotonic() - began) * self.clock


def remembered(clock: float) -> dict:
    pairs = {f"{node}/{model}": (speed, gbps, *MODELS[model]) for node, (speed, gbps) in MACHINES.items() for model in MODELS}
    return {"load_s": {key: (gb / gbps + 2.5) / clock for key, (_, gbps, _, _, gb) in pairs.items()},
            "prefill_tps": {key: tps * speed * clock for key, (speed, _, _, tps, _) in pairs.items()},
            "decode_tps": {key: DECODE[role] * speed * clock for key, (speed, _, role, _, _) in pairs.items()}}


def live(path: pathlib.Path, policy: str, turns: int, clock: float, learn: bool = False) -> dict:
    """`learn`: the router has run before and remembers how fast the machines are at this clock; else it begins with what is usual."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        if learn:
            play(path, policy, 1, clock, pathlib.Path(folder))
            (kept,) = pathlib.Path(folder).glob("role-router/pace-*.json")
            kept.write_text(json.dumps(json.loads(kept.read_text()) | remembered(clock)))
        return play(path, policy, turns, clock, pathlib.Path(folder))


def play(path: pathlib.Path, policy: str, turns: int, clock: float, folder: pathlib.Path) -> dict:
    head, work = read(path, turns)
    # the machines as they are set up for the router, OLLAMA_KEEP_ALIVE=-1, or as Ollama comes; max_wait on the same clock
    machines = ("--max-loaded", "3") if policy == "passthrough" else ("--keep-alive", "-1")
    fleet = house.Fleet(folder, clock, *machines, policy=policy)
    try:
        scaled = fleet.file.with_suffix(".scaled")
        scaled.write_text(fleet.file.read_text().replace("max_wait: 15m", f"max_wait: {max(1000, round(900_000 / clock))}ms"))
        scaled.rename(fleet.file)
        fleet.reload()
        house.until("the scaled max_wait", lambda: fleet.router.health()["config"]["generation"] > 1)
        player = Player(fleet.router.port, head, work, clock)
        makespan = player.run()
        seen = [s for node in fleet.nodes.values() for s in node.record()]
        first = sorted(player.first) or [0.0]
        return {"script": path.stem, "policy": policy, "makespan_s": round(makespan, 1), "ttft_p95_s": round(first[int(0.95 * (len(first) - 1))], 1),
                "ttft_mean_s": round(sum(first) / len(first), 1), "loads": sum(s["loaded_for_it"] for s in seen),
                "queued": sum(s["queued"] for s in seen), "asked": player.asked, "answered": player.answered,
                "again": player.again, "stuck": len(player.trouble), "trouble": player.trouble}
    finally:
        fleet.router.signal(signal.SIGTERM)  # it writes down what it learnt
        fleet.router.wait()
        fleet.stop()


def virtual(path: pathlib.Path, turns: int) -> dict[str, dict]:
    head, work = read(path, turns)
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / path.name
        script.write_text("\n".join(map(json.dumps, [head, *work])) + "\n")
        out = subprocess.run([str(house.BINARY), "simulate", "--json", "--config", str(ROOT / "config/router.yaml"), "--script", str(script),
                              "--policy", ",".join(POLICIES)], check=True, capture_output=True, text=True).stdout
    return {row["policy"]: row for row in json.loads(out)}


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--turns", type=int, default=10, help="of each session; 0 = all")
    words.add_argument("--clock", type=float, default=30, help="simulated seconds in one real second")
    words.add_argument("--policy", default=",".join(POLICIES))
    words.add_argument("scripts", nargs="*", type=pathlib.Path)
    said = words.parse_args()
    scripts = said.scripts or [ROOT / f"tests/bench/swap/scripts/{name}-50.jsonl" for name in ("s1", "s2", "s4")]
    for path in scripts:
        dreamt = virtual(path, said.turns)
        print(f"{path.stem}, {said.turns or 'all'} turns a session, clock {said.clock:g}")
        print(f"  {'policy':12} {'makespan s':>10} {'virtual':>8} {'mean TTFT':>10} {'p95':>7} {'loads':>6} {'virtual':>8} {'answered':>9} {'stuck':>6}")
        for policy in said.policy.split(","):
            row = live(path, policy, said.turns, said.clock, learn=True)
            print(f"  {policy:12} {row['makespan_s']:10.0f} {dreamt[policy]['makespan_s']:8.0f} {row['ttft_mean_s']:10.1f} {row['ttft_p95_s']:7.1f}"
                  f" {row['loads']:6} {dreamt[policy]['loads']:8} {row['answered']:4}/{row['asked']:<4} {row['stuck']:6}", flush=True)
            for trouble in row["trouble"]:
                print("    " + trouble)


if __name__ == "__main__":
    main()
