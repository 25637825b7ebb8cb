"""Keys that change: the province's, a commune's, a kiosk's; kiosks that leave, are lost, are found and come again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from province.errors import ProvinceError
from province.keyring import open_keyring, root_key, rotate
from sync import rollover
from sync.enrol import Enrolment, make_request, open_bundle, request_words
from sync.errors import EnrolError, EnrolRefused, Refused, SealedFileLocked
from sync.keys import DeviceKeys, SigningKey, seal
from sync.rollover import ProvincePublic
from sync.sealed_file import Holders, Reader, Writer, read_grant
from tests.province.conftest import Site
from tests.province.support import KioskTwin, cli

ROOM = "01273"


def again(kiosk: KioskTwin, commune: str = ROOM) -> Enrolment:
    """The kiosk is enrolled again: new keys, the number it had, words compared by people."""
    from province import enrolment

    fresh = DeviceKeys.generate()
    request = make_request(fresh, commune, "Nông Văn Lắp", b"again".ljust(16), kiosk.journal.device)
    ticket = kiosk.bearer.post_enrolment(enrolment.make_code(commune, by="test").shown, request)
    enrolment.confirm(ticket, " ".join(request_words(request)), by="test")
    bundle = kiosk.bearer.poll_enrolment(ticket)
    assert bundle is not None
    got = open_bundle(bundle, [fresh.seal], request)
    kiosk.own, kiosk.keys = fresh, got.engine_keys(fresh)
    kiosk.restart()
    return got


# --- the province's keys --------------------------------------------------------------------------------------------


def test_new_keys_of_the_province_are_followed_by_a_kiosk_that_was_away(tmp_path: Path) -> None:
    first = open_keyring(tmp_path)
    root = root_key(tmp_path, None, first)
    third = (rotate(tmp_path, root), rotate(tmp_path, root))[1]
    trust = rollover.Trust(first.root, 1000, ROOM, first.public, (b"c" * 32,))
    assert rollover.take_all(trust, open_keyring(tmp_path).letters_after(1), []).province == third.public
    assert third.generation == 3


def test_what_was_sealed_to_any_generation_still_opens(tmp_path: Path) -> None:
    first = open_keyring(tmp_path)
    sealed = {1: seal(first.sealing.public, b"1")}
    for generation in (2, 3):
        fresh = rotate(tmp_path, root_key(tmp_path, None, first))
        sealed[generation] = seal(fresh.sealing.public, b"%d" % generation)
    ring = open_keyring(tmp_path)
    opened = {generation: opener.open(sealed[generation]) for generation, opener in (ring.openers | {3: ring.sealing}).items()}
    assert opened == {1: b"1", 2: b"2", 3: b"3"}


def test_the_root_may_be_taken_off_the_machine_and_is_never_made_anew(tmp_path: Path) -> None:
    first = open_keyring(tmp_path / "state")
    stick = tmp_path / "stick.key"
    (tmp_path / "state/keys/root.key").rename(stick)
    assert open_keyring(tmp_path / "state").root == first.root
    assert not (tmp_path / "state/keys/root.key").exists()
    with pytest.raises(ProvinceError, match="root_offline"):
        root_key(tmp_path / "state", None, first)
    assert root_key(tmp_path / "state", stick, first).public == first.root


def test_the_root_of_another_province_signs_nothing_here(tmp_path: Path) -> None:
    here, there = open_keyring(tmp_path / "here"), open_keyring(tmp_path / "there")
    assert here.root != there.root
    with pytest.raises(ProvinceError, match="root_foreign"):
        root_key(tmp_path / "here", tmp_path / "there/keys/root.key", here)


def test_the_operator_rotates_with_the_service_stopped(tmp_path: Path) -> None:
    from province.keyring import lock_state

    cli("migrate", state=tmp_path)
    assert cli("keys-rotate", state=tmp_path)[1]["generation"] == 2
    held = lock_state(tmp_path)
    assert cli("keys-rotate", state=tmp_path)[1]["error"]["code"] == "already_serving"
    assert cli("keys-show", state=tmp_path)[1]["generation"] == 2
    assert held > 0


# --- a commune's key ------------------------------------------------------------------------------------------------


def test_a_commune_gets_another_key_and_each_kiosk_its_letter(site: Site, kiosk: KioskTwin) -> None:
    from province import devices
    from province.models import Device

    trust = again(kiosk).trust()
    assert devices.renew_commune_key(ROOM, by="test") == 2
    generation, told = devices.commune_letter(devices.record_of(Device.objects.get()))
    after = rollover.take(trust, told, [kiosk.own.seal])
    assert (generation, after.commune_generation) == (2, 2)
    assert after.commune_secrets[0] == trust.commune_secrets[0] != after.commune_secrets[1]
    with pytest.raises(ProvinceError, match="commune_without_key"):
        devices.renew_commune_key("01290", by="test")


# --- a kiosk's keys -------------------------------------------------------------------------------------------------


def test_a_rotation_puts_the_new_keys_in_force_and_keeps_the_former_with_their_end(site: Site, kiosk: KioskTwin) -> None:
    from province.journal import recording

    fresh, device = DeviceKeys.generate(), kiosk.journal.device
    rotation = rollover.Rotation(device, 2, fresh.sign.public, fresh.seal.public, {5: 7})
    with recording(0) as journal:
        journal.rotate_device(device, rotation)
        record = journal.device(device)
    assert record is not None
    assert (record.verify_key, record.seal_key, record.generation) == (fresh.sign.public, fresh.seal.public, 2)
    (former,) = record.former
    assert (former.verify_key, former.seal_key, former.valid_to) == (kiosk.own.sign.public, kiosk.own.seal.public, {5: 7})


def test_a_kiosk_that_rotates_is_followed_over_the_line_and_its_former_keys_are_refused(site: Site, kiosk: KioskTwin) -> None:
    from province import devices
    from province.models import Device

    kiosk.file()
    former, fresh, device = kiosk.keys, DeviceKeys.generate(), kiosk.journal.device
    ends = {kiosk.journal.identity()[1]: 2}
    told = rollover.write_rotation(rollover.Rotation(device, 2, fresh.sign.public, fresh.seal.public, ends), kiosk.own.sign)
    kiosk.keys = replace(former, sign=fresh.sign, seal=fresh.seal, former=(former.seal,), rotations=(told,), untold=True)
    kiosk.restart()
    kiosk.file(code="TAM-K1-251201-0002B")
    kiosk.settle()
    assert devices.record_of(Device.objects.get()).generation == 2
    assert kiosk.journal.acked(kiosk.journal.identity()[1]) == 4
    kiosk.keys = former
    kiosk.restart()
    with pytest.raises(Refused) as refused:
        kiosk.exchange()
    assert refused.value.reason == "former_key"


def test_the_other_key_of_a_commune_reaches_its_kiosk_with_the_next_answer(site: Site, kiosk: KioskTwin) -> None:
    from province import devices

    devices.renew_commune_key(ROOM, by="test")
    dossier = kiosk.file()
    kiosk.settle()
    assert kiosk.engine.trust.commune_generation == 2
    assert kiosk.confirmed(dossier)


def test_a_kiosk_revoked_by_mistake_is_enrolled_again_and_its_queue_arrives_once(site: Site, kiosk: KioskTwin) -> None:
    from province import devices
    from province.models import DossierIndex, EventRow

    number = kiosk.journal.device
    kiosk.file()
    kiosk.settle()
    devices.revoke(str(number), by="test")
    waiting = [kiosk.file(code=f"TAM-K1-251201-000{n}A") for n in (2, 3)]
    assert again(kiosk).device == number
    kiosk.settle()
    assert EventRow.objects.count() == len(kiosk.journal.lines(kiosk.journal.identity()[1], 0, 99)) == 6
    assert DossierIndex.objects.count() == 3
    assert all(kiosk.confirmed(dossier) for dossier in waiting)


def test_a_province_restored_to_before_the_enrolment_gives_the_number_again(site: Site, kiosk: KioskTwin) -> None:
    from province.models import Device, Enrolment

    number = kiosk.journal.device
    kiosk.file()
    Enrolment.objects.all().delete()
    Device.objects.all().delete()
    got = again(kiosk)
    assert (got.device, got.generation) == (number, 1)
    kiosk.settle()
    assert kiosk.journal.acked(kiosk.journal.identity()[1]) == 2


def test_the_former_keys_of_a_kiosk_enrolled_again_end_where_it_was_held(site: Site, kiosk: KioskTwin) -> None:
    from province import devices
    from province.models import Device

    former = kiosk.own.sign.public
    kiosk.file()
    kiosk.settle()
    incarnation = kiosk.journal.identity()[1]
    again(kiosk)
    record = devices.record_of(Device.objects.get())
    assert [(one.verify_key, one.valid_to) for one in record.former] == [(former, {incarnation: 2})]
    assert (record.generation, record.valid_to) == (2, None)


def test_a_number_is_not_given_to_another_commune_nor_while_it_is_lost(site: Site, enrolled: Callable[[str], KioskTwin]) -> None:
    from province import devices

    kiosk = enrolled(ROOM)
    with pytest.raises(EnrolRefused) as refused:
        again(kiosk, "01290")
    assert refused.value.reason == "device_of_other_commune"
    devices.revoke(str(kiosk.journal.device), by="test", lost=True)
    with pytest.raises(EnrolRefused) as refused:
        again(kiosk)
    assert refused.value.reason == "device_lost"
    devices.found(str(kiosk.journal.device), by="test")
    assert again(kiosk).device == kiosk.journal.device


def test_a_kiosk_lost_between_asking_and_confirming_does_not_come_back(site: Site, kiosk: KioskTwin) -> None:
    from province import devices, enrolment
    from province.errors import ProvinceError
    from province.models import Device

    device, fresh = kiosk.journal.device, DeviceKeys.generate()
    request = make_request(fresh, "01273", "test", bytes(16), former=device)
    ticket = enrolment.ask(enrolment.make_code("01273", by="test").shown, request)
    devices.revoke(str(device), by="test", lost=True)
    with pytest.raises(ProvinceError) as refused:
        enrolment.confirm(ticket, " ".join(request_words(request)), by="test")
    assert refused.value.code == "device_lost"
    assert Device.objects.get().lost


# --- backups of kiosks ----------------------------------------------------------------------------------------------


def backup_of(kiosk: KioskTwin, file: Path, signer: SigningKey, province: ProvincePublic | None) -> bytes:
    with file.open("wb") as out:
        writer = Writer(out, signer, kiosk.journal.device, Holders(province=province))
        writer.write(b"x" * 100_000)
        writer.finish()
    return file.read_bytes()


def test_a_kiosks_backup_is_opened_for_a_new_machine_with_a_code(site: Site, kiosk: KioskTwin, tmp_path: Path) -> None:
    from province.backups import open_backup

    backup_of(kiosk, tmp_path / "b", kiosk.own.sign, site.running.keyring.public)
    device, code = open_backup(tmp_path / "b", tmp_path / "k", by="test")
    assert device == kiosk.journal.device
    with (tmp_path / "b").open("rb") as source:
        reader = Reader(source)
        with pytest.raises(SealedFileLocked):
            read_grant((tmp_path / "k").read_bytes(), reader.header, "AAAA-AAAA-AAAA-AAAA")
        reader.unlock(read_grant((tmp_path / "k").read_bytes(), reader.header, code.lower().replace("-", " ")))
        assert reader.read(5) == b"xxxxx"


def test_a_backup_no_device_signed_or_not_for_the_province_or_altered_is_refused(
    site: Site, kiosk: KioskTwin, tmp_path: Path
) -> None:
    from province.backups import open_backup

    public, file = site.running.keyring.public, tmp_path / "b"
    backup_of(kiosk, file, SigningKey.generate(), public)
    with pytest.raises(ProvinceError, match="backup_not_of_device"):
        open_backup(file, tmp_path / "k", by="test")
    backup_of(kiosk, file, kiosk.own.sign, None)
    with pytest.raises(ProvinceError, match="backup_not_for_us"):
        open_backup(file, tmp_path / "k", by="test")
    whole = backup_of(kiosk, file, kiosk.own.sign, public)
    file.write_bytes(whole[:-70] + bytes([whole[-70] ^ 1]) + whole[-69:])
    with pytest.raises(ProvinceError, match="backup_unreadable"):
        open_backup(file, tmp_path / "k", by="test")
    assert not (tmp_path / "k").exists()


def test_a_key_file_that_cannot_be_written_leaves_nothing_and_is_told_in_vietnamese(
    site: Site, kiosk: KioskTwin, tmp_path: Path
) -> None:
    from province.backups import open_backup

    backup_of(kiosk, tmp_path / "b", kiosk.own.sign, site.running.keyring.public)
    (tmp_path / "out").mkdir()
    with pytest.raises(ProvinceError) as refused:
        open_backup(tmp_path / "b", tmp_path / "out", by="test")
    assert "Đây là thư mục" in refused.value.message_vi
    assert sorted(one.name for one in tmp_path.iterdir() if one.name not in ("state",)) == ["b", "out"]


# --- the operator's commands ----------------------------------------------------------------------------------------


def test_a_kiosk_is_enrolled_by_stick_and_the_bundle_may_be_asked_for_twice(tmp_path: Path) -> None:
    own = DeviceKeys.generate()
    request = make_request(own, ROOM, "Nông Văn Lắp", bytes(16))
    (tmp_path / "in.req").write_bytes(request)
    words = ["enrol-file", str(tmp_path / "in.req"), "--commune", ROOM, "--out", str(tmp_path / "out.bundle"), "--words"]
    code, told = cli(*words, "con mèo", state=tmp_path / "state")
    assert (code, told["error"]["code"]) == (1, "words_differ")
    code, told = cli(*words, " ".join(request_words(request)), state=tmp_path / "state")
    assert code == 0, told
    got = open_bundle((tmp_path / "out.bundle").read_bytes(), [own.seal], request)
    assert (got.device, got.commune) == (told["device"], ROOM)
    (tmp_path / "out.bundle").unlink()
    assert cli(*words, "", state=tmp_path / "state")[0] == 0
    elsewhere = ["01279" if word == ROOM else word for word in words]
    assert cli(*elsewhere, "", state=tmp_path / "state")[1]["error"]["code"] == "commune_differs"
    assert open_bundle((tmp_path / "out.bundle").read_bytes(), [own.seal], request).device == got.device


def test_a_wrong_state_folder_is_named_and_not_made(tmp_path: Path) -> None:
    assert cli("check", state=tmp_path / "wrong")[1]["error"]["code"] == "state_missing"
    assert not (tmp_path / "wrong").exists()


def test_a_file_that_is_no_request_is_refused(site: Site) -> None:
    from province import enrolment

    with pytest.raises(EnrolError):
        enrolment.enrol_file(b"MCX" * 100, ROOM, "x", by="test")


def test_the_operator_is_told_that_a_kiosk_asked_for_another_commune(tmp_path: Path) -> None:
    request = make_request(DeviceKeys.generate(), "01279", "Nông Văn Lắp", bytes(16))
    (tmp_path / "r").write_bytes(request)
    words = ("enrol-file", str(tmp_path / "r"), "--commune", ROOM, "--words", " ".join(request_words(request)))
    facts = cli(*words, "--out", str(tmp_path / "b"), state=tmp_path / "s")[1]
    assert (facts["commune"], facts["asked_commune"]) == (ROOM, "01279")


def test_revoking_a_kiosk_renews_its_commune_key_unless_told_otherwise(tmp_path: Path) -> None:
    request = make_request(DeviceKeys.generate(), ROOM, "Nông Văn Lắp", bytes(16))
    (tmp_path / "r").write_bytes(request)
    said = " ".join(request_words(request))
    cli("enrol-file", str(tmp_path / "r"), "--commune", ROOM, "--words", said, "--out", str(tmp_path / "b"), state=tmp_path / "s")
    number = cli("device-list", state=tmp_path / "s")[1]["devices"][0]["number"]
    kept = cli("device-revoke", str(number), "--keep-commune-key", state=tmp_path / "s")[1]
    assert kept["commune_generation"] is None
    assert cli("device-revoke", str(number), "--lost", state=tmp_path / "s")[1]["commune_generation"] == 2
    (row,) = cli("device-list", state=tmp_path / "s")[1]["devices"]
    assert row["lost"]
    assert row["revoked_ms"]
