"""The 56 communes and wards of Cao Bằng since 1 July 2025, and the names of their one-stop centres.

Codes are five-digit text (QĐ 19/2025/QĐ-TTg). A code that is not in the table is shown as it is: the service must not break on it.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files


@cache
def communes() -> Mapping[str, str]:
    """Code -> name with its kind, for example ``01273`` -> «phường Thục Phán», in the order of the codes."""
    text = files("province").joinpath("data/communes.csv").read_text(encoding="utf-8")
    return {row["code"]: f"{row['type']} {row['name']}" for row in csv.DictReader(text.splitlines())}


def commune_name(code: str) -> str:
    """«phường Thục Phán»; an unknown code gives «đơn vị <code>»."""
    return communes().get(code, f"đơn vị {code}")


def centre_name(code: str) -> str:
    """The place a citizen goes to: Trung tâm Phục vụ hành chính công of the commune (NĐ 118/2025)."""
    return f"Trung tâm Phục vụ hành chính công {commune_name(code)}"
