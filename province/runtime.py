"""One running province: its options, configuration, secrets, clocks and limits, and Django set up for it.

Settings are built here in code from the command line, so a checkout holds no secret and no machine's address. Django allows one
set of settings per process; :func:`start` is called once, before any model is imported.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from province.config import Config, Options, database_settings, load_config
from province.errors import ProvinceError
from province.keyring import Keyring, open_keyring
from province.limits import ByteBudget, GrowingDelay, Window
from sync.file_trouble import why_vi

IDLE_SECONDS: Final = 30 * 60
"""A console session ends after this time without a request."""
SESSION_SECONDS: Final = 10 * 3600
"""… and after a working day in any case."""


@dataclass(frozen=True, slots=True)
class Runtime:
    """What views and commands ask for instead of reading clocks, files or the environment."""

    options: Options
    config: Config
    keyring: Keyring
    base_url: str
    wall_ms: Callable[[], int]
    """Wall clock, ms since the epoch: data, never control flow."""
    lookups: Window
    wrong_keys: Window
    enrolments: Window
    logins: GrowingDelay
    attachments: ByteBudget


_current: list[Runtime] = []


def current() -> Runtime:
    """The running province."""
    return _current[0]


def start(
    options: Options,
    *,
    wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    mono: Callable[[], float] = time.monotonic,
) -> Runtime:
    """Read configuration and secrets, set Django up, and make this the running province.

    Raises:
        ProvinceError: whatever is wrong with the configuration, the keys or the database's address;
            ``state_unusable``, ``already_started``.
    """
    if _current:
        raise ProvinceError("already_started", "Dịch vụ tỉnh đã được khởi động trong tiến trình này.")
    # The database is not encrypted: nobody else on this machine may read what is written here.
    os.umask(0o077)
    try:
        options.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ProvinceError("state_unusable", f"Không dùng được thư mục trạng thái. {why_vi(error)}", "Xem lại --state.") from None
    config = load_config(options.config or options.state / "province.toml", options.overrides)
    if options.config is not None and not options.config.exists():
        raise ProvinceError("config_missing", f"Không có tệp cấu hình {options.config}.", "Kiểm tra tham số --config.")
    keyring = open_keyring(options.state)
    host = f"[{options.host}]" if ":" in options.host else options.host
    base_url = options.base_url.rstrip("/") or f"http://{host}:{options.port}"
    running = Runtime(
        options=options,
        config=config,
        keyring=keyring,
        base_url=base_url,
        wall_ms=wall_ms,
        lookups=Window(config.lookups_per_minute, 60, mono),
        wrong_keys=Window(config.wrong_keys_per_hour, 3600, mono),
        enrolments=Window(config.enrolments_per_minute, 60, mono),
        logins=GrowingDelay(mono),
        attachments=ByteBudget(config.attachment_mib_per_hour << 20, config.attachments_mib_per_hour << 20, mono),
    )
    _set_django_up(running)
    _current.append(running)
    return running


def _set_django_up(running: Runtime) -> None:
    import django
    from django.conf import settings

    settings.configure(**django_settings(running))
    django.setup()


def django_settings(running: Runtime) -> dict[str, Any]:
    """Django's settings for this run. Cookies are ``__Host-`` and secure as soon as people reach the service by https."""
    secure = running.base_url.startswith("https://")
    prefix = "__Host-" if secure else ""
    return {
        "DEBUG": False,
        "SECRET_KEY": running.keyring.django.hex(),
        "ALLOWED_HOSTS": _hosts(running),
        "ROOT_URLCONF": "province.urls",
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "province.apps.ProvinceApp",
        ],
        "DATABASES": {"default": database_settings(running.options.database, running.options.state)},
        "MIDDLEWARE": [
            "province.middleware.SecureHeaders",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "province.middleware.ConsoleGate",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ],
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": ["django.template.context_processors.csrf", "province.views.common.page_context"],
                    "builtins": ["province.templatetags.words"],
                },
            }
        ],
        "LOGIN_URL": "sign-in",
        "LOGIN_REDIRECT_URL": "dossiers",
        "SESSION_ENGINE": "province.sessions",
        "SESSION_SERIALIZER": "django.contrib.sessions.serializers.JSONSerializer",
        "SESSION_COOKIE_AGE": SESSION_SECONDS,
        "SESSION_COOKIE_NAME": f"{prefix}mcx",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Strict",
        "SESSION_COOKIE_SECURE": secure,
        "CSRF_COOKIE_NAME": f"{prefix}mcx-csrf",
        "CSRF_COOKIE_HTTPONLY": True,
        "CSRF_COOKIE_SAMESITE": "Strict",
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_TRUSTED_ORIGINS": [running.base_url],
        "CSRF_FAILURE_VIEW": "province.views.common.csrf_failed",
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.ScryptPasswordHasher"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
            {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
            {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        ],
        "LANGUAGE_CODE": "vi",
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 4 * 1024 * 1024,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 50,
        "APPEND_SLASH": False,
        "SILENCED_SYSTEM_CHECKS": ["fields.W342"],
        "LOGGING": _LOGGING,
    }


def _hosts(running: Runtime) -> list[str]:
    named = urlsplit(running.base_url).hostname or ""
    return sorted({running.options.host, named, "127.0.0.1", "localhost", "[::1]"} - {"", "0.0.0.0", "::"})


_LOGGING: Final[dict[str, Any]] = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"no_paths": {"()": "province.middleware.NoPaths"}},
    "formatters": {"line": {"()": "sync.discreet.Discreet", "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {
        "err": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["no_paths"]},
        "none": {"class": "logging.NullHandler"},
    },
    "loggers": {
        "django": {"handlers": ["err"], "level": "WARNING", "propagate": False},
        "django.request": {"handlers": ["err"], "level": "ERROR", "propagate": False},
        "django.security.DisallowedHost": {"handlers": ["none"], "propagate": False},
        "province": {"handlers": ["err"], "level": "INFO", "propagate": False},
    },
    "root": {"handlers": ["err"], "level": "WARNING"},
}
