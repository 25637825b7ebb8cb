"""Amounts of money: whole đồng, written as people write them and in words as a receipt needs them."""

from __future__ import annotations

from forms.text import number_words_vi


def dong(amount: int) -> str:
    """«8.000 đồng»; a reduction has a minus sign: «-4.000 đồng»."""
    return f"{amount:,} đồng".replace(",", ".")


def dong_words(amount: int) -> str:
    """An amount written out (số tiền bằng chữ): 21000 -> «Hai mươi mốt nghìn đồng».

    Raises:
        ValueError: below 0 or above 999,999,999,999.
    """
    words = f"{number_words_vi(amount)} đồng"
    return words[0].upper() + words[1:]
