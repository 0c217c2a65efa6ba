"""What README tells people to paste works as it stands; only the port is the test's."""

import asyncio
import os
import re
import subprocess

import pytest

import javascript
from house import ROOT, until

README = (ROOT / "README.md").read_text()


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.S | re.M)


def here(text, fleet):
    return text.replace("localhost:8000", f"127.0.0.1:{fleet.router.port}")


def test_the_autogen_snippet_gives_four_clients_that_work(fleet):
    snippet = next(text for text in blocks("python") if "autogen_ext" in text)
    names = {}
    exec(compile(here(snippet, fleet), "README.md", "exec"), names)

    async def ask():
        from autogen_core.models import UserMessage
        for role in ("architect", "coder", "tester", "selector"):
            answer = await names[role].create([UserMessage(content="hello", source="user")])
            assert answer.content, role

    asyncio.run(ask())
    until("the log's fourth line", lambda: len(fleet.router.asked("/v1/chat/completions")) == 4)
    lines = fleet.router.asked("/v1/chat/completions")
    assert [line["role"] for line in lines] == ["architect", "coder", "tester", "router"]
    assert {line["session"] for line in lines} == {"my-team"}


def test_the_other_python_snippets_run(fleet):
    others = [text for text in blocks("python") if "autogen_ext" not in text]
    assert others
    for snippet in others:
        exec(compile(here(snippet, fleet), "README.md", "exec"), {})


@pytest.mark.parametrize("snippet", blocks("js"), ids=lambda text: re.search(r'from "(.+)"', text)[1])
def test_a_javascript_snippet_prints_an_answer(fleet, snippet):
    if "langchain" in snippet and (why := javascript.too_old_for_langchain()):
        pytest.skip(why)
    file = javascript.installed() / f"readme-{os.getpid()}.mjs"
    file.write_text(here(snippet, fleet))
    try:
        ran = subprocess.run(["node", file], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)
    finally:
        file.unlink()
    assert ran.returncode == 0 and ran.stdout.strip(), ran.stderr


def curls():
    commands = []
    for block in blocks("sh"):
        joined = re.sub(r"\\\n\s*", "", block)
        commands += [line.strip() for line in joined.splitlines() if line.strip().startswith("curl ")]
    return sorted(set(commands))


@pytest.mark.parametrize("command", curls())
def test_a_curl_command_answers(fleet, command):
    ran = subprocess.run(["bash", "-c", here(command, fleet).replace("curl ", "curl --fail-with-body --silent --show-error ", 1)],
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, env={**os.environ, "NO_PROXY": "*"})
    assert ran.returncode == 0 and ran.stdout, ran.stdout + ran.stderr


def test_every_link_of_the_page_leads_somewhere():
    headings = {re.sub(r"[^\w\s-]", "", h.lower()).strip().replace(" ", "-") for h in re.findall(r"^#+ (.+)$", README, re.M)}
    for target in re.findall(r"\]\(([^)]+)\)", README):
        if target.startswith("#"):
            assert target[1:] in headings, target
        elif not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_every_code_of_a_refusal_is_in_the_table_of_troubles():
    """The words a person searches for when the router says no."""
    table = README.split("## Troubleshooting")[1].split("\n## ")[0]
    said = set()
    for source in (ROOT / "router").rglob("*.cpp"):
        if source.parent.name != "sim":
            said |= set(re.findall(r'(?:\.code = (?:\w+ ? \? )?|\b(?:clients_fault|no)\((?:\d+, )?)"([a-z_]+)"', source.read_text()))
    assert "role_unknown" in said and "host_refused" in said
    said -= {"client_left"}  # nobody is there to read it
    assert sorted(code for code in said if f"`{code}`" not in table) == []
