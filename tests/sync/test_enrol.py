"""Enrolment: the request, the words two people compare, the bundle, and both over a real socket."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from sync import enrol
from sync.errors import CaptivePortal, EnrolError, EnrolRefused, ServerError
from sync.http import HttpBearer, Waits
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.rollover import ProvincePublic
from sync.simulator.world import World
from tests.sync.faultserver import FaultServer

KEYS = DeviceKeys(SigningKey(b"1" * 32), SealKey(b"2" * 32))
ROOT = SigningKey(b"3" * 32)
PROVINCE = ProvincePublic(SigningKey(b"4" * 32).public, SealKey(b"5" * 32).public)
COMMUNE = SealKey(b"6" * 32)
REQUEST = enrol.make_request(KEYS, "01273", "BẾ VĂN MẪU", b"n" * 16)


def bundle(request: bytes = REQUEST, root: SigningKey = ROOT) -> bytes:
    grant = enrol.Grant(1000, "01279", COMMUNE.secret, PROVINCE, extra={"unit_vi": "Ủy ban nhân dân xã Mẫu"})
    return enrol.issue_bundle(enrol.open_request(request), grant, root)


def test_a_request_names_its_keys_and_who_asks() -> None:
    request = enrol.open_request(REQUEST)
    assert (request.verify_key, request.seal_key) == (KEYS.sign.public, KEYS.seal.public)
    assert (request.commune, request.operator) == ("01273", "BẾ VĂN MẪU")


def test_both_screens_show_the_same_eight_words_and_another_request_shows_others() -> None:
    assert enrol.request_words(REQUEST) == enrol.request_words(bytes(REQUEST))
    other = enrol.make_request(DeviceKeys.generate(), "01273", "BẾ VĂN MẪU", b"n" * 16)
    again = enrol.make_request(KEYS, "01273", "BẾ VĂN MẪU", b"m" * 16)
    assert len({enrol.request_words(REQUEST), enrol.request_words(other), enrol.request_words(again)}) == 3
    assert len(enrol.request_words(REQUEST)) == 8


def test_a_request_signed_by_another_key_is_refused() -> None:
    kind, body, _, _ = REQUEST.split(b"\n")
    signature = base64.b64encode(SigningKey(b"x" * 32).sign(kind, body))
    with pytest.raises(EnrolError):
        enrol.open_request(b"\n".join([kind, body, signature, b""]))


@pytest.mark.parametrize(
    "data", [b"", b"MCX-ENROL-REQUEST-1\n{}\n\n", REQUEST[:-1], REQUEST + b"x", REQUEST.replace(b"MCX-ENROL-REQ", b"MCX-ENROL-RAQ")]
)
def test_a_damaged_request_is_refused(data: bytes) -> None:
    with pytest.raises(EnrolError):
        enrol.open_request(data)


def test_a_bundle_gives_what_an_engine_trusts() -> None:
    got = enrol.open_bundle(bundle(), [KEYS.seal], REQUEST, root=ROOT.public)
    assert (got.device, got.commune, got.province, got.root) == (1000, "01279", PROVINCE, ROOT.public)
    assert got.commune_secret == COMMUNE.secret
    assert got.extra == {"unit_vi": "Ủy ban nhân dân xã Mẫu"}
    keys = got.engine_keys(KEYS)
    assert keys.trust == got.trust()
    assert (keys.trust.commune_secrets, keys.trust.commune_generation) == ((COMMUNE.secret,), 1)


def test_a_bundle_fits_one_machine_and_one_request() -> None:
    other = DeviceKeys.generate()
    with pytest.raises(EnrolError, match="not sealed"):
        enrol.open_bundle(bundle(), [other.seal], REQUEST, root=ROOT.public)
    again = enrol.make_request(KEYS, "01273", "BẾ VĂN MẪU", b"m" * 16)
    with pytest.raises(EnrolError, match="another request"):
        enrol.open_bundle(bundle(), [KEYS.seal], again, root=ROOT.public)


def test_a_bundle_of_another_root_is_refused_and_without_a_configured_root_its_words_are_shown() -> None:
    false = bundle(root=SigningKey(b"x" * 32))
    with pytest.raises(EnrolError, match="another root"):
        enrol.open_bundle(false, [KEYS.seal], REQUEST, root=ROOT.public)
    shown = enrol.root_words(enrol.open_bundle(false, [KEYS.seal], REQUEST).root)
    assert shown != enrol.root_words(ROOT.public)


def test_every_altered_byte_of_a_bundle_is_noticed() -> None:
    data = bundle()
    for at in range(0, len(data), 5):
        altered = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(EnrolError):
            enrol.open_bundle(altered, [KEYS.seal], REQUEST, root=ROOT.public)


def test_a_device_number_must_fit() -> None:
    for device in (0, 1 << 32):
        with pytest.raises(ValueError, match="32 bits"):
            enrol.issue_bundle(enrol.open_request(REQUEST), enrol.Grant(device, "01279", COMMUNE.secret, PROVINCE), ROOT)


def test_a_kiosk_that_was_enrolled_before_names_the_number_whose_journal_it_holds() -> None:
    asked = enrol.make_request(DeviceKeys.generate(), "01273", "BẾ VĂN MẪU", b"n" * 16, former=1000)
    assert (enrol.open_request(asked).former, enrol.open_request(REQUEST).former) == (1000, 0)


def test_the_number_of_a_bundle_is_read_also_by_a_machine_that_lost_its_keys() -> None:
    assert enrol.number_in(bundle(), REQUEST) == 1000
    with pytest.raises(EnrolError):
        enrol.number_in(bundle(root=SigningKey(b"x" * 32)).replace(b"1000", b"1001"), REQUEST)


def test_a_key_the_device_had_before_still_opens_its_bundle() -> None:
    now = DeviceKeys.generate()
    assert enrol.open_bundle(bundle(), [now.seal, KEYS.seal], REQUEST).commune_secret == COMMUNE.secret


# --- over the network -----------------------------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(World().answer) as server:
        yield server


@pytest.fixture
def bearer(server: FaultServer) -> Iterator[HttpBearer]:
    bearer = HttpBearer(server.url, waits=Waits(connect=2.0, read=2.0, whole=2.0))
    yield bearer
    bearer.close()


def test_a_request_goes_up_with_its_code_and_the_bundle_comes_when_a_person_has_decided(
    server: FaultServer, bearer: HttpBearer
) -> None:
    decided: list[bool] = []
    server.paths["POST", "/v1/enrol"] = lambda body: (202, b'{"id":"e-1"}')
    server.paths["GET", "/v1/enrol/e-1"] = lambda body: (200, bundle()) if decided else (202, b"{}")
    enrolment = bearer.post_enrolment("7K2M-9QXT", REQUEST)
    assert json.loads(server.requests[0][3]) == {"code": "7K2M-9QXT", "request": REQUEST.decode()}
    assert bearer.poll_enrolment(enrolment) is None
    decided.append(True)
    got = bearer.poll_enrolment(enrolment)
    assert got is not None
    assert enrol.open_bundle(got, [KEYS.seal], REQUEST, root=ROOT.public).device == 1000


def test_a_wrong_code_or_a_denied_request_is_refused_with_its_reason(server: FaultServer, bearer: HttpBearer) -> None:
    server.paths["POST", "/v1/enrol"] = lambda body: (403, b'{"error":"code_invalid"}')
    server.paths["GET", "/v1/enrol/e-1"] = lambda body: (410, b'{"error":"denied"}')
    with pytest.raises(EnrolRefused) as refused:
        bearer.post_enrolment("0000", REQUEST)
    assert refused.value.reason == "code_invalid"
    with pytest.raises(EnrolRefused) as refused:
        bearer.poll_enrolment("e-1")
    assert refused.value.reason == "denied"


def test_a_login_page_or_a_failing_server_is_no_enrolment(server: FaultServer, bearer: HttpBearer) -> None:
    server.faults.extend(["portal", "500", "portal"])
    with pytest.raises(CaptivePortal):
        bearer.post_enrolment("7K2M", REQUEST)
    with pytest.raises(ServerError):
        bearer.poll_enrolment("e-1")
    with pytest.raises(CaptivePortal):
        bearer.poll_enrolment("e-1")


def test_an_id_from_the_other_end_cannot_steer_the_address(bearer: HttpBearer, server: FaultServer) -> None:
    for odd in ("../x", "a/b", "a?b", "", "é"):
        with pytest.raises(EnrolError):
            bearer.poll_enrolment(odd)
    assert not server.requests
