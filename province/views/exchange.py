"""The kiosks' endpoints: ``POST /v1/x`` carries the journal, ``/v1/enrol`` brings a kiosk in.

An exchange is one durable transaction: verified, stored, merged and answered, or nothing at all. The answer leaves only after
the commit, so a kill between the two costs the kiosk a repetition and nothing else. Authenticity is in the bytes
(``sync.wire``), not in HTTP: no cookie, no token, the same answer 200 for a refusal as for a success.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from province import enrolment
from province.errors import ProvinceError
from province.journal import recording
from province.merging import ProvinceMerge
from province.models import Device
from province.runtime import Runtime, current
from province.views.common import address_of
from sync.dictionaries import shipped
from sync.errors import SyncError
from sync.intake import Policy, ProvinceKeys, handle
from sync.steps import step
from sync.wire import MAX_REQUEST, parse_reply, parse_request

log = logging.getLogger(__name__)


@login_not_required
@csrf_exempt
@require_POST
def exchange(request: HttpRequest) -> HttpResponse:
    """One round of a kiosk. Bytes in, bytes out."""
    body = request.read(MAX_REQUEST + 1)
    reply = take(body, current())
    with step("province.answer"):
        return HttpResponse(reply, content_type="application/octet-stream")


def take(body: bytes, running: Runtime) -> bytes:
    """Take one request and give the answer, durable when it returns. Also the door for bodies that came on a stick."""
    keys = province_keys(running)
    received = running.wall_ms()
    with recording(received) as journal, step("province.store"):
        policy = Policy(schema_floor=running.config.schema_floor)
        reply = handle(body, journal, ProvinceMerge(journal, running.config), keys, received, policy)
        _note_contact(body, reply, received)
    return reply


def province_keys(running: Runtime) -> ProvinceKeys:
    """What intake works with."""
    ring = running.keyring
    return ProvinceKeys(ring.signing, ring.sealing, ring.generation, ring.openers, shipped())


def _note_contact(body: bytes, reply: bytes, received: int) -> None:
    """Write down that a device was heard, when its signature was found good, and what it said of its clock and disk."""
    refusal = parse_reply(reply).answer.refusal
    if refusal not in ("", "revoked", "former_key"):
        log.warning("exchange refused: %s", refusal)
        return
    hello = parse_request(body).hello
    Device.objects.filter(number=hello.device).update(
        last_contact_ms=received, clock_offset_ms=hello.wall_ms - received, free_disk_mib=hello.free_disk_mib
    )


@login_not_required
@csrf_exempt
@require_POST
def enrol(request: HttpRequest) -> JsonResponse:
    """``{"code", "request"}`` (request: the file's text) -> 202 ``{"id"}``; refusals are 403 ``{"error"}``, too many tries 429."""
    if current().enrolments.add(address_of(request)):
        return JsonResponse({"error": "too_many_tries"}, status=429, headers={"Retry-After": "60"})
    try:
        asked: Any = json.loads(request.read(64 * 1024))
        ticket = enrolment.ask(str(asked["code"]), str(asked["request"]).encode("utf-8"))
    except (ProvinceError, SyncError) as error:
        return JsonResponse({"error": error.code}, status=403)
    except (ValueError, KeyError, TypeError, RecursionError):
        return JsonResponse({"error": "malformed"}, status=400)
    return JsonResponse({"id": ticket}, status=202)


@login_not_required
@require_GET
def enrolled(request: HttpRequest, ticket: str) -> HttpResponse:
    """202 while an operator has not decided, 200 with the signed bundle, 403 refused, 404 unknown."""
    try:
        bundle = enrolment.bundle_of(ticket)
    except ProvinceError as error:
        return JsonResponse({"error": error.code}, status=404 if error.code == "enrolment_unknown" else 403)
    if bundle is None:
        return JsonResponse({"state": "pending"}, status=202)
    return HttpResponse(bundle, content_type="application/octet-stream")
