"""Names of communes and of their one-stop centres, for pages and bundles.

A code that is not one of the 56 is shown as it is: the service must not break on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from forms.people import places


@cache
def communes() -> Mapping[str, str]:
    """Code -> name with its kind, for example ``01273`` -> «phường Thục Phán», in the order of the codes."""
    return {commune.code: commune.title_vi for commune in places.communes()}


def commune_name(code: str) -> str:
    """«phường Thục Phán»; an unknown code gives «đơn vị <code>»."""
    return communes().get(code, f"đơn vị {code}")


def centre_name(code: str) -> str:
    """The place a citizen goes to: Trung tâm Phục vụ hành chính công of the commune (NĐ 118/2025)."""
    return f"Trung tâm Phục vụ hành chính công {commune_name(code)}"
