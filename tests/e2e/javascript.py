"""Node and the packages of js/package-lock.json, as tests/run.sh installs them."""

import pathlib
import re
import shutil
import subprocess

from house import ROOT


def installed() -> pathlib.Path:
    """The folder beside whose node_modules a program must lie to find its packages."""
    folder = ROOT / "build" / "js"
    assert shutil.which("node"), "node is not on PATH: tests/run.sh installs it"
    assert (folder / "node_modules").is_dir(), f"{folder}/node_modules is missing: tests/run.sh installs it"
    return folder


def too_old_for_langchain() -> str:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, timeout=60).stdout.strip()
    older = int(re.findall(r"\d+", version)[0]) < 20
    return f"LangChain for JavaScript is not tried: it needs Node 20, this is {version}" if older else ""
