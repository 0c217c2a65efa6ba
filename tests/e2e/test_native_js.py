"""ollama-js and LangChain for JavaScript, as published: every call they have. Their tables are js/ollama.mjs and js/langchain.mjs."""

import shutil

import pytest

import javascript
import native_calls
from house import ROOT, Client

LACKS = {
    "ollama": {},
    "langchain": {
        "version": "LangChain has no call for it",
        "list": "LangChain only looks whether its model is there: the last test",
        "ps": "LangChain has no call for it",
        "show": "LangChain has no call for it",
        "insert": "LangChain has no suffix",
        "preload": "LangChain sends no request without a message",
        "unload": "LangChain sends no request without a message",
    },
}


@pytest.fixture(scope="module")
def clients():
    """clients(name): its program, started when it is first wanted."""
    folder, started = javascript.installed(), {}
    for file in (ROOT / "tests" / "e2e" / "js").glob("*.mjs"):
        shutil.copy(file, folder)

    def the(name):
        if name == "langchain" and (why := javascript.too_old_for_langchain()):
            pytest.skip(why)
        if name not in started:
            started[name] = Client("node", folder / "call.mjs", name)
        return started[name]

    yield the
    for client in started.values():
        client.stop()


def row_of(client, name, clients):
    def row(url, ask, left=lambda: None):
        said = clients(client)(url, name, ask)
        left()
        return said
    return row


def table_of(client, clients=None):
    return {name: LACKS[client].get(name) or row_of(client, name, clients) for name in native_calls.ASK}


@pytest.mark.parametrize("client, name", [(client, name) for client in LACKS for name in native_calls.calls_of(table_of(client))])
def test_a_call_of_a_javascript_client(shared_fleet, clients, client, name):
    native_calls.try_call(table_of(client, clients), name, shared_fleet)


def test_langchain_finds_a_role_and_is_not_let_to_pull_what_is_not_there(shared_fleet, clients):
    said = clients("langchain")(shared_fleet.url, "list", {})
    assert said["text"] == "hi"
    assert said["status"] == 403 and "ollama pull" in said["error"]
