"""Compiles every file of router/ with clang and libc++, syntax only, file by file or in the batches that the build made.
libcxx.py COMPILE_COMMANDS JOBS

Nothing is linked: Debian's libraries are built for libstdc++. Flags are those of the build, third-party headers are
system headers, and our own warnings are errors here too.
"""

import concurrent.futures
import json
import pathlib
import shlex
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parent.parent


def command(entry: dict) -> list[str]:
    words = shlex.split(entry["command"])
    while not words[0].rsplit("/", 1)[-1].startswith(("c++", "g++", "clang++")):
        del words[0]  # a compiler launcher
    kept, skip = [], False
    for word in words[1:]:
        if skip or word in ("-c", entry["file"]):
            skip = False
        elif word == "-o":
            skip = True
        else:
            kept.append(word)
    return ["clang++", "-stdlib=libc++", *kept, "-Wno-unknown-warning-option", "-ferror-limit=5", "-fsyntax-only", entry["file"]]


def check(entry: dict) -> tuple[str, subprocess.CompletedProcess]:
    ran = subprocess.run(command(entry), cwd=entry["directory"], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return entry["file"], ran


def of_router(file: pathlib.Path) -> bool:
    batch = next((p for p in file.parts if p.startswith(("rr_", "role-router")) and p.endswith(".dir")), "rr_doctest_main.dir")
    return batch != "rr_doctest_main.dir" or root / "router" in file.parents


def main() -> int:
    entries = [e for e in json.loads(pathlib.Path(sys.argv[1]).read_text()) if of_router(pathlib.Path(e["file"]))]
    if not entries:
        print(f"{sys.argv[1]} names no file of router/: configure the release preset first")
        return 1
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(int(sys.argv[2])) as pool:
        for file, ran in pool.map(check, entries):
            if ran.returncode:
                bad += 1
                print(file, *ran.stderr.splitlines()[:40], sep="\n")
    print(f"{len(entries)} compilations, {bad} do not compile with clang and libc++")
    return 1 if bad else 0


sys.exit(main())
