"""The slip as a picture: nothing clipped, nothing lost, values aligned, and a QR code others can read."""

import unicodedata
from typing import get_args

import pytest
import zxingcpp
from PIL import Image, ImageDraw

from devices.errors import DeviceError
from devices.printer import Banner, Gap, Line, Pair, QrBlock, Rule, Signatures, copy_mark, render
from devices.printer.paper import Size
from devices.printer.qr import qr_image
from devices.printer.render import scale_for, wrap
from devices.printer.slip import vietnamese_letters
from devices.printer.typeface import type_at
from tests.devices.printer.pictures import ink_box, ink_count, ink_rows
from tests.devices.printer.samples import KIOSK_SLIP, TRACKING

WIDTHS = [576, 384]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_slip_is_black_and_white_and_exactly_as_wide_as_the_print_head(width: int) -> None:
    image = render(KIOSK_SLIP, width)
    assert image.mode == "1"
    assert image.width == width
    assert ink_count(image) > 10_000


@pytest.mark.parametrize("size", get_args(Size))
@pytest.mark.parametrize("bold", [False, True])
def test_no_mark_above_or_below_a_letter_is_clipped(size: Size, bold: bool) -> None:
    scale = scale_for(576)
    for char in (*vietnamese_letters(), "g", "Q", "|"):
        on_slip = render([Line(char, size=size, bold=bold)])
        with_room = Image.new("L", (576, 400), 255)
        type_at(scale.size(size), bold=bold).draw(ImageDraw.Draw(with_room), 20, 200, char, 0)
        whole = with_room.point(lambda value: 255 if value >= 140 else 0).convert("1")
        assert ink_count(on_slip) == ink_count(whole), char


def test_lines_never_touch_even_with_hooks_below_and_two_marks_above() -> None:
    rows = ink_rows(render([Line("gỵợặ\nẴỖỮẨ")]))
    first = next(at for at, row in enumerate(rows) if row)
    last = len(rows) - next(at for at, row in enumerate(reversed(rows)) if row)
    assert any(row == 0 for row in rows[first:last])


@pytest.mark.parametrize("width", WIDTHS)
def test_no_ink_reaches_beyond_the_paper_however_long_the_word(width: int) -> None:
    word = "Ngườiđượckhaisinh" * 9
    type_ = type_at(scale_for(width).normal, bold=False)
    lines = wrap(word, type_, width)
    assert "".join(lines) == word
    assert all(type_.width(line) <= width for line in lines)
    on_wide_paper = Image.new("L", (6000, 60), 255)
    type_.draw(ImageDraw.Draw(on_wide_paper), 0, 40, word, 0)
    whole = ink_count(on_wide_paper.point(lambda value: 255 if value >= 140 else 0).convert("1"))
    assert ink_count(render([Line(word)], width)) == pytest.approx(whole, rel=0.02)


def test_long_words_break_after_a_hyphen_when_there_is_one() -> None:
    type_ = type_at(24, bold=False)
    assert wrap("TAM-BM01-261124-0001K", type_, 220)[0].endswith("-")


def test_text_keeps_its_words_in_order_and_its_line_feeds() -> None:
    text = "Cán bộ một cửa sẽ kiểm tra hồ sơ.\nBà con chờ một lát rồi nhận giấy hẹn trả kết quả."
    lines = wrap(text, type_at(27, bold=False), 384)
    assert " ".join(lines).split() == text.split()
    assert "sơ." in [line.split()[-1] for line in lines]


def test_titles_break_into_lines_of_about_equal_length() -> None:
    type_ = type_at(34, bold=True)
    first, second = wrap("PHIẾU GHI NHẬN NỘP HỒ SƠ TẠI KIOSK", type_, 576, even=True)
    assert abs(type_.width(first) - type_.width(second)) < 120


def test_a_paragraph_does_not_end_in_a_lone_short_word() -> None:
    type_ = type_at(22, bold=False)
    text = "Giấy in nhiệt phai sau vài tháng. Bà con có thể xin in lại."
    lines = wrap(text, type_, 576)
    assert " ".join(lines) == text
    assert type_.width(lines[-1]) >= 576 * 0.2


def test_further_lines_of_a_list_entry_stand_under_its_text() -> None:
    entry = "1. " + "Giấy chứng nhận kết hôn và giấy chứng sinh của cháu bé"
    picture = render([Line(entry)], 384)
    pitch = type_at(scale_for(384).normal, bold=False).pitch
    first = ink_box(picture.crop((0, 0, 384, pitch)))
    second = ink_box(picture.crop((0, pitch + 2, 384, picture.height)))
    assert second[0] - first[0] > 15


def test_notes_under_signatures_stand_on_one_line_however_long_the_roles() -> None:
    short, long = "NGƯỜI NỘP\n(Ký tên)", "NGƯỜI TIẾP NHẬN HỒ SƠ CỦA ỦY BAN\n(Ký tên)"
    picture = render([Signatures(short, long)])
    left, right = picture.crop((0, 0, 280, picture.height)), picture.crop((296, 0, 576, picture.height))
    assert ink_box(left)[3] == ink_box(right)[3]


@pytest.mark.parametrize("width", WIDTHS)
def test_a_code_is_set_as_large_as_its_line_allows(width: int) -> None:
    code = "TAM-BM01-261124-0001K"
    left, top, right, bottom = ink_box(render([Line(code, size="huge", bold=True, align="center")], width))
    assert bottom - top >= 24, "capitals of at least 3 mm"
    assert right - left > width * 0.55
    assert left >= 0
    assert right <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_values_of_neighbouring_pairs_begin_in_one_column(width: int) -> None:
    pairs = [Pair("Họ", "HHH"), Pair("Người được khai sinh", "HHH"), Pair("Nơi nộp", "HHH")]
    starts = []
    for label in ("Họ", "Người được khai sinh", "Nơi nộp"):
        alone = render([*(Pair(pair.label, pair.value if pair.label == label else "") for pair in pairs)], width)
        bare = render([*(Pair(pair.label, "") for pair in pairs)], width)
        assert alone.size == bare.size
        value = Image.new("1", alone.size, 1)
        value.paste(alone, mask=Image.frombytes("1", bare.size, bare.tobytes()))
        starts.append(ink_box(value)[0])
    assert len(set(starts)) == 1


def test_decomposed_text_prints_the_same_dots() -> None:
    text = "Nguyễn Thị Phượng Ẵ"
    assert render([Line(unicodedata.normalize("NFD", text))]).tobytes() == render([Line(text)]).tobytes()


def test_a_letter_without_a_code_point_of_its_own_gets_its_mark_above_it() -> None:
    rows = ink_rows(render([Line("Ơ\u0306", size="huge")]))
    plain = ink_rows(render([Line("Ơ", size="huge")]))
    assert sum(row.bit_count() for row in rows) > sum(row.bit_count() for row in plain) + 20
    letter_top = next(at for at, row in enumerate(plain) if row)
    mark_top = next(at for at, row in enumerate(rows) if row)
    assert mark_top < letter_top
    assert any(row == 0 for row in rows[mark_top:letter_top]), "a white row between mark and letter"


def test_a_character_the_font_lacks_is_refused_by_name_instead_of_printed_as_a_box() -> None:
    with pytest.raises(DeviceError) as refused:
        render([Pair("Tên", "Nông Thị 漢")])
    assert refused.value.code == "glyph_missing"
    assert "U+6F22" in refused.value.message_vi
    assert refused.value.cure_vi


def test_a_masked_number_and_invisible_characters_are_printable() -> None:
    assert render([Line("●●●0001")]).tobytes() == render([Line("•••0001")]).tobytes()
    assert render([Line("hồ\u200bsơ\ufeff")]).tobytes() == render([Line("hồsơ")]).tobytes()
    assert render([Line("hồ\tsơ")]).tobytes() == render([Line("hồ sơ")]).tobytes()


@pytest.mark.parametrize("width", WIDTHS)
def test_an_independent_decoder_reads_the_code_on_the_slip(width: int) -> None:
    found = zxingcpp.read_barcodes(render(KIOSK_SLIP, width).convert("L"))
    assert [code.text for code in found] == [TRACKING]
    assert found[0].ec_level == "M"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_code_has_whole_modules_a_quiet_zone_of_four_and_thirty_millimetres(width: int) -> None:
    picture = qr_image(TRACKING, width)
    left, top, right, bottom = ink_box(picture)
    finder = next(at for at in range(left, picture.width) if picture.getpixel((at, top))) - left
    module, rest = divmod(finder, 7)
    assert rest == 0
    assert (right - left) % module == 0
    assert left == top == 4 * module
    assert picture.width - right == picture.height - bottom == 4 * module
    assert (right - left) / 203 * 25.4 >= 30
    enlarged = picture.resize((picture.width // module,) * 2, Image.Resampling.NEAREST).resize(
        picture.size, Image.Resampling.NEAREST
    )
    assert enlarged.tobytes() == picture.tobytes(), "every module is one square of equal size"


@pytest.mark.parametrize("width", WIDTHS)
def test_the_quiet_zone_stays_white_on_the_slip(width: int) -> None:
    alone = render([QrBlock(TRACKING)], width)
    framed = render([Banner("X"), QrBlock(TRACKING, "một câu chú thích dài để đứng cạnh mã"), Rule()], width)
    assert zxingcpp.read_barcodes(alone.convert("L"))[0].text == TRACKING
    assert zxingcpp.read_barcodes(framed.convert("L"))[0].text == TRACKING


def test_a_code_with_vietnamese_text_reads_back_as_written() -> None:
    found = zxingcpp.read_barcodes(render([QrBlock("Đăng ký khai sinh – Ẵ")]).convert("L"))
    assert found[0].text == "Đăng ký khai sinh – Ẵ"


@pytest.mark.parametrize("length", [1200, 5000])
def test_a_code_too_dense_to_read_is_refused(length: int) -> None:
    with pytest.raises(DeviceError) as refused:
        render([QrBlock("x" * length)], 384)
    assert refused.value.code == "qr_too_dense"


def test_a_gap_is_as_many_millimetres_as_asked() -> None:
    assert render([Gap(10)]).height == 80


def test_signatures_leave_room_to_sign() -> None:
    picture = render([Signatures("NGƯỜI NỘP\n(Ký, ghi rõ họ tên)", "NGƯỜI NHẬN\n(Ký, ghi rõ họ tên)")])
    assert (picture.height - ink_box(picture)[3]) / 203 * 25.4 >= 15


def test_a_copy_is_marked_in_white_on_black_with_its_number() -> None:
    mark = copy_mark(2)
    assert mark.text == "BẢN IN LẠI · LẦN 2"
    picture = render([mark])
    assert ink_count(picture) > 0.6 * picture.width * picture.height
    with pytest.raises(ValueError, match="first reprint"):
        copy_mark(0)


def test_an_empty_slip_is_one_white_row() -> None:
    assert ink_count(render([])) == 0
