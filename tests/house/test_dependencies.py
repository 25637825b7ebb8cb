"""What the product leans on: imports, pinned lists, locks, and Debian packages agree with each other, in both directions."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from door.debian import groups
from tests.house.tree import ROOMS, ROOT, imports, modules, run, texts

# Not imported by name: Django's PostgreSQL driver, pytest's shares (door/suite.py), the shield openpyxl looks for, the programs of
# tests/house/test_checks.py.
BY_SETTING = {"psycopg", "defusedxml", "pytest-xdist", "import-linter", "ruff", "mypy"}


# The disk of the power cuts: `main.py chaos` asks for the development lock, a kiosk never has it.
ONLY_TORMENTED = {"mfusepy"}


def pins(name: str) -> dict[str, str]:
    """Direct dependencies of a list: normalised name to version."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return {normal(found[1]): found[2] for found in re.finditer(r"^([A-Za-z0-9._-]+)(?:\[[a-z]+\])?==(\S+)", text, re.MULTILINE)}


def normal(name: str) -> str:
    """A distribution's name as the index compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


@cache
def distributions() -> dict[str, set[str]]:
    """Import name to the distributions that bring it, as installed here."""
    return {name: {normal(one) for one in ones} for name, ones in importlib.metadata.packages_distributions().items()}


def used(*places: str) -> set[str]:
    """Distributions imported below some places."""
    foreign = (
        {name for _, tree in modules(*places) for name in imports(tree)}
        - set(sys.stdlib_module_names)
        - {*ROOMS, "door", "tests", "main", "deploy"}
    )
    unknown = foreign - set(distributions())
    assert unknown == set()
    return {one for name in foreign for one in distributions()[name]}


def test_every_import_of_the_product_is_a_pinned_dependency() -> None:
    assert used(*ROOMS) - set(pins("requirements.txt")) == ONLY_TORMENTED


def test_every_import_of_the_tests_is_a_pinned_dependency() -> None:
    assert used("tests") - set(pins("requirements.txt")) - set(pins("requirements-dev.txt")) == set()


def test_every_pinned_dependency_is_used() -> None:
    listed = {**pins("requirements.txt"), **pins("requirements-dev.txt")}
    reached = used(*ROOMS, "tests") | BY_SETTING
    spare = {name for name in listed if name not in reached}
    typed = {name for name in spare if name.startswith("types-") or name.endswith("-stubs")}
    assert spare - typed == set()
    assert {name.removeprefix("types-").removesuffix("-stubs") for name in typed} - set(listed) == set()


@pytest.mark.parametrize(
    ("listed", "lock"), [("requirements.txt", "requirements.lock"), ("requirements-dev.txt", "requirements-dev.lock")]
)
def test_a_lock_holds_every_pin_with_the_same_version_and_hashes(listed: str, lock: str) -> None:
    locked = pins(lock)
    assert {name: version for name, version in pins(listed).items() if locked.get(name) != version} == {}
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.findall(r"^(\S+)==[^\n]*\\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", text, re.MULTILINE)
    assert len(blocks) == len(locked)


def test_the_lock_for_development_holds_the_runtime_s_versions() -> None:
    run_lock, dev_lock = pins("requirements.lock"), pins("requirements-dev.lock")
    assert {name for name, version in run_lock.items() if dev_lock.get(name) != version} == set()


def test_what_is_installed_is_what_the_lock_says() -> None:
    installed = {normal(one.metadata["Name"]): one.version for one in importlib.metadata.distributions()}
    assert {name: version for name, version in pins("requirements-dev.lock").items() if installed.get(name) != version} == {}
    done = run("pip", "check")
    assert done.returncode == 0, done.stdout


def test_every_debian_package_says_what_it_is_for() -> None:
    lines = (ROOT / "deploy" / "debian-packages.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r"[a-z]", line) and not re.search(r"# \S.{9,}", line)] == []


SHOW_WHAT_IS_LOADED = """
from kivy.base import EventLoop
EventLoop.ensure_window()
import smartcard.scard
import usb.backend.libusb1
usb.backend.libusb1.get_backend()
print(open("/proc/self/maps").read())
"""
ON_A_VIRTUAL_SCREEN = """
import os, subprocess, sys
ready, tell = os.pipe()
screen = subprocess.Popen(["Xvfb", "-displayfd", str(tell), "-nolisten", "tcp"], pass_fds=(tell,), stderr=subprocess.DEVNULL)
try:
    os.environ["DISPLAY"] = ":" + os.read(ready, 16).decode().strip()
    code = subprocess.call(sys.argv[1:])
finally:
    screen.terminate()
    screen.wait()
sys.exit(code)
"""
QUIET = {"KIVY_NO_ARGS": "1", "KIVY_NO_CONFIG": "1", "KIVY_NO_CONSOLELOG": "1", "KIVY_NO_FILELOG": "1"}


@cache
def loaded() -> frozenset[str]:
    """Debian packages whose files a window of Kivy and the card library really map, without a display and on a virtual one."""
    show = [sys.executable, "-c", SHOW_WHAT_IS_LOADED]
    paths: set[str] = set()
    for command, driver in ((show, "offscreen"), ([sys.executable, "-c", ON_A_VIRTUAL_SCREEN, *show], "x11")):
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "SDL_VIDEODRIVER": driver, **QUIET}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        paths.update(re.findall(r"(/\S+\.so\S*)$", done.stdout, re.MULTILINE))
    # On a merged /usr the packages' lists and the maps name the same file by two paths.
    both = {one for path in paths for one in (path, path.removeprefix("/usr"), "/usr" + path)}
    answer = subprocess.run(["dpkg-query", "-S", *sorted(both)], capture_output=True, text=True)
    return frozenset(line.split(":")[0] for line in answer.stdout.splitlines())


# Needed by what no test can show on this machine: a USB reader, a public certificate, a time zone, a touch panel.
BY_NATURE = {"libccid", "ca-certificates", "tzdata", "libmtdev1"}


@pytest.mark.parametrize("package", sorted({name for names in groups().values() for name in names}))
def test_a_listed_debian_package_is_needed(package: str) -> None:
    if package in groups()["build"]:
        assert "pyscard" in pins("requirements.lock")
        return
    rooms = {*ROOMS, "door", "tests"}
    source = "\n".join(text for path, text in texts(".py") if path.parts[0] in rooms)
    shipped = subprocess.run(["dpkg-query", "-L", package], capture_output=True, text=True).stdout.split()
    words = {Path(file).name for file in shipped if "/doc/" not in file and shutil.which(Path(file).name) == file}
    words |= {Path(file).stem for file in shipped if file.endswith((".traineddata", ".so", ".ttf"))}
    called = any(re.search(rf"[\"'/ ]{re.escape(word)}[\"'. /+)-]", source) for word in {package, *words})
    assert called or package in loaded() or package in BY_NATURE
