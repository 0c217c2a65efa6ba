#!/usr/bin/env bash
# The policies on sockets: a router and two simulated machines as processes, beside what `simulate` says. Prints, judges nothing.
#   tests/bench/swap/live.sh [--turns N] [--clock N] [--policy smart,seed,passthrough] [SCRIPT.jsonl...]
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
if [ -z "${RR_BINARY:-}" ]; then
  cd "$root"
  [ -f build/release/build.ninja ] || cmake --preset release >/dev/null
  cmake --build build/release --target role-router >/dev/null
  cd "$OLDPWD"
fi
exec python3 "$root/tests/bench/swap/live.py" "$@"
