"""Template filters: facts as Vietnamese words, from ``province.words`` and ``province.places``."""

from __future__ import annotations

from django import template

from province import dossier_page, places, words
from province.dossier_page import procedure_name
from province.models import Conflict, DossierIndex
from province.runtime import current
from sync.envelope import base32

register = template.Library()


@register.filter
def commune(code: str) -> str:
    return places.commune_name(code)


@register.filter
def status(code: int) -> str:
    return words.status_name(code)


@register.filter
def when(iso: str) -> str:
    return words.iso_vi(iso)


@register.filter
def when_ms(ms: int | None) -> str:
    return words.ms_vi(ms)


@register.filter
def ago(ms: int | None) -> str:
    return words.ago_vi(ms, current().wall_ms())


@register.filter
def why(code: str) -> str:
    return words.why_vi(code)


@register.filter
def value(json_text: str) -> str:
    return words.value_vi(json_text)


@register.filter
def procedure(code: str) -> str:
    return procedure_name(code)


@register.filter
def field_name(name: str) -> str:
    return dossier_page.field_name(name)


@register.filter
def device_name(number: int) -> str:
    """«Máy K3F9QX»: the number as it stands in dossier ids."""
    return f"Máy {base32(number).upper()}"


@register.filter
def hex8(digest: bytes) -> str:
    """The first eight bytes, for telling two things apart."""
    return bytes(digest)[:8].hex()


@register.filter
def clock_offset(ms: int | None) -> str:
    """How far a kiosk's clock is off, in words."""
    if ms is None:
        return "—"
    seconds = abs(ms) // 1000
    if seconds < 120:
        return "đúng giờ"
    far = (
        f"{seconds // 60} phút"
        if seconds < 7200
        else f"{seconds // 3600} giờ"
        if seconds < 172_800
        else f"{seconds // 86_400} ngày"
    )
    return f"{'nhanh' if ms > 0 else 'chậm'} {far}"


@register.filter
def disk(mib: int | None) -> str:
    """Free disk space as people say it."""
    if mib is None:
        return "—"
    return f"{mib / 1024:.1f} GB".replace(".", ",") if mib >= 1024 else f"{mib} MB"


@register.filter
def dossier_of(row: Conflict) -> DossierIndex | None:
    """The dossier a conflict is about."""
    return DossierIndex.objects.filter(commune=row.commune, dossier=row.dossier).first()
