"""LangChain's ChatOllama, OllamaLLM and OllamaEmbeddings, as published: every call they have."""

import ollama
import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM

import native_calls


def chat(url, ask, **more):
    return ChatOllama(model=ask["model"], base_url=url, **more)


def message(ask):
    return HumanMessage(ask["prompt"])


def whole(answer):
    return {"model": answer.response_metadata["model"], "text": answer.content, "reason": answer.response_metadata["done_reason"],
            "thinking": answer.additional_kwargs.get("reasoning_content", "")}


def joined(pieces):
    total = pieces[0]
    for piece in pieces[1:]:
        total += piece
    return {**whole(total), "pieces": len(pieces)}


def text_of(info, text, pieces=1):
    return {"model": info["model"], "text": text, "reason": info["done_reason"], "pieces": pieces}


def generate(url, ask):
    result = OllamaLLM(model=ask["model"], base_url=url).generate([ask["prompt"]]).generations[0][0]
    return text_of(result.generation_info, result.text)


class End(BaseCallbackHandler):
    """What the last piece of a stream of plain text told beside the text."""

    def on_llm_end(self, response, **_):
        self.info = response.generations[0][0].generation_info


def generate_stream(url, ask):
    end = End()
    pieces = list(OllamaLLM(model=ask["model"], base_url=url).stream(ask["prompt"], config={"callbacks": [end]}))
    return text_of(end.info, "".join(pieces), len(pieces))


def tools(url, ask):
    llm = chat(url, ask).bind_tools([ask["tool"]])
    first = llm.invoke([message(ask)])
    then = llm.invoke([message(ask), first, ToolMessage(ask["result"], tool_call_id=first.tool_calls[0]["id"])])
    return {"calls": [{"name": each["name"], "arguments": each["args"]} for each in first.tool_calls], "after_tool": then.content}


def image(url, ask):
    parts = [{"type": "text", "text": ask["prompt"]},
             {"type": "image_url", "image_url": f"data:image/png;base64,{ask['image']}"}]
    return whole(chat(url, ask).invoke([HumanMessage(parts)]))


def cancel(url, ask, left):
    stream = chat(url, ask).stream([message(ask)])
    first = next(stream)
    stream.close()
    left()
    return {"text": first.content}


def failure(of):
    def failed(url, ask):
        with pytest.raises(ollama.ResponseError) as raised:
            of(url, ask)
        return {"status": raised.value.status_code, "error": raised.value.error}
    return failed


def invoke(url, ask):
    return whole(chat(url, ask).invoke([message(ask)]))


TABLE = {
    "version": "LangChain has no call for it",
    "list": "LangChain only looks whether its model is there: the last test",
    "ps": "LangChain has no call for it",
    "show": "LangChain has no call for it",
    "chat": invoke,
    "stream": lambda url, ask: joined(list(chat(url, ask).stream([message(ask)]))),
    "generate": generate,
    "generate_stream": generate_stream,
    "insert": "LangChain has no suffix",
    "tools": tools,
    "thinking": lambda url, ask: whole(chat(url, ask, reasoning=True).invoke([message(ask)])),
    "structured": lambda url, ask: {"object": chat(url, ask).with_structured_output(ask["schema"]).invoke([message(ask)])},
    "image": image,
    "image_refused": failure(image),
    "embed": lambda url, ask: {"sizes": [len(each) for each in OllamaEmbeddings(
        model=ask["model"], base_url=url).embed_documents(ask["input"])]},
    "cancel": cancel,
    "preload": "LangChain sends no request without a message",
    "unload": "LangChain sends no request without a message",
    "unknown_model": failure(invoke),
    "unknown_role": failure(invoke),
}


@pytest.mark.parametrize("name", native_calls.calls_of(TABLE))
def test_a_call_of_langchain(shared_fleet, name):
    native_calls.try_call(TABLE, name, shared_fleet)


def test_langchain_finds_a_role_and_misses_what_is_not_there(shared_fleet):
    ChatOllama(model="coder", base_url=shared_fleet.url, validate_model_on_init=True)
    with pytest.raises(ValueError, match="no-such-model"):
        ChatOllama(model="no-such-model", base_url=shared_fleet.url, validate_model_on_init=True)
