"""role-router why: what a request waited for, as a person reads it."""

import json
import re
import threading

from house import call, until
from test_commands import HI, run


def why(fleet, *arguments):
    return run("why", *arguments, "--url", fleet.url)


def test_why_last_tells_arrival_prompt_first_token_and_the_slowest_part(fleet):
    status, headers, _ = call(f"{fleet.url}/api/chat", {**HI, "stream": True})
    assert status == 200
    request = headers["X-Router-Request"]
    until("its end", lambda: json.loads(call(f"{fleet.url}/requests/{request}")[2])["state"] == "ended")
    for which in ("last", "slowest", request):
        ran = why(fleet, which)
        assert ran.returncode == 0, ran.stderr
        lines = ran.stdout.splitlines()
        assert re.match(rf"{request}  coder  \d\d:\d\d:\d\d  [\d.]+ s to the first token, [\d.]+ s of answer, ok +session ", lines[0])
        assert re.match(r" +0\.0 s  arrived +role by model, qwen3-coder:30b on mac-mini, \d+ tokens", lines[1])
        assert re.search(r"^ +[\d.]+    loading +19 GB in [\d.]+ s = [\d.]+ GB/s", ran.stdout, re.M)
        assert re.search(r"^ +[\d.]+    first token +then .*tokens$", ran.stdout, re.M)
        assert "\nSlowest part: " in ran.stdout
        assert "hi" not in ran.stdout.split()
    told = json.loads(why(fleet, request, "--json").stdout)
    assert told["id"] == request and told["ending"] == "ok" and told["steps"][0]["what"] == "arrived"


def test_a_coder_that_waits_behind_an_architect_is_told_so_and_what_would_help(start_fleet):
    fleet = start_fleet(20, policy="smart")
    long = {"model": "architect", "messages": [{"role": "user", "content": "plan"}], "stream": False, "options": {"num_predict": 300}}
    first = threading.Thread(target=call, args=(f"{fleet.url}/api/chat", long))
    first.start()
    until("the architect at work", lambda: fleet.mac_mini.inference())
    second = threading.Thread(target=call, args=(f"{fleet.url}/api/chat", HI))
    second.start()
    until("one who waits", lambda: fleet.router.health()["waiting"])
    waits = why(fleet, "last")
    assert re.search(r"waited +for architect r-\d+ to finish, then a swap", waits.stdout), waits.stdout
    first.join()
    second.join()
    until("its end", lambda: "ok" in why(fleet, "last").stdout.splitlines()[0])
    told = why(fleet, "last").stdout
    assert re.search(r"unloaded +qwen3-coder-next:q4_K_M, confirmed after [\d.]+ s", told), told
    assert re.search(r"loading +19 GB in ", told)
    assert "role-router simulate --replay access.jsonl --config config/no-swap.yaml" in told


def test_why_says_so_when_no_router_answers_or_the_request_is_unknown(fleet):
    ran = run("why", "last", "--url", "http://127.0.0.1:1")
    assert ran.returncode == 1 and ran.stdout == ""
    assert "no router answers at 127.0.0.1:1" in ran.stderr and "role-router serve" in ran.stderr
    ran = why(fleet, "last")
    assert ran.returncode == 1 and "no request for a model has come" in ran.stderr
    ran = why(fleet, "r-000999")
    assert ran.returncode == 1 and "r-000999" in ran.stderr
    for wrong in (["why", "../health"], ["why", "last", "--url", "https://x/y"]):
        assert run(*wrong).returncode == 2


def test_why_asks_the_router_of_the_configuration(fleet):
    file = fleet.file.with_name("other.yaml")
    file.write_text(fleet.file.read_text().replace("listen: 127.0.0.1:8000", f"listen: 127.0.0.1:{fleet.router.port}"))
    assert "no request for a model has come" in run("why", "--config", file).stderr
