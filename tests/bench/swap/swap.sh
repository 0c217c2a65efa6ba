#!/usr/bin/env bash
# What the policies are worth, simulated: ten seeds of six workloads, goals beside figures. Prints, judges nothing.
#   tests/bench/swap/swap.sh [--seeds N] [--node mac-mini:load_gbps=0.7] [--client-keep-alive 30m] [WORKLOAD...]
#   RR_SCRIPTS=DIR tests/bench/swap/swap.sh      the scripts of a folder instead (WORKLOAD-SEED.jsonl)
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd -P)
if [ -z "${RR_BINARY:-}" ]; then
  cd "$root"
  [ -f build/release/build.ninja ] || cmake --preset release >/dev/null
  cmake --build build/release --target role-router >/dev/null
  cd "$OLDPWD"
fi
exec python3 "$root/tests/bench/swap/swap.py" "$@"
