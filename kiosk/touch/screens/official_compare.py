"""The applicant's card beside the dossier: the card on the reader, then face, three facts and what was proved of the chip.

The page is quiet like all staff pages: its slot is filled anew only when something else is to be seen. What it compares for that
are marks, never the reading itself, and the picture is emptied the moment the view model lets go of the face.
"""

from __future__ import annotations

from devices.idcard.facts import Proof
from devices.idcard.sentences import proof_vi
from kiosk.touch import theme
from kiosk.touch.cardart import CardPicture
from kiosk.touch.face import FacePicture
from kiosk.touch.head import staff_head
from kiosk.touch.keyboard import NumberPad
from kiosk.touch.official_widgets import Slot, heading, mark_chip, staff_text
from kiosk.touch.screens.dates import DateBoxes
from kiosk.touch.screens.official_base import PAD, StaffScreen, head_button
from kiosk.touch.screens.official_dossier import rule, staff_button
from kiosk.touch.theme import look, px
from kiosk.touch.widgets import Bar, Col, Icon, Note, Part, Row, Space, Surface, Txt
from kiosk.viewmodels.compare import Compared, ComparePage
from kiosk.viewmodels.official import Mark
from kiosk.viewmodels.typing import DateEntry

SAME = Mark("green", "check_circle", "Khớp")
DIFFERENT = Mark("red", "error", "Không khớp")
UNKNOWN = Mark("grey", "help", "Không có để so")
KEPT = "Ảnh chỉ hiện ở đây: không lưu, tự xóa sau 2 phút."


class CompareScreen(StaffScreen):
    """Lay the card, hold still, why not; then what the card says beside what the dossier says."""

    id = "compare"
    model: ComparePage

    def entered(self) -> None:
        self.face: FacePicture | None = None
        self.bar: Bar | None = None
        self.step: Txt | None = None
        self.boxes: DateBoxes | None = None

    def page(self) -> Part:
        self.content = Slot(flex=1)
        lock = head_button("lock", "lock", "Khóa", self.model.lock, tight=look.portrait)
        head = staff_head("Đối chiếu thẻ", self.model.title_vi, lock, back=self.model.back)
        return Col(head, Col(self.content, pad=(PAD, 16, PAD, PAD), flex=1))

    def update(self) -> None:
        model = self.model
        if self.face is not None and model.face is None:
            self.forget()
        facts = (model.refused, model.forgotten, model.seen is not None, model.share > 0, model.expiry is None, model.problem)
        if self.content.fill(facts, self.card):
            return
        if self.bar is not None and self.step is not None:
            self.bar.show(model.share)
            self.step.say(self.told())
        if self.boxes is not None:
            self.boxes.arrange()

    def left(self) -> None:
        super().left()
        self.forget()

    def forget(self) -> None:
        """The picture is emptied; the garbage collector comes by later."""
        if self.face is not None:
            self.face.forget()
        self.face = None

    def card(self) -> Part:
        model = self.model
        self.bar = self.step = self.boxes = None
        if model.expiry is not None:
            return self.typing(model.expiry)
        if model.proof is not None:
            return self.seen(model.proof) if model.genuine else self.false(model.proof)
        if model.forgotten:
            return self.told_with("done", "Ảnh và thông tin trên thẻ đã được xóa.", "Đã hết 2 phút. Cần xem nữa thì đọc lại thẻ.")
        if model.refused is not None:
            return self.told_with("problem", model.refused.message_vi, model.refused.cure_vi)
        return self.going()

    # --- on the way ----------------------------------------------------------------------------------------------------

    def going(self) -> Part:
        """Lay the card; hold still."""
        still = self.model.share > 0
        self.step = staff_text(self.told(), 22, 600, theme.INDIGO7, lines=2, fit=18)
        self.bar = Bar(self.model.share, h=14)
        words = ("Giữ yên thẻ", "Đừng nhấc thẻ cho đến khi ảnh hiện ra.")
        if not still:
            words = ("Đặt thẻ của người nộp lên đầu đọc", "Máy mở chíp bằng số định danh và ngày sinh trong hồ sơ.")
        return framed("reader", *words, [Surface(Col(self.step, self.bar, gap=12, pad=(22, 16, 22, 20)), radius=16)])

    def told(self) -> str:
        state = self.model.state
        return state.message_vi if state is not None and state.phase == "reading" else "Máy đang chờ thẻ…"

    def told_with(self, picture: str, words: str, hint: str) -> Part:
        """What happened, what to do, and the ways on."""
        model = self.model
        ways: list[Part] = []
        if model.asks_expiry:
            ways.append(
                staff_button("Gõ ngày hết hạn trên thẻ", "primary", "calendar_month", model.type_expiry, "compare:dates", h=72)
            )
        if model.refused is None or model.refused.code != "applicant_unknown":
            kind = "secondary" if ways else "primary"
            ways.append(staff_button("Đọc lại thẻ", kind, "refresh", model.read, "compare:again", h=72))
        return framed(picture, words, hint, ways)

    def false(self, proof: Proof) -> Part:
        """Nothing of a false chip is put before anybody's eyes."""
        note = Note(proof_vi(proof), "red", "error", size=22)
        hint = "Ảnh và thông tin trong chíp này không dùng để đối chiếu nên không hiện. Xem kỹ thẻ và người."
        again = staff_button("Đọc lại thẻ", "secondary", "refresh", self.model.read, "compare:again", h=72)
        return framed("problem", "CHÍP KHÔNG THẬT", hint, [note, again])

    def typing(self, entry: DateEntry) -> Part:
        """The expiry printed on the card."""
        self.boxes = DateBoxes(entry, self.t, wrong=bool(self.model.problem))
        words = [
            staff_text("Thẻ có giá trị đến ngày nào?", 32, 700, lines=2, fit=26),
            staff_text(self.model.problem or "Dòng “Có giá trị đến” trên thẻ.", 22, 400, self.shade(), lines=2),
        ]
        send = staff_button("Đọc thẻ", "primary", "contactless", self.model.send_expiry, "compare:send", h=76, size=26)
        pad = NumberPad(entry.press, entry.delete, self.t)
        if look.portrait:
            return Col(*words, self.boxes, Space(flex=1), pad, send, gap=16)
        pad.fixed_h = px(452)
        return Row(Col(*words, self.boxes, Space(flex=1), send, gap=14, flex=1), Col(pad, Space(flex=1), w=480), gap=40)

    def shade(self) -> theme.Colour:
        return theme.RED if self.model.problem else theme.INK2

    def typed(self, text: str) -> None:
        if self.model.expiry is not None:
            self.model.expiry.type(text)

    def pressed_key(self, name: str) -> bool:
        entry = self.model.expiry
        act = {"backspace": entry.delete, "enter": self.model.send_expiry}.get(name) if entry is not None else None
        if act is not None:
            act()
        return act is not None

    # --- beside each other ---------------------------------------------------------------------------------------------

    def seen(self, proof: Proof) -> Part:
        """Face and facts."""
        done = staff_button("Xong, xóa ảnh", "primary", "check", self.model.back, "compare:done", h=72, size=24, flex=1)
        again = staff_button("Đọc lại thẻ", "secondary", "refresh", self.model.read, "compare:again", h=72, flex=1)
        table = Surface(Col(*facts_table(self.model.lines), gap=14, pad=(24, 20, 24, 20)), radius=20, shadow=1)
        kept = Row(Icon("visibility_off", 24, theme.INK2), staff_text(KEPT, 18, 400, theme.INK2, lines=2, flex=1), gap=10)
        foot = Row(again, done, gap=12)
        picture = self.picture()
        if look.portrait:
            picture.flex = 1
            return Col(picture, table, proof_note(proof), kept, foot, gap=16)
        picture.fixed_w = px(470)
        return Row(picture, Col(table, proof_note(proof), Space(flex=1), kept, foot, gap=14, flex=1), gap=20)

    def picture(self) -> Part:
        face = self.model.face
        if face is not None:
            self.face = FacePicture(face, flex=1)
            return Surface(Col(self.face, flex=1, pad=14), radius=20, shadow=1)
        words = (
            staff_text("Không hiện được ảnh trên chíp", 24, 600, halign="center", lines=2),
            staff_text("Hãy so người với ảnh in trên thẻ.", 20, 400, theme.INK2, halign="center", lines=2),
        )
        inside = Col(Space(flex=1), Icon("face", 96, theme.INDIGO6), *words, Space(flex=1), align="middle", gap=8, pad=28)
        return Surface(inside, radius=20)


def proof_note(proof: Proof) -> Note:
    """What is proved, green only when nothing is open."""
    sure = proof.verdict == "issuer_trusted" and proof.clone_check != "none" and not proof.reason
    return Note(proof_vi(proof), "green" if sure else "gold", "verified" if sure else "warning", size=20)


def facts_table(lines: tuple[Compared, ...]) -> list[Part]:
    """Each fact, whether it is the same, and what card and dossier say of it."""
    parts: list[Part] = []
    for line in lines:
        mark = {True: SAME, False: DIFFERENT, None: UNKNOWN}[line.same]
        judged = Col(heading(line.label_vi), Row(mark_chip(mark), Space(flex=1)), gap=6, w=212)
        sides = Col(side("Trên thẻ", line.card_vi), side("Trong hồ sơ", line.dossier_vi), gap=6, flex=1)
        parts += [*([rule()] if parts else []), Row(judged, sides, gap=12, align="middle")]
    return parts


def side(label: str, text: str) -> Row:
    """What one side says."""
    digits = any(char.isdigit() for char in text)
    words = staff_text(text or "không ghi", 24, 600, lines=2, fit=18, family="noto" if digits else "be", flex=1)
    return Row(staff_text(label, 19, 400, theme.INK2, w=120, lines=1, fit=16), words, gap=10, align="middle")


def framed(picture: str, words: str, hint: str, parts: list[Part]) -> Part:
    """Picture beside or above the words."""
    drawn = CardPicture(picture, flex=0 if look.portrait else 1)
    text = (staff_text(words, 34, 700, lines=3, fit=26), staff_text(hint, 22, 400, theme.INK2, lines=4))
    if look.portrait:
        drawn.fixed_h = px(400)
        return Col(drawn, *text, Space(8), *parts, Space(flex=1), gap=16)
    return Row(drawn, Col(Space(flex=1), *text, Space(8), *parts, Space(flex=2), gap=14, flex=1.2), gap=40)
