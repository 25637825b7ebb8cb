"""``python3 main.py forms check``: says in words for a non-programmer what is wrong in a procedure's files, and where.

Without a folder the packaged catalogue is checked, each procedure on its own so that one fault does not hide another procedure's;
with folders (each a ``procedure.yaml`` beside a ``form.csv``) work in progress is. Reads files, writes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from forms.procedure import read_procedure
from forms.xlsform import Fault, FormError, read_form
from kiosk.forms_cli import ask


def forms_command(argv: Sequence[str]) -> int:
    """Run ``check``: 0 when every file is sound, 1 when something is wrong, 2 for a wrong call.

    ``--json``: ``errors`` and ``warnings``, lists of ``file``, ``row`` (0: the whole file), ``column``, ``rule``, ``message``.
    """
    parser = argparse.ArgumentParser(prog="main.py forms", description="Thủ tục, biểu mẫu và luật lệ (procedures, forms, rules).")
    acts = parser.add_subparsers(required=True)
    checking = acts.add_parser("check", help="kiểm tra tệp thủ tục và biểu mẫu (check procedure files)")
    checking.add_argument("folder", nargs="*", type=Path, help="thư mục có procedure.yaml và form.csv (mặc định: cả danh mục)")
    checking.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    checking.set_defaults(handler=_check)
    ask.add_commands(acts)
    given = parser.parse_args(argv)
    code: int = given.handler(given)
    return code


def _check(given: argparse.Namespace) -> int:
    folders: list[Traversable] = list(given.folder) or list(_catalogue())
    faults = [fault for folder in folders for fault in _faults(folder)]
    if given.json:
        rows = [
            {"file": one.file, "row": one.row, "column": one.column, "rule": one.rule, "message": one.message} for one in faults
        ]
        sys.stdout.write(json.dumps({"errors": rows, "warnings": []}, ensure_ascii=False) + "\n")
    else:
        said = [str(fault) for fault in faults] or [f"Đã kiểm tra {len(folders)} thủ tục: không có lỗi."]
        sys.stdout.write("\n".join(said) + "\n")
    return 1 if faults else 0


def _catalogue() -> Iterator[Traversable]:
    for entry in resources.files("forms").joinpath("catalog").iterdir():
        if entry.is_dir() and entry.joinpath("procedure.yaml").is_file():
            yield entry


def _faults(folder: Traversable) -> Sequence[Fault]:
    """Everything wrong in one procedure's two files; its form is read first, since the procedure refers to its questions."""
    try:
        form = read_form(_text(folder, "form.csv"), f"{folder.name}/form.csv")
        read_procedure(_text(folder, "procedure.yaml"), form, f"{folder.name}/procedure.yaml")
    except FormError as error:
        return error.faults
    return ()


def _text(folder: Traversable, name: str) -> str:
    try:
        return folder.joinpath(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise FormError([Fault(f"{folder.name}/{name}", 0, "", "file", "Không đọc được tệp (cần có, mã UTF-8).")]) from None
