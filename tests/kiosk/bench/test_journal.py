"""The journal's benchmark measures everything it promises, each beside its peer, also in a small size."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.bench.journal import bench_journal


def test_every_figure_is_there_and_has_its_peer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    results = bench_journal(1, 0.0005)
    assert [result.name.split()[1] for result in results] == [
        "append",
        "flush",
        "cipher",
        "verify",
        "check",
        "fold",
        "size",
        "rebuild",
        "search",
    ]
    assert all(min(*result.ours, *result.peer) > 0 for result in results)
    assert list(tmp_path.iterdir()) == []
