"""The line to the province as ``kiosk.toml`` describes it (address, trust in TLS, a proxy and its login), and who speaks on it."""

from __future__ import annotations

import re
from pathlib import Path

from kiosk.config import Config, ConfigError
from kiosk.machine import Machine
from kiosk.outdated import SCHEMAS
from sync.dictionaries import shipped
from sync.engine import Engine
from sync.http import HttpBearer, Proxy, Waits
from sync.tls import Trust, read_pins


def bearer_of(config: Config) -> HttpBearer:
    """The bearer of this machine.

    Raises:
        ConfigError: no address, or a file named in the configuration cannot be used.
    """
    url = str(config["province.url"])
    if not url:
        raise ConfigError("«province.url» còn trống: chưa biết máy chủ của tỉnh ở đâu. Ghi địa chỉ vào kiosk.toml.")
    seconds = float(config["sync.timeout"])
    try:
        return HttpBearer(url, waits=Waits(connect=seconds, read=seconds), trust=trust_of(config), proxy=proxy_of(config))
    except OSError:
        raise ConfigError("«province.tls_ca»: không đọc được tệp chứng chỉ PEM này.") from None


def engine_of(machine: Machine) -> Engine:
    """The protocol core on this machine's store. Raises StoreError: ``not_enrolled``."""
    return Engine(machine.store, machine.engine_keys(), dictionaries=shipped(), schemas=SCHEMAS)


def trust_of(config: Config) -> Trust:
    """Raises ConfigError."""
    try:
        pins = read_pins(str(config["province.tls_pins"]))
    except ValueError:
        raise ConfigError(
            "«province.tls_pins»: mỗi mã là SHA-256 (hex, base64) của khóa máy chủ, cách nhau bằng dấu phẩy."
        ) from None
    return Trust(pins, config.path("province.tls_ca") if config["province.tls_ca"] else None)


def proxy_of(config: Config) -> Proxy | None:
    """Raises ConfigError."""
    url = str(config["sync.proxy"])
    if not url:
        return None
    if not re.fullmatch(r"https?://[^\s/@]+/?", url):
        raise ConfigError("«sync.proxy»: viết http://máy:cổng; tài khoản để trong tệp «sync.proxy_login».")
    return Proxy(url, _login(config.path("sync.proxy_login")) if config["sync.proxy_login"] else "")


def _login(file: Path) -> str:
    """``user:password`` from a file nobody else can read."""
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError("«sync.proxy_login»: tệp này người khác cũng đọc được. Chạy chmod 600.")
        login = file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise ConfigError("«sync.proxy_login»: không đọc được tệp này.") from None
    if ":" not in login or "\n" in login:
        raise ConfigError("«sync.proxy_login»: tệp gồm đúng một dòng «tên:mật khẩu».")
    return login
