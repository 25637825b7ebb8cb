"""How a technician's command answers: a sentence or one line of JSON, and an exit code; every expected failure has both."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
import warnings
from collections.abc import Callable, Mapping
from contextlib import closing
from typing import Any

from kiosk.config import Config, ConfigError
from kiosk.machine import Machine, config_from, open_existing
from kiosk.store.connection import DatabaseError, StoreError, named
from sync.errors import EnrolRefused, SyncError

REASONS_VI: Mapping[str, str] = {
    "code_invalid": "Mã ghi danh không đúng. Xem lại mã, hoặc xin tỉnh mã mới.",
    "code_used": "Mã ghi danh đã dùng rồi. Xin tỉnh mã mới.",
    "code_expired": "Mã ghi danh đã hết hạn. Xin tỉnh mã mới.",
    "too_many_tries": "Thử sai quá nhiều lần. Chờ một phút rồi thử lại.",
    "device_lost": "Tỉnh đã ghi máy này là bị mất. Báo tỉnh máy đã tìm thấy («device-found») rồi làm lại.",
    "device_of_other_commune": "Số máy của kho hồ sơ này thuộc xã khác. Xin tỉnh mã ghi danh của đúng xã.",
}
"""What the province's reasons for refusing an enrolment mean."""


def say(as_json: bool, fact: Mapping[str, Any], text: str) -> None:
    """One answer."""
    sys.stdout.write((json.dumps(fact, ensure_ascii=False) if as_json else text) + "\n")


def refuse(as_json: bool, code: str, text: str) -> None:
    """One refusal."""
    say(as_json, {"ok": False, "error": {"code": code, "message": text}}, text)


def ask_secret(prompt_vi: str, instead: str) -> str:
    """What a person types unseen. Raises StoreError ``no_terminal``: the option ``instead`` takes it from standard input."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(prompt_vi).strip()
    except (getpass.GetPassWarning, EOFError):
        raise StoreError("no_terminal", "Không có bàn phím để gõ kín.", f"Đưa qua đầu vào chuẩn và thêm «{instead}».") from None


Opening = Callable[[Config], Machine]


def answer(given: argparse.Namespace, act: Callable[[Machine, argparse.Namespace], int], opening: Opening = open_existing) -> int:
    """Run an act on the machine that ``--state``, ``--config`` and ``--set`` name; its exit code, or 1 with the failure told.

    Only what sets a new machine up opens it with :func:`kiosk.machine.open_machine`, which makes what is missing.
    """
    try:
        with closing(opening(config_from(given))) as machine:
            return act(machine, given)
    except EnrolRefused as error:
        refuse(given.json, error.reason, REASONS_VI.get(error.reason, f"{error.message_vi} {error.cure_vi}"))
    except SyncError as error:
        refuse(given.json, error.code, f"{error.message_vi} {error.cure_vi}")
    except (ConfigError, StoreError) as error:
        refuse(given.json, error.code, str(error))
    except DatabaseError as error:
        told = named(error, given.state)
        refuse(given.json, told.code, str(told))
    return 1
