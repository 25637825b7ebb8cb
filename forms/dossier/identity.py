"""How the applicant was identified at the kiosk (cách kiểm tra danh tính), as a small text of codes that travels in the filing.

``source/verdict/clone/access/reason``, empty ends left off: ``typed``, ``qr``, ``chip/issuer_trusted/active/pace-mrz``. The codes
are those of the card reader; nothing in them is personal. They are kept for life and read by machines older and newer than the
one that wrote them, so a code that is not known here is shown as it stands, never dropped and never an error. Only ``chip`` with a
verdict proves anything about a card; a chip that was found false is told also when the citizen then went on another way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass
from typing import Final

_SOURCES: Final[Mapping[str, str]] = {
    "chip": "Đọc chíp",
    "qr": "Quét mã QR",
    "typed": "Tự gõ",
}
_VERDICTS: Final[Mapping[str, str]] = {
    "issuer_trusted": "dữ liệu nguyên vẹn, do cơ quan cấp ký",
    "intact_issuer_unchecked": "dữ liệu nguyên vẹn, chưa kiểm tra cơ quan cấp",
    "not_checked": "chưa kiểm tra dữ liệu",
    "not_genuine": "CHÍP KHÔNG THẬT, cán bộ xem thẻ",
}
_CLONES: Final[Mapping[str, str]] = {
    "active": "không phải bản sao",
    "chip": "không phải bản sao",
    "none": "chưa kiểm tra bản sao",
}
_UNVOUCHED: Final = "chưa chắc là chíp gốc"
"""A chip proved to hold its key, and nobody known has signed that key: a home-made chip gets as far."""
_TRUSTED: Final = "issuer_trusted"
_DOUBTS: Final[Mapping[str, str]] = {
    "proof_withheld": "giấu phần chống sao chép",
    "proof_refused": "không chịu thử bản sao",
    "proof_unusable": "không thử được bản sao",
    "data_withheld": "chíp giấu thông tin đã ký",
}
"""Reasons that say more than whether a proof was made. Short: with the longest verdict they still fit the official's line."""
_FALSE: Final = "not_genuine"
_LONGEST: Final = 40
"""Letters shown of a code that is not known here."""


@dataclass(frozen=True, slots=True)
class IdentityCheck:
    """``source``: where the person's data comes from; the rest is what was found out about the chip, empty when none was read."""

    source: str
    verdict: str = ""
    clone: str = ""
    access: str = ""
    reason: str = ""

    @property
    def code(self) -> str:
        """As it stands in the filing."""
        return "/".join(astuple(self)).rstrip("/")

    @classmethod
    def read(cls, code: str) -> IdentityCheck:
        """The check in a code; parts that a newer version may have added behind are left out."""
        return cls(*code.split("/")[:5])

    @property
    def told_vi(self) -> str:
        """For the official who sees the citizen: one line, worst first. Empty when nothing was written down."""
        if not self.source:
            return ""
        source = _word(_SOURCES, self.source)
        if not self.verdict:
            return f"{source}, chưa kiểm tra thẻ" if self.source in ("qr", "typed") else source
        found = [_word(_VERDICTS, self.verdict)]
        if self.verdict == _FALSE:
            reason = f" [{self.reason[:_LONGEST]}]" if self.reason else ""
            return f"{found[0]}{reason}. {source}"
        if self.clone:
            found.append(_DOUBTS.get(self.reason) or self._clone_vi)
        return f"{source}: {'; '.join(found)}"

    @property
    def _clone_vi(self) -> str:
        """Proofs that it is no copy are worth what the issuer's signature under the chip's key is."""
        if self.clone in ("active", "chip") and self.verdict != _TRUSTED:
            return _UNVOUCHED
        return _word(_CLONES, self.clone)


def _word(known: Mapping[str, str], code: str) -> str:
    return known.get(code, f"«{code[:_LONGEST]}»")
