"""``python3 main.py bench dictionary``: trains the zstd dictionaries of ``sync/data/dict`` and says what they save.

A dictionary is trained on the days of communes that no benchmark uses, as their events travel up and as what the merge makes of
them travels down. Training is deterministic for one version of zstandard; what counts is the file that was shipped, which the index
pins by hash: it is never changed, only followed by another number when the forms have moved on. ``--write`` adds the next numbers.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from statistics import mean
from typing import Any, Final

import zstandard

from forms import dossier as acts
from forms.dossier.merge import Known, Writing, merge
from kiosk.bench.commune import OPENING, Commune
from sync.envelope import ZERO_HEAD, Event, Origin, chain, encode
from sync.feed import ack_entry, encode_entry, fields_entry
from sync.packing import shortened

SIZE: Final = 64 * 1024
DAYS: Final = 12
DOSSIERS: Final = 200
LEVEL: Final = 19
UP, FEED = "up", "feed"


@dataclass(frozen=True, slots=True)
class Day:
    """What one commune's day is on the wire."""

    events: Sequence[bytes]
    feed: Sequence[bytes]
    """What follows from the acts one after the other, written together."""
    acks: Sequence[bytes]


def day(seed: str, dossiers: int = DOSSIERS) -> Day:
    """The day of an invented commune, as its kiosk writes it and its province answers."""
    dice = random.Random(f"machine {seed}")
    device, incarnation, commune = dice.randrange(1, 500), dice.getrandbits(40), Commune(seed)
    events: list[bytes] = []
    feed: list[bytes] = []
    acks: list[bytes] = []
    seq, head = 0, ZERO_HEAD
    for number in range(dossiers):
        dossier = Origin(device, incarnation, len(events) + 1).dossier_id(dice.getrandbits(40))
        known: dict[str, Known] = {}
        for deed in commune.life(dossier, number):
            entries: list[bytes] = []
            for draft in deed.drafts:
                origin, opened = Origin(device, incarnation, len(events) + 1), seq
                wall = int(OPENING.timestamp() * 1000) + 120_000 * number + dice.randrange(100_000)
                event = Event(origin.n, dossier, draft.kind, draft.content, opened, wall, 2, deed.actor, acts.SCHEMA)
                events.append(encode(event))
                head = chain(head, events[-1])
                written = _merged(known, origin, event)
                if written:
                    seq += 1
                    entries.append(encode_entry(fields_entry(dossier, written)))
                    known |= {name: Known(value, seq, device) for name, value in written.items()}
            seq += 1
            feed += shortened(entries)
            acks.append(encode_entry(ack_entry(device, incarnation, len(events), head)))
    return Day(events, feed, acks)


def _merged(known: dict[str, Known], origin: Origin, event: Event) -> dict[str, Any]:
    """What an event writes at the province, with what the province adds itself."""
    where = (origin.device, origin.incarnation, origin.n)
    entries = merge(known, Writing(*where, event.dossier, event.kind, event.content, event.base))
    written = {name: value for entry in entries if entry["e"] == "f" for name, value in entry["w"].items()}
    if event.kind == "new":
        written["province_received_at"] = event.content["at"]
    if event.content.get("act") == "accept":
        written["official_code"] = f"H14.990-261124-{origin.n % 10_000:04d}"
    return written


def train(days: Sequence[Day]) -> dict[str, bytes]:
    """Direction -> dictionary."""
    lines: dict[str, list[Any]] = {
        UP: [line for one in days for line in one.events],
        FEED: [line for one in days for line in one.feed],
    }
    return {direction: zstandard.train_dictionary(SIZE, samples).as_bytes() for direction, samples in lines.items()}


def dictionary_command(argv: Sequence[str]) -> int:
    """Train, compare with what is shipped, say what it saves; ``--write`` ships the result under the next numbers."""
    parser = argparse.ArgumentParser(prog="main.py bench dictionary", description="Huấn luyện từ điển nén của đồng bộ.")
    parser.add_argument("--write", type=Path, metavar="DIR", help="ghi thành số tiếp theo trong thư mục này (sync/data/dict)")
    given = parser.parse_args(argv)
    trained = train([day(f"train {number}") for number in range(DAYS)])
    shelf = given.write or Path(str(files("sync").joinpath("data/dict")))
    index = _index(shelf)
    same = {direction: _shipped(index, direction) == hashlib.sha256(data).hexdigest() for direction, data in trained.items()}
    if given.write:
        _write(shelf, index, {direction: data for direction, data in trained.items() if not same[direction]})
    for direction, saved in _savings(trained):
        told = "trùng bản đang dùng" if same[direction] else "khác bản đang dùng"
        sys.stdout.write(f"{direction:<5} {len(trained[direction])} byte, {told}; {saved}\n")
    return 0


def _index(shelf: Path) -> list[dict[str, Any]]:
    path = shelf / "index.json"
    return list(json.loads(path.read_text(encoding="utf-8"))["dictionaries"]) if path.exists() else []


def _shipped(index: Sequence[dict[str, Any]], direction: str) -> str:
    """Hash of the newest shipped one."""
    return next((str(entry["sha256"]) for entry in reversed(index) if entry["direction"] == direction), "")


def _write(shelf: Path, index: list[dict[str, Any]], trained: dict[str, bytes]) -> None:
    shelf.mkdir(parents=True, exist_ok=True)
    for direction, data in trained.items():
        number = max((entry["number"] for entry in index), default=0) + 1
        name = f"{number:03d}.dict"
        (shelf / name).write_bytes(data)
        told = f"{DAYS} invented communes, {DOSSIERS} dossiers each, zstandard {zstandard.__version__}"
        digest = hashlib.sha256(data).hexdigest()
        entry = {"number": number, "direction": direction, "file": name, "size": len(data), "sha256": digest, "trained": told}
        index.append(entry)
    text = json.dumps({"dictionaries": index}, ensure_ascii=False, indent=1)
    (shelf / "index.json").write_text(text + "\n", encoding="utf-8")


def _savings(trained: dict[str, bytes]) -> Iterator[tuple[str, str]]:
    """Bytes of a day that was not trained on: one line a message, and all in messages of a hundred events."""
    seen = day("bench 1")
    for direction, messages in ((UP, seen.events), (FEED, seen.feed)):
        batches = [b"\n".join(messages[at : at + 100]) for at in range(0, len(messages), 100)]
        with_it, without = _compressor(trained[direction]), _compressor(b"")
        one = [mean(len(press.compress(line)) for line in messages) for press in (without, with_it)]
        many = [sum(len(press.compress(batch)) for batch in batches) / DOSSIERS for press in (without, with_it)]
        yield direction, f"một dòng {one[0]:.0f} → {one[1]:.0f} byte, một hồ sơ trong lô {many[0]:.0f} → {many[1]:.0f} byte"


def floor(events: Sequence[bytes], feed: Sequence[bytes]) -> int:
    """Bytes of a day as two streams that nothing interrupts: the events, and the feed by one who knows the events."""
    shelf = Path(str(files("sync").joinpath("data/dict")))
    newest = {entry["direction"]: shelf.joinpath(entry["file"]).read_bytes() for entry in _index(shelf)}
    up, down = b"\n".join(events), b"\n".join(shortened(feed))
    return len(_compressor(newest[UP]).compress(up)) + len(_compressor(newest[FEED] + up).compress(down))


def _compressor(dictionary: bytes) -> zstandard.ZstdCompressor:
    table = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdCompressor(level=LEVEL, dict_data=table, write_checksum=False, write_dict_id=False)
