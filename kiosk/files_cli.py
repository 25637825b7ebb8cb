"""``store attach`` and ``sync files``: attach a file by hand, see how far files are, stop and let go on, send once.

Codes and sizes only: a list that may be pasted into a message.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from forms.codes import check_code
from forms.dossier import DossierError
from forms.procedures.catalogue import load_catalogue
from kiosk.answers import answer, refuse, say
from kiosk.attachments import MOST, Paper, attach, mime_of
from kiosk.disk import NOTES, room
from kiosk.file_line import FileLine, pause_files
from kiosk.machine import Machine, add_machine_arguments
from kiosk.services import Refused
from kiosk.store.blobs import BlobFact, KioskFiles
from sync.blob.crossing import Crossing
from sync.blob.ports import Lane
from sync.file_trouble import why_vi
from sync.sizes import size_vi

LANES_VI = {Lane.PREVIEW: "bản xem trước", Lane.FULL: "bản quét đầy đủ"}
_STATES_VI = {
    "waiting": "chờ gửi",
    "complete": "tỉnh đã có đủ",
    "damaged": "tệp hỏng, cần quét lại",
    "aside": "tỉnh chưa tính: xem «Cần xem»",
}


def attach_command(argv: Sequence[str]) -> int:
    """``store attach CODE FILE --paper ID``; 0 when the file belongs to the dossier."""
    parser = argparse.ArgumentParser(prog="main.py store attach", description="Thêm một tệp vào hồ sơ (attach a file)")
    add_machine_arguments(parser)
    parser.add_argument("code", help="mã hồ sơ hoặc mã tạm")
    parser.add_argument("file", type=Path, help="ảnh quét (JPEG, PNG, TIFF, WebP) hoặc PDF")
    parser.add_argument("--paper", required=True, metavar="GIẤY", help="mã của giấy tờ mà tệp này thể hiện")
    parser.add_argument("--photo", action="store_true", help="là ảnh chụp, không phải trang giấy")
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    return answer(parser.parse_args(list(argv)), _attach)


def _attach(machine: Machine, given: argparse.Namespace) -> int:
    code = check_code(given.code).normalised
    found = machine.store.rows("SELECT d FROM dossier WHERE code = ? OR official_code = ?", [code, code])
    try:
        if not found:
            raise Refused("dossier_unknown", "Không có hồ sơ mang mã này trên máy.", "Xem mã trong «store list».")
        _check_paper(machine, found[0]["d"], given.paper)
        done = attach(machine, found[0]["d"], Paper(given.paper, mime_of(given.file), given.photo), _content(given.file))
    except OSError as error:
        refuse(given.json, "file", f"Không đọc được tệp «{given.file.name}». {why_vi(error)}")
        return 1
    except Refused as error:
        refuse(given.json, error.code, f"{error.message_vi} {error.cure_vi}")
        return 1
    except DossierError as error:
        refuse(given.json, error.code, f"{error.message_vi} {error.cure_vi}")
        return 1
    text = (
        f"Đã thêm tệp, {size_vi(done.size)} đã mã hóa{', có bản xem trước' if done.preview else ''}. Sự kiện đi trước, tệp đi sau."
    )
    say(given.json, {"ok": True, "blob": done.blob, "preview": done.preview, "bytes": done.size}, text)
    return 0


def _check_paper(machine: Machine, dossier: str, paper: str) -> None:
    """Raises Refused ``paper_unknown``: an official would look for the scan under a paper its procedure does not have."""
    procedure = load_catalogue().filed(machine.store.fields(dossier))
    known = [part.id for part in procedure.components] if procedure is not None else [paper]
    if paper not in known:
        raise Refused("paper_unknown", f"Thủ tục này không có giấy tờ mang mã «{paper}».", f"Dùng một trong: {', '.join(known)}.")


def _content(file: Path) -> bytes:
    """At most one byte more than may be attached, however large the file is."""
    with file.open("rb") as source:
        return source.read(MOST + 1)


def files_command(argv: Sequence[str]) -> int:
    """``sync files [pause|resume|send]``: how far every file is; stop, go on, one round now."""
    parser = argparse.ArgumentParser(prog="main.py sync files", description="Giấy tờ đính kèm trên đường về tỉnh")
    parser.add_argument("act", nargs="?", choices=sorted(_ACTS), default="list")
    add_machine_arguments(parser)
    parser.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    given = parser.parse_args(list(argv))
    return answer(given, _ACTS[given.act])


def _list(machine: Machine, given: argparse.Namespace) -> int:
    facts = KioskFiles(machine.store).facts()
    lines = [_line(fact) for fact in facts]
    note = NOTES.get(room(machine.config, machine.store.reserve.free()))
    lines += [f"{note.message_vi} {note.cure_vi}"] if note is not None else []
    rows = [{**asdict(fact), "lane": fact.lane.name.lower()} for fact in facts]
    say(given.json, {"ok": True, "files": rows}, "\n".join(lines) or "Chưa có tệp nào.")
    return 0


def _line(fact: BlobFact) -> str:
    share = f"{100 * fact.held // fact.size:3d} %"
    sent = fact.state == "waiting" and fact.held == fact.size
    state = "đã gửi đủ, chờ tỉnh xác nhận" if sent else _STATES_VI[fact.state]
    return f"{fact.code or fact.dossier}  {LANES_VI[fact.lane]:16}  {share}  {size_vi(fact.size):>9}  {state}"


def _pause(machine: Machine, given: argparse.Namespace) -> int:
    pause_files(machine, True)
    say(given.json, {"ok": True, "paused": True}, "Đã dừng gửi giấy tờ đính kèm. Hồ sơ vẫn gửi. Cho gửi lại: «sync files resume».")
    return 0


def _resume(machine: Machine, given: argparse.Namespace) -> int:
    pause_files(machine, False)
    say(given.json, {"ok": True, "paused": False}, "Giấy tờ đính kèm được gửi tiếp.")
    return 0


def _send(machine: Machine, given: argparse.Namespace) -> int:
    done = FileLine(machine, Crossing()).once()
    tasks = KioskFiles(machine.store).tasks()
    waiting = sum(not task.have.is_whole(task.size) for task in tasks)
    text = f"{done.message_vi} {done.cure_vi}" if done is not None else f"Xong một lượt, còn {waiting} tệp chưa gửi hết."
    if done is None and len(tasks) > waiting:
        text += f" {len(tasks) - waiting} tệp đã gửi đủ, tỉnh sẽ xác nhận ở lượt đồng bộ tới."
    say(given.json, {"ok": done is None, "waiting": waiting, "failure": done.code if done is not None else ""}, text)
    return 1 if done is not None else 0


_ACTS = {"list": _list, "pause": _pause, "resume": _resume, "send": _send}
