"""Passive authentication: true issuers of every kind are believed, forgers are not, and what cannot be known is said."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import cms, keys, pem
from cryptography.hazmat.primitives.asymmetric import rsa

from devices.idcard import tlv
from devices.idcard.certificates import Moment, parse_revocation_list
from devices.idcard.curves import curve
from devices.idcard.facts import Proof
from devices.idcard.foreign import AlgorithmUnknown
from devices.idcard.passive import authenticate
from devices.idcard.sentences import proof_vi
from devices.idcard.signatures import PublicKey, Scheme, public_key
from devices.idcard.sod import parse_sod
from devices.idcard.trust import NO_TRUST, TrustStore
from devices.idcard.twin import ChipTwin, Profile
from devices.idcard.twin.certificates import years
from devices.idcard.twin.forgeries import FORGERIES, ForgedIssuer
from devices.idcard.twin.issuer import KINDS, SIGNED, Change, IssuerKind, TwinIssuer, lds_object
from devices.idcard.twin.keys import KeyKind, TwinKey, explicit
from tests.devices.idcard.trusting import TODAY, UNSURE, groups, trusting

UNTRUSTED = {
    "signer not yet": ("intact_issuer_unchecked", "signer_expired"),
    "signer revoked": ("not_genuine", "signer_revoked"),
    "signer retired, no signing time": ("intact_issuer_unchecked", "signer_revoked"),
}
"""Issuers that are known and yet not believed; all others are."""


def judged(sod: bytes | None, trust: TrustStore, at: Moment = TODAY) -> tuple[str, str]:
    found = authenticate(sod, groups(), trust, at)
    return found.verdict, found.reason


@pytest.mark.parametrize("name", KINDS)
def test_an_installed_issuer_is_believed_whatever_its_algorithms_and_forms(name: str) -> None:
    issuer = TwinIssuer(KINDS[name])
    expected = UNTRUSTED.get(name, ("issuer_trusted", ""))
    assert judged(issuer.security_object(groups()), trusting(issuer)) == expected


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.carries])
def test_an_issuer_that_is_not_installed_leaves_the_data_intact_and_no_more(name: str) -> None:
    sod = TwinIssuer(KINDS[name]).security_object(groups())
    assert judged(sod, NO_TRUST) == ("intact_issuer_unchecked", "issuer_not_installed")


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_not_believed(name: str) -> None:
    issuer = TwinIssuer()
    sod = ForgedIssuer(name, issuer).security_object(groups())
    assert judged(sod, trusting(issuer)) == (FORGERIES[name].verdict, FORGERIES[name].reason)


def test_a_chip_without_security_object_is_no_card_an_issuer_handed_out() -> None:
    assert 0x011D not in ChipTwin(profile=Profile(sod=False)).files
    assert judged(None, NO_TRUST) == ("not_genuine", "sod_missing")


@pytest.mark.parametrize("sod", [b"", b"\x77\x00", b"\x77\x03\x30\x01\x00", b"garbage", b"\x77\x83\xff\xff\xff", bytes(40_000)])
def test_a_broken_security_object_is_not_genuine(sod: bytes) -> None:
    assert judged(sod, NO_TRUST) == ("not_genuine", "sod_unreadable")


def test_data_the_issuer_did_not_sign_is_not_genuine() -> None:
    sod = TwinIssuer().security_object({1: groups()[1]})
    assert judged(sod, NO_TRUST) == ("not_genuine", "hash_missing")


def test_a_digest_nobody_here_knows_claims_nothing() -> None:
    content = lds_object(groups()).replace(bytes.fromhex("608648016503040201"), bytes.fromhex("608648016503040288"))
    assert judged(TwinIssuer().seal(content), NO_TRUST) == ("not_checked", "algorithm_unknown")


@pytest.mark.parametrize(
    ("signed", "expected"),
    [(groups(), ("not_checked", "algorithm_unknown")), ({1: b"other", 13: b"other"}, ("not_genuine", "hash_mismatch"))],
    ids=["right", "wrong"],
)
def test_hashes_are_compared_also_where_nobody_here_can_verify_the_signature(
    signed: Mapping[int, bytes], expected: tuple[str, str]
) -> None:
    info = cms.ContentInfo.load(tlv.find(TwinIssuer().security_object(signed), 0x77))
    info["content"]["signer_infos"][0]["signature_algorithm"] = {"algorithm": "ed25519"}
    assert judged(tlv.build(0x77, info.dump(force=True)), NO_TRUST) == expected


def test_a_key_too_short_for_its_signature_verifies_nothing() -> None:
    key = PublicKey(rsa.RSAPublicNumbers(3, (1 << 512) - 1).public_key())
    assert not key.verifies(Scheme("pss", "sha512", "sha512", 64), bytes(64), b"data")


def test_a_signer_that_is_nowhere_to_be_found_leaves_the_data_unchecked() -> None:
    sod = TwinIssuer(KINDS["no certificate"]).security_object(groups())
    assert judged(sod, NO_TRUST) == ("not_checked", "signer_missing")


def test_another_state_does_not_vouch_for_cards_of_viet_nam() -> None:
    foreign = TwinIssuer(IssuerKind("abroad"), owner="abroad", country="LA")
    assert judged(foreign.security_object(groups()), trusting(foreign)) == ("not_genuine", "country_mismatch")


def test_a_signer_issued_after_its_issuers_key_was_to_be_put_away_is_not_trusted() -> None:
    issuer = TwinIssuer(IssuerKind("late", signs=KINDS["P-256"].signs))
    issuer.officer = replace(issuer.officer, valid=replace(issuer.officer.valid, start=datetime(2028, 1, 1, tzinfo=UTC)))
    issuer.signer = issuer.officer.sealed_by(issuer.root)
    later = Moment(datetime(2030, 1, 1, tzinfo=UTC), sure=True)
    assert judged(issuer.security_object(groups()), trusting(issuer), later) == ("intact_issuer_unchecked", "issuer_expired")


def test_a_card_signed_after_the_signers_key_was_to_be_put_away_is_not_trusted() -> None:
    issuer = TwinIssuer(KINDS["signing time"])
    issuer.officer = replace(issuer.officer, signing=years(2022, 2023))
    issuer.signer = issuer.officer.sealed_by(issuer.root)
    assert judged(issuer.security_object(groups()), trusting(issuer)) == ("intact_issuer_unchecked", "signer_expired")


def test_an_authority_may_not_sign_documents_even_where_its_key_may_sign() -> None:
    issuer = TwinIssuer()
    issuer.officer = replace(issuer.officer, authority=True, usage=frozenset({"digital_signature", "key_cert_sign"}))
    issuer.signer = issuer.officer.sealed_by(issuer.root)
    assert judged(issuer.security_object(groups()), trusting(issuer)) == ("not_genuine", "usage_wrong")


def test_what_follows_a_security_object_may_not_be_long() -> None:
    sod = TwinIssuer().security_object(groups())
    assert judged(sod + bytes(40_000), NO_TRUST) == ("not_genuine", "sod_unreadable")


def test_signed_data_of_another_kind_is_no_security_object() -> None:
    other = Change(kind="1.2.840.113549.1.9.16.1.4", content_type="1.2.840.113549.1.9.16.1.4")
    assert judged(TwinIssuer().seal(lds_object(groups()), other), NO_TRUST) == ("not_genuine", "sod_unreadable")


def test_a_card_signed_in_the_future_is_not_trusted_by_a_sure_clock() -> None:
    issuer = TwinIssuer(KINDS["signing time"])
    before = Moment(datetime(2020, 1, 1, tzinfo=UTC), sure=True)
    assert judged(issuer.security_object(groups()), trusting(issuer), before) == ("intact_issuer_unchecked", "signer_expired")


def test_an_unsure_clock_says_so_instead_of_judging() -> None:
    issuer = TwinIssuer(KINDS["signing time"])
    assert judged(issuer.security_object(groups()), trusting(issuer, at=UNSURE), UNSURE) == ("issuer_trusted", "clock_unsure")


def test_a_revocation_list_that_is_old_or_missing_is_stated_and_blocks_nobody() -> None:
    issuer = TwinIssuer()
    sod = issuer.security_object(groups())
    assert judged(sod, trusting(issuer, crl=False)) == ("issuer_trusted", "crl_missing")
    issuer.crl = issuer.list_until(2026)
    assert judged(sod, trusting(issuer)) == ("issuer_trusted", "crl_expired")


def test_a_link_that_was_revoked_carries_no_trust() -> None:
    issuer = TwinIssuer(KINDS["link"])
    trust = trusting(issuer)
    link = next(one for one in trust.anchors if one.key_id == issuer.root.key_id)
    old = trust.anchors[0]
    revoked = replace(parse_revocation_list(TwinIssuer(KINDS["signer revoked"]).crl), seal=old.seal)
    revoked = replace(revoked, revoked={link.serial: next(iter(revoked.revoked.values()))})
    trust = replace(trust, lists=(revoked,))
    assert judged(issuer.security_object(groups()), trust) == ("not_genuine", "signer_revoked")


def test_version_0_and_1_of_the_security_object_are_read() -> None:
    assert parse_sod(TwinIssuer().security_object(groups())).lds == ""
    assert parse_sod(TwinIssuer(KINDS["LDS 1.8"]).security_object(groups())).lds == "1.8"


def test_a_curve_of_ones_own_is_no_key() -> None:
    info = TwinKey(KeyKind(explicit=True), "own").public
    domain = explicit(curve(12))
    domain.chosen["base"] = keys.ECPoint(bytes(info["public_key"].native))
    info["algorithm"]["parameters"] = domain
    with pytest.raises(AlgorithmUnknown):
        public_key(keys.PublicKeyInfo.load(info.dump(force=True)))


def test_a_key_bound_to_pss_verifies_nothing_else() -> None:
    bound, free = (TwinKey(KeyKind("pss", bound=bound), "pss") for bound in (True, False))
    plain = TwinKey(KeyKind("rsa"), "pss").sign(b"data")
    assert public_key(free.public).verifies(Scheme("rsa", "sha256"), plain, b"data")
    assert not public_key(bound.public).verifies(Scheme("rsa", "sha256"), plain, b"data")


def test_a_curve_openssl_has_and_cryptography_has_not_is_verified_by_our_own_arithmetic(tmp_path: Path) -> None:
    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=tmp_path, check=True, capture_output=True)

    (tmp_path / "data").write_bytes(b"data")
    openssl("ecparam", "-name", "brainpoolP320r1", "-genkey", "-noout", "-out", "key")
    openssl("ec", "-in", "key", "-pubout", "-outform", "DER", "-out", "public")
    openssl("dgst", "-sha256", "-sign", "key", "-out", "signature", "data")
    key = public_key(keys.PublicKeyInfo.load((tmp_path / "public").read_bytes()))
    signature = (tmp_path / "signature").read_bytes()
    assert key.verifies(Scheme("ecdsa", "sha256"), signature, b"data")
    assert not key.verifies(Scheme("ecdsa", "sha256"), signature, b"other")


def openssl_verifies(folder: Path, sod: bytes, trusted: bytes, *options: str) -> subprocess.CompletedProcess[str]:
    """OpenSSL on a security object; what was signed is left in ``content``."""
    (folder / "sod").write_bytes(tlv.find(sod, 0x77))
    (folder / "trusted.pem").write_bytes(trusted)
    command = ["openssl", "cms", "-verify", "-inform", "DER", "-in", "sod", "-CAfile", "trusted.pem", "-binary", "-out", "content"]
    return subprocess.run([*command, *options], cwd=folder, capture_output=True, text=True, check=False)


def on(day: datetime) -> tuple[str, str]:
    return "-attime", str(int(day.timestamp()))


# OpenSSL takes no certificates with explicit curve parameters.
@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.carries and not kind.root.explicit])
def test_openssl_finds_the_same_signature_and_chain_right(name: str, tmp_path: Path) -> None:
    issuer = TwinIssuer(KINDS[name])
    sod = issuer.security_object(groups())
    told = openssl_verifies(tmp_path, sod, issuer.csca_pem, *on(SIGNED))
    assert (told.returncode == 0) == (name != "signer not yet"), told.stderr
    if told.returncode == 0:
        assert (tmp_path / "content").read_bytes() == lds_object(groups(), KINDS[name].digest, KINDS[name].lds)


@pytest.mark.parametrize("name", ["P-256", "RSA-PSS", "signer revoked"])
def test_openssl_reads_the_same_revocation_list(name: str, tmp_path: Path) -> None:
    issuer = TwinIssuer(KINDS[name])
    trusted = issuer.csca_pem + pem.armor("X509 CRL", issuer.crl)
    told = openssl_verifies(tmp_path, issuer.security_object(groups()), trusted, "-crl_check", *on(TODAY.time))
    assert ("certificate revoked" in told.stderr) == bool(KINDS[name].revoked)
    assert (told.returncode == 0) == (not KINDS[name].revoked)


@pytest.mark.parametrize(
    "name",
    [
        *("another issuer with the same names", "hashes rewritten", "signature of another security object"),
        *("signed with another key", "another key put into the certificate"),
    ],
)
def test_openssl_refuses_the_forgeries_that_a_signature_shows(name: str, tmp_path: Path) -> None:
    issuer = TwinIssuer()
    told = openssl_verifies(tmp_path, ForgedIssuer(name, issuer).security_object(groups()), issuer.csca_pem, *on(SIGNED))
    assert told.returncode != 0


def test_damaged_security_objects_never_raise_and_are_never_trusted() -> None:
    dice = random.Random(9303)
    issuers = [TwinIssuer(KINDS[name]) for name in ("P-256 explicit", "RSA-PSS", "signing time")]
    trust = trusting(*issuers)
    whole = [issuer.security_object(groups()) for issuer in issuers]
    for _ in range(900):
        sod = bytearray(dice.choice(whole))
        for _ in range(dice.randint(1, 3)):
            at = dice.randrange(len(sod))
            sod[at : at + dice.choice((1, 1, 1, 0, 3))] = dice.randbytes(dice.choice((1, 1, 1, 2)))
        if bytes(sod) not in whole:
            verdict, reason = judged(bytes(sod), trust)
            assert proof_vi(Proof(verdict, reason=reason))  # type: ignore[arg-type]


def test_every_reason_has_a_sentence_and_an_unknown_one_is_shown_as_it_stands() -> None:
    assert "chưa cài chứng thư gốc" in proof_vi(Proof("intact_issuer_unchecked", "active", "issuer_not_installed"))
    assert proof_vi(Proof("issuer_trusted", "chip")).endswith("Chíp không phải bản sao.")
    assert "không phải bản sao" not in proof_vi(Proof("intact_issuer_unchecked", "active")) + proof_vi(Proof("not_checked", "chip"))
    assert "giấu" in proof_vi(Proof("issuer_trusted", "active", "data_withheld"))
    assert proof_vi(Proof("issuer_trusted", reason="proof_withheld")).endswith("có thể là bản sao.")
    assert "[of_tomorrow]" in proof_vi(Proof("not_genuine", reason="of_tomorrow"))
