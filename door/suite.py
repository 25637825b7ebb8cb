"""``main.py test``: the whole suite, as CI runs it.

Without arguments every core runs its share, test files kept whole so that what a file sets up once stays with it. With arguments
pytest gets exactly those: somebody who picks tests or a debugger wants to see them run in order. The closing line is pytest's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from door import stamp


def test_command(argv: Sequence[str]) -> int:
    """Become pytest; the exit code is pytest's."""
    shares = ["-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    os.chdir(stamp.ROOT)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(argv or shares)])
