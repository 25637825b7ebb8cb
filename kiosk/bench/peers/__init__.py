"""Programs of others that the benchmarks of the line are measured against, kept outside the source tree.

``main.py bench peers`` fetches them from npm into a folder (no install scripts are run); without them the benchmarks measure the
rest and say so.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

PACKAGES: Final = (
    "pouchdb@9.0.0",
    "express-pouchdb@4.2.0",
    "express@4.22.3",
    "@tus/server@2.4.5",
    "@tus/file-store@2.1.1",
    "tus-js-client@4.3.1",
)
SCRIPTS: Final = Path(__file__).parent


def cache_folder() -> Path:
    """Where peers and results lie unless another place is named."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "mot-cua-xa" / "bench"


def installed(folder: Path) -> bool:
    """Whether the npm peers can run from there."""
    names = [package.rpartition("@")[0] for package in PACKAGES]
    return shutil.which("node") is not None and all((folder / "node_modules" / name).is_dir() for name in names)


def node(folder: Path, script: str, *words: str) -> list[str]:
    """Command line of a script of ours that uses the peers of ``folder``."""
    return ["env", f"NODE_PATH={folder / 'node_modules'}", "node", str(SCRIPTS / script), *words]


def peers_command(argv: Sequence[str]) -> int:
    """Fetch the peers; 0 when they are there."""
    parser = argparse.ArgumentParser(prog="main.py bench peers", description="Tải các chương trình đối chứng từ npm.")
    parser.add_argument("--peers", type=Path, default=cache_folder() / "peers", metavar="DIR")
    folder = parser.parse_args(argv).peers
    if shutil.which("npm") is None:
        sys.stdout.write("Không có npm trên máy này: phép đo chạy không có chương trình đối chứng từ npm.\n")
        return 1
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["npm", "install", "--prefix", str(folder), "--ignore-scripts", "--no-audit", "--no-fund", "--save-exact", *PACKAGES],
        check=False,
    )
    return 0 if done.returncode == 0 and installed(folder) else 1
