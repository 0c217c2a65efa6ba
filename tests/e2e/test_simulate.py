"""`role-router simulate`: a table for people, JSON for programs, and what is wrong with the command line."""

import json
import pathlib
import subprocess

import pytest

from house import BINARY, call, config, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "tests/bench/swap/scripts/s1-50.jsonl"
CONFIG = ROOT / "config/router.yaml"
MEMBERS = {"script", "policy", "makespan_s", "ttft_p95_s", "ttft_mean_s", "worst_wait_s", "loads", "loaded_gb", "reprefill_s", "stuck"}


def simulate(*words, config=CONFIG):
    return subprocess.run([str(BINARY), "simulate", "--config", str(config), *map(str, words)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, timeout=120)


def rows(*words):
    ran = simulate("--json", *words)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_the_table_compares_policies_with_ollama_left_to_itself():
    ran = simulate("--script", SCRIPT, "--policy", "smart,passthrough")
    assert ran.returncode == 0, ran.stderr
    lines = ran.stdout.splitlines()
    assert lines[0] == "s1-50"
    for word in ("makespan", "p95 TTFT", "mean", "worst", "loads", "GB", "re-prefill", "stuck"):
        assert word in lines[1]
    smart = next(line for line in lines if line.startswith("smart"))
    plain = next(line for line in lines if line.startswith("passthrough"))
    assert plain.split()[-2:] == ["1.00", "1.00"]
    assert 0.5 < float(smart.split()[-2]) < 1.1
    for role in ("architect", "coder", "tester"):
        assert sum(line.split()[0] == role for line in lines if line.strip()) == 2


def test_json_has_one_row_for_each_script_and_policy():
    other = SCRIPT.with_name("s2-50.jsonl")
    found = rows("--script", SCRIPT, "--script", other, "--policy", "smart,seed,passthrough")
    assert [(r["script"], r["policy"]) for r in found] == [(s, p) for s in ("s1-50", "s2-50") for p in ("smart", "seed", "passthrough")]
    for row in found:
        assert MEMBERS <= set(row)
        assert row["stuck"] == 0 and row["loads"] > 0 and row["makespan_s"] > row["ttft_p95_s"] > 0


def test_a_slower_disk_is_said_with_node():
    fast = rows("--script", SCRIPT, "--policy", "smart")[0]
    slow = rows("--script", SCRIPT, "--policy", "smart", "--node", "mac-mini:load_gbps=0.7")[0]
    assert slow["makespan_s"] > fast["makespan_s"] + 100


@pytest.mark.parametrize("words, said", [
    (("--script", SCRIPT, "--policy", "clever"), "the policies are smart, seed, passthrough"),
    (("--script", "/nowhere/s1.jsonl", "--policy", "smart"), "/nowhere/s1.jsonl: cannot be read"),
    (("--script", SCRIPT, "--policy", "smart", "--node", "attic:speed=1"), "no node of this name in the YAML"),
    (("--script", SCRIPT, "--policy", "smart", "--node", "mac-mini:speed=fast"), "write it as in --node mac-mini:load_gbps=0.7"),
    (("--script", SCRIPT, "--policy", "smart", "--node", "mac-mini:colour=1"), "write it as in --node mac-mini:load_gbps=0.7"),
    (("--script", SCRIPT, "--policy", "smart", "--client-keep-alive", "soon"), "write a duration as in 30m"),
])
def test_what_is_wrong_with_the_command_line_is_said(words, said):
    ran = simulate(*words)
    assert ran.returncode == 2
    assert said in ran.stderr
    assert ran.stdout == ""


def test_a_bad_line_of_a_script_is_named(tmp_path):
    bad = tmp_path / "mine.jsonl"
    bad.write_text("\n".join(SCRIPT.read_text().splitlines()[:3]) + '\n{"session":"s0"}\n')
    ran = simulate("--script", bad, "--policy", "smart")
    assert ran.returncode == 2
    assert "mine:4: " in ran.stderr and "must be" in ran.stderr


def test_a_role_that_the_yaml_lacks_is_named(tmp_path):
    bad = tmp_path / "mine.jsonl"
    bad.write_text(SCRIPT.read_text().replace('"tester"', '"painter"'))
    ran = simulate("--script", bad, "--policy", "smart")
    assert ran.returncode == 2
    assert 'role "painter" is not in the YAML' in ran.stderr


def test_a_recorded_day_is_played_again_with_another_yaml(start_fleet, tmp_path):
    fleet = start_fleet()
    log = tmp_path / "access.jsonl"
    fleet.file.write_text(config(fleet.macbook.port, fleet.mac_mini.port) + f"access_log: {log}\n")
    fleet.reload()
    fleet.router.line(r"access_log none -> ")
    for role in ("architect", "coder", "architect", "coder"):
        status, _, _ = call(fleet.url + f"/role/{role}/api/chat", {"model": "auto", "messages": [{"role": "user", "content": "hi"}]})
        assert status == 200
    until("four lines", lambda: log.exists() and log.read_text().count('"role"') == 4)
    day = rows("--replay", log, "--policy", "smart")
    assert [row["policy"] for row in day] == ["recorded", "smart"]
    assert day[0]["loads"] >= 3  # seed: the architect leaves after each answer
    assert day[1]["stuck"] == 0
    ran = simulate("--json", "--replay", log, "--policy", "smart", config=ROOT / "config/no-swap.yaml")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)[1]["loads"] < day[1]["loads"]  # the architect's model answers both


@pytest.mark.parametrize("words, told", [
    ((), "nothing to play: give --script FILE, or --replay access.jsonl"),
    (("--replay", "/nowhere/access.jsonl"), "--replay /nowhere/access.jsonl: cannot be read"),
    (("--replay", CONFIG), "no answered request of a role in it"),
])
def test_what_cannot_be_replayed_is_named(words, told):
    ran = simulate(*words)
    assert ran.returncode == 2
    assert told in ran.stderr
