"""What waits for the line, item by item: for ``sync status``, ``sync watch`` and whoever else asks.

For each dossier and file: since when, how often it was tried, what came back last, when the next try is. Codes only; no name of a
person leaves the store here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from kiosk.clock import HANOI
from kiosk.copied import COPY_VI, CURE_VI, is_copy
from kiosk.file_line import PAUSED
from kiosk.machine import Machine
from kiosk.stick import last_receipt, receipt_vi
from kiosk.store.blobs import BlobFact, KioskFiles
from kiosk.store.outbox import Waiting
from kiosk.sync_status import LineFact, read_status, runs
from sync.blob.ports import Lane
from sync.sizes import size_vi

LANES_VI: Mapping[str, str] = {"events": "hồ sơ và thao tác", "previews": "bản xem trước", "scans": "bản quét đầy đủ"}
_LANE: Mapping[Lane, str] = {Lane.PREVIEW: "previews", Lane.FULL: "scans"}
_SOURCES_VI: Mapping[str, str] = {"feed": "bản tin của tỉnh", "province": "tỉnh báo thiếu"}
_ASIDE = "SELECT source, reason, count(*) AS count, max(at) AS at FROM quarantine GROUP BY source, reason ORDER BY max(id)"
SHOWN = 20
"""Items shown to people; ``--json`` has all."""


@dataclass(frozen=True, slots=True)
class Aside:
    """Things put aside here for one reason: ``source`` is ``feed`` (of the province's feed) or ``province`` (what it said)."""

    source: str
    reason: str
    count: int
    at: str
    """Wall time of the newest, ISO."""


@dataclass(frozen=True, slots=True)
class Report:
    """The facts of a moment."""

    now_ms: int
    """The moment, by the kiosk's clock."""
    pending: Mapping[str, int]
    """By lane: events not acknowledged, files not complete at the province; and ``dossiers`` that have such events."""
    oldest_seconds: float
    """Since the oldest event or file on its way was written, by the kiosk's clock."""
    quarantined: int
    refused: Sequence[Aside]
    """What was put aside, by reason, the newest last."""
    last_ack: int
    items: Sequence[Waiting]
    files: Sequence[BlobFact]
    line: LineFact
    receipt: Mapping[str, Any] | None
    receipt_vi: str
    running: bool
    """Whether a sync process is at work; without one nothing is tried."""
    paused: bool
    """Whether a technician has stopped the files."""
    enrolled: bool
    copied: bool
    """Whether this machine runs from a copy of another one's state, and has not got keys of its own since."""
    reviews: int
    """Acts the province did not count as they were sent, open until an official decides."""

    def facts(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "pending": dict(self.pending),
            "pending_events": self.pending["events"],
            "oldest_seconds": self.oldest_seconds,
            "quarantined": self.quarantined,
            "refused": [asdict(one) for one in self.refused],
            "last_ack": self.last_ack,
            "items": [asdict(item) for item in self.items],
            "files": [{**asdict(file), "lane": _LANE[file.lane]} for file in self.files],
            "line": asdict(self.line),
            "stick_receipt": dict(self.receipt) if self.receipt is not None else None,
            "running": self.running,
            "files_paused": self.paused,
            "enrolled": self.enrolled,
            "copied": self.copied,
            "reviews": self.reviews,
        }


def report_of(machine: Machine) -> Report:
    """Read the facts now."""
    store = machine.store
    items, files = store.outbox(), KioskFiles(store).waiting()
    told = [*(item.since_ms for item in items), *(file.since_ms for file in files)]
    since = min(filter(None, told), default=store.clock.wall_ms())
    pending = {"dossiers": sum(bool(item.events) for item in items), "events": store.waiting()}
    refused = [Aside(**row) for row in store.rows(_ASIDE)]
    pending |= {name: sum(_LANE[file.lane] == name for file in files) for name in _LANE.values()}
    return Report(
        now_ms=store.clock.wall_ms(),
        pending=pending,
        oldest_seconds=max((store.clock.wall_ms() - since) / 1000, 0.0),
        quarantined=sum(one.count for one in refused),
        refused=refused,
        last_ack=store.rows("SELECT coalesce(max(acked), 0) AS a FROM incarnation")[0]["a"],
        items=items,
        files=files,
        line=read_status(machine.config.state),
        receipt=last_receipt(store),
        receipt_vi=receipt_vi(store),
        running=runs(machine.config.state),
        paused=bool(store.meta(PAUSED, 0)),
        enrolled=machine.enrolment is not None,
        copied=is_copy(store),
        reviews=store.rows("SELECT count(*) AS n FROM conflict WHERE NOT resolved")[0]["n"],
    )


def report_vi(report: Report) -> str:
    """The facts as plain sentences."""
    pending, line = report.pending, report.line
    lines = [
        f"Chờ gửi: {pending['events']} sự kiện của {pending['dossiers']} hồ sơ; "
        f"{pending['previews']} {LANES_VI['previews']}, {pending['scans']} {LANES_VI['scans']}.",
        f"Bị giữ lại: {report.quarantined}." + " Dữ liệu gốc vẫn còn; báo tỉnh xem." * bool(report.quarantined),
        *(_aside_vi(one) for one in report.refused),
        f"Lần thử cuối: {_moment_vi(line.last_try)}. {line.failure_vi} {line.cure_vi}".rstrip(),
        f"Tỉnh trả lời cuối: {_moment_vi(line.last_answer)}." + (f" Lần thử tới sau {line.next_try_s:.0f} giây." * report.running),
    ]
    lines += (
        [f"Chưa được tính: {report.reviews} việc; cán bộ mở «Việc cần xem lại» ở quầy, sửa và gửi lại."] if report.reviews else []
    )
    lines += [f"{COPY_VI} {CURE_VI}"] if report.copied else []
    lines += [] if report.enrolled else ["Máy chưa được tỉnh ghi danh: chạy «sync enrol»."]
    lines += [] if report.running else ["Tiến trình đồng bộ không chạy: máy chưa tự gửi. Bật dịch vụ, hoặc chạy «sync --once»."]
    lines += ["Giấy tờ đính kèm đang tạm dừng; cho gửi lại: «sync files resume»."] if report.paused else []
    lines += [report.receipt_vi] if report.receipt_vi else []
    events = [item for item in report.items if item.events]
    lines += [_dossier_vi(item, report) for item in events[:SHOWN]]
    tries = {item.item: item for item in report.items if not item.events}
    lines += [_file_vi(file, tries.get(file.id), report) for file in report.files[:SHOWN]]
    hidden = max(0, len(events) - SHOWN) + max(0, len(report.files) - SHOWN)
    lines += [f"… và {hidden} mục nữa."] if hidden else []
    return "\n".join(lines)


def _aside_vi(one: Aside) -> str:
    return f"  {_SOURCES_VI[one.source]}, lý do {one.reason}: {one.count}, gần nhất {_moment_vi(one.at)}."


def _dossier_vi(item: Waiting, report: Report) -> str:
    since = _time_vi(item.since_ms)
    return f"  {item.code or 'việc của máy'}: {item.events} sự kiện, chờ từ {since}; {_tried_vi(item, report)}"


def _file_vi(file: BlobFact, item: Waiting | None, report: Report) -> str:
    share = file.held / file.size if file.size else 0.0
    state = "tệp hỏng, cần quét lại" if file.state == "damaged" else f"đã gửi {share:.0%} của {size_vi(file.size)}"
    taken = "tỉnh đã nhận, chờ xác nhận" if file.held == file.size else "mới đi được một phần"
    tried = _tried_vi(item, report, taken) if item is not None else "chưa thử gửi."
    what = f"giấy tờ của {file.code or file.dossier} ({LANES_VI[_LANE[file.lane]]}, {file.id[:8]})"
    return f"  {what}: chờ từ {_time_vi(file.since_ms)}, {state}; {tried}"


def _tried_vi(item: Waiting, report: Report, taken: str = "tỉnh đã nhận, chờ xác nhận") -> str:
    """``taken``: what no complaint of the province means. A next try is told while one is to come: a file sent whole has none."""
    if not item.tried:
        return "chưa thử gửi."
    answer = item.answer_vi or (item.answer or taken)
    tried = f"thử {item.tried} lần, lần cuối {_time_vi(item.last_ms)}: {answer.rstrip('.')}"
    comes = report.running and item.next_ms > report.now_ms
    return f"{tried}; lần tới {_time_vi(item.next_ms)}." if comes else f"{tried}."


def _moment_vi(iso: str) -> str:
    """A time of the status file as people write it; the text as it stands when it is none."""
    try:
        return f"{datetime.fromisoformat(iso).astimezone(HANOI):%H:%M:%S %d/%m/%Y}"
    except ValueError:
        return iso or "chưa có"


def _time_vi(wall_ms: int) -> str:
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(HANOI):%H:%M:%S %d/%m}" if wall_ms else "chưa rõ"
