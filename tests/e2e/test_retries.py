"""What a client's own retries do: a failure of the moment is asked again and answered, a request that can never be right is asked once.
Each client's retry rules are its own; what it reads of ours is the status and Retry-After."""

import anthropic
import openai
import pytest

from house import until

QUESTION = [{"role": "user", "content": "[[say:yes]]"}]


class Counted:
    """The requests that a client sent to the router."""

    def __init__(self, kind):
        self.sent = 0
        self.http = kind(event_hooks={"request": [self.count]})

    def count(self, _request):
        self.sent += 1


def of_openai(url, ask):
    counted = Counted(openai.DefaultHttpxClient)
    return counted, lambda: ask(openai.OpenAI(base_url=f"{url}/v1", api_key="local", max_retries=2, http_client=counted.http))


def of_anthropic(url, ask):
    counted = Counted(anthropic.DefaultHttpxClient)
    return counted, lambda: ask(anthropic.Anthropic(base_url=url, api_key="local", max_retries=2, http_client=counted.http))


CALLS = {
    "chat": (of_openai, lambda c, **more: c.chat.completions.create(model="coder", messages=QUESTION, **more).choices[0].finish_reason == "stop"),
    "chat streamed": (of_openai, lambda c, **more: [*c.chat.completions.create(model="coder", messages=QUESTION, stream=True, **more)][-1].choices[0].finish_reason == "stop"),
    "completions": (of_openai, lambda c, **more: c.completions.create(model="coder", prompt="[[say:yes]]", **more).choices[0].finish_reason == "stop"),
    "responses": (of_openai, lambda c, **more: c.responses.create(model="coder", input=QUESTION, **more).status == "completed"),
    "messages": (of_anthropic, lambda c, **more: c.messages.create(model="coder", messages=QUESTION, max_tokens=50, **more).stop_reason == "end_turn"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_failure_of_the_moment_is_asked_again_and_answered(fleet, name):
    client, ask = CALLS[name]
    counted, call = client(fleet.url, ask)
    fleet.mac_mini.fault(what="die_before", times=2)  # the router tries twice by itself
    assert call()
    assert counted.sent == 2


@pytest.mark.parametrize("name, wrong", [("chat", {"n": 2}), ("completions", {"n": 2}), ("responses", {"previous_response_id": "resp_1"})])
def test_what_can_never_be_right_is_asked_once(fleet, name, wrong):
    client, ask = CALLS[name]
    counted, call = client(fleet.url, lambda c: ask(c, **wrong))
    with pytest.raises(openai.BadRequestError, match=next(iter(wrong))):
        call()
    assert counted.sent == 1


def test_a_model_that_is_not_there_is_asked_for_once(fleet):
    for client, ask, wrong in ((of_openai, lambda c: c.chat.completions.create(model="no-such", messages=QUESTION), openai.NotFoundError),
                               (of_anthropic, lambda c: c.messages.create(model="no-such", messages=QUESTION, max_tokens=5), anthropic.NotFoundError)):
        counted, call = client(fleet.url, ask)
        with pytest.raises(wrong):
            call()
        assert counted.sent == 1


JAVASCRIPT = {"openai": "/v1/chat/completions", "responses": "/v1/responses", "anthropic": "/v1/messages", "aisdk-chat": "/v1/chat/completions", "aisdk-messages": "/v1/messages"}


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_a_javascript_client_asks_again_after_a_failure_of_the_moment(fleet, clients, name):
    fleet.mac_mini.fault(what="die_before", times=2)
    said = clients(name)(fleet.url, "chat", {"model": "coder", "prompt": "[[say:yes]]", "retries": 2})
    assert said["text"] == "yes", said
    until("both requests in the log", lambda: len(fleet.router.asked(JAVASCRIPT[name])) == 2)


@pytest.mark.parametrize("name", JAVASCRIPT)
def test_a_javascript_client_asks_once_for_a_model_that_is_not_there(fleet, clients, name):
    said = clients(name)(fleet.url, "unknown_model", {"model": "no-such", "prompt": "hello", "retries": 2})
    assert said["status"] == 404, said
    until("the request in the log", lambda: len(fleet.router.asked(JAVASCRIPT[name])) == 1)
