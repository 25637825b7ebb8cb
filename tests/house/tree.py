"""What the tests of the house look at: the tracked files, the imports of the product, programs run in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("forms", "devices", "sync", "kiosk", "province")
PRODUCT = (*ROOMS, "door", "main.py")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a module of the environment's Python in the tree."""
    return subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git tracks or would add, relative to the root; in an exported tree, every file that running does not make."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        return tuple(Path(name) for name in sorted(set(listed.stdout.split("\0"))) if name and (ROOT / name).is_file())
    made = re.compile(r"(^|/)(\.[^/]*|__pycache__|state|out)/")
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file())
    return tuple(sorted(path for path in found if not made.search(str(path))))


def texts(*suffixes: str) -> Iterator[tuple[Path, str]]:
    """Tracked text files, all or those with a suffix, with what they hold."""
    for path in tracked():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path, (ROOT / path).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


@cache
def modules(*places: str) -> tuple[tuple[Path, ast.Module], ...]:
    """Tracked Python files below some places, parsed."""
    return tuple((path, ast.parse(text)) for path, text in texts(".py") if path.parts[0] in places)


def imports(tree: ast.AST) -> set[str]:
    """Top-level names a module imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found
