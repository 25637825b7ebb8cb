"""Plain YAML with the line of every key, so that a fault in a clerk's file is told with its place.

Only the safe types of YAML are read (text, numbers, dates, lists, pairs). A key written twice is refused: YAML would keep the
last one in silence. libyaml's parser is used where the package has it, with the same result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from forms.xlsform import Fault, FormError

Path = tuple[str | int, ...]
"""Keys and list places on the way to a value: ``("components", 2, "when")``."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Marked:
    """A file's pairs, and the line (from 1) on which each of them begins."""

    file: str
    data: Mapping[str, Any]
    lines: Mapping[Path, int] = field(default_factory=dict)

    def line(self, path: Path) -> int:
        """Line of a value, or of the nearest thing around it that is written; 0 when nothing is."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 0)


def read_marked(text: str, file: str) -> Marked:
    """Read a file of pairs.

    Raises:
        FormError: not YAML, not pairs, or a key written twice.
    """
    loader = _LOADER(text)
    try:
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        raise FormError([Fault(file, mark.line + 1 if mark else 0, "", "yaml", f"Không đọc được: {_cure(error)}")]) from None
    finally:
        loader.dispose()
    if node is None or not isinstance(data, dict):
        raise FormError([Fault(file, 0, "", "yaml", "Tệp phải là các cặp «khóa: giá trị».")])
    lines: dict[Path, int] = {}
    faults = [
        Fault(file, line, str(path[-1]), "duplicate", f"Khóa «{path[-1]}» viết hai lần. Xóa bớt một.")
        for path, line in _walk(node, ())
        if lines.setdefault(path, line) != line
    ]
    if faults:
        raise FormError(faults)
    return Marked(file, data, lines)


def _cure(error: Exception) -> str:
    """What the author most likely did, from the words of the YAML reader, which are English and about its own insides."""
    said = str(error)
    return next(
        (cure for words, cure in _CURES.items() if words in said), "xem lại dấu hai chấm, dấu nháy, ngoặc và thụt dòng ở đây."
    )


_CURES: Final[Mapping[str, str]] = {
    "mapping values are not allowed": "có dấu hai chấm trong câu chữ. Đặt cả câu trong dấu nháy kép.",
    "cannot start any token": "dòng thụt bằng phím Tab hoặc có dấu lạ ở đầu. Thụt bằng dấu cách.",
    "could not find expected ':'": "thiếu dấu hai chấm và dấu cách sau tên khóa.",
    "found unexpected end of stream": "dấu nháy mở mà không đóng.",
    "while parsing a flow": "ngoặc [ ] hoặc { } mở mà không đóng, hoặc thiếu dấu phẩy.",
    "while parsing a block": "dòng thụt không đều với các dòng cùng nhóm.",
}


def _walk(node: yaml.Node, path: Path) -> Iterator[tuple[Path, int]]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*path, key.value), key.start_mark.line + 1
            yield from _walk(value, (*path, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for place, value in enumerate(node.value):
            yield (*path, place), value.start_mark.line + 1
            yield from _walk(value, (*path, place))
