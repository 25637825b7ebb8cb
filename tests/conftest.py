"""What every test file shares: what earlier files left in memory is not searched for garbage again and again.

A long run keeps a million objects alive (catalogues, Django, Kivy, Hypothesis). A test that makes many small ones, as every screen
does, has the collector walk all of them each time: the touch tests took ten times as long at the end of a run as alone.
"""

from __future__ import annotations

import gc

import pytest


@pytest.fixture(scope="module", autouse=True)
def _leave_the_old_alone() -> None:
    gc.collect()
    gc.freeze()
