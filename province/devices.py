"""Enrolled kiosks: their keys through the generations, taking one out of service, the key of their commune.

A kiosk that leaves keeps what it has sent; whatever it sends later goes to quarantine, and its commune gets another key, so that
its disk reads no feed any more. Keys that were replaced still prove what they signed up to the place where they ended. A number
comes back only through :mod:`province.enrolment`, by people who compared words; a kiosk marked lost not even then, until somebody
says it was found.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping

from django.db.models import F

from province.errors import ProvinceError
from province.models import CommuneKey, Device, FormerKey, Position, ProofRow
from province.runtime import current
from province.writer import writing
from sync.envelope import base32
from sync.ports import DeviceRecord
from sync.ports import FormerKey as FormerRecord
from sync.rollover import CommuneSecret, ProvincePublic, Rotation, write_commune

log = logging.getLogger(__name__)


def find(device: str) -> Device:
    """The kiosk with this number, in decimal, or as it stands on pages and in dossier ids.

    Raises:
        ProvinceError: ``device_unknown``.
    """
    row = next((row for row in Device.objects.all() if device.lower() in (str(row.number), base32(row.number))), None)
    if row is None:
        raise ProvinceError("device_unknown", f"Không có máy nào mang số {device[:16]!r}.", "Xem số máy ở trang Máy kiosk.")
    return row


def record_of(row: Device) -> DeviceRecord:
    """A kiosk as the protocol core sees it."""
    former = tuple(
        FormerRecord(bytes(one.verify_key), _places(one.valid_to), bytes(one.seal_key))
        for one in row.former.order_by("-generation")
    )
    return DeviceRecord(
        device=row.number,
        commune=row.commune,
        verify_key=bytes(row.verify_key),
        seal_key=bytes(row.seal_key),
        valid_to=_places(row.valid_to) if row.valid_to else None,
        generation=row.generation,
        former=former,
        commune_generation=CommuneKey.objects.values_list("generation", flat=True).get(commune=row.commune),
    )


def replace_keys(number: int, fresh: ProvincePublic | Rotation, ends: Mapping[int, int]) -> Device:
    """Give a kiosk its next keys; those before still count up to ``ends``, and for all that was proven with them: a kiosk restored
    from a backup does not know how far it had come. Inside a transaction."""
    row = Device.objects.get(number=number)
    FormerKey.objects.create(
        device=row,
        generation=row.generation,
        verify_key=bytes(row.verify_key),
        seal_key=bytes(row.seal_key),
        valid_to=_text(_furthest(ends, _proven(number))),
    )
    row.verify_key, row.seal_key, row.generation = fresh.verify_key, fresh.seal_key, fresh.generation
    row.save()
    log.info("device %d has keys of generation %d", number, row.generation)
    return row


def vouch(number: int, verify_key: bytes, incarnation: int, n: int) -> None:
    """Let a former key, and a kiosk out of service, count up to a place somebody vouches for. Inside a transaction."""
    row, place = Device.objects.get(number=number), {incarnation: n}
    for former in row.former.all():
        if bytes(former.verify_key) == verify_key:
            former.valid_to = _text(_furthest(_places(former.valid_to), place))
            former.save()
    if row.valid_to:
        row.valid_to = _text(_furthest(_places(row.valid_to), place))
        row.save()


def _proven(number: int) -> dict[int, int]:
    """How far each incarnation of a kiosk is stored, branches included."""
    branches = ProofRow.objects.filter(device=number, branch=True).values_list("incarnation", "n").order_by("n")
    return _furthest(held(number), dict(branches))


def _furthest(some: Mapping[int, int], others: Mapping[int, int]) -> dict[int, int]:
    return {inc: max(some.get(inc, 0), others.get(inc, 0)) for inc in {**some, **others}}


def held(number: int) -> dict[int, int]:
    """How far each incarnation of a kiosk is stored."""
    return dict(Position.objects.filter(device=number).values_list("incarnation", "n"))


def revoke(device: str, *, by: str, lost: bool = False) -> Device:
    """Take a kiosk out of service (stolen, replaced): what it has sent stays, whatever it sends later goes to quarantine.

    Raises:
        ProvinceError: ``device_unknown``.
    """
    with writing():
        row = find(device)
        if row.revoked_ms is None:
            row.valid_to, row.revoked_ms = _text(held(row.number)), current().wall_ms()
            log.warning("device %d revoked by %s", row.number, by)
        row.lost = row.lost or lost
        row.save()
    return row


def found(device: str, *, by: str) -> Device:
    """A kiosk that was lost is back: it may be enrolled again under its number.

    Raises:
        ProvinceError: ``device_unknown``.
    """
    with writing():
        row = find(device)
        row.lost = False
        row.save()
        log.warning("device %d found, says %s", row.number, by)
    return row


def renew_commune_key(commune: str, *, by: str) -> int:
    """Give a commune another key; its kiosks get it sealed to each at their next contact. Returns the generation.

    Raises:
        ProvinceError: ``commune_without_key``: no kiosk of it was ever enrolled.
    """
    with writing():
        changed = CommuneKey.objects.filter(commune=commune).update(secret=secrets.token_bytes(32), generation=F("generation") + 1)
        if not changed:
            raise ProvinceError("commune_without_key", f"Xã {commune[:16]!r} chưa có máy nào được ghi danh.", "Kiểm tra lại mã xã.")
        log.warning("commune %s has another key, by %s", commune, by)
        return CommuneKey.objects.values_list("generation", flat=True).get(commune=commune)


def commune_key(commune: str) -> CommuneSecret:
    """The key of a commune, made with its first kiosk."""
    row, _ = CommuneKey.objects.get_or_create(commune=commune, defaults={"secret": secrets.token_bytes(32)})
    return CommuneSecret(commune, row.generation, bytes(row.secret))


def commune_letter(record: DeviceRecord) -> tuple[int, bytes]:
    """The newest key of its commune, sealed to a kiosk: (generation, letter)."""
    secret = commune_key(record.commune)
    return secret.generation, write_commune(secret, record.device, record.seal_key, current().keyring.signing)


def _places(text: str) -> dict[int, int]:
    return {int(incarnation): int(n) for incarnation, n in json.loads(text).items()}


def _text(places: Mapping[int, int]) -> str:
    return json.dumps({str(incarnation): n for incarnation, n in places.items()})
