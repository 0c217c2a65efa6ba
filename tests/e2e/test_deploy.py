"""deploy/run.sh on machines that are not this one: uname, apt-get, brew and cmake are stand-ins that write down what they were asked."""

import os
import pathlib
import shutil
import subprocess

import pytest

from house import ROOT

STAND_INS = {
    "uname": 'echo "$SYSTEM"',
    "id": 'echo "$USER_ID"',
    "nproc": "echo 2",
    "sleep": ":",
    "xcode-select": 'exit "${NO_XCODE:-0}"',
    "sudo": '[ "$1" = -n ] && exit "${SUDO_WANTS_PASSWORD:-0}"; "$@"',
    "brew": """
case "$1" in
  list) cat "$BOX/installed" ;;
  --prefix) echo /opt/homebrew ;;
  install) shift; for f in "$@"; do case "$f" in -*) ;; *) echo "$f" >>"$BOX/installed" ;; esac; done ;;
esac""",
    "dpkg-query": 'sed "s/^/installed /" "$BOX/installed"',
    "apt-cache": '[ -e "$BOX/lists" ]',
    "apt-get": """
case "$1" in
  update) touch "$BOX/lists"; echo "Get:1 http://mirror.example.net/debian bookworm InRelease" ;;
  install)
    echo "E: Failed to fetch http://mirror.example.net/pool/x.deb  Could not resolve 'mirror.example.net'"
    left=$(cat "$BOX/failures" 2>/dev/null || echo 0)
    [ "$left" = 0 ] || { echo $((left - 1)) >"$BOX/failures"; exit 100; }
    shift
    for p in "$@"; do case "$p" in -*) ;; *) echo "$p" >>"$BOX/installed" ;; esac; done ;;
esac""",
    "cmake": """
case "$1" in
  --version) echo "cmake version ${CMAKE_VERSION:-3.25.1}" ;;
  --preset) mkdir -p "build/$2"; echo "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" >"build/$2/CMakeCache.txt"; touch "build/$2/build.ninja" ;;
  --build)
    [ -z "${BUILD_FAILS:-}" ] || exit 1
    printf '#!/bin/sh\\necho "role-router $*"\\n' >"build/$3/role-router"; chmod +x "build/$3/role-router" ;;
esac""",
}


class Box:
    """A checkout and a machine around it."""

    def __init__(self, folder: pathlib.Path, system: str):
        self.folder = folder
        self.root = folder / "checkout"
        shutil.copytree(ROOT / "deploy", self.root / "deploy")
        (self.root / "router").mkdir()
        (self.root / "router" / "main.cpp").write_text("int main() {}\n")
        for name in ("CMakeLists.txt", "CMakePresets.json"):
            shutil.copy(ROOT / name, self.root / name)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name, body in STAND_INS.items():
            self.stand_in(name, body)
        (folder / "installed").write_text("")
        self.environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "BOX": str(folder), "SYSTEM": system, "HOME": str(folder),
                            "USER_ID": "501" if system == "Darwin" else "0", "TMPDIR": str(folder)}

    def stand_in(self, name: str, body: str):
        path = self.bin / name
        path.write_text(f'#!/bin/bash\necho "{name} $*" >>"$BOX/calls"\n{body}\n')
        path.chmod(0o755)

    def run(self, *arguments, **environment) -> subprocess.CompletedProcess:
        (self.folder / "calls").write_text("")
        return subprocess.run(["bash", str(self.root / "deploy" / "run.sh"), *arguments], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, cwd=self.folder,
                              env={**self.environment, **environment})

    def calls(self, name: str) -> list[str]:
        lines = (self.folder / "calls").read_text().splitlines()
        return [line for line in lines if line.split(" ")[0] == name]

    def installed(self) -> list[str]:
        return (self.folder / "installed").read_text().split()


@pytest.fixture
def mac(tmp_path):
    return Box(tmp_path, "Darwin")


@pytest.fixture
def debian(tmp_path):
    return Box(tmp_path, "Linux")


def test_on_macos_only_what_is_missing_is_installed_then_it_is_built_and_the_demo_starts(mac):
    (mac.folder / "installed").write_text("cmake\nninja\nboost\n")
    ran = mac.run()
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1] == "role-router serve --demo"
    (install,) = [line for line in mac.calls("brew") if line.startswith("brew install")]
    assert "yaml-cpp" in install and "utf8proc" in install and "cmake" not in install and "boost" not in install
    assert any("-DCMAKE_PREFIX_PATH=/opt/homebrew" in line for line in mac.calls("cmake"))


@pytest.mark.parametrize("system", ["Darwin", "Linux"])
def test_a_second_start_asks_nobody_and_builds_nothing(tmp_path, system):
    box = Box(tmp_path, system)
    assert box.run("--build-only").returncode == 0
    ran = box.run("--config", "my.yaml")
    assert ran.stdout == "role-router serve --config my.yaml\n"
    assert [box.calls(name) for name in ("brew", "apt-get", "apt-cache", "dpkg-query", "cmake")] == [[]] * 5


def test_a_changed_source_is_built_and_not_configured_anew(debian):
    debian.run("--build-only")
    later = (debian.root / "build" / ".built").stat().st_mtime + 5
    os.utime(debian.root / "router" / "main.cpp", (later, later))
    assert debian.run("--build-only").returncode == 0
    assert [line.split()[1] for line in debian.calls("cmake")] == ["--build"]


def test_build_only_starts_nothing(debian):
    ran = debian.run("--build-only")
    assert ran.returncode == 0 and "serve" not in ran.stdout


def test_on_debian_lists_are_fetched_when_apt_knows_nothing_and_failures_are_tried_again(debian):
    (debian.folder / "failures").write_text("2\n")
    ran = debian.run("--build-only")
    assert ran.returncode == 0, ran.stderr
    assert "libboost1.81-dev" in debian.installed()
    assert len([line for line in debian.calls("apt-get") if "install" in line]) == 3


def test_after_three_failures_it_says_what_and_names_no_mirror(debian):
    (debian.folder / "failures").write_text("9\n")
    ran = debian.run("--build-only")
    assert ran.returncode == 1
    assert "apt-get could not install" in ran.stderr and "three tries" in ran.stderr
    assert "example.net" not in ran.stdout + ran.stderr


def test_lists_that_are_there_are_not_fetched_again(debian):
    (debian.folder / "lists").write_text("")
    assert debian.run("--build-only").returncode == 0
    assert [line.split()[1] for line in debian.calls("apt-get")] == ["install"]


def test_without_root_it_uses_sudo_and_says_what_to_do_when_that_wants_a_password(debian):
    assert debian.run("--build-only", USER_ID="1000", SUDO_WANTS_PASSWORD="1").returncode == 1
    ran = debian.run("--build-only", USER_ID="1000", SUDO_WANTS_PASSWORD="1")
    assert "sudo apt-get install g++ cmake" in ran.stderr
    assert debian.run("--build-only", USER_ID="1000").returncode == 0
    assert debian.calls("sudo")


@pytest.mark.parametrize("system, environment, words", [
    ("Darwin", {"USER_ID": "0"}, "Homebrew refuses root"),
    ("Darwin", {"NO_XCODE": "2"}, "xcode-select --install"),
    ("Darwin", {"CMAKE_VERSION": "3.18.4"}, "cmake 3.18.4 at"),
    ("FreeBSD", {}, "FreeBSD is not supported"),
    ("Linux", {"BUILD_FAILS": "1"}, "the build failed"),
])
def test_what_it_cannot_do_it_says_with_the_way_out(tmp_path, system, environment, words):
    ran = Box(tmp_path, system).run("--build-only", **environment)
    assert ran.returncode == 1 and words in ran.stderr, ran.stderr


def test_macos_without_homebrew_is_told_where_to_get_it(mac):
    (mac.bin / "brew").unlink()
    ran = mac.run("--build-only")
    assert ran.returncode == 1 and "https://brew.sh" in ran.stderr


def test_help_installs_nothing(debian):
    ran = debian.run("--help")
    assert ran.returncode == 0 and "--build-only" in ran.stdout
    assert not debian.calls("dpkg-query")
