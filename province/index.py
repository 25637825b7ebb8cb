"""The row of a dossier in the index: what lists, searches and look-ups read, each column told by one field.

Contents come from devices and may be of any shape: what does not fit a column is shown empty, never an error. A row is changed in
memory and written with many others, past Django's model instances (:mod:`province.rows`).
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any, Final

from forms.codes import check_code
from forms.dossier import STATUS_NAMES, Status
from forms.text import fold, nfc
from province.models import DossierIndex
from province.rows import insert, select
from sync.envelope import write

_KEY_ALIASES: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_SIGN: Final = "[0-9A-HJKMNP-TV-Z]"
_NORMAL: Final = re.compile(rf"(?!TAM)[0-9A-Z.-]{{1,64}}|TAM-{_SIGN}{{1,12}}-[0-9]{{6}}-[0-9]{{4,9}}{_SIGN}")
"""Nearly every official code, and a provisional one as it is printed; any other is looked at closely."""
NO_UNIT: Final = "no_unit"
"""Reason in ``DossierIndex.code_missing``: the commune's identifier code is not configured."""


@dataclass(slots=True)
class Indexed:
    """A row of :class:`province.models.DossierIndex`, the columns in its order."""

    commune: str
    dossier: str
    code: str = ""
    official_code: str = ""
    code_missing: str = ""
    key_hash: bytes = b""
    procedure: str = ""
    name: str = ""
    folded: str = ""
    status: int = 0
    steps: dict[str, str] = field(default_factory=dict)
    filed_at: str = ""
    received_at: str = ""
    due: str = ""
    seq: int = 0
    dropped: bool = False
    changed_ms: int = 0


_NAMES: Final = tuple(column.attname for column in DossierIndex._meta.concrete_fields if not column.primary_key)
_VALUES: Final = attrgetter(*_NAMES)
_STEPS: Final = _NAMES.index("steps")
"""The one column that is not kept as it stands in its row: JSON there, a mapping here."""


def read_indexed(commune: str, dossiers: Sequence[str]) -> Iterator[Indexed]:
    """The rows of these dossiers, read together; a fresh one for each that nobody has written of."""
    rows = select(DossierIndex, _NAMES, "dossier", dossiers, commune=commune)
    told = {row[1]: Indexed(*row[:_STEPS], *[json.loads(row[_STEPS])], *row[_STEPS + 1 :]) for row in rows}
    return (told.get(dossier) or Indexed(commune, dossier) for dossier in dossiers)


def write_indexed(rows: Iterable[Indexed]) -> None:
    """Write rows, new or known."""
    told = [(*one[:_STEPS], write(one[_STEPS]), *one[_STEPS + 1 :]) for one in map(_VALUES, rows)]
    insert(DossierIndex, _NAMES, told, key=("commune", "dossier"))


def normal_code(text: str) -> str:
    """A dossier code as it is looked up: case, spaces and kinds of dash do not matter. At most 64 signs are read."""
    return text if _NORMAL.fullmatch(text) else check_code(text[:64]).normalised[:64]


def normal_key(text: str) -> str:
    """A look-up key as it is compared: case, spaces and dashes do not matter, I, L, O, U read as in the code."""
    plain = unicodedata.normalize("NFKC", text[:64]).upper().translate(_KEY_ALIASES)
    return (plain if plain.isalnum() else "".join(sign for sign in plain if sign.isalnum())).lower()


def key_hash(key: str) -> bytes:
    """SHA-256 of the normal key: 64 random bits need no slow hash."""
    return hashlib.sha256(normal_key(key).encode("utf-8", "replace")).digest()


def shown(value: Any) -> str:
    """A value from a device as text that any database takes: no control characters, no lone surrogates; not text = empty."""
    if not isinstance(value, str):
        return ""
    return nfc(value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8"))


def applicant_name(applicant: Any) -> str:
    """Name in the ``applicant`` field, or empty."""
    if isinstance(applicant, Mapping):
        for key in ("name", "full_name"):
            if isinstance(applicant.get(key), str):
                return nfc(applicant[key])
    return ""


def _code(row: Indexed, values: Mapping[str, Any]) -> None:
    row.code = normal_code(shown(values["code"]))


def _official_code(row: Indexed, values: Mapping[str, Any]) -> None:
    row.official_code, row.code_missing = normal_code(shown(values["official_code"])), ""


def _key(row: Indexed, values: Mapping[str, Any]) -> None:
    text = shown(values["key"])
    row.key_hash = key_hash(text) if text else b""


def _procedure(row: Indexed, values: Mapping[str, Any]) -> None:
    row.procedure = shown(values["procedure"])[:64]


def _applicant(row: Indexed, values: Mapping[str, Any]) -> None:
    row.name = applicant_name(values["applicant"])[:200]
    row.folded = fold(row.name)[:200]


def _status(row: Indexed, values: Mapping[str, Any]) -> None:
    status = values["status"]
    row.status = status if isinstance(status, int) and status in STATUS_NAMES else 0
    if row.status == Status.ACCEPTED and not row.official_code and "official_code" not in values:
        row.code_missing = NO_UNIT
    _entered(row, values.get("status_at"))


def _status_at(row: Indexed, values: Mapping[str, Any]) -> None:
    if "status" not in values:
        _entered(row, values["status_at"])


def _entered(row: Indexed, at: Any) -> None:
    if at is not None:
        row.steps[str(row.status)] = shown(at)[:40]


def _filed_at(row: Indexed, values: Mapping[str, Any]) -> None:
    row.filed_at = shown(values["filed_at"])[:40]


def _received_at(row: Indexed, values: Mapping[str, Any]) -> None:
    row.received_at = shown(values["province_received_at"])[:40]


def _due(row: Indexed, values: Mapping[str, Any]) -> None:
    row.due = shown(values["due"] if "due" in values else values["receipt.due"])[:40]


COLUMNS: Final[Mapping[str, Callable[[Indexed, Mapping[str, Any]], None]]] = {
    "code": _code,
    "official_code": _official_code,
    "key": _key,
    "procedure": _procedure,
    "applicant": _applicant,
    "status": _status,
    "status_at": _status_at,
    "filed_at": _filed_at,
    "province_received_at": _received_at,
    "receipt.due": _due,
    "due": _due,
}
"""Field -> what the values of an entry that has it do to the row, whatever their order."""
