#!/usr/bin/env bash
# What the dialects cost: a body of 1 MB read and translated, and a streamed chunk against one that is passed on. Prints, judges nothing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$root"
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build build/release --target bench_dialects role-router >/dev/null
build/release/tests/bench_dialects
echo
exec python3 tests/bench/dialects.py
