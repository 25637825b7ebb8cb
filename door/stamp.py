"""The stamp: one small file that says for which locks, package lists and interpreter the environment stands.

It is written last and atomically, and removed before anything is changed; so an environment without a stamp is one whose making was
interrupted, and is made anew. Reading it costs a few milliseconds and starts no process: later starts depend on nothing else.
"""

from __future__ import annotations

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "door-stamp")
PACKAGES = os.path.join(ROOT, "deploy", "debian-packages.txt")
LOCKS = {"run": os.path.join(ROOT, "requirements.lock"), "dev": os.path.join(ROOT, "requirements-dev.lock")}
OLDEST = (3, 11)
NEWEST = (3, 13)


def inside() -> bool:
    """Whether this process is the environment's own interpreter."""
    return os.path.realpath(sys.prefix) == os.path.realpath(VENV)


def read() -> dict[str, str]:
    """What the stamp says, as key and value; empty when there is none or it cannot be read."""
    try:
        with open(STAMP, encoding="utf-8") as file:
            return dict(line.rstrip("\n").split("=", 1) for line in file if "=" in line)
    except OSError:
        return {}


def digest(path: str) -> str:
    """SHA-256 of a file in hex."""
    import hashlib

    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def interpreter_facts() -> dict[str, str]:
    """The environment's interpreter as the file system shows it: an upgraded Python or another machine changes them."""
    try:
        libraries = [name[len("python") :] for name in os.listdir(os.path.join(VENV, "lib")) if name.startswith("python")]
    except OSError:
        libraries = []
    real = os.path.realpath(PYTHON)
    return {
        "interpreter": real if os.path.exists(real) else "",
        "python": ",".join(sorted(libraries)),
        "platform": f"{sys.platform}-{os.uname().machine}",
    }


def wanted(lock: str, debian: tuple[str, ...]) -> dict[str, str]:
    """The facts a command needs to find in the stamp. Raises OSError when the lock itself is missing."""
    facts = {f"lock.{lock}": digest(LOCKS[lock])}
    if debian:
        packages = digest(PACKAGES)
        facts.update({f"debian.{group}": packages for group in debian})
    facts.update(interpreter_facts())
    return facts


def stands(lock: str, debian: tuple[str, ...]) -> bool:
    """Whether the environment stands for a command that needs this lock and these package groups."""
    said = read()
    return bool(said) and all(value and said.get(key) == value for key, value in wanted(lock, debian).items())


def write(facts: dict[str, str]) -> None:
    """Write the stamp so that it is either whole or not there."""
    beside = f"{STAMP}.{os.getpid()}"
    with open(beside, "w", encoding="utf-8") as file:
        file.writelines(f"{key}={value}\n" for key, value in sorted(facts.items()))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, STAMP)


def remove() -> None:
    """Take the stamp away: from here on the environment counts as interrupted."""
    try:
        os.remove(STAMP)
    except FileNotFoundError:
        return
