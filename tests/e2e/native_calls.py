"""Every call of Ollama's own API, and their like in other dialects: what each client asks, and what it and the node must have seen.

A client is a table: call -> function(url, ask) -> what it said, as a dictionary of plain values; or, for a call that the
client does not have, the sentence that says so.
  said   model text thinking reason (done_reason) pieces object calls after_tool names sizes version status error;
         a member that the client keeps to itself is left out
"""

import json

from house import TABLE, call, until

# One red pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC"
SENTENCE = "하나 둘 셋 four five \"six\" \\seven\\ 🙂 eight"
SAY = f"[[say:{SENTENCE}]]"  # what the simulated node is told to answer
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
PERSON = {"title": "Person", "description": "A person.", "type": "object",
          "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
EYES, EMBEDDER = "qwen2.5vl:7b", "nomic-embed-text"

ASK = {
    "version": {},
    "list": {},
    "ps": {},
    "show": {"model": "coder"},
    "chat": {"model": "coder", "prompt": SAY},
    "stream": {"model": "coder", "prompt": SAY},
    "generate": {"model": "coder", "prompt": SAY},
    "generate_stream": {"model": "coder", "prompt": SAY},
    "insert": {"model": "tester", "prompt": SAY, "suffix": "and the end"},
    "tools": {"model": "coder", "tool": WEATHER, "result": "sunny, 20 degrees",
              "prompt": '[[tool:get_weather {"city":"Seoul"}]][[then:Take a hat.]]'},
    "thinking": {"model": "router", "prompt": SAY},
    "structured": {"model": "coder", "prompt": "Describe a person.", "schema": PERSON},
    "image": {"model": EYES, "prompt": SAY, "image": PIXEL},
    "image_refused": {"model": "coder", "prompt": SAY, "image": PIXEL},
    "embed": {"model": EMBEDDER, "input": ["one", "둘"]},
    "cancel": {"model": "coder", "prompt": "[[chunks:20000]][[delay:60000]]"},  # more than an hour, unless it is left
    "preload": {"model": "tester"},
    "unload": {"model": "tester"},
    "unknown_model": {"model": "no-such-model:1b", "prompt": SAY},
    "unknown_role": {"model": "auto", "prompt": SAY},  # asked below /role/codr
}


def with_reasons(table: dict, reason: str) -> dict:
    """The table of a client of another dialect: what it lacks, it lacks for one reason."""
    return {name: table.get(name, reason) for name in ASK}


def calls_of(table: dict) -> list[str]:
    """The calls that a client has; its table names every call, with a reason for each it lacks."""
    assert table.keys() == ASK.keys(), table.keys() ^ ASK.keys()
    assert all(callable(row) or (isinstance(row, str) and row) for row in table.values())
    return [name for name, row in table.items() if callable(row)]


def try_call(table: dict, name: str, fleet):
    """Prepares the fleet for the call, makes it and checks both of its ends."""
    if name == "ps":
        native(fleet, "/api/generate", model="tester", prompt="hello")
    if name == "unload":
        native(fleet, "/api/generate", model="tester", prompt="hello")
        assert "tester" in residents(fleet)
    if name == "preload":
        native(fleet, "/api/generate", model="tester", keep_alive=0)
        until("the tester's model to be gone", lambda: "tester" not in residents(fleet))
    before = {node: len(node.record()) for node in fleet.nodes.values()}
    url = fleet.url + ("/role/codr" if name == "unknown_role" else "")
    said = table[name](url, ASK[name], *([lambda: wait_for_the_cancel(fleet, before)] if name == "cancel" else []))
    seen = [json.loads(one["body"]) for node, n in before.items() for one in node.record()[n:]
            if one["method"] == "POST" and one["target"] in ("/api/chat", "/api/generate", "/api/embed")]
    CHECKS[name](said, [body for body in seen if body.get("messages") or body.get("prompt") or body.get("input")], fleet)


def native(fleet, path, **body):
    status, _, answer = call(fleet.url + path, {"stream": False, **body})
    assert status == 200, answer
    return json.loads(answer)


def residents(fleet) -> set[str]:
    """Roles whose model a node holds now."""
    held = {model["name"] for node in fleet.nodes.values() for model in json.loads(call(node.url + "/api/ps")[2])["models"]}
    return {role for role, row in TABLE.items() if row[0] in held}


def wait_for_the_cancel(fleet, before):
    """The client has left its stream and still lives: the node must learn it, and its only slot is free for the next."""
    until("the node's stream ended by its client",
          lambda: any(seen["ended"] == "client-closed" for node, n in before.items() for seen in node.record()[n:]))
    until("nothing in flight", lambda: fleet.router.health()["in_flight"] == 0)
    assert native(fleet, "/api/generate", model="coder", prompt=SAY)["response"] == SENTENCE


def answered(role):
    """The sentence, under the name that was asked; the role's model with the role's context was asked for it once."""
    def check(said, seen, fleet):
        assert said["text"] == SENTENCE and said.get("model", role) == role and said.get("reason", "stop") == "stop", said
        assert [body["model"] for body in seen] == [TABLE[role][0]]
        assert seen[0]["options"]["num_ctx"] == TABLE[role][2]
    return check


def streamed(said, seen, fleet):
    answered("coder")(said, seen, fleet)
    assert said["pieces"] > 4


def inserted(said, seen, fleet):
    answered("tester")(said, seen, fleet)
    assert seen[0]["suffix"] == ASK["insert"]["suffix"]


def thought(said, seen, fleet):
    answered("router")(said, seen, fleet)
    assert "question" in said["thinking"], said
    assert seen[0]["think"] in (True, "high")  # what the dialect has for it


def tools(said, seen, fleet):
    assert said["calls"] == [{"name": "get_weather", "arguments": {"city": "Seoul"}}], said
    assert said["after_tool"] == "The tool answered. Take a hat.", said
    first, second = seen
    assert first["tools"][0]["function"]["name"] == "get_weather"
    assert [message["role"] for message in second["messages"]] == ["user", "assistant", "tool"]
    assert second["messages"][1]["tool_calls"][0]["function"]["arguments"] == {"city": "Seoul"}
    assert second["messages"][2]["content"] == ASK["tools"]["result"]


def structured(said, seen, fleet):
    assert isinstance(said["object"]["name"], str) and isinstance(said["object"]["age"], int), said
    assert seen[0]["format"]["properties"].keys() == {"name", "age"}


def image(said, seen, fleet):
    assert said["text"] == SENTENCE and said["model"] == EYES, said
    assert [one for body in seen for message in body["messages"] for one in message.get("images") or ()] == [PIXEL]


def refused(status, *words):
    def check(said, seen, fleet):
        assert said["status"] == status, said
        assert all(word in said["error"] for word in words), said
        assert seen == []  # no node was troubled
    return check


def listed(said, seen, fleet):
    assert {"coder", "router", "qwen3-coder:30b", "nomic-embed-text:latest"} <= set(said["names"]), said


def held(said, seen, fleet):
    assert TABLE["tester"][0] in said["names"] and "tester" not in said["names"], said


def shown(said, seen, fleet):
    assert {"completion", "tools"} <= set(said["names"]), said


def version(said, seen, fleet):
    assert said["version"] == native_version(fleet)


def native_version(fleet):
    return json.loads(call(fleet.mac_mini.url + "/api/version")[2])["version"]


def embedded(said, seen, fleet):
    assert said["sizes"] == [768, 768], said
    assert [body["input"] for body in seen] == [ASK["embed"]["input"]]


def cancelled(said, seen, fleet):
    assert said["text"], said  # it had begun


def preloaded(said, seen, fleet):
    assert said["reason"] == "load" and "tester" in residents(fleet), said


def unloaded(said, seen, fleet):
    assert said["reason"] == "unload", said
    until("the tester's model to be gone", lambda: "tester" not in residents(fleet))


CHECKS = {
    "version": version, "list": listed, "ps": held, "show": shown, "chat": answered("coder"), "stream": streamed,
    "generate": answered("coder"), "generate_stream": streamed, "insert": inserted, "tools": tools, "thinking": thought,
    "structured": structured, "image": image, "image_refused": refused(400, "qwen3-coder:30b", "vision"),
    "embed": embedded, "cancel": cancelled, "preload": preloaded, "unload": unloaded,
    "unknown_model": refused(404, "model 'no-such-model:1b' not found"),
    "unknown_role": refused(400, "codr", "architect", "coder", "tester"),
}
