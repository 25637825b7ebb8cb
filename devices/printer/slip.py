"""The test slip (phiếu in thử): everything a technician must see on paper, and nothing about anybody.

It shows every Vietnamese letter, the four type sizes, the width of the paper, and a QR that a scanner reads back as ``MCX-SLIP
<job>``.
"""

from __future__ import annotations

import unicodedata

from devices.printer.paper import Banner, Block, Gap, Line, Pair, QrBlock, Rule
from devices.printer.profiles import Profile

VOWELS = "aăâeêioôơuưy"
TONES = ("", "\u0300", "\u0301", "\u0309", "\u0303", "\u0323")
SENTENCE = "Bà cụ Nguyễn Thị Mẫu ở Phja Đén gửi giấy chứng sinh, hẹn trả trước mười bảy giờ."


def vietnamese_letters() -> tuple[str, ...]:
    """The 134 letters Vietnamese adds to the Latin alphabet, in NFC: twelve vowels with five tones and six with a hat or horn, đ;
    both cases.
    """
    lower = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES]
    lower = [letter for letter in lower if not letter.isascii()] + ["đ"]
    return tuple(lower) + tuple(letter.upper() for letter in lower)


def test_slip(job: str, profile: Profile, *, address: str, identity: str, when_vi: str) -> tuple[Block, ...]:
    """Blocks of the test slip of ``job`` on a printer of ``profile``."""
    lower = [unicodedata.normalize("NFC", vowel + tone) for vowel in VOWELS for tone in TONES]
    rows = [" ".join(lower[start : start + 12]) for start in range(0, len(lower), 12)]
    return (
        Banner("PHIẾU IN THỬ"),
        Line(job, size="huge", bold=True, align="center"),
        Pair("Giờ in", when_vi),
        Pair("Máy in", identity or "không xưng tên"),
        Pair("Kiểu", profile.title_vi),
        Pair("Địa chỉ", address),
        Pair("Khổ in", f"{profile.width_dots} điểm, {profile.width_dots / profile.dpi * 25.4:.0f} mm"),
        Rule(),
        Line("CHỮ CÁI TIẾNG VIỆT", bold=True, align="center"),
        Line("\n".join([*rows, "đ"]), align="center"),
        Line("\n".join([*(row.upper() for row in rows), "Đ"]), align="center"),
        Rule(),
        Line(SENTENCE, size="small"),
        Line(SENTENCE),
        Line("Cộng hòa xã hội chủ nghĩa Việt Nam", size="large", bold=True, align="center"),
        Gap(2),
        QrBlock(f"MCX-SLIP {job}", "Quét thử mã này. Máy quét phải đọc ra số của phiếu in thử."),
        Rule(),
        Line("Hai đầu gạch ngang phải chạm hai mép vùng in. Chữ nhỏ phải rõ dấu.", size="small", align="center"),
    )
