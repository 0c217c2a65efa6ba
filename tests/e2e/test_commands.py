"""The commands, as a person types them."""

import json
import re
import signal
import socket
import subprocess
import threading

import pytest

from house import BINARY, Program, call, config, until

HI = {"model": "coder", "messages": [{"role": "user", "content": "hi"}], "stream": False}


def run(*arguments, cwd=None):
    return subprocess.run([str(BINARY), *map(str, arguments)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=60, cwd=cwd)


def served_by(url, role):
    status, headers, body = call(f"{url}/role/{role}/api/chat", {**HI, "model": "auto"})
    assert status == 200, body
    return headers["X-Router-Node"]


def test_check_prints_what_fits_together(fleet):
    ran = run("check", "--config", fleet.file)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 mistakes" in ran.stdout and "mac-mini" in ran.stdout and "56.0" in ran.stdout


def test_check_names_every_mistake_of_a_bad_file_with_its_place(tmp_path):
    bad = tmp_path / "router.yaml"
    bad.write_text(config(1, 2).replace("default_role: coder", "default_role: codr").replace("policy: seed", "polcy: seed"))
    ran = run("check", "--config", bad)
    assert ran.returncode == 2
    assert "router.yaml:7:15: default_role:" in ran.stdout and 'did you mean "coder"' in ran.stdout
    assert "polcy: unknown key (did you mean policy?)" in ran.stdout
    assert "2 mistakes. Nothing was changed." in ran.stdout


@pytest.mark.parametrize("router_runs", [True, False])
def test_explain_tells_role_model_node_and_what_is_sent(fleet, router_runs):
    port = fleet.router.port if router_runs else 1
    file = fleet.file.with_name("other.yaml")
    file.write_text(fleet.file.read_text().replace("listen: 127.0.0.1:8000", f"listen: 127.0.0.1:{port}"))
    ran = run("explain", "--config", file, "--role", "coder")
    assert ran.returncode == 0, ran.stderr
    assert ("no router answers" in ran.stdout + ran.stderr) == (not router_runs)
    assert "coder -> qwen3-coder:30b on mac-mini" in ran.stdout
    assert re.search(r'num_ctx 32768, keep_alive "?2h', ran.stdout)
    assert fleet.mac_mini.inference() == []  # no request was sent


def test_explain_of_an_unknown_role_lists_the_known_ones(fleet):
    ran = run("explain", "--config", fleet.file, "--role", "codr")
    assert ran.returncode != 0
    assert "codr" in ran.stdout + ran.stderr and "architect" in ran.stdout + ran.stderr


@pytest.mark.parametrize("by_signal", [True, False], ids=["by SIGHUP", "by itself"])
def test_one_word_in_the_saved_file_moves_a_role(fleet, by_signal):
    assert served_by(fleet.url, "tester") == "mac-mini"
    since = len(fleet.router.lines)
    fleet.write(tester="{ node: macbook, model: qwen2.5-coder:14b, keep_alive: 30m }")
    if by_signal:
        fleet.reload()
    fleet.router.line(r"config 2 adopted: .*tester", since)
    assert served_by(fleet.url, "tester") == "macbook"


def test_half_a_configuration_changes_nothing(fleet):
    since = len(fleet.router.lines)
    text = config(fleet.macbook.port, fleet.mac_mini.port, tester="{ node: macbook, model: qwen2.5-coder:14b }")
    fleet.file.write_text(text[: text.index("nodes:")])
    fleet.reload()
    fleet.router.line(r"config refused", since)
    assert served_by(fleet.url, "tester") == "mac-mini"
    assert fleet.router.health()["config"]["refused"]


def test_a_port_in_use_is_named_with_its_holder():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ran = run("serve", "--demo", "--listen", f"127.0.0.1:{holder.getsockname()[1]}")
        assert ran.returncode == 1
        assert f"127.0.0.1:{holder.getsockname()[1]}" in ran.stderr and "in use" in ran.stderr
        assert "pid" in ran.stderr  # this test's own process holds it


def test_no_configuration_names_the_places_that_were_looked_at(tmp_path):
    ran = run("serve", cwd=tmp_path)
    assert ran.returncode == 2 and "config/router.yaml" in ran.stderr and "--demo" in ran.stderr


def test_sigterm_lets_the_running_answer_finish(start_fleet):
    fleet = start_fleet(20)
    lines = []

    def read():
        with socket.create_connection(("127.0.0.1", fleet.router.port)) as connection, connection.makefile("rwb") as stream:
            body = json.dumps({**HI, "stream": True}).encode()
            stream.write(b"POST /api/chat HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
            stream.flush()
            for line in stream:
                lines.append(line)
                if line == b"0\r\n":
                    break

    reader = threading.Thread(target=read)
    reader.start()
    until("the answer's first line", lambda: any(b'"done":false' in line for line in lines))
    fleet.router.signal(signal.SIGTERM)
    assert fleet.router.wait() == 0
    reader.join(60)
    assert lines[-1] == b"0\r\n" and any(b'"done":true' in line for line in lines)


def test_the_demo_answers_at_once_and_says_that_it_is_one():
    demo = Program("serve", "--demo", "--listen", "127.0.0.1:0")
    try:
        url = "http://127.0.0.1:" + demo.line(r"http://localhost:(\d+)")[1]
        demo.line("curl .*/health")
        assert call(url + "/health")[0] == 200
        assert call(url + "/api/tags")[0] == 200
        status, headers, body = call(url + "/role/coder/api/chat", {"model": "auto", "messages": HI["messages"]})
        assert status == 200 and headers["X-Router-Demo"] == "1"
        assert json.loads(body.splitlines()[-1])["done"]
    finally:
        demo.stop()


def test_a_hanging_node_changes_nothing_in_health(fleet):
    fleet.mac_mini.fault(what="hang", path="/api/ps", times=-1)
    assert call(fleet.url + "/health/live")[0] == 200
    assert fleet.router.health()["roles"]["router"]["state"] in ("ready", "after_load", "after_swap")


def test_status_is_the_health_of_the_running_router_as_a_page(fleet):
    page = run("status", "--url", fleet.url)
    assert page.returncode == 0, page.stderr
    assert re.search(r"^role-router \S+  ok  up \S+  policy seed", page.stdout)
    assert re.search(rf"^    link   127\.0\.0\.1:{fleet.mac_mini.port}  up +in use  [0-9.]+ ms$", page.stdout, re.M)
    assert "0 running, 0 waiting" in page.stdout
    nobody = run("status", "--url", "http://127.0.0.1:1")
    assert nobody.returncode == 1 and "no router answers at 127.0.0.1:1" in nobody.stderr
    no_router = run("status", "--url", fleet.mac_mini.url)
    assert no_router.returncode == 1 and "is no role-router" in no_router.stderr
