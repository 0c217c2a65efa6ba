"""openai-python on the routes beside chat completions: embeddings, completions, responses; the nodes hear the native API only."""

import json
import math

import httpx2
import openai
import pytest
import zstandard

FAILED = (openai.APIError, httpx2.HTTPError)
WEATHER = {"type": "function", "name": "get_weather", "description": "The weather of a city.", "strict": False, "parameters": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


@pytest.fixture
def client(fleet):
    return openai.OpenAI(base_url=f"{fleet.url}/v1", api_key="local", max_retries=0)


def test_embeddings_are_the_same_packed_and_as_numbers(client):
    packed = client.embeddings.create(model="nomic-embed-text", input=["one", "two"])  # base64 is what this client asks for by itself
    numbers = client.embeddings.create(model="nomic-embed-text", input=["one", "two"], encoding_format="float")
    assert [each.index for each in packed.data] == [0, 1] and packed.usage.total_tokens > 0
    for a, b in zip(packed.data, numbers.data):
        assert len(a.embedding) == len(b.embedding) > 4
        assert all(math.isclose(x, y, rel_tol=1e-6, abs_tol=1e-9) for x, y in zip(a.embedding, b.embedding))


def test_a_body_packed_by_zstd_is_read_like_a_plain_one(fleet):
    """As Codex sends it."""
    body = json.dumps({"model": "coder", "input": "[[say:yes]] " + " ".join(map(str, range(30_000)))}).encode()
    for packed in (zstandard.compress(body), zstandard.ZstdCompressor(write_content_size=False, level=19).compress(body)):
        at = {"Content-Type": "application/json", "Content-Encoding": "zstd"}
        answer = httpx2.post(f"{fleet.url}/v1/responses", content=packed, headers=at, timeout=60)
        assert answer.status_code == 200, answer.text
        assert answer.json()["output"][-1]["content"][0]["text"] == "yes"
        assert fleet.mac_mini.inference()[-1]["model"] == "qwen3-coder:30b"


def test_token_ids_are_refused_with_the_way_out(client):
    with pytest.raises(openai.BadRequestError, match="token ids"):
        client.embeddings.create(model="nomic-embed-text", input=[1, 2, 3])


def test_a_completion_whole_and_streamed(client, fleet):
    whole = client.completions.create(model="coder", prompt="def add(a, b):")
    assert whole.model == "coder" and whole.choices[0].text and whole.choices[0].finish_reason == "stop"
    pieces = list(client.completions.create(model="coder", prompt="def add(a, b):", stream=True, stream_options={"include_usage": True}))
    assert "".join(p.choices[0].text for p in pieces if p.choices) and pieces[-1].usage.total_tokens > 0
    seen = fleet.mac_mini.inference()[-1]
    assert (seen["target"], seen["model"]) == ("/api/generate", "qwen3-coder:30b")


def test_a_response_whole_and_streamed(client, fleet):
    answer = client.responses.create(model="coder", instructions="Be brief.", input="[[say:PONG one two.]]")
    assert answer.status == "completed" and answer.output_text == "PONG one two." and answer.usage.total_tokens > 0
    assert fleet.mac_mini.inference()[-1]["target"] == "/api/chat"
    events = list(client.responses.create(model="coder", input="[[say:PONG one two.]]", stream=True))
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert events[0].type == "response.created" and events[-1].type == "response.completed"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "PONG one two."
    assert events[-1].response.output_text == "PONG one two."


def test_the_stream_helper_of_the_client_understands_the_events(client):
    with client.responses.stream(model="coder", input="[[say:PONG one two.]]") as stream:
        for _ in stream:
            pass
        assert stream.get_final_response().output_text == "PONG one two."


def test_a_tool_is_called_and_its_result_understood(client):
    first = client.responses.create(model="coder", tools=[WEATHER], input="What is the weather? [[tool:get_weather {\"city\":\"Seoul\"}]]")
    calls = [item for item in first.output if item.type == "function_call"]
    assert [(call.name, json.loads(call.arguments)) for call in calls] == [("get_weather", {"city": "Seoul"})]
    second = client.responses.create(model="coder", tools=[WEATHER], input=[
        {"role": "user", "content": "What is the weather?"}, *[item.to_dict() for item in first.output],
        {"type": "function_call_output", "call_id": calls[0].call_id, "output": "11 degrees [[say:It is 11.]]"}])
    assert second.output_text


def test_a_custom_tool_is_called_back_in_its_own_form(client):
    answer = client.responses.create(model="coder", input="Patch it. [[tool:apply_patch {\"input\":\"*** Begin\"}]]",
                                     tools=[{"type": "custom", "name": "apply_patch", "description": "Applies a patch."}])
    calls = [item for item in answer.output if item.type == "custom_tool_call"]
    assert [(call.name, call.input) for call in calls] == [("apply_patch", "*** Begin")]


def test_a_schema_gives_an_instance_of_it(client):
    answer = client.responses.create(model="coder", input="Describe a person.", text={"format": {
        "type": "json_schema", "name": "person", "schema": {
            "type": "object", "properties": {"name": {"type": "string"}, "age": {"type": "integer"}}, "required": ["name", "age"]}}})
    person = json.loads(answer.output_text)
    assert isinstance(person["name"], str) and isinstance(person["age"], int)


def test_an_image_reaches_the_node_as_it_was_sent(client, fleet):
    client.responses.create(model="qwen2.5vl:7b", input=[{"role": "user", "content": [
        {"type": "input_text", "text": "What is it?"}, {"type": "input_image", "image_url": f"data:image/png;base64,{PIXEL}", "detail": "auto"}]}])
    heard = [seen["body"] for node in (fleet.macbook, fleet.mac_mini) for seen in node.record() if seen["target"] == "/api/chat"]
    assert [json.loads(body)["messages"][0]["images"] for body in heard] == [[PIXEL]]


def test_what_is_kept_at_openai_is_refused_by_name(client):
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="coder", input="hi", previous_response_id="resp_1")


@pytest.mark.parametrize("fault", ["cut", "noend", "error"])
def test_a_response_that_breaks_off_is_an_error(client, fault):
    with pytest.raises(FAILED):
        list(client.responses.create(model="coder", input=f"[[chunks:5]][[fault:{fault}]]", stream=True))
