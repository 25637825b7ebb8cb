"""What pages share: the visitor's address, the styles by content hash, and pages for refusals."""

from __future__ import annotations

import base64
import hashlib
import math
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from province.access import Act, may, official_of
from province.middleware import CONSOLE
from province.runtime import current

_ASSETS = {"console.css": "text/css; charset=utf-8", "icon.svg": "image/svg+xml"}

_PAGES = {
    "dossiers": "dossiers",
    "dossier": "dossiers",
    "paper": "dossiers",
    "file": "dossiers",
    "conflicts": "conflicts",
    "devices": "devices",
    "enrolment": "devices",
    "quarantine": "quarantine",
}
"""View -> the entry of the navigation that is lit."""


def address_of(request: HttpRequest) -> str:
    """The visitor's address. Behind a proxy waitress puts the forwarded one here, and only when the proxy is the trusted one."""
    return str(request.META.get("REMOTE_ADDR", ""))


@cache
def look(name: str) -> str:
    """The text of a file in ``look/``."""
    return files("province").joinpath(f"look/{name}").read_text(encoding="utf-8")


@cache
def inline_style(name: str) -> tuple[str, str]:
    """(text, CSP source) of a style sheet that stands in its page, so that a phone on a bad line asks only once."""
    text = "".join(line.strip() for line in look(name).splitlines())
    digest = hashlib.sha256(text.encode()).digest()
    return text, f"'sha256-{base64.b64encode(digest).decode()}'"


@cache
def asset_version(name: str) -> str:
    return hashlib.sha256(look(name).encode()).hexdigest()[:12]


@login_not_required
@require_safe
def asset(request: HttpRequest, version: str, name: str) -> HttpResponse:
    """A packaged file under its content hash, kept by browsers for ever."""
    if name not in _ASSETS or version != asset_version(name):
        raise Http404
    return HttpResponse(look(name), content_type=_ASSETS[name], headers={"Cache-Control": "public, max-age=31536000, immutable"})


def page_context(request: HttpRequest) -> Mapping[str, Any]:
    """For every console template: where the styles are, what the signed-in person may open."""
    facts: dict[str, Any] = {"style_version": asset_version("console.css"), "icon_version": asset_version("icon.svg")}
    if getattr(request, "user", None) is not None and request.path_info.startswith(CONSOLE):
        facts["official"] = official_of(request.user)
        facts["user_name"] = request.user.get_username()
        facts["page"] = _PAGES.get(request.resolver_match.view_name if request.resolver_match else "", "")
        facts["may"] = {act.value: may(request.user, act) for act in Act}
    facts["service_name"] = current().config.service_name
    return facts


def wait_vi(seconds: float) -> str:
    """«30 giây», «2 phút»."""
    return f"{math.ceil(seconds)} giây" if seconds < 90 else f"{math.ceil(seconds / 60)} phút"


def refused_page(request: HttpRequest, status: int, title_vi: str, text_vi: str) -> HttpResponse:
    """A page that says in words why something was refused and what to do."""
    return render(request, "province/refused.html", {"title_vi": title_vi, "text_vi": text_vi}, status=status)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return refused_page(
        request, 403, "Trang đã hết hạn", "Biểu mẫu mở quá lâu hoặc đến từ trang khác. Quay lại, tải lại trang rồi làm lại."
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused_page(request, 403, "Không có quyền", "Tài khoản này không được làm việc đó. Hỏi người quản trị nếu cần.")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return refused_page(request, 404, "Không có trang này", "Kiểm tra lại địa chỉ, hoặc trở về trang đầu.")


def failed(request: HttpRequest) -> HttpResponse:
    """Without a template: whatever broke may be the templates."""
    return HttpResponse(
        "Dịch vụ gặp lỗi. Lỗi đã được ghi lại; xin thử lại sau ít phút.\n", status=500, content_type="text/plain; charset=utf-8"
    )
