"""The journal on this disk: appending, encryption, proving, folding, rebuilding, searching, size; each beside its peer in one run.

``append`` writes the lines of one filing as the store does (chain, signature, projection, search words) against one bare insert
into the same engine, and against a file that only grows and is flushed. ``cipher`` runs the same transactions in an encrypted and
in a plain file of one engine. ``verify`` stands beside the bare hashes and signatures, ``check`` beside making the rows again,
``fold`` beside reading the lines as JSON, ``rebuild`` beside reading the fields, ``search`` beside the scan for the same words.
``scale`` 1 is 100,000 dossiers and 1,000,000 names.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from functools import cache, partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlcipher3.dbapi2 as driver
import sqlite_utils

from forms import dossier as acts
from forms.text import fold
from kiosk.bench.filing import ROW
from kiosk.bench.result import Result
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.sample import sample_session
from kiosk.machine import Machine
from kiosk.store import projections, search
from kiosk.store.check import check, check_logs
from kiosk.store.connection import connect, immediate, prepare
from kiosk.store.migrations import migrate
from sync.envelope import ZERO_HEAD, decode
from sync.feed import ack_entry, encode_entry, fields_entry, next_entry
from sync.keys import VerifyKey
from sync.segment import verify_head

DOSSIERS, NAMES = 100_000, 1_000_000
PROVED = 4_000
"""Filings whose lines are proved and folded."""
PER_ROUND = 40
QUERIES = 200
SMALL = ("store.reserve_mb=1", "store.least_free_mb=1", "province.url=http://tinh.example")


def bench_journal(rounds: int, scale: float = 1.0) -> Sequence[Result]:
    """All of them, in a folder of their own on the disk of the present one."""
    with TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as name:
        folder = Path(name)
        results = [*_appending(folder / "append", rounds), _cipher(folder, rounds)]
        results += _proving(folder / "proof", max(20, round(PROVED * scale)))
        results.append(_rebuilding(folder / "rebuild", max(50, round(DOSSIERS * scale))))
        results.append(_searching(folder / "search.db", max(500, round(NAMES * scale))))
        return results


# --- appending --------------------------------------------------------------------------------------------------------


def _appending(folder: Path, rounds: int) -> list[Result]:
    machine, numbers = enrolled_alone(folder, sets=SMALL), count(1)
    peer = connect(folder / "peer.db", secrets.token_bytes(32))
    peer.table("one").create({"id": int, "body": bytes}, pk="id")
    body = secrets.token_bytes(ROW)

    def filing() -> None:
        with machine.store.work("citizen") as work:
            work.append(_filing(work.new_dossier(), next(numbers)))

    def insert() -> None:
        peer.table("one").insert({"body": body})

    with (folder / "log").open("ab", buffering=0) as file:

        def grow() -> None:
            file.write(body)
            os.fdatasync(file.fileno())

        for act in (filing, insert, grow):
            _each(act, 10)
        seen = [(_each(filing, PER_ROUND), _each(insert, PER_ROUND), _each(grow, PER_ROUND)) for _ in range(rounds)]
    peer.close()
    machine.close()
    ours, inserts, flushes = zip(*seen, strict=True)
    return [
        Result("journal append", "ms", ours, inserts, "chèn một dòng", 2.0),
        Result("journal flush", "ms", ours, flushes, "ghi thêm tệp và fdatasync"),
    ]


def _cipher(folder: Path, rounds: int) -> Result:
    """The rows of a filing in an encrypted store and in one that is not (G13)."""
    stores = [connect(folder / "cipher.db", secrets.token_bytes(32)), _plain(folder / "plain.db")]
    body, head = secrets.token_bytes(ROW // 2), bytes(32)
    for db in stores:
        migrate(db)
    numbers = [count(1), count(1)]

    def write(which: int) -> None:
        db, n = stores[which], next(numbers[which])
        with immediate(db):
            for line in (2 * n, 2 * n + 1):
                db.conn.execute("INSERT INTO log (inc, n, d, body, head) VALUES (1, ?, ?, ?, ?)", (line, f"7-1-{n}", body, head))
            db.conn.execute("INSERT INTO segment (inc, n, first, head, signature) VALUES (1, ?, ?, ?, ?)", (n, n, head, head * 2))
            projections.write_row(db, f"7-1-{n}", {"subject": "Nông Thị Mẫu", "code": str(n), "status": 1}, 2)

    for which in (0, 1):
        _each(partial(write, which), 10)
    seen = [(_each(lambda: write(0), PER_ROUND), _each(lambda: write(1), PER_ROUND)) for _ in range(rounds)]
    for db in stores:
        db.close()
    ours, plain = zip(*seen, strict=True)
    return Result("journal cipher", "ms", ours, plain, "không mã hóa", 1.6)


def _plain(path: Path) -> sqlite_utils.Database:
    """The same engine with the same settings, and no key."""
    connection = driver.connect(str(path), isolation_level=None)
    prepare(connection)
    return sqlite_utils.Database(connection)


# --- proving and folding ----------------------------------------------------------------------------------------------


def _proving(folder: Path, filings: int) -> list[Result]:
    """A store of so many filings that the province has taken: verify, fold and check rate, and its size."""
    machine = enrolled_alone(folder, sets=SMALL)
    for number in range(filings):
        with machine.store.work("citizen") as work:
            work.append(_filing(work.new_dossier(), number))
    lines = [line.body for line in machine.store.lines(machine.store.current()[0], 0, 4 * filings)]
    _confirm(machine)
    keys = [VerifyKey(key) for key in machine.store.verify_keys()]
    device = machine.store.identity_or_raise().device
    parsing = _work(lambda: [json.loads(line) for line in lines]) / len(lines) * 1e6
    verifying = _work(lambda: check_logs(machine.store.db, device, keys)) / len(lines) * 1e6
    bare = _work(lambda: _bare(machine, lines, keys[0])) / len(lines) * 1e6
    checking = _work(lambda: check(machine.store, device, keys)) / filings * 1e6
    remaking = _work(machine.store.rebuild) / filings * 1e6
    folding = _work(lambda: _fold(lines)) / len(lines) * 1e6
    machine.store.scrub()
    size = machine.store.path.stat().st_size / filings
    machine.close()
    return [
        Result("journal verify", "us", (verifying,), (bare,), "riêng SHA-256 và Ed25519", 1.6),
        Result("journal check", "us", (checking,), (remaking,), "dựng lại bảng của một hồ sơ", 3, most=1500.0),
        Result("journal fold", "us", (folding,), (parsing,), "đọc JSON cùng số dòng"),
        Result("journal size", "B", (size,), (sum(map(len, lines)) / filings,), "riêng các dòng sự kiện"),
    ]


def _bare(machine: Machine, lines: Sequence[bytes], key: VerifyKey) -> None:
    """One hash for each line and one signature for each head: what no way of verifying can spare."""
    head = ZERO_HEAD
    for line in lines:
        head = hashlib.sha256(head + line).digest()
    device = machine.store.identity_or_raise().device
    for row in machine.store.rows("SELECT inc, n, head, signature FROM segment"):
        verify_head(key, device, row["inc"], row["n"], row["head"], row["signature"])


def _fold(lines: Sequence[bytes]) -> None:
    fields: acts.Fields = {}
    for line in lines:
        event = decode(line)
        fields = acts.apply({} if event.kind == "new" else fields, event.kind, event.content)


def _confirm(machine: Machine) -> None:
    """The province takes everything, in transactions of the size of a feed segment."""
    store = machine.store
    rows = store.rows("SELECT d, fields FROM dossier")
    for at in range(0, len(rows), 50):
        with store.transaction():
            told = [fields_entry(row["d"], json.loads(row["fields"])) for row in rows[at : at + 50]]
            made, place = [], store.feed_position()
            for entry in told:
                made.append(next_entry(*place, entry))
                place = made[-1].seq, made[-1].head
            store.apply_feed(made)
    inc, n, head = store.current()
    with store.transaction():
        store.apply_feed([next_entry(*store.feed_position(), ack_entry(store.identity_or_raise().device, inc, n, head))])


# --- rebuilding -------------------------------------------------------------------------------------------------------


def _rebuilding(folder: Path, dossiers: int) -> Result:
    """Every row made again from the fields a base left, as in a store that has run for long; one in a hundred from the feed."""
    machine = enrolled_alone(folder, sets=SMALL)
    fields = acts.fold(_filing("7-1-1", 1))
    values = [(name, json.dumps(value, ensure_ascii=False)) for name, value in fields.items()]
    tail = max(1, dossiers // 100)
    with machine.store.transaction():
        db = machine.store.db
        rows = ((f"7-b-{number}", name, value, 1) for number in range(dossiers - tail) for name, value in values)
        db.conn.executemany("INSERT INTO field (d, f, v, rev) VALUES (?, ?, ?, ?)", rows)
        projections.set_feed_base(db, 1, ZERO_HEAD)
        entries = (fields_entry(f"7-t-{number}", fields) for number in range(tail))
        bodies = ((seq, encode_entry(entry), ZERO_HEAD) for seq, entry in enumerate(entries, start=2))
        db.conn.executemany("INSERT INTO feed (seq, body, head) VALUES (?, ?, ?)", bodies)
    ours = _work(machine.store.rebuild)
    theirs = _work(lambda: [json.loads(v) for (v,) in machine.store.db.conn.execute("SELECT v FROM field ORDER BY d")])
    machine.close()
    return Result("journal rebuild", "s", (ours,), (theirs,), f"đọc {dossiers} hồ sơ", most=60.0)


# --- searching --------------------------------------------------------------------------------------------------------


def _searching(path: Path, names: int) -> Result:
    """The 95th percentile over what officials type: whole names, their beginnings, given names, codes, the middle of words."""
    dice, db = random.Random(4), connect(path, secrets.token_bytes(32))
    migrate(db)
    with immediate(db):
        search.fill(db, _texts(dice, names))
    asked = [query for _ in range(QUERIES // 5) for query in _queries(dice, names)]
    ours = [_work(partial(search.find, db, query, 200)) for query in asked]
    theirs = [_work(partial(_scan, db, query)) for query in asked[:10]]
    db.close()
    return Result("journal search", "ms", (_p95(ours) * 1000,), (_p95(theirs) * 1000,), f"quét {names} tên", goal=1.0, most=20.0)


_FAMILIES = [
    "Nông",
    "Hoàng",
    "Lý",
    "Triệu",
    "Bế",
    "Mã",
    "Lục",
    "Đàm",
    "Nguyễn",
    "Phùng",
    "Ban",
    "Đặng",
    "Trần",
    "Lê",
    "Vương",
    "Chu",
    "Lò",
    "Tô",
    "Lương",
    "Mông",
]
_MIDDLES = ["Thị", "Văn", "Thị", "Văn", "Đức", "Ngọc", "Minh", "Thu", "Xuân", "Hữu"]
_GIVEN = [
    f"{start}{end}"
    for start in ["B", "C", "D", "Đ", "G", "H", "L", "M", "N", "Ph", "T", "Th", "Tr", "V", "X", "S", "Q", "Kh", "Nh"]
    for end in ["a", "an", "ang", "anh", "ao", "en", "iên", "oa", "uy", "yên"]
]


def _name(dice: random.Random) -> str:
    return " ".join([dice.choice(_FAMILIES), dice.choice(_MIDDLES), *dice.choices(_GIVEN, k=dice.choice((1, 1, 2)))])


def _texts(dice: random.Random, names: int) -> Iterator[tuple[str, str]]:
    for number in range(names):
        codes = f"7-261125-{number % 10_000:04d}-K", f"H14.99-261125-{number:06d}"
        yield f"7-b-{number}", search.text_of(_name(dice), _name(dice), *codes)


def _queries(dice: random.Random, names: int) -> Iterator[str]:
    family, middle, given = _name(dice).split()[:3]
    yield f"{family} {middle} {given}"
    yield f"{family} {middle[0]}"
    yield given
    yield f"{dice.randrange(names):06d}"
    yield family[1:]


def _scan(db: sqlite_utils.Database, query: str) -> list[Any]:
    words = [f"%{word}%" for word in fold(query).split()]
    inside = " AND ".join("text LIKE ?" for _ in words)
    return list(db.conn.execute(f"SELECT d FROM dossier_search WHERE {inside} ORDER BY id DESC LIMIT 200", words))


# --- what they share --------------------------------------------------------------------------------------------------


@cache
def _sample() -> Sequence[acts.Draft]:
    """The events of one filing by the sample person."""
    procedure, session = sample_session(date(2026, 11, 25))
    answers = session.answers()
    filing = acts.Filing(
        procedure=procedure.code,
        form=procedure.form_version,
        code="",
        key=secrets.token_hex(8),
        unit="01290",
        persons=procedure.persons(answers, "typed"),
        subject=procedure.subject(answers),
        answers=answers,
    )
    return acts.file("", filing, "2026-11-25T08:15:00+07:00")


def _filing(dossier: str, number: int) -> Sequence[acts.Draft]:
    """The sample under an id and a code of its own."""
    created, answered = (replace(draft, dossier=dossier) for draft in _sample())
    return replace(created, content={**created.content, "code": f"7-261125-{number:04d}-K"}), answered


def _each(act: Callable[[], None], times: int) -> float:
    """Median milliseconds of one act."""
    return sorted(_once(act) for _ in range(times))[times // 2] * 1000


def _once(act: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Seconds."""
    started = clock()
    act()
    return clock() - started


def _work(act: Callable[[], object]) -> float:
    """Seconds of the processor: for what waits for no disk, so that whatever else the machine does counts little."""
    return _once(act, time.process_time)


def _p95(seen: Sequence[float]) -> float:
    return sorted(seen)[int(len(seen) * 0.95)]
