"""ollama-python, as published, synchronous and asynchronous: every call it has."""

import asyncio
import json

import ollama
import pytest

import native_calls


def user(ask, **more):
    return [{"role": "user", "content": ask["prompt"], **more}]


def whole(answer):
    """One answer of chat or generate."""
    said = answer.message if hasattr(answer, "message") else answer
    return {"model": answer.model, "text": getattr(said, "content", None) or getattr(said, "response", ""),
            "thinking": said.thinking, "reason": answer.done_reason}


def joined(pieces):
    parts = [whole(piece) for piece in pieces]
    return {**parts[-1], "text": "".join(part["text"] for part in parts), "pieces": len(parts)}


def tools_of(answer):
    return [{"name": each.function.name, "arguments": dict(each.function.arguments)} for each in answer.message.tool_calls]


def with_result(ask, answer):
    return [*user(ask), answer.message, {"role": "tool", "tool_name": "get_weather", "content": ask["result"]}]


def failure(raised):
    return {"status": raised.value.status_code, "error": raised.value.error}


class Sync:
    def __init__(self, url):
        self.client = ollama.Client(host=url)

    def list(self, ask):
        return {"names": [model.model for model in self.client.list().models]}

    def ps(self, ask):
        return {"names": [model.model for model in self.client.ps().models]}

    def show(self, ask):
        return {"names": self.client.show(ask["model"]).capabilities}

    def chat(self, ask):
        return whole(self.client.chat(ask["model"], user(ask)))

    def stream(self, ask):
        return joined(self.client.chat(ask["model"], user(ask), stream=True))

    def generate(self, ask):
        return whole(self.client.generate(ask["model"], ask["prompt"]))

    def generate_stream(self, ask):
        return joined(self.client.generate(ask["model"], ask["prompt"], stream=True))

    def insert(self, ask):
        return whole(self.client.generate(ask["model"], ask["prompt"], suffix=ask["suffix"]))

    def tools(self, ask):
        first = self.client.chat(ask["model"], user(ask), tools=[ask["tool"]])
        then = self.client.chat(ask["model"], with_result(ask, first), tools=[ask["tool"]])
        return {"calls": tools_of(first), "after_tool": then.message.content}

    def thinking(self, ask):
        return whole(self.client.chat(ask["model"], user(ask), think=True))

    def structured(self, ask):
        return {"object": json.loads(self.client.chat(ask["model"], user(ask), format=ask["schema"]).message.content)}

    def image(self, ask):
        return whole(self.client.chat(ask["model"], user(ask, images=[ask["image"]])))

    def image_refused(self, ask):
        with pytest.raises(ollama.ResponseError) as raised:
            self.image(ask)
        return failure(raised)

    def embed(self, ask):
        return {"sizes": [len(each) for each in self.client.embed(ask["model"], ask["input"]).embeddings]}

    def cancel(self, ask, left):
        stream = self.client.chat(ask["model"], user(ask), stream=True)
        first = next(stream)
        stream.close()
        left()
        return whole(first)

    def preload(self, ask):
        return whole(self.client.generate(ask["model"]))

    def unload(self, ask):
        return whole(self.client.generate(ask["model"], keep_alive=0))

    def unknown_model(self, ask):
        with pytest.raises(ollama.ResponseError) as raised:
            self.chat(ask)
        return failure(raised)

    unknown_role = unknown_model


class Async:
    def __init__(self, url):
        self.client = ollama.AsyncClient(host=url)

    async def list(self, ask):
        return {"names": [model.model for model in (await self.client.list()).models]}

    async def ps(self, ask):
        return {"names": [model.model for model in (await self.client.ps()).models]}

    async def show(self, ask):
        return {"names": (await self.client.show(ask["model"])).capabilities}

    async def chat(self, ask):
        return whole(await self.client.chat(ask["model"], user(ask)))

    async def stream(self, ask):
        return joined([piece async for piece in await self.client.chat(ask["model"], user(ask), stream=True)])

    async def generate(self, ask):
        return whole(await self.client.generate(ask["model"], ask["prompt"]))

    async def generate_stream(self, ask):
        return joined([piece async for piece in await self.client.generate(ask["model"], ask["prompt"], stream=True)])

    async def insert(self, ask):
        return whole(await self.client.generate(ask["model"], ask["prompt"], suffix=ask["suffix"]))

    async def tools(self, ask):
        first = await self.client.chat(ask["model"], user(ask), tools=[ask["tool"]])
        then = await self.client.chat(ask["model"], with_result(ask, first), tools=[ask["tool"]])
        return {"calls": tools_of(first), "after_tool": then.message.content}

    async def thinking(self, ask):
        return whole(await self.client.chat(ask["model"], user(ask), think=True))

    async def structured(self, ask):
        answer = await self.client.chat(ask["model"], user(ask), format=ask["schema"])
        return {"object": json.loads(answer.message.content)}

    async def image(self, ask):
        return whole(await self.client.chat(ask["model"], user(ask, images=[ask["image"]])))

    async def image_refused(self, ask):
        with pytest.raises(ollama.ResponseError) as raised:
            await self.image(ask)
        return failure(raised)

    async def embed(self, ask):
        return {"sizes": [len(each) for each in (await self.client.embed(ask["model"], ask["input"])).embeddings]}

    async def cancel(self, ask, left):
        begun = asyncio.get_running_loop().create_future()

        async def read():
            async for piece in await self.client.chat(ask["model"], user(ask), stream=True):
                if not begun.done():
                    begun.set_result(whole(piece))

        task = asyncio.create_task(read())
        first = await begun
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(left)
        return first

    async def preload(self, ask):
        return whole(await self.client.generate(ask["model"]))

    async def unload(self, ask):
        return whole(await self.client.generate(ask["model"], keep_alive=0))

    async def unknown_model(self, ask):
        with pytest.raises(ollama.ResponseError) as raised:
            await self.chat(ask)
        return failure(raised)

    unknown_role = unknown_model


def row_of(kind, name):
    if name == "version":
        return "ollama-python has no call for it"
    method = getattr(kind, name)
    if kind is Sync:
        return lambda url, *rest: method(kind(url), *rest)
    return lambda url, *rest: asyncio.run(asyncio.wait_for(method(kind(url), *rest), 120))


TABLES = {kind.__name__: {name: row_of(kind, name) for name in native_calls.ASK} for kind in (Sync, Async)}


@pytest.mark.parametrize("kind, name", [(kind, name) for kind, table in TABLES.items() for name in native_calls.calls_of(table)])
def test_a_call_of_ollama_python(shared_fleet, kind, name):
    native_calls.try_call(TABLES[kind], name, shared_fleet)
