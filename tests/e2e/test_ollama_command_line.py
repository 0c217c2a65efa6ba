"""The `ollama` command line, as it was recorded: its requests byte for byte, in order, and what it needs of each answer.

It takes any status from 400 on for an error, prints the JSON's `error`, and takes 401 for "sign in to ollama.com"."""

import http.client
import json
import urllib.parse

import pytest

from house import PATIENCE, TABLE, call, until

AGENT = "ollama/0.33.0 (amd64 linux) Go/go1.26.8"
LINES, PLAIN = "application/x-ndjson", "application/json"
EMBEDDER = "nomic-embed-text"
SHOWN = '{"model":"%s","system":"","template":"","verbose":false,"options":null,"name":""}'
SHOWN_BY_NAME = '{"model":"","system":"","template":"","verbose":false,"options":null,"name":"%s"}'


class Ollama:
    """The command line with OLLAMA_HOST at the router, or at a prefix below it."""

    def __init__(self, url: str):
        self.at = urllib.parse.urlsplit(url)

    def ask(self, request: str, body: str = "", accept: str = PLAIN) -> tuple[int, list[dict]]:
        method, path = request.split(" ")
        head = {"User-Agent": AGENT, "Accept": accept}
        if method != "HEAD":
            head["Accept-Encoding"] = "gzip"
        if method != "HEAD" or body:
            head["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection(self.at.hostname, self.at.port, timeout=PATIENCE)
        try:
            connection.request(method, self.at.path + path, body.encode() if body else None, head)
            answer = connection.getresponse()
            assert answer.status != 401, "the command line would ask the user to sign in"
            return answer.status, [json.loads(line) for line in answer.read().splitlines() if line]
        finally:
            connection.close()

    def good(self, request: str, body: str = "", accept: str = PLAIN) -> list[dict]:
        status, lines = self.ask(request, body, accept)
        assert status == 200, (request, lines)
        assert not any("error" in line for line in lines), lines
        return lines

    def refused(self, request: str, body: str = "", accept: str = PLAIN) -> tuple[int, str]:
        status, (line,) = self.ask(request, body, accept)
        return status, line["error"]

    def begins(self):
        """What nearly every command does first; a status below 400 will do."""
        assert self.ask("HEAD /") == (200, [])


@pytest.fixture(params=["", "/role/coder"], ids=["at the root", "below a role"])
def ollama(shared_fleet, request):
    return Ollama(shared_fleet.url + request.param)


def text_of(lines):
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    return "".join(line.get("response", "") or line.get("message", {}).get("content", "") for line in lines)


def test_version(ollama):
    assert ollama.good("GET /api/version")[0]["version"]


def test_list_finds_a_digest_that_it_can_shorten(ollama):
    ollama.begins()
    (answer,) = ollama.good("GET /api/tags")
    assert answer["models"]
    for model in answer["models"]:
        assert len(model["digest"]) >= 12 and model["name"] and model["modified_at"] and model["size"], model


def test_ps_finds_a_digest_that_it_can_shorten(ollama):
    ollama.good("POST /api/generate", generate("coder", "hi"), LINES)
    ollama.begins()
    (answer,) = ollama.good("GET /api/ps")
    assert TABLE["coder"][0] in {model["name"] for model in answer["models"]}
    for model in answer["models"]:
        assert len(model["digest"]) >= 12 and model["expires_at"] and model["size_vram"] <= model["size"], model


@pytest.mark.parametrize("name", ["coder", "qwen3-coder:30b"])
def test_show_says_the_name_in_the_old_member(ollama, name):
    ollama.begins()
    (answer,) = ollama.good("POST /api/show", SHOWN_BY_NAME % name)
    assert answer["details"]["family"] == "qwen3moe" and answer["model_info"] and answer["capabilities"]


def generate(model, prompt, keep_alive="", options="{}"):
    lease = f'"keep_alive":"{keep_alive}",' if keep_alive else ""
    return f'{{"model":"{model}","prompt":"{prompt}","suffix":"","system":"","template":"",{lease}"options":{options}}}'


@pytest.mark.parametrize("keep_alive", ["", "7m0s"])
def test_run_with_a_prompt(ollama, shared_fleet, keep_alive):
    before = len(shared_fleet.mac_mini.inference())
    ollama.begins()
    assert "completion" in ollama.good("POST /api/show", SHOWN % "coder")[0]["capabilities"]
    lines = ollama.good("POST /api/generate", generate("coder", "[[say:one two three]]", keep_alive), LINES)
    assert text_of(lines) == "one two three" and {line["model"] for line in lines} == {"coder"}
    (seen,) = shared_fleet.mac_mini.inference()[before:]
    body = json.loads(seen["body"])
    assert body["model"] == TABLE["coder"][0] and body["options"]["num_ctx"] == TABLE["coder"][2]


def test_run_without_a_prompt_loads_the_model_first_and_then_chats(ollama, shared_fleet):
    call(shared_fleet.url + "/api/generate", {"model": "coder", "keep_alive": 0})
    until("the coder's model to be gone", lambda: TABLE["coder"][0] not in call(shared_fleet.mac_mini.url + "/api/ps")[2].decode())
    ollama.begins()
    ollama.good("POST /api/show", SHOWN % "coder")
    ollama.good("POST /api/show", SHOWN % "coder")
    (loaded,) = ollama.good("POST /api/generate", generate("coder", ""), LINES)
    assert loaded["done"] and loaded["done_reason"] == "load"
    assert TABLE["coder"][0] in call(shared_fleet.mac_mini.url + "/api/ps")[2].decode()
    said = '{"role":"user","content":"[[say:one two three]]"}'
    first = ollama.good("POST /api/chat", f'{{"model":"coder","messages":[{said}],"options":{{}}}}', LINES)
    assert text_of(first) == "one two three"
    then = '{"role":"assistant","content":"one two three"},{"role":"user","content":"[[say:four]]"}'
    assert text_of(ollama.good("POST /api/chat", f'{{"model":"coder","messages":[{said},{then}],"options":{{}}}}', LINES)) == "four"


def test_run_of_a_model_that_is_nowhere_ends_with_the_sentence_about_pulling(shared_fleet):
    """A 404 makes the command line pull, and the pull is refused."""
    ollama = Ollama(shared_fleet.url)
    ollama.begins()
    assert ollama.refused("POST /api/show", SHOWN % "nope:1b") == (404, "model 'nope:1b' not found")
    status, error = ollama.refused("POST /api/pull", '{"model":"","username":"","password":"","name":"nope:1b"}', LINES)
    assert status == 403 and "ollama pull" in error


def test_run_of_an_embedding_model(shared_fleet):
    ollama = Ollama(shared_fleet.url)
    ollama.begins()
    assert ollama.good("POST /api/show", SHOWN % EMBEDDER)[0]["capabilities"] == ["embedding"]
    (answer,) = ollama.good("POST /api/embed", '{"model":"%s","input":"text","options":null}' % EMBEDDER)
    assert len(answer["embeddings"]) == 1 and len(answer["embeddings"][0]) == 768


def test_stop_gives_the_memory_back(ollama, shared_fleet):
    ollama.good("POST /api/generate", generate("coder", "hi"), LINES)
    ollama.begins()
    ollama.good("POST /api/show", SHOWN % "coder")
    (answer,) = ollama.good("POST /api/generate", generate("coder", "", "0s", "null"), LINES)
    assert answer["done"] and answer["done_reason"] == "unload"
    until("the coder's model to be gone", lambda: TABLE["coder"][0] not in call(shared_fleet.mac_mini.url + "/api/ps")[2].decode())


def test_stop_of_a_model_that_a_role_keeps_for_ever_says_so(shared_fleet):
    ollama = Ollama(shared_fleet.url)
    ollama.good("POST /api/generate", generate("router", "hi"), LINES)
    ollama.begins()
    ollama.good("POST /api/show", SHOWN % "router")
    status, error = ollama.refused("POST /api/generate", generate("router", "", "0s", "null"), LINES)
    assert status == 403 and "keep_alive: -1" in error
    assert TABLE["router"][0] in call(shared_fleet.macbook.url + "/api/ps")[2].decode()


def test_stop_of_a_model_that_is_nowhere_is_told_that_it_is_not_found(shared_fleet):
    ollama = Ollama(shared_fleet.url)
    ollama.begins()
    status, error = ollama.refused("POST /api/show", SHOWN % "nope:1b")
    assert status == 404 and "not found" in error  # the words it looks for


@pytest.mark.parametrize("request_line, body", [
    ("POST /api/me", ""), ("GET /api/status", ""), ("GET /api/experimental/model-recommendations", ""),
    ("POST /api/experimental/web_search", '{"query":"weather"}')])
def test_what_an_interactive_run_may_ask_beside_its_model_is_refused_with_a_sentence(ollama, request_line, body):
    status, error = ollama.refused(request_line, body)
    assert status in (403, 501) and request_line.split(" ")[1] in error


BLOB = "sha256:" + "0123456789abcdef" * 4
CLOSED = {
    "pull": [("POST /api/pull", '{"model":"","username":"","password":"","name":"nope:1b"}', LINES)],
    "rm": [("DELETE /api/delete", '{"model":"","name":"qwen3-coder:30b"}', PLAIN)],
    "cp": [("POST /api/copy", '{"source":"qwen3-coder:30b","destination":"tmpcopy:1b"}', PLAIN)],
    "create": [(f"POST /api/blobs/{BLOB}", "weights", PLAIN),
               ("POST /api/create", '{"model":"mine:1b","files":{"weights.gguf":"%s"},"name":""}' % BLOB, LINES)],
    "push": [("POST /api/me", "", PLAIN), ("POST /api/push", '{"model":"","username":"","password":"","name":"me/mine:1b"}', LINES)],
}


@pytest.mark.parametrize("command", CLOSED)
def test_a_command_that_manages_models_is_told_to_run_on_the_node(ollama, shared_fleet, command):
    before = {node: len(node.record()) for node in shared_fleet.nodes.values()}
    ollama.begins()
    for request, body, accept in CLOSED[command]:
        status, error = ollama.refused(request, body, accept)
        assert status == 403, (request, error)
        assert "`ollama " in error and " on the node itself" in error, (request, error)
        assert "ollama.com" not in error, error
    managed = [seen["target"] for node, n in before.items() for seen in node.record()[n:]
               if seen["target"] not in ("/api/tags", "/api/ps", "/api/show", "/api/version")]
    assert managed == []
