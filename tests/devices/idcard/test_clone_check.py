"""Is the chip a copy: active and chip authentication, by true chips, by copies, and by copies that hide what gives them away."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from devices.idcard import active, chip_auth, tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import ChannelBroken
from devices.idcard.curves import curve
from devices.idcard.dh_keys import dh_public_key
from devices.idcard.facts import Proof
from devices.idcard.files import File, read_file
from devices.idcard.pace_offers import PaceOffer, offer
from devices.idcard.proofs import ProofFailed, ProofRefused
from devices.idcard.public_keys import ec_public_key
from devices.idcard.security_infos import PACE, chip_keys, oid_bytes, parse
from devices.idcard.twin import ChipTwin, Faults, Profile
from devices.idcard.twin.proofs import INTERNAL_AUTHENTICATE, ActiveKind, ChipKind, EcdsaKey, explicit_public_key, sign_9796
from tests.devices.idcard.lines import Chip, opened, read, read_over

MAPPED = offer(f"{PACE}.6.4", 13)
GENERIC = offer(f"{PACE}.2.4", 13)
ACTIVE: list[ActiveKind] = ["rsa", "ecdsa-p256", "ecdsa-brainpool"]
AGREED: list[ChipKind] = ["3des", "aes-128", "aes-192", "aes-256"]
CHALLENGE = bytes(range(8))
READ_DG15 = b"\xb0\x8f"
RSA_KEY = rsa.generate_private_key(65537, 1024)
TRAILERS = {"sha1": b"\xbc", "sha224": b"\x38\xcc", "sha256": b"\x34\xcc", "sha384": b"\x36\xcc", "sha512": b"\x35\xcc"}


def counted(count: int) -> bytes:
    return bytes(number % 251 for number in range(count))


def proof(profile: Profile, faults: Faults | None = None) -> Proof:
    return read(ChipTwin(profile=profile, faults=faults)).proof


@pytest.mark.parametrize("kind", ACTIVE)
def test_a_chip_that_signs_our_challenge_is_no_copy(kind: ActiveKind) -> None:
    assert proof(Profile(active=kind)) == Proof("intact_issuer_unchecked", "active", "issuer_not_installed")


@pytest.mark.parametrize("kind", [*AGREED, "dh-3des", "dh-aes-128"])
def test_a_chip_that_agrees_on_new_keys_is_no_copy(kind: ChipKind) -> None:
    assert proof(Profile(chip_auth=kind, short_only=not kind.startswith("dh"))).clone_check == "chip"


def test_chip_authentication_is_preferred_and_then_dg15_is_not_read() -> None:
    line = Chip(ChipTwin(profile=Profile(active="rsa", chip_auth="aes-128")))
    assert read_over(line).proof.clone_check == "chip"
    assert not [command for command in line.commands if command[1:3] == READ_DG15]


@pytest.mark.parametrize(
    "profile",
    [
        *(Profile(active=kind) for kind in ACTIVE),
        *(Profile(chip_auth=kind) for kind in AGREED),
        Profile(chip_auth="dh-aes-128", short_only=False),
        Profile(chip_auth="aes-128", pace=(MAPPED,)),
        *(Profile(active=kind, pace=(MAPPED,), mapping_in_dg14=False) for kind in ACTIVE),
    ],
    ids=lambda profile: f"{profile.active or profile.chip_auth}{' mapped' if profile.pace else ''}",
)
def test_a_copy_has_every_file_and_no_key_and_is_not_genuine(profile: Profile) -> None:
    assert proof(profile, Faults(cloned=True)) == Proof("not_genuine", "none", "chip_copied")


@pytest.mark.parametrize("profile", [Profile(active="rsa"), Profile(chip_auth="aes-128"), Profile(active="rsa", chip_auth="3des")])
def test_a_copy_that_hides_the_files_that_would_give_it_away_is_named(profile: Profile) -> None:
    assert proof(profile, Faults(strip=True)) == Proof("intact_issuer_unchecked", "none", "proof_withheld")


def test_a_chip_that_hides_the_holders_signed_data_is_told() -> None:
    chip = ChipTwin(profile=Profile(active="ecdsa-p256"))
    del chip.files[0x010D]
    told = read(chip)
    assert told.proof == Proof("intact_issuer_unchecked", "active", "data_withheld")
    assert (told.person.name, told.person.mrz_name) == ("", "NONG THI MAU")


def test_a_chip_that_never_had_a_proof_to_make_is_not_suspected() -> None:
    assert proof(Profile()).reason == "issuer_not_installed"


def test_what_pace_has_proved_is_not_proved_again() -> None:
    line = Chip(ChipTwin(profile=Profile(pace=(MAPPED,), active="rsa")))
    assert read_over(line).proof.clone_check == "chip"
    assert not [command for command in line.commands if command[1:3] == READ_DG15 or command[1] == INTERNAL_AUTHENTICATE]


@pytest.mark.parametrize(("more", "check"), [({"chip_auth": "aes-128"}, "chip"), ({"active": "rsa"}, "active"), ({}, "none")])
def test_a_true_chip_that_maps_with_a_key_we_do_not_read_proves_itself_as_it_can(more: Mapping[str, Any], check: str) -> None:
    found = proof(Profile(pace=(MAPPED,), mapping_in_dg14=False, **more))
    assert (found.verdict, found.clone_check, found.reason) == ("intact_issuer_unchecked", check, "issuer_not_installed")


def test_a_mapping_with_another_key_earns_no_proof_and_convicts_nobody() -> None:
    assert proof(Profile(pace=(MAPPED,)), Faults(cloned=True)) == Proof("intact_issuer_unchecked", "none", "proof_refused")


@pytest.mark.parametrize("way", [MAPPED, GENERIC], ids=["mapped", "generic"])
def test_a_chip_opened_by_pace_proves_itself_too(way: PaceOffer) -> None:
    assert proof(Profile(pace=(way,), chip_auth="aes-256")).clone_check == "chip"


def test_a_key_that_nobody_signed_proves_nothing() -> None:
    chip, other = ChipTwin(profile=Profile(active="rsa")), ChipTwin(profile=Profile(active="rsa"))
    chip.files[0x010F] = other.files[0x010F]
    assert read(chip).proof.verdict == "not_genuine"


def test_a_chip_that_does_not_sign_has_refused_and_is_not_called_a_copy() -> None:
    chip = ChipTwin(profile=Profile(active="ecdsa-p256"))
    chip.secure_parts = []
    assert read(chip).proof == Proof("intact_issuer_unchecked", "none", "proof_refused")


def test_dg15_without_a_usable_key_is_told_from_a_refusal() -> None:
    chip = ChipTwin(profile=Profile(active="rsa"))
    groups = {1: chip.files[0x0101], 13: chip.files[0x010D], 15: tlv.build(0x6F, b"\x30\x00")}
    chip.files |= {0x010F: groups[15], 0x011D: chip.issuer.security_object(groups)}
    assert read(chip).proof.reason == "proof_unusable"


def test_after_chip_authentication_the_new_session_reads_on_and_the_old_one_is_dead() -> None:
    chip = ChipTwin(profile=Profile(chip_auth="aes-256"))
    found = opened(Chip(chip))
    offered = chip_auth.offer(read_file(found.channel, File.DG14))
    assert offered
    session = chip_auth.prove(found.channel, offered, counted)
    assert read_file(session, File.DG13) == chip.files[0x010D]
    with pytest.raises(ChannelBroken):
        read_file(found.channel, File.DG13)


def info(oid: str, *parts: bytes) -> bytes:
    return tlv.build(0x30, tlv.build(0x06, oid_bytes(oid)) + b"".join(parts))


ONE, TWO = b"\x02\x01\x01", b"\x02\x01\x02"
DH_KEY = chip_keys(parse(tlv.find(ChipTwin(profile=Profile(chip_auth="dh-3des")).files[0x010E], 0x6E)))[0].public_key
KEY = explicit_public_key(curve(13), curve(13).generator)


def dg14(*infos: bytes) -> bytes:
    return tlv.build(0x6E, tlv.build(0x31, b"".join(infos)))


def test_of_several_ciphers_the_strongest_with_a_key_is_taken() -> None:
    weak, strong = info("0.4.0.127.0.7.2.2.3.2.1", ONE, ONE), info("0.4.0.127.0.7.2.2.3.2.4", ONE, TWO)
    first, second = info("0.4.0.127.0.7.2.2.1.2", KEY, ONE), info("0.4.0.127.0.7.2.2.1.2", KEY, TWO)
    found = chip_auth.offer(dg14(weak, strong, first, second))
    assert (found.cipher, found.key_id) == ("aes-256", 2)
    assert chip_auth.offer(dg14(weak, strong, first)).cipher == "3des"


def test_a_key_without_a_protocol_means_triple_des_and_a_protocol_without_a_key_means_nothing() -> None:
    assert chip_auth.offer(dg14(info("0.4.0.127.0.7.2.2.1.2", KEY))).cipher == "3des"
    assert chip_auth.offer(dg14(info("0.4.0.127.0.7.2.2.3.2.4", ONE))) is None


@pytest.mark.parametrize("name", TRAILERS)
def test_rsa_signatures_are_right_with_every_hash_of_the_standard_and_in_no_other_way(name: str) -> None:
    key, signature = RSA_KEY.public_key(), sign_9796(RSA_KEY, CHALLENGE, counted, name, TRAILERS[name])
    size = len(signature)
    other = (key.public_numbers().n - int.from_bytes(signature, "big")).to_bytes(size, "big")
    assert active.rsa_is_right(key, signature, CHALLENGE)
    assert active.rsa_is_right(key, other, CHALLENGE), "n − s is as good as s"
    assert not active.rsa_is_right(key, signature, CHALLENGE[::-1])
    assert not active.rsa_is_right(key, signature[:-1], CHALLENGE)
    assert not active.rsa_is_right(key, bytes(size), CHALLENGE)
    wrong = next(trailer for trailer in TRAILERS.values() if trailer != TRAILERS[name])
    assert not active.rsa_is_right(key, sign_9796(RSA_KEY, CHALLENGE, counted, name, wrong), CHALLENGE)


def test_an_rsa_signature_of_another_shape_is_wrong() -> None:
    numbers = RSA_KEY.private_numbers()
    block = b"\x4a" + counted(128 - 35) + hashlib.sha256(counted(128 - 35) + CHALLENGE).digest() + b"\x34\xcc"
    signature = pow(int.from_bytes(block, "big"), numbers.d, numbers.public_numbers.n).to_bytes(128, "big")
    assert not active.rsa_is_right(RSA_KEY.public_key(), signature, CHALLENGE)


def test_openssl_opens_the_chips_rsa_signature_to_the_same_message(tmp_path: Path) -> None:
    signature = sign_9796(RSA_KEY, CHALLENGE, counted)
    pem = RSA_KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    n = RSA_KEY.public_key().public_numbers().n
    for number, candidate in enumerate((int.from_bytes(signature, "big"), n - int.from_bytes(signature, "big"))):
        (tmp_path / f"signature{number}").write_bytes(candidate.to_bytes(128, "big"))
    (tmp_path / "key.pem").write_bytes(pem)
    opened_ = [
        subprocess.run(
            [
                "openssl",
                "pkeyutl",
                "-verifyrecover",
                "-pubin",
                "-inkey",
                "key.pem",
                "-in",
                name,
                "-pkeyopt",
                "rsa_padding_mode:none",
            ],
            cwd=tmp_path,
            capture_output=True,
            check=True,
        ).stdout
        for name in ("signature0", "signature1")
    ]
    block = next(block for block in opened_ if block.endswith(b"\x34\xcc"))
    assert block[0] == 0x6A
    assert hashlib.sha256(block[1:-34] + CHALLENGE).digest() == block[-34:-2]


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-brainpool"])
def test_openssl_judges_the_chips_ecdsa_signature_as_we_do(kind: str, tmp_path: Path) -> None:
    key = EcdsaKey(kind)
    signature = key.sign(CHALLENGE, counted)
    known, point = ec_public_key(key.public_key)
    half = len(signature) // 2
    (tmp_path / "key.der").write_bytes(key.public_key)
    (tmp_path / "challenge").write_bytes(CHALLENGE)
    for good in (True, False):
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big") - (0 if good else 1)
        (tmp_path / "signature").write_bytes(encode_dss_signature(r, s))
        command = ["openssl", "dgst", "-sha256", "-verify", "key.der", "-keyform", "DER", "-signature", "signature", "challenge"]
        told = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
        ours = active.ecdsa_is_right(known, point, signature[:half] + s.to_bytes(half, "big"), CHALLENGE, ["sha256"])
        assert (told.returncode == 0) == ours == good


@pytest.mark.parametrize(
    ("number", "library", "digest"),
    [
        (8, ec.SECP192R1(), hashes.SHA1()),
        (10, ec.SECP224R1(), hashes.SHA224()),
        (12, ec.SECP256R1(), hashes.SHA1()),
        (15, ec.SECP384R1(), hashes.SHA384()),
        (17, ec.BrainpoolP512R1(), hashes.SHA512()),
        (18, ec.SECP521R1(), hashes.SHA512()),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_without_a_word_in_dg14_the_hashes_that_fit_the_curve_are_tried(
    number: int, library: ec.EllipticCurve, digest: hashes.HashAlgorithm
) -> None:
    private, known = ec.generate_private_key(library), curve(number)
    r, s = decode_dss_signature(private.sign(CHALLENGE, ec.ECDSA(digest)))
    point = private.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    signature = b"".join(part.to_bytes(known.size, "big") for part in (r, s))
    assert active.ecdsa_is_right(known, point, signature, CHALLENGE, active.hashes_for(known, None))
    assert not active.ecdsa_is_right(known, point, signature, CHALLENGE[::-1], active.hashes_for(known, None))
    assert not active.ecdsa_is_right(known, point, bytes(2 * known.size), CHALLENGE, active.hashes_for(known, None))


class Scripted:
    """A channel that answers INTERNAL AUTHENTICATE as told, one answer after the other."""

    block = 8

    def __init__(self, *answers: Answer | ChannelBroken) -> None:
        self._answers = list(answers)
        self.wanted: list[int | None] = []

    def send(self, command: Command) -> Answer:
        self.wanted.append(command.le)
        answer = self._answers.pop(0)
        if isinstance(answer, ChannelBroken):
            raise answer
        return answer


def dg15_of(key: rsa.RSAPrivateKey) -> bytes:
    encoding = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return tlv.build(0x6F, key.public_key().public_bytes(*encoding))


def test_a_short_signature_is_asked_for_once_and_a_long_one_again_with_a_long_answer() -> None:
    short = Scripted(Answer(b"", 0x6D00))
    with pytest.raises(ProofRefused, match="6D00"):
        active.prove(short, dg15_of(RSA_KEY), counted)
    assert short.wanted == [256]
    key = rsa.generate_private_key(65537, 2048)
    long = Scripted(Answer(b"", 0x6700), Answer(sign_9796(key, counted(8), counted), 0x9000))
    active.prove(long, dg15_of(key), counted)
    assert long.wanted == [256, 65536]


@pytest.mark.parametrize("answer", [Answer(bytes(128), 0x9000), Answer(b"\x01", 0x9000), Answer(bytes(5000), 0x9000)])
def test_a_wrong_signature_is_a_failure_not_a_refusal(answer: Answer) -> None:
    with pytest.raises(ProofFailed):
        active.prove(Scripted(answer), dg15_of(RSA_KEY), counted)


def test_a_link_that_breaks_proves_nothing_against_the_chip() -> None:
    with pytest.raises(ProofRefused):
        active.prove(Scripted(ChannelBroken("noise")), dg15_of(RSA_KEY), counted)


@pytest.mark.parametrize("at", [0, 4, 9, 20, 60, -1])
def test_damaged_keys_are_value_errors(at: int) -> None:
    for data, use in ((KEY, ec_public_key), (DH_KEY, dh_public_key)):
        damaged = bytearray(data)
        damaged[at] ^= 0x55
        try:
            use(bytes(damaged))
        except ValueError:
            continue
        assert use is dh_public_key, "any number below the prime may be a key"


def test_a_prime_too_short_or_too_long_is_refused_before_anything_is_computed() -> None:
    field, element = dh_public_key(DH_KEY)
    assert field.multiply(field.generator, 2) != element
    for bits in (512, 8192):
        number = tlv.build(0x02, b"\x00" + bytes([0x80]) + bytes(bits // 8 - 2) + b"\x01")
        algorithm = tlv.build(
            0x30, bytes.fromhex("06072A8648CE3E0201") + tlv.build(0x30, number + b"\x02\x01\x02" + b"\x02\x01\x03")
        )
        with pytest.raises(ValueError, match="Diffie"):
            dh_public_key(tlv.build(0x30, algorithm + tlv.build(0x03, b"\x00\x02\x01\x05")))
