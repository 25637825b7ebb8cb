"""VietQR: the text of a payment QR any Vietnamese banking app reads (the NAPAS profile of the EMVCo merchant code).

Every field is two digits of tag, two of length, then the value; a CRC-16/CCITT-FALSE over all before it, its own tag and length
included, closes the text. The purpose carries a short reference in plain ASCII, 25 characters at most, so never a full dossier
code. A QR proves nothing: whether the money came is told by an official or the bank's statement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from forms.text import fold

PURPOSE_MAX: Final = 25
"""Characters of the purpose that every bank keeps."""

_NAPAS: Final = "A000000727"
_SERVICES: Final = {"account": "QRIBFTTA", "card": "QRIBFTTC"}


class TransferError(ValueError):
    """The facts make no payment QR. ``code`` is ``bad_transfer``."""

    code = "bad_transfer"
    cure_vi = "Kỹ thuật xem lại tài khoản nhận tiền trong cấu hình."

    def __init__(self, message_vi: str) -> None:
        super().__init__(f"{self.code}: {message_vi}")
        self.message_vi = message_vi


@dataclass(frozen=True, slots=True)
class Transfer:
    """To whom and how much; ``amount_vnd`` ``None`` lets the payer type it. ``once``: not to be paid a second time.

    Raises:
        TransferError: a bank number (BIN) that is not 6 digits, an account of another shape, an amount below 1 đồng, a purpose
            that is too long or not plain ASCII (see :func:`purpose`).
    """

    bank: str
    account: str
    amount_vnd: int | None
    purpose: str
    service: Literal["account", "card"] = "account"
    once: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[0-9]{6}", self.bank):
            raise TransferError(f"Mã ngân hàng phải có 6 chữ số, không phải «{self.bank}».")
        if not re.fullmatch(r"[0-9A-Z]{1,19}", self.account):
            raise TransferError("Số tài khoản chỉ gồm 1 đến 19 chữ số hoặc chữ in hoa.")
        if self.amount_vnd is not None and not 1 <= self.amount_vnd < 10**13:
            raise TransferError(f"Số tiền phải từ 1 đồng, không phải {self.amount_vnd}.")
        if not re.fullmatch(rf"[A-Za-z0-9 .\-]{{0,{PURPOSE_MAX}}}", self.purpose):
            raise TransferError(f"Nội dung chuyển khoản dài quá {PURPOSE_MAX} ký tự hoặc có dấu.")


def purpose(text: str) -> str:
    """A purpose banks accept: no accents, upper case, letters, digits, spaces, «.» and «-» only, cut to 25 characters."""
    kept = re.sub(r"[^A-Z0-9 .\-]", "", fold(text).upper())
    return " ".join(kept.split())[:PURPOSE_MAX].strip()


def payload(transfer: Transfer) -> str:
    """The text to draw as a QR code (error level M)."""
    beneficiary = _field("00", transfer.bank) + _field("01", transfer.account)
    merchant = _field("00", _NAPAS) + _field("01", beneficiary) + _field("02", _SERVICES[transfer.service])
    parts = [_field("00", "01"), _field("01", "12" if transfer.once else "11"), _field("38", merchant), _field("53", "704")]
    if transfer.amount_vnd is not None:
        parts.append(_field("54", str(transfer.amount_vnd)))
    parts.append(_field("58", "VN"))
    if transfer.purpose:
        parts.append(_field("62", _field("08", transfer.purpose)))
    text = "".join(parts) + "6304"
    return text + crc(text)


def crc(text: str) -> str:
    """CRC-16/CCITT-FALSE of ASCII text as four upper-case hexadecimal digits."""
    register = 0xFFFF
    for byte in text.encode("ascii"):
        register ^= byte << 8
        for _ in range(8):
            register = register << 1 ^ (0x11021 if register & 0x8000 else 0)
    return f"{register:04X}"


def _field(tag: str, value: str) -> str:
    return f"{tag}{len(value):02d}{value}"
