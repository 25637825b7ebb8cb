"""How full the disk is, in four steps, and what each still allows (SYNC design 1.8).

Filings come before scans: the last space belongs to the journal. Below the lowest step nothing new is begun and a stick is
offered; the reserve file then still finishes the filing in hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from kiosk.config import Config

_MB = 1024 * 1024


class Room(IntEnum):
    """What the free space allows."""

    READ_ONLY = 0
    """Nothing new; take the data away on a stick."""
    NO_SCANS = 1
    """Filings, no scans."""
    LOW = 2
    """Everything, and the technician is warned."""
    AMPLE = 3


@dataclass(frozen=True, slots=True)
class RoomNote:
    """A sentence about the room and what to do."""

    message_vi: str
    cure_vi: str


def room(config: Config, free: int) -> Room:
    """The step that ``free`` bytes stand for."""
    if free < int(config["store.least_free_mb"]) * _MB:
        return Room.READ_ONLY
    if free < int(config["store.scan_free_mb"]) * _MB:
        return Room.NO_SCANS
    return Room.LOW if free < int(config["store.warn_free_mb"]) * _MB else Room.AMPLE


NOTES: dict[Room, RoomNote] = {
    Room.READ_ONLY: RoomNote(
        "Máy đã đầy bộ nhớ, chưa nhận thêm hồ sơ được.", "Xuất dữ liệu ra USB bằng «sync export», rồi gọi kỹ thuật dọn ổ đĩa."
    ),
    Room.NO_SCANS: RoomNote(
        "Máy gần đầy bộ nhớ: vẫn nhận hồ sơ, chưa quét thêm giấy tờ.", "Gửi giấy tờ còn chờ về tỉnh, hoặc xuất ra USB."
    ),
    Room.LOW: RoomNote("Bộ nhớ của máy sắp đầy.", "Kỹ thuật dọn ổ đĩa trong tuần này."),
}
"""What is told; with ample room nothing is."""
