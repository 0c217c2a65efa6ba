"""A real server of the OpenAI API as a node: llama.cpp's, by llama-cpp-python, with a tiny model. `tests/run.sh --long` builds it."""

import os
import subprocess

import anthropic
import ollama
import openai
import pytest

from house import ROOT, Program, Router, call, until

PYTHON = ROOT / "build" / "llama" / "bin" / "python"
ASK = [{"role": "user", "content": "say something"}]
pytestmark = [pytest.mark.long, pytest.mark.skipif(not PYTHON.exists(), reason="no build/llama: tests/run.sh --long makes it")]


class LlamaServer(Program):
    def __init__(self, model):
        self.process = subprocess.Popen([PYTHON, "-u", "-m", "llama_cpp.server", "--model", model, "--model_alias", "org/Tiny", "--host", "127.0.0.1", "--port", "0", "--n_ctx", "1024",
                                         "--api_key", "s3cret"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, "PYTHONUNBUFFERED": "1"})
        self._watch()
        self.port = int(self.line(r"http://127\.0\.0\.1:(\d+)")[1])


@pytest.fixture(scope="module")
def router(tmp_path_factory):
    folder = tmp_path_factory.mktemp("llama")
    subprocess.run([PYTHON, ROOT / "tests" / "e2e" / "llama" / "tiny_model.py", folder / "tiny.gguf"], check=True, timeout=300)
    server = LlamaServer(folder / "tiny.gguf")
    file = folder / "router.yaml"
    file.write_text("roles:\n  coder: { node: studio, model: org/tiny }\n"
                    f"nodes:\n  studio: {{ type: openai, address: 127.0.0.1:{server.port}, api_key: s3cret }}\nmodels:\n  org/tiny: {{ num_ctx: 1024 }}\n")
    router = Router("--config", file)
    try:
        until("the server to be up", lambda: router.health()["nodes"]["studio"]["state"] == "up")
        yield router
    finally:
        router.stop()
        server.stop()


def test_ollamas_client_streams_and_waits(router):
    client = ollama.Client(host=router.url)
    pieces = list(client.chat(model="coder", messages=ASK, stream=True, options={"num_predict": 12, "temperature": 0}))
    assert len(pieces) > 6 and pieces[-1].done and pieces[-1].done_reason == "length"
    said = "".join(p.message.content for p in pieces)
    assert said.strip()
    whole = client.chat(model="coder", messages=ASK, options={"num_predict": 12, "temperature": 0})
    assert whole.message.content == said and whole.eval_count == 12 and whole.prompt_eval_count > 0
    assert client.generate(model="coder", prompt="say something", options={"num_predict": 4}).response


def test_openais_and_anthropics_clients(router):
    client = openai.OpenAI(base_url=router.url + "/v1", api_key="local", max_retries=0)
    answer = client.chat.completions.create(model="coder", messages=ASK, max_tokens=8)
    assert answer.choices[0].message.content and answer.choices[0].finish_reason == "length" and answer.usage.completion_tokens == 8
    events = list(client.chat.completions.create(model="coder", messages=ASK, max_tokens=8, stream=True))
    assert sum(bool(e.choices and e.choices[0].delta.content) for e in events) > 3
    assert client.responses.create(model="coder", input="say something", max_output_tokens=8).output_text
    said = anthropic.Anthropic(base_url=router.url, api_key="local", max_retries=0).messages.create(model="coder", max_tokens=8, messages=ASK)
    assert said.content[0].text and said.stop_reason == "max_tokens"


def test_a_model_that_it_does_not_have_and_a_prompt_that_is_too_long_are_told(router):
    assert call(router.url + "/api/chat", {"model": "none", "messages": ASK})[0] == 404
    status, _, body = call(router.url + "/api/chat", {"model": "coder", "stream": False, "messages": [{"role": "user", "content": "x y " * 2000}]})
    assert status == 400 and b"context" in body, body
