"""The invariants of SYNC design 2.1, as far as a schedule shows them: at every step, after quiescence, and over the whole feed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.envelope import Event, Origin
from sync.simulator import attachments, quarantine
from sync.simulator.meaning import COUNT
from sync.simulator.memory import entry_of, identity, readable
from sync.simulator.scene import Machine, Scene, hold

ASIDE = ("foreign_dossier", "envelope_invalid", "merge_failed", "branch", "former_key")
"""Why a line may be set aside though its kiosk is honest."""


def always(scene: Scene, touched: Machine | None = None) -> None:
    """What holds at every moment: I3, I7, I8, I10, and I13 for the machine whose screen may have changed.

    A disk that has the same stamp as the last time is as it was.
    """
    province = scene.province.disk.changes, scene.rewound, len(scene.revoked)
    for machine in scene.machines:
        stamp = machine.journal.stamp(), province
        if stamp != machine.checked:
            scene.note(machine)
            _cursors(scene, machine)
            machine.checked = stamp
    if scene.checked != province:
        _stored(scene)
        scene.checked = province
    if touched is not None:
        shown(scene, touched)


def shown(scene: Scene, machine: Machine) -> None:
    """I13: whoever writes at a kiosk sees it there at once and always, and sees it once.

    After a clone, and after a restore that a stick brought to light, an event may show twice for a while: it came down in the feed,
    and still waits here under another number.
    """
    journal, most = machine.journal, 2 if scene.cloned or scene.branched else 1
    waiting = journal.waiting()
    pending = {dossier for dossier, _ in waiting}
    confirmed: dict[str, Mapping[str, Any]] = {}
    for inc in journal.incarnations():
        for line in journal.lines(inc, 0, 1 << 30):
            event = readable(line.body)
            if event is None or not event.dossier:
                continue
            promise = scene.promised.get(identity(journal.device, inc, line.body))
            if promise is None or not promise.counts or event.dossier in scene.dropped:
                continue
            dossier = event.dossier
            if dossier not in confirmed:
                gone = dossier not in pending and journal.is_closed(dossier)
                confirmed[dossier] = {} if gone else journal.confirmed(dossier)
            seen = confirmed[dossier].get(promise.field, 0) + waiting[dossier, promise.field]
            hold(1 <= seen <= most, "I13", f"{machine.name}: own event {inc:x}/{line.n} shows {seen} times")


def _cursors(scene: Scene, machine: Machine) -> None:
    journal, province = machine.journal, scene.province
    for inc in journal.incarnations():
        acked, told, last = journal.acked(inc), journal.told(inc), journal.last(inc)[0]
        hold(acked <= told <= last, "I7", f"{machine.name}: acked {acked} told {told} length {last}")
        if not scene.rewound:
            stored = province.position(journal.device, inc)[0]
            hold(told <= stored, "I7", f"{machine.name}: told {told}, the province stores {stored}")
    for dossier in journal.state.confirmed:
        hold(scene.commune_of(dossier) == machine.commune, "I8", f"{machine.name} was told of {dossier}, another commune's")
    if not scene.rewound:
        seq, head = journal.feed_position()
        hold(province.feed_head_at(machine.commune, seq) == head, "I10", f"{machine.name}: its feed is not the province's")


def _stored(scene: Scene) -> None:
    state = scene.province.state
    for (device, inc), log in state.logs.items():
        for line in log[scene.judged.get((device, inc), 0) :]:
            wrote = scene.written.get((device, inc, line.n), ())
            hold(line.head in wrote, "I3", f"line {line.n} of {device}/{inc:x} is not what a kiosk wrote")
        scene.judged[device, inc] = len(log)
    for device, caps in scene.revoked.items():
        for (owner, inc), log in state.logs.items():
            hold(owner != device or len(log) <= caps.get(inc, 0), "I10", f"revoked device {device} still writes")
    for device, reason, _ in state.quarantined:
        known = reason in ASIDE or (reason == "revoked" and (device in scene.revoked or bool(scene.thieves)))
        # A stick goes on with a log of which the restored province holds another copy's or another future's lines.
        known = known or (reason == "chain_diverged" and scene.rewound)
        hold(known, "I10", f"an honest kiosk was put into quarantine: {reason}")


def at_end(scene: Scene) -> None:
    """What holds when the faults are over and everything has come to rest: I1, I2, I4, I5, I6, I8."""
    state = scene.province.state
    for machine in scene.honest():
        journal = machine.journal
        hold(machine.engine.pending() == 0, "I4", f"{machine.name} still has something to send")
        end = scene.province.feed_position(machine.commune)
        hold(journal.feed_position() == end, "I4", f"{machine.name} has not the whole feed")
        _same(machine.name, journal.view(), scene.province.view(machine.commune))
        for one in scene.on_disk(machine):
            hold(one in state.events, "I1", f"an event on the disk of {machine.name} is not at the province")
    for one, promise in scene.promised.items():
        if promise.device in scene.revoked and one not in state.events:
            continue
        hold(one in state.events, "I1", f"an event confirmed to its user is not at the province: {promise.field}")
        counted = [c for c, dossiers in state.confirmed.items() if promise.field in dossiers.get(promise.dossier, {})]
        hold(bool(counted) or not promise.counts, "I2", f"a stored event had no effect: {promise.field}")
    for commune, dossiers in state.confirmed.items():
        for dossier, fields in dossiers.items():
            hold(scene.commune_of(dossier) == commune, "I8", f"{dossier} is in the feed of {commune}")
            for name, known in fields.items():
                hold(not name.startswith(COUNT) or known.value == 1, "I2", f"{name} had its effect {known.value} times")
        _feed(scene, commune)
    left = [] if scene.rewound else [body for _, body in quarantine.honest(scene)]
    hold(not left, "I1", f"{len(left)} segments of honest kiosks are still set aside")
    attachments.at_end(scene)


def _same(name: str, shows: Mapping[Any, Any], holds: Mapping[Any, Any]) -> None:
    if shows == holds:
        return
    other = [
        f"{key}: {shows.get(key)!r} here, {holds.get(key)!r} there"
        for key in {**shows, **holds}
        if shows.get(key) != holds.get(key)
    ]
    hold(False, "I4", f"{name} shows another state than the province: {other[:3]}")


def _feed(scene: Scene, commune: str) -> None:
    """I5 and I6 by the feed itself: nothing unseen is overwritten, and no write vanishes, without a conflict that says so."""
    entries = [entry_of(kept.body) for kept in scene.province.state.feeds[commune]]
    told = {(e.get("dev"), e.get("inc"), e.get("n"), e.get("f")) for e in entries if e["e"] in ("cf", "na")}
    written = {(e["d"], name, _key(value)) for e in entries if e["e"] == "f" for name, value in e["w"].items()}
    events = dict(_events(scene))
    last: dict[tuple[str, str], tuple[Any, int, int]] = {}
    for seq, origin, dossier, name, value in _writes(entries, scene.province.state.origins[commune]):
        before, event = last.get((dossier, name)), events[origin]
        hold(scene.meaning.owner(name) != "P", "I5", f"a kiosk wrote the province's {name}")
        plain = event.kind == "f" and scene.meaning.owner(name) == "C"
        if before is not None and plain and before[0] != value:
            unseen = before[1] > event.base and before[2] != origin.device
            said = (origin.device, origin.incarnation, origin.n, name) in told
            hold(said or not unseen, "I6", f"an unseen value of {name} was overwritten without a word")
        last[dossier, name] = (value, seq, origin.device)
    _set_aside(scene, commune, {place[:3] for place in told})
    same = _places(scene)
    for origin, event in events.items():
        if event.kind != "f" or scene.commune_of(event.dossier) != commune or _known(scene, origin, event):
            continue
        for name, value in event.content.items():
            said = any(not told.isdisjoint({(*place, name), (*place, None)}) for place in same[origin])
            there = (event.dossier, name, _key(value)) in written
            hold(said or there, "I6", f"{name} of {origin} vanished without a word")


def _places(scene: Scene) -> Mapping[Origin, Sequence[tuple[int, int, int]]]:
    """Under which places the event of each place stands: one that was moved after a clone may have come under its new one first."""
    of: dict[bytes, list[tuple[int, int, int]]] = {}
    lines = [(origin, identity(origin.device, origin.incarnation, line)) for origin, line in _lines(scene)]
    for origin, one in lines:
        of.setdefault(one, []).append((origin.device, origin.incarnation, origin.n))
    return {origin: of[one] for origin, one in lines}


def _writes(entries: Sequence[Mapping[str, Any]], origins: Sequence[Origin | None]) -> Iterator[tuple[int, Origin, str, str, Any]]:
    """Every field a kiosk's event wrote, in the order of the feed."""
    for seq, (entry, origin) in enumerate(zip(entries, origins, strict=True), 1):
        if entry["e"] == "f" and origin is not None:
            for name, value in entry["w"].items():
                if not name.startswith(COUNT):
                    yield seq, origin, entry["d"], name, value


def _set_aside(scene: Scene, commune: str, told: set[tuple[Any, Any, Any]]) -> None:
    """I6 for what had no effect: somebody was told, under one of the places where it stands."""
    silent: dict[bytes, bool] = {}
    for origin, line in _lines(scene):
        record, event = scene.province.device(origin.device), readable(line)
        if record is not None and record.commune == commune:
            bad = event is None or event.n != origin.n or event.kind == "boom"
            unheard = bad and (origin.device, origin.incarnation, origin.n) not in told
            one = identity(origin.device, origin.incarnation, line)
            silent[one] = silent.get(one, True) and unheard
    hold(not any(silent.values()), "I6", "nobody was told that a line had no effect")


def _events(scene: Scene) -> Iterator[tuple[Origin, Event]]:
    for origin, line in _lines(scene):
        event = readable(line)
        if event is not None:
            yield origin, event


def _lines(scene: Scene) -> Iterator[tuple[Origin, bytes]]:
    """Everything the province has stored, in its logs and beside them."""
    state = scene.province.state
    for (device, inc), log in state.logs.items():
        for line in log:
            yield Origin(device, inc, line.n), line.body
    yield from state.branches.values()


def _known(scene: Scene, origin: Origin, event: Event) -> bool:
    """It came before under another number, or from a device of another commune."""
    record = scene.province.device(origin.device)
    foreign = record is None or scene.commune_of(event.dossier) != record.commune
    return foreign or event.moved_from is not None


def _key(value: Any) -> object:
    """Something to compare a JSON value by; most are texts."""
    return value if isinstance(value, str) else (json.dumps(value, sort_keys=True),)
