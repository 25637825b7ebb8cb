"""A machine that runs from a copy of another one's state: two under one number, told to the technician until the keys are new.

The store notes at its start that it was copied, and under which keys (``kiosk.store.store``). New keys end it: whoever rotates them
leaves the other copy with former ones, which the province takes no more. Where both shall live, one begins as a machine of its own
(``kiosk.anew``) and the other notices nothing.
"""

from __future__ import annotations

from typing import Final

from kiosk.store.store import Store

COPY_VI: Final = "Máy này là bản sao của một máy khác: hai máy mang chung một số."
CURE_VI: Final = (
    "Máy kia còn chạy thì gửi hết việc chờ rồi cho máy này số riêng: «sync enrol --new». Máy kia đã bỏ thì chạy «sync keys rotate»."
)


def is_copy(store: Store) -> bool:
    """Whether another copy may still write under this machine's number and keys."""
    noted = store.meta("copied")
    return noted is not None and bytes(noted) == b"".join(store.verify_keys())
