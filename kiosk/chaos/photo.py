"""A photograph of nothing, as an attachment for torments: small, a real JPEG, and never the same twice."""

from __future__ import annotations

import io
import random

from PIL import Image

from forms.procedures.procedure import Procedure
from kiosk.attachments import Paper


def photo(dice: random.Random, side: int = 160) -> bytes:
    """JPEG bytes of a grey noise."""
    out = io.BytesIO()
    Image.frombytes("L", (side, side), dice.randbytes(side * side)).save(out, "JPEG", quality=60)
    return out.getvalue()


def photographed(procedure: Procedure) -> Paper:
    """The first paper the procedure asks for, as a photograph."""
    return Paper(procedure.components[0].id, "image/jpeg", photo=True)
