"""``python3 main.py forms preview``: every question of a form drawn as the touch app will show it, before any citizen sees it.

The real screens are drawn off screen. For each question the checker looks for answers that bring it up, and the session is led
there; one PNG a question, and a sheet with all of them to look over.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from forms.checker.world import Search
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.procedures.sources import form_file_of, home_of, read_form_file, read_procedure_file, read_yaml
from forms.session import FormSession
from forms.xlsform import Fault, Form, FormError, Item
from kiosk.forms_cli.author import CATALOGUE
from kiosk.services import ASKED

if TYPE_CHECKING:
    from kiosk.viewmodels.flow import Kiosk

_COLUMNS = 4
_THUMB = 480
_GAP = 12


def add_commands(acts: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add ``preview`` to ``main.py forms``."""
    parser = acts.add_parser("preview", help="vẽ từng câu hỏi như trên máy ra tệp ảnh (draw every question)")
    parser.add_argument("path", type=Path, help="thư mục thủ tục, tệp .csv hoặc .xlsx")
    parser.add_argument("--out", type=Path, required=True, help="thư mục ảnh")
    parser.add_argument("--portrait", action="store_true", help="màn hình dọc")
    parser.add_argument("--large-text", action="store_true", help="chữ to")
    parser.set_defaults(handler=_preview)


def _preview(given: argparse.Namespace) -> int:
    try:
        procedure = _procedure_at(given.path)
    except FormError as error:
        sys.stdout.write("".join(f"Lỗi: {fault}\n" for fault in error.faults))
        return 1
    files = []
    for name, file in _draw(procedure, given.out, portrait=given.portrait, large=given.large_text):
        if file is None:
            sys.stdout.write(f"Chưa vẽ được «{name}»: không tìm được cách trả lời để đến câu này, hoặc máy chưa hỏi loại này.\n")
        else:
            files.append(file)
    if files:
        _sheet(files, given.out / "sheet.png")
    sys.stdout.write(f"Đã vẽ {len(files)} câu vào {given.out}; xem tất cả: sheet.png.\n")
    return 0


def _procedure_at(path: Path) -> Procedure:
    """The procedure of a folder; a form alone borrows the facts of a packaged one."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir() and (path / "procedure.yaml").is_file():
        source = read_yaml(path / "procedure.yaml", str(path / "procedure.yaml"))
        home = home_of(source, folder, folder, CATALOGUE)
        return read_procedure_file(source, home.read().form, home)[1]
    file = form_file_of(folder) if path.is_dir() else path
    if file is None:
        raise FormError([Fault(path.name, 0, "", "file", "Thư mục không có form.csv hay form.xlsx.")])
    form = read_form_file(file, folder, path.name).form
    catalogue = load_catalogue()
    return replace(catalogue.versions(catalogue.codes()[0])[0], short_vi=form.title, form=form)


def _draw(procedure: Procedure, out: Path, *, portrait: bool, large: bool) -> Iterator[tuple[str, Path | None]]:
    """Name of each question with its picture; ``None`` where it could not be brought up."""
    from kiosk.touch.gallery import Aloud
    from kiosk.touch.stage import LANDSCAPE, PORTRAIT, Stage

    stage = Stage()
    search = Search(procedure.form)
    for number, (name, item) in enumerate(_questions(procedure.form), 1):
        kiosk = _kiosk_at(procedure, name, search.answers_for(item)) if item.type in ASKED else None
        if kiosk is None:
            yield name, None
            continue
        kiosk.large = large
        stage.play(kiosk, PORTRAIT if portrait else LANDSCAPE, speaker=Aloud())
        file = out / f"{number:02d}-{item.name}{'-more' if name.endswith('+') else ''}.png"
        stage.picture(file)
        yield name, file
    stage.clear()


def _questions(form: Form) -> Iterator[tuple[str, Item]]:
    """Every question by its name in a session, those of a repeat in its first entry, with the row that brings it up."""
    asked = [item for item in form.items if item.asked]
    for place, item in enumerate(asked):
        yield (f"{item.repeat}[1].{item.name}" if item.repeat else item.name), item
        last = place + 1 == len(asked) or asked[place + 1].repeat != item.repeat
        if item.repeat and last and form.repeats[item.repeat].more:
            yield f"{item.repeat}[1]+", item


def _kiosk_at(procedure: Procedure, name: str, answers: Mapping[str, str] | None) -> Kiosk | None:
    """A kiosk on the question ``name`` after these answers; ``None`` when they do not lead there."""
    from kiosk.touch.app import make_kiosk
    from kiosk.touch.samples import SampleServices
    from kiosk.viewmodels.asking import Asking
    from kiosk.viewmodels.filing import Filing

    class Services(SampleServices):
        def procedure(self, code: str) -> Procedure:
            return procedure

    if answers is None:
        return None
    services = Services()
    filing = Filing(services, procedure.code)
    _answer(filing.session, answers)
    question = filing.session.go_to(name)
    if question is None or question.name != name:
        return None
    kiosk = make_kiosk(services, services.scheduler)
    kiosk.show(Asking(kiosk, filing))
    return kiosk


def _answer(session: FormSession, answers: Mapping[str, str]) -> None:
    for item in session.form.items:
        value = answers.get(item.name, "")
        if not item.asked:
            session.prefill({item.autofill: value})
        elif value:
            name = f"{item.repeat}[1].{item.name}" if item.repeat else item.name
            session.put(name, value.split() if item.type == "select_multiple" else value)


def _sheet(files: Sequence[Path], into: Path) -> None:
    """All pictures small on one sheet, in order."""
    pictures = [Image.open(file) for file in files]
    scale = _THUMB / pictures[0].width
    size = (_THUMB, round(pictures[0].height * scale))
    rows = -(-len(pictures) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * (size[0] + _GAP) + _GAP, rows * (size[1] + _GAP) + _GAP), "#5F6675")
    for place, picture in enumerate(pictures):
        row, column = divmod(place, _COLUMNS)
        sheet.paste(picture.resize(size), (_GAP + column * (size[0] + _GAP), _GAP + row * (size[1] + _GAP)))
    sheet.save(into)
