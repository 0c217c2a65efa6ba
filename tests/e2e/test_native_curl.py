"""curl, as a person types it: every call of Ollama's own API."""

import json
import subprocess

import pytest

import native_calls

CURL = ["curl", "--silent", "--show-error", "--no-buffer", "--max-time", "120"]


def curl(url, body=None):
    """status, lines"""
    data = ["--data-binary", "@-"] if body is not None else []
    ran = subprocess.run([*CURL, "--write-out", "\n%{http_code}", *data, url], input=json.dumps(body or {}), capture_output=True,
                         text=True, timeout=150)
    assert ran.returncode == 0, ran.stderr
    *lines, status = ran.stdout.split("\n")
    return int(status), [json.loads(line) for line in lines if line]


def good(url, body=None):
    status, lines = curl(url, body)
    assert status == 200, lines
    return lines


def bad(url, body):
    status, (line,) = curl(url, body)
    return {"status": status, "error": line["error"]}


def piece(line):
    said = line.get("message") or {"content": line.get("response"), "thinking": line.get("thinking")}
    return {"model": line["model"], "text": said.get("content") or "", "thinking": said.get("thinking") or "",
            "reason": line.get("done_reason")}


def joined(lines):
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    parts = [piece(line) for line in lines]
    return {**parts[-1], "text": "".join(part["text"] for part in parts), "pieces": len(parts)}


def chat(ask, **more):
    return {"model": ask["model"], "messages": [{"role": "user", "content": ask["prompt"]}], "stream": False, **more}


def prompt(ask, **more):
    return {"model": ask["model"], "prompt": ask["prompt"], **more}


def with_image(ask):
    body = chat(ask)
    body["messages"][0]["images"] = [ask["image"]]
    return body


def tools(url, ask):
    body = chat(ask, tools=[ask["tool"]])
    first = good(url + "/api/chat", body)[0]["message"]
    body["messages"] += [first, {"role": "tool", "tool_name": "get_weather", "content": ask["result"]}]
    then = good(url + "/api/chat", body)[0]["message"]
    return {"calls": [{"name": each["function"]["name"], "arguments": each["function"]["arguments"]} for each in first["tool_calls"]],
            "after_tool": then["content"]}


def cancel(url, ask, left):  # as Control-C does
    body = json.dumps(chat(ask, stream=True))
    with subprocess.Popen([*CURL, "--data-binary", body, url + "/api/chat"], stdout=subprocess.PIPE, text=True) as running:
        try:
            first = json.loads(running.stdout.readline())
        finally:
            running.terminate()
    left()
    return piece(first)


TABLE = {
    "version": lambda url, ask: good(url + "/api/version")[0],
    "list": lambda url, ask: {"names": [model["name"] for model in good(url + "/api/tags")[0]["models"]]},
    "ps": lambda url, ask: {"names": [model["name"] for model in good(url + "/api/ps")[0]["models"]]},
    "show": lambda url, ask: {"names": good(url + "/api/show", ask)[0]["capabilities"]},
    "chat": lambda url, ask: piece(good(url + "/api/chat", chat(ask))[0]),
    "stream": lambda url, ask: joined(good(url + "/api/chat", chat(ask, stream=True))),
    "generate": lambda url, ask: piece(good(url + "/api/generate", prompt(ask, stream=False))[0]),
    "generate_stream": lambda url, ask: joined(good(url + "/api/generate", prompt(ask))),
    "insert": lambda url, ask: piece(good(url + "/api/generate", {**ask, "stream": False})[0]),
    "tools": tools,
    "thinking": lambda url, ask: piece(good(url + "/api/chat", chat(ask, think=True))[0]),
    "structured": lambda url, ask: {"object": json.loads(
        good(url + "/api/chat", chat(ask, format=ask["schema"]))[0]["message"]["content"])},
    "image": lambda url, ask: piece(good(url + "/api/chat", with_image(ask))[0]),
    "image_refused": lambda url, ask: bad(url + "/api/chat", with_image(ask)),
    "embed": lambda url, ask: {"sizes": [len(each) for each in good(url + "/api/embed", ask)[0]["embeddings"]]},
    "cancel": cancel,
    "preload": lambda url, ask: piece(good(url + "/api/generate", ask)[0]),
    "unload": lambda url, ask: piece(good(url + "/api/generate", {**ask, "keep_alive": 0})[0]),
    "unknown_model": lambda url, ask: bad(url + "/api/chat", chat(ask)),
    "unknown_role": lambda url, ask: bad(url + "/api/chat", chat(ask)),
}


@pytest.mark.parametrize("name", native_calls.calls_of(TABLE))
def test_a_call_of_curl(shared_fleet, name):
    native_calls.try_call(TABLE, name, shared_fleet)
