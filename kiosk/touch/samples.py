"""Services with invented content, for the gallery only: every screen can be drawn with no store, no devices and no clock.

People, places and codes are made up and say so (MẪU). Time stands still. What a scene needs to differ (no line, paper out, a card
that fails) is a plain attribute. Nothing is remembered from one scene to the next: make a new one for each.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from PIL import Image, ImageDraw, ImageFilter

from devices.barcode import Preview
from devices.idcard import CardPerson, CardState
from forms.dossier import STATUS_NAMES, Person
from forms.dossier.identity import IdentityCheck
from forms.procedures.catalogue import load_catalogue
from forms.procedures.menu import Group, ServiceTile
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk.services import (
    ASKED,
    Accepted,
    CardHints,
    Detail,
    DeviceFact,
    Filed,
    Identified,
    LineState,
    MachineFact,
    Official,
    Place,
    Prepared,
    PrintFact,
    Refused,
    Review,
    Row,
    Tab,
    Waiting,
)

BIRTH = "1.001193"
TODAY = date(2026, 11, 23)
CODE = "TAM-01-261123-0042K"
CHECKED_VI = IdentityCheck.read("chip/intact_issuer_unchecked/active/pace-mrz/issuer_not_installed").told_vi

CARD = CardPerson(
    number="004198000001",
    name="LÝ THỊ MẪU",
    birth="1998-03-12",
    sex="Nữ",
    nationality="Việt Nam",
    ethnicity="Nùng",
    origin="Bản Mẫu, Cao Bằng",
    residence="Xóm Nà Mẫu, xã Bản Mẫu, tỉnh Cao Bằng",
    issued="2024-08-15",
    expires="2038-03-12",
    source="qr",
)


def eye() -> Preview:
    """What a camera might see: a room in soft grey, and nobody's card, whose code is none."""
    seen = Image.linear_gradient("L").resize((480, 270)).point(lambda grey: 70 + grey // 4)
    card = Image.new("L", (250, 158), 215)
    pen = ImageDraw.Draw(card)
    pen.rectangle((14, 70, 70, 140), fill=120)
    for row, width in enumerate((90, 70, 84, 60)):
        pen.rectangle((84, 74 + row * 18, 84 + width, 79 + row * 18), fill=110)
    rng = random.Random(3)
    for place in range(121):
        x, y = 172 + place % 11 * 6, 14 + place // 11 * 6
        pen.rectangle((x, y, x + 5, y + 5), fill=rng.choice((30, 215)))
    turned = card.rotate(-7, Image.Resampling.BICUBIC, expand=True)
    mask = Image.new("L", card.size, 255).rotate(-7, Image.Resampling.BICUBIC, expand=True)
    seen.paste(turned, (28, 74), mask)
    return Preview(480, 270, seen.filter(ImageFilter.GaussianBlur(1.2)).tobytes())


class Still:
    """A scheduler whose time stands still until told."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def call_soon(self, act: Callable[[], None]) -> None:
        act()

    def call_later(self, seconds: float, act: Callable[[], None]) -> Still:
        return self

    def cancel(self) -> None:
        """Nothing runs anyway."""

    def pass_by(self, seconds: float) -> None:
        self._now += seconds


def _row(number: int, name: str, what: str, when: str, due: str, kind: Any, status: int) -> Row:
    code = f"TAM-01-261123-{number:04d}" if status == 1 else f"H14.99.99-261123-{number:04d}"
    return Row(f"d{number}", f"{number:04d}", code, name, what, when, due, kind, status, STATUS_NAMES[status], status != 1)


ROWS = (
    _row(42, "NÔNG THỊ MẪU", "Đăng ký khai sinh", "08:15", "", "none", 1),
    _row(41, "HOÀNG VĂN MẪU", "Chứng thực 3 bản sao", "08:02", "", "none", 1),
    _row(39, "SÙNG A MẪU", "Xác nhận hộ nghèo", "13/11", "Quá 1 ngày", "late", 5),
    _row(36, "TRIỆU MÙI MẪU", "Trợ cấp người cao tuổi", "20/11", "Còn 6 ngày", "later", 4),
    _row(35, "LÝ SEO MẪU", "Biến động đất đai", "19/11", "Còn 9 ngày", "later", 4),
    _row(31, "VỪ THỊ MẪU", "Đăng ký kết hôn", "18/11", "17:00 hôm nay", "today", 9),
    _row(30, "BẾ ÍCH MẪU", "Xác nhận cư trú", "18/11", "Còn 2 ngày", "soon", 4),
)

DEVICES = (
    DeviceFact("printer", "Máy in phiếu", "print", "warning", "Sắp hết giấy", "Chuẩn bị cuộn giấy 80 mm."),
    DeviceFact("reader", "Đầu đọc thẻ căn cước", "contactless", "ok", "Sẵn sàng · 3 lượt hôm nay", ""),
    DeviceFact("barcode", "Đầu quét mã QR", "qr_code_scanner", "broken", "Mất kết nối từ 07:52", "Cắm lại dây của đầu quét."),
    DeviceFact("clock", "Đồng hồ máy", "schedule", "ok", "Đúng giờ", ""),
    DeviceFact("line", "Mạng và gửi hồ sơ", "cloud_upload", "warning", "Mất mạng – 4 hồ sơ chờ gửi", "Máy tự gửi khi có mạng."),
)


REVIEWS = (
    Review(
        7,
        "d36",
        "H14.99.99-261123-0036",
        "Ghi Nơi trả kết quả",
        "hai bên sửa mà chưa thấy của nhau",
        "Trung tâm Phục vụ hành chính công xã Bản Mẫu",
        "Bưu điện xã Bản Mẫu",
        "text",
    ),
    Review(
        9,
        "d41",
        "TAM-01-261123-0041",
        "tiếp nhận, hẹn trả 17:00 ngày 23/11/2026",
        "hồ sơ đã được tiếp nhận trước đó",
        "",
        "",
        "again",
    ),
)

QUEUE = (
    Waiting(
        "TAM-01-261123-0042",
        "2 việc",
        "08:15, thứ Hai 23/11/2026",
        3,
        "Mạng yêu cầu đăng nhập.",
        "thử lại sau 2 phút",
        True,
    ),
    Waiting("TAM-01-261123-0041", "1 việc", "08:02, thứ Hai 23/11/2026", 4, "", "", False),
    Waiting("Bản quét", "giấy chứng sinh, 34 %", "07:55, thứ Hai 23/11/2026", 1, "", "", False),
)


class SampleServices:
    """``kiosk.services.Services`` made of samples."""

    def __init__(self) -> None:
        self.scheduler = Still()
        self.offline = False
        self.paper = PrintFact("printing", "Đang in phiếu…")
        self.sentences: tuple[str, ...] = ()
        self.scanned: Refused | None = None
        self.card: CardState | None = None
        self.calls: list[tuple[str, str]] = []
        self.open_reviews: list[Review] = []
        self.queue: Sequence[Waiting] = QUEUE

    def place(self) -> Place:
        return Place("Ủy ban nhân dân xã Bản Mẫu", "Tỉnh Cao Bằng", "Máy số 1", "0206 000 000", "0.1.0")

    def clock_vi(self) -> tuple[str, str]:
        return "Thứ Hai, 23/11/2026", "08:15"

    def tiles(self) -> Sequence[ServiceTile]:
        return load_catalogue().services(TODAY, ASKED)

    def search(self, words: str) -> Sequence[ServiceTile]:
        return load_catalogue().search(words, TODAY, ASKED)

    def groups(self) -> Sequence[Group]:
        return load_catalogue().groups()

    def in_group(self, group: str) -> Sequence[ServiceTile]:
        return load_catalogue().in_group(group, TODAY, ASKED)

    def procedure(self, code: str) -> Procedure:
        return load_catalogue().shown(code, TODAY)

    def line(self) -> LineState:
        if self.offline:
            return LineState(False, "07:40", 4, 0, "Mất mạng từ 07:40 – 4 hồ sơ chờ gửi")
        return LineState(True, "", 0, 0, "")

    def can_file(self) -> None:
        """Always."""

    def troubles(self) -> Sequence[str]:
        return self.sentences

    def open_form(self, procedure: str) -> FormSession:
        session = FormSession(self.procedure(procedure).form, today=TODAY)
        session.prefill({"procedure.code": procedure})
        return session

    def watch_barcode(
        self,
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
        on_preview: Callable[[Preview], None],
    ) -> Still:
        if self.scanned is not None:
            on_refused(self.scanned)
        return self.scheduler

    def watch_text(self, on_text: Callable[[str], None]) -> Still:
        return self.scheduler

    def read_card(self, known: CardHints, on_state: Callable[[CardState], None]) -> Still:
        if self.card is not None:
            on_state(self.card)
        return self.scheduler

    compare_card = read_card

    def can_place_vi(self) -> str:
        return "góc dưới, mặt trước thẻ"

    def submit(self, procedure: Procedure, session: FormSession, card: Identified | None) -> Filed:
        return Filed(
            "d42",
            CODE,
            "Đăng ký khai sinh",
            "Nông Thị Mẫu",
            "08:15, thứ Hai 23/11/2026",
            "Bà con mang giấy tờ đến quầy. Cán bộ xem và hẹn ngày trả.",
            f"https://motcua.example/h/{CODE}?k=ABCDEFGHJKMNP",
            1,
        )

    def prepare(self, procedure: Procedure, session: FormSession) -> Prepared:
        return Prepared(procedure.short_vi, "Bà con mang tờ này đến Công an xã, phường nơi làm việc này. Máy không nộp thay.", 1)

    def print_fact(self, job: int) -> PrintFact:
        return self.paper

    def answer_print(self, job: int, came_out: bool) -> None:
        """Nothing to note."""

    def reprint(self, job: int) -> int:
        return job

    def call_help(self, where_vi: str) -> None:
        self.calls.append(("08:15", where_vi))

    def help_calls(self) -> Sequence[tuple[str, str]]:
        return tuple(self.calls)

    def answer_help(self) -> None:
        self.calls.clear()

    def sign_in(self, pin: str) -> Official:
        if pin == "135790":
            return Official("kt01", "Lý Kỹ Thuật", "technician")
        if pin != "246810":
            raise Refused("wrong_pin", "Mã PIN chưa đúng.", "Còn 2 lần thử.")
        return Official("cb01", "Nông Văn Mẫu", "official")

    def sign_out(self) -> None:
        """Nobody stays."""

    def tabs(self) -> Sequence[Tab]:
        return (
            *([Tab("review", "Cần xem", len(self.open_reviews))] if self.open_reviews else []),
            Tab("new", "Mới", 2),
            Tab("late", "Quá hạn", 1),
            Tab("today", "Hôm nay", 3),
            Tab("open", "Đang xử lý", 14),
            Tab("ready", "Chờ trả", 5),
        )

    def worklist(self, tab: str, query: str = "") -> Sequence[Row]:
        return ROWS

    def detail(self, dossier: str) -> Detail:
        row = next(row for row in ROWS if row.dossier == dossier)
        return Detail(
            row,
            (
                ("Mã tạm", row.code),
                ("Người nộp", "LÝ THỊ MẪU (mẹ)"),
                ("Kiểm tra thẻ", CHECKED_VI),
                ("Nộp lúc", "08:15, tại máy số 1"),
            ),
            (
                ("Người yêu cầu", "Họ, chữ đệm, tên", "LÝ THỊ MẪU"),
                ("Người yêu cầu", "Số định danh cá nhân", "004198000001"),
                ("Cháu bé", "Họ, chữ đệm, tên", "NÔNG THỊ MẪU"),
                ("Cháu bé", "Ngày, tháng, năm sinh", "15/11/2026"),
                ("Cháu bé", "Nơi sinh", "Trạm y tế xã Bản Mẫu, tỉnh Cao Bằng"),
                ("Mẹ", "Họ, chữ đệm, tên", "LÝ THỊ MẪU"),
                ("Cha", "Họ, chữ đệm, tên", "NÔNG VĂN MẪU"),
            ),
            (("Giấy chứng sinh", "Nộp bản chính tại quầy"), ("Căn cước của mẹ", "Xuất trình")),
            ("08:15 23/11/2026: bà con nộp hồ sơ tại máy số 1.",),
            row.status == 1,
            "" if row.status == 1 else row.code,
            applicant=Person(CARD.name, CARD.number, CARD.birth),
        )

    def accept(self, dossier: str, seen: int) -> Accepted:
        return Accepted("17:00, thứ Hai 23/11/2026", 2)

    def reviews(self) -> Sequence[Review]:
        return tuple(self.open_reviews)

    def settle(self, seq: int) -> None:
        self.open_reviews = [one for one in self.open_reviews if one.seq != seq]

    def resend(self, seq: int, text: str | None) -> None:
        self.settle(seq)

    def waiting(self) -> Sequence[Waiting]:
        return tuple(self.queue)

    def print_receipt(self, dossier: str) -> int:
        return 2

    def devices(self) -> Sequence[DeviceFact]:
        return DEVICES

    def machine(self) -> Sequence[MachineFact]:
        return (
            MachineFact("Ổ đĩa", "38 / 120 GB", 0.32),
            MachineFact("Bộ nhớ", "1,1 / 4 GB", 0.28),
            MachineFact("Nhiệt độ", "58 °C", 0.58),
            MachineFact("Chạy liên tục", "12 ngày", 0.4),
        )

    def test_device(self, name: str, on_done: Callable[[DeviceFact], None]) -> None:
        on_done(next(fact for fact in DEVICES if fact.name == name))

    def find(self, code: str) -> Row | None:
        return _row(42, "", "Đăng ký khai sinh", "08:15, 23/11/2026", "", "none", 1)

    def on_change(self, act: Callable[[], None]) -> Still:
        return self.scheduler
