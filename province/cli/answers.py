"""What an act of the operator answers, and what every act on the database begins with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from province.runtime import Runtime

Answer = tuple[int, Mapping[str, Any], str]
"""Exit code, facts for ``--json``, text for people."""


def ready(running: Runtime) -> int:
    from province.database import migrate, settle

    migrate()
    return settle(running)
