"""What the policies are worth: plays teams at work through `role-router simulate`, ten seeds for each workload, and prints
beside each goal what came out. The goals are ratios to Ollama left to itself (policy passthrough), on means over the seeds.

Scripts (format swap-script/1) are generated here; a folder of others is taken with RR_SCRIPTS=DIR (files WORKLOAD-SEED.jsonl).
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = os.environ.get("RR_BINARY") or ROOT / "build" / "release" / "role-router"

# makespan and p95 TTFT to passthrough; worst wait in seconds (s8 dense: 1.7 x max_wait); loads
GOALS = {
    ("s1", "moe"): (1.03, 1.04, 30, 16), ("s2", "moe"): (0.92, 0.82, 100, 27), ("pp2", "moe"): (0.85, 0.86, 110, 43),
    ("s4", "moe"): (0.69, 0.64, 330, 42), ("s8", "moe"): (0.50, 0.68, 1000, 48), ("office", "moe"): (1.02, 1.03, 110, 25),
    ("s1", "dense"): (1.03, 1.04, 30, 16), ("s2", "dense"): (0.87, 1.00, 260, 22), ("pp2", "dense"): (0.84, 1.08, 250, 40),
    ("s4", "dense"): (0.69, 0.84, 1100, 22), ("s8", "dense"): (0.66, 0.95, 1530, 33), ("office", "dense"): (1.02, 1.05, 190, 24),
}
WORKLOADS = ("s1", "s2", "pp2", "s4", "s8", "office")
POLICIES = ("smart", "seed", "passthrough")
INSTRUCTIONS = 2500  # tokens that stand before every conversation: system prompt, tools, files


class Conversation:
    """The turns of one session; each prompt is all that was said before, and its own input."""

    def __init__(self, name, start, dice, router_first):
        self.name, self.start, self.dice, self.router_first = name, start, dice, router_first
        self.turns, self.said, self.known = [], 0, {}

    def turn(self, role, cause, think, words_in, words_out, fresh=False):
        if fresh:
            self.said, self.known = INSTRUCTIONS + self.dice.randint(0, 1000), {}
        prompt = self.said + self.dice.randint(*words_in)
        answer = self.dice.randint(*words_out)
        self.turns.append({
            "session": self.name, "turn": len(self.turns), "start_s": None if self.turns else self.start,
            "think_s": round(self.dice.uniform(*think), 3), "cause": cause, "router_first": self.router_first, "role": role,
            "prompt_tokens": prompt, "new_tokens": prompt - self.known.get(role, 0), "output_tokens": answer, "history_reset": fresh})
        self.said = self.known[role] = prompt + answer


def team(name, start, dice, alternating):
    """Four phases: the architect plans, then coder and tester go round; at last the architect looks at it all."""
    talk = Conversation(name, start, dice, router_first=True)
    for phase in range(4):
        for i in range(dice.choices((1, 2, 3), (6, 3, 1))[0]):
            think = (4, 20) if i else (3, 12) if phase else (0.3, 0.3)
            talk.turn("architect", "read" if i else "agent", think, (400, 1500), (600, 1300), fresh=i == 0)
        rounds = dice.randint(3, 6 if alternating else 8)
        for i in range(rounds):
            waits_for_a_person = i == 0 and dice.random() < 0.3
            think = (15, 60) if waits_for_a_person else (0.3, 2) if i == 0 else (3, 13)
            talk.turn("coder", "human" if waits_for_a_person else "agent", think, (150, 500), (250, 700))
            talk.turn("tester", "tool", (2, 8), (150, 600), (120, 350))
            if alternating and i + 1 < rounds and dice.random() < 0.5:
                talk.turn("architect", "agent", (1, 4), (200, 500), (200, 500))
    talk.turn("architect", "tool", (3, 12), (400, 1000), (400, 900))
    return talk.turns


def office(dice):
    """One person: bursts of questions to the coder with reading time, and a second window with the architect."""
    talk, aside = (Conversation(name, 0.0, dice, router_first=False) for name in ("s0", "s1"))
    for burst in range(12):
        pause, fresh = ("pause", (60, 420)), burst % 2 == 0
        if dice.random() < 0.3:
            talk.turn("architect", *pause, (300, 1200), (600, 1300), fresh)
            pause, fresh = ("read", (20, 90)), False
        for i in range(dice.randint(3, 8)):
            cause, think = pause if i == 0 else ("read", (8, 60))
            talk.turn("coder", cause, think, (100, 800), (150, 700), fresh and i == 0)
        if dice.random() < 0.3:
            talk.turn("tester", "read", (5, 30), (200, 800), (150, 500))
    for _ in range(5):
        for i in range(dice.randint(1, 2)):
            aside.turn("architect", "read" if i else "pause", (20, 90) if i else (300, 1200), (300, 1500), (500, 1300), i == 0)
    return talk.turns + aside.turns


def script(workload, seed):
    dice = random.Random(f"{workload} {seed}")
    if workload == "office":
        turns, sessions = office(dice), 2
    else:
        sessions = int(re.sub(r"\D", "", workload))
        turns = [t for i in range(sessions) for t in team(f"s{i}", 20.0 * i, dice, workload.startswith("pp"))]
    header = {"format": "swap-script/1", "workload": workload, "seed": seed, "sessions": sessions,
              "router_call": {"prompt_tokens": 900, "new_tokens": 300, "output_tokens": 8}}
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in [header, *turns])


def configuration(folder, coder):
    text = (ROOT / "config" / "router.yaml").read_text()
    if coder == "dense":
        text = text.replace("qwen3-coder:30b: ", "qwen2.5-coder:32b: ").replace("qwen3-coder:30b", "qwen2.5-coder:32b").replace("size: 19GB", "size: 20GB")
    file = folder / f"{coder}.yaml"
    file.write_text(text)
    return file


def scripts_of(workload, folder, seeds):
    if given := os.environ.get("RR_SCRIPTS"):
        return sorted(pathlib.Path(given).glob(f"{workload}-*.jsonl"))
    files = []
    for seed in range(seeds):
        files.append(folder / f"{workload}-{seed}.jsonl")
        files[-1].write_text(script(workload, seed))
    return files


def simulated(config, files, more):
    words = [str(BINARY), "simulate", "--config", str(config), "--json", "--policy", ",".join(POLICIES), *more]
    for file in files:
        words += ["--script", str(file)]
    ran = subprocess.run(words, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(ran.stderr)
    rows = json.loads(ran.stdout)
    out = {}
    for policy in POLICIES:
        own = [r for r in rows if r["policy"] == policy]
        out[policy] = {m: sum(r[m] for r in own) / len(own) for m in ("makespan_s", "ttft_p95_s", "ttft_mean_s", "loads", "loaded_gb", "reprefill_s")}
        out[policy]["worst_wait_s"] = max(r["worst_wait_s"] for r in own)
        out[policy]["stuck"] = sum(r["stuck"] for r in own)
    return out


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=10)
    options.add_argument("--node", action="append", default=[], help="as of role-router simulate: mac-mini:load_gbps=0.7")
    options.add_argument("--client-keep-alive", default="")
    options.add_argument("workloads", nargs="*", default=WORKLOADS)
    asked = options.parse_args()
    more = [word for node in asked.node for word in ("--node", node)]
    if asked.client_keep_alive:
        more += ["--client-keep-alive", asked.client_keep_alive]
    missed = 0
    print(f"{'':13} {'policy':12} {'makespan s':>10} {'p95 s':>7} {'mean s':>7} {'worst s':>8} {'loads':>6} {'GB':>6} {'stuck':>5}   to passthrough (goal)")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for coder in ("moe", "dense"):
            config = configuration(folder, coder)
            for workload in asked.workloads:
                files = scripts_of(workload, folder, asked.seeds)
                if not files:
                    continue
                found = simulated(config, files, more)
                plain = found["passthrough"]
                for policy in POLICIES:
                    f = found[policy]
                    line = f"{workload + ' ' + coder:13} {policy:12} {f['makespan_s']:10.0f} {f['ttft_p95_s']:7.0f} {f['ttft_mean_s']:7.1f} {f['worst_wait_s']:8.0f}"
                    line += f" {f['loads']:6.1f} {f['loaded_gb']:6.0f} {f['stuck']:5d}"
                    ratios = (f["makespan_s"] / plain["makespan_s"], f["ttft_p95_s"] / plain["ttft_p95_s"], f["worst_wait_s"], f["loads"])
                    if policy == "smart" and (goal := GOALS.get((workload, coder))):
                        line += f"   {ratios[0]:.2f} ({goal[0]:.2f})  {ratios[1]:.2f} ({goal[1]:.2f})  worst ({goal[2]})  loads ({goal[3]})"
                        over = [name for name, have, most in zip(("makespan", "p95", "worst wait", "loads"), ratios, goal) if have > most + 0.004]
                        over += ["stuck"] if f["stuck"] else []
                        missed += len(over)
                        line += "  MISSED: " + ", ".join(over) if over else "  met"
                    elif policy != "passthrough":
                        line += f"   {ratios[0]:.2f}         {ratios[1]:.2f}"
                    print(line, flush=True)
    print(f"{missed} goals missed" if missed else "all goals met")


if __name__ == "__main__":
    main()
