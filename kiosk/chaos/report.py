"""What a torment hands back: what it did, what it found, and whether that is good. Findings are sentences; none is the aim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Report:
    """One torment's outcome. ``told_vi`` sums it up for people, ``facts`` for programs."""

    name: str
    told_vi: str
    facts: Mapping[str, Any]
    findings: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "ok": self.ok, **self.facts, "findings": list(self.findings)}

    def text(self) -> str:
        """Lines for people, the findings last."""
        return "\n".join([self.told_vi, *(f"SAI: {one}" for one in self.findings or ())])


def p95(values: list[float]) -> float:
    """The value below which 95 of 100 lie; 0 when there are none."""
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.95))] if values else 0.0
