"""JavaScript clients of the OpenAI and Anthropic dialects, as published: openai-node, Anthropic's SDK, the AI SDK, LangChain. Each
makes every call it has; its program is js/<client>.mjs. The nodes hear the native API only."""

import pytest

import native_calls

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


@pytest.mark.parametrize("client, name", [(client, name) for client, calls in HAS.items() for name in native_calls.ASK if name in calls])
def test_a_call_of_a_javascript_client(shared_fleet, clients, client, name):
    def row(url, ask, left=lambda: None):
        said = clients(client)(url, name, ask)
        left()
        return said
    native_calls.try_call(native_calls.with_reasons({name: row}, NOT_THERE), name, shared_fleet)
