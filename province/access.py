"""Who may do what in the console. Every view names its act with :func:`needs`; every dossier is fetched through
:func:`visible_dossiers`.

Default deny twice: Django's ``LoginRequiredMiddleware`` refuses whoever is not signed in, :func:`needs` whoever has no right
to the act. Technicians see machines and never dossiers; officials see dossiers of their commune, or of the whole province
when they have none; a chief does both.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from functools import wraps
from typing import Any, Final, TypeVar

from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from province.models import Conflict, DossierIndex, Official

View = Callable[..., HttpResponseBase]
_Row = TypeVar("_Row", bound=Model)


class Act(StrEnum):
    """What a view does."""

    DOSSIERS = "dossiers"
    """Read dossiers and their conflicts."""
    MACHINES = "machines"
    """See kiosks, confirm their enrolment."""
    QUARANTINE = "quarantine"
    """See what was refused: reasons and sizes, never contents."""


_RIGHTS: Final = {
    Official.Role.OFFICIAL: frozenset({Act.DOSSIERS}),
    Official.Role.OPERATOR: frozenset({Act.MACHINES, Act.QUARANTINE}),
    Official.Role.CHIEF: frozenset(Act),
}


def official_of(user: Any) -> Official | None:
    """The console rights of a signed-in user; ``None`` = none."""
    if not (user.is_authenticated and user.is_active):
        return None
    return Official.objects.filter(user_id=user.pk).first()


def may(user: Any, act: Act) -> bool:
    """Whether a user may do an act."""
    official = official_of(user)
    return official is not None and act in _RIGHTS[Official.Role(official.role)]


def needs(act: Act) -> Callable[[View], View]:
    """Mark a view with its act and refuse whoever may not do it."""

    def mark(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not may(request.user, act):
                raise PermissionDenied(act)
            return view(request, *args, **kwargs)

        guarded.__dict__["act"] = act  # a note on the function, for whoever lists the addresses
        return guarded

    return mark


def visible_dossiers(user: Any) -> QuerySet[DossierIndex]:
    """The dossiers a user may see."""
    return _scoped(user, DossierIndex.objects.all())


def visible_conflicts(user: Any) -> QuerySet[Conflict]:
    """The conflicts a user may see."""
    return _scoped(user, Conflict.objects.all())


def _scoped(user: Any, rows: QuerySet[_Row]) -> QuerySet[_Row]:
    official = official_of(user)
    if official is None or Act.DOSSIERS not in _RIGHTS[Official.Role(official.role)]:
        return rows.none()
    return rows.filter(commune=official.commune) if official.commune else rows
