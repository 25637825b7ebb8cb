"""Bugs to plant: the product's source with one rule broken, or a journal that breaks its contract.

A source plant names the exact text it replaces, so it fails loudly when the code moves on and the plant no longer means
anything.
"""

from __future__ import annotations

import random
import sys
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sync.engine
import sync.intake
from sync.ports import FeedEntry
from sync.simulator.memory import MemoryKiosk


@dataclass(frozen=True)
class Plant:
    """What a simulation runs on; without arguments the product itself."""

    name: str = "none"
    engine: Callable[..., Any] = sync.engine.Engine
    handle: Callable[..., bytes] = sync.intake.handle
    kiosk_journal: Callable[[int, random.Random], MemoryKiosk] = MemoryKiosk
    ack_before_commit: bool = False
    """The province sends its answer before its transaction is durable."""


class _CursorFirst(MemoryKiosk):
    """Moves the feed cursor in a transaction of its own, before the entries have their effect."""

    @contextmanager
    def atomic(self) -> Iterator[None]:
        fed: list[FeedEntry] | None = None
        try:
            with super().atomic():
                yield
                fed = self.state.feed
        except BaseException:
            if fed is not None:
                self.state.feed = fed
            raise


class _TrimsOnReply(MemoryKiosk):
    """Takes the direct answer as the acknowledgement that ends replaying."""

    def trim(self, incarnation: int) -> int:
        return self.told(incarnation)


def _mutant(module: types.ModuleType, changes: Mapping[str, str]) -> types.ModuleType:
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for old, new in changes.items():
        if source.count(old) != 1:
            raise LookupError(f"{module.__name__}: the text to break occurs {source.count(old)} times: {old!r}")
        source = source.replace(old, new)
    mutant = types.ModuleType(f"{module.__name__}_mutant")
    sys.modules[mutant.__name__] = mutant
    exec(compile(source, mutant.__name__, "exec"), mutant.__dict__)
    return mutant


def _engine(name: str, changes: Mapping[str, str]) -> Plant:
    return Plant(name, engine=_mutant(sync.engine, changes).Engine)


def _intake(name: str, changes: Mapping[str, str]) -> Plant:
    return Plant(name, handle=_mutant(sync.intake, changes).handle)


def plants() -> Sequence[Plant]:
    """Every planted bug."""
    return (
        Plant("ack_before_commit", ack_before_commit=True),
        Plant("cursor_before_apply", kiosk_journal=_CursorFirst),
        Plant("trim_on_reply_ack", kiosk_journal=_TrimsOnReply),
        _intake(
            "no_dedupe",
            {
                "or part.last <= have:": "or False:",
                "fresh = range(have + 1, part.last + 1)": "fresh = range(part.first, part.last + 1)",
                "known = self._journal.has_event(arrival.identity)": "known = False",
            },
        ),
        _intake("no_event_id", {"known = self._journal.has_event(arrival.identity)": "known = False"}),
        _intake(
            "no_chain_check",
            {
                "heads = hsg.verify(part, lines, before, self._verify_key)": "heads = _unchecked(before, lines)",
                "agreed = self._agreed(part, heads, have)": "agreed = min(have, part.last)",
                "class _Visit:": _UNCHECKED + "class _Visit:",
            },
        ),
        _engine(
            "portal_trusted",
            {
                "answer = wire.parse_reply(reply, self._keys.province_verify)": _TRUST_PORTAL,
            },
        ),
        _engine(
            "feed_gap_ok",
            {
                'raise FeedGap(f"the feed goes on at {part.first}, expected {seq + 1}")': _APPLY_ANYWAY,
            },
        ),
        _engine(
            "fork_ignored",
            {
                "self._take_fork(ack, last, request, gain)": "pass",
            },
        ),
        _engine(
            "stale_reply_moves_back",
            {
                "            n = max(n, told)\n": "            pass\n",
            },
        ),
    )


_UNCHECKED = """def _unchecked(head, lines):
    from sync.envelope import chain
    heads = []
    for line in lines:
        head = chain(head, line)
        heads.append(head)
    return heads


"""

_TRUST_PORTAL = """if not wire.is_ours(reply):
            with self._journal.atomic():
                for inc in self._journal.incarnations():
                    self._journal.set_told(inc, self._journal.last(inc)[0])
            return ReplyOutcome(True, False, 0, 0)
        answer = wire.parse_reply(reply, self._keys.province_verify)"""

_APPLY_ANYWAY = """lines = hsg.unpack(part, self._keys.commune_seal, self._dictionaries)
            journal.apply_feed([FeedEntry(part.first + i, line, bytes(32)) for i, line in enumerate(lines)])
            return"""
