"""From a paper's data to the bytes of its PDF, through Typst with our own fonts and nothing of the machine.

Rules: the same data and moment give the same bytes; only the four styles of Liberation Serif are used, whole and embedded; a
sign they lack is refused (``glyph_missing``) because PDF/A allows no empty box, never replaced by another font; nothing is
read but this package's templates. Data reach the template as JSON, as text and never as markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any, Final, cast

import typst

from forms.papers.content import PaperError
from forms.papers.kinds import kind
from forms.papers.wording import local

_STANDARD: Final = "a-2a"
"""PDF/A-2, level A: kept for years, read aloud, every sign with its glyph."""
_ONE_AT_A_TIME: Final = Lock()
"""A Typst compiler may not be entered twice at once."""


def compile(paper: str, data: Mapping[str, Any], *, made: datetime, copy: int = 0) -> bytes:
    """The PDF of a paper. ``made`` becomes its creation date; ``copy`` from 1 on marks a reprint on every page.

    Raises:
        PaperError: ``unknown_paper``; ``glyph_missing``.
    """
    written = json.dumps({**data, "paper": paper, "copy": copy}, ensure_ascii=False)
    try:
        with _ONE_AT_A_TIME:
            pdf = _compiler().compile(
                input=f"{_folder('templates')}/{kind(paper).template}.typ",
                sys_inputs={"data": written},
                timestamp=local(made),
                pdf_standards=_STANDARD,
            )
    except typst.TypstError as error:
        missing = re.findall(r"the text `\"(.+?)\"` could not be displayed", getattr(error, "diagnostic", ""))
        if not missing:
            raise
        signs = "".join(dict.fromkeys(missing))
        raise PaperError("glyph_missing", f"Không in được chữ «{signs}».", "Cán bộ sửa lại bằng chữ Việt rồi in.") from None
    return cast("bytes", pdf)


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(
        f"{_folder('templates')}/common.typ",
        root=_folder("templates"),
        font_paths=[_folder("fonts")],
        ignore_system_fonts=True,
    )


def _folder(name: str) -> str:
    return str(files("forms.papers").joinpath(name))
