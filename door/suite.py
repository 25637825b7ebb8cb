"""``main.py test``: the whole suite, as CI runs it.

Without arguments every core runs its share, test files kept whole so that what a file sets up once stays with it. With arguments
pytest gets exactly those: somebody who picks tests or a debugger wants to see them run in order. The closing line is pytest's own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from door import stamp

# The window of the product must not depend on the caller's desktop or Kivy settings.
_SETTINGS = {
    "KIVY_NO_ARGS": "1",
    "KIVY_NO_CONFIG": "1",
    "KIVY_NO_CONSOLELOG": "1",
    "KIVY_NO_FILELOG": "1",
    "SDL_VIDEODRIVER": "offscreen",
    "SDL_AUDIODRIVER": "dummy",
}


def test_command(argv: Sequence[str]) -> int:
    """Become pytest; the exit code is pytest's."""
    shares = ["-n", str(os.cpu_count() or 1), "--dist", "loadfile", "--no-loadscope-reorder"]
    os.chdir(stamp.ROOT)
    os.environ.update(_SETTINGS)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *(argv or shares)])
