"""The applicant's card beside her dossier: what is compared, how the reader's states show, and that the face is kept nowhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest

from devices.idcard import CardPerson, card_error
from devices.idcard.facts import Face, Proof
from forms.dossier import Person
from kiosk.services import Refused
from kiosk.viewmodels.compare import KEEP_S, Compared, ComparePage, compared
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import IDLE_S, SignIn
from kiosk.viewmodels.official_flow import DossierPage, WorklistPage, open_staff
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin
from tests.kiosk.viewmodels.house import MOTHER, faces
from tests.kiosk.viewmodels.test_official_flow import Attract

APPLICANT = Person(MOTHER.name, MOTHER.number, MOTHER.birth)


@dataclass
class Counter:
    """The official at the dossier of the mother."""

    clock: FakeScheduler
    services: ServicesTwin
    kiosk: Kiosk

    def open(self) -> ComparePage:
        dossier = self.kiosk.screen
        assert isinstance(dossier, DossierPage)
        dossier.compare()
        return self.page

    @property
    def page(self) -> ComparePage:
        assert isinstance(self.kiosk.screen, ComparePage)
        return self.kiosk.screen

    def read(self, card: CardPerson | Refused = MOTHER) -> ComparePage:
        """The page after the card was laid and read."""
        page = self.open()
        self.services.lay(card)
        self.clock.advance(self.services.card_seconds + 0.1)
        return page


@pytest.fixture
def counter() -> Counter:
    clock = FakeScheduler()
    services = ServicesTwin(clock)
    services.proof = Proof("issuer_trusted", "active")
    services.face_on_chip = lambda: Face(b"a picture", 3, 4)
    kiosk = Kiosk(services, clock, Attract, open_staff)
    kiosk.open_staff()
    pad = kiosk.screen
    assert isinstance(pad, SignIn)
    for digit in "246810":
        pad.press(digit)
    pad.submit()
    worklist = kiosk.screen
    assert isinstance(worklist, WorklistPage)
    worklist.choose(services.put().id, whole=True)
    return Counter(clock, services, kiosk)


def test_the_card_that_matches_is_shown_with_its_face_and_proof(counter: Counter) -> None:
    page = counter.read()
    assert page.face == Face(b"a picture", 3, 4)
    assert page.proof == Proof("issuer_trusted", "active")
    assert [(line.label_vi, line.same) for line in page.lines] == [
        ("Họ và tên", True),
        ("Ngày sinh", True),
        ("Số định danh", True),
    ]


def test_each_fact_that_differs_is_said_and_what_one_side_leaves_out_is_not_judged() -> None:
    card = replace(MOTHER, name="", number="001198000001")
    assert compared(card, replace(APPLICANT, birth="1998")) == (
        Compared("Họ và tên", "", "LÝ THỊ MẪU", None),
        Compared("Ngày sinh", "12/03/1998", "năm 1998", False),
        Compared("Số định danh", "001198000001", "004198000001", False),
    )


def test_two_spellings_of_one_name_match_and_another_tone_does_not() -> None:
    assert compared(replace(MOTHER, name="LÍ THỊ HÒA"), replace(APPLICANT, name="Lý Thị Hoà"))[0].same
    assert not compared(replace(MOTHER, name="LÝ THỊ MẬU"), APPLICANT)[0].same


def test_the_keys_come_from_the_dossier(counter: Counter) -> None:
    counter.open()
    watch = counter.services._watch
    assert watch is not None
    assert watch.known.person == CardPerson("004198000001", "LÝ THỊ MẪU", "1998-03-12")


def test_the_states_of_the_reader_are_shown_as_they_come(counter: Counter) -> None:
    page = counter.open()
    counter.clock.advance(0)
    assert page.state is not None
    assert page.state.code == "card_absent"
    counter.services.lay(MOTHER)
    counter.clock.advance(counter.services.card_seconds / 2)
    assert page.share == 0.5


def test_a_card_that_failed_says_why_and_is_read_when_it_is_laid_again(counter: Counter) -> None:
    error = card_error("card_removed")
    page = counter.read(Refused(error.code, error.message_vi, error.cure_vi))
    assert page.refused is not None
    assert (page.refused.code, page.asks_expiry, page.face) == ("card_removed", False, None)
    counter.services.lay(MOTHER)
    counter.clock.advance(counter.services.card_seconds)
    assert page.face is not None


def test_a_card_that_the_dossier_does_not_open_may_be_tried_with_the_date_on_it(counter: Counter) -> None:
    page = counter.read(Refused("wrong_key", "", ""))
    assert page.refused is not None
    assert "hồ sơ" in page.refused.message_vi
    assert page.asks_expiry
    page.type_expiry()
    assert page.expiry is not None
    page.send_expiry()
    assert page.problem
    page.expiry.type("12032038")
    page.send_expiry()
    watch = counter.services._watch
    assert watch is not None
    assert (watch.known.expires, page.expiry) == ("2038-03-12", None)


def test_back_leads_from_the_date_to_the_card_and_from_there_to_the_dossier(counter: Counter) -> None:
    page = counter.read(Refused("wrong_key", "", ""))
    page.type_expiry()
    page.back()
    assert counter.page is page
    page.back()
    assert isinstance(counter.kiosk.screen, DossierPage)
    assert counter.services.official is not None


def test_a_dossier_without_number_or_birth_opens_no_chip_and_says_so(counter: Counter) -> None:
    next(iter(counter.services.dossiers.values())).applicant = Person("LÝ THỊ MẪU", "004198000001")
    counter.services.changed()
    page = counter.open()
    assert page.refused is not None
    assert page.refused.code == "applicant_unknown"


def test_a_face_that_cannot_be_shown_loses_nothing_else(counter: Counter) -> None:
    counter.services.face_on_chip = lambda: None
    page = counter.read()
    assert page.face is None
    assert all(line.same for line in page.lines)


def test_of_a_chip_that_is_not_genuine_nothing_is_shown(counter: Counter) -> None:
    counter.services.proof = Proof("not_genuine", "none", "hash_mismatch")
    page = counter.read()
    assert page.proof is not None
    assert (page.genuine, page.face, page.lines) == (False, None, ())
    assert faces() == 0


def test_another_card_laid_drops_the_face_at_once_and_is_read_by_itself(counter: Counter) -> None:
    page = counter.read()
    counter.services.lay(None)
    counter.clock.advance(1)
    assert page.face is not None
    counter.services.lay(MOTHER)
    counter.clock.advance(0)
    assert (page.seen, faces()) == (None, 0)
    counter.clock.advance(counter.services.card_seconds)
    assert page.face is not None


def test_after_two_minutes_the_face_is_gone_though_the_official_is_busy(counter: Counter) -> None:
    page = counter.read()
    for _ in range(12):
        counter.kiosk.touched()
        counter.clock.advance(KEEP_S / 12)
    assert (page.forgotten, page.lines, faces()) == (True, (), 0)
    page.read()
    counter.clock.advance(counter.services.card_seconds)
    assert page.face is not None


@pytest.mark.parametrize(
    "leave",
    [
        lambda counter: counter.page.back(),
        lambda counter: counter.page.lock(),
        lambda counter: counter.kiosk.end(),
        lambda counter: counter.clock.advance(IDLE_S + KEEP_S),
    ],
    ids=["back", "lock", "kiosk", "idle"],
)
def test_however_the_page_is_left_no_face_lives_on_and_nothing_is_read(counter: Counter, leave: Callable[[Counter], None]) -> None:
    page = counter.read()
    assert faces() == 1
    leave(counter)
    assert faces() == 0
    assert (page.seen, page.applicant) == (None, Person(""))
    counter.services.lay(None)
    counter.services.lay(MOTHER)
    counter.clock.advance(60)
    assert faces() == 0


def test_locking_in_the_middle_of_a_reading_ends_it(counter: Counter) -> None:
    page = counter.open()
    counter.services.lay(MOTHER)
    counter.clock.advance(counter.services.card_seconds / 2)
    page.lock()
    counter.clock.advance(60)
    assert (page.seen, faces(), counter.clock.waiting) == (None, 0, 0)
