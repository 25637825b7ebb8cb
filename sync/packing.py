"""Field entries of a feed written together while they travel: the repeated words go, every line comes back byte for byte.

Merging one event makes an ``f`` entry for every field it wrote, and all of them name the dossier again. On the way such a run is
one line, ``+DOSSIER{"field":value,"field":value}``, whose text is also what the event itself said: compressed behind the lines of
the request it answers, it costs next to nothing. Only entries whose value is plain JSON without escapes take part; any other line
travels as it is. Hashes and storage see the lines, never this form. The patterns are possessive, so no line makes them slow.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from sync.errors import SegmentError

_ATOM: Final = rb'"[^"\\\n]*+"|-?[0-9.]++|true|false|null'
_FLAT: Final = rb"(?:" + _ATOM + rb"|[\[{](?:(?:" + _ATOM + rb")[:,]?)*+[\]}])"
_ENTRY: Final = re.compile(rb'\{"e":"f","d":"([0-9a-z-]{0,64})","f":("[^"\\\n]*"),"v":(' + _FLAT + rb")\}")
_RUN: Final = re.compile(rb"\+([0-9a-z-]{0,64})\{(.*)\}")
_MEMBER: Final = re.compile(rb'("[^"\\\n]*"):(' + _FLAT + rb")(?:,(?=.)|$)")
_MARKED: Final = (b"+", b"=")


def together(lines: Iterable[bytes]) -> list[bytes]:
    """The lines, runs of field entries of one dossier as one line each."""
    packed: list[bytes] = []
    run, members = b"", list[bytes]()
    for line in lines:
        entry = _ENTRY.fullmatch(line)
        if members and (entry is None or entry[1] != run):
            packed.append(b"+" + run + b"{" + b",".join(members) + b"}")
            members = []
        if entry is not None:
            run = entry[1]
            members.append(entry[2] + b":" + entry[3])
        else:
            packed.append(b"=" + line if line.startswith(_MARKED) else line)
    if members:
        packed.append(b"+" + run + b"{" + b",".join(members) + b"}")
    return packed


def apart(packed: Iterable[bytes]) -> Iterator[bytes]:
    """Undo :func:`together`.

    Raises:
        SegmentError: a run that :func:`together` does not write.
    """
    for line in packed:
        if line.startswith(b"+"):
            yield from _run(line)
        else:
            yield line[1:] if line.startswith(b"=") else line


def _run(line: bytes) -> Iterator[bytes]:
    run = _RUN.fullmatch(line)
    if run is None:
        raise SegmentError("a run of field entries is malformed")
    dossier, text = run.groups()
    at = 0
    while at < len(text):
        member = _MEMBER.match(text, at)
        if member is None:
            raise SegmentError("a run of field entries is malformed")
        yield b'{"e":"f","d":"' + dossier + b'","f":' + member[1] + b',"v":' + member[2] + b"}"
        at = member.end()
