"""Teams at work on sockets, with processes: under each policy every turn is answered and nobody is stuck. How long it takes is
printed by tests/bench/swap/live.sh; here only what holds on any machine."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "bench" / "swap"))
import live  # noqa: E402


@pytest.mark.parametrize("script", ["s1", "s2", "s4"])
@pytest.mark.parametrize("policy", live.POLICIES)
def test_every_turn_is_answered(script, policy):
    row = live.live(ROOT / f"tests/bench/swap/scripts/{script}-50.jsonl", policy, turns=4, clock=400)
    assert row["trouble"] == []
    assert row["answered"] == row["asked"] > 0
    assert row["stuck"] == 0
    assert row["loads"] >= 3  # architect, coder or tester, router
    if policy != "passthrough":
        assert row["queued"] == 0  # who waits, waits in the router
