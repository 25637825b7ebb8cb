"""Reads sentences aloud with the speech engine of the system, if there is one (``espeak-ng``, Vietnamese and English).

Nothing is spoken without a tap; a new request or leaving the screen stops the old one. Text goes to the engine's standard
input, never onto a command line. Recorded prompts by id come in their own issue; languages without texts stay silent rather
than be mispronounced.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterable
from typing import Final

VOICES: Final = {"vi": "vi", "en": "en-gb"}
ENGINE: Final = "espeak-ng"


class Voice:
    """One speaker. ``available`` is false where no engine is installed: then no listen button is shown."""

    def __init__(self, engine: str = ENGINE) -> None:
        self._program = shutil.which(engine)
        self._speaking: subprocess.Popen[bytes] | None = None

    @property
    def available(self) -> bool:
        return self._program is not None

    def say(self, sentences: Iterable[str], language: str) -> None:
        """Read in Vietnamese or English; a second request while one is spoken stops it instead."""
        if self._program is None:
            return
        if self._speaking is not None and self._speaking.poll() is None:
            self.hush()
            return
        voice = VOICES.get(language)
        if voice is None:
            return
        self._speaking = subprocess.Popen(
            [self._program, "-v", voice, "-s", "140"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert self._speaking.stdin is not None
        self._speaking.stdin.write("\n\n".join(sentences).encode())
        self._speaking.stdin.close()

    def hush(self) -> None:
        """Stop at once."""
        if self._speaking is not None:
            self._speaking.kill()
            self._speaking.wait()
            self._speaking = None
