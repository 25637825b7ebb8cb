"""Opening a kiosk's backup for a new machine: the province holds one of its keys, and knows who signed it.

The backup does not stay here and its content is not looked at: the file's key is closed anew with a code, which the operator
reads out to the technician, and goes back as a small file. A backup that no enrolled device signed is refused.
"""

from __future__ import annotations

import logging
from pathlib import Path

from province import devices
from province.errors import ProvinceError
from province.models import Device
from province.runtime import current
from sync.durable import write_whole
from sync.errors import SealedFileLocked, SyncError
from sync.file_trouble import why_vi
from sync.sealed_file import Header, Reader, new_code, write_grant

log = logging.getLogger(__name__)

_PIECE = 1024 * 1024


def open_backup(backup: Path, out: Path, *, by: str) -> tuple[int, str]:
    """Write the key file of a backup; (device number, the code that opens the key file).

    Raises:
        ProvinceError: ``backup_unreadable``, ``backup_not_for_us``, ``backup_not_of_device``.
    """
    ring = current().keyring
    try:
        with backup.open("rb") as source:
            reader = Reader(source)
            _know_signer(reader.header)
            key = reader.header.key_of_province(ring.openers | {ring.generation: ring.sealing})
            reader.unlock(key)
            while reader.read(_PIECE):
                pass
            reader.finish()
        code = new_code()
        write_whole(out, write_grant(reader.header, key, code))
    except SealedFileLocked:
        raise ProvinceError(
            "backup_not_for_us", "Bản sao lưu này không niêm phong cho tỉnh.", "Dùng mật khẩu sao lưu tại máy."
        ) from None
    except SyncError as error:
        raise ProvinceError("backup_unreadable", f"Không đọc được bản sao lưu. {error.message_vi}", error.cure_vi) from None
    except OSError as error:
        raise ProvinceError("backup_unreadable", f"Không đọc ghi được. {why_vi(error)}", "Xem lại tệp, --out và ổ đĩa.") from None
    log.warning("backup of device %d opened by %s", reader.header.device, by)
    return reader.header.device, code


def _know_signer(header: Header) -> None:
    row = Device.objects.filter(number=header.device).first()
    record = devices.record_of(row) if row is not None else None
    known = {record.verify_key, *(one.verify_key for one in record.former)} if record is not None else set()
    if header.signer not in known:
        raise ProvinceError(
            "backup_not_of_device", "Không máy nào đã ghi danh ký bản sao lưu này.", "Không dùng tệp này; báo kỹ thuật."
        )
