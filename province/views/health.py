"""``/healthz``: whether the service can read its database. For supervisors and the kiosk's set-up; says nothing about anybody."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from province.models import Identity


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    try:
        ready = Identity.objects.exists()
    except DatabaseError:
        ready = False
    return JsonResponse({"ok": ready, "database": connection.vendor}, status=200 if ready else 503)
