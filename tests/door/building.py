"""A small house with the real door: main.py and door/ copied into a folder, with a one-library lock that needs no network.

The library is a wheel made here by hand; pip finds it through its own settings (a folder instead of an index), so every set-up in
these tests is a real one: a real venv, real pip, real hashes. Rooms are replaced by files that say that they were reached.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
REACHED = """import json, os, sys
def forms_command(argv):
    import sample_library
    print(json.dumps({"reached": "forms", "argv": list(argv), "python": sys.prefix, "library": sample_library.VERSION}))
    return 3 if "fail" in argv else 0
"""


def make_wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel of one module ``name`` into a folder; its SHA-256."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for file, text in files.items():
        mark = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={mark},{len(text.encode())}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in files.items():
            archive.writestr(file, text)
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Building:
    """The folder, and how it is entered; made from nothing, or as a copy of one that stands."""

    first: subprocess.CompletedProcess[str]
    """What the first start said, once somebody has kept it."""

    def __init__(self, root: Path, furnished: Building | None = None) -> None:
        self.root = root
        self.wheels = root.parent / f"{root.name}-wheels"
        if furnished:
            shutil.copytree(furnished.root, root, symlinks=True)
            shutil.copytree(furnished.wheels, self.wheels)
            return
        self.wheels.mkdir(parents=True)
        (root / "deploy").mkdir(parents=True)
        shutil.copy(SOURCE / "main.py", root)
        shutil.copytree(SOURCE / "door", root / "door", ignore=shutil.ignore_patterns("__pycache__"))
        self.want_packages("")
        self.lock("1.0")
        build = make_wheel(self.wheels, "sample_builder", "1.0")
        (root / "requirements-build.lock").write_text(f"sample-builder==1.0 --hash=sha256:{build}\n")
        (root / "kiosk").mkdir()
        (root / "kiosk" / "__init__.py").write_text("")
        (root / "kiosk" / "forms_cli.py").write_text(REACHED)

    def want_packages(self, names: str) -> None:
        """Set the Debian packages of every group."""
        text = "".join(f"[{group}]\n{names}\n" for group in ("run", "demo", "test"))
        (self.root / "deploy" / "debian-packages.txt").write_text(text)

    def lock(self, version: str, digest: str = "") -> None:
        """Write both locks for a version of the sample library, with its true hash unless another is given."""
        made = make_wheel(self.wheels, "sample_library", version)
        for name in ("requirements.lock", "requirements-dev.lock"):
            (self.root / name).write_text(f"sample-library=={version} \\\n    --hash=sha256:{digest or made}\n")

    def environment(self, changes: Mapping[str, str] | None = None) -> dict[str, str]:
        """The caller's environment without any package index but the folder of wheels."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PIP_", "PYTHON"))}
        kept.update(PIP_CONFIG_FILE=os.devnull, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(self.wheels), LANG="C.UTF-8")
        kept.update(changes or {})
        return kept

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """Start ``main.py WORDS`` and leave it running."""
        return subprocess.Popen(
            [sys.executable, str(self.root / "main.py"), *words],
            env=self.environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def enter(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``main.py WORDS`` to its end."""
        running = self.start(*words, environment=environment)
        out, err = running.communicate(timeout=120)
        return subprocess.CompletedProcess(running.args, running.returncode, out, err)

    @property
    def stamp(self) -> Path:
        return self.root / ".venv" / "door-stamp"

    def pip_log(self) -> str:
        """What the programs of set-up said."""
        path = self.root / ".setup" / "pip.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def snapshot(self) -> dict[str, tuple[int, int]]:
        """Every file with its time of change and size, bytecode that a first import leaves set apart."""
        return {
            str(path.relative_to(self.root)): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in self.root.rglob("*")
            if path.is_file() and path.suffix != ".pyc"
        }


def until(test: Callable[[], bool], seconds: float = 60.0) -> None:
    """Poll until a test is true. Raises AssertionError after a time."""
    end = time.monotonic() + seconds
    while not test():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)
