"""The trainer's card box: invented people's cards, cards that open in other ways, cards that fail, and cards that are false.

Each has a short name, a sentence for the trainer, and what an honest reading of it ends in. ``device box lay NAME`` puts one on a
virtual reader; the tests read every one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from asn1crypto import pem

from devices.idcard import security_infos
from devices.idcard.pace_offers import offer
from devices.idcard.twin.chip import ChipTwin, Faults, Profile, shared_issuer
from devices.idcard.twin.forgeries import FORGERIES, ForgedIssuer
from devices.idcard.twin.issuer import KINDS, TwinIssuer
from devices.idcard.twin.people import (
    CHILD,
    FORMER_DISTRICT,
    LEAP_DAY,
    LONG_NAME,
    MONTH_KNOWN,
    ONE_NAME,
    PAST_SIXTY,
    SAMPLES,
    Citizen,
)

WOMAN, MAN, OLD = SAMPLES


@dataclass(frozen=True, slots=True)
class BoxCard:
    """A card of the box. ``ends``: ``read``, the code of the failure, or ``not_genuine``."""

    what_vi: str
    make: Callable[[], ChipTwin]
    ends: str = "read"


def _of(citizen: Citizen) -> Callable[[], ChipTwin]:
    return lambda: ChipTwin(citizen)


def _kind(profile: Profile) -> Callable[[], ChipTwin]:
    return lambda: ChipTwin(WOMAN, profile=profile)


def _failing(faults: Callable[[], Faults]) -> Callable[[], ChipTwin]:
    return lambda: ChipTwin(WOMAN, faults=faults(), profile=Profile(active="ecdsa-p256"))


def _forged(name: str) -> Callable[[], ChipTwin]:
    return lambda: ChipTwin(WOMAN, issuer=ForgedIssuer(name, shared_issuer()))


def _issued(kind: str) -> Callable[[], ChipTwin]:
    return lambda: ChipTwin(WOMAN, issuer=TwinIssuer(KINDS[kind]))


def trust_pem() -> bytes:
    """What a training machine installs to trust the box's sound cards; no machine of citizens may.

    Cards signed with RSA stay unknown to it: the card of an issuer that is not installed.
    """
    issuers = (shared_issuer(), TwinIssuer(KINDS["brainpoolP384r1 explicit"]))
    return b"".join(one.csca_pem + pem.armor("X509 CRL", one.crl) for one in issuers)


_GENERIC, _INTEGRATED, _CHIP = (f"{security_infos.PACE}.{kind}" for kind in (2, 4, 6))
_P256, _BRAINPOOL = 12, 13
_AES128 = 2

CARDS: Final[Mapping[str, BoxCard]] = {
    "mau": BoxCard("Phụ nữ 36 tuổi, thẻ thường", _of(WOMAN)),
    "chong": BoxCard("Chồng bà Mẫu, thẻ thường", _of(MAN)),
    "gia-nam-sinh": BoxCard("Cụ ông chỉ biết năm sinh, thẻ không thời hạn", _of(OLD)),
    "gia-thang-sinh": BoxCard("Cụ bà chỉ biết tháng và năm sinh, thẻ không thời hạn", _of(MONTH_KNOWN)),
    "khong-thoi-han": BoxCard("Bà trên 60 tuổi, thẻ không thời hạn", _of(PAST_SIXTY)),
    "tre-em": BoxCard("Trẻ sinh năm 2017, thẻ có giá trị đến 14 tuổi", _of(CHILD)),
    "mot-chu": BoxCard("Tên chỉ có một chữ", _of(ONE_NAME)),
    "ten-dai": BoxCard("Tên dài hơn chỗ trong vùng MRZ", _of(LONG_NAME)),
    "huyen-cu": BoxCard("Địa chỉ ở huyện nay không còn, viết tắt", _of(FORMER_DISTRICT)),
    "nhuan": BoxCard("Sinh ngày 29 tháng 2", _of(LEAP_DAY)),
    "pace": BoxCard("Mở bằng PACE, vẫn mở được bằng BAC", _kind(Profile(pace=(offer(f"{_GENERIC}.{_AES128}", _BRAINPOOL),)))),
    "chi-pace": BoxCard("Chỉ mở bằng PACE", _kind(Profile(pace=(offer(f"{_GENERIC}.{_AES128}", _P256),), bac=False))),
    "pace-cam": BoxCard("PACE có chứng minh chíp thật (CAM)", _kind(Profile(pace=(offer(f"{_CHIP}.{_AES128}", _BRAINPOOL),)))),
    "pace-do": BoxCard(
        "Báo có PACE nhưng từ chối giữa chừng",
        _kind(Profile(pace=(offer(f"{_GENERIC}.{_AES128}", _P256),), pace_refusal=(2, 0x6982))),
    ),
    "tu-choi-cardaccess": BoxCard("Từ chối đọc EF.CardAccess (6982)", _kind(Profile(card_access_sw=0x6982))),
    "anh-lon": BoxCard("Ảnh 40 KB, dài hơn 32.767 byte", _kind(Profile(face_bytes=40_000))),
    "anh-jpeg2000": BoxCard("Ảnh JPEG 2000", _kind(Profile(face="jpeg2000"))),
    "dg13-khac": BoxCard("DG13 gói theo cách khác", _kind(Profile(dg13="oid"))),
    "chong-sao-chep-aa": BoxCard("Chứng minh không phải bản sao bằng RSA (AA)", _kind(Profile(active="rsa"))),
    "chong-sao-chep-ca": BoxCard("Chứng minh không phải bản sao bằng CA", _kind(Profile(chip_auth="aes-128"))),
    "ky-rsa": BoxCard("Cơ quan cấp ký bằng RSA-PSS", _issued("RSA-PSS")),
    "ky-brainpool": BoxCard("Cơ quan cấp ghi tham số đường cong đầy đủ", _issued("brainpoolP384r1 explicit")),
    "cham": BoxCard("Thẻ chậm, 20 ms mỗi lệnh", _failing(lambda: Faults(delay_s=0.02))),
    "chap-chon": BoxCard("Một lần đọc sai bit, lần sau đọc được", _failing(lambda: Faults(flip_in=9))),
    "im-lang": BoxCard("Đang đọc thì thẻ không trả lời", _failing(lambda: Faults(mute_after=9)), "card_mute"),
    "nhac-som": BoxCard("Thẻ bị nhấc lên giữa chừng", _failing(lambda: Faults(lift_after=9)), "card_removed"),
    "hong": BoxCard("Chíp hỏng, từ chối mọi lệnh", _failing(lambda: Faults(answer_with=0x6F00)), "chip_unreadable"),
    "the-khac": BoxCard("Thẻ không phải căn cước", ChipTwin.foreign, "not_cccd"),
    "gia-sua-dia-chi": BoxCard("Thẻ giả: dữ liệu bị sửa sau khi ký", _failing(lambda: Faults(tamper_dg13=True)), "not_genuine"),
    "gia-tu-ky": BoxCard("Thẻ giả: tự ký bằng khóa khác", _forged("signed with another key"), "not_genuine"),
    "gia-muon-chu-ky": BoxCard("Thẻ giả: mượn chữ ký của thẻ khác", _forged("security object of another card"), "not_genuine"),
    "gia-khong-ky": BoxCard("Thẻ giả: không có tệp chữ ký", _kind(Profile(sod=False)), "not_genuine"),
    "sao-chep": BoxCard("Thẻ sao chép: đủ dữ liệu, thiếu khóa riêng", _failing(lambda: Faults(cloned=True)), "not_genuine"),
}
"""The cards by name."""

assert set(FORGERIES) >= {"signed with another key", "security object of another card"}
