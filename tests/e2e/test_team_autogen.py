"""A team of agents works through the router: AutoGen's SelectorGroupChat, as published."""

import asyncio
import json
import warnings
from collections import Counter

from autogen_agentchat.agents import AssistantAgent
from autogen_agentchat.conditions import MaxMessageTermination
from autogen_agentchat.teams import SelectorGroupChat
from autogen_ext.models.ollama import OllamaChatCompletionClient
from autogen_ext.models.openai import OpenAIChatCompletionClient

from house import TABLE, seconds

INFO = dict(vision=False, function_calling=True, json_output=True, structured_output=True, family="unknown")
DUTIES = {
    "architect": "You are a software architect. Design before code.",
    "coder": "You are a coder. Implement what the architect designs.",
    "tester": "You are a tester. Find defects in what the coder wrote.",
}
TURNS = 12


def openai_client(url, role, team):
    return OpenAIChatCompletionClient(model=role, base_url=f"{url}/v1", api_key="local", model_info=INFO,
                                      default_headers={"X-Session-Id": team})


def ollama_client(url, role, team):  # it loses headers, so role and session are in its host
    return OllamaChatCompletionClient(model="auto", host=f"{url}/role/{role}/session/{team}", model_info=INFO)


async def work(url, client, team):
    clients = {role: client(url, role, team) for role in ("router", *DUTIES)}
    agents = [AssistantAgent(role, model_client=clients[role], system_message=duty, description=duty,
                             model_client_stream=role == "coder")
              for role, duty in DUTIES.items()]
    chat = SelectorGroupChat(agents, model_client=clients["router"],
                             termination_condition=MaxMessageTermination(TURNS + 1))
    with warnings.catch_warnings():
        warnings.filterwarnings("error", ".*mismatch.*")  # an answer must bear the name that was asked for
        result = await chat.run(task=f"Build a rate limiter for {team}.")
    for each in clients.values():
        await each.close()
    return [message.source for message in result.messages if message.source in DUTIES]


def check_nodes(fleet, turns, teams=1):
    """Every request of every turn reached the right model on the right node as the YAML says, and none waited there."""
    spoken = Counter()
    for name, node in fleet.nodes.items():
        for seen in node.record():
            assert not seen["target"].startswith("/v1"), seen
            assert not seen["queued"], seen
        for seen in node.inference():
            role = next(role for role, row in TABLE.items() if row[0] == seen["model"])
            model, where, num_ctx, keep_alive = TABLE[role]
            assert name == where, f"{role} was served by {name}"
            body = json.loads(seen["body"])
            assert body["options"]["num_ctx"] == num_ctx, seen
            assert seconds(body["keep_alive"]) == keep_alive, seen
            assert seen["status"] == 200 and seen["ended"] == "whole", seen
            spoken[role] += 1
    said = Counter(turns)
    assert {role: spoken[role] for role in DUTIES} == {role: said[role] for role in DUTIES}
    assert spoken["router"] >= TURNS * teams  # every turn has at least two candidates, so each is selected


def check_log(fleet, source, sessions):
    lines = fleet.router.asked()
    assert {line["session"] for line in lines} == sessions
    for line in lines:
        assert line["status"] == "200", line
        assert line["source"] in source, line
        model, node = TABLE[line["role"]][:2]
        assert (line["model"], line["node"]) == (model, node), line


def test_a_team_of_openai_clients_runs_to_its_end(fleet):
    turns = asyncio.run(asyncio.wait_for(work(fleet.url, openai_client, "team-1"), 240))
    assert len(turns) == TURNS
    check_nodes(fleet, turns)
    check_log(fleet, {"model"}, {"team-1"})


def test_a_team_of_ollama_clients_runs_to_its_end(fleet):
    turns = asyncio.run(asyncio.wait_for(work(fleet.url, ollama_client, "team-2"), 240))
    assert len(turns) == TURNS
    check_nodes(fleet, turns)
    check_log(fleet, {"path"}, {"team-2"})


def test_eight_teams_at_once_all_end(start_fleet):
    fleet = start_fleet(1000)
    names = [f"team-{n}" for n in range(8)]

    async def all_of_them():
        return await asyncio.gather(*(work(fleet.url, openai_client if n % 2 else ollama_client, name)
                                      for n, name in enumerate(names)))

    results = asyncio.run(asyncio.wait_for(all_of_them(), 280))
    assert [len(turns) for turns in results] == [TURNS] * 8
    check_nodes(fleet, [speaker for turns in results for speaker in turns], teams=8)
    check_log(fleet, {"model", "path"}, set(names))
    health = fleet.router.health()
    assert health["in_flight"] == 0 and health["waiting"] == []
