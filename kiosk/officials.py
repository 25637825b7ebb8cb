"""People who may sign in at this kiosk, by PIN: commune officials (cán bộ) and technicians.

PINs are kept as Argon2id hashes inside the encrypted store. A wrong PIN costs a growing wait, counted in monotonic time, so
that a screen in a public hall cannot be tried through. Everything an official does carries the official's id as the event's
actor.
"""

from __future__ import annotations

import secrets
from typing import Literal

import nacl.exceptions
import nacl.pwhash

from forms.text import sort_key
from kiosk.clock import Clock
from kiosk.services import Official, Refused
from kiosk.store.store import Store

FREE_TRIES = 3
"""Wrong PINs before the first wait."""

FIRST_WAIT = 30.0
"""Seconds of the first wait; it doubles, at most :data:`MOST_WAIT`."""

MOST_WAIT = 900.0

_MEMORY = 16 * 1024 * 1024
_OPS = 2


def add_official(store: Store, name: str, pin: str, role: Literal["official", "technician"]) -> Official:
    """Give a person a PIN of 6–12 digits.

    Raises:
        Refused: ``pin_weak`` for a short or trivial PIN, ``pin_taken`` when somebody else has it.
    """
    if not (pin.isdigit() and 6 <= len(pin) <= 12) or len(set(pin)) < 3 or pin in "0123456789" or pin in "9876543210":
        raise Refused("pin_weak", "Mã PIN cần 6–12 chữ số, không lặp một số và không liền nhau.", "Chọn mã PIN khác.")
    if _who(store, pin) is not None:
        raise Refused("pin_taken", "Mã PIN này đã có người dùng.", "Chọn mã PIN khác.")
    person = Official(f"cb{secrets.randbelow(16**6):06x}", name, role)
    hashed = nacl.pwhash.argon2id.str(pin.encode(), opslimit=_OPS, memlimit=_MEMORY)
    with store.transaction():
        store.db.conn.execute(
            "INSERT INTO official (id, name, role, pin) VALUES (?, ?, ?, ?)", (person.id, person.name_vi, person.role, hashed)
        )
    return person


def remove_official(store: Store, person: str) -> Official:
    """Withdraw the PIN of the person with this id, at once and for good; the name stays for what the person has done.

    Raises:
        Refused: ``no_such_official`` when nobody with this id can sign in.
    """
    with store.transaction():
        found = store.rows("SELECT id, name, role FROM official WHERE id = ? AND active = 1", [person])
        if not found:
            raise Refused("no_such_official", "Không có cán bộ nào với mã này.", "Xem mã bằng «store list-officials».")
        store.db.conn.execute("UPDATE official SET active = 0, pin = x'' WHERE id = ?", (person,))
    return Official(found[0]["id"], found[0]["name"], found[0]["role"])


def officials(store: Store) -> tuple[Official, ...]:
    """Everybody who can sign in, by name."""
    rows = store.rows("SELECT id, name, role FROM official WHERE active = 1")
    return tuple(Official(row["id"], row["name"], row["role"]) for row in sorted(rows, key=lambda row: sort_key(row["name"])))


def _who(store: Store, pin: str) -> Official | None:
    for row in store.rows("SELECT id, name, role, pin FROM official WHERE active = 1"):
        try:
            nacl.pwhash.argon2id.verify(bytes(row["pin"]), pin.encode())
        except nacl.exceptions.InvalidkeyError:
            continue
        return Official(row["id"], row["name"], row["role"])
    return None


class SignIn:
    """The PIN pad's judge: who holds this PIN, and how long to wait after wrong ones."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._wrong = 0
        self._closed_until = 0.0

    def try_pin(self, pin: str) -> Official:
        """The person with this PIN.

        Raises:
            Refused: ``pin_wait`` while waiting, ``wrong_pin``, ``no_officials`` when nobody is registered.
        """
        left = self._closed_until - self._clock.monotonic()
        if left > 0:
            raise Refused("pin_wait", "Đã nhập sai mã PIN nhiều lần.", f"Chờ {int(left) + 1} giây rồi thử lại.")
        person = _who(self._store, pin)
        if person is not None:
            self._wrong = 0
            return person
        if not self._store.rows("SELECT 1 FROM official WHERE active = 1 LIMIT 1"):
            raise Refused("no_officials", "Máy này chưa có cán bộ nào.", "Kỹ thuật: chạy «python3 main.py store add-official».")
        self._wrong += 1
        over = self._wrong - FREE_TRIES
        if over < 0:
            raise Refused("wrong_pin", "Mã PIN chưa đúng.", f"Còn {-over} lần thử.")
        wait = min(FIRST_WAIT * 2**over, MOST_WAIT)
        self._closed_until = self._clock.monotonic() + wait
        raise Refused("wrong_pin", "Mã PIN chưa đúng.", f"Chờ {int(wait)} giây rồi thử lại.")
