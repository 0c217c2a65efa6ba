# shellcheck shell=bash
# What role-router needs and how it gets there: the one list of packages, for Debian and for macOS with Homebrew.
# Sourced by deploy/run.sh and tests/run.sh, which set `root` (the checkout) and `me` (the script's name, for messages).
# Runs under bash 3.2, the one that macOS ships.
: "${root:?}" "${me:?}"

debian_build=(g++ cmake ninja-build ccache pkg-config libboost1.81-dev nlohmann-json3-dev libsimdjson-dev
  libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev doctest-dev libutf8proc-dev libzstd-dev)
debian_test=(python3-venv clang libclang-rt-14-dev libc++-dev libc++abi-dev shellcheck strace curl)
brew_build=(cmake ninja ccache boost nlohmann-json simdjson yaml-cpp cli11 spdlog fmt doctest utf8proc zstd)
brew_test=(python@3.12 shellcheck)

# JavaScript clients are tried with whatever node and npm are on PATH; only where there are none, the system's are installed.
unless_there() {  # unless_there COMMAND PACKAGE
  command -v "$1" >/dev/null || echo " $2"
}

die() {  # one sentence that names the thing and the way out
  printf '%s: %s\n' "$me" "$*" >&2
  exit 1
}

system() {  # debian or macos
  case "$(uname -s)" in
    Darwin) echo macos ;;
    Linux)
      if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
        die "this Linux has no apt-get: only Debian 12 and macOS are set up by this script. Install what it would" \
          "(${debian_build[*]}), then: cmake --preset release && cmake --build --preset release"
      fi
      echo debian ;;
    *) die "$(uname -s) is not supported: Debian 12 and macOS (with Homebrew) are." ;;
  esac
}

processors() {
  nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2
}

missing_debian() {  # those of "$@" that dpkg does not have installed, one a line
  local have
  have=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null || true)
  local package
  for package in "$@"; do
    grep -qxF "installed $package" <<<"$have" || echo "$package"
  done
}

missing_brew() {
  local have
  have=$(brew list --formula -1) || die "brew list failed. Try: brew doctor"
  local formula
  for formula in "$@"; do
    grep -qxF "$formula" <<<"$have" || echo "$formula"
  done
}

# The end of a package manager's output without addresses: what failed matters, not which mirror.
show_end() {
  tail -n 12 "$1" | sed -E -e 's#[a-z]+://[^ ]+#(mirror)#g' -e "s#(resolve|connect to|ENOTFOUND|EAI_AGAIN) '?[^ ']+'?#\1 the mirror#g" \
    -e 's#\[IP: [^]]*\]##g' -e 's#\(([0-9a-fA-F:.]+)\)##g' -e 's/^/  /' >&2
}

three_tries() {  # three_tries LOG COMMAND...: output goes to LOG
  local log=$1 try
  shift
  for try in 1 2 3; do
    "$@" >>"$log" 2>&1 </dev/null && return 0
    [ "$try" = 3 ] || sleep "${RR_RETRY_PAUSE:-$((try * 5))}"
  done
  return 1
}

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

apt_knows() {
  local package
  for package in "$@"; do
    apt-cache show "$package" >/dev/null 2>&1 || return 1
  done
}

apt_install() {  # the lists are fetched when apt does not know a package, and again before a second try
  if [ -n "$apt_failed" ] || ! apt_knows "$@"; then
    as_root apt-get update -q || return 1
  fi
  apt_failed=1
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$@"
}

install_debian() {
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "needs root to install $*, and there is no sudo. As root: apt-get install $*"
    if ! sudo -n true 2>/dev/null; then
      [ -t 0 ] || die "needs root to install $*, and sudo wants a password. In a terminal: sudo apt-get install $*"
      sudo -v || die "needs root to install $*. As root: apt-get install $*"
    fi
  fi
  local log
  log=$(mktemp)
  apt_failed=
  if ! three_tries "$log" apt_install "$@"; then
    show_end "$log"
    rm -f "$log"
    die "apt-get could not install $* in three tries (its last words are above). Debian 12 has all of them: check the network and /etc/apt, then start this again."
  fi
  rm -f "$log"
}

install_macos() {
  local log
  log=$(mktemp)
  if ! three_tries "$log" env HOMEBREW_NO_AUTO_UPDATE=1 HOMEBREW_NO_ENV_HINTS=1 brew install --formula --quiet "$@"; then
    show_end "$log"
    rm -f "$log"
    die "brew could not install $* in three tries (its last words are above). Try: brew update && brew install $*"
  fi
  rm -f "$log"
}

# have_packages build|test: installs what is missing. A stamp remembers that nothing was, so that the next start asks nobody.
have_packages() {
  local stamp="$root/build/.packages-$1" os wanted missing
  os=$(system) || exit 1
  if [ "$os" = debian ]; then
    wanted="${debian_build[*]}"
    [ "$1" = build ] || wanted="$wanted ${debian_test[*]}$(unless_there node nodejs)$(unless_there npm npm)"
  else
    wanted="${brew_build[*]}"
    [ "$1" = build ] || wanted="$wanted ${brew_test[*]}$(unless_there npm node)"
  fi
  [ "$(cat "$stamp" 2>/dev/null)" = "$os $wanted" ] && return 0

  # shellcheck disable=SC2086  # package names hold no blanks
  if [ "$os" = debian ]; then
    missing=$(missing_debian $wanted | tr '\n' ' ') || exit 1
  else
    [ "$(id -u)" != 0 ] || die "runs as root, and Homebrew refuses root: start it as yourself."
    command -v brew >/dev/null || die "Homebrew is missing. Install it as https://brew.sh says, then start this again."
    xcode-select -p >/dev/null 2>&1 || die "no C++ compiler. Install Apple's: xcode-select --install"
    missing=$(missing_brew $wanted | tr '\n' ' ') || exit 1
  fi
  missing=${missing% }
  if [ -n "$missing" ]; then
    echo "$me: installing $missing"
    # shellcheck disable=SC2086
    "install_$os" $missing
  fi
  new_enough_cmake
  mkdir -p "$root/build"
  echo "$os $wanted" >"$stamp"
}

new_enough_cmake() {
  local version
  version=$(cmake --version 2>/dev/null | sed -n 's/^cmake version //p')
  [ -n "$version" ] || die "cmake does not run. It is at: $(command -v cmake || echo nowhere on PATH)"
  case "$version" in
    [012].* | 3.[0-9].* | 3.1[0-9].* | 3.20.*)
      die "cmake $version at $(command -v cmake) is too old, 3.21 is needed. Take the older one off PATH, or: pip install --upgrade cmake" ;;
  esac
}

# configure PRESET: only when it never was, the presets changed, or the checkout was moved. CMakeLists.txt is ninja's affair.
configure() {
  local dir="$root/build/$1" home
  home=$(sed -n 's/^CMAKE_HOME_DIRECTORY:INTERNAL=//p' "$dir/CMakeCache.txt" 2>/dev/null || true)
  if [ -n "$home" ] && [ "$home" != "$root" ]; then
    rm -rf "$dir"
  fi
  if [ -f "$dir/build.ninja" ] && [ "$dir/build.ninja" -nt "$root/CMakePresets.json" ]; then
    return 0
  fi
  local prefix=()
  if [ "$(system)" = macos ]; then
    prefix=("-DCMAKE_PREFIX_PATH=$(brew --prefix)" -DRR_WERROR=OFF)
  fi
  (cd "$root" && cmake --preset "$1" -Wno-dev ${prefix[@]+"${prefix[@]}"})
}

# build PRESET [TARGET]: a failure forgets the stamps, so that the next start looks again for what is missing.
build() {
  if ! configure "$1" || ! (cd "$root" && cmake --build --preset "$1" --parallel "$(processors)" ${2:+--target "$2"}); then
    rm -f "$root"/build/.packages-*
    return 1
  fi
}
