#!/usr/bin/env bash
# How often rules 7 and 8 (endpoint shape, prompt) find the role that a labelled request should have. Prints figures, judges nothing.
#   tests/bench/roles.sh [FILE.jsonl]     a line: {"id", "expect", "endpoint", "body"} (default tests/bench/roles/roles-dev.jsonl)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
file=$(realpath -- "${1:-$root/tests/bench/roles/roles-dev.jsonl}")
cd "$root"
[ -f build/release/build.ninja ] || cmake --preset release >/dev/null
cmake --build build/release --target bench_roles >/dev/null
exec build/release/tests/bench_roles "$file"
