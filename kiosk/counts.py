"""Numbers of a command's call that must count something: with none of it a proof would be empty and still look well."""

from __future__ import annotations

import argparse


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


def measure(text: str) -> float:
    """A number above 0."""
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"cần số lớn hơn 0, không phải {text}")
    return number
