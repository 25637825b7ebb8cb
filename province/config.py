"""What a machine is told: the command line (:class:`Options`) and ``province.toml`` (:class:`Config`).

Everything is typed and checked at start; a mistake is named with its line, and nothing starts half configured. The identifier
codes of the communes' units are not published: they are set here, never guessed, and a commune without one gets no official
dossier code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from province.errors import ProvinceError
from sync.file_trouble import toml_vi, why_vi

_UNIT: Final = re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]+)*")
"""Shape of an agency identifier (QĐ 20/2020/QĐ-TTg): the group's letter and number, then parts after dots, at most 35
characters.
"""
_COMMUNE: Final = re.compile(r"[0-9]{5}")


@dataclass(frozen=True, slots=True)
class Options:
    """One run of the service, as asked on the command line."""

    state: Path
    database: str = ""
    """``sqlite:///path`` or ``postgres://…``; empty = SQLite in the state folder."""
    host: str = "127.0.0.1"
    port: int = 8420
    base_url: str = ""
    """Address under which people reach the service; empty = ``http://host:port``."""
    config: Path | None = None
    overrides: Sequence[str] = ()
    """``section.key=value``, for this run only."""
    root: Path | None = None
    """File of the root key; ``None`` = ``keys/root.key`` in the state folder."""
    trusted_proxy: str = ""
    """Address of a reverse proxy whose ``X-Forwarded-For`` and ``-Proto`` are believed; empty = none."""


@dataclass(frozen=True, slots=True)
class Config:
    """``province.toml``, checked."""

    service_name: str = "Một Cửa Xã Cao Bằng"
    hotline: str = ""
    units: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Commune code -> identifier code of its unit, the head of official dossier codes."""
    lookups_per_minute: int = 30
    wrong_keys_per_hour: int = 5
    enrolments_per_minute: int = 10
    attachment_mib_per_hour: int = 1024
    """Attachments one device may send."""
    attachments_mib_per_hour: int = 16 * 1024
    """… and all of them together."""
    attachments_keep_free_mib: int = 1024
    """Room on the disk of attachments that is left for the journal: below it no attachment is taken."""
    schema_floor: int = 1
    """Kiosks that know no newer schema of events may send everything and begin no new dossier."""


def load_config(path: Path | None, overrides: Sequence[str] = ()) -> Config:
    """Read ``province.toml`` (a missing default file is an empty one) and lay ``section.key=value`` over it.

    Raises:
        ProvinceError: ``config_invalid`` with the line of the mistake.
    """
    where = path.name if path is not None else "province.toml"
    try:
        text = path.read_text(encoding="utf-8") if path is not None and path.exists() else ""
        raw = tomllib.loads(text)
    except UnicodeDecodeError:
        raise _invalid(f"{where}: tệp phải lưu dạng UTF-8") from None
    except OSError as error:
        raise _invalid(f"{where}: {why_vi(error).rstrip('.')}", "Xem lại --config.") from None
    except tomllib.TOMLDecodeError as error:
        raise _invalid(f"{where}, {toml_vi(error)}") from None

    def mistake(section: str, key: str, why: str) -> ProvinceError:
        if (name := f"{section}.{key}") in given or (not key and any(one.startswith(f"{section}.") for one in given)):
            return _invalid(f"--set {name}: {why}", "Sửa tham số đó rồi chạy lại.")
        return _invalid(f"{where}, dòng {_line_of(text, section, key)}: [{section}] {key}: {why}")

    given = {override.partition("=")[0] for override in overrides}
    for override in overrides:
        name, equals, value = override.partition("=")
        section, dot, key = name.partition(".")
        if not (equals and dot):
            raise _invalid(f"--set {override}: phải viết mục.khóa=giá trị", "Sửa rồi chạy lại.")
        if not isinstance(raw.get(section, {}), dict):
            raise mistake(section, "", "không có mục này")
        raw.setdefault(section, {})[key] = int(value) if section == "limits" and value.isdigit() else value

    return _checked(raw, mistake)


def _checked(raw: Mapping[str, Any], mistake: Callable[[str, str, str], ProvinceError]) -> Config:
    known: dict[str, dict[str, type[Any]]] = {"service": {"name": str, "hotline": str}, "limits": dict.fromkeys(_LIMITS, int)}
    values: dict[str, Any] = {}
    for section, keys in raw.items():
        if not isinstance(keys, Mapping) or section not in (*known, "units"):
            raise mistake(section, "", "không có mục này")
        for key, value in keys.items():
            if section == "units":
                if not _COMMUNE.fullmatch(key):
                    raise mistake(section, key, "mã xã phải là 5 chữ số")
                if not isinstance(value, str) or not _UNIT.fullmatch(value) or len(value) > 35:
                    raise mistake(section, key, "mã định danh phải có dạng H14.xx (chữ in hoa, số và dấu chấm, tối đa 35 ký tự)")
                values.setdefault("units", {})[key] = value
                continue
            kind = known[section].get(key)
            if kind is None:
                raise mistake(section, key, "không có khóa này")
            if not isinstance(value, kind) or isinstance(value, bool) or (isinstance(value, int) and value < 1):
                raise mistake(section, key, "phải là số nguyên dương" if kind is int else "phải là chữ trong ngoặc kép")
            values["service_name" if (section, key) == ("service", "name") else key] = value
    if "units" in values:
        values["units"] = MappingProxyType(values["units"])
    return Config(**values)


_LIMITS: Final = (
    "lookups_per_minute",
    "wrong_keys_per_hour",
    "enrolments_per_minute",
    "attachment_mib_per_hour",
    "attachments_mib_per_hour",
    "attachments_keep_free_mib",
    "schema_floor",
)


def _invalid(what: str, cure_vi: str = "Sửa dòng đó rồi chạy lại.") -> ProvinceError:
    return ProvinceError("config_invalid", f"Cấu hình sai: {what}.", cure_vi)


def _line_of(text: str, section: str, key: str) -> str:
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if bare.startswith("["):
            inside = bare.strip("[] \t\"'") == section
            if inside and not key:
                return str(number)
        elif inside and key and bare.split("=")[0].strip().strip("\"'") == key:
            return str(number)
    return "?"


def database_settings(url: str, state: Path) -> dict[str, Any]:
    """Django's settings of the database behind a URL.

    ``sqlite:///rel.sqlite3`` and ``sqlite:////abs.sqlite3`` are files; ``postgres://user:password@host:port/name`` is a server
    (``?host=/run/postgresql`` for a socket folder). Empty = ``province.sqlite3`` in the state folder.

    Raises:
        ProvinceError: ``database_url``.
    """
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        path = Path(unquote(parts.path.removeprefix("/"))) if url else state / "province.sqlite3"
        if parts.netloc or not path.name:
            raise ProvinceError("database_url", f"Địa chỉ cơ sở dữ liệu sai: {url}", "Viết sqlite:///đường/dẫn/tệp.sqlite3.")
        return {
            "ENGINE": "province.sqlite",
            "NAME": str(path.absolute()),
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                # A batch is a thousand pages: copied into the file only when four of them have been written.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; "
                "PRAGMA wal_autocheckpoint=4000",
            },
        }
    if parts.scheme in ("postgres", "postgresql") and len(parts.path) > 1:
        extra = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path[1:]),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": extra.pop("host", parts.hostname or ""),
            "PORT": str(parts.port or extra.pop("port", "")),
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": extra,
        }
    raise ProvinceError(
        "database_url",
        "Địa chỉ cơ sở dữ liệu phải bắt đầu bằng sqlite:/// hoặc postgres://.",
        "Xem tham số --database trong trợ giúp.",
    )
