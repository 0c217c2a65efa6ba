"""Coding agents' own programs, as published, without an account: Claude Code, Codex, opencode. They are some hundred megabytes, so
they are tried where somebody has installed them: RR_AGENTS names the folder of
npm install --ignore-scripts @anthropic-ai/claude-code @openai/codex opencode-ai."""

import json
import os
import pathlib
import subprocess

import pytest

AGENTS = pathlib.Path(os.environ.get("RR_AGENTS", "/nowhere")) / "node_modules"
PROGRAMS = {
    "claude": AGENTS / "@anthropic-ai/claude-code-linux-x64/claude",
    "codex": AGENTS / ".bin/codex",
    "opencode": AGENTS / "opencode-linux-x64/bin/opencode",
}
SAY = "[[say:hello from the router]] say hi"

pytestmark = [pytest.mark.long, pytest.mark.skipif("RR_AGENTS" not in os.environ, reason="RR_AGENTS names no folder of agents")]


def claude(fleet, folder, *words):
    environment = {"ANTHROPIC_BASE_URL": fleet.url + "/role/coder", "ANTHROPIC_AUTH_TOKEN": "local", "ANTHROPIC_MODEL": "coder",
                   "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"}
    return run(folder, environment, PROGRAMS["claude"], "-p", *words)


def codex(fleet, folder, *words):
    (folder / "config.toml").write_text(f"""\
model = "coder"
model_provider = "router"
[model_providers.router]
name = "role-router"
base_url = "{fleet.url}/v1"
wire_api = "responses"
""")
    return run(folder, {"CODEX_HOME": str(folder)}, PROGRAMS["codex"], "exec", "--skip-git-repo-check", *words)


def opencode(fleet, folder, *words):
    provider = {"npm": "@ai-sdk/openai-compatible", "name": "role-router", "options": {"baseURL": fleet.url + "/v1", "apiKey": "local"},
                "models": {"coder": {}}}
    (folder / "opencode.json").write_text(json.dumps({"model": "router/coder", "provider": {"router": provider}}))
    return run(folder, {}, PROGRAMS["opencode"], "run", *words)


def run(folder, environment, *command):
    home = folder / "home"  # another than where they work: there they look for no project
    home.mkdir()
    ran = subprocess.run(list(map(str, command)), cwd=folder, env={**os.environ, "HOME": str(home), **environment}, stdin=subprocess.DEVNULL,
                         capture_output=True, text=True, timeout=300)
    return ran.stdout + ran.stderr


@pytest.mark.parametrize("agent", [claude, codex, opencode])
def test_an_agent_gets_its_answer_from_the_coder(fleet, tmp_path, agent):
    assert "hello from the router" in agent(fleet, tmp_path, SAY)
    assert {one["model"] for one in fleet.mac_mini.inference()} == {"qwen3-coder:30b"}


def test_claude_code_runs_a_tool_and_sends_its_result_back(fleet, tmp_path):
    order = '[[tool:Bash {"command":"echo made > made","description":"make a file"}]][[then:The file is there.]] do it'
    assert "The file is there." in claude(fleet, tmp_path, order, "--allowedTools", "Bash")
    assert (tmp_path / "made").read_text() == "made\n"
