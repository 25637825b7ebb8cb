"""Tokens, fonts, icons and words: what can be checked without a window."""

from __future__ import annotations

import ast
import string
import unicodedata
from pathlib import Path

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from kiosk import language
from kiosk.touch import theme
from kiosk.touch.gallery import CITIZEN
from tests.kiosk.touch.harness import letters

KIOSK = Path(language.__file__).parent


# --- colours ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        (theme.INK, theme.PAPER, 7),
        (theme.INK2, theme.PAPER, 7),
        (theme.INK2, theme.SURFACE, 7),
        (theme.WHITE, theme.INDIGO7, 7),
        (theme.INDIGO7, theme.INDIGO1, 7),
        (theme.INDIGO9, theme.GOLD, 7),
        (theme.WHITE, theme.INDIGO8, 7),
        (theme.INDIGO2, theme.INDIGO8, 7),
        (theme.WHITE, theme.TECH, 7),
        (theme.RED, theme.SURFACE, 4.5),
        (theme.RED, theme.PAPER, 4.5),
        (theme.GREEN, theme.PAPER, 4.5),
        (theme.INK3, theme.SURFACE, 4.5),
        (theme.LINE2, theme.SURFACE, 3),
        (theme.LINE2, theme.PAPER, 3),
        (theme.GOLD, theme.INDIGO9, 3),
        *((ink, ground, 4.5) for ground, ink in theme.CHIPS.values()),
        *((theme.WHITE, ground, 4.5) for ground in theme.TILE_COLOURS.values()),
    ],
)
def test_text_and_borders_can_be_seen(ink: theme.Colour, ground: theme.Colour, least: float) -> None:
    assert theme.contrast(ink, ground) >= least


def test_the_smallest_needed_text_is_tall_enough() -> None:
    """Capitals of body text: 4.8 mm at 96.7 ppi (508 402.4)."""
    millimetres = 25.4 / 96.7
    assert theme.BODY * theme.CAP * millimetres >= 4.8
    assert theme.LEAST_LARGE * theme.CAP * millimetres >= 4.8


# --- fonts -----------------------------------------------------------------------------------------------------------------


def vietnamese() -> set[int]:
    """The 134 precomposed letters: twelve vowels with six tones in two cases, and đ."""
    made = {ord("đ"), ord("Đ")}
    for vowel in "aăâeêioôơuưy":
        for tone in ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323"):
            letter = unicodedata.normalize("NFC", vowel + tone)
            made |= {ord(letter), ord(letter.upper())}
    return made


@pytest.mark.parametrize("family", ["be", "noto"])
def test_every_vietnamese_letter_and_the_minorities_can_be_drawn(family: str) -> None:
    needed = vietnamese() | {ord(c) for c in string.printable if c.isprintable()} | {ord(c) for c in "–—…“”‘’·●•«»₫"}
    assert needed - letters(family) == set()


def test_all_weights_of_the_word_font_have_one_baseline() -> None:
    from fontTools.ttLib import TTFont

    lines = set()
    for weight in (400, 500, 600, 700, 800):
        font = TTFont(theme.FONTS / f"BeVietnamPro-{weight}.ttf")
        lines.add((font["hhea"].ascent, font["hhea"].descent))
        tallest = max(font["glyf"][font.getBestCmap()[code]].yMax for code in vietnamese())
        assert tallest <= font["hhea"].ascent
    assert lines == {(1240, -280)}


def test_digits_of_the_number_font_have_one_width() -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(theme.FONTS / "NotoSans-600.ttf")
    cmap = font.getBestCmap()
    assert len({font["hmtx"][cmap[ord(digit)]][0] for digit in string.digits}) == 1


def test_each_font_carries_its_licence() -> None:
    files = {file.name for file in theme.FONTS.iterdir()}
    assert {"OFL-BeVietnamPro.txt", "OFL-NotoSans.txt", "APACHE-2.0-MaterialSymbols.txt"} <= files


def procedures() -> list[Procedure]:
    """Every version of every procedure."""
    catalogue = load_catalogue()
    return [version for code in catalogue.codes() for version in catalogue.versions(code)]


def test_every_icon_the_catalogue_names_can_be_drawn() -> None:
    named = {group.icon for group in load_catalogue().groups()}
    for procedure in procedures():
        named.add(procedure.icon)
        named |= {choice.icon for item in procedure.form.items for choice in item.choices if choice.icon}
    assert named - theme.icons().keys() == set()
    assert {ord(sign) for sign in theme.icons().values()} - letters("icon") == set()


def test_every_tile_colour_the_catalogue_names_is_a_token() -> None:
    groups = {group.colour for group in load_catalogue().groups()}
    assert groups | {procedure.colour for procedure in procedures()} <= theme.TILE_COLOURS.keys()


def test_every_letter_of_the_forms_can_be_drawn() -> None:
    for procedure in procedures():
        for item in procedure.form.items:
            text = item.label + item.hint + (item.short or "") + "".join(c.label + c.hint for c in item.choices)
            assert {c for c in text if c != "\n" and ord(c) not in letters("be")} == set(), item.name


# --- words -----------------------------------------------------------------------------------------------------------------


def words_in_source() -> dict[str, str]:
    """Every ``t("id", "source")`` of the program: id -> source."""
    found: dict[str, str] = {}
    for file in KIOSK.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or len(node.args) < 2:
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            key, source = node.args[:2]
            if name == "t" and isinstance(key, ast.Constant) and isinstance(source, ast.Constant):
                assert found.setdefault(str(key.value), str(source.value)) == source.value, f"two sources for {key.value!r}"
    return found


def test_english_has_every_text_and_nothing_else() -> None:
    english = language.catalogue("en")
    wanted = set(words_in_source().items())
    assert {(key, source) for key, source in english if key} == wanted


def test_translations_keep_their_places() -> None:
    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    for (key, source), text in language.catalogue("en").items():
        assert places(source) == places(text), key


def test_every_word_can_be_drawn() -> None:
    for (key, source), text in language.catalogue("en").items():
        assert {c for c in source + text if c != "\n" and ord(c) not in letters("be")} == set(), key


def test_a_missing_text_falls_back_to_vietnamese_and_fuzzy_ones_are_not_used() -> None:
    entries = [
        'msgctxt "a"\nmsgid "Một"\nmsgstr "One"',
        '#, fuzzy\nmsgctxt "b"\nmsgid "Hai"\nmsgstr "Too"',
        'msgid "Ba"\nmsgstr ""\n"Th"\n"ree"',
    ]
    po = "\n\n".join(entries)
    assert language.read_po(po) == {("a", "Một"): "One", ("", "Ba"): "Three"}
    assert language.Words("tyz")("head.back", "Quay lại") == "Quay lại"
    assert language.Words("en")("no.such", "Chưa dịch {n}", n=3) == "Chưa dịch 3"


def test_the_gallery_shows_every_citizens_screen() -> None:
    """A screen nobody draws is a screen nobody looks at."""
    shown = {name.split("_")[0] for name in CITIZEN}
    assert {
        "attract",
        "before",
        "services",
        "service",
        "at",
        "stopped",
        "card",
        "scan",
        "read",
        "typed",
        "question",
        "choice",
    } <= shown
    assert {"date", "number", "check", "saving", "slip", "find", "timeout", "help", "language"} <= shown
