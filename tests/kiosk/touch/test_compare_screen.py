"""The official's comparison under a finger: the face on the glass, and that no picture of it is left behind."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from devices.idcard.facts import Face, Proof
from devices.idcard.twin.files import draw_face
from devices.idcard.twin.people import SAMPLES
from kiosk.services import Refused
from kiosk.viewmodels.compare import KEEP_S
from tests.kiosk.services_twin import ServicesTwin
from tests.kiosk.touch.official_glass import LANDSCAPE, PORTRAIT, OfficialGlass, stage
from tests.kiosk.viewmodels.house import MOTHER, faces

BOTH = pytest.mark.parametrize("size", [LANDSCAPE, PORTRAIT], ids=["wide", "tall"])


@pytest.fixture
def show() -> Iterator[Callable[..., OfficialGlass]]:
    stage()
    from kiosk.touch.controls import guard

    real_time, collecting = guard.now, gc.isenabled()
    yield at_the_reader
    if collecting:
        gc.enable()
    guard.now = real_time
    guard.forget()


def at_the_reader(size: tuple[int, int] = LANDSCAPE) -> OfficialGlass:
    """The comparison is open and waits for the card."""

    def prepare(services: ServicesTwin) -> None:
        width, height, jpeg = draw_face(SAMPLES[0])
        services.face_on_chip = lambda: Face(bytes(jpeg), width, height)
        services.proof = Proof("issuer_trusted", "active")
        services.put()

    glass = OfficialGlass(size, "official", prepare)
    glass.page.choose("d0001", whole=True)
    glass.frames()
    glass.tap("compare")
    assert glass.id == "compare"
    return glass


def lay(glass: OfficialGlass, card: Any = MOTHER) -> None:
    glass.services.lay(card)
    glass.clock.advance(glass.services.card_seconds + 0.1)
    glass.frames()


def texture(glass: OfficialGlass) -> weakref.ref[Any]:
    """The picture in graphics memory, without holding it."""
    assert glass.screen.face is not None
    assert glass.screen.face.texture is not None
    return weakref.ref(glass.screen.face.texture)


@BOTH
def test_face_facts_and_proof_stand_beside_each_other(show: Callable[..., OfficialGlass], size: tuple[int, int]) -> None:
    glass = show(size)
    assert "Đặt thẻ của người nộp lên đầu đọc" in glass.words()
    lay(glass)
    assert texture(glass)() is not None
    assert glass.words().count("Khớp") == 3
    assert "Chíp không phải bản sao." in glass.words()


def test_a_face_that_cannot_be_shown_is_said_plainly(show: Callable[..., OfficialGlass]) -> None:
    glass = show()
    glass.services.face_on_chip = lambda: None
    lay(glass)
    assert "Không hiện được ảnh trên chíp" in glass.words()
    assert glass.words().count("Khớp") == 3


@BOTH
@pytest.mark.parametrize("key", ["compare:done", "back", "lock"])
def test_no_picture_outlives_the_page(show: Callable[..., OfficialGlass], size: tuple[int, int], key: str) -> None:
    glass = show(size)
    lay(glass)
    picture = texture(glass)
    glass.tap(key)
    assert glass.id == ("attract" if key == "lock" else "dossier")
    assert (picture(), faces()) == (None, 0)


def test_no_picture_outlives_its_two_minutes_or_waits_for_the_garbage_collector(show: Callable[..., OfficialGlass]) -> None:
    glass = show()
    lay(glass)
    picture = texture(glass)
    gc.disable()
    glass.clock.advance(KEEP_S)
    assert picture() is None
    assert "đã được xóa" in glass.words()
    glass.tap("compare:again")
    glass.clock.advance(glass.services.card_seconds)
    assert texture(glass)() is not None


def test_another_card_empties_the_picture_before_it_is_read(show: Callable[..., OfficialGlass]) -> None:
    glass = show()
    lay(glass)
    picture = texture(glass)
    glass.services.lay(None)
    glass.clock.advance(1)
    glass.services.lay(MOTHER)
    glass.clock.advance(0)
    assert picture() is None


def test_the_date_on_the_card_is_typed_and_the_card_read_with_it(show: Callable[..., OfficialGlass]) -> None:
    glass = show()
    lay(glass, Refused("wrong_key", "", ""))
    glass.tap("compare:dates")
    for digit in "12032038":
        glass.tap(f"key:{digit}")
    glass.services.card_on_reader = MOTHER
    glass.tap("compare:send")
    glass.clock.advance(glass.services.card_seconds)
    assert texture(glass)() is not None
