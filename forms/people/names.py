"""Names of people: kept as the paper writes them, compared, searched and sorted as Vietnamese names are.

A name is one string in the order family name, middle names, given name (họ, chữ đệm, tên); one word is enough, and nothing here
splits it into first and last. Two spellings that differ only in the place of a tone mark (hoà, hòa), in y or i (Lý, Lí), in case
or spaces are the same name. Identical names are frequent, so a name alone identifies nobody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from forms.text import fold, nfc, sort_key, title_name, tone_in_place, unprintable

_STRANGE: Final = re.compile(r"[^\w\s'’.\-]|[\d_]")


@dataclass(frozen=True, slots=True)
class NameFacts:
    """A name in every form the product needs; ``why`` says in Vietnamese what to look at again, and is '' mostly."""

    written: str
    """As given, in NFC with single spaces: this is what is stored."""
    normal: str
    """Spelling for comparison by eye: first letters capital, tone marks in one place («Hoà»)."""
    capitals: str
    """As printed on forms (IN HOA)."""
    folded: str
    """Without accents, for search."""
    sort_key: str
    """By given name, then from the family name on, in Vietnamese order; compared as plain strings."""
    why: str = ""


def read_name(text: str) -> NameFacts:
    """Every form of a name. Nothing is refused: what looks wrong is told in ``why`` and a person decides."""
    written = nfc(text)
    normal = " ".join(tone_in_place(word) for word in title_name(written).split())
    return NameFacts(written, normal, written.upper(), fold(written), sort_key(written), _why(written))


def _why(written: str) -> str:
    if not written:
        return "Chưa có tên."
    if strange := unprintable(written) or "".join(dict.fromkeys(_STRANGE.findall(written))):
        return f"Tên có ký tự lạ «{strange}». Bà con xem lại theo giấy tờ."
    return ""
