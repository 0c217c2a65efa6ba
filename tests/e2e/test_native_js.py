"""ollama-js and LangChain for JavaScript, as published: every call they have. Their tables are js/ollama.mjs and js/langchain.mjs."""

import pytest

import native_calls

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
