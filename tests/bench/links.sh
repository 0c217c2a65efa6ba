#!/usr/bin/env bash
# What links cost by the clock: an address that refuses, one that swallows everything, one that is pulled and put back. Prints figures, judges nothing.
#   tests/bench/links.sh [ROUNDS]     rounds whose median is printed (default 5)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
"$root/deploy/run.sh" --build-only
exec python3 "$root/tests/bench/links.py" "${1:-5}"
