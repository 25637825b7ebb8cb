"""Keys of a kiosk through its life: rotated, enrolled again, by stick; at every crash a pair that works, and the journal whole."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kiosk import rotation
from kiosk.config import load
from kiosk.copied import is_copy
from kiosk.courier_cli import depot_of
from kiosk.machine import Machine, key_file, open_machine
from kiosk.officials import add_official
from kiosk.stick import export_to
from kiosk.store.check import check
from kiosk.store.connection import StoreError
from kiosk.sync_cli import sync_command
from kiosk.tidying import sealer_of
from kiosk.usecases import file_dossier
from sync.bundle import Header, Kind, VolumeWriter, Way, preface
from sync.bundle_letters import Receipt, write_receipt
from sync.depot import Depot
from sync.engine import Engine
from sync.enrol import Grant, issue_bundle, make_request, open_request, request_words
from sync.envelope import base32, decode
from sync.errors import EnrolError, Refused
from sync.intake import handle
from sync.keys import SealKey, SigningKey, VerifyKey
from sync.letter import read
from sync.rollover import (
    MAX_ROTATIONS,
    ROTATION,
    CommuneSecret,
    ProvincePublic,
    follow,
    read_rotation,
    write_commune,
    write_province,
)
from sync.simulator.memory import MemoryKiosk
from sync.steps import watch
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.province_twin import ProvinceTwin

ROOT = SigningKey(b"r" * 32)
SIGN, SEAL = SigningKey(b"p" * 32), SealKey(b"q" * 32)
PROVINCE = ProvincePublic(SIGN.public, SEAL.public)
COMMUNE = "01273"


def answer(request: bytes, *, device: int = 7, generation: int = 1, commune_generation: int = 1) -> bytes:
    """The province's bundle for a request."""
    grant = Grant(device, COMMUNE, b"c" * 32, PROVINCE, generation, commune_generation)
    return issue_bundle(open_request(request), grant, ROOT)


def run(state: Path, *words: str) -> int:
    sets = ("store.reserve_mb=1", "store.least_free_mb=1", f"place.commune={COMMUNE}")
    return sync_command([*words, "--state", str(state), "--json", *(part for one in sets for part in ("--set", one))])


def enrol_by_stick(state: Path, stick: Path, *words: str, **grant: Any) -> int:
    """Request out, bundle in."""
    assert run(state, "enrol", *words, "--write-request", str(stick / "request")) == 0
    (stick / "bundle").write_bytes(answer((stick / "request").read_bytes(), **grant))
    return run(state, "enrol", *words, "--bundle", str(stick / "bundle"))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


@pytest.fixture
def state(tmp_path: Path, stick: Path) -> Path:
    """The state folder of an enrolled kiosk."""
    assert enrol_by_stick(tmp_path / "state", stick) == 0
    return tmp_path / "state"


@pytest.fixture
def machine(state: Path) -> Iterator[Machine]:
    machine = make_machine(state)
    yield machine
    machine.close()


def reopened(machine: Machine) -> Machine:
    machine.close()
    return make_machine(machine.config.state)


def told(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


class Killed(BaseException):
    """The process ends here."""


class KillAt:
    """Ends the process as it enters or leaves the named step."""

    def __init__(self, name: str, *, entering: bool) -> None:
        self.name, self.entering = name, entering

    def entered(self, name: str) -> None:
        if self.entering and name == self.name:
            raise Killed

    def left(self, name: str) -> None:
        if not self.entering and name == self.name:
            raise Killed


# --- rotation -------------------------------------------------------------------------------------------------------


def test_the_former_key_signs_for_the_next_and_says_where_it_ends(machine: Machine) -> None:
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    before = machine.keyring.device
    after = rotation.rotate(machine)
    inc, n, _ = machine.store.current()
    letter = read_rotation(after.rotation, 7, 1, before.sign.public)
    assert (letter.verify_key, letter.generation, letter.upto) == (after.device.sign.public, 2, {inc: n})
    assert after.openers[-1].secret == before.seal.secret


def test_the_journal_records_a_rotation(machine: Machine) -> None:
    rotation.rotate(machine)
    inc, n, _ = machine.store.current()
    event = decode(machine.store.lines(inc, n - 1, 1)[0].body)
    assert (event.kind, event.dossier, event.content["rotate"]["generation"]) == ("sys", "", 2)


@pytest.mark.parametrize("name", ["store.commit", "keys.rotate"])
@pytest.mark.parametrize("entering", [True, False])
def test_a_crash_in_a_rotation_leaves_a_pair_that_works_and_the_next_try_ends_it(
    machine: Machine, name: str, entering: bool
) -> None:
    before = machine.keyring.device.sign.public
    watch(KillAt(name, entering=entering))
    try:
        with pytest.raises(Killed):
            rotation.rotate(machine)
    finally:
        watch(None)
    machine = reopened(machine)
    if machine.keyring.generation == 1:
        assert machine.keyring.device.sign.public == before
        rotation.rotate(machine)
        machine = reopened(machine)
    assert machine.keyring.generation == 2
    inc, n, _ = machine.store.current()
    kinds = [decode(line.body).content for line in machine.store.lines(inc, 0, 99)]
    assert len([content for content in kinds if "rotate" in content]) == 1
    assert read_rotation(machine.keyring.rotation, 7, 1, before).upto == {inc: n}


def test_the_letter_is_sent_until_it_is_answered_and_no_second_rotation_begins_before(machine: Machine) -> None:
    rotation.rotate(machine)
    machine = reopened(machine)
    with pytest.raises(StoreError, match="rotation_waits"):
        rotation.rotate(machine)
    rotation.answered(machine)
    machine = reopened(machine)
    assert machine.keyring.rotation == b""
    assert rotation.rotate(machine).generation == 3


def test_after_a_rotation_the_enrolment_still_opens_and_the_journal_knows_both_keys(machine: Machine) -> None:
    before = machine.keyring.device.sign.public
    rotation.rotate(machine)
    machine = reopened(machine)
    assert machine.enrolment is not None
    assert machine.store.verify_keys() == (before, machine.keyring.device.sign.public)


def test_a_screen_that_runs_on_signs_its_next_filing_with_the_new_key(machine: Machine) -> None:
    screen = make_machine(machine.config.state)
    file_one(screen)
    after = rotation.rotate(machine)
    file_one(screen)
    assert screen.store.identity_or_raise().signing.public == after.device.sign.public
    assert screen.store.verify_keys()[-1] == after.device.sign.public
    assert check(screen.store, 7, [VerifyKey(key) for key in screen.store.verify_keys()]).ok
    screen.close()


def test_a_screen_files_on_when_the_new_key_file_cannot_be_read(machine: Machine) -> None:
    before = machine.store.identity_or_raise().signing.public
    key_file(machine.config).path.write_bytes(b"damaged")
    file_one(machine)
    assert machine.store.identity_or_raise().signing.public == before


def test_the_letters_of_former_rotations_are_kept_for_a_province_restored_from_before_them(machine: Machine) -> None:
    for _ in range(MAX_ROTATIONS + 2):
        rotation.rotate(machine)
        machine = reopened(machine)
        rotation.answered(machine)
        machine = reopened(machine)
    letters = machine.engine_keys().rotations
    assert (len(letters), machine.engine_keys().untold) == (MAX_ROTATIONS, False)
    assert [read(ROTATION, letter).number("generation", 1, 99) for letter in letters] == [*range(4, MAX_ROTATIONS + 4)]


def test_the_command_rotates_and_shows(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(state, "keys", "rotate") == 0
    assert told(capsys) == {"ok": True, "generation": 2, "waits_for_province": True}
    assert run(state, "keys", "show") == 0
    assert told(capsys)["generation"] == 2


def test_a_machine_nobody_enrolled_does_not_say_that_the_province_knows_its_keys(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_machine(load(tmp_path, overrides=("store.reserve_mb=1",))).close()
    assert run(tmp_path, "keys", "show") == 1
    assert told(capsys)["error"]["code"] == "not_enrolled"


# --- with the province ----------------------------------------------------------------------------------------------


@pytest.fixture
def province() -> ProvinceTwin:
    return ProvinceTwin()


def file_one(machine: Machine) -> str:
    return file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD).code


def again(machine: Machine) -> Machine:
    """The same kiosk after a start."""
    machine.close()
    return make_machine(machine.config.state, enrolled=False)


def test_the_province_follows_a_rotation_and_nothing_waits_or_comes_twice(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    filed = [file_one(machine)]
    province.settle(machine)
    filed.append(file_one(machine))
    rotation.rotate(machine)
    filed.append(file_one(machine))
    machine = again(machine)
    province.settle(machine)
    record = province.journal.devices[7]
    assert (record.generation, record.verify_key) == (2, machine.keyring.device.sign.public)
    assert (province.codes(), province.doubled(), machine.store.waiting()) == (sorted(filed), [], 0)


def test_a_rotation_whose_answer_was_lost_is_told_again(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    rotation.rotate(machine)
    machine = again(machine)
    lost = Engine(machine.store, machine.engine_keys()).make_request(0.0, 0)
    with province.journal.atomic():
        handle(lost, province.journal, province, province.keys, 0)
    assert province.journal.devices[7].generation == 2
    province.settle(machine)
    rotation.answered(machine)
    assert again(machine).keyring.rotation == b""


def test_a_province_restored_from_before_two_rotations_follows_them_by_line_and_by_stick(
    tmp_path: Path, stick: Path, province: ProvinceTwin
) -> None:
    machine = province.enrol(tmp_path / "kiosk")
    province.settle(machine)
    backup = province.journal.devices[7]
    for _ in range(2):
        rotation.rotate(machine)
        machine = again(machine)
        province.settle(machine)
        rotation.answered(machine)
        machine = again(machine)
    province.journal.devices[7] = backup
    engine = Engine(machine.store, machine.engine_keys())
    with pytest.raises(Refused, match="bad_signature"):
        province.exchange(engine)
    assert province.exchange(engine) is not None
    assert province.journal.devices[7].generation == 3
    province.journal.devices[7] = backup
    volume = export_to(machine, stick).volumes[0]
    with volume.open("rb") as source:
        _, letters = preface(source)
    keys = follow(letters, 7, backup.generation, backup.verify_key)
    assert [one.generation for one in keys] == [2, 3]


def test_a_copy_of_the_disk_with_the_former_keys_is_no_longer_served(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    thief = Engine(MemoryKiosk(7, Random(1)), machine.engine_keys())
    rotation.rotate(machine)
    machine = again(machine)
    province.settle(machine)
    with pytest.raises(Refused) as refused:
        province.exchange(thief)
    assert refused.value.reason == "former_key"


def test_new_keys_of_province_and_commune_reach_a_kiosk_that_was_away(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    code = file_one(machine)
    province.renew_keys()
    province.renew_commune_key()
    province.renew_keys()
    province.renew_commune_key()
    province.settle(machine)
    assert province.codes() == [code]
    trust = again(machine).trust
    assert trust is not None
    assert (trust.province.generation, trust.commune_generation) == (3, 3)


def test_a_process_that_runs_on_seals_to_the_provinces_next_key(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    province.renew_keys()
    province.settle(machine)
    assert province.keys.seal.open(sealer_of(machine).seal(b"line")) == b"line"


def test_a_courier_that_runs_on_lets_go_what_any_key_of_the_province_gave_a_receipt_for(
    tmp_path: Path, province: ProvinceTwin
) -> None:
    machine = province.enrol(tmp_path)
    depot = depot_of(machine)
    signers = [province.keys.sign]
    province.renew_keys()
    province.settle(machine)
    signers.append(province.keys.sign)
    for number, signer in enumerate(signers, 1):
        keep(depot, Header(Way.UP, 1000, number, b"province", number.to_bytes(16, "big")))
        receipt = write_receipt(Receipt(number.to_bytes(16, "big"), 1000, {}, 0, "", 1), signer)
        keep(depot, Header(Way.DOWN, 1, number, b"province", bytes(16)), receipt)
    assert [held.header.way for held in depot.held()] == [Way.DOWN] * 2


def keep(depot: Depot, header: Header, *letters: bytes) -> None:
    """A volume comes to a courier, who cannot know who signed it."""
    out = io.BytesIO()
    writer = VolumeWriter(out, header, SigningKey(b"w" * 32))
    for letter in letters:
        writer.add(Kind.LETTER, letter)
    writer.finish()
    depot.receive(io.BytesIO(out.getvalue()), len(out.getvalue()), "v.hsb")


def test_a_kiosk_revoked_by_mistake_and_enrolled_again_sends_its_queue_once(tmp_path: Path, province: ProvinceTwin) -> None:
    machine = province.enrol(tmp_path)
    filed = [file_one(machine)]
    province.settle(machine)
    province.revoke()
    filed.append(file_one(machine))
    with pytest.raises(Refused):
        province.settle(machine)
    following = key_file(machine.config).make_following().following
    assert following is not None
    request = make_request(following, "01290", "Mẫu", bytes(16), machine.former)
    rotation.take_bundle(machine, province.grant(request), request)
    machine = again(machine)
    filed.append(file_one(machine))
    province.settle(machine)
    assert (province.codes(), province.doubled(), machine.store.waiting()) == (sorted(filed), [], 0)
    assert check(machine.store, 7, [VerifyKey(key) for key in machine.store.verify_keys()]).ok


# --- letters of the province ----------------------------------------------------------------------------------------


def test_a_kiosk_trusts_what_its_letters_told_it_also_after_a_start(machine: Machine) -> None:
    sign = SigningKey(b"P" * 32)
    second = ProvincePublic(sign.public, SEAL.public, 2)
    secret = CommuneSecret(COMMUNE, 2, b"d" * 32)
    with machine.store.transaction():
        machine.store.keep_keys_document(write_province(second, ROOT, SIGN))
        machine.store.keep_keys_document(write_commune(secret, 7, machine.keyring.device.seal.public, sign))
    rotation.rotate(machine)
    trust = reopened(machine).trust
    assert trust is not None
    assert (trust.province, trust.commune_secrets) == (second, (b"c" * 32, b"d" * 32))


# --- enrolment by stick, and again ----------------------------------------------------------------------------------


def test_a_kiosk_is_enrolled_by_stick(tmp_path: Path, stick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "enrol", "--operator", "Mẫu", "--write-request", str(stick / "request")) == 0
    request = (stick / "request").read_bytes()
    assert told(capsys)["words"] == " ".join(request_words(request))
    assert open_request(request).commune == COMMUNE
    (stick / "bundle").write_bytes(answer(request))
    for _ in range(2):  # whoever is not sure does it again
        assert run(tmp_path, "enrol", "--bundle", str(stick / "bundle")) == 0
        assert told(capsys)["device"] == 7


def test_people_read_the_number_of_a_machine_and_its_words_as_the_province_shows_them(
    state: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    words = ("--state", str(state), "--set", "store.reserve_mb=1")
    sync_command(["enrol", *words])
    assert f"số máy {base32(7).upper()}." in capsys.readouterr().out
    sync_command(["enrol", *words, "--again", "--write-request", str(stick / "again")])
    assert " · ".join(request_words((stick / "again").read_bytes())) in capsys.readouterr().out


def test_a_bundle_for_another_machine_is_refused_and_nothing_changes(
    tmp_path: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        assert run(tmp_path / name, "enrol", "--write-request", str(stick / name)) == 0
    (stick / "bundle").write_bytes(answer((stick / "a").read_bytes()))
    assert run(tmp_path / "b", "enrol", "--bundle", str(stick / "bundle")) == 1
    assert told(capsys)["error"]["code"] == "enrol_invalid"
    assert make_machine(tmp_path / "b", enrolled=False).enrolment is None


def test_a_stick_that_is_not_there_is_told_plainly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "enrol", "--write-request", str(tmp_path / "absent" / "request")) == 1
    assert told(capsys)["error"]["code"] == "file"


def test_a_kiosk_enrolled_again_keeps_its_number_and_its_waiting_events(state: Path, stick: Path) -> None:
    machine = make_machine(state)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    waiting, before = machine.store.waiting(), machine.keyring.device
    position = machine.store.current()
    machine.close()
    assert enrol_by_stick(state, stick, "--again", generation=2) == 0
    assert open_request((stick / "request").read_bytes()).former == 7
    machine = make_machine(state)
    assert machine.enrolment is not None
    assert (machine.enrolment.device, machine.keyring.generation, machine.keyring.rotation) == (7, 2, b"")
    assert (machine.store.waiting(), machine.store.current()) == (waiting, position)
    assert machine.keyring.device.sign.public != before.sign.public
    assert machine.keyring.former[0].secret == before.seal.secret


def test_a_bundle_with_another_number_is_refused_because_the_journal_belongs_to_the_old_one(
    state: Path, stick: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert enrol_by_stick(state, stick, "--again", device=8) == 1
    assert told(capsys)["error"]["code"] == "enrolled_as_other"
    assert make_machine(state).keyring.generation == 1


def test_another_root_than_the_first_is_refused(state: Path, stick: Path) -> None:
    assert run(state, "enrol", "--again", "--write-request", str(stick / "request")) == 0
    request = (stick / "request").read_bytes()
    machine = make_machine(state)
    forged = issue_bundle(open_request(request), Grant(7, COMMUNE, b"c" * 32, PROVINCE, 2), SigningKey(b"x" * 32))
    with pytest.raises(EnrolError, match="another root"):
        rotation.take_bundle(machine, forged, request)


def test_a_copy_that_lives_on_gets_a_number_of_its_own_and_the_other_notices_nothing(state: Path, stick: Path) -> None:
    machine = make_machine(state, enrolled=False)
    official = add_official(machine.store, "Lý Văn Mẫu", "135790", "official")
    before = state / "keys/kiosk.key", (state / "keys/kiosk.key").read_bytes()
    machine.close()
    copy = state.with_name("copy")
    shutil.copytree(state, copy)
    assert enrol_by_stick(copy, stick, "--new", device=8) == 0
    assert run(copy, "enrol", "--new", "--write-request", str(stick / "again")) == 0  # nothing is left to do
    machine = make_machine(copy, enrolled=False)
    assert machine.enrolment is not None
    assert (machine.enrolment.device, is_copy(machine.store)) == (8, False)
    assert official.id in machine.official_names()
    assert file_one(machine)
    assert len(list(copy.glob("kiosk.db.before-new-*"))) == 1
    live = make_machine(state, enrolled=False)
    assert live.enrolment is not None
    assert (live.enrolment.device, before[0].read_bytes()) == (7, before[1])
    assert live.keyring.device.sign.public != machine.keyring.device.sign.public


def test_a_copy_keeps_its_number_while_something_on_it_waits(state: Path, stick: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = state.with_name("copy")
    shutil.copytree(state, copy)
    machine = make_machine(copy, enrolled=False)
    file_one(machine)
    machine.close()
    capsys.readouterr()
    assert run(copy, "enrol", "--new", "--write-request", str(stick / "request")) == 1
    assert told(capsys)["error"]["code"] == "not_all_sent"
    machine = make_machine(copy, enrolled=False)
    assert (machine.former, machine.store.waiting() > 0) == (7, True)


@pytest.mark.parametrize("name", ["keys.enrol", "store.commit"])
def test_a_crash_while_enrolling_again_leaves_a_machine_that_opens_and_the_next_try_ends_it(
    state: Path, stick: Path, name: str
) -> None:
    assert run(state, "enrol", "--again", "--write-request", str(stick / "request")) == 0
    request = (stick / "request").read_bytes()
    bundle = answer(request, generation=2)
    machine = make_machine(state)
    watch(KillAt(name, entering=name == "store.commit"))
    try:
        with pytest.raises(Killed):
            rotation.take_bundle(machine, bundle, request)
    finally:
        watch(None)
    machine = reopened(machine)
    assert machine.enrolment is not None
    rotation.take_bundle(machine, bundle, request)
    machine = reopened(machine)
    assert (machine.keyring.generation, machine.keyring.device.sign.public) == (2, open_request(request).verify_key)
    assert machine.store.meta("enrol_asking") is None


def test_a_store_on_a_machine_without_its_keys_asks_for_the_number_it_had(state: Path, stick: Path) -> None:
    machine = make_machine(state)
    file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    waiting, store_key = machine.store.waiting(), machine.keyring.store
    machine.close()
    file = key_file(machine.config)
    file.path.unlink()
    from kiosk.store.keyring import make_keyring

    make_keyring(file, store_key)
    machine = make_machine(state, enrolled=False)
    assert (machine.enrolment, machine.former) == (None, 7)
    machine.close()
    assert enrol_by_stick(state, stick, generation=2) == 0
    machine = make_machine(state)
    assert machine.enrolment is not None
    assert (machine.enrolment.device, machine.store.waiting()) == (7, waiting)
