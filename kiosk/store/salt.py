"""Random bits in lines that tell of a person, so that no hash of such a line confirms a guess at what it says.

The head after a line is a hash over it and stays for ever, also where the line itself was sealed to the province. A line that
already holds as many random bits needs none: a creating event holds the look-up key, an attachment its file key.
"""

from __future__ import annotations

from base64 import urlsafe_b64encode
from random import Random
from typing import Any, Final

from forms.dossier import Draft

KEY: Final = "z"
"""Key in the envelope; unknown keys are kept and relayed everywhere."""

_TELLING: Final = frozenset({"f", "cor", "note", "dec"})


def salt(draft: Draft, random: Random) -> dict[str, Any]:
    """The extra key of a line that tells of a person, 64 bits; empty for steps, fees and what holds random bits anyway."""
    telling = draft.kind in _TELLING or draft.content.get("act") == "hand_over"
    return {KEY: urlsafe_b64encode(random.randbytes(8)).rstrip(b"=").decode("ascii")} if telling else {}
