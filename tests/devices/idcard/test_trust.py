"""The folder of trusted certificates: every file is told apart, accepted or refused with a reason, and counts for the next card."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, pem
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devices.idcard import tlv
from devices.idcard.certificates import Moment
from devices.idcard.master_list import CSCA_MASTER_LIST, MASTER_LIST_SIGNER
from devices.idcard.passive import authenticate
from devices.idcard.signed_data import parse_signed_data
from devices.idcard.trust_cli import trust_command
from devices.idcard.trust_folder import MAX_FILE, REASONS_VI, Found, TrustFolder
from devices.idcard.twin.certificates import Wanted, years
from devices.idcard.twin.issuer import KINDS, Change, IssuerKind, TwinIssuer, master_list
from devices.idcard.twin.keys import P256, TwinKey
from tests.devices.idcard.trusting import TODAY, groups

VIETNAM = TwinIssuer()
ABROAD = TwinIssuer(IssuerKind("abroad"), owner="abroad", country="LA")
LINKED = TwinIssuer(KINDS["link"])
LATER = Moment(datetime(2050, 1, 1, tzinfo=UTC), sure=True)


@pytest.fixture
def trust(tmp_path: Path) -> TrustFolder:
    return TrustFolder(tmp_path / "trust")


def kinds(found: Found) -> list[str]:
    """What is in a file: kinds of what was accepted, reasons of what was not."""
    return [item.reason or item.kind for item in found.items] + ([found.reason] if found.reason else [])


def test_nothing_installed_is_the_normal_beginning(trust: TrustFolder) -> None:
    assert trust.inventory(TODAY).files == ()
    proof = authenticate(VIETNAM.security_object(groups()), groups(), trust.store(TODAY), TODAY)
    assert (proof.verdict, proof.reason) == ("intact_issuer_unchecked", "issuer_not_installed")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (VIETNAM.csca, ["csca"]),
        (pem.armor("CERTIFICATE", VIETNAM.csca), ["csca"]),
        (VIETNAM.csca_pem + ABROAD.csca_pem, ["csca", "csca"]),
        (VIETNAM.csca + ABROAD.csca + VIETNAM.crl, ["csca", "csca", "crl"]),
        (VIETNAM.csca_pem + pem.armor("X509 CRL", VIETNAM.crl), ["csca", "crl"]),
        (b"".join(LINKED.installed), ["csca", "link"]),
        (VIETNAM.csca + VIETNAM.signer, ["csca", "signer"]),
        (master_list(VIETNAM, [VIETNAM.csca, ABROAD.csca]), ["csca", "csca"]),
        (pem.armor("CMS", master_list(VIETNAM, [VIETNAM.csca])), ["csca"]),
    ],
    ids=["DER", "PEM", "two in PEM", "three in DER", "with CRL", "link", "signer", "master list", "master list in PEM"],
)
def test_a_file_is_accepted_for_what_is_in_it(trust: TrustFolder, data: bytes, expected: list[str]) -> None:
    assert kinds(trust.add(data, TODAY)) == expected
    assert [kinds(one) for one in trust.inventory(TODAY).files] == [expected]


def _altered(der: bytes) -> bytes:
    return der[:-1] + bytes([der[-1] ^ 1])


def _key(*, locked: bool) -> bytes:
    lock = serialization.BestAvailableEncryption(b"secret") if locked else serialization.NoEncryption()
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, lock
    )


_AGREEMENT = Wanted("Nobody", TwinKey(P256, "nobody"), 5, years(2021, 2030), usage=frozenset({"key_agreement"}))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"no certificate at all", "garbage"),
        (b"", "garbage"),
        (b"-----BEGIN CERTIFICATE-----\nnothing", "garbage"),
        (VIETNAM.csca[:-5], "garbage"),
        (_key(locked=False), "private_key"),
        (_key(locked=True), "private_key"),
        (VIETNAM.csca_pem + pem.armor("PRIVATE KEY", _key(locked=False)), "private_key"),
        (_AGREEMENT.sealed_by(VIETNAM.root), "not_ca"),
        (_altered(VIETNAM.csca), "signature_wrong"),
        (replace(VIETNAM.root, usage=frozenset({"crl_sign"})).sealed_by(VIETNAM.root), "not_ca"),
        (LINKED.installed[1], "no_issuer"),
        (VIETNAM.signer, "no_issuer"),
        (VIETNAM.crl, "no_issuer"),
        (_altered(master_list(VIETNAM, [VIETNAM.csca])), "master_list_wrong"),
    ],
)
def test_a_file_of_no_use_is_refused_with_its_reason_and_not_kept(trust: TrustFolder, data: bytes, reason: str) -> None:
    found = trust.add(data, TODAY)
    assert kinds(found) == [reason]
    assert reason in REASONS_VI
    assert not trust.inventory(TODAY).files


def test_a_file_put_there_by_hand_is_judged_too(trust: TrustFolder, tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "key.pem").write_bytes(pem.armor("PRIVATE KEY", _key(locked=False)))
    (tmp_path / "trust" / ".hidden.tmp").write_bytes(b"half")
    assert [(one.name, one.reason) for one in trust.inventory(TODAY).files] == [("key.pem", "private_key")]


def test_a_link_to_nowhere_does_not_hide_what_is_installed_beside_it(trust: TrustFolder, tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "gone.der").symlink_to(tmp_path / "nowhere")
    assert trust.store(TODAY).anchors == ()
    (tmp_path / "trust" / "csca.der").write_bytes(VIETNAM.csca)
    assert len(trust.store(TODAY).anchors) == 1


def test_a_link_to_itself_is_told_and_harms_nothing(trust: TrustFolder, tmp_path: Path) -> None:
    trust.add(VIETNAM.csca, TODAY)
    (tmp_path / "trust" / "round.der").symlink_to(tmp_path / "trust" / "round.der")
    assert [one.reason for one in trust.inventory(TODAY).files] == ["", "unusable"]


def test_a_folder_that_is_a_file_is_told_and_trusts_nobody_until_it_is_mended(
    trust: TrustFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "trust").write_bytes(VIETNAM.csca)
    assert [one.reason for one in trust.inventory(TODAY).files] == ["folder_unusable"]
    assert trust.store(TODAY).anchors == ()
    assert trust_command(["check"], tmp_path / "trust", TODAY) == 1
    assert REASONS_VI["folder_unusable"] in capsys.readouterr().out
    (tmp_path / "trust").unlink()
    trust.add(VIETNAM.csca, TODAY)
    assert len(trust.store(TODAY).anchors) == 1


def test_a_link_counts_once_its_old_certificate_is_there(trust: TrustFolder) -> None:
    assert not trust.add(LINKED.installed[1], TODAY).accepted
    assert trust.add(LINKED.installed[0], TODAY).accepted
    assert trust.add(LINKED.installed[1], TODAY).accepted
    assert len(trust.store(TODAY).anchors) == 2


def test_a_revocation_list_counts_for_the_next_card(trust: TrustFolder) -> None:
    issuer = TwinIssuer(KINDS["signer revoked"])
    trust.add(issuer.csca, TODAY)
    sod = issuer.security_object(groups())
    assert authenticate(sod, groups(), trust.store(TODAY), TODAY).reason == "crl_missing"
    trust.add(issuer.crl, TODAY)
    assert authenticate(sod, groups(), trust.store(TODAY), TODAY).reason == "signer_revoked"


def test_an_authority_at_its_end_is_refused_by_a_sure_clock_only(trust: TrustFolder) -> None:
    trust.add(VIETNAM.csca, TODAY)
    assert [kinds(one) for one in trust.inventory(LATER).files] == [["expired"]]
    assert len(trust.store(replace(LATER, sure=False)).anchors) == 1


def test_a_folder_that_did_not_change_is_not_read_again(trust: TrustFolder) -> None:
    trust.add(VIETNAM.csca, TODAY)
    assert trust.inventory(TODAY) is trust.inventory(TODAY)
    before = trust.inventory(TODAY)
    trust.add(ABROAD.csca, TODAY)
    assert trust.inventory(TODAY) is not before


def test_a_master_list_signed_with_a_certificate_for_documents_is_refused(trust: TrustFolder) -> None:
    content = parse_signed_data(master_list(VIETNAM, [VIETNAM.csca]), most_certificates=2).content
    by_signer = Change(certificates=[VIETNAM.signer, VIETNAM.csca], content_type=CSCA_MASTER_LIST, kind=CSCA_MASTER_LIST)
    assert kinds(trust.add(tlv.find(VIETNAM.seal(content, by_signer), 0x77), TODAY)) == ["master_list_wrong"]


def test_a_master_list_signed_in_a_way_nobody_here_knows_is_not_called_false(trust: TrustFolder) -> None:
    info = cms.ContentInfo.load(master_list(VIETNAM, [VIETNAM.csca]))
    info["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "ed25519"}
    assert kinds(trust.add(info.dump(force=True), TODAY)) == ["algorithm_unknown"]


def test_a_master_list_of_a_signer_nobody_issued_is_refused(trust: TrustFolder) -> None:
    content = parse_signed_data(master_list(VIETNAM, [VIETNAM.csca]), most_certificates=2).content
    officer = Wanted("Master list signer", VIETNAM.officer.key, 7, years(2021, 2036), purposes=(MASTER_LIST_SIGNER,))
    forged = Change(certificates=[officer.sealed_by(ABROAD.root)], content_type=CSCA_MASTER_LIST, kind=CSCA_MASTER_LIST)
    assert kinds(trust.add(tlv.find(VIETNAM.seal(content, forged), 0x77), TODAY)) == ["master_list_wrong"]


def test_a_link_to_another_state_carries_no_trust(trust: TrustFolder) -> None:
    trust.add(VIETNAM.csca, TODAY)
    assert kinds(trust.add(ABROAD.root.sealed_by(VIETNAM.root), TODAY)) == ["no_issuer"]


def test_a_revocation_list_by_a_root_that_may_not_make_them_is_refused(trust: TrustFolder) -> None:
    root = replace(VIETNAM.root, usage=frozenset({"key_cert_sign"}))
    assert kinds(trust.add(root.sealed_by(root) + VIETNAM.crl, TODAY)) == ["csca", "no_issuer"]


def told(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, dict[str, object]]:
    code = trust_command([*arguments, "--json"], folder, TODAY)
    return code, json.loads(capsys.readouterr().out)


def test_a_technician_installs_lists_checks_and_removes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, root, bad = tmp_path / "trust", tmp_path / "root.pem", tmp_path / "bad"
    root.write_bytes(VIETNAM.csca_pem)
    bad.write_bytes(b"nothing")
    code, added = told(capsys, folder, "add", str(root))
    assert (code, added["trusted"]) == (0, {"csca": 1, "signer": 0, "crl": 0})
    assert told(capsys, folder, "add", str(bad))[0] == 1
    assert told(capsys, folder, "check")[0] == 0
    files = told(capsys, folder, "list")[1]["files"]
    assert isinstance(files, list)
    fingerprint = files[0]["items"][0]["fingerprint"]
    assert told(capsys, folder, "remove", fingerprint[:4])[0] == 1
    assert told(capsys, folder, "remove", "0" * 64)[0] == 1
    code, left = told(capsys, folder, "remove", fingerprint[:12].upper())
    assert (code, left["trusted"]) == (0, {"csca": 0, "signer": 0, "crl": 0})
    assert list(folder.iterdir()) == []


def test_check_fails_while_something_useless_lies_in_the_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "readme.txt").write_text("CSCA")
    assert told(capsys, tmp_path, "check")[0] == 1
    assert told(capsys, tmp_path, "list")[0] == 0


def test_a_person_reads_what_was_refused_and_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(pem.armor("PRIVATE KEY", _key(locked=False)))
    assert trust_command(["add", str(key)], tmp_path / "trust", TODAY) == 1
    said = capsys.readouterr().out
    assert "NGUY HIỂM" in said
    assert "Chưa cài chứng thư gốc nào" in said


def said(capsys: pytest.CaptureFixture[str], folder: Path, *arguments: str) -> tuple[int, str]:
    code = trust_command(arguments, folder, TODAY)
    return code, capsys.readouterr().out


def put(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    return str(path)


def test_a_file_that_cannot_be_opened_is_named_and_keeps_no_other_from_being_installed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missing, pipe, good = str(tmp_path / "gone.cer"), str(tmp_path / "pipe"), put(tmp_path / "good.pem", VIETNAM.csca_pem)
    os.mkfifo(pipe)
    code, text = said(capsys, tmp_path / "trust", "add", missing, pipe, good)
    assert code == 1
    assert f"TỪ CHỐI {missing}: {REASONS_VI['file_missing']} [file_missing]" in text
    assert f"TỪ CHỐI {pipe}: {REASONS_VI['not_a_file']} [not_a_file]" in text
    assert f"Đã cài {good} thành " in text
    assert len(TrustFolder(tmp_path / "trust").store(TODAY).anchors) == 1


def test_a_folder_that_cannot_be_written_is_told_of_each_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, text = said(capsys, tmp_path / "root.pem" / "trust", "add", put(tmp_path / "root.pem", VIETNAM.csca_pem))
    assert code == 1
    assert f"root.pem: {REASONS_VI['folder_not_written']}" in text


def test_a_refused_file_is_named_as_it_was_typed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = put(tmp_path / "good.key", _key(locked=False))
    assert f"TỪ CHỐI {key}: NGUY HIỂM" in said(capsys, tmp_path / "trust", "add", key)[1]


@pytest.mark.parametrize("by_name", [True, False])
def test_a_file_refused_whole_is_removed_by_what_the_list_says_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], by_name: bool
) -> None:
    put(tmp_path / "readme", b"CSCA")
    put(tmp_path / "other", b"CRL")
    listed = said(capsys, tmp_path, "list")[1]
    fingerprint = listed.split("TỪ CHỐI readme: ")[1].split("SHA-256 ")[1].split()[0]
    assert said(capsys, tmp_path, "remove", "readme" if by_name else fingerprint)[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_files_too_large_to_be_read_have_no_fingerprint_and_go_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("film", "song"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(MAX_FILE + 1)
    assert "SHA-256" not in said(capsys, tmp_path, "list")[1]
    assert f"song: {REASONS_VI['file_too_large']} [file_too_large]" in said(capsys, tmp_path, "check")[1]
    assert said(capsys, tmp_path, "remove", "film")[0] == 0
    assert [path.name for path in tmp_path.iterdir()] == ["song"]


def test_what_is_installed_already_is_told_and_not_kept_twice(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "trust"
    said(capsys, folder, "add", put(tmp_path / "a.pem", VIETNAM.csca_pem))
    (kept,) = folder.iterdir()
    code, text = said(capsys, folder, "add", put(tmp_path / "a.der", VIETNAM.csca))
    assert code == 0
    assert f"Đã có sẵn {tmp_path / 'a.der'} " in text
    assert f"cũng có trong {kept.name}" in text
    assert list(folder.iterdir()) == [kept]


def test_a_certificate_in_several_files_is_removed_by_the_names_that_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path / "alone.der", VIETNAM.csca)
    put(tmp_path / "bundle.pem", VIETNAM.csca_pem + ABROAD.csca_pem)
    fingerprint = TrustFolder(tmp_path).store(TODAY).anchors[0].fingerprint
    code, text = said(capsys, tmp_path, "remove", fingerprint)
    assert (code, "alone.der, bundle.pem" in text) == (1, True)
    code, text = said(capsys, tmp_path, "remove", "alone.der")
    assert (code, "cũng có trong bundle.pem" in text) == (0, True)
    assert [path.name for path in tmp_path.iterdir()] == ["bundle.pem"]


def test_a_certificate_is_told_in_words_and_days_of_the_country(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, tmp_path / "trust", "add", put(tmp_path / "root.pem", VIETNAM.csca_pem))[1]
    found = TrustFolder(tmp_path / "trust").inventory(TODAY).files[0].items[0]
    year, month, day = found.until.split("-")
    assert f"Chứng thư gốc: VN {found.text}, đến {day}/{month}/{year} – dùng được" in text
    assert found.text.endswith(", Sample issuer without legal value")
    assert "Common Name" not in text
