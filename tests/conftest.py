"""What every test file shares: what earlier files left in memory is not searched for garbage again and again.

A long run keeps a million objects alive (catalogues, Django, Kivy, Hypothesis). A test that makes many small ones, as every screen
does, has the collector walk all of them each time: the touch tests took ten times as long at the end of a run as alone.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="module", autouse=True)
def _leave_the_old_alone() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def _keep_the_mask_of_new_files() -> Iterator[None]:
    """The province's process makes files for itself alone; played in this process, the next file's tests must not inherit that."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)
