# Sourced by quickstart, test, bench and approve: what the system must have, and how to build a preset.
# shellcheck shell=bash

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

build_packages=(g++ cmake ninja-build ccache pkg-config libsimgrid-dev libboost-dev libboost-graph-dev
                nlohmann-json3-dev libcli11-dev libfmt-dev zlib1g-dev libssl-dev libeigen3-dev)
test_packages=(catch2 librapidcheck-dev clang python3)

say() { printf '%s\n' "$@" >&2; }

# fail WHAT HAPPENED / WHAT TO DO ...: each argument is a line.
fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  if [ $# -gt 0 ]; then printf '       %s\n' "$@" >&2; fi
  exit 1
}

# Names the system in $system; adds the packages whose names differ between systems.
check_system() {
  local id=unknown version=unknown os_release="${TOKENWORKS_OS_RELEASE:-/etc/os-release}"
  if [ -r "$os_release" ]; then
    # shellcheck disable=SC1090  # the system's own file
    id="$(. "$os_release" && echo "${ID:-unknown}")"
    # shellcheck disable=SC1090
    version="$(. "$os_release" && echo "${VERSION_ID:-unknown}")"
  fi
  system="$id $version"
  case "$system" in
    "debian 12") test_packages+=(libclang-rt-14-dev libns3-dev) ;;
    "ubuntu 24.04")
      test_packages+=(libclang-rt-18-dev)
      say "note: Ubuntu 24.04 has the packages under these names, but Tokenworks has not been tested on it yet"
      ;;
    *)
      fail "this script installs packages on Debian 12 and Ubuntu 24.04, and this is $system" \
        "Install by hand what these Debian packages hold: ${build_packages[*]}" \
        "(for the tests also: ${test_packages[*]} and clang's libFuzzer runtime)" \
        "and call this script again with --no-install."
      ;;
  esac
}

# missing PACKAGE...: those that are not installed, one a line.
missing() {
  local package
  for package in "$@"; do
    if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" != installed ]; then echo "$package"; fi
  done
}

explain_apt_failure() {
  local log="$1"
  shift
  tail -n 5 "$log" >&2
  if grep -qiE 'could not resolve|temporary failure|unable to connect|could not connect|network is unreachable|connection (timed out|failed|refused)' "$log"; then
    fail "no package server can be reached from here" \
      "Connect this machine to the network (or set apt's proxy or mirror) and call this script again."
  elif grep -qiE 'could not get lock|unable to acquire the dpkg' "$log"; then
    fail "another program is installing packages right now" "Wait until it has ended and call this script again."
  elif grep -qiE 'no space left|enough free space' "$log"; then
    fail "the disk is full" "Free about 1 GB and call this script again."
  elif grep -qi 'unable to locate package' "$log"; then
    fail "the package lists of this machine lack a package that this system has (see above)" \
      "Enable the standard package sources (Debian: main; Ubuntu: main and universe) and call this script again."
  fi
  fail "apt-get could not install the packages; its last lines stand above, all of them in $log" \
    "By hand: apt-get install $*"
}

# install_packages PACKAGE...: says what is missing, then installs it as root or with sudo.
install_packages() {
  local wanted as_root=() log
  mapfile -t wanted < <(missing "$@")
  if [ ${#wanted[@]} -eq 0 ]; then return; fi
  say "These packages are missing and will be installed by apt-get:" "${wanted[*]}"
  command -v apt-get >/dev/null || fail "there is no apt-get here" "Install by hand: ${wanted[*]}"
  if [ "$(id -u)" -ne 0 ]; then
    if ! command -v sudo >/dev/null || { ! sudo -n true 2>/dev/null && ! { [ -t 0 ] && sudo -v; }; }; then
      fail "installing packages needs root, and sudo does not give it here" \
        "Ask whoever looks after this machine for: apt-get install ${wanted[*]}" \
        "and call this script again."
    fi
    as_root=(sudo)
  fi
  log="$root/build/apt.log"
  : >"$log"
  # apt-get update ends with 0 when servers are out of reach; the install after it does not.
  "${as_root[@]}" apt-get update >>"$log" 2>&1 || explain_apt_failure "$log" "${wanted[@]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${wanted[@]}" \
    >>"$log" 2>&1 || explain_apt_failure "$log" "${wanted[@]}"
}

# at_least VERSION NEEDED
at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

check_compiler() {
  local compiler="${CXX:-g++}" version
  command -v "$compiler" >/dev/null ||
    fail "there is no C++ compiler '$compiler'" "Install g++ 12 or newer, or unset CXX."
  version="$("$compiler" -dumpversion)"
  case "$("$compiler" --version | head -n 1)" in
    *clang*) ;;
    *) at_least "$version" 12 || fail "g++ $version is too old for C++20 as it is used here" "Install g++ 12 or newer." ;;
  esac
  command -v cmake >/dev/null || fail "there is no cmake" "Install cmake 3.25 or newer."
  version="$(cmake --version | head -n 1 | sed 's/[^0-9.]//g')"
  at_least "$version" 3.25 ||
    fail "cmake $version is too old ($(command -v cmake))" "Version 3.25 or newer is needed; Debian 12 brings it."
  command -v ninja >/dev/null || fail "there is no ninja" "Install ninja-build."
}

# As many compilers at once as there are cores, and memory for (1.5 GB each).
parallel_jobs() {
  local cores memory_kb by_memory
  cores="$(nproc)"
  memory_kb="$(awk '/^MemAvailable:/ {print $2}' /proc/meminfo)"
  by_memory=$((${memory_kb:-1500000} / 1500000))
  if [ "$by_memory" -lt 1 ]; then by_memory=1; fi
  echo $((cores < by_memory ? cores : by_memory))
}

# prepare yes|no [with_tests]: whether packages may be installed, and for what.
prepare() {
  local install="$1" purpose="${2:-}"
  if ! mkdir -p "$root/build" 2>/dev/null || ! [ -w "$root/build" ]; then
    fail "cannot write to $root/build" "Make the checkout yours (chown) or clone it where you may write."
  fi
  if [ "$install" = yes ]; then
    check_system
    if [ "$purpose" = with_tests ]; then build_packages+=("${test_packages[@]}"); fi
    install_packages "${build_packages[@]}"
  fi
  check_compiler
}

# build PRESET [TARGET...]: configures where needed, and builds. A build folder of another checkout is made anew.
build() {
  local preset="$1" log fresh=()
  shift
  log="$root/build/$preset-configure.log"
  if [ -f "$root/build/$preset/CMakeCache.txt" ] &&
    ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$root" "$root/build/$preset/CMakeCache.txt"; then
    fresh=(--fresh)
  fi
  if ! (cd "$root" && cmake "${fresh[@]}" --preset "$preset") >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    fail "the build could not be configured; the reason stands above, all of it in $log"
  fi
  (cd "$root" && cmake --build --preset "$preset" -j "$(parallel_jobs)" ${1:+--target "$@"}) >&2 ||
    fail "the build of '$preset' failed; the compiler's messages stand above"
}
