"""``device box``: a trainer lays one of the box's cards on a virtual reader, for the kiosk or for ``device card``.

Without ``--port`` it starts a pcscd of its own and says which variable leads other programs to it; with it the card is laid on the
virtual reader that listens there. The people are invented, so everything about a card may be shown.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
from collections.abc import Sequence

from devices.errors import DeviceError
from devices.idcard.twin.box import CARDS
from devices.idcard.twin.chip import ChipTwin
from devices.idcard.twin.pcscd import PcscdTwin
from devices.idcard.twin.vpcd import VpcdCard


def box_command(argv: Sequence[str]) -> int:
    """Run the command. Exit code 0, 1 for a named failure, 2 for wrong arguments."""
    parser = argparse.ArgumentParser(prog="main.py device box", description="Hộp thẻ mẫu để tập huấn: toàn người không có thật.")
    acts = parser.add_subparsers(dest="act", required=True, metavar="list|lay")
    listing = acts.add_parser("list", help="liệt kê các thẻ trong hộp")
    listing.add_argument("--json", action="store_true")
    laying = acts.add_parser("lay", help="đặt một thẻ lên đầu đọc ảo cho đến khi bấm Ctrl-C")
    laying.add_argument("name", choices=tuple(CARDS), metavar="TÊN", help="tên thẻ, xem «list»")
    laying.add_argument("--port", type=int, metavar="CỔNG", help="đặt lên đầu đọc ảo (vpcd) đang mở ở cổng này")
    laying.add_argument("--seconds", type=float, metavar="GIÂY", help="tự nhấc thẻ sau chừng ấy giây")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.act == "list":
        return _list(options.json)
    try:
        return _lay(CARDS[options.name].make(), options.port, options.seconds)
    except DeviceError as error:
        sys.stderr.write(f"{error.message_vi} [{error.code}]\n{error.cure_vi}\n")
    except OSError:
        sys.stderr.write("Không có đầu đọc ảo nào ở cổng này. Xem lại số cổng, hoặc bỏ --port để máy tự mở một đầu đọc ảo.\n")
    except KeyboardInterrupt:
        return 0
    return 1


def _list(as_json: bool) -> int:
    if as_json:
        cards = [{"name": name, "what": card.what_vi, "ends": card.ends} for name, card in CARDS.items()]
        sys.stdout.write(json.dumps({"cards": cards}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{name:<20} {card.what_vi}\n" for name, card in CARDS.items())
    return 0


def _lay(chip: ChipTwin, port: int | None, seconds: float | None) -> int:
    if port is not None:
        with VpcdCard(port) as slot:
            slot.lay(chip)
            _told(chip, "")
            _wait(seconds)
        return 0
    with PcscdTwin() as reader:
        reader.lay(chip)
        (variable,) = reader.environment.items()
        _told(chip, f"Chương trình khác tìm thấy đầu đọc này bằng biến môi trường: {'='.join(variable)}\n")
        _wait(seconds)
    return 0


def _told(chip: ChipTwin, where: str) -> None:
    sys.stdout.write(f"Đã đặt thẻ.\n{where}QR trên thẻ: {chip.qr_text}\nCAN: {chip.can.digits}\nMRZ: {chip.citizen.mrz}\n")
    sys.stdout.flush()


def _wait(seconds: float | None) -> None:
    threading.Event().wait(seconds)
