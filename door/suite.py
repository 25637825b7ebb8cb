"""``main.py test``: the whole suite, as CI runs it."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from door import stamp


def test_command(argv: Sequence[str]) -> int:
    """Become pytest on the whole suite; arguments go through. The exit code is pytest's."""
    os.chdir(stamp.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *argv])
