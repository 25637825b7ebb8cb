"""A declaration that another office receives (CT01, Công an), written out on a slip for the citizen to copy and take along.

Every answered line of the declaration stands under its official label, in order, and nothing it has no line for. Numbers
stand in full: the four digits of VIETNAM.md §3 are for slips that prove a filing, while a masked number could not be copied. Since
that makes it a paper to guard, it says so, and the kiosk keeps no copy of it. Nothing was filed, and the paper says that too.
"""

from __future__ import annotations

from collections.abc import Iterator

from forms.papers import parts
from forms.papers.content import Block, Gap, Line, PaperContent, PaperError, Rule
from forms.papers.facts import PreparedFacts, Value
from forms.papers.kinds import Kind, kind
from forms.papers.wording import moment_vi
from forms.text import nfc


def prepared(facts: PreparedFacts) -> PaperContent:
    """The slip to copy from.

    Raises:
        PaperError: ``unknown_paper``; ``unknown_field`` when a value has no label on the paper.
    """
    found = kind(facts.paper)
    strange = facts.values.keys() - found.labels.keys()
    if strange:
        raise PaperError("unknown_field", f"Giấy «{found.title_vi}» không có mục: {', '.join(sorted(strange))}.")
    return tuple(_blocks(facts, found))


def _blocks(facts: PreparedFacts, found: Kind) -> Iterator[Block]:
    yield Line("BẢN GHI SẴN", "large", bold=True, align="center")
    yield Line(found.title_vi, bold=True, align="center")
    yield Line(f"({found.form_vi})", "small", align="center")
    yield Gap(1)
    yield Line("Chưa nộp: máy không gửi tờ này đi đâu.", bold=True, align="center")
    yield Rule()
    for key in (*found.fields, *found.tables):
        if key in facts.values:
            yield from _answered(found, key, facts.values[key])
    yield Rule()
    if facts.papers:
        yield Line("Giấy tờ mang theo", bold=True)
        yield from parts.numbered(facts.papers, empty="")
        yield Rule()
    yield Line("Việc tiếp theo", bold=True)
    yield Line(f"1. Bà con mang tờ này đến {nfc(facts.receiver_vi)} nơi làm việc này.")
    yield Line("2. Chép vào tờ khai ở đó rồi ký. Ai cần ghi ý kiến thì ghi và ký cùng.")
    yield Gap(2)
    yield Line("Tờ này có số căn cước đầy đủ để bà con chép. Giữ cẩn thận, chép xong thì hủy đi.", "small", bold=True)
    yield Line(f"In tại {nfc(facts.place_vi)}, {moment_vi(facts.made)}. Máy không giữ bản nào.", "small")


def _answered(found: Kind, label: str, value: Value) -> Iterator[Block]:
    """A label with what was answered; the entries of a table one after the other, each column with its label."""
    yield Line(found.labels[label], "small")
    if isinstance(value, str):
        yield Line(nfc(value), bold=True)
        return
    for number, entry in enumerate(value, 1):
        for column in (column for column in found.tables[label] if entry.get(column)):
            yield Line(f"{number}) {found.labels[column]}", "small")
            yield Line(nfc(entry[column]), bold=True)
