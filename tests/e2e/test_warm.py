"""`role-router warm ROLE`: the model is there when the command ends."""

import subprocess

from house import BINARY


def warm(*words):
    return subprocess.run([str(BINARY), "warm", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)


def test_a_role_is_warm_when_the_command_ends(fleet):
    for role, model in (("coder", "qwen3-coder:30b"), ("architect", "qwen3-coder-next:q4_K_M"), ("코더", "qwen3-coder:30b")):
        ran = warm(role, "--url", fleet.url)
        assert ran.returncode == 0, ran.stderr
        assert ran.stdout.startswith(f"{role} is ready: {model} on mac-mini, after ")
        assert [m["name"] for m in fleet.router.health()["nodes"]["mac-mini"]["models"]] == [model]


def test_what_is_under_way_is_told_line_by_line_to_a_file(start_fleet):
    fleet = start_fleet(2)  # slow enough that somebody looks while it loads
    ran = warm("coder", "--url", fleet.url)
    assert ran.returncode == 0, ran.stderr
    assert "loading qwen3-coder:30b on mac-mini" in ran.stderr.splitlines()


def test_an_unknown_role_and_a_router_that_is_away_are_named(fleet):
    ran = warm("codr", "--url", fleet.url)
    assert ran.returncode == 1
    assert 'role "codr"' in ran.stderr and "coder" in ran.stderr
    ran = warm("coder", "--url", "http://127.0.0.1:1")
    assert ran.returncode == 1
    assert ran.stderr == "role-router warm: no router answers at 127.0.0.1:1: start it with role-router serve, or name it with --url\n"
    ran = warm("coder", "--url", "http://localhost:8000/v1")
    assert ran.returncode == 2
