"""Runs inside a live exchange, closed in the box the device and the province share (``sync.keys.Box``).

The nonce of each is the hash of its direction, of the request's random nonce and of its own head, which names what it holds to the
last bit: asking the same twice gives the same bytes, and other lines never meet the same nonce.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from sync.frames import run_header
from sync.keys import BOX_NONCE, Box
from sync.segment import Run


def closed(box: Box, direction: bytes, nonce: bytes, run: Run, named: bytes) -> Run:
    """The run with its packed lines closed. ``direction`` is ``wire.REQUEST``, ``wire.REPLY`` or ``wire.SNAPSHOT``; ``named`` is
    the hash the message gives for what the run holds."""
    return replace(run, closed=box.close(_box_nonce(direction, nonce, run, named), run.closed))


def opened(box: Box, direction: bytes, nonce: bytes, run: Run, named: bytes) -> bytes:
    """The packed lines of a run closed by :func:`closed`.

    Raises:
        SealBroken: closed with other keys or for another message, or altered.
    """
    return box.open(_box_nonce(direction, nonce, run, named), run.closed)


def _box_nonce(direction: bytes, nonce: bytes, run: Run, named: bytes) -> bytes:
    return hashlib.blake2b(nonce + run_header(run) + named, digest_size=BOX_NONCE, person=direction).digest()
