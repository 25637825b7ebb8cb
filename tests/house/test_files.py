"""What may not be in a tracked file (a secret, a machine's path, an unfinished mark), and what each must have (a purpose)."""

from __future__ import annotations

import ast
import re

from tests.house.tree import PRODUCT, ROOT, modules, texts, tracked

HERE = "tests/house/test_files.py"


def found(pattern: str, *suffixes: str) -> list[str]:
    """Lines of tracked text files that match, as "file:line: text"; this file, which holds the patterns, set apart."""
    expression = re.compile(pattern)
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts(*suffixes)
        if str(path) != HERE and path.suffix != ".lock"
        for number, line in enumerate(text.splitlines(), start=1)
        if expression.search(line)
    ]


def test_no_file_names_a_path_of_one_machine() -> None:
    assert found(r"(^|[^A-Za-z0-9_.])/(work|farm|root|home/[a-z]+)/") == []


def test_no_file_names_a_package_registry() -> None:
    assert found(r"https?://[A-Za-z0-9.-]*(pypi|pythonhosted|npmjs|debian)[A-Za-z0-9.-]*|--?(extra-)?index-url|registry *=") == []
    assert [path for path, text in texts(".lock") if re.search(r"https?://|--index|--find-links|file:", text)] == []


def test_no_file_holds_a_secret() -> None:
    assert found(r"-----BEGIN [A-Z ]*PRIVATE KEY-----") == []
    assert (
        found(r"(?i)\b(password|secret|token|api_key)\s*[:=]\s*[\"'][A-Za-z0-9+/_-]{20,}[\"']", ".py", ".toml", ".yaml", ".json")
        == []
    )


def test_nothing_calls_itself_unfinished() -> None:
    assert found(r"\b(TODO|FIXME|XXX|HACK)\b", ".py", ".md", ".kv", ".yaml", ".html") == []


def test_no_test_is_left_out_and_a_silenced_check_says_which_and_why() -> None:
    assert found(r"pytest\.(skip|xfail|mark\.(skip|xfail))", ".py") == []
    assert found(r"# *noqa(?!: [A-Z]+\d+ - \w)|type: *ignore(?!\[)", ".py") == []


def test_what_is_left_to_others_is_done_by_others() -> None:
    # GIVEN every method that only says that somebody else implements it THEN somebody does
    left: set[tuple[str, str]] = set()
    done: set[tuple[str, str]] = set()
    for path, tree in modules(*PRODUCT):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                abstract = any(isinstance(part, ast.Name) and part.id == "NotImplementedError" for part in ast.walk(node))
                (left if abstract else done).add((path.parts[0], node.name))
    assert left - done == set()


def test_every_module_says_first_what_it_is_for() -> None:
    silent = [str(path) for path, tree in modules(*PRODUCT, "tests", "deploy") if tree.body and not ast.get_docstring(tree)]
    assert [name for name in silent if "/migrations/" not in name] == []


def test_every_folder_of_tests_is_a_package() -> None:
    folders = {path.parent for path in tracked() if path.parts[0] == "tests" and path.suffix == ".py"}
    assert [str(folder) for folder in sorted(folders) if not (ROOT / folder / "__init__.py").exists()] == []


# What a test may call instead of asserting itself: each of these fails when what it looks for does not happen.
JUDGES = ("assert", "expect", "check", "raises", "fail", "until", "wait", "survive")


def test_every_test_can_fail() -> None:
    idle = []
    for path, tree in modules("tests"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and path.name.startswith("test_"):
                names = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
                names |= {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
                judges = any(name.startswith(JUDGES) for name in names)
                if not judges and not any(isinstance(part, ast.Assert) for part in ast.walk(node)):
                    idle.append(f"{path}:{node.lineno} {node.name}")
    assert idle == []


def test_every_font_has_its_licence_beside_it() -> None:
    licence = re.compile(r"(?i)ofl|licen[cs]e|apache")
    folders = sorted({ROOT / path.parent for path in tracked() if path.suffix in {".ttf", ".otf", ".woff2"}})
    assert folders
    assert [folder.name for folder in folders if not any(licence.search(file.name) for file in folder.iterdir())] == []


def test_the_project_has_a_licence() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
