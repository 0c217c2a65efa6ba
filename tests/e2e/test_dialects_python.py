"""Python clients of the OpenAI and Anthropic dialects, as published: openai, anthropic, LangChain. Each makes every call it has;
the nodes hear the native API only."""

import base64
import json

import anthropic
import openai
import pytest
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

import native_calls

NOT_THERE = "the dialect has no call for it"


def picture(ask):
    return f"data:image/png;base64,{ask['image']}"


def failure(error):
    return {"status": error.status_code, "error": str(error.message)}


class Responses:
    """openai-python's client.responses."""

    def __init__(self, url):
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="local", max_retries=0)

    def ask(self, ask, input=None, **more):
        return self.client.responses.create(model=ask["model"], input=input or ask["prompt"], store=False, **more)

    def chat(self, ask):
        answer = self.ask(ask)
        assert answer.status == "completed" and answer.usage.output_tokens > 0
        return {"model": answer.model, "text": answer.output_text}

    def stream(self, ask):
        text, pieces, done = "", 0, None
        for event in self.ask(ask, stream=True):
            if event.type == "response.output_text.delta":
                text, pieces = text + event.delta, pieces + 1
            if event.type == "response.completed":
                done = event.response
        assert done.output_text == text
        return {"model": done.model, "text": text, "pieces": pieces}

    def tools(self, ask):
        tools = [{"type": "function", "strict": None, **ask["tool"]["function"]}]
        first = self.ask(ask, tools=tools)
        called = [item for item in first.output if item.type == "function_call"]
        said = [{"role": "user", "content": ask["prompt"]}, *first.output,
                {"type": "function_call_output", "call_id": called[0].call_id, "output": ask["result"]}]
        return {"calls": [{"name": each.name, "arguments": json.loads(each.arguments)} for each in called],
                "after_tool": self.ask(ask, input=said, tools=tools).output_text}

    def thinking(self, ask):
        answer = self.ask(ask, reasoning={"effort": "high"})
        return {"text": answer.output_text, "thinking": "".join(part.text for item in answer.output if item.type == "reasoning" for part in item.summary)}

    def structured(self, ask):
        answer = self.ask(ask, text={"format": {"type": "json_schema", "name": "person", "schema": ask["schema"]}})
        return {"object": json.loads(answer.output_text)}

    def image(self, ask):
        answer = self.ask(ask, input=[{"role": "user", "content": [{"type": "input_text", "text": ask["prompt"]},
                                                                   {"type": "input_image", "image_url": picture(ask), "detail": "auto"}]}])
        return {"model": answer.model, "text": answer.output_text}

    def cancel(self, ask, left):
        with self.ask(ask, stream=True) as events:
            said = {"text": next(event.delta for event in events if event.type == "response.output_text.delta")}
        left()
        return said


class Completions:
    """openai-python's client.completions and client.embeddings."""

    def __init__(self, url):
        self.client = openai.OpenAI(base_url=f"{url}/v1", api_key="local", max_retries=0)

    def generate(self, ask):
        answer = self.client.completions.create(model=ask["model"], prompt=ask["prompt"])
        return {"model": answer.model, "text": answer.choices[0].text, "reason": answer.choices[0].finish_reason}

    def generate_stream(self, ask):
        pieces = list(self.client.completions.create(model=ask["model"], prompt=ask["prompt"], stream=True))
        return {"text": "".join(piece.choices[0].text for piece in pieces), "pieces": len(pieces), "reason": pieces[-1].choices[0].finish_reason}

    def insert(self, ask):
        answer = self.client.completions.create(model=ask["model"], prompt=ask["prompt"], suffix=ask["suffix"])
        return {"model": answer.model, "text": answer.choices[0].text}

    def embed(self, ask):  # it asks for base64 and unpacks it
        return {"sizes": [len(each.embedding) for each in self.client.embeddings.create(model=ask["model"], input=ask["input"]).data]}

    def unknown_model(self, ask):
        with pytest.raises(openai.NotFoundError) as raised:
            self.generate(ask)
        return failure(raised.value)


class Anthropic:
    """anthropic-python's client.messages."""

    def __init__(self, url):
        self.client = anthropic.Anthropic(base_url=url, api_key="local", max_retries=0)

    def ask(self, ask, messages=None, **more):
        return self.client.messages.create(model=ask["model"], max_tokens=4000, messages=messages or [{"role": "user", "content": ask["prompt"]}], **more)

    def whole(self, answer):
        assert answer.stop_reason == "end_turn" and answer.usage.output_tokens > 0
        return {"model": answer.model, "text": "".join(block.text for block in answer.content if block.type == "text"),
                "thinking": "".join(block.thinking for block in answer.content if block.type == "thinking")}

    def chat(self, ask):
        return self.whole(self.ask(ask))

    def stream(self, ask):
        with self.client.messages.stream(model=ask["model"], max_tokens=4000, messages=[{"role": "user", "content": ask["prompt"]}]) as stream:
            pieces = len(list(stream.text_stream))
            return {**self.whole(stream.get_final_message()), "pieces": pieces}

    def tools(self, ask):
        function = ask["tool"]["function"]
        tools = [{"name": function["name"], "description": function["description"], "input_schema": function["parameters"]}]
        first = self.ask(ask, tools=tools)
        assert first.stop_reason == "tool_use"
        called = [block for block in first.content if block.type == "tool_use"]
        said = [{"role": "user", "content": ask["prompt"]}, {"role": "assistant", "content": first.content},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": called[0].id, "content": ask["result"]}]}]
        return {"calls": [{"name": each.name, "arguments": each.input} for each in called],
                "after_tool": self.whole(self.ask(ask, messages=said, tools=tools))["text"]}

    def thinking(self, ask):
        return self.whole(self.ask(ask, thinking={"type": "enabled", "budget_tokens": 2000}))

    def image(self, ask):
        return self.whole(self.ask(ask, messages=[{"role": "user", "content": [
            {"type": "text", "text": ask["prompt"]},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": ask["image"]}}]}]))

    def cancel(self, ask, left):
        with self.ask(ask, stream=True) as events:
            said = {"text": next(event.delta.text for event in events if event.type == "content_block_delta")}
        left()
        return said

    def image_refused(self, ask):
        with pytest.raises(anthropic.BadRequestError) as raised:
            self.image(ask)
        return failure(raised.value)

    def unknown_model(self, ask):
        with pytest.raises(anthropic.NotFoundError) as raised:
            self.chat(ask)
        return failure(raised.value)

    def unknown_role(self, ask):
        with pytest.raises(anthropic.BadRequestError) as raised:
            self.chat(ask)
        return failure(raised.value)


class LangChain:
    """Of LangChain's chat models what both have."""

    def model(self, ask):
        raise NotImplementedError

    def user(self, ask):
        return HumanMessage(ask["prompt"])

    def chat(self, ask):
        return {"text": self.model(ask).invoke([self.user(ask)]).text}

    def stream(self, ask):
        pieces = [piece.text for piece in self.model(ask).stream([self.user(ask)])]
        return {"text": "".join(pieces), "pieces": len(pieces)}

    def tools(self, ask):
        model = self.model(ask).bind_tools([ask["tool"]])
        first = model.invoke([self.user(ask)])
        then = model.invoke([self.user(ask), first, ToolMessage(ask["result"], tool_call_id=first.tool_calls[0]["id"])])
        return {"calls": [{"name": each["name"], "arguments": each["args"]} for each in first.tool_calls], "after_tool": then.text}

    def image(self, ask):
        answer = self.model(ask).invoke([HumanMessage([{"type": "image_url", "image_url": {"url": picture(ask)}}, {"type": "text", "text": ask["prompt"]}])])
        return {"model": ask["model"], "text": answer.text}


class LangChainOpenAI(LangChain):
    def __init__(self, url):
        self.url = url

    def model(self, ask):
        return ChatOpenAI(model=ask["model"], base_url=f"{self.url}/v1", api_key="local", max_retries=0)

    def structured(self, ask):
        answer = self.model(ask).with_structured_output(ask["schema"], method="json_schema").invoke([self.user(ask)])
        return {"object": answer}

    def embed(self, ask):
        model = OpenAIEmbeddings(model=ask["model"], base_url=f"{self.url}/v1", api_key="local", max_retries=0, check_embedding_ctx_length=False)
        return {"sizes": [len(each) for each in model.embed_documents(ask["input"])]}


class LangChainAnthropic(LangChain):
    def __init__(self, url):
        self.url = url

    def model(self, ask):
        return ChatAnthropic(model=ask["model"], base_url=self.url, api_key="local", max_retries=0, max_tokens=4000)


CLIENTS = {each.__name__: each for each in (Responses, Completions, Anthropic, LangChainOpenAI, LangChainAnthropic)}


@pytest.mark.parametrize("client, name", [(client, name) for client, the in CLIENTS.items() for name in native_calls.ASK if hasattr(the, name)])
def test_a_call_of_a_python_client(shared_fleet, client, name):
    def row(url, ask, *left):
        return getattr(CLIENTS[client](url), name)(ask, *left)
    native_calls.try_call(native_calls.with_reasons({name: row}, NOT_THERE), name, shared_fleet)
