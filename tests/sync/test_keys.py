"""Keys: signatures bound to their purpose, sealed boxes, words, key files."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from sync.errors import BadSignature, KeyFileError, SealBroken, WrongPassphrase
from sync.key_file import PassphraseWrap, read_key_file, write_key_file
from sync.keys import SEAL_COST, DeviceKeys, SealKey, SigningKey, VerifyKey, by_one_of, seal, word_list, words

QUICK = {"operations": 1, "memory": 8192}


def test_a_signature_holds_for_its_message_and_context_only() -> None:
    key = SigningKey.generate()
    signature = key.sign(b"mcx head 1", b"text")
    key.verify_key.verify(b"mcx head 1", b"text", signature)
    for context, message, other in (
        (b"mcx head 1", b"texu", signature),
        (b"mcx head 2", b"text", signature),
        (b"mcx head 1t", b"ext", signature),
        (b"mcx head 1", b"text", signature[:-1]),
        (b"mcx head 1", b"text", bytes(64)),
    ):
        with pytest.raises(BadSignature):
            key.verify_key.verify(context, message, other)


def test_a_key_is_the_same_after_a_round_through_its_bytes() -> None:
    key = SigningKey.generate()
    assert SigningKey(key.seed).public == key.public == bytes(VerifyKey(key.public))


def test_only_the_holder_of_the_key_opens_a_sealed_box() -> None:
    key, other = SealKey.generate(), SealKey.generate()
    box = seal(key.public, "hồ sơ".encode())
    assert key.open(box).decode() == "hồ sơ"
    assert len(box) == len("hồ sơ".encode()) + SEAL_COST
    with pytest.raises(SealBroken):
        other.open(box)
    with pytest.raises(SealBroken):
        key.open(box[:-1])
    with pytest.raises(SealBroken):
        key.open(b"")


def test_the_words_are_256_and_stay_apart_without_accents() -> None:
    def bare(text: str) -> str:
        return "".join(c for c in unicodedata.normalize("NFD", text.replace("đ", "d")) if not unicodedata.combining(c))

    assert len({bare(word) for word in word_list()}) == 256
    assert all(unicodedata.is_normalized("NFC", word) for word in word_list())


def test_eight_words_stand_for_the_first_64_bits() -> None:
    assert len(words(b"request")) == 8
    assert words(b"request") == words(b"request")
    assert words(b"request") != words(b"requesu")
    assert words(b"") == tuple(word_list()[byte] for byte in bytes.fromhex("e3b0c44298fc1c14"))


def test_a_key_file_is_private_and_reads_back(tmp_path: Path) -> None:
    keys = DeviceKeys.generate()
    path = tmp_path / "device.key"
    write_key_file(path, {**keys.secrets(), "store": b"\0" * 32})
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["device.key"]
    secrets = read_key_file(path)
    assert DeviceKeys.from_secrets(secrets).sign.public == keys.sign.public
    assert DeviceKeys.from_secrets(secrets).seal.public == keys.seal.public
    assert secrets["store"] == bytes(32)


def test_a_key_file_with_a_passphrase_opens_with_it_only(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    write_key_file(path, {"sign": b"s" * 32}, PassphraseWrap("cụm mật khẩu", **QUICK))
    assert b"c3Nz" not in path.read_bytes()
    assert read_key_file(path, PassphraseWrap("cụm mật khẩu"))["sign"] == b"s" * 32
    with pytest.raises(WrongPassphrase):
        read_key_file(path, PassphraseWrap("cum mat khau"))
    with pytest.raises(KeyFileError, match="argon2id"):
        read_key_file(path)


def test_a_key_file_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    write_key_file(path, {"sign": b"s" * 32})
    path.chmod(0o640)
    with pytest.raises(KeyFileError, match="other users"):
        read_key_file(path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"v":2,"wrap":"none"}',
        b'{"v":1,"wrap":"none"}',
        b'{"v":1,"wrap":"none","data":"*"}',
        b'{"v":1,"wrap":"none","data":"W10="}',
        b'{"v":1,"wrap":"none","data":"eA=="}',
    ],
)
def test_a_damaged_key_file_is_a_named_error(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "device.key"
    path.write_bytes(body)
    path.chmod(0o600)
    with pytest.raises(KeyFileError):
        read_key_file(path)


def test_a_missing_key_file_is_a_named_error(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError):
        read_key_file(tmp_path / "none.key")


def test_a_key_file_cannot_ask_for_unreasonable_memory(tmp_path: Path) -> None:
    path = tmp_path / "device.key"
    path.write_bytes(b'{"v":1,"wrap":"argon2id","ops":3,"mem":4611686018427387904,"salt":"","data":""}')
    path.chmod(0o600)
    with pytest.raises(KeyFileError, match="limits"):
        read_key_file(path, PassphraseWrap("x"))


def test_keys_of_the_wrong_size_are_refused() -> None:
    with pytest.raises(KeyFileError):
        DeviceKeys.from_secrets({"sign": b"short", "seal": b"s" * 32})
    with pytest.raises(KeyFileError):
        DeviceKeys.from_secrets({"sign": b"s" * 32})


def test_one_of_several_keys_is_enough_and_the_first_that_fits_says_what_came_of_it() -> None:
    keys = [SigningKey(bytes([number]) * 32) for number in range(3)]
    signature = keys[1].sign(b"mcx head 1", b"x")

    def verified(key: SigningKey) -> SigningKey:
        key.verify_key.verify(b"mcx head 1", b"x", signature)
        return key

    assert by_one_of(keys, verified) is keys[1]
    with pytest.raises(BadSignature):
        by_one_of(keys[::2], verified)
