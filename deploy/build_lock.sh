#!/usr/bin/env bash
# Makes requirements.lock, requirements-dev.lock and requirements-build.lock anew from the pinned lists: the whole tree for CPython 3.11 to
# 3.13 on Linux, with the hash of every file the package index holds (wheels of both architectures and sources).
# Needs uv on the path (or UV=/path/to/uv) and the network. A machine's own wheel folders are left out on purpose.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=${UV:-uv}
options=(--quiet --universal --python-version 3.11 --generate-hashes --no-config --no-annotate --no-header)
lock() { # lock SOURCE TARGET [more options]
  printf '# Made by deploy/build_lock.sh from %s. Do not edit.\n' "$1" >"$2.new"
  env -u PIP_FIND_LINKS -u UV_FIND_LINKS "$uv" pip compile "${options[@]}" "${@:3}" "$1" |
    awk '/^[^ ]/ { windows = /sys_platform == .win32./ } !windows' >>"$2.new"
  mv "$2.new" "$2"
}
lock requirements.txt requirements.lock
lock requirements-dev.txt requirements-dev.lock --constraint requirements.lock
lock requirements-build.txt requirements-build.lock
