"""``python3 main.py forms …``: writing forms and procedures (``author``, ``preview``), asking the rules (``ask``), and proving
every declaration end to end (``prove``)."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kiosk.forms_cli import ask, author, preview, prove
from sync.file_trouble import why_vi

_CURE: Final = "Xem lại đường dẫn và quyền ghi, rồi chạy lại."


def forms_command(argv: Sequence[str]) -> int:
    """Run one act: 0 when done and all is well, 1 when something is wrong with what was given, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="main.py forms", description="Thủ tục, biểu mẫu và luật lệ (procedures, forms, rules).")
    acts = parser.add_subparsers(required=True, metavar="VIỆC")
    author.add_commands(acts)
    preview.add_commands(acts)
    ask.add_commands(acts)
    prove.add_commands(acts)
    given = parser.parse_args(argv)
    try:
        code: int = given.handler(given)
    except OSError as error:
        return _no_file(error, as_json=getattr(given, "json", False))
    return code


def _no_file(error: OSError, *, as_json: bool) -> int:
    """A folder that may not be written to, a full disk, a name no file may have: told, with the file, and nothing else of it."""
    name = Path(str(error.filename or "")).name[:80]
    fault = {"file": name, "row": 0, "column": "", "rule": "file", "message": why_vi(error)}
    if as_json:
        refused = {"code": "file", "message": f"«{name}»: {fault['message']}", "cure": _CURE}
        text = json.dumps({"error": refused, "errors": [fault], "warnings": []}, ensure_ascii=False)
    else:
        text = f"Lỗi: {name}: {fault['message']} {_CURE}"
    sys.stdout.write(text + "\n")
    return 1
