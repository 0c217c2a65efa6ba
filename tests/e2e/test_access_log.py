"""The access log of a running program: rotated by SIGUSR1 without losing a line."""

import json
import signal

from house import call, config, until


def test_a_rotated_file_keeps_its_lines_and_the_new_one_gets_the_next(start_fleet, tmp_path):
    fleet = start_fleet()
    log, old = tmp_path / "access.jsonl", tmp_path / "access.jsonl.1"
    fleet.file.write_text(config(fleet.macbook.port, fleet.mac_mini.port) + f"access_log: {log}\n")
    fleet.reload()
    fleet.router.line(r"access_log none -> ")
    ids = []
    for turn in range(2):
        status, headers, _ = call(fleet.url + "/role/tester/api/chat", {"model": "auto", "messages": [{"role": "user", "content": "hi"}]})
        assert status == 200
        ids.append(headers["X-Router-Request"])
        if turn == 0:
            until("the first line", lambda: log.exists() and ids[0] in log.read_text())
            log.rename(old)
            fleet.router.signal(signal.SIGUSR1)
            until("the new file", log.exists)
    until("the second line", lambda: ids[1] in log.read_text())
    before = [json.loads(line) for line in old.read_text().splitlines()]
    after = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["id"] for line in before + after if line["what"] == "request" and line["path"] == "/api/chat"] == ids
    assert any(line["what"] == "fleet" and "loaded qwen2.5-coder:14b" in line["text"] for line in before)


def test_a_file_that_cannot_be_written_is_told_and_changes_nothing(fleet):
    fleet.file.write_text(config(fleet.macbook.port, fleet.mac_mini.port) + "access_log: /proc/nowhere/access.jsonl\n")
    fleet.reload()
    fleet.router.line(r"config refused, nothing was changed: access_log: /proc/nowhere/access.jsonl cannot be written: No such file")
    assert fleet.router.health()["config"]["generation"] == 1
