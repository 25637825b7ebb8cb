"""``python3 main.py forms check|new|diff|pack``: an author's tools, from the first row of a table to the packs of a release.

``check`` says in words for a non-programmer what is wrong, and where; without a path it judges the packaged catalogue. ``new``
writes a starter that is sound as it stands. ``diff`` tells what changed between two versions, and which stored drafts feel it.
``pack`` makes what kiosks load. Only ``new`` and ``pack`` write, and ``new`` never over something.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import io
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any, Final

from forms.checker.folder import check_file, check_folder
from forms.codes import read_procedure_code
from forms.procedures.pack import PackError, load_form
from forms.procedures.packing import pack_catalogue, succeed, unlawful
from forms.procedures.packs import INDEX, Packed, read_packs
from forms.procedures.release import Change, changes, procedure_changes, read_retired, touched
from forms.procedures.sources import folders_of, form_file_of, from_sources, read_form_file, read_yaml
from forms.text import nfc
from forms.xlsform import Fault, Form, FormError
from forms.xlsform.reader import form_of

_FORMS: Final = resources.files("forms")
CATALOGUE: Final = _FORMS.joinpath("catalog")
PACKS: Final = _FORMS.joinpath("packs")
_STARTER: Final = _FORMS.joinpath("starter")
_NAMED_AS_PACK: Final = re.compile(r"\S+-[0-9a-f]{12}\.json")
_OTHER_SHEETS: Final = (".xls", ".xlsm", ".ods", ".doc", ".docx", ".txt")


def add_commands(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the authoring commands to ``main.py forms``; each sets ``handler``."""
    check = acts.add_parser("check", help="kiểm tra thủ tục và biểu mẫu (check forms and procedures)")
    check.add_argument("path", nargs="*", type=Path, help="thư mục thủ tục, tệp form.csv hoặc .xlsx; mặc định cả danh mục")
    check.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    check.set_defaults(handler=_check)
    new = acts.add_parser("new", help="tạo thủ tục hoặc biểu mẫu viết sẵn để sửa (a starter)")
    new.add_argument("path", type=Path, help="thư mục thủ tục mới, hoặc tệp .xlsx, .csv mới")
    new.add_argument("--code", default="9.999999", help="mã thủ tục quốc gia, ví dụ 1.001193")
    new.add_argument("--name", default="Thủ tục mới", help="tên thủ tục")
    new.set_defaults(handler=_new)
    diff = acts.add_parser("diff", help="hai bản của một biểu mẫu khác nhau ở đâu (what changed)")
    diff.add_argument("before", type=Path, help="bản trước: thư mục, .csv, .xlsx hoặc gói .json")
    diff.add_argument("after", type=Path, help="bản sau")
    diff.add_argument("--drafts", type=Path, help="tệp JSON các hồ sơ đã khai: [{form, version, answers}]")
    diff.add_argument("--json", action="store_true", help="trả lời bằng JSON")
    diff.set_defaults(handler=_diff)
    pack = acts.add_parser("pack", help="đóng gói danh mục cho máy (make the packs)")
    pack.add_argument("--out", type=Path, default=Path(str(PACKS)), help="thư mục gói")
    pack.add_argument("--check", action="store_true", help="chỉ xem gói có đúng với danh mục không, không ghi")
    pack.add_argument("--release", action="store_true", help="phát hành: từ nay tên câu hỏi và mã lựa chọn không đổi nữa")
    pack.set_defaults(handler=_pack)


def _say(lines: Iterable[str]) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))


def _refuse(faults: Iterable[Fault], *, as_json: bool = False) -> int:
    if as_json:
        sys.stdout.write(json.dumps({"errors": _rows(faults)}, ensure_ascii=False) + "\n")
        return 1
    _say(f"Lỗi: {fault}" for fault in faults)
    return 1


# --- check -------------------------------------------------------------------------------------------------------------------


def _check(given: argparse.Namespace) -> int:
    """``--json``: ``errors`` and ``warnings``, lists of ``file``, ``row`` (0: all of it), ``column``, ``rule``, ``message``."""
    paths: Sequence[Path] = given.path
    faults = list(dict.fromkeys(fault for path in paths for fault in _faults_at(path)) if paths else _faults_of_catalogue())
    errors = [fault for fault in faults if fault.severity == "error"]
    warnings = [fault for fault in faults if fault.severity == "warning"]
    if given.json:
        sys.stdout.write(json.dumps({"errors": _rows(errors), "warnings": _rows(warnings)}, ensure_ascii=False) + "\n")
    else:
        _say((*(f"Lỗi: {fault}" for fault in errors), *(f"Nên xem: {fault}" for fault in warnings)))
        where = ", ".join(path.resolve().name for path in paths) or "cả danh mục"
        _say([f"Đã kiểm tra {where}: {len(errors) or 'không có'} lỗi, {len(warnings) or 'không có'} điều nên xem."])
    return 1 if errors else 0


def _rows(faults: Iterable[Fault]) -> list[dict[str, object]]:
    return [{key: value for key, value in asdict(fault).items() if key != "severity"} for fault in faults]


def _faults_at(asked: Path) -> Iterator[Fault]:
    path = asked.resolve()  # «.» has no name to tell it by
    if path.is_dir():
        yield from _faults_in(path)
    elif path.is_file() and path.name == "procedure.yaml":
        yield from _faults_in(path.parent)
    elif path.is_file():
        yield from check_file(path, path.parent)
    else:
        yield Fault(path.name, 0, "", "file", "Không có tệp hay thư mục này. Xem lại đường dẫn.")


def _faults_in(folder: Path) -> Iterator[Fault]:
    facts = any((folder / name).is_file() for name in ("procedure.yaml", "shared.yaml"))
    form = form_file_of(folder)
    later = sorted(entry for entry in folder.iterdir() if (entry / "procedure.yaml").is_file())
    if not facts and form is not None:
        yield from check_file(form, folder)
    elif facts:
        yield from check_folder(folder, folder, CATALOGUE)
        for entry in later:
            yield from check_folder(entry, folder, CATALOGUE)
    elif later:
        for entry in later:
            yield from _faults_in(entry)
    else:
        message = (
            "Thư mục không có procedure.yaml, form.csv hay form.xlsx. Xem lại đường dẫn, hoặc bắt đầu bằng: main.py forms new."
        )
        yield Fault(folder.name, 0, "", "file", message)


def _faults_of_catalogue() -> Iterator[Fault]:
    """Every folder on its own, then what only shows between them: versions that overlap, decisions, the rules of a release."""
    found: list[Fault] = []
    shared = [entry for entry in CATALOGUE.iterdir() if entry.joinpath("shared.yaml").is_file()]
    for folder, base in (*((entry, entry) for entry in shared), *folders_of(CATALOGUE)):
        found += check_folder(folder, base, CATALOGUE)
    yield from found
    if not any(fault.severity == "error" for fault in found):
        try:
            from_sources()
            yield from unlawful(read_packs(PACKS), pack_catalogue(CATALOGUE), _retired())
        except FormError as error:
            yield from error.faults


def _retired() -> Sequence[Any]:
    file = CATALOGUE.joinpath("retired.yaml")
    return read_retired(file.read_text("utf-8")) if file.is_file() else ()


# --- new ---------------------------------------------------------------------------------------------------------------------


def _new(given: argparse.Namespace) -> int:
    path: Path = given.path
    kind = path.suffix.lower()
    faults = tuple(_wrong_start(path, given.code, given.name))
    if faults:
        return _refuse(faults)
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = list(_starter_rows(nfc(given.name), f"tt_{given.code}".replace(".", "_")))
    if kind == ".xlsx":
        from kiosk.forms_cli.excel import starter_workbook

        path.write_bytes(starter_workbook(rows))
    elif kind == ".csv":
        path.write_text(_csv_text(rows), "utf-8")
    else:
        path.mkdir()
        (path / "form.csv").write_text(_csv_text(rows), "utf-8")
        (path / "procedure.yaml").write_text(_starter_yaml(nfc(given.name), given.code), "utf-8")
    _say([f"Đã tạo {path}. Sửa nội dung, rồi chạy: main.py forms check {path}"])
    return 0


def _wrong_start(path: Path, code: str, name: str) -> Iterator[Fault]:
    if path.exists():
        yield Fault(path.name, 0, "", "exists", "Đã có tệp hay thư mục này, không viết đè. Chọn tên khác.")
    if path.suffix.lower() in _OTHER_SHEETS:
        yield Fault(path.name, 0, "", "file", "Chỉ tạo được bảng tính .xlsx hoặc .csv. Đổi đuôi tệp thành .xlsx.")
    found = read_procedure_code(code)
    if found is None or found.code != code:
        yield Fault(path.name, 0, "", "code", f"«{code}» không phải mã thủ tục quốc gia. Viết như 1.001193.")
    if not name.strip():
        yield Fault(path.name, 0, "", "name", "Tên thủ tục trống. Ghi tên sau --name, trong dấu ngoặc kép.")


def _starter_rows(name: str, form_id: str) -> Iterator[list[str]]:
    text = _STARTER.joinpath("form.csv").read_text("utf-8")
    for cells in csv.reader(io.StringIO(text, newline="")):
        yield [{"Tên thủ tục": name, "ma_bieu_mau": form_id}.get(cell, cell) for cell in cells]


def _starter_yaml(name: str, code: str) -> str:
    """JSON's quoted text is YAML's too, whatever signs a name has."""
    text = _STARTER.joinpath("procedure.yaml").read_text("utf-8")
    return text.replace('"Tên thủ tục"', json.dumps(name, ensure_ascii=False)).replace('"9.999999"', json.dumps(code))


def _csv_text(rows: Iterable[Sequence[str]]) -> str:
    into = io.StringIO(newline="")
    csv.writer(into, lineterminator="\n").writerows(rows)
    return into.getvalue()


# --- diff --------------------------------------------------------------------------------------------------------------------


def _diff(given: argparse.Namespace) -> int:
    """``--json``: ``changes`` [{``code``, ``text_vi``, ``name``, ``choice``}], ``drafts`` [{``draft``, ``touched``}];
    ``errors`` as in check, alone."""
    try:
        before, after = _form_at(given.before), _form_at(given.after)
        facts = _facts_changed(given.before, given.after)
        drafts = _drafts(given.drafts, before) if given.drafts else []
    except FormError as error:
        return _refuse(error.faults, as_json=given.json)
    found = changes(before, after)
    felt = [(name, touched(found, answers)) for name, answers in drafts]
    if given.json:
        rows = [{"code": one.code, "text_vi": one.text_vi, "name": one.name, "choice": one.choice} for one in (*found, *facts)]
        told = [{"draft": name, "touched": [one.text_vi for one in changed]} for name, changed in felt]
        sys.stdout.write(json.dumps({"changes": rows, "drafts": told}, ensure_ascii=False) + "\n")
        return 0
    _say([one.text_vi for one in (*found, *facts)] or ["Hai bản giống nhau."])
    for name, changed in felt:
        _say([f"Hồ sơ {name}: " + (" ".join(one.text_vi for one in changed) or "không bị ảnh hưởng.")])
    return 0


def _form_at(path: Path) -> Form:
    if path.suffix == ".json":
        try:
            data = path.read_bytes()
            return form_of(load_form(data, hashlib.sha256(data).hexdigest()))
        except (OSError, ValueError, RecursionError, PackError):
            raise FormError([Fault(path.name, 0, "", "file", "Không phải gói biểu mẫu. Chọn gói trong forms/packs.")]) from None
    folder = path if path.is_dir() else path.parent
    file = form_file_of(path) if path.is_dir() else path
    if file is None:
        raise FormError([Fault(path.name, 0, "", "file", "Thư mục không có form.csv hay form.xlsx.")])
    return read_form_file(file, folder, str(path)).form


def _facts_changed(before: Path, after: Path) -> Sequence[Change]:
    """Changes of two procedures' facts, where both paths are their folders."""
    files = [path / "procedure.yaml" for path in (before, after)]
    if not all(file.is_file() for file in files):
        return ()
    old, new = (read_yaml(file, str(file)).data for file in files)
    return procedure_changes(old, new)


def _drafts(file: Path, form: Form) -> list[tuple[str, dict[str, Any]]]:
    """Stored answers to this form and version, with a name for each: its ``id``, or its place in the file."""
    try:
        content = json.loads(file.read_text("utf-8"))
        rows = content if isinstance(content, list) else [content]
        mine = [(place, row) for place, row in enumerate(rows, 1) if row["form"] == form.id and row["version"] == form.version]
        return [(str(row.get("id", place)), dict(row["answers"])) for place, row in mine]
    except (OSError, ValueError, RecursionError, KeyError, TypeError, AttributeError):
        message = "Không đọc được hồ sơ đã khai. Cần JSON: [{form, version, answers}]."
        raise FormError([Fault(file.name, 0, "", "drafts", message)]) from None


# --- pack --------------------------------------------------------------------------------------------------------------------


def _pack(given: argparse.Namespace) -> int:
    out: Path = given.out
    try:
        before, fresh = read_packs(out), pack_catalogue(CATALOGUE)
    except FormError as error:
        return _refuse(error.faults)
    except PackError as error:
        _say([f"Lỗi: {error.message_vi} {error.cure_vi}"])
        return 1
    faults = unlawful(before, fresh, _retired())
    if faults:
        return _refuse(faults)
    packed = succeed(before, fresh, release=given.release)
    if given.check:
        return _compare(before, packed)
    _write(packed, out)
    _say([f"Đã đóng {len(packed.files)} gói vào {out}."])
    return 0


def _compare(before: Packed, packed: Packed) -> int:
    if before.files == packed.files and before.entries == packed.entries:
        _say(["Các gói đúng với danh mục."])
        return 0
    _say(["Các gói chưa theo danh mục. Chạy: main.py forms pack"])
    return 1


def _write(packed: Packed, out: Path) -> None:
    """The new packs, then the index that names them, then the old ones go; what is not named as a pack is somebody else's."""
    out.mkdir(parents=True, exist_ok=True)
    for name, data in packed.files.items():
        (out / name).write_bytes(data)
    (out / INDEX).write_bytes(packed.index)
    for file in out.glob("*.json"):
        if _NAMED_AS_PACK.fullmatch(file.name) and file.name not in packed.files:
            file.unlink()
