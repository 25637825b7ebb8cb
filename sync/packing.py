"""Field entries of a feed written shorter while they travel: what all of them share goes, every line comes back byte for byte.

An ``f`` entry travels as ``+DOSSIER{"field":value,"field":value}``, whose text is also what the event itself said: compressed
behind the lines of the request it answers, it costs next to nothing. Any other line travels as it is. Hashes and storage see the
lines, never this form. The patterns cannot go back, so no line makes them slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sync.errors import SegmentError

_ENTRY: Final = re.compile(rb'\{"e":"f","d":"([0-9a-z-]{0,64}+)","w":\{')
_SHORT: Final = re.compile(rb"\+([0-9a-z-]{0,64}+)(\{.*)", re.DOTALL)
_MARKED: Final = (b"+", b"=")


def shortened(lines: Iterable[bytes]) -> list[bytes]:
    """The lines as they travel."""
    packed: list[bytes] = []
    for line in lines:
        entry = _ENTRY.match(line) if line.endswith(b"}") else None
        if entry is not None:
            packed.append(b"+" + entry[1] + line[entry.end() - 1 : -1])
        else:
            packed.append(b"=" + line if line.startswith(_MARKED) else line)
    return packed


def restored(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Undo :func:`shortened`.

    Raises:
        SegmentError: a line that :func:`shortened` does not write.
    """
    for line in packed:
        if line.startswith(b"+"):
            entry = _SHORT.fullmatch(line)
            if entry is None:
                raise SegmentError("a shortened field entry is malformed")
            yield b'{"e":"f","d":"' + entry[1] + b'","w":' + entry[2] + b"}"
        else:
            yield line[1:] if line.startswith(b"=") else line
