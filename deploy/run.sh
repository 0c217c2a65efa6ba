#!/usr/bin/env bash
# Sets up, builds and starts role-router. A second start finds everything done and takes a moment.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
me=deploy/run.sh
# shellcheck source=deploy/packages.sh
. "$root/deploy/packages.sh"

usage() {
  cat <<'END'
deploy/run.sh [--build-only] [ARGUMENTS of role-router serve]

  deploy/run.sh                               demo: two simulated Macs, invented answers
  deploy/run.sh --config config/router.yaml   your own machines
  deploy/run.sh --listen localhost:8100 --demo
  deploy/run.sh --build-only                  installs what is missing, builds build/release/role-router, starts nothing

Debian 12 (as root or with sudo) and macOS (with Homebrew). Nothing is installed that is there already.
END
}

start=yes
arguments=()
for argument in "$@"; do
  case "$argument" in
    --build-only) start=no ;;
    -h | --help) usage; exit 0 ;;
    *) arguments+=("$argument") ;;
  esac
done

have_packages build
binary="$root/build/release/role-router"
built="$root/build/.built"  # as old as the start of the last build
if [ ! -x "$binary" ] || [ ! -e "$built" ] ||
  [ -n "$(find "$root/router" "$root/CMakeLists.txt" "$root/CMakePresets.json" -newer "$built")" ]; then
  touch "$built.begun"
  build release role-router >&2 || die "the build failed, see above. Clean and try again: rm -r build/release && deploy/run.sh --build-only"
  mv "$built.begun" "$built"
fi
[ "$start" = yes ] || exit 0
[ ${#arguments[@]} -gt 0 ] || arguments=(--demo)
exec "$binary" serve "${arguments[@]}"
