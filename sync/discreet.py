"""Unexpected errors in a log that anybody may read: what kind, where and by what code, never their words.

The words of an error often hold the value it stumbled over (``ValueError: invalid date '004190…'``), and the values here are
people's. What a developer needs is the kind of each error in the chain and the places it came through; the named errors' stable
codes say more.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from types import TracebackType

FORMAT = "%(asctime)s %(name)s %(message)s"


def told(error: BaseException) -> str:
    """An error and what it came of, oldest first: its places, innermost last, then its kind."""
    came_of = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [f"{told(came_of)}\nwhich led to:"] if came_of is not None else []
    for frame, line in traceback.walk_tb(error.__traceback__):
        lines.append(f"  {frame.f_code.co_filename}:{line} {frame.f_code.co_name}")
    code = getattr(error, "code", "")
    return "\n".join([*lines, type(error).__name__ + (f" ({code})" if isinstance(code, str) and code else "")])


class Discreet(logging.Formatter):
    """Writes the error of a record without its words."""

    def formatException(self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]) -> str:
        return told(ei[1]) if ei[1] is not None else ""


def log_discreetly(level: int = logging.INFO) -> None:
    """Log to standard error so."""
    handler = logging.StreamHandler()
    handler.setFormatter(Discreet(FORMAT))
    logging.basicConfig(level=level, handlers=[handler])


def end_discreetly() -> None:
    """Say so what nobody expected and ends this process, or one of its threads."""
    sys.excepthook = lambda kind, error, trace: _end(error)
    threading.excepthook = lambda args: _end(args.exc_value)


def _end(error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        sys.stderr.write(f"{told(error)}\n")
