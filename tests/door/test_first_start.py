"""The first start: what set-up does, what it says when it cannot, and that it heals after being killed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

from tests.door.building import Building, until

NOBODY = 65534


def test_the_first_start_sets_up_and_then_does_the_command(standing: Building) -> None:
    said = json.loads(standing.first.stdout)
    assert said["reached"] == "forms"
    assert said["argv"] == ["check", "--json"]
    assert Path(said["python"]) == standing.root / ".venv"
    assert said["library"] == "1.0"


def test_progress_goes_to_standard_error_and_names_every_step(standing: Building) -> None:
    assert [f"[{number}/4]" in standing.first.stderr for number in (1, 2, 3, 4)] == [True] * 4


def test_a_changed_lock_is_installed_into_the_same_environment(furnished: Building) -> None:
    made = furnished.stamp.parent.joinpath("pyvenv.cfg").stat().st_mtime_ns
    furnished.lock("2.0")
    done = furnished.enter("forms")
    assert json.loads(done.stdout)["library"] == "2.0"
    assert furnished.stamp.parent.joinpath("pyvenv.cfg").stat().st_mtime_ns == made


def tear_library(building: Building) -> None:
    """Leave what a killed pip may leave: a library that counts as installed, of which only a part was written."""
    place = building.root / ".venv" / "lib" / f"python3.{sys.version_info.minor}" / "site-packages"
    facts = place / "sample_library-1.0.dist-info"
    facts.mkdir(parents=True, exist_ok=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: sample_library\nVersion: 1.0\n")
    (place / "sample_library.py").write_text("VERSION = ")


def test_a_set_up_killed_midway_heals_at_the_next_start(building: Building) -> None:
    # GIVEN a set-up that was killed while the program it had started lives on
    first = building.start("forms")
    until(lambda: (building.root / ".venv" / "bin" / "python").exists())
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert not building.stamp.exists()
    tear_library(building)
    # WHEN the next start comes at once THEN it waits for that program, throws the rest away, and is whole
    done = building.enter("forms")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["library"] == "1.0"
    assert "đang chờ" in done.stderr


def test_an_upgrade_killed_midway_heals_at_the_next_start(furnished: Building) -> None:
    furnished.lock("2.0")
    first = furnished.start("forms")
    until(lambda: not furnished.stamp.exists())
    first.send_signal(signal.SIGKILL)
    first.communicate()
    module = next(furnished.root.glob(".venv/lib/python3.*/site-packages/sample_library.py"))
    done = furnished.enter("forms")
    assert json.loads(done.stdout)["library"] == "2.0", done.stderr
    assert module.read_text() == "VERSION = '2.0'\n"


def test_two_set_ups_at_once_do_the_work_once(building: Building) -> None:
    both = [building.start("forms", str(number)) for number in range(2)]
    answers = [running.communicate(timeout=120) for running in both]
    assert [running.returncode for running in both] == [0, 0], answers
    assert building.pip_log().count("-m venv") == 1


def test_without_network_set_up_says_so_and_goes_on_when_there_is_one(furnished: Building) -> None:
    furnished.lock("2.0")
    nowhere = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_RETRIES": "0"}
    done = furnished.enter("forms", environment=nowhere)
    assert done.returncode == 12
    assert "no_network" in done.stderr
    assert "Cách xử lý" in done.stderr
    assert done.stdout == ""
    assert furnished.enter("forms").returncode == 0


def test_a_library_with_another_hash_is_refused(furnished: Building) -> None:
    furnished.lock("2.0", digest="0" * 64)
    done = furnished.enter("forms")
    assert done.returncode == 17
    assert "wrong_file" in done.stderr
    assert done.stdout == ""


def test_a_full_disk_is_named_before_anything_is_made(building: Building, tmp_path: Path) -> None:
    # Python reads this module at its start: from then on the disk looks full.
    full = (
        "import collections, shutil\nshutil.disk_usage = lambda path: collections.namedtuple('Room', 'total used free')(1, 1, 0)\n"
    )
    (tmp_path / "sitecustomize.py").write_text(full)
    done = building.enter("forms", environment={"PYTHONPATH": str(tmp_path)})
    assert done.returncode == 13, done.stderr
    assert "disk_full" in done.stderr
    assert not (building.root / ".venv").exists()


def as_nobody(building: Building, *words: str) -> subprocess.CompletedProcess[str]:
    """Enter as an account without rights, with the system's Python, which every account may run."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    account = NOBODY if os.geteuid() == 0 else None
    environment = building.environment({"HOME": "/nonexistent"})
    return subprocess.run(
        [python, str(building.root / "main.py"), *words],
        env=environment,
        capture_output=True,
        text=True,
        user=account,
        group=account,
    )


def open_to_all(path: Path) -> None:
    """Let every account read a folder below pytest's private ones."""
    for folder in path.parents:
        if folder.name.startswith(("pytest", "popen")) or "pytest" in str(folder.parent):
            folder.chmod(0o755)


def test_missing_packages_without_rights_end_in_one_command_to_type(building: Building) -> None:
    building.want_packages("no-such-package-anywhere")
    building.root.chmod(0o777)
    open_to_all(building.root)
    done = as_nobody(building, "forms")
    assert done.returncode == 11, done.stderr
    assert "apt-get update && apt-get install -y --no-install-recommends no-such-package-anywhere" in done.stderr
    assert not (building.root / ".venv").exists()


def test_a_folder_that_may_not_be_written_is_named(building: Building) -> None:
    open_to_all(building.root)
    building.root.chmod(0o555)
    done = as_nobody(building, "forms")
    building.root.chmod(0o755)
    assert done.returncode == 14, done.stderr
    assert "no_rights" in done.stderr
