#!/usr/bin/env bash
# Sets up, builds and runs everything that is promised. The last line is the sum; the exit code is 0 only when all passed.
#   tests/run.sh          everything but the soaks
#   tests/run.sh --long   the soaks too
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
me=tests/run.sh
# shellcheck source=deploy/packages.sh
. "$root/deploy/packages.sh"
cd "$root"

long=
case "${1:-}" in
  "") ;;
  --long) long=yes ;;
  *) echo "tests/run.sh [--long]    builds and tests everything; --long: the soaks too"; [ "$1" = --help ] && exit 0; exit 2 ;;
esac

jobs=$(processors)
limit=$((45 * 60))
[ -z "$long" ] || limit=$((180 * 60))
passed=0 failed=0
results="$root/build/results"

left() { echo $((limit - SECONDS)); }

bounded() {  # a command may take what is left of the time, not more
  if command -v timeout >/dev/null; then
    timeout -k 10 "$(($(left) > 1 ? $(left) : 1))" "$@"
  else
    "$@"
  fi
}

# stage NAME BUDGET COMMAND...: its time is printed against its budget; a failure is one failed thing, and the rest goes on.
stage() {
  local name=$1 budget=$2 began=$SECONDS status=0
  shift 2
  echo
  echo "== $name"
  "$@" </dev/null || status=$?
  local took=$((SECONDS - began)) mark=
  [ "$took" -le "$budget" ] || mark=", over its budget"
  [ "$status" = 0 ] || mark="$mark, FAILED"
  echo "$name $took s of $budget$mark"
  return "$status"
}

counted() {  # stage whose failure counts as one, for stages that count nothing themselves
  stage "$@" || failed=$((failed + 1))
}

sum_up() {
  echo
  if [ "$(left)" -lt 0 ]; then
    echo "all of it took $SECONDS s: more than $limit"
    failed=$((failed + 1))
  fi
  echo "$passed passed, $failed failed"
  [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

venv="$root/build/venv"
set_up() (  # a process of its own: what it cannot install ends it, not the whole run
  have_packages test || return 1
  local lock=tests/e2e/requirements.lock
  if ! cmp -s "$lock" "$venv/installed.lock"; then
    python_packages "$lock" "$venv" || return 1
  fi
)

python_packages() {  # python_packages LOCK VENV: those of the lock, by its hashes, in an environment of their own
  local lock=$1 into=$2 log="$root/build/pip.log"
  python3 -m venv --clear "$into" || return 1
  : >"$log"
  if ! three_tries "$log" bounded "$into/bin/pip" install --quiet --disable-pip-version-check --require-hashes -r "$lock"; then
    show_end "$log"
    echo "$me: pip could not install $lock in three tries (its last words are above)"
    return 1
  fi
  cp "$lock" "$into/installed.lock"
}

llama_server() {  # a real server of the OpenAI API, compiled: a node of type openai
  local lock=tests/e2e/llama/requirements.lock
  cmp -s "$lock" build/llama/installed.lock || python_packages "$lock" "$root/build/llama"
}

javascript_clients() {  # build/js/node_modules, by the lock's hashes
  local source=tests/e2e/js js="$root/build/js" log="$root/build/npm.log"
  cmp -s "$source/package-lock.json" "$js/installed.lock" && return 0
  rm -rf "$js"
  mkdir -p "$js"
  cp "$source/package.json" "$source/package-lock.json" "$js"
  : >"$log"
  if ! three_tries "$log" bounded npm --prefix "$js" ci --ignore-scripts --no-audit --no-fund --fetch-retries=0 --fetch-timeout=20000; then
    show_end "$log"
    echo "$me: npm could not install $source/package-lock.json in three tries (its last words are above)"
    return 1
  fi
  cp "$source/package-lock.json" "$js/installed.lock"
}

go_client() {  # built once here, because that needs the network; where there is no go, or an old one, its tests say that they were skipped
  local log="$root/build/go.log" needed found
  command -v go >/dev/null || return 0
  needed=$(sed -n 's/^go //p' tests/e2e/go/go.mod)
  found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null) || return 0
  [ "$(printf '%s\n' "${found#go}" "$needed" | sort -V | head -n 1)" = "$needed" ] || return 0
  : >"$log"
  if ! three_tries "$log" bounded env GOTOOLCHAIN=local "GOFLAGS=-mod=readonly -buildvcs=false" go -C tests/e2e/go build -o "$root/build/go/calls" .; then
    show_end "$log"
    echo "$me: go could not build tests/e2e/go in three tries (its last words are above)"
    return 1
  fi
}

other_clients() { javascript_clients && go_client; }  # without them their tests fail, and everything else is tested

check_scripts() {
  find deploy tests -name '*.sh' -exec shellcheck -x .ci/run {} +
}

check_libcxx() {  # what macOS users compile with: every file of router/ by clang and libc++; --long: each file on its own
  local of=release
  if [ -n "$long" ]; then
    of=debug
    configure debug >/dev/null || return 1
  fi
  bounded "$venv/bin/python" tests/libcxx.py "build/$of/compile_commands.json" "$jobs"
}

# run_ctest PRESET: ctest's own output, and the cases that each executable counted.
run_ctest() {
  local preset=$1 runner=() chosen=() status=0
  [ -n "$long" ] || chosen=(-LE long)
  # AddressSanitizer of GCC 12 does not bear the widest address randomisation of newer kernels.
  if [ "$preset" = asan ] && setarch -R true 2>/dev/null; then
    runner=(setarch -R)
  fi
  rm -f "$results/$preset.xml"
  RR_LONG=$long bounded ${runner[@]+"${runner[@]}"} ctest --test-dir "build/$preset" --parallel "$jobs" --output-on-failure \
    --no-tests=error --test-output-size-passed 1000000 --test-output-size-failed 1000000 --output-junit "$results/$preset.xml" ${chosen[@]+"${chosen[@]}"} || status=$?
  add_up ctest "$results/$preset.xml" "$status"
  return "$status"
}

run_e2e() {
  local status=0 chosen=(-m "not long")
  [ -z "$long" ] || chosen=()
  rm -f "$results/e2e.xml"
  bounded "$venv/bin/python" -m pytest tests/e2e -q -p no:cacheprovider --junit-xml "$results/e2e.xml" \
    ${chosen[@]+"${chosen[@]}"} || status=$?
  add_up pytest "$results/e2e.xml" "$status"
  return "$status"
}

# One libFuzzer harness a file of tests/fuzz, two side by side, each from its kept corpus: so many inputs from a fixed seed, so that
# a commit always runs the same; --long looks for new ones for ten minutes each. A harness that ends well is one passed.
# What it finds is left in build/fuzz: run the harness with that file to see it again.
run_fuzz() {
  local bound="-runs=20000 -max_total_time=40 -seed=1" name status=0
  [ -z "$long" ] || bound="-max_total_time=600 -seed=$(date +%s)"
  rm -rf build/fuzz/found && mkdir -p build/fuzz/found
  # shellcheck disable=SC2016
  for name in tests/fuzz/*.cpp; do basename "$name" .cpp; done | bounded xargs -P 2 -I{} sh -c '
    mkdir -p build/fuzz/found/{}
    if build/fuzz/tests/fuzz/fuzz_{} '"$bound"' -timeout=60 -max_len=4096 -rss_limit_mb=2048 \
      -artifact_prefix=build/fuzz/{}- build/fuzz/found/{} tests/fuzz/corpus/{} >build/fuzz/{}.log 2>&1; then
      echo "fuzz {}: $(grep -a cov: build/fuzz/{}.log | tail -n 1)"; : >build/fuzz/found/{}.ok
    else
      tail -n 40 build/fuzz/{}.log; echo "fuzz {}: FAILED"
    fi' || status=1
  for name in tests/fuzz/*.cpp; do
    if [ -f "build/fuzz/found/$(basename "$name" .cpp).ok" ]; then passed=$((passed + 1)); else failed=$((failed + 1)); status=1; fi
  done
  return "$status"
}

can_fuzz() {  # Apple's clang has no libFuzzer
  local probe="$root/build/fuzz-probe"
  printf '#include <cstddef>\nextern "C" int LLVMFuzzerTestOneInput(const unsigned char*, std::size_t) { return 0; }\n' |
    clang++ -fsanitize=fuzzer,address -x c++ - -o "$probe" 2>/dev/null
}

add_up() {  # add_up KIND JUNIT STATUS: a run that failed without saying which test is one failure
  local sums
  sums=$(python3 tests/count.py "$1" "$2" "$3") || sums="0 1"
  passed=$((passed + ${sums% *}))
  failed=$((failed + ${sums#* }))
}

mkdir -p "$results"
if ! stage "set-up" 180 set_up; then
  failed=1
  sum_up || exit 1
fi
counted "clients in JavaScript and Go" 120 other_clients
[ -z "$long" ] || counted "llama.cpp's server" 1800 llama_server
counted "scripts" 30 check_scripts
release=yes asan=yes
stage "release build" 300 build release || { failed=$((failed + 1)); release=; }
stage "ASan build" 360 build asan || { failed=$((failed + 1)); asan=; }
[ ! -f build/release/compile_commands.json ] || counted "clang libc++ check" 240 check_libcxx
[ -z "$release" ] || stage "tests, release" 240 run_ctest release || true
[ -z "$asan" ] || stage "tests, ASan" 360 run_ctest asan || true
[ -z "$release" ] || stage "end to end" 300 run_e2e || true
fuzz_budget=120
[ -z "$long" ] || fuzz_budget=1860
fuzz_needs=900  # seconds, on a slow machine
if [ -z "$long" ] && [ "$(left)" -lt "$fuzz_needs" ]; then
  echo "fuzz: left out, $(left) of $limit s are left and it may need $fuzz_needs"
elif can_fuzz; then
  if stage "fuzz build" 240 build fuzz; then stage "fuzz" "$fuzz_budget" run_fuzz || true; else failed=$((failed + 1)); fi
else
  echo "fuzz: skipped, this clang++ has no libFuzzer (macOS: brew install llvm, and its bin first on PATH)"
fi
sum_up
