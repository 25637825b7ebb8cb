"""Invented citizens for the twin's cards. Their names say that they are samples.

Their numbers follow the rule of the personal number.

They carry what real chips carry, also what the kiosk must not keep (religion, features, parents, spouse), so that tests can
prove it is left out.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from devices.idcard.facts import CardPerson, MrzKey
from devices.idcard.keys import NO_EXPIRY
from devices.idcard.mrz import build_td1, parse_td1


@dataclass(frozen=True, slots=True)
class Citizen:
    """What the issuer knows. Dates ISO; ``birth`` may be a year only; ``expires`` empty for a card without end."""

    number: str
    name: str
    birth: str
    sex: str
    ethnicity: str
    origin: str
    residence: str
    issued: str
    expires: str
    religion: str = "Không"
    features: str = "Sẹo chấm cách 1 cm dưới sau mép trái"
    father: str = "NÔNG VĂN GIẢ"
    mother: str = "LỤC THỊ ĐỊNH"
    spouse: str = ""
    old_number: str = ""
    nationality: str = "Việt Nam"

    @property
    def mrz(self) -> str:
        """The 90 characters on the back."""
        return build_td1(
            number=self.number,
            birth="".join(part or "<<" for part in (self.birth[2:4], self.birth[5:7], self.birth[8:10])),
            sex="F" if self.sex == "Nữ" else "M",
            expiry=_yymmdd(self.expires) if self.expires else NO_EXPIRY,
            name=_ascii(self.name),
        )

    @property
    def key(self) -> MrzKey:
        """What opens the chip."""
        return parse_td1(self.mrz).key

    @property
    def qr_text(self) -> str:
        """The text of the QR on the card's face."""
        birth = "".join(part or "00" for part in (self.birth[8:10], self.birth[5:7], self.birth[:4]))
        issued = self.issued[8:10] + self.issued[5:7] + self.issued[:4]
        return "|".join((self.number, self.old_number, self.name, birth, self.sex, self.residence, issued))

    @property
    def person(self) -> CardPerson:
        """What a faithful reading of the chip gives."""
        return CardPerson(
            number=self.number,
            name=self.name,
            birth=self.birth,
            sex=self.sex,
            nationality=self.nationality,
            ethnicity=self.ethnicity,
            origin=self.origin,
            residence=self.residence,
            issued=self.issued,
            expires=self.expires,
            old_number=self.old_number,
            source="chip",
            mrz_name=parse_td1(self.mrz).name,
        )


def _yymmdd(iso: str) -> str:
    return iso[2:].replace("-", "")


def _ascii(name: str) -> str:
    plain = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    return plain.replace("Đ", "D").replace("đ", "d").upper()


SAMPLES = (
    Citizen(
        number="004190000001",
        name="NÔNG THỊ MẪU",
        birth="1990-02-01",
        sex="Nữ",
        ethnicity="Tày",
        origin="Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
        residence="Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
        issued="2021-04-15",
        expires="2030-02-01",
        spouse="HOÀNG VĂN VÍ DỤ",
        old_number="080000001",
    ),
    Citizen(
        number="004087000002",
        name="HOÀNG VĂN VÍ DỤ",
        birth="1987-07-20",
        sex="Nam",
        ethnicity="Nùng",
        origin="Xóm Thử, Chí Thảo, Quảng Hòa, Cao Bằng",
        residence="Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
        issued="2022-01-10",
        expires="2027-07-20",
        spouse="NÔNG THỊ MẪU",
    ),
    Citizen(
        number="004050000003",
        name="BẾ VĂN THỬ",
        birth="1950",
        sex="Nam",
        ethnicity="Mông",
        religion="Tin lành",
        origin="Xóm Thử, Yên Sơn, Hà Quảng, Cao Bằng",
        residence="Xóm Thử, Yên Sơn, Hà Quảng, Cao Bằng",
        issued="2021-05-05",
        expires="",
    ),
)
"""A woman of 36, her husband, and an old man whose papers know only the year of his birth and whose card has no end."""

CHILD = Citizen(
    number="004217000004",
    name="NÔNG MINH THÍ DỤ",
    birth="2017-09-05",
    sex="Nam",
    ethnicity="Tày",
    origin="Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
    residence="Xóm Mẫu, Vĩnh Quang, Thành phố Cao Bằng, Cao Bằng",
    issued="2024-08-01",
    expires="2031-09-05",
)
"""A child: the card runs to the fourteenth birthday."""

PAST_SIXTY = Citizen(
    number="004155000005",
    name="LỤC THỊ ĐỊNH MẪU",
    birth="1955-03-10",
    sex="Nữ",
    ethnicity="Nùng",
    origin="Xóm Thử, Chí Thảo, Quảng Hòa, Cao Bằng",
    residence="Xóm Thử, Chí Thảo, Quảng Hòa, Cao Bằng",
    issued="2021-07-01",
    expires="",
    old_number="080000005",
)
"""A card without end."""

ONE_NAME = Citizen(
    number="004098000006",
    name="MẪU",
    birth="1998-11-20",
    sex="Nam",
    ethnicity="Mông",
    origin="Xóm Thử, Yên Sơn, Hà Quảng, Cao Bằng",
    residence="Xóm Thử, Yên Sơn, Hà Quảng, Cao Bằng",
    issued="2022-03-03",
    expires="2038-11-20",
)
"""A name of one word."""

LONG_NAME = Citizen(
    number="004192000007",
    name="CÔNG TẰNG TÔN NỮ HOÀNG THỊ NGỌC MẪU VÍ DỤ THỬ NGHIỆM",
    birth="1992-12-31",
    sex="Nữ",
    ethnicity="Kinh",
    origin="Phường Mẫu, Thành phố Cao Bằng, Cao Bằng",
    residence="Tổ 3, Phường Mẫu, Thành phố Cao Bằng, Cao Bằng",
    issued="2021-12-31",
    expires="2032-12-31",
)
"""A name that the MRZ has no room for."""

FORMER_DISTRICT = Citizen(
    number="004179000008",
    name="ĐÀM THỊ THỬ",
    birth="1979-08-15",
    sex="Nữ",
    ethnicity="Dao",
    origin="Xã Mẫu, Huyện Thông Nông, Tỉnh Cao Bằng",
    residence="Xóm Thử, TT. Thông Nông, H. Thông Nông, T. Cao Bằng",
    issued="2021-02-02",
    expires="2039-08-15",
)
"""An address in a district that is no more, written in short forms."""

LEAP_DAY = Citizen(
    number="004096000009",
    name="TRIỆU VĂN MẪU",
    birth="1996-02-29",
    sex="Nam",
    ethnicity="Dao",
    origin="Xóm Thử, Phan Thanh, Nguyên Bình, Cao Bằng",
    residence="Xóm Thử, Phan Thanh, Nguyên Bình, Cao Bằng",
    issued="2021-06-06",
    expires="2036-02-29",
)
"""Born on 29 February."""

MONTH_KNOWN = Citizen(
    number="004148000010",
    name="HOÀNG THỊ THÍ DỤ",
    birth="1948-06",
    sex="Nữ",
    ethnicity="Nùng",
    origin="Xóm Mẫu, Cai Bộ, Quảng Hòa, Cao Bằng",
    residence="Xóm Mẫu, Cai Bộ, Quảng Hòa, Cao Bằng",
    issued="2021-05-05",
    expires="",
)
"""Her papers know the month of her birth, not the day."""

PEOPLE = (*SAMPLES, CHILD, PAST_SIXTY, ONE_NAME, LONG_NAME, FORMER_DISTRICT, LEAP_DAY, MONTH_KNOWN)
"""Everybody whose card is in the trainer's box. All invented."""
