"""One TOML file per machine, typed and checked at start, every key listed in :data:`FIELDS`.

A mistake names the file, the line and what is expected, in Vietnamese first: the reader is a technician on the phone.
``--set section.key=value`` overrides one key for one run. Device addresses are URLs, so any part can be pointed at another one,
real or not, without touching code. Paths that are not absolute lie in the state folder.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from typing import Any

from sync.file_trouble import toml_vi, why_vi


class ConfigError(Exception):
    """A configuration that cannot be used: ``code`` is stable, the text names the line and the cure."""

    code = "config_invalid"


@dataclass(frozen=True, slots=True)
class Field:
    """A key: its type, what it is when not given, and one sentence of documentation."""

    key: str
    kind: type
    default: Any
    doc: str
    choices: tuple[str, ...] = ()


FIELDS: tuple[Field, ...] = (
    Field("place.commune", str, "", "Five-digit code of the commune (text, leading zero), e.g. `01273`. Set by enrolment."),
    Field(
        "place.kiosk",
        str,
        "1",
        "Number or short name of this machine inside the commune, shown to people (capital letters and digits, ≤ 6).",
    ),
    Field("place.centre", str, "Trung tâm Phục vụ hành chính công", "Name of the receiving unit printed on papers."),
    Field("place.address", str, "", "Where a result is collected, printed on papers."),
    Field("place.hotline", str, "", "Phone number printed on papers and shown on screens."),
    Field("hours.morning", str, "07:30-11:30", "Morning office hours, `HH:MM-HH:MM`, Asia/Ho_Chi_Minh."),
    Field("hours.afternoon", str, "13:30-17:00", "Afternoon office hours, `HH:MM-HH:MM`."),
    Field(
        "devices.printer",
        str,
        "none:",
        "Receipt printer: `network://HOST:PORT`, `usb://VID:PID`, `serial:///dev/…?baud=`, `file:///dev/usb/lp0`, `none:`.",
    ),
    Field("devices.printer_profile", str, "generic80", "Printer profile: a name from `devices/printer/profiles.yaml`."),
    Field(
        "devices.reader",
        str,
        "pcsc:",
        "Card reader: `pcsc:` (the first one) or `pcsc:NAME` (part of its name); `?long` behind: passes long answers; or `none:`.",
    ),
    Field(
        "devices.can",
        str,
        "",
        "Where the card access number (6 digits) is printed, as citizens read it: `góc dưới mặt trước thẻ`; empty: not asked for.",
    ),
    Field(
        "devices.trust",
        str,
        "trust",
        "Folder with the certificates that say which chips are genuine (CSCA, revocation lists, master lists); `device trust`.",
    ),
    Field(
        "devices.barcode",
        str,
        "none:",
        "Code readers, several divided by blanks: `serial:///dev/…?baud=9600`, `camera:///dev/video0?width=1280&height=720`, "
        "`wedge:///dev/input/by-id/…` (a scanner that plays a keyboard: digits only), `twin:///FIFO` (of the demo), `none:`.",
    ),
    Field(
        "province.url",
        str,
        "",
        "Address of the provincial service, e.g. `https://motcua.example`. Empty: never synchronised by network.",
    ),
    Field("province.tracking_url", str, "", "Public address printed in the QR; empty = `province.url`."),
    Field(
        "province.root",
        str,
        "",
        "The province's root key, 64 hexadecimal digits. Empty: the one of the first enrolment, compared by its eight words.",
    ),
    Field(
        "province.tls_pins",
        str,
        "",
        "SHA-256 of the province server's public key (SPKI), hexadecimal or base64, several with commas: then names and dates "
        "of the certificate do not matter.",
    ),
    Field("province.tls_ca", str, "", "PEM file of the province's own certificate authority; its dates are not looked at."),
    Field("sync.interval", float, 60.0, "Seconds between two rounds when there is nothing to send."),
    Field("sync.retry_first", float, 2.0, "First wait after a failure, seconds; doubles with full jitter."),
    Field("sync.retry_most", float, 300.0, "Longest wait after failures, seconds."),
    Field("sync.timeout", float, 8.0, "Seconds to wait for a connection or for the next bytes."),
    Field("sync.proxy", str, "", "Proxy to the province, `http://HOST:PORT`, without login."),
    Field("sync.proxy_login", str, "", "File with one line `user:password` for the proxy, mode 0600."),
    Field(
        "sync.line",
        str,
        "fixed",
        "What the line costs: over a `metered` one (a phone) previews of scans go, full scans wait for a stick or another line.",
        ("fixed", "metered"),
    ),
    Field(
        "sync.scans",
        str,
        "always",
        "When full scans go by network: `always`, `closed` (outside office hours), `never`. Previews and events always go.",
        ("always", "closed", "never"),
    ),
    Field("sync.stick_folders", str, "/media,/run/media,/mnt", "Folders below which USB sticks are mounted, with commas."),
    Field("sync.stick_volume_mb", int, 1024, "Largest file written on a stick, MB (FAT32 takes less than 4096)."),
    Field("sync.courier_mb", int, 4096, "Most this machine holds of other machines' bundles, MB."),
    Field("sync.courier_port", int, 8471, "Port of the courier page on the local network."),
    Field("screen.width", int, 1280, "Width of the window, pixels."),
    Field("screen.height", int, 800, "Height of the window, pixels."),
    Field("screen.fullscreen", bool, True, "Take the whole screen."),
    Field("screen.ppi", float, 96.7, "Pixels per inch of the panel; every size on screen follows it."),
    Field("screen.idle_warning", int, 60, "Seconds without a touch before «Bà con còn ở đây không?» (doubled in large text)."),
    Field("screen.idle_grace", int, 30, "Seconds the warning stays before everything is erased; at least 20."),
    Field("store.file", str, "kiosk.db", "The encrypted store."),
    Field("store.ledger", str, "ledger.json", "Number ledger kept outside the store, best on another partition."),
    Field(
        "store.key_wrap",
        str,
        "auto",
        "What wraps the key file: `tpm`, `passphrase` (systemd credential `kiosk-passphrase`), `none`; `auto` is the passphrase"
        " where there is one, else nothing.",
        ("auto", "none", "passphrase", "tpm"),
    ),
    Field("store.reserve_mb", int, 64, "Size of the reserve file, given up to finish the filing in hand on a full disk."),
    Field("retention.days", int, 90, "Days a finished dossier stays readable here; the province's own figure outranks it."),
    Field("retention.log_days", int, 365, "Days its sealed lines and its summary stay; at least `retention.days`."),
    Field("store.warn_free_mb", int, 2048, "Below this free space the technician is warned."),
    Field("store.scan_free_mb", int, 500, "No new scans below this free space; filings go on."),
    Field("store.least_free_mb", int, 100, "New filings are refused below this free space."),
)

_BY_KEY = {field.key: field for field in FIELDS}


@dataclass(frozen=True, slots=True)
class Config:
    """Checked values. ``config["devices.printer"]`` reads one; ``path("store.file")`` resolves it in the state folder."""

    state: Path
    values: Mapping[str, Any]

    def __getitem__(self, key: str) -> Any:
        return self.values[key]

    def path(self, key: str) -> Path:
        """A configured path, relative ones taken in the state folder."""
        return self.state / str(self.values[key])

    @property
    def tracking_url(self) -> str:
        """Base address for the QR, without a slash at the end."""
        return str(self["province.tracking_url"] or self["province.url"]).rstrip("/")


def load(state: Path, file: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Read the configuration of a machine.

    ``file`` defaults to ``kiosk.toml`` in the state folder, which need not exist; ``overrides`` are ``section.key=value``.

    Raises:
        ConfigError: unreadable file, unknown key, wrong type, value out of range; the text names the line.
    """
    values = {field.key: field.default for field in FIELDS}
    lines: dict[str, str] = {}
    path = file if file is not None else state / "kiosk.toml"
    if file is not None and not path.exists():
        raise ConfigError(f"Không tìm thấy tệp cấu hình {path} (no such configuration file).")
    if path.exists():
        read, lines = _read(path)
        values.update(read)
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals:
            raise ConfigError(f"--set {override}: viết mục.khóa=giá trị (write section.key=value).")
        values[key] = _from_text(key, text)
        lines[key] = f"--set {key}"
    for key, problem in _range_faults(values):
        raise ConfigError(f"{lines.get(key, 'cấu hình')}: «{key}» {problem}")
    return Config(state, values)


def _read(path: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Values by key, and where each stands, for messages."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"{path.name}: tệp phải lưu dạng UTF-8.") from None
    except OSError as error:
        raise ConfigError(f"{path.name}: {why_vi(error)}") from None
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path.name}, {toml_vi(error)}.") from None
    values, lines = {}, {}
    for section, table in tables.items():
        if not isinstance(table, dict):
            raise ConfigError(f"{path.name}, dòng {_line(text, '', section)}: «{section}» phải nằm trong một mục [..].")
        for name, value in table.items():
            key = f"{section}.{name}"
            where = f"{path.name}, dòng {_line(text, section, name)}"
            field = _BY_KEY.get(key)
            if field is None:
                raise ConfigError(f"{where}: không có khóa «{key}» (unknown key).")
            values[key] = _typed(field, value, where)
            lines[key] = where
    return values, lines


def _typed(field: Field, value: Any, where: str) -> Any:
    if field.kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not field.kind:
        raise ConfigError(f"{where}: «{field.key}» phải là {_KINDS[field.kind]}, không phải {value!r}.")
    return value


_KINDS = {str: "chữ trong ngoặc kép", int: "số nguyên", float: "số", bool: "true hoặc false"}


def _from_text(key: str, text: str) -> Any:
    field = _BY_KEY.get(key)
    if field is None:
        raise ConfigError(f"--set: không có khóa «{key}» (unknown key).")
    if field.kind is str:
        return text
    try:
        value = tomllib.loads(f"v = {text}")["v"]
    except tomllib.TOMLDecodeError:
        raise ConfigError(f"--set {key}: «{text}» phải là {_KINDS[field.kind]}.") from None
    return _typed(field, value, f"--set {key}")


def _range_faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, what is wrong with its value), for values of the right type."""
    for key in ("hours.morning", "hours.afternoon"):
        if not _is_session(values[key]):
            yield key, f"viết dạng 07:30-11:30, giờ mở trước giờ đóng, không phải {values[key]!r}."
    if values["hours.morning"][-5:] > values["hours.afternoon"][:5]:
        yield "hours.afternoon", "phải bắt đầu sau giờ làm buổi sáng."
    if values["place.commune"] and not re.fullmatch(r"\d{5}", values["place.commune"]):
        yield "place.commune", 'là mã xã gồm năm chữ số trong ngoặc kép, ví dụ "01273".'
    if not re.fullmatch(r"[0-9A-Z]{1,6}", values["place.kiosk"]):
        yield "place.kiosk", "gồm 1–6 chữ cái in hoa hoặc chữ số."
    for key in ("province.url", "province.tracking_url"):
        if values[key] and not re.fullmatch(r"https?://[^\s/]+.*", values[key]):
            yield key, f"phải bắt đầu bằng https:// (hoặc http://), không phải {values[key]!r}."
    if values["province.root"] and not re.fullmatch(r"[0-9a-f]{64}", values["province.root"]):
        yield "province.root", "gồm 64 chữ số thập lục phân (0-9, a-f)."
    for field in FIELDS:
        if field.choices and values[field.key] not in field.choices:
            yield field.key, f"phải là một trong: {', '.join(field.choices)}."
    for key, (least, most) in _BOUNDS.items():
        # Written so that nan, which compares with nothing, is outside too.
        if not least <= values[key] <= most:
            yield key, f"phải từ {least:g} đến {most:g}."
    if values["retention.log_days"] < values["retention.days"]:
        yield "retention.log_days", "không được nhỏ hơn «retention.days»."
    if values["sync.retry_most"] < values["sync.retry_first"]:
        yield "sync.retry_most", "không được nhỏ hơn «sync.retry_first»."


_BOUNDS: Mapping[str, tuple[float, float]] = {
    "sync.interval": (0.1, 86_400),
    "sync.retry_first": (0.1, 3_600),
    "sync.retry_most": (0.1, 86_400),
    "sync.timeout": (0.5, 600),
    "sync.stick_volume_mb": (1, 1024),
    "sync.courier_mb": (16, 1_000_000),
    "sync.courier_port": (1, 65_535),
    "screen.width": (320, 10_000),
    "screen.height": (320, 10_000),
    "screen.ppi": (30, 600),
    "screen.idle_warning": (10, 3_600),
    "screen.idle_grace": (20, 3_600),
    "retention.days": (1, 36_500),
    "retention.log_days": (1, 36_500),
    "store.reserve_mb": (1, 100_000),
    "store.least_free_mb": (1, 100_000_000),
}
"""Least and most of each number; the 20 s of ``idle_grace`` are WCAG 2.2.1."""


def _is_session(text: str) -> bool:
    try:
        opens, closes = (time.fromisoformat(part) for part in text.split("-"))
    except ValueError:
        return False
    return len(text) == 11 and opens < closes


def _line(text: str, section: str, name: str) -> int:
    """Line of a key, counted from 1; the section's when the key is not found by eye (dotted or quoted keys)."""
    inside = section == ""
    at = 1
    for number, line in enumerate(text.splitlines(), start=1):
        header = re.match(r"\s*\[\s*([^\]]+?)\s*\]", line)
        if header:
            inside = header.group(1) == section
            if inside:
                at = number
        elif inside and re.match(rf"\s*\"?{re.escape(name)}\"?\s*=", line):
            return number
    return at
