"""Bringing a database to this version of the program, and knowing whose it is.

A database newer than the program, or one that belongs to other keys, is refused before anything is written: kiosks trust one
root, and a database under another would make every one of them refuse the province.
"""

from __future__ import annotations

from pathlib import Path

from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection
from django.db.migrations.loader import MigrationLoader

from province.blobs import province_files
from province.errors import ProvinceError
from province.journal import recording
from province.merging import assign_missing
from province.models import Attachment, Identity
from province.runtime import Runtime, current
from province.writer import writing


def migrate() -> None:
    """Apply what is missing.

    Raises:
        ProvinceError: ``database_newer``, ``database_unreachable``, ``database_foreign``.
    """
    try:
        loader = MigrationLoader(connection)
    except OperationalError as error:
        raise ProvinceError(
            "database_unreachable", f"Không mở được cơ sở dữ liệu: {error}", "Kiểm tra --database và quyền truy cập."
        ) from None
    except DatabaseError:
        raise ProvinceError(
            "database_foreign", "Tệp này không phải cơ sở dữ liệu của tỉnh, hoặc đã hỏng.", "Xem lại --database; tệp chưa bị sửa."
        ) from None
    newer = sorted(
        name for app, name in loader.applied_migrations if app == "province" and (app, name) not in loader.disk_migrations
    )
    if newer:
        raise ProvinceError(
            "database_newer", f"Cơ sở dữ liệu mới hơn chương trình ({newer[-1]}).", "Cài bản mới của chương trình rồi chạy lại."
        )
    call_command("migrate", verbosity=0, interactive=False)


def settle(running: Runtime) -> int:
    """Write down whose database this is, or refuse a foreign one; then give official codes that waited for configuration.
    Returns how many.

    Raises:
        ProvinceError: ``keys_of_other_province``; ``database_missing`` when these keys had a database and this one is empty.
    """
    own, now = running.keyring.root, running.wall_ms()
    had_one = running.options.state / "keys" / "database-made"
    with writing():
        identity = Identity.objects.first()
        if identity is None:
            if had_one.exists():
                raise _missing(had_one)
            Identity.objects.create(root_key=own, made_ms=now)
        elif bytes(identity.root_key) != own:
            raise ProvinceError(
                "keys_of_other_province",
                "Cơ sở dữ liệu này thuộc bộ khóa khác: các máy ở xã sẽ không nhận ra tỉnh.",
                "Khôi phục đúng thư mục keys, hoặc chỉ đúng cơ sở dữ liệu.",
            )
        codes = assign_missing(running.config, now)
    if not had_one.exists():
        had_one.touch(mode=0o600)
    return codes


def _missing(had_one: Path) -> ProvinceError:
    """An empty database would refuse every kiosk as unknown and call itself whole: the old one must be looked for first."""
    return ProvinceError(
        "database_missing",
        "Cơ sở dữ liệu của tỉnh trống hoặc không thấy, trong khi bộ khóa này đã từng có dữ liệu.",
        "Khôi phục từ bản sao lưu rồi chạy new-epoch, hoặc chỉ đúng --database; chỉ khi không còn bản nào: "
        f"xóa tệp {had_one.parent.name}/{had_one.name}, rồi mọi máy phải đăng ký lại.",
    )


def new_epoch() -> int:
    """Start a new epoch after the database was restored from a backup: every kiosk drops its feed, reads it again and
    offers its log again. Of attachments that are called complete and are not here the feed says so, and kiosks send them again.
    """
    with writing():
        identity = Identity.objects.get()
        identity.epoch += 1
        identity.save()
    _tell_of_lost_files()
    return identity.epoch


def _tell_of_lost_files() -> None:
    running = current()
    files = province_files(running).files
    lost = [row for row in Attachment.objects.filter(complete=True) if files.head(row.blob) != row.size]
    with recording(running.wall_ms()) as journal:
        for row in lost:
            journal.add_entry(row.commune, {"e": "bl", "id": row.blob, "d": row.dossier, "ok": 0, "bad": []}, None)
