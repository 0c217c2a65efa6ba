"""openai-python, as published, on /v1; the nodes hear the native API only."""

import asyncio
import json

import httpx2
import openai
import pytest

from house import until

LONG = [{"role": "user", "content": "[[chunks:20000]][[delay:100]]"}]  # what the simulated node is told: one hundred seconds of pieces
QUESTION = [{"role": "user", "content": "Write a function that adds two numbers."}]
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
PERSON = {"type": "json_schema", "json_schema": {"name": "person", "schema": {
    "type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}}}
FAILED = (openai.APIError, httpx2.HTTPError)


@pytest.fixture
def client(fleet):
    return openai.OpenAI(base_url=f"{fleet.url}/v1", api_key="local", max_retries=0)


def test_models_lists_roles_and_models(client):
    names = {model.id for model in client.models.list()}
    assert {"coder", "qwen3-coder:30b"} <= names
    assert client.models.retrieve("coder").id == "coder"


def test_chat_answers_with_usage_under_the_name_that_was_asked(client, fleet):
    answer = client.chat.completions.create(model="coder", messages=QUESTION)
    assert answer.model == "coder" and answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop" and answer.usage.completion_tokens > 0
    seen = fleet.mac_mini.inference()[-1]
    assert (seen["target"], seen["model"]) == ("/api/chat", "qwen3-coder:30b")


def test_a_stream_comes_in_pieces_and_tells_its_usage(client):
    pieces = list(client.chat.completions.create(model="coder", messages=QUESTION, stream=True,
                                                 stream_options={"include_usage": True}))
    assert len(pieces) > 2 and pieces[-1].usage.total_tokens > 0
    assert [p.choices[0].finish_reason for p in pieces if p.choices and p.choices[0].finish_reason] == ["stop"]


def test_tools_are_called_with_valid_arguments(client):
    answer = client.chat.completions.create(model="coder", tools=[WEATHER], messages=[
        {"role": "user", "content": "Use the tool get_weather: what is the weather in Seoul?"}])
    calls = answer.choices[0].message.tool_calls
    assert [each.function.name for each in calls] == ["get_weather"] and "city" in json.loads(calls[0].function.arguments)
    assert answer.choices[0].finish_reason == "tool_calls"


def test_a_schema_gives_an_instance_of_it(client):
    answer = client.chat.completions.create(model="coder", messages=[{"role": "user", "content": "Describe a person."}],
                                            response_format=PERSON)
    person = json.loads(answer.choices[0].message.content)
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="no-such-model", messages=QUESTION)
    assert "no-such-model" in raised.value.message


def test_the_asynchronous_client_streams_by_header(fleet):
    async def run():
        async with openai.AsyncOpenAI(base_url=f"{fleet.url}/v1", api_key="local",
                                      default_headers={"X-Agent-Role": "Planner"}) as client:
            return [piece async for piece in await client.chat.completions.create(model="auto", messages=QUESTION, stream=True)]
    pieces = asyncio.run(run())
    assert pieces[-1].choices[0].finish_reason == "stop"
    assert fleet.mac_mini.inference()[-1]["model"] == "qwen3-coder-next:q4_K_M"


def test_leaving_a_stream_ends_it_at_the_node(start_fleet):
    fleet = start_fleet(20)
    client = openai.OpenAI(base_url=f"{fleet.url}/v1", api_key="local", max_retries=0)
    stream = client.chat.completions.create(model="coder", messages=LONG, stream=True)
    next(iter(stream))
    stream.close()
    until("the node's stream ended by its client",
          lambda: any(seen["ended"] == "client-closed" for seen in fleet.mac_mini.inference()))
    until("nothing in flight", lambda: fleet.router.health()["in_flight"] == 0)


@pytest.mark.parametrize("what", ["die_mid", "end_early", "error_mid", "garbage"])
def test_a_stream_that_breaks_raises(client, fleet, what):
    client.chat.completions.create(model="coder", messages=QUESTION)
    fleet.mac_mini.fault(what=what, after=2, times=1)
    with pytest.raises(FAILED):
        for _ in client.chat.completions.create(model="coder", messages=QUESTION, stream=True):
            pass
    assert client.chat.completions.create(model="coder", messages=QUESTION).choices[0].finish_reason == "stop"


@pytest.mark.parametrize("what", ["die_mid", "end_early"])
def test_an_answer_that_breaks_raises_though_it_is_not_streamed(client, fleet, what):
    client.chat.completions.create(model="coder", messages=QUESTION)
    fleet.mac_mini.fault(what=what, after=2, times=-1)
    with pytest.raises(FAILED):
        client.chat.completions.create(model="coder", messages=QUESTION)
