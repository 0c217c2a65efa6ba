#!/usr/bin/env bash
# What the router costs beside nginx: both stand in turn in front of one dummy node, in one run. Prints figures, judges nothing.
#   tests/bench/proxy.sh [ROUNDS]     rounds of router/nginx, their median is printed (default 5)
# Debian only; installs wrk, nginx and strace when they are missing.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
me=tests/bench/proxy.sh
# shellcheck source=deploy/packages.sh
. "$root/deploy/packages.sh"

[ "$(system)" = debian ] || die "measures by /proc: Debian only."
wanted=()
command -v wrk >/dev/null || wanted+=(wrk)
command -v strace >/dev/null || wanted+=(strace)
PATH="$PATH:/usr/sbin"
command -v nginx >/dev/null || wanted+=(nginx)
command -v python3 >/dev/null || wanted+=(python3)
if [ ${#wanted[@]} -gt 0 ]; then
  echo "$me: installing ${wanted[*]}"
  install_debian "${wanted[@]}"
fi
"$root/deploy/run.sh" --build-only
cmake -S "$root/tests/bench" -B "$root/build/bench" -G Ninja >/dev/null
cmake --build "$root/build/bench"
exec python3 "$root/tests/bench/proxy.py" "${1:-5}"
