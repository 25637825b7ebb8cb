"""What events mean and what people do, as far as a schedule needs to know: put in from outside.

``sync`` never learns what a dossier is, so the simulator takes a :class:`Meaning`: the merge of the province, the fold of the
kiosk, and the acts of people who look at a dossier and do something lawful or not. :class:`Tiny` is the smallest one with field
classes and conflicts; the product's command puts ``forms.dossier`` in its place (``kiosk.simulate``). :class:`Counted` wraps any of
them and counts how often each event had its effect, so that a doubled one is visible whatever the merge makes of it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from sync.envelope import Event, Origin
from sync.feed import fields_entry
from sync.ports import Confirmed, Effect, MergePort

Entry = Mapping[str, Any]
Acts = Sequence[tuple[str, Mapping[str, Any]]]
"""Events of one use case: kind and content."""

COUNT: Final = "count."
"""Prefix of the fields in which :class:`Counted` counts."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A dossier as a screen shows it: its fields, and what the feed said gave way (``cf``, ``na``). No fields: a new one."""

    fields: Mapping[str, Any]
    conflicts: Sequence[Entry] = ()


class Meaning(MergePort, Protocol):
    """The merge, the fold, and what people do."""

    def fold(self, fields: Mapping[str, Any], event: Event, origin: Origin) -> Mapping[str, Any]:
        """What an own event writes into the fields of its dossier on the kiosk's screen."""
        ...

    def at_counter(self, rng: random.Random, shown: Shown, serial: int) -> Acts:
        """What somebody at a kiosk does about a dossier that looks like this, lawful or not."""
        ...

    def at_province(self, rng: random.Random, dossier: str, confirmed: Mapping[str, Confirmed], serial: int) -> Sequence[Entry]:
        """Feed entries of an act of the province's own people; none when there is nothing to do."""
        ...

    def owner(self, field: str) -> str:
        """Class of a field (SYNC design 1.10): ``C``, ``P``, ``S``, ``A`` …"""
        ...

    def closed(self, fields: Mapping[str, Any]) -> bool:
        """Whether a dossier is at its end, so that the province may let it leave the kiosks."""
        ...


class CountingMerge:
    """``f`` sets fields, last in server order wins; ``tag`` adds one to its own counter. Nobody acts."""

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        writes = self.fold({name: known.value for name, known in confirmed.items()}, event, origin)
        return Effect([fields_entry(event.dossier, writes)] if writes else [])

    def fold(self, fields: Mapping[str, Any], event: Event, origin: Origin) -> Mapping[str, Any]:
        if event.kind == "f":
            return dict(event.content)
        if event.kind == "tag":
            name = f"tag.{event.content['tag']}"
            return {name: fields.get(name, 0) + 1}
        return {}

    def at_counter(self, rng: random.Random, shown: Shown, serial: int) -> Acts:
        return [("tag", {"tag": str(serial)})]

    def at_province(self, rng: random.Random, dossier: str, confirmed: Mapping[str, Confirmed], serial: int) -> Sequence[Entry]:
        return [fields_entry(dossier, {"status": serial})]

    def owner(self, field: str) -> str:
        return "P" if field == "status" else "C"

    def closed(self, fields: Mapping[str, Any]) -> bool:
        return False


class Tiny:
    """Three kinds of field by the first letter of the name: ``c`` the commune's, ``p`` the province's, ``e`` entries of a set.

    ``p.end`` closes a dossier. Enough for conflicts, refused writes and two officials at once.
    """

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        if event.kind == "boom":
            raise ValueError("a merge that was never meant for this content")
        writes = event.content if event.kind == "f" else _attached(event)
        entries: list[Entry] = []
        written: dict[str, Any] = {}
        for name, value in writes.items():
            known = confirmed.get(name)
            if known is not None and known.value == value:
                continue
            kept = known.value if known is not None else None
            if name[0] == "p":
                entries.append(_lost(event, origin, name, (kept, value), "class_P"))
                continue
            written[name] = value
            if known is not None and not seen(known, event, origin):
                entries.append(_lost(event, origin, name, (value, kept), "unseen"))
        return Effect([*entries, fields_entry(event.dossier, written)] if written else entries)

    def fold(self, fields: Mapping[str, Any], event: Event, origin: Origin) -> Mapping[str, Any]:
        if event.kind != "f":
            return _attached(event)
        return {name: value for name, value in event.content.items() if name[0] != "p"}

    def at_counter(self, rng: random.Random, shown: Shown, serial: int) -> Acts:
        if rng.random() < 0.1:
            return [("f", {"p.status": f"forged {serial}"})]
        name = rng.choice(("c.phone", "c.address", f"e.{serial}"))
        return [("f", {name: f"09{serial:08d}"})]

    def at_province(self, rng: random.Random, dossier: str, confirmed: Mapping[str, Confirmed], serial: int) -> Sequence[Entry]:
        return [fields_entry(dossier, {"p.end" if rng.random() < 0.2 else "p.status": f"at the province {serial}"})]

    def owner(self, field: str) -> str:
        return {"c": "C", "p": "P", "e": "A", "a": "A"}.get(field[0], "C")

    def closed(self, fields: Mapping[str, Any]) -> bool:
        return "p.end" in fields


@dataclass(frozen=True, slots=True)
class Counted:
    """Any meaning, with one more field per event: how often it had its effect."""

    inner: Meaning

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        effect = self.inner.merge(confirmed, event, origin, received_ms)
        name = counter(event, origin)
        known = confirmed.get(name)
        rest = [entry for entry in effect.entries if entry["e"] != "f"]
        written = {name: value for entry in effect.entries if entry["e"] == "f" for name, value in entry["w"].items()}
        return Effect([*rest, fields_entry(event.dossier, {**written, name: known.value + 1 if known is not None else 1})])

    def fold(self, fields: Mapping[str, Any], event: Event, origin: Origin) -> Mapping[str, Any]:
        name = counter(event, origin)
        return {**self.inner.fold(fields, event, origin), name: fields.get(name, 0) + 1}

    def at_counter(self, rng: random.Random, shown: Shown, serial: int) -> Acts:
        return self.inner.at_counter(rng, shown, serial)

    def at_province(self, rng: random.Random, dossier: str, confirmed: Mapping[str, Confirmed], serial: int) -> Sequence[Entry]:
        return self.inner.at_province(rng, dossier, confirmed, serial)

    def owner(self, field: str) -> str:
        return self.inner.owner(field)

    def closed(self, fields: Mapping[str, Any]) -> bool:
        return self.inner.closed(fields)


def counter(event: Event, origin: Origin) -> str:
    """The field that counts an event. Its number alone will not do: a restored disk writes other events at the same place."""
    return f"{COUNT}{event.actor}.{event.moved_from[1] if event.moved_from else origin.n}"


def _attached(event: Event) -> Mapping[str, Any]:
    return {f"at.{event.content['blob']}": event.content} if event.kind == "at" else {}


def seen(known: Confirmed, event: Event, origin: Origin) -> bool:
    """Whether the writer of an event had seen this value (SYNC design 1.10)."""
    return known.rev <= event.base or (known.origin is not None and known.origin.device == origin.device)


def _lost(event: Event, origin: Origin, name: str, kept_lost: tuple[Any, Any], why: str) -> Entry:
    place = {"dev": origin.device, "inc": origin.incarnation, "n": origin.n}
    return {"e": "cf", "d": event.dossier, "f": name, "kept": kept_lost[0], "lost": kept_lost[1], **place, "why": why}
