"""``python3 main.py forms …``: writing forms and procedures (``author``, ``preview``), asking the rules (``ask``), and proving
every declaration end to end (``prove``)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from kiosk.forms_cli import ask, author, preview, prove


def forms_command(argv: Sequence[str]) -> int:
    """Run one act: 0 when done and all is well, 1 when something is wrong with what was given, 2 for a wrong call."""
    parser = argparse.ArgumentParser(prog="main.py forms", description="Thủ tục, biểu mẫu và luật lệ (procedures, forms, rules).")
    acts = parser.add_subparsers(required=True, metavar="VIỆC")
    author.add_commands(acts)
    preview.add_commands(acts)
    ask.add_commands(acts)
    prove.add_commands(acts)
    given = parser.parse_args(argv)
    code: int = given.handler(given)
    return code
