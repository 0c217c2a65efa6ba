"""JavaScript clients of the OpenAI and Anthropic dialects, as published: openai-node, Anthropic's SDK, the AI SDK, LangChain. Each
makes every call it has; its program is js/<client>.mjs. The nodes hear the native API only."""

import shutil

import pytest

import javascript
import native_calls
from house import ROOT, Client

NOT_THERE = "the dialect has no call for it"
CHAT = {"chat", "stream", "tools", "image", "image_refused", "cancel", "unknown_model", "unknown_role"}
HAS = {
    "openai": CHAT | {"list", "generate", "generate_stream", "insert", "thinking", "structured", "embed"},
    "responses": CHAT | {"thinking", "structured"},
    "anthropic": CHAT | {"thinking"},
    "aisdk-chat": CHAT | {"structured", "embed"},
    "aisdk-responses": CHAT | {"structured", "embed"},
    "aisdk-messages": CHAT,  # its objects come by a tool that the model is made to call: tool_choice, which Ollama does not have
    "langchain-openai": CHAT | {"embed"},
    "langchain-anthropic": CHAT,
}


@pytest.fixture(scope="module")
def clients():
    """clients(name): its program, started when it is first wanted."""
    folder, started = javascript.installed(), {}
    for file in (ROOT / "tests" / "e2e" / "js").glob("*.mjs"):
        shutil.copy(file, folder)

    def the(name):
        if name.startswith("langchain") and (why := javascript.too_old_for_langchain()):
            pytest.skip(why)
        if name not in started:
            started[name] = Client("node", folder / "call.mjs", name)
        return started[name]

    yield the
    for client in started.values():
        client.stop()


@pytest.mark.parametrize("client, name", [(client, name) for client, calls in HAS.items() for name in native_calls.ASK if name in calls])
def test_a_call_of_a_javascript_client(shared_fleet, clients, client, name):
    def row(url, ask, left=lambda: None):
        said = clients(client)(url, name, ask)
        left()
        return said
    native_calls.try_call(native_calls.with_reasons({name: row}, NOT_THERE), name, shared_fleet)
