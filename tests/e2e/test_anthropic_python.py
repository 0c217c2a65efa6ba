"""anthropic-python, as published, on /v1/messages; the nodes hear the native API only."""

import anthropic
import httpx
import pytest

QUESTION = [{"role": "user", "content": "[[say:PONG one two.]]"}]
WEATHER = {"name": "get_weather", "description": "The weather of a city.", "input_schema": {
    "type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}


@pytest.fixture
def client(fleet):
    return anthropic.Anthropic(base_url=fleet.url, api_key="local", max_retries=0)


def test_a_message_answers_with_usage_under_the_name_that_was_asked(client, fleet):
    answer = client.messages.create(model="coder", max_tokens=256, system="Be brief.", messages=QUESTION)
    assert (answer.model, answer.role, answer.stop_reason) == ("coder", "assistant", "end_turn")
    assert [block.text for block in answer.content] == ["PONG one two."] and answer.usage.input_tokens > 0
    seen = fleet.mac_mini.inference()[-1]
    assert (seen["target"], seen["model"]) == ("/api/chat", "qwen3-coder:30b")


def test_the_stream_helper_puts_the_message_together(client):
    with client.messages.stream(model="coder", max_tokens=256, messages=QUESTION) as stream:
        assert "".join(stream.text_stream) == "PONG one two."
        final = stream.get_final_message()
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0


def test_the_role_of_a_path_and_of_a_header(fleet):
    for base, headers in ((f"{fleet.url}/role/tester", {}), (fleet.url, {"X-Agent-Role": "tester"})):
        with anthropic.Anthropic(base_url=base, api_key="local", max_retries=0, default_headers=headers) as client:
            raw = client.messages.with_raw_response.create(model="claude-sonnet-4-5", max_tokens=64, messages=QUESTION)
            assert raw.headers["X-Router-Role"] == "tester" and raw.headers["X-Router-Model"] == "qwen2.5-coder:14b"


def test_a_tool_is_called_and_its_result_understood(client):
    asked = {"role": "user", "content": "What is the weather? [[tool:get_weather {\"city\":\"Seoul\"}]]"}
    first = client.messages.create(model="coder", max_tokens=256, tools=[WEATHER], messages=[asked])
    assert first.stop_reason == "tool_use"
    call = first.content[-1]
    assert (call.type, call.name, call.input) == ("tool_use", "get_weather", {"city": "Seoul"})
    second = client.messages.create(model="coder", max_tokens=256, tools=[WEATHER], messages=[
        {"role": "user", "content": "What is the weather?"}, {"role": "assistant", "content": [block.to_dict() for block in first.content]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "11 degrees"}]}])
    assert second.content


def test_a_tool_is_called_in_a_stream(client):
    with client.messages.stream(model="coder", max_tokens=256, tools=[WEATHER], messages=[
            {"role": "user", "content": "What is the weather? [[tool:get_weather {\"city\":\"Seoul\"}]]"}]) as stream:
        final = stream.get_final_message()
    assert [(block.name, block.input) for block in final.content if block.type == "tool_use"] == [("get_weather", {"city": "Seoul"})]


def test_tokens_are_counted_as_an_estimate(client):
    raw = client.messages.with_raw_response.count_tokens(model="coder", messages=QUESTION)
    assert raw.parse().input_tokens > 0 and raw.headers["X-Router-Estimate"]


def test_errors_are_those_of_the_client(client):
    with pytest.raises(anthropic.NotFoundError, match="nope"):
        client.messages.create(model="nope:1b", max_tokens=5, messages=QUESTION)
    with pytest.raises(anthropic.BadRequestError, match="document"):
        client.messages.create(model="coder", max_tokens=5, messages=[{"role": "user", "content": [
            {"type": "document", "source": {"type": "url", "url": "https://example.org/x.pdf"}}]}])


@pytest.mark.parametrize("fault", ["cut", "noend", "error"])
def test_a_stream_that_breaks_off_is_an_error(client, fault):
    with pytest.raises((anthropic.APIError, httpx.HTTPError)):
        with client.messages.stream(model="coder", max_tokens=256, messages=[
                {"role": "user", "content": f"[[chunks:5]][[fault:{fault}]]"}]) as stream:
            list(stream)
