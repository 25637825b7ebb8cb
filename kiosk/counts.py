"""Numbers and folders of a command's call that can be used: a proof that counts nothing would be empty and still look well."""

from __future__ import annotations

import argparse
from math import inf
from pathlib import Path
from typing import Final

DAY_S: Final = 86_400


def count(text: str) -> int:
    """A whole number from 1 on, for ``type=`` of an argument."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"cần số nguyên từ 1 trở lên, không phải {text}")
    return number


def count_or_none(text: str) -> int:
    """A whole number from 0 on."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"cần số nguyên từ 0 trở lên, không phải {text}")
    return number


def folder(text: str) -> Path:
    """A folder, or a name where one can be made."""
    path = Path(text)
    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise argparse.ArgumentTypeError(f"«{there.name}» là tệp; cần một thư mục")
    return path


def measure(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not 0 < number < inf:
        raise argparse.ArgumentTypeError(f"cần số lớn hơn 0, không phải {text}")
    return number


def seconds(text: str) -> float:
    """More than nothing, at most a day."""
    number = float(text)
    if not 0 < number <= DAY_S:
        raise argparse.ArgumentTypeError(f"cần số giây lớn hơn 0, không quá một ngày, không phải {text}")
    return number


def seconds_or_none(text: str) -> float:
    """From 0 on, at most a day."""
    return 0.0 if text.strip() == "0" else seconds(text)
