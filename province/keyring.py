"""The province's secrets, in ``keys/`` of the state folder, made at first start.

Whoever holds these files is the province: the folder is 0700, the files 0600, and a start with wider rights is refused. Copy the
folder to a safe as soon as it exists, and again after every rotation: without it every kiosk has to be enrolled again.

``root.key`` signs enrolment bundles and new generations of keys, nothing else: take it off the machine and give its path
(``--root``) when it is needed. ``province.key`` holds the pair in force, the sealing secrets before it (what is on sticks was
sealed to them) and every key letter, so a kiosk that was away for years finds its way. It is replaced whole or not at all.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from province.errors import ProvinceError
from sync import letter
from sync.errors import SyncError
from sync.key_file import read_key_file, write_key_file
from sync.keys import SealKey, SigningKey
from sync.rollover import PROVINCE, ProvincePublic, write_province

_ROOT: Final = "root.key"
_OWN: Final = "province.key"
_FIRST_RELEASE: Final = {"signing", "sealing", "django"}
"""What stood in it."""


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The secrets of one province, but for the root's. ``repr`` tells nothing."""

    root: bytes
    """Public half of the root key."""
    signing: SigningKey
    """Signs replies and the feed."""
    sealing: SealKey
    """Opens what kiosks sealed to the province."""
    django: bytes
    """Django's SECRET_KEY: sessions and CSRF tokens."""
    former: tuple[SealKey, ...] = ()
    """Sealing keys of the generations before, newest first."""
    letters: tuple[bytes, ...] = ()
    """What told the kiosks of generation 2, 3, …"""

    @property
    def generation(self) -> int:
        return len(self.letters) + 1

    @property
    def public(self) -> ProvincePublic:
        return ProvincePublic(self.signing.public, self.sealing.public, self.generation)

    @property
    def openers(self) -> dict[int, SealKey]:
        """Generation -> what opens what was sealed to it, for the generations before."""
        return {self.generation - age: key for age, key in enumerate(self.former, start=1)}

    def letters_after(self, generation: int) -> tuple[bytes, ...]:
        """What a kiosk that holds this generation has missed."""
        return self.letters[max(0, generation - 1) :]

    def secrets(self) -> dict[str, bytes]:
        """As they stand in the file."""
        return {
            "root_public": self.root,
            "signing": self.signing.seed,
            "sealing": self.sealing.secret,
            "django": self.django,
            "former": b"".join(key.secret for key in self.former),
            "letters": b"".join(self.letters),
        }

    @classmethod
    def from_secrets(cls, held: Mapping[str, bytes]) -> Keyring:
        """Raises ValueError, KeyError: something is missing or has the wrong size."""
        former, lines = held["former"], held["letters"].splitlines(keepends=True)
        return cls(
            root=held["root_public"],
            signing=SigningKey(held["signing"]),
            sealing=SealKey(held["sealing"]),
            django=held["django"],
            former=tuple(SealKey(former[at : at + 32]) for at in range(0, len(former), 32)),
            letters=tuple(b"".join(lines[at : at + 3]) for at in range(0, len(lines), 3)),
        )


def open_keyring(state: Path) -> Keyring:
    """Read the secrets of this state folder, making them at the first start.

    Raises:
        ProvinceError: ``keys_readable_by_others``, ``keys_damaged``.
    """
    folder = state / "keys"
    with _alone(folder):
        if not (folder / _OWN).exists():
            _make(folder)
        _complete(folder)
        return _read_own(folder)


def root_key(state: Path, file: Path | None, keyring: Keyring) -> SigningKey:
    """The root's secret, read at the moment it is needed: from ``file``, or where the first start put it.

    Raises:
        ProvinceError: ``root_offline`` when it is not there, ``root_foreign`` when it is another province's, and as
            :func:`open_keyring`.
    """
    path = file or state / "keys" / _ROOT
    if not path.exists():
        raise ProvinceError(
            "root_offline", "Khóa gốc của tỉnh không có trên máy này.", "Cắm USB giữ khóa gốc và chỉ đường dẫn bằng --root."
        )
    root = SigningKey(_read(path)["root"])
    if root.public != keyring.root:
        raise ProvinceError("root_foreign", "Tệp này là khóa gốc của tỉnh khác.", "Chọn đúng tệp root.key của tỉnh.")
    return root


def rotate(state: Path, root: SigningKey) -> Keyring:
    """Put a new pair in force, signed for by the root and by the pair before. The service must not be running: it would go on
    signing with the pair before."""
    folder = state / "keys"
    with _alone(folder):
        held = _read_own(folder)
        signing, sealing = SigningKey.generate(), SealKey.generate()
        told = write_province(ProvincePublic(signing.public, sealing.public, held.generation + 1), root, held.signing)
        former, letters = (held.sealing, *held.former), (*held.letters, told)
        fresh = Keyring(held.root, signing, sealing, held.django, former, letters)
        write_key_file(folder / _OWN, fresh.secrets())
        return _read_own(folder)


def _make(folder: Path) -> None:
    """The files of a new province: the root's first, so that no start ever finds a province without one."""
    if (folder / _ROOT).exists():
        root = SigningKey(_read(folder / _ROOT)["root"])
    else:
        root = SigningKey.generate()
        write_key_file(folder / _ROOT, {"root": root.seed})
    fresh = Keyring(root.public, SigningKey.generate(), SealKey.generate(), secrets.token_bytes(32))
    write_key_file(folder / _OWN, fresh.secrets())


def _complete(folder: Path) -> None:
    """The first release wrote neither the root's public half nor earlier generations into the file, and never took the root away:
    add them once."""
    held = _read(folder / _OWN)
    if held.keys() == _FIRST_RELEASE and (folder / _ROOT).exists():
        try:
            root = SigningKey(_read(folder / _ROOT)["root"])
        except (KeyError, ValueError):
            raise _damaged("thiếu khóa") from None
        write_key_file(folder / _OWN, {**held, "root_public": root.public, "former": b"", "letters": b""})


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:
        raise ProvinceError(
            "keys_readable_by_others", "Người khác trên máy này mở được thư mục khóa bí mật.", "Chạy chmod 700 cho thư mục keys."
        )
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read_own(folder: Path) -> Keyring:
    if (folder / _ROOT).exists():
        _guarded(folder / _ROOT)
    try:
        keyring = Keyring.from_secrets(_read(folder / _OWN))
        for told in keyring.letters:
            letter.read(PROVINCE, told, signatures=2)
    except (KeyError, ValueError, SyncError):
        raise _damaged("thiếu khóa") from None
    return keyring


def _read(path: Path) -> dict[str, bytes]:
    _guarded(path)
    try:
        return read_key_file(path)
    except SyncError as error:
        raise _damaged(f"{path.name}: {error}") from None


def _guarded(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        raise ProvinceError(
            "keys_readable_by_others",
            f"Người khác trên máy này đọc được khóa bí mật {path.name}.",
            f"Chạy chmod 600 cho keys/{path.name}.",
        )


def _damaged(what: str) -> ProvinceError:
    return ProvinceError(
        "keys_damaged",
        f"Tệp khóa hỏng ({what}).",
        "Khôi phục thư mục keys từ bản sao lưu. Không tạo khóa mới: các máy ở xã sẽ không nhận ra tỉnh nữa.",
    )


def lock_state(state: Path) -> int:
    """Hold the state folder for the one serving process; the lock goes with the process, also when it is killed.

    Returns the open file descriptor.

    Raises:
        ProvinceError: ``already_serving``.
    """
    handle = os.open(state / "serving.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise ProvinceError(
            "already_serving",
            "Một tiến trình khác đang phục vụ thư mục dữ liệu này.",
            "Dừng tiến trình đó, hoặc chọn --state khác.",
        ) from None
    return handle
