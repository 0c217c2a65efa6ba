"""`role-router doctor`: is every machine there, does it have its models, how fast does it load them."""

import json
import subprocess

import pytest

from house import BINARY, Node, call, config


def doctor(file, *words):
    return subprocess.run([str(BINARY), "doctor", "--config", str(file), *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)


@pytest.fixture
def two_nodes():
    """Two simulated Macs that nobody uses."""
    nodes = [Node(machine, "--clock", 200) for machine in ("macbook", "mac-mini")]
    yield nodes
    for node in nodes:
        node.stop()


def test_machines_and_models_are_told_each_in_a_line(fleet):
    ran = doctor(fleet.file)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"ok    macbook    Ollama 0.33.0 at 127.0.0.1:{fleet.macbook.port}" in ran.stdout
    assert ran.stdout.endswith("0 failures.\n")


def test_a_machine_that_is_away_and_a_model_that_is_not_there_are_failures(fleet, tmp_path):
    text = fleet.file.read_text().replace(f"127.0.0.1:{fleet.macbook.port}", "127.0.0.1:1").replace("qwen3-coder:30b", "qwen3-coder:31b")
    other = tmp_path / "other.yaml"
    other.write_text(text)
    ran = doctor(other)
    assert ran.returncode == 1
    assert "FAIL  macbook    127.0.0.1:1 refused the connection: start Ollama there, or correct nodes.macbook.address" in ran.stdout
    assert "on mac-mini:  ollama pull qwen3-coder:31b" in ran.stdout
    assert ran.stdout.endswith("2 failures.\n")


def test_loads_are_measured_both_ways_and_nothing_stays_loaded(two_nodes, tmp_path):
    file = tmp_path / "router.yaml"
    file.write_text(config(*(node.port for node in two_nodes)))
    ran = doctor(file, "--loads")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    lines = [line for line in ran.stdout.splitlines() if "with mmap" in line]
    assert [line.split()[1:3] for line in lines] == [
        ["macbook", "qwen3:1.7b"], ["macbook", "qwen2.5-coder:14b"], ["mac-mini", "qwen3-coder-next:q4_K_M"], ["mac-mini", "qwen3-coder:30b"],
        ["mac-mini", "qwen2.5-coder:14b"]]
    for line in lines:
        assert line.count("GB/s") == 2, line
    for node in two_nodes:
        assert json.loads(call(f"http://127.0.0.1:{node.port}/api/ps")[2])["models"] == []
