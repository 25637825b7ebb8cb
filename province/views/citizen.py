"""The citizens' pages: a form for code and key, and the page behind the QR of a slip.

Phone first, no script, no cookie, one request per page: the style stands in the page and is named in the policy by its hash.
Answers are never stored and never tell which of code and key was wrong.
"""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from province.index import normal_code, normal_key
from province.middleware import CSP
from province.runtime import current
from province.tracking import look_up
from province.views.common import address_of, inline_style, wait_vi

_LONGEST = 64


@login_not_required
@csrf_exempt  # it changes nothing, and without a cookie there is nothing to forge
@require_http_methods(["GET", "HEAD", "POST"])
def look_up_form(request: HttpRequest) -> HttpResponse:
    """The form; sent by POST so that a typed key never stands in an address."""
    if request.method == "POST":
        return _answer(request, request.POST.get("ma", ""), request.POST.get("khoa", ""))
    return _page("form", {})


@login_not_required
@require_safe
def tracking(request: HttpRequest, code: str) -> HttpResponse:
    """The page behind the QR: ``/h/<code>?k=<key>``."""
    return _answer(request, code, request.GET.get("k", ""))


def _answer(request: HttpRequest, code: str, key: str) -> HttpResponse:
    address = address_of(request)
    wait = current().lookups.add(address) or current().wrong_keys.wait(address)
    if wait:
        response = _page("wait", {"wait_vi": wait_vi(wait)}, status=429)
        response.headers["Retry-After"] = str(int(wait) + 1)
        return response
    facts = look_up(code, key)
    if facts is not None:
        return _page("found", {"facts": facts})
    pair = hashlib.sha256(f"{normal_code(code)}\0{normal_key(key)}".encode("utf-8", "replace")).digest()
    current().wrong_keys.add(address, pair)
    return _page("unknown", {"code": code[:_LONGEST], "key": key[:_LONGEST]}, status=404)


def _page(kind: str, facts: dict[str, Any], status: int = 200) -> HttpResponse:
    style, source = inline_style("citizen.css")
    config = current().config
    body = render_to_string(
        f"province/citizen_{kind}.html",
        {**facts, "style": style, "service_name": config.service_name, "hotline": config.hotline},
    )
    return HttpResponse(body, status=status, headers={"Content-Security-Policy": CSP.format(styles=source, images="data:")})
