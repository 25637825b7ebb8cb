"""One figure beside its peer's, from the same run."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Result:
    """Medians of interleaved rounds. ``goal`` is the largest ratio ours / peer that counts as met; ``most``, where a figure of its
    own was promised, the largest median of ours."""

    name: str
    unit: str
    ours: tuple[float, ...]
    peer: tuple[float, ...]
    peer_is: str
    goal: float = math.inf
    most: float = math.inf

    @property
    def ratio(self) -> float:
        """Median of the ratios round by round: what the machine did meanwhile hits both sides of a round."""
        return median(ours / peer for ours, peer in zip(self.ours, self.peer, strict=True))

    @property
    def met(self) -> bool:
        return self.ratio <= self.goal and median(self.ours) <= self.most

    def text(self) -> str:
        verdict = "đạt" if self.met else "CHƯA ĐẠT"
        return (
            f"{self.name:<14} {median(self.ours):9.2f} {self.unit}  mốc ({self.peer_is}) {median(self.peer):9.2f} {self.unit}  "
            f"tỉ lệ {self.ratio:.2f} (mục tiêu {self._goal_vi()}) {verdict}"
        )

    def _goal_vi(self) -> str:
        goals = [f"tỉ lệ ≤ {self.goal:g}"] if self.goal < math.inf else []
        return ", ".join([*goals, f"≤ {self.most:g} {self.unit}"] if self.most < math.inf else goals)
