"""PACE against the worked examples of ICAO Doc 9303-11 from both sides, and every way of it between our terminal and our chip."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from devices.idcard import pace, security_infos, tlv
from devices.idcard.access import AID
from devices.idcard.apdu import Command, read_binary, select_application, select_file
from devices.idcard.crypto import ENCRYPTION, KEY_BYTES, MAC, decrypt, derive_key, encrypt
from devices.idcard.domain_parameters import CURVES
from devices.idcard.facts import Can, Key, MrzKey
from devices.idcard.mrz import mrz_information
from devices.idcard.pace_keys import open_chip_data, password, password_key, pseudo_random, seal_chip_data, token
from devices.idcard.pace_offers import PaceOffer, offer
from devices.idcard.refusals import AccessRefused, KeyRefused
from devices.idcard.security_infos import PACE
from devices.idcard.twin import ChipTwin, Profile
from devices.idcard.twin.pace import ChipPace, Secret
from devices.idcard.twin.tries import Tries
from tests.devices.idcard import icao
from tests.devices.idcard.lines import Chip, Tape, scripted

GM, DH_GM = icao.VECTORS["pace_ecdh_gm"], icao.VECTORS["pace_dh_gm"]
IM, DH_IM, CAM = icao.VECTORS["pace_ecdh_im"], icao.VECTORS["pace_dh_im"], icao.VECTORS["pace_ecdh_cam"]
EXAMPLES = {"ECDH-GM": GM, "DH-GM": DH_GM, "ECDH-IM": IM, "DH-IM": DH_IM, "ECDH-CAM": CAM}
KEY = MrzKey(GM["document_number"], GM["birth"], GM["expiry"])
CAM_KEY = MrzKey("C11T002JM", "960812", "231031")
CAN = Can("123456")
BRAINPOOL = ec.BrainpoolP256R1()


@pytest.fixture(params=EXAMPLES)
def example(request: pytest.FixtureRequest) -> dict[str, Any]:
    return EXAMPLES[request.param]


def way(example: dict[str, Any]) -> PaceOffer:
    return offer(security_infos.dotted(bytes.fromhex(example["oid"])), example["parameter_id"])


def key_of(example: dict[str, Any]) -> MrzKey:
    return CAM_KEY if example is CAM else KEY


def number(example: dict[str, Any], name: str) -> int:
    """A private number, in the range of the group (one example writes a longer one)."""
    return int(example[name], 16) % way(example).group.order


def drawn(example: dict[str, Any], name: str) -> str:
    """The same as random bytes."""
    order = way(example).group.order
    return number(example, name).to_bytes((order.bit_length() + 7) // 8, "big").hex()


def data(tag: int, value: str) -> str:
    return tlv.build(0x7C, tlv.build(tag, bytes.fromhex(value))).hex().upper()


def ask(body: str, cla: str = "10") -> str:
    return f"{cla}860000{len(body) // 2:02X}{body}00"


def test_the_password_is_that_of_the_examples() -> None:
    assert mrz_information(KEY) == GM["mrz_information"] == DH_GM["mrz_information"]
    assert mrz_information(CAM_KEY) == CAM["mrz_information"]
    assert password(KEY).hex().upper() == GM["k"]
    assert password_key("aes-128", password(KEY)).hex().upper() == GM["k_pi"]


def test_the_nonce_is_that_of_the_example(example: dict[str, Any]) -> None:
    key = bytes.fromhex(example["k_pi"]) if "k_pi" in example else password_key("aes-128", password(key_of(example)))
    assert decrypt("aes-128", key, bytes.fromhex(example["z"])).hex().upper() == example["s"]
    assert encrypt("aes-128", key, bytes.fromhex(example["s"])).hex().upper() == example["z"]


def test_the_generator_is_that_of_the_example(example: dict[str, Any]) -> None:
    group, nonce = way(example).group, bytes.fromhex(example["s"])
    if "t" in example:
        generator = group.element_from(pseudo_random("aes-128", nonce, bytes.fromhex(example["t"]), group.p))
    else:
        shared = group.multiply(bytes.fromhex(example["pk_map_ic"]), number(example, "sk_map_ifd"))
        assert shared.hex().upper() == example.get("h", shared.hex().upper())
        generator = group.combine(group.multiply(group.generator, int.from_bytes(nonce, "big")), shared)
    assert (example.get("g_mapped") or example["g_mapped_x"]) in generator.hex().upper()
    assert group.multiply(generator, number(example, "sk_dh_ifd")).hex().upper() == example["pk_dh_ifd"]


def test_keys_and_tokens_are_those_of_the_example(example: dict[str, Any]) -> None:
    group, oid = way(example).group, way(example).oid
    ours, theirs = (bytes.fromhex(example[name]) for name in ("pk_dh_ifd", "pk_dh_ic"))
    shared = group.secret(group.multiply(theirs, number(example, "sk_dh_ifd")))
    assert shared.hex().upper() == example.get("shared_secret", shared.hex().upper())
    assert derive_key("aes-128", shared, ENCRYPTION).hex().upper() == example["ks_enc"]
    assert derive_key("aes-128", shared, MAC).hex().upper() == example["ks_mac"]
    assert token(oid, "aes-128", group, shared, theirs).hex().upper() == example["t_ifd"]
    assert token(oid, "aes-128", group, shared, ours).hex().upper() == example["t_ic"]


def test_the_chips_authentication_data_is_that_of_the_example() -> None:
    ks_enc, sealed = bytes.fromhex(CAM["ks_enc"]), bytes.fromhex(CAM["encrypted_ca_data"])
    assert open_chip_data(ks_enc, sealed).hex().upper() == CAM["ca_data"]
    assert seal_chip_data(ks_enc, bytes.fromhex(CAM["ca_data"])) == sealed


def conversation(example: dict[str, Any]) -> list[tuple[str, str]]:
    """Commands and answers of the example, with the group's number in the first; nonces under the key that we can derive."""
    z = encrypt("aes-128", password_key("aes-128", password(key_of(example))), bytes.fromhex(example["s"])).hex()
    chose = f"800A{example['oid']}830101{tlv.build(0x84, bytes([example['parameter_id']])).hex().upper()}"
    mapping = (data(0x81, example["t"]), "7C028200") if "t" in example else _mapping(example)
    proof = tlv.build(0x86, bytes.fromhex(example["t_ic"]))
    if example is CAM:
        proof += tlv.build(0x8A, bytes.fromhex(CAM["encrypted_ca_data"]))
    return [
        (f"0022C1A4{len(chose) // 2:02X}{chose}", "9000"),
        (ask("7C00"), data(0x80, z) + "9000"),
        (ask(mapping[0]), mapping[1] + "9000"),
        (ask(data(0x83, example["pk_dh_ifd"])), data(0x84, example["pk_dh_ic"]) + "9000"),
        (ask(data(0x85, example["t_ifd"]), "00"), tlv.build(0x7C, proof).hex() + "9000"),
    ]


def _mapping(example: dict[str, Any]) -> tuple[str, str]:
    if "pk_map_ifd" not in example:
        return "", ""
    return data(0x81, example["pk_map_ifd"]), data(0x82, example["pk_map_ic"])


def test_the_terminal_plays_the_whole_example(example: dict[str, Any]) -> None:
    first = example["t"] if "t" in example else drawn(example, "sk_map_ifd")
    random = scripted(first, drawn(example, "sk_dh_ifd"))
    _, evidence = pace.authenticate(Tape(conversation(example)), way(example), key_of(example), random)
    assert (evidence is not None) == (example is CAM)


def test_the_printed_commands_of_the_example_are_ours_but_for_the_groups_number() -> None:
    (chose, _), *steps = conversation(GM)
    assert chose == "0022C1A412800A04007F0007020204020283010184010D"
    assert GM["apdus"][0][0] == "0022C1A40F800A04007F00070202040202830101"
    assert [command for command, _ in steps] == [command for command, _ in GM["apdus"][1:]]
    assert [answer.upper() for _, answer in steps] == [answer for _, answer in GM["apdus"][1:]]


def test_the_chip_plays_the_whole_example_as_printed() -> None:
    chip = ChipTwin(profile=Profile(pace=(way(GM),)), key=KEY, random=scripted(GM["s"], GM["sk_map_ic"], GM["sk_dh_ic"]))
    for command, answer in GM["apdus"]:
        assert chip.answer(bytes.fromhex(command)) == bytes.fromhex(answer)


def test_the_chip_plays_the_terminals_part_of_every_example(example: dict[str, Any]) -> None:
    """The examples keep most of the chip's private numbers; as both sides compute alike, it is given the terminal's."""
    offered = way(example)
    private = number(CAM, "sk_map_ifd") * pow(number(CAM, "ca_data"), -1, offered.group.order) if example is CAM else 1
    draws = [example["s"], *([] if "t" in example else [drawn(example, "sk_map_ifd")]), drawn(example, "sk_dh_ifd")]
    secrets = {1: Secret(password(key_of(example)), Tries(None, 0x6300))}
    chip = ChipPace([offered], secrets, scripted(*draws), private_key=private)

    def answered(command: str) -> str:
        reply = chip.answer(Command.decode(bytes.fromhex(command)))
        assert reply is not None
        return reply.answer.data.hex().upper()

    (chose, _), (nonce, z), *_ = conversation(example)
    assert answered(chose) == ""
    assert answered(nonce) + "9000" == z.upper()
    if "t" in example:
        assert answered(ask(data(0x81, example["t"]))) == "7C028200"
    else:
        assert answered(ask(data(0x81, example["pk_map_ic"]))) == data(0x82, example["pk_map_ifd"])
    assert answered(ask(data(0x83, example["pk_dh_ic"]))) == data(0x84, example["pk_dh_ifd"])
    proof = answered(ask(data(0x85, example["t_ic"]), "00"))
    assert example["t_ifd"] in proof
    assert (CAM["encrypted_ca_data"] in proof) == (example is CAM)


MAPPINGS = {"2": "GM", "4": "IM", "6": "CAM"}
CIPHERS = ("3des", "aes-128", "aes-192", "aes-256")
WAYS = [
    offer(f"{PACE}.{arc}.{cipher + 1}", group)
    for group in (12, 13, 15, 16)
    for arc in MAPPINGS
    for cipher in range(4)
    if (arc, cipher) != ("6", 0)
]
OTHER_WAYS = [offer(f"{PACE}.2.2", group) for group in CURVES if group not in (12, 13, 15, 16)] + [
    offer(f"{PACE}.{arc}.{cipher}", group) for arc in "13" for cipher, group in ((1, 0), (2, 1), (4, 2))
]


def named(one: PaceOffer) -> str:
    return f"{one.oid[len(PACE) + 1 :]} {one.number}"


def expect_com(chip: ChipTwin, line: Chip, one: PaceOffer, key: Key) -> None:
    session, evidence = pace.authenticate(line, one, key, lambda count: bytes([7]) * count)
    assert session.send(select_application(AID)).ok
    assert session.send(select_file(0x011E)).ok
    assert session.send(read_binary(0, 200)).data == chip.files[0x011E]
    assert (evidence is not None) == (one.mapping == "chip-authentication")


@pytest.mark.parametrize("password_kind", ["MRZ", "CAN"])
@pytest.mark.parametrize("one", WAYS, ids=named)
def test_every_way_opens_the_chip(one: PaceOffer, password_kind: str) -> None:
    chip = ChipTwin(profile=Profile(pace=(one,), bac=False))
    expect_com(chip, Chip(chip), one, chip.key if password_kind == "MRZ" else chip.can)


@pytest.mark.parametrize("one", OTHER_WAYS, ids=named)
def test_every_other_group_opens_the_chip(one: PaceOffer) -> None:
    chip = ChipTwin(profile=Profile(pace=(one,), short_only=False))
    expect_com(chip, Chip(chip), one, chip.can)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_keys_have_the_length_of_their_cipher(cipher: Any) -> None:
    assert len(derive_key(cipher, b"secret", ENCRYPTION)) == KEY_BYTES[cipher]
    assert derive_key(cipher, b"secret", ENCRYPTION) != derive_key(cipher, b"secret", MAC)


@pytest.mark.parametrize("one", [WAYS[1], WAYS[5], WAYS[9]], ids=named)
@pytest.mark.parametrize("wrong", [CAN, KEY], ids=["CAN", "MRZ"])
def test_a_wrong_password_is_refused(one: PaceOffer, wrong: Key) -> None:
    chip = ChipTwin(profile=Profile(pace=(one,)), can=Can("999999"))
    with pytest.raises(KeyRefused) as refusal:
        pace.authenticate(Chip(chip), one, wrong, lambda count: bytes([7]) * count)
    assert refusal.value.tries_left is None


def test_the_chip_says_how_many_tries_are_left_and_the_last_one_is_never_used() -> None:
    chip = ChipTwin(profile=Profile(pace=(WAYS[1],), tries=3))
    left = []
    for _ in range(4):
        line = Chip(chip)
        with pytest.raises(KeyRefused) as refusal:
            pace.authenticate(line, WAYS[1], CAN, lambda count: bytes([7]) * count)
        left.append((refusal.value.tries_left, len(line.log)))
    assert left == [(2, 5), (1, 5), (1, 1), (1, 1)]
    with pytest.raises(KeyRefused):
        pace.authenticate(Chip(chip), WAYS[1], chip.can, lambda count: bytes([7]) * count)


def test_a_right_password_gives_the_chip_all_its_tries_back() -> None:
    chip = ChipTwin(profile=Profile(pace=(WAYS[1],), tries=3))
    with pytest.raises(KeyRefused):
        pace.authenticate(Chip(chip), WAYS[1], CAN, lambda count: bytes([7]) * count)
    expect_com(chip, Chip(chip), WAYS[1], chip.can)
    line = Chip(chip)
    expect_com(chip, line, WAYS[1], chip.can)
    assert line.log[0][1] == bytes.fromhex("9000")


@pytest.mark.parametrize("sw", [0x6A80, 0x6A86, 0x6A88, 0x6D00, 0x6985, 0x6F00])
@pytest.mark.parametrize("step", range(5))
def test_a_chip_that_stops_on_the_way_has_not_judged_the_key(step: int, sw: int) -> None:
    chip = ChipTwin(profile=Profile(pace=(WAYS[1],), pace_refusal=(step, sw)))
    line = Chip(chip)
    with pytest.raises(AccessRefused, match=f"{sw:04X}"):
        pace.authenticate(line, WAYS[1], chip.key, lambda count: bytes([7]) * count)
    assert len(line.log) == step + 1


def public_key(private: int, curve: ec.EllipticCurve = BRAINPOOL) -> bytes:
    key = ec.derive_private_key(private, curve).public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def evidence_of(chip: ChipTwin, one: PaceOffer) -> pace.CamEvidence:
    _, evidence = pace.authenticate(Chip(chip), one, chip.can, lambda count: bytes([7]) * count)
    assert evidence is not None
    return evidence


def test_chip_authentication_mapping_proves_the_private_key_and_no_other() -> None:
    one = offer(f"{PACE}.6.2", 13)
    chip = ChipTwin(profile=Profile(pace=(one,)))
    evidence = evidence_of(chip, one)
    assert pace.verify_cam(evidence, public_key(chip.keys.secret))
    assert not pace.verify_cam(evidence, public_key(chip.keys.secret + 1))
    assert not pace.verify_cam(replace(evidence, data=evidence.group.order), public_key(chip.keys.secret)), "infinity is no proof"
    assert not pace.verify_cam(evidence, public_key(chip.keys.secret, ec.SECP256R1()))
    with pytest.raises(ValueError, match="public key"):
        pace.verify_cam(evidence, b"\x30\x00")


def test_the_example_of_chip_authentication_mapping_verifies() -> None:
    group = way(CAM).group
    mapping_key = bytes.fromhex(CAM["pk_map_ic"])
    point = group.multiply(mapping_key, pow(number(CAM, "ca_data"), -1, group.order))
    algorithm = keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": keys.ECDomainParameters("named", "1.3.36.3.3.2.8.1.1.7")})
    info = keys.PublicKeyInfo({"algorithm": algorithm, "public_key": keys.ECPointBitString(point)})
    evidence = pace.CamEvidence(group, mapping_key, number(CAM, "ca_data"))
    assert pace.verify_cam(evidence, info.dump())
