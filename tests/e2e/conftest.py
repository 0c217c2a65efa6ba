import pathlib
import shutil
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import house  # noqa: E402
import javascript  # noqa: E402


@pytest.fixture(autouse=True)
def no_proxies_and_keys(monkeypatch, tmp_path):
    """Clients read the environment: nothing of it may lead them elsewhere. What the router remembers stays with the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "OLLAMA_HOST", "OLLAMA_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL",
                 "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "ANTHROPIC_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("NO_PROXY", "*")


@pytest.fixture
def start_fleet(tmp_path):
    """start_fleet(clock, *sim-node arguments, role="{...}", policy="..."): stopped at the test's end."""
    fleets = []

    def start(clock=200, *arguments, **change):
        fleets.append(house.Fleet(tmp_path, clock, *arguments, **change))
        return fleets[-1]

    yield start
    for fleet in fleets:
        fleet.stop()


@pytest.fixture
def fleet(start_fleet):
    return start_fleet()


@pytest.fixture(scope="module")
def shared_fleet(tmp_path_factory):
    """One fleet for all tests of a file: for clients that are started often and leave nothing behind."""
    fleet = house.Fleet(tmp_path_factory.mktemp("fleet"), 200)
    yield fleet
    fleet.stop()


@pytest.fixture(scope="module")
def clients():
    """clients(name): the program js/NAME.mjs, started when it is first wanted."""
    folder, started = javascript.installed(), {}
    for file in (house.ROOT / "tests" / "e2e" / "js").glob("*.mjs"):
        shutil.copy(file, folder)

    def the(name):
        if name.startswith("langchain") and (why := javascript.too_old_for_langchain()):
            pytest.skip(why)
        if name not in started:
            started[name] = house.Client("node", folder / "call.mjs", name)
        return started[name]

    yield the
    for client in started.values():
        client.stop()
