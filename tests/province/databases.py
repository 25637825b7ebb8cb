"""The databases the province is tested on: SQLite always, PostgreSQL where ``initdb`` is installed (Debian: postgresql).

``python -m tests.province.databases`` says which ones this machine has, and exits 1 when PostgreSQL is not among them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlcipher3 import dbapi2


@dataclass(frozen=True)
class Database:
    """Kind and address. Every test that uses it makes its own state folder; the tables are empty at first."""

    kind: str
    url: str


def _binaries() -> Path | None:
    """Folder of PostgreSQL's programs: Debian keeps them out of the path."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return next((path.parent for path in sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)


BACKENDS: Final = ("sqlite", "postgresql") if _binaries() else ("sqlite",)


def describe() -> str:
    """For people: what is tested on here."""
    names = [f"sqlite {dbapi2.sqlite_version}"]
    folder = _binaries()
    if folder is None:
        names.append("postgresql NOT RUN: initdb not found, install postgresql")
    else:
        names.append(subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True).stdout.strip().lower())
    return ", ".join(names)


@contextmanager
def open_database(kind: str, folder: Path) -> Iterator[Database]:
    """A fresh database of a kind, gone afterwards."""
    if kind == "sqlite":
        yield Database(kind, f"sqlite:///{folder / 'province.sqlite3'}")
        return
    with _postgresql() as url:
        yield Database(kind, url)


@contextmanager
def _postgresql() -> Iterator[str]:
    """A private server on a socket, run by the user ``postgres`` when we are root: it refuses to run as root."""
    programs = _binaries()
    assert programs is not None
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="mcx-pg-") as home:
        if user is not None:
            shutil.chown(home, user)
        data, socket = f"{home}/data", home

        def call(*words: object) -> None:
            subprocess.run([*map(str, words)], check=True, capture_output=True, user=user, cwd=home, timeout=60)

        call(programs / "initdb", "-D", data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")
        call(programs / "pg_ctl", "-D", data, "-w", "-l", f"{home}/log", "-o", f"-k {socket} -c listen_addresses=''", "start")
        try:
            call(programs / "createdb", "-h", socket, "-U", "postgres", "province")
            yield f"postgres://postgres@/province?host={socket}"
        finally:
            call(programs / "pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")


if __name__ == "__main__":
    sys.stdout.write(f"province databases: {describe()}\n")
    sys.exit(0 if "postgresql" in BACKENDS else 1)
