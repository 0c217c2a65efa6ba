"""The moment before a cable is pulled: `role-router drain` returns when nothing runs on the machine any more."""

import json
import subprocess
import threading

from house import BINARY, call, until

LONG = {"model": "coder", "messages": [{"role": "user", "content": "[[chunks:20000]][[delay:60000]]"}]}


def command(fleet, *words):
    return subprocess.run([BINARY, *words, "--url", fleet.url], capture_output=True, text=True, timeout=60)


def test_drain_waits_for_what_runs_and_undrain_serves_who_waited(fleet):
    import http.client
    running = http.client.HTTPConnection("127.0.0.1", fleet.router.port, timeout=60)
    running.request("POST", "/api/chat", json.dumps(LONG))
    answer = running.getresponse()
    assert answer.readline()  # it has begun
    drain = subprocess.Popen([BINARY, "drain", "mac-mini", "--url", fleet.url], stdout=subprocess.PIPE, text=True)
    until("the machine to be drained", lambda: fleet.router.health()["nodes"]["mac-mini"].get("drained") == {"still_running": 1})
    assert drain.poll() is None
    assert fleet.router.health()["warnings"] == ["mac-mini is drained; back with: role-router undrain mac-mini"]
    said = []
    waiting = threading.Thread(target=lambda: said.append(call(fleet.url + "/api/chat", {"model": "coder", "stream": False, "messages": [{"role": "user", "content": "[[say:hi]]"}]})))
    waiting.start()
    until("the request to wait", lambda: len(fleet.router.health()["waiting"]) == 1)
    assert call(fleet.url + "/api/chat", {"model": "tester", "stream": False, "messages": [{"role": "user", "content": "[[say:hi]]"}]})[1]["X-Router-Node"] == "macbook"
    running.close()
    assert drain.wait(60) == 0
    assert drain.stdout.read() == "mac-mini is drained: nothing runs there. Back with: role-router undrain mac-mini\n"
    assert not said
    undrain = command(fleet, "undrain", "mac-mini")
    assert (undrain.returncode, undrain.stdout) == (0, "mac-mini takes requests again\n")
    waiting.join(60)
    assert said[0][0] == 200 and said[0][1]["X-Router-Node"] == "mac-mini"


def test_drain_names_what_is_wrong(fleet):
    unknown = command(fleet, "drain", "mac-maxi")
    assert unknown.returncode == 1 and "mac-maxi" in unknown.stderr and "mac-mini" in unknown.stderr
    nobody = subprocess.run([BINARY, "drain", "mac-mini", "--url", "http://127.0.0.1:1"], capture_output=True, text=True, timeout=60)
    assert nobody.returncode == 1 and "no router answers at 127.0.0.1:1" in nobody.stderr
    page = call(fleet.url + "/admin/nodes/mac-mini/drain", {}, headers={"Origin": "http://localhost:3000"})
    assert page[0] == 403
    assert call(fleet.url + "/admin/nodes/mac-mini/drain")[0] == 405
