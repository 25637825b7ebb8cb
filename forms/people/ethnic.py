"""Ethnic groups (dân tộc): which of the 54 a written name means.

People, papers and portals write one group in several ways («Mông», «Hmông», «H'Mông», «Mông (Hmông)») and some papers name a
subgroup («Cao Lan» of Sán Chay). The code is found for reports; what the citizen's paper says is kept as it is, because
civil-status papers repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from forms.text import fold, nfc


@dataclass(frozen=True, slots=True)
class EthnicGroup:
    """A group by its statistical code, text of two digits («08», «Hmông»)."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class EthnicName:
    """A name as written, the group it means, and the subgroup it names, else ''."""

    written: str
    group: EthnicGroup
    subgroup: str = ""


def groups() -> Sequence[EthnicGroup]:
    """All groups in order of code; the last stands for foreigners."""
    return tuple(EthnicGroup(code, name) for code, name in _data()["groups"].items())


def groups_here() -> Sequence[EthnicGroup]:
    """The groups that live in Cao Bằng, most numerous first."""
    by_code = {group.code: group for group in groups()}
    return tuple(by_code[code] for code in _data()["here"])


def read_ethnic(text: str) -> EthnicName | None:
    """The group a written name means, in any spelling, case or accent; ``None`` when no group is called so."""
    written = nfc(text)
    outside, _, inside = written.partition("(")
    for name in (written, outside, inside):
        found = _names().get(_key(name))
        if found is not None:
            return EthnicName(written, *found)
    return None


def _key(name: str) -> str:
    return "".join(char for char in fold(name).removeprefix("dan toc ") if char.isalnum())


@cache
def _names() -> Mapping[str, tuple[EthnicGroup, str]]:
    return {_key(name): (group, subgroup) for name, group, subgroup in _spelt()}


def _spelt() -> Iterator[tuple[str, EthnicGroup, str]]:
    for group in groups():
        yield group.name, group, ""
        for name in _data()["spellings"].get(group.name, ()):
            yield name, group, ""
        for name in _data()["subgroups"].get(group.name, ()):
            yield name, group, name


@cache
def _data() -> Mapping[str, Any]:
    data: Mapping[str, Any] = json.loads(resources.files("forms").joinpath("data/ethnic_groups.json").read_text("utf-8"))
    return data
