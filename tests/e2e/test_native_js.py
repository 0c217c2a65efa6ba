"""ollama-js and LangChain for JavaScript, as published: every call they have. Their tables are js/ollama.mjs and js/langchain.mjs."""

import shutil

import pytest

import native_calls
from house import ROOT, Client

BUILT = ROOT / "build" / "js"  # where tests/run.sh installs what js/package-lock.json names
LACKS = {
    "ollama": {},
    "langchain": {
        "version": "LangChain has no call for it",
        "list": "LangChain only looks whether its model is there: the last test",
        "ps": "LangChain has no call for it",
        "show": "LangChain has no call for it",
        "preload": "LangChain sends no request without a message",
        "unload": "LangChain sends no request without a message",
    },
}


@pytest.fixture(scope="module")
def clients():
    assert shutil.which("node"), "node is not on PATH: tests/run.sh installs it"
    assert (BUILT / "node_modules").is_dir(), f"{BUILT}/node_modules is missing: tests/run.sh installs it"
    for file in (ROOT / "tests" / "e2e" / "js").glob("*.mjs"):
        shutil.copy(file, BUILT)  # Node looks for packages beside the file that names them
    started = {}
    try:
        for name in LACKS:
            started[name] = Client("node", BUILT / "call.mjs", name)
        yield started
    finally:
        for client in started.values():
            client.stop()


def row_of(client, name, clients):
    def row(url, ask, left=lambda: None):
        said = clients[client](url, name, ask)
        left()
        return said
    return row


def table_of(client, clients=None):
    return {name: LACKS[client].get(name) or row_of(client, name, clients) for name in native_calls.ASK}


@pytest.mark.parametrize("client, name", [(client, name) for client in LACKS for name in native_calls.calls_of(table_of(client))])
def test_a_call_of_a_javascript_client(shared_fleet, clients, client, name):
    native_calls.try_call(table_of(client, clients), name, shared_fleet)


def test_langchain_finds_a_role_and_is_not_let_to_pull_what_is_not_there(shared_fleet, clients):
    said = clients["langchain"](shared_fleet.url, "list", {})
    assert said["text"] == "hi"
    assert said["status"] == 403 and "ollama pull" in said["error"]
