"""ollama-python, as published, with roles as model names."""

import asyncio
import json

import httpx
import ollama
import pytest

from house import until

LONG = [{"role": "user", "content": "[[chunks:20000]][[delay:100]]"}]  # what the simulated node is told: one hundred seconds of pieces
QUESTION = [{"role": "user", "content": "Write a function that adds two numbers."}]
WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}
PERSON = {"type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}
FAILED = (ollama.ResponseError, httpx.HTTPError)


@pytest.fixture
def client(fleet):
    return ollama.Client(host=fleet.url)


def test_list_shows_roles_and_models(client):
    names = {model.model for model in client.list().models}
    assert {"coder", "qwen3-coder:30b", "qwen3:1.7b"} <= names


def test_chat_answers_under_the_name_that_was_asked(client, fleet):
    answer = client.chat(model="coder", messages=QUESTION)
    assert answer.model == "coder" and answer.done and answer.message.content
    assert fleet.mac_mini.inference()[-1]["model"] == "qwen3-coder:30b"


def test_generate_answers(client):
    answer = client.generate(model="coder", prompt="Say hello.")
    assert answer.done and answer.response


def test_a_stream_comes_in_pieces_and_is_whole(client):
    pieces = list(client.chat(model="coder", messages=QUESTION, stream=True))
    assert len(pieces) > 2 and pieces[-1].done and not any(piece.done for piece in pieces[:-1])
    assert {piece.model for piece in pieces} == {"coder"}


def test_tools_are_called_with_valid_arguments(client):
    answer = client.chat(model="coder", tools=[WEATHER], messages=[
        {"role": "user", "content": "Use the tool get_weather: what is the weather in Seoul?"}])
    assert [each.function.name for each in answer.message.tool_calls] == ["get_weather"]
    assert "city" in answer.message.tool_calls[0].function.arguments


def test_a_schema_gives_an_instance_of_it(client):
    answer = client.chat(model="coder", messages=[{"role": "user", "content": "Describe a person."}], format=PERSON)
    person = json.loads(answer.message.content)
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


def test_an_unknown_model_is_404(client):
    with pytest.raises(ollama.ResponseError) as raised:
        client.chat(model="no-such-model", messages=QUESTION)
    assert raised.value.status_code == 404 and "no-such-model" in raised.value.error


def test_an_unknown_role_is_told_the_known_ones(fleet):
    with pytest.raises(ollama.ResponseError) as raised:
        ollama.Client(host=f"{fleet.url}/role/codr").chat(model="auto", messages=QUESTION)
    assert raised.value.status_code == 400
    assert "codr" in raised.value.error and "coder" in raised.value.error and "architect" in raised.value.error


def test_the_asynchronous_client_streams(fleet):
    async def run():
        client = ollama.AsyncClient(host=f"{fleet.url}/role/tester")
        return [piece async for piece in await client.chat(model="auto", messages=QUESTION, stream=True)]
    pieces = asyncio.run(run())
    assert pieces[-1].done
    assert fleet.mac_mini.inference()[-1]["model"] == "qwen2.5-coder:14b"


def test_leaving_a_stream_ends_it_at_the_node(start_fleet):
    fleet = start_fleet(20)
    stream = ollama.Client(host=fleet.url).chat(model="coder", messages=LONG, stream=True)
    next(stream)
    stream.close()
    until("the node's stream ended by its client",
          lambda: any(seen["ended"] == "client-closed" for seen in fleet.mac_mini.inference()))
    until("nothing in flight", lambda: fleet.router.health()["in_flight"] == 0)


@pytest.mark.parametrize("what", ["die_mid", "end_early", "error_mid", "garbage"])
def test_a_stream_that_breaks_raises(client, fleet, what):
    client.chat(model="coder", messages=QUESTION)  # the model is loaded
    fleet.mac_mini.fault(what=what, after=2, times=1)
    with pytest.raises(FAILED):
        for _ in client.chat(model="coder", messages=QUESTION, stream=True):
            pass
    assert client.chat(model="coder", messages=QUESTION).done  # and the next one works


@pytest.mark.parametrize("what", ["die_mid", "end_early"])
def test_an_answer_that_breaks_raises_though_it_is_not_streamed(client, fleet, what):
    client.chat(model="coder", messages=QUESTION)
    fleet.mac_mini.fault(what=what, after=2, times=-1)
    with pytest.raises(FAILED):
        client.chat(model="coder", messages=QUESTION)


def test_a_node_that_dies_before_its_first_byte_is_made_up_for_by_another(client, fleet):
    client.chat(model="tester", messages=QUESTION)
    fleet.mac_mini.fault(what="die_before", times=-1)
    assert client.chat(model="tester", messages=QUESTION).done
    assert fleet.macbook.inference()[-1]["model"] == "qwen2.5-coder:14b"
