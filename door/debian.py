"""Debian packages: which are missing, and how they come.

The list is deploy/debian-packages.txt. What is there is asked of dpkg-query; what is missing is installed with apt-get when this
process is root or may become root without a password, and otherwise told as one command to type. On a system without dpkg nothing
is checked: its owner installs the counterparts.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterable

from door import console, stamp
from door.errors import PackagesMissing, SetupFailed

# Packages that only lend the interpreter something it may already have: a Python not from Debian brings its own.
_BROUGHT_ALONG: dict[str, Callable[[], bool]] = {
    "python3-venv": lambda: importlib.util.find_spec("ensurepip") is not None,
    "python3-dev": lambda: os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")),
    "gcc": lambda: shutil.which("gcc") is not None,
    "swig": lambda: shutil.which("swig") is not None,
}


def groups(path: str = stamp.PACKAGES) -> dict[str, list[str]]:
    """Package names by group as the list gives them."""
    found: dict[str, list[str]] = {}
    group: list[str] = []
    with open(path, encoding="utf-8") as file:
        for line in file:
            word = line.split("#", 1)[0].strip()
            if word.startswith("["):
                group = found.setdefault(word.strip("[]"), [])
            elif word:
                group.append(word)
    return found


def missing(wanted: Iterable[str]) -> list[str]:
    """Those packages of the given groups that are not installed, in the order of the list; none where there is no dpkg."""
    if not shutil.which("dpkg-query"):
        return []
    by_group = groups()
    names = [name for group in wanted for name in by_group.get(group, [])]
    answer = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *names], capture_output=True, text=True)
    there = {line.split()[0] for line in answer.stdout.splitlines() if line.endswith(" installed")}
    return [name for name in dict.fromkeys(names) if name not in there and not _BROUGHT_ALONG.get(name, lambda: False)()]


def become_root() -> list[str] | None:
    """Words to put before a command so that it runs as root: none when we are, ``sudo -n`` when it asks no password, else None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and subprocess.run(["sudo", "-n", "true"], capture_output=True).returncode == 0:
        return ["sudo", "-n"]
    return None


def install(names: list[str], step: console.Step) -> None:
    """Install packages with apt-get. Raises PackagesMissing with the one command to type when this process may not."""
    root = become_root()
    command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(names)}"
    if root is None:
        asking = "sudo sh -c" if shutil.which("sudo") else "su -c"
        raise PackagesMissing(
            f"Máy thiếu {len(names)} gói Debian và tài khoản này không có quyền cài.",
            f"nhờ người quản trị chạy một lệnh này rồi chạy lại:\n    {asking} '{command}'",
            f"{len(names)} Debian packages are missing and this account may not install them; run the command above as root",
        )
    as_root = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C"]
    waiting = ["-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=2"]
    if subprocess.run(["dpkg", "--audit"], capture_output=True, text=True).stdout.strip():
        # An earlier installation was cut off midway; apt-get refuses everything until that is finished.
        console.run([*as_root, "dpkg", "--configure", "-a"], step, log="apt.log")
    console.run([*as_root, "apt-get", "update", *waiting], step, log="apt.log")
    progress = os.path.join(console.WORK, "apt.progress")
    with open(progress, "wb") as status:
        fd = status.fileno()
        console.run(
            [*as_root, "apt-get", "install", "-y", "--no-install-recommends", *waiting, "-o", f"APT::Status-Fd={fd}", *names]
            if not root
            else [*as_root, "apt-get", "install", "-y", "--no-install-recommends", *waiting, *names],
            step,
            log="apt.log",
            keep=(fd,),
            measure=lambda: _percent(progress),
        )
    left = missing([group for group in groups() if set(groups()[group]) & set(names)])
    if set(left) & set(names):
        raise SetupFailed(
            f"Cài gói Debian xong nhưng vẫn thiếu: {' '.join(left)}.", f"chạy bằng quyền root: {command}", "packages still missing"
        )


def _percent(path: str) -> float | None:
    """Share done that apt last wrote (lines "dlstatus:1:12.5:…" for fetching, then "pmstatus:NAME:40.0:…")."""
    with open(path, encoding="utf-8", errors="replace") as file:
        lines = [line.split(":") for line in file.read().splitlines() if line.count(":") >= 3]
    if not lines:
        return None
    share = float(lines[-1][2]) / 100
    return share / 2 if lines[-1][0] == "dlstatus" else 0.5 + share / 2
