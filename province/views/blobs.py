"""The kiosks' calls about attachments: ``PUT /v1/b/<id>/<offset>`` brings bytes, ``GET /v1/b/<id>?t=<ticket>`` asks what is held.

The body of a PUT does not come this way: ``province.uploads`` has written it by the time the view is called, and the view only asks
for the answer. Like the exchange, every answer that concerns a kiosk is signed and 200, a refusal too.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from province.uploads import Upload, receiver_of
from sync.blob.wire import ticket_of_query
from sync.errors import BlobProtocol, NotOurProtocol
from sync.steps import step


@login_not_required
@csrf_exempt
@require_http_methods(["PUT"])
def put(request: HttpRequest, blob: str, offset: int) -> HttpResponse:
    """The answer to an upload. The ticket in the body says what it is; the address is for people who read proxies' logs."""
    upload = request.META.get("wsgi.input")
    if not isinstance(upload, Upload):
        return HttpResponse(status=411)
    try:
        answer = upload.answer()
    except (NotOurProtocol, BlobProtocol):
        return HttpResponse(status=400)
    with step("province.answer"):
        return HttpResponse(answer, content_type="application/octet-stream")


@login_not_required
@require_GET
def ask(request: HttpRequest, blob: str) -> HttpResponse:
    """What the province holds of a blob."""
    try:
        answer = receiver_of(request).ask(ticket_of_query(request.GET.get("t", "")))
    except (NotOurProtocol, BlobProtocol):
        return HttpResponse(status=400)
    return HttpResponse(answer, content_type="application/octet-stream")
