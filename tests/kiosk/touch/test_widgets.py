"""Boxes and texts: geometry that can be counted on."""

from __future__ import annotations

import pytest

from tests.kiosk.touch.harness import stage


@pytest.fixture(autouse=True)
def window() -> None:
    from kiosk.touch import theme

    stage()
    theme.look.text, theme.look.unit = 1.0, 1.0
    theme.look.width, theme.look.height = 1280, 800


def test_a_row_gives_springs_what_is_left() -> None:
    from kiosk.touch.layout import Part, Row, Space

    left, right = Part(w=100, h=40), Part(w=50, h=20)
    row = Row(left, Space(flex=1), right, gap=10, pad=(5, 0, 5, 0), align="middle")
    row.place(0, 0, 400, 60)
    assert (left.x, left.y, left.width) == (5, 10, 100)
    assert (right.right, right.center_y) == (395, 30)


def test_a_column_stacks_from_the_top() -> None:
    from kiosk.touch.layout import Col, Part

    one, two = Part(h=30), Part(h=50)
    Col(one, two, gap=7).place(10, 20, 100, 200)
    assert (one.top, one.x, one.width) == (220, 10, 100)
    assert two.top == 220 - 30 - 7


def test_what_shrinks_gives_way_before_anything_is_pushed_out() -> None:
    from kiosk.touch.layout import Col, Part, Space

    low, soft = Part(h=80), Space(60, shrinks=True)
    Col(soft, low).place(0, 0, 100, 100)
    assert low.y == 0
    assert soft.height == 20


def test_a_grid_keeps_its_cells_equal_in_the_last_row() -> None:
    from kiosk.touch.layout import Grid, Part

    cells = [Part() for _ in range(4)]
    Grid(*cells, cols=3, gap=10).place(0, 0, 320, 210)
    assert [cell.width for cell in cells] == [100] * 4
    assert cells[3].top == 100


def test_text_wraps_at_spaces_and_inside_a_word_only_if_it_must() -> None:
    from kiosk.touch.text import wrapped

    assert wrapped("một hai ba", 7, len) == ["một hai", "ba"]
    assert wrapped("abcdefghij k", 4, len) == ["abcd", "efgh", "ij k"]
    assert wrapped("a\nb", 9, len) == ["a", "b"]


def test_a_text_shrinks_before_it_is_cut() -> None:
    from kiosk.touch.text import Txt

    text = Txt("Đăng ký khai sinh cho cháu bé", 40, lines=1, fit=20)
    text.place(0, 0, 380, 60)
    assert not text.cut
    assert 20 <= text.drawn_size < 40
    text.place(0, 0, 120, 60)
    assert text.cut
    assert text.drawn[0].endswith("…")


def test_baselines_do_not_move_with_the_marks_on_a_line() -> None:
    """«ao» and «Ẳ» in the same box: the picture of the line has the same height."""
    from kiosk.touch.text import ink

    heights = set()
    for word in ("ao", "Ủy", "Ỗ", "Ẳ"):
        label = ink(word, "be-700", 96)
        label.refresh()
        heights.add(label.texture.height)
    assert len(heights) == 1


def test_one_number_scales_everything() -> None:
    from kiosk.touch import theme
    from kiosk.touch.controls import Btn

    small = Btn("Tiếp tục", h=96).want(1000)
    theme.look.unit = 1.5
    large = Btn("Tiếp tục", h=96).want(1000)
    theme.look.unit = 1.0
    assert large[1] == small[1] * 1.5
    assert large[0] == pytest.approx(small[0] * 1.5, rel=0.03)


def test_a_qr_is_sharp_and_can_be_read_by_another_reader() -> None:
    import zxingcpp
    from PIL import Image

    from kiosk.touch.marks import Qr

    url = "https://motcua.example/h/TAM-01-261123-0042K?k=ABCDEFGHJKMNP"
    code = Qr(url, 232)
    code.place(3, 4, 232, 232)
    edge = len(code.matrix)
    image = Image.new("L", (edge, edge))
    image.putdata([0 if cell else 255 for row in code.matrix for cell in row])
    assert zxingcpp.read_barcode(image.resize((edge * 6, edge * 6), Image.Resampling.NEAREST)).text == url


def test_a_field_keeps_the_end_of_a_long_text_in_sight() -> None:
    from kiosk.touch.controls import Field

    field = Field("x" * 200)
    field.place(0, 0, 500, 94)
    field.show("y" * 200 + " cuối")
    assert field.text.endswith("cuối")


def test_no_text_is_cached_after_its_widget() -> None:
    """Kivy's texture cache must not hold what a citizen wrote."""
    from kivy.cache import Cache

    from kiosk.touch.text import Txt

    text = Txt("Triệu Bí Mật")
    text.place(0, 0, 400, 60)
    kept = [str(key) for category in Cache._objects.values() for key in category]
    assert not [key for key in kept if "Bí Mật" in key]
