"""The folder a technician fills with CSCA certificates, revocation lists and master lists (ICAO Doc 9303-12, 7 to 9).

Every file is told apart by its content, PEM or DER, one thing or several in it, and is accepted or refused with a reason; a file
with a private key in it is refused whole and loudly, because whoever made it has lost that key. The folder is read once and again
only after something in it changed, so asking before every card costs a look at the directory. A file is added whole or not at all:
temporary name, fsync, rename, fsync of the folder.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

from asn1crypto import pem
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_der_private_key

from devices.idcard import tlv
from devices.idcard.certificates import Certificate, Moment, RevocationList, parse_certificate, parse_revocation_list
from devices.idcard.foreign import AlgorithmUnknown
from devices.idcard.master_list import MasterListWrong, parse_master_list
from devices.idcard.trust import NO_TRUST, TrustStore, admit

MAX_FILE: Final = 0xFFFFFF
MAX_FILES: Final = 500

Kind = Literal["csca", "link", "signer", "crl", "unreadable"]

REASONS_VI: Final[Mapping[str, str]] = {
    "private_key": "NGUY HIỂM: trong tệp có khóa bí mật. Không cài; báo ngay cho nơi đã gửi tệp này.",
    "garbage": "Không phải chứng thư, danh sách thu hồi hay danh sách chứng thư gốc (master list).",
    "folder_unusable": "Không mở được thư mục chứng thư: không chứng thư nào được dùng. Xem lại đường dẫn và quyền của thư mục.",
    "folder_not_written": "Không ghi được vào thư mục chứng thư. Xem lại quyền của thư mục và chỗ trống trên ổ đĩa.",
    "file_missing": "Không có tệp này. Xem lại tên và đường dẫn.",
    "not_a_file": "Đây không phải tệp. Ghi tên từng tệp cần cài.",
    "file_too_large": "Tệp quá lớn (trên 16 MB), không phải chứng thư. Xin lại đúng tệp.",
    "too_many_files": "Trong thư mục có quá nhiều tệp (trên 500). Gỡ những tệp không dùng nữa.",
    "unusable": "Không mở được tệp. Xem lại quyền đọc, hoặc chép lại tệp.",
    "master_list_wrong": "Chữ ký của danh sách chứng thư gốc (master list) sai.",
    "algorithm_unknown": "Dùng thuật toán mà phần mềm chưa biết.",
    "not_ca": "Không phải chứng thư gốc (CSCA), cũng không phải chứng thư người ký thẻ.",
    "expired": "Đã hết hạn: không thẻ nào còn giá trị do chứng thư này cấp.",
    "signature_wrong": "Chữ ký trên chứng thư sai: tệp bị hỏng hoặc là giả.",
    "no_issuer": "Chưa có chứng thư gốc nào đã cài xác nhận. Hãy cài chứng thư gốc đã ký nó trước.",
}
"""Why something was refused, for a technician."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing in a file. ``until``: ISO day when it ends or the next list is due; ``reason``: why it was refused, or empty.

    ``also``: the other files that hold it.
    """

    kind: Kind
    fingerprint: str
    text: str = ""
    country: str = ""
    until: str = ""
    reason: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A file of the folder. ``reason``: why the whole file was refused, or empty; ``fingerprint``: empty when it was not read.

    ``given``: what a file was called where it was installed from.
    """

    name: str
    fingerprint: str
    items: tuple[Item, ...] = ()
    reason: str = ""
    given: str = ""

    @property
    def accepted(self) -> bool:
        """Whether anything in it is trusted."""
        return not self.reason and any(not item.reason for item in self.items)

    @property
    def new(self) -> bool:
        """Whether anything trusted is in it and in no other file."""
        return not self.reason and any(not item.reason and not item.also for item in self.items)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What the folder holds, file by file, and the trust that follows from all of it together."""

    files: tuple[Found, ...] = ()
    store: TrustStore = NO_TRUST


class TrustFolder:
    """``folder`` need not exist: that is an empty store. So is one that cannot be looked into, and it says so."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: object = None
        self._inventory = Inventory()

    def inventory(self, at: Moment) -> Inventory:
        """What is installed now. ``at``: whether anything has ended depends on the day."""
        try:
            seen = (_signs(self._folder), at.time.date(), at.sure)
            if seen != self._seen:
                self._inventory = examine(_read(self._folder), at)
                self._seen = seen
        except OSError:
            self._seen, self._inventory = None, Inventory((Found(self._folder.name, "", reason="folder_unusable"),))
        return self._inventory

    def store(self, at: Moment) -> TrustStore:
        """Whom to trust now."""
        return self.inventory(at).store

    def add(self, data: bytes, at: Moment) -> Found:
        """Install the content of a file, if anything in it is accepted and new beside what is there. Says what became of it.

        ``OSError`` when it cannot be written.
        """
        name = f"{hashlib.sha256(data).hexdigest()[:16]}{_suffix(data)}"
        here = [one for one in _read(self._folder) if one[0] != name]
        found = next(one for one in examine([*here, (name, data)], at).files if one.name == name)
        if found.new:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._folder / name, data)
        return found

    def named(self, name: str, at: Moment) -> tuple[Found, ...]:
        """The file of that name, if it is there."""
        return tuple(one for one in self.inventory(at).files if one.name == name)

    def holders(self, fingerprint: str, at: Moment) -> tuple[Found, ...]:
        """Files whose fingerprint, or that of something in them, begins so."""
        start = fingerprint.lower()
        prints = ((one, [one.fingerprint, *(item.fingerprint for item in one.items)]) for one in self.inventory(at).files)
        return tuple(one for one, known in prints if any(each.startswith(start) for each in known))

    def remove(self, found: Found) -> None:
        """Take a file out of the folder."""
        (self._folder / found.name).unlink()
        _sync(self._folder)


def _signs(folder: Path) -> tuple[tuple[str, int, int, int], ...]:
    """What changes when anything in the folder does. ``OSError``: it cannot be looked into."""
    return tuple(_sign(entry) for entry in _entries(folder))


def _sign(entry: os.DirEntry[str]) -> tuple[str, int, int, int]:
    try:
        found = entry.stat()
    except OSError:
        # A link to nowhere hides no other file.
        return (entry.name, 0, 0, 0)
    return (entry.name, found.st_ino, found.st_size, found.st_mtime_ns)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What counts in the folder, by name. ``OSError``: it is there and cannot be looked into."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except FileNotFoundError:
        return []


def _read(folder: Path) -> list[tuple[str, bytes | str]]:
    """Files by name with their content, or why it cannot be used. ``OSError`` as in :func:`_signs`."""
    files = [entry for entry in _entries(folder) if _is_file(entry)]
    return [(entry.name, content(Path(entry)) if at < MAX_FILES else "too_many_files") for at, entry in enumerate(files)]


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        # What it is cannot be seen; reading it says that it is unusable.
        return True


def content(path: Path) -> bytes | str:
    """The content of a file, or why it cannot be used. A pipe or a device, which may never end, is not opened."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return "not_a_file"
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return "file_missing"
    except OSError:
        return "unusable"
    return data if len(data) <= MAX_FILE else "file_too_large"


def _write(path: Path, data: bytes) -> None:
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
    temporary.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _suffix(data: bytes) -> str:
    return ".pem" if pem.detect(data) else ".der"


class _Refused(Exception):
    """The whole file is refused, for the reason with this code."""


Part = Certificate | RevocationList | Item


def examine(files: Sequence[tuple[str, bytes | str]], at: Moment) -> Inventory:
    """Judge files by name together: what one of them brings may be signed by what is in another. Text: why one cannot be used."""
    read = [(name, data, data if isinstance(data, str) else _parts_of(data)) for name, data in files]
    parts = [part for _, _, found in read if not isinstance(found, str) for part in found]
    where: dict[str, set[str]] = defaultdict(set)
    for name, _, found in read:
        for part in () if isinstance(found, str) else found:
            where[part.fingerprint].add(name)
    store, refused = admit(
        [part for part in parts if isinstance(part, Certificate)],
        [part for part in parts if isinstance(part, RevocationList)],
        at,
    )
    told = []
    for name, data, found in read:
        print_ = "" if isinstance(data, str) else hashlib.sha256(data).hexdigest()
        if isinstance(found, str):
            told.append(Found(name, print_, reason=found))
        else:
            items = (replace(_item(part, refused), also=tuple(sorted(where[part.fingerprint] - {name}))) for part in found)
            told.append(Found(name, print_, tuple(items)))
    return Inventory(tuple(told), store)


def _parts_of(data: bytes) -> tuple[Part, ...] | str:
    """What is in a file, or why the whole of it is refused."""
    try:
        found = tuple(part for der in _pieces(data) for part in _parts(der))
    except _Refused as refused:
        return str(refused)
    return found or "garbage"


def _pieces(data: bytes) -> Iterator[bytes]:
    """The DER objects in a file."""
    if b"PRIVATE KEY-----" in data or _is_private_key(data):
        raise _Refused("private_key")
    try:
        if pem.detect(data):
            yield from (der for _, _, der in pem.unarmor(data, multiple=True))
        else:
            yield from (tlv.build(tag, value) for tag, value in tlv.parse(data))
    except ValueError:
        raise _Refused("garbage") from None


def _is_private_key(data: bytes) -> bool:
    try:
        load_der_private_key(data, password=None)
    except TypeError:
        # It wants a password: it is one.
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
    return True


def _parts(der: bytes) -> Sequence[Part]:
    """A certificate, a revocation list, or the certificates of a master list."""
    try:
        return [parse_certificate(der)]
    except AlgorithmUnknown:
        return [_unreadable(der, "algorithm_unknown")]
    except ValueError:
        pass
    try:
        return [parse_revocation_list(der)]
    except AlgorithmUnknown:
        return [_unreadable(der, "algorithm_unknown")]
    except ValueError:
        pass
    try:
        return [part for one in parse_master_list(der) for part in _parts(one)]
    except MasterListWrong:
        raise _Refused("master_list_wrong") from None
    except AlgorithmUnknown:
        raise _Refused("algorithm_unknown") from None
    except ValueError:
        return [_unreadable(der, "garbage")]


def _unreadable(der: bytes, reason: str) -> Item:
    return Item("unreadable", hashlib.sha256(der).hexdigest(), reason=reason)


def _item(part: Part, refused: Mapping[str, str]) -> Item:
    if isinstance(part, Item):
        return part
    reason = refused.get(part.fingerprint, "")
    if isinstance(part, RevocationList):
        until = part.until.date().isoformat() if part.until else ""
        return Item("crl", part.fingerprint, f"{len(part.revoked)}", until=until, reason=reason)
    kind: Kind = "signer" if not part.authority else "csca" if part.seal.issuer == part.subject and part.signed_by(part) else "link"
    until = part.valid.end.date().isoformat() if part.valid.end else ""
    return Item(kind, part.fingerprint, printable(part.subject_text), part.country, until, reason)


def printable(text: str) -> str:
    """For a person's screen: nothing in it moves the cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
