"""What goes back to a kiosk: the answer to one request, and the province's part of a stick. Reads the journal, writes nothing.

The feed served is that of the device's own commune, from the place the kiosk has applied; where the chains differ there, it starts
again from the beginning. A kiosk far behind gets the snapshot in its place, when that is shorter.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sync import custody, snapshot, wire
from sync import segment as hsg
from sync.authority import Policy, ProvinceKeys
from sync.custody import Custody
from sync.dictionaries import newest
from sync.keys import Box
from sync.ports import DeviceRecord, FeedEntry, ProvinceJournal, SnapshotInfo

FEED_PAGE = 4096
"""Most entries of the feed in one reply."""
WANTED_LEAST, WANTED_MOST = 1024, 1024 * 1024
"""Bounds of the feed bytes a kiosk may ask for in one reply."""
BULK = 64 * 1024
"""From so many bytes of lines on a reply is packed at the level of that name."""
BUNDLE_TARGET = 256 * 1024
"""Bytes of a feed segment on a stick."""


@dataclass(frozen=True, slots=True)
class FeedPlace:
    """Where a kiosk's feed ends, as the manifest of its stick says."""

    epoch: int
    seq: int
    head8: bytes


class Answering:
    """The answer to one request that could be read."""

    def __init__(self, journal: ProvinceJournal, keys: ProvinceKeys, hello: wire.Hello, received_ms: int) -> None:
        self._journal = journal
        self._keys = keys
        self._hello = hello
        self._received_ms = received_ms

    def refuse(self, reason: str, acks: Sequence[wire.AckFrame] = ()) -> bytes:
        return self._encode(replace(self._start(), acks=tuple(acks), refusal=reason))

    def answer(self, record: DeviceRecord, acks: tuple[wire.AckFrame, ...], policy: Policy, said: bytes) -> bytes:
        hello, commune, epoch = self._hello, record.commune, self._journal.epoch()
        last, head = self._journal.feed_position(commune)
        known = head if hello.feed_seq == last else self._journal.feed_head_at(commune, hello.feed_seq)
        reset = known is None or known[:8] != hello.feed_head8 or hello.epoch not in (0, epoch)
        numbers = self._keys.dictionaries.numbers
        answer = replace(
            self._start(),
            feed_last=last,
            acks=acks,
            reset=reset,
            pause_s=policy.pause_s,
            upload_only="schema_floor" if hello.schemas[1] < policy.schema_floor else "",
            dictionaries=None if hello.dictionaries == numbers else numbers,
            commune_letter=self._commune_letter(record),
        )
        box = self._keys.opener(hello.generation).box(record.seal_key)
        after = 0 if reset else hello.feed_seq
        info = _worth_it(self._journal.snapshot(commune), last, after, policy.near) if last - after > policy.near else None
        if info is not None:
            return self._encode(replace(answer, snapshot=self._snapshot(commune, info, box, reset, policy.snapshot_page)))
        return self._encode(replace(answer, feed=self._feed(commune, after, box, said)))

    def _start(self) -> wire.Answer:
        hello = self._hello
        letters = self._journal.key_documents(hello.generation) if hello.generation < self._keys.generation else ()
        return wire.Answer(
            echo=hello.nonce[: wire.ECHO],
            epoch=self._journal.epoch(),
            server_ms=self._received_ms,
            feed_last=0,
            province_letters=tuple(letters),
        )

    def _encode(self, answer: wire.Answer) -> bytes:
        return wire.encode_reply(answer, self._keys.sign, self._hello.device, self._hello.nonce)

    def _commune_letter(self, record: DeviceRecord) -> bytes:
        if record.commune_generation <= self._hello.commune_generation:
            return b""
        return self._journal.commune_key_document(record.device)[1]

    def _feed(self, commune: str, after: int, box: Box, said: bytes) -> tuple[wire.FeedRun, ...]:
        entries: Sequence[FeedEntry] = self._journal.feed(commune, after, FEED_PAGE)
        if not entries:
            return ()
        packed, count, dictionary = self._pack(after + 1, [entry.body for entry in entries], said)
        after8 = entries[count - 1].head[:8]
        part = wire.FeedRun(hsg.Run(after + 1, count, dictionary, packed), after8, bool(said))
        return (replace(part, run=wire.closed(box, wire.REPLY, self._hello.nonce, part.run, part.named)),)

    def _snapshot(self, commune: str, info: SnapshotInfo, box: Box, reset: bool, most: int) -> wire.SnapshotRun | None:
        staged = self._hello.staged
        goes_on = staged is not None and not reset and (staged.seq, staged.head8) == (info.seq, info.head[:8])
        after = staged.lines if staged is not None and goes_on and staged.lines < info.lines else 0
        lines = self._journal.snapshot_lines(commune, info.seq, after, most)
        if not lines:
            return None
        packed, count, dictionary = self._pack(after + 1, lines)
        named = snapshot.names(info.seq, info.head, info.lines)
        run = wire.closed(box, wire.SNAPSHOT, self._hello.nonce, hsg.Run(after + 1, count, dictionary, packed), named)
        return wire.SnapshotRun(info.seq, info.head, info.lines, run)

    def _pack(self, first: int, lines: Sequence[bytes], said: bytes = b"") -> tuple[bytes, int, int]:
        shelf = self._keys.dictionaries
        number = newest(shelf.feed, self._hello.dictionaries)

        def packer(some: Sequence[bytes]) -> bytes:
            level = hsg.FAST if sum(map(len, some)) < BULK else hsg.BULK
            return hsg.pack(first, some, dictionary=number, dictionaries=shelf.held, level=level, feed=True, behind=said)

        target = max(WANTED_LEAST, min(self._hello.wanted, WANTED_MOST))
        return (*hsg.fit(lines, target, packer), number)


def bundle_reply(
    commune: str,
    place: FeedPlace,
    logs: Mapping[int, Collection[int]],
    journal: ProvinceJournal,
    keys: ProvinceKeys,
    received_ms: int,
    *,
    generation: int = 1,
    commune_generation: int = 1,
    near: int = snapshot.NEAR,
) -> Iterator[bytes]:
    """What goes back on a stick for a commune, for ``Engine.on_bundle``: key letters after these generations, the custody
    letter about these logs (device -> incarnations), and the feed from that place on, sealed to the commune; for who is further
    behind than ``near``, a snapshot and the feed after it."""
    yield from journal.key_documents(generation)
    held: dict[tuple[int, int], tuple[int, bytes]] = {}
    for device, incarnations in sorted(logs.items()):
        record = journal.device(device)
        if record is None or record.commune != commune:
            continue
        if record.commune_generation > commune_generation:
            yield journal.commune_key_document(device)[1]
        held |= {(device, inc): journal.position(device, inc) for inc in incarnations}
    epoch, (last, _) = journal.epoch(), journal.feed_position(commune)
    known = journal.feed_head_at(commune, place.seq)
    after = place.seq if place.epoch == epoch and known is not None and known[:8] == place.head8 else 0
    info = _worth_it(journal.snapshot(commune), last, after, near)
    yield custody.write(Custody(commune, epoch, received_ms, last, held, info), keys.sign)
    if info is not None:
        yield from _snapshot_segments(commune, epoch, info, journal, keys)
    yield from _feed_segments(commune, epoch, after if info is None else info.seq, journal, keys)


def _worth_it(info: SnapshotInfo | None, last: int, after: int, near: int) -> SnapshotInfo | None:
    """The snapshot, for who is so far behind that its lines are fewer than the entries they stand for."""
    return info if info is not None and last - after > near and info.seq - after > max(near, info.lines) else None


def _snapshot_segments(
    commune: str, epoch: int, info: SnapshotInfo, journal: ProvinceJournal, keys: ProvinceKeys
) -> Iterator[bytes]:
    of = hsg.Chain(hsg.commune_tag(commune), epoch, feed=True, snapshot=True)
    sealer, after = keys.suite.sealer(journal.commune_seal_key(commune)), 0
    while lines := journal.snapshot_lines(commune, info.seq, after, FEED_PAGE):

        def cutter(some: Sequence[bytes], after: int = after) -> bytes:
            start = snapshot.start(info, after)
            return hsg.cut(of, after + 1, start, some, signer=keys.sign, seal_to=sealer, level=hsg.FAST)

        data, count = hsg.fit(lines, BUNDLE_TARGET, cutter)
        yield data
        after += count


def _feed_segments(commune: str, epoch: int, after: int, journal: ProvinceJournal, keys: ProvinceKeys) -> Iterator[bytes]:
    of = hsg.Chain(hsg.commune_tag(commune), epoch, feed=True)
    sealer = keys.suite.sealer(journal.commune_seal_key(commune))
    before = journal.feed_head_at(commune, after)
    while before is not None and (entries := journal.feed(commune, after, FEED_PAGE)):
        first, at = after + 1, before

        def cutter(lines: Sequence[bytes], first: int = first, at: bytes = at) -> bytes:
            return hsg.cut(of, first, at, lines, signer=keys.sign, seal_to=sealer, level=hsg.FAST)

        data, count = hsg.fit([entry.body for entry in entries], BUNDLE_TARGET, cutter)
        yield data
        after, before = after + count, entries[count - 1].head
