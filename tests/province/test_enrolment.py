"""How a kiosk is brought in, and how somebody else's is kept out."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from province.errors import ProvinceError
from sync.enrol import open_bundle
from sync.errors import EnrolRefused, ServerError
from sync.keys import DeviceKeys
from tests.province.conftest import Site
from tests.province.support import KioskTwin


@pytest.fixture
def twin(site: Site) -> Iterator[KioskTwin]:
    """A kiosk that is not enrolled yet."""
    kiosk = KioskTwin(site.url)
    yield kiosk
    kiosk.bearer.close()


def make_code(commune: str = "01273") -> str:
    from province import enrolment

    return enrolment.make_code(commune, by="test").shown


def confirm(kiosk: KioskTwin, words: str) -> None:
    from province import enrolment

    enrolment.confirm(kiosk.ticket, words, by="test")


def test_eight_right_words_make_a_device_of_the_commune(site: Site, twin: KioskTwin) -> None:
    from province.models import Device

    twin.ask(make_code())
    assert twin.bearer.poll_enrolment(twin.ticket) is None
    confirm(twin, twin.words)
    number = twin.fetch()
    device = Device.objects.get()
    assert (device.number, device.commune, bytes(device.verify_key)) == (number, "01273", twin.own.sign.public)
    twin.file()
    twin.settle()


def test_the_bundle_is_signed_by_the_root_and_fits_this_machine_only(site: Site, twin: KioskTwin) -> None:
    twin.ask(make_code())
    confirm(twin, twin.words)
    bundle = twin.bearer.poll_enrolment(twin.ticket)
    assert bundle is not None
    root = site.running.keyring.root
    assert open_bundle(bundle, [twin.own.seal], twin.request, root=root).commune == "01273"
    with pytest.raises(Exception, match="sealed to this device"):
        open_bundle(bundle, [DeviceKeys.generate().seal], twin.request, root=root)


def test_words_may_be_typed_without_accents_and_with_commas(twin: KioskTwin) -> None:
    from forms.text import fold

    twin.ask(make_code())
    confirm(twin, ", ".join(fold(twin.words).upper().split(" ")))
    twin.fetch()
    assert twin.keys.trust.commune == "01273"


def test_wrong_words_enrol_nobody_and_five_times_refuse_the_request(twin: KioskTwin) -> None:
    twin.ask(make_code())
    for left in (4, 3, 2, 1, 0):
        with pytest.raises(ProvinceError) as refused:
            confirm(twin, "con mèo con trâu")
        assert refused.value.code == "words_differ"
        assert (f"còn {left} lần" in refused.value.cure_vi) is (left > 0)
    with pytest.raises(ProvinceError, match="enrolment_decided"):
        confirm(twin, twin.words)
    with pytest.raises(EnrolRefused) as denied:
        twin.bearer.poll_enrolment(twin.ticket)
    assert denied.value.reason == "denied"


def test_a_lost_answer_is_asked_for_again_with_the_same_code(twin: KioskTwin) -> None:
    code = make_code()
    assert twin.ask(code) == twin.ask(code)


def test_a_code_serves_one_machine(site: Site, twin: KioskTwin) -> None:
    code = make_code()
    twin.ask(code)
    with pytest.raises(EnrolRefused) as refused:
        KioskTwin(site.url).ask(code)
    assert refused.value.reason == "code_used"


def test_a_code_dies_after_fifteen_minutes(site: Site, twin: KioskTwin) -> None:
    code = make_code()
    site.clock.forward(15 * 60 + 1)
    with pytest.raises(EnrolRefused) as refused:
        twin.ask(code)
    assert refused.value.reason == "code_expired"


def test_a_code_dies_after_five_wrong_tries(twin: KioskTwin) -> None:
    code = make_code()
    wrong = code[:4] + ("00000" if code[4:] != "00000" else "11111")
    for _ in range(5):
        with pytest.raises(EnrolRefused):
            twin.ask(wrong)
    with pytest.raises(EnrolRefused) as refused:
        twin.ask(code)
    assert refused.value.reason == "code_invalid"


def test_case_and_look_alike_letters_of_a_code_do_not_matter(twin: KioskTwin) -> None:
    code = make_code()
    assert twin.ask(code.lower().replace("1", "l").replace("0", "o").replace("-", " "))


def test_a_request_waits_one_day(site: Site, twin: KioskTwin) -> None:
    twin.ask(make_code())
    site.clock.forward(24 * 3600 + 1)
    with pytest.raises(ProvinceError, match="enrolment_expired"):
        confirm(twin, twin.words)
    with pytest.raises(EnrolRefused):
        twin.bearer.poll_enrolment(twin.ticket)


def test_an_unknown_ticket_tells_nothing(twin: KioskTwin) -> None:
    with pytest.raises(EnrolRefused) as refused:
        twin.bearer.poll_enrolment("abcdefgh")
    assert refused.value.reason == "enrolment_unknown"


def test_a_code_is_made_for_a_real_commune_only(site: Site) -> None:
    with pytest.raises(ProvinceError, match="commune_unknown"):
        make_code("99999")


def test_codes_are_kept_as_hashes(site: Site) -> None:
    from province.models import EnrolmentCode

    code = make_code()
    row = EnrolmentCode.objects.get()
    assert code.startswith(row.selector)
    assert code[4:].encode() not in bytes(row.secret_hash)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"code":1}', b'{"code":"x","request":"y"}', b"\xff", b'{"code":"x","request":"\\ud800"}']
)
def test_nonsense_is_refused_with_a_code(site: Site, body: bytes) -> None:
    answer = requests.post(f"{site.url}/v1/enrol", data=body, timeout=10)
    assert answer.status_code in (400, 403)
    assert answer.json()["error"] in ("malformed", "enrol_invalid")


def test_ten_tries_a_minute_and_address(site: Site, twin: KioskTwin) -> None:
    for _ in range(10):
        with pytest.raises(EnrolRefused):
            twin.ask("ABC-DEFGH")
    with pytest.raises(ServerError):
        twin.ask("ABC-DEFGH")
    site.clock.forward(60)
    assert twin.ask(make_code())
