"""The Go client that Ollama's own command line is made of, as a library: every call it has. Its table is go/main.go."""

import os
import re
import shutil
import subprocess

import pytest

import native_calls
from house import ROOT, Client

SOURCE = ROOT / "tests" / "e2e" / "go"
BUILT = ROOT / "build" / "go" / "calls"


def too_old():
    """Why the client cannot be built here, or nothing."""
    if not shutil.which("go"):
        return "go is not on PATH"
    needed = re.search(r"^go (\S+)", (SOURCE / "go.mod").read_text(), re.M)[1]
    found = subprocess.run(["go", "env", "GOVERSION"], cwd=ROOT, capture_output=True, text=True, timeout=60,
                           env={**os.environ, "GOTOOLCHAIN": "local"}).stdout.strip()
    numbers = [tuple(map(int, re.findall(r"\d+", version)[:2])) for version in (found, needed)]
    return "" if numbers[0] >= numbers[1] else f"{found or 'this go'} is older than {needed}"


@pytest.fixture(scope="module")
def client():
    if why := too_old():
        pytest.skip(f"the Go client is not tried: {why}")
    built = subprocess.run(["go", "build", "-o", str(BUILT), "."], cwd=SOURCE, capture_output=True, text=True, timeout=250, env={
        **os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOPROXY": "off"})
    assert built.returncode == 0, "tests/run.sh fetches what it needs\n" + built.stderr
    running = Client(BUILT)
    yield running
    running.stop()


def table_of(client=None):
    def row_of(name):
        def row(url, ask, left=lambda: None):
            said = client(url, name, ask)
            left()
            return said
        return row
    return {name: row_of(name) for name in native_calls.ASK}


@pytest.mark.parametrize("name", native_calls.calls_of(table_of()))
def test_a_call_of_the_go_client(shared_fleet, client, name):
    native_calls.try_call(table_of(client), name, shared_fleet)
