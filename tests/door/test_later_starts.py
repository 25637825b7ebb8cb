"""Later starts: no work, no network, no program started, hardly any time; and a set-up again only when something changed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.door.building import Building

GOAL_SECONDS = 0.3
WATCH = """
import sys
def watch(event, args):
    if event in ("subprocess.Popen", "os.system", "os.fork", "os.posix_spawn", "socket.connect", "socket.getaddrinfo"):
        sys.stderr.write("not on the fast path: " + event + chr(10))
sys.addaudithook(watch)
"""


def test_a_later_start_writes_nothing_and_says_nothing(standing: Building) -> None:
    before = standing.snapshot()
    done = standing.enter("forms")
    assert done.returncode == 0
    assert done.stderr == ""
    assert standing.snapshot() == before


def test_a_later_start_starts_no_program_and_asks_no_network(standing: Building, tmp_path: Path) -> None:
    # Python reads this module at the start of both processes on the way: the caller's, and the environment's that it becomes.
    (tmp_path / "sitecustomize.py").write_text(WATCH + "sys.stderr.write('watched' + chr(10))\n")
    done = standing.enter("forms", environment={"PYTHONPATH": str(tmp_path), "PIP_FIND_LINKS": "/nonexistent"})
    assert json.loads(done.stdout)["reached"] == "forms"
    assert done.stderr.splitlines() == ["watched", "watched"]


def seconds(command: list[str], building: Building) -> float:
    """Least of several runs: the machine's other work only ever adds."""
    took = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(command, env=building.environment(), check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return min(took)


def test_the_door_adds_less_than_the_goal_to_a_bare_interpreter(standing: Building) -> None:
    python = str(standing.root / ".venv" / "bin" / "python")
    room = f"import sys; sys.path.insert(0, {str(standing.root)!r}); from kiosk.forms_cli import forms_command; forms_command([])"
    bare = seconds([python, "-c", room], standing)
    through = seconds([sys.executable, str(standing.root / "main.py"), "forms"], standing)
    assert through - bare < GOAL_SECONDS, f"door {through:.3f} s, bare {bare:.3f} s"


def test_the_exit_code_is_the_command_s(standing: Building) -> None:
    assert standing.enter("forms", "fail").returncode == 3


def test_setup_on_a_standing_house_only_says_that_it_stands(standing: Building) -> None:
    before = standing.snapshot()
    done = standing.enter("setup")
    assert done.returncode == 0
    assert "sẵn sàng" in done.stdout
    assert standing.snapshot() == before


def test_an_upgraded_interpreter_makes_the_environment_anew(furnished: Building) -> None:
    # A system upgrade leaves the environment's interpreter pointing at a program that is gone.
    link = furnished.root / ".venv" / "bin" / "python"
    link.unlink()
    link.symlink_to("/nonexistent/python3.11")
    done = furnished.enter("forms")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["library"] == "1.0"


def test_started_by_its_own_interpreter_a_stale_environment_is_brought_up_to_date(furnished: Building) -> None:
    furnished.lock("3.0")
    words = [str(furnished.root / ".venv" / "bin" / "python"), str(furnished.root / "main.py"), "forms"]
    done = subprocess.run(words, env=furnished.environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["library"] == "3.0"


def test_a_moved_house_still_opens_without_network(furnished: Building, tmp_path: Path) -> None:
    furnished.root.rename(tmp_path / "moved")
    furnished.root = tmp_path / "moved"
    done = furnished.enter("forms", environment={"PIP_FIND_LINKS": "/nonexistent"})
    assert done.returncode == 0, done.stderr
