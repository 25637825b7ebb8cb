"""The officials' console: received dossiers, what collided, what was refused, the kiosks and their enrolment.

Searching goes by POST so that no name stands in an address. Every view names its act (``province.access``); a dossier that
may not be seen is "not found", like one that does not exist.
"""

from __future__ import annotations

from typing import Any

from django.contrib import auth
from django.contrib.auth.decorators import login_not_required
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from forms.dossier import STATUS_NAMES
from forms.papers import PaperError
from forms.text import fold
from province import enrolment
from province.access import Act, may, needs, visible_conflicts, visible_dossiers
from province.dossier_page import dossier_facts
from province.errors import ProvinceError
from province.files import open_file
from province.index import normal_code
from province.models import Device, DossierIndex, Enrolment, Quarantine
from province.papers import paper_file
from province.places import communes
from province.runtime import current
from province.views.common import address_of, refused_page, wait_vi
from province.writer import writing
from sync.errors import BlobDamaged

_ROWS = 100
"""Dossiers on one page; beyond that one filters."""


# --- signing in -------------------------------------------------------------------------------------------------------


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password. Wrong ones wait longer and longer, by name and by address; the words never tell which was wrong."""
    following = request.POST.get("next", "") or request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts=None):
        following = ""
    if request.method != "POST":
        return render(request, "province/sign_in.html", {"next": following})
    name, password = request.POST.get("ten", "")[:150], request.POST.get("mat-khau", "")[:256]
    who = (f"name:{fold(name)}", f"address:{address_of(request)}")
    wait = current().logins.wait(*who)
    if wait > 0:
        return _sign_in_again(request, following, name, f"Thử sai nhiều lần. Chờ {wait_vi(wait)} rồi đăng nhập lại.", 429)
    user = auth.authenticate(request, username=name, password=password)
    if user is None:
        current().logins.failed(*who)
        return _sign_in_again(request, following, name, "Tên hoặc mật khẩu không đúng.", 403)
    current().logins.succeeded(who[0])
    with writing():
        auth.login(request, user)
    return redirect(following or "home")


def _sign_in_again(request: HttpRequest, following: str, name: str, problem: str, status: int) -> HttpResponse:
    return render(request, "province/sign_in.html", {"next": following, "name": name, "problem": problem}, status=status)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    auth.logout(request)
    return redirect("sign-in")


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Where a person begins: dossiers, or machines for who may not see dossiers."""
    if may(request.user, Act.DOSSIERS):
        return redirect("dossiers")
    if may(request.user, Act.MACHINES):
        return redirect("devices")
    return refused_page(request, 403, "Chưa được phân quyền", "Tài khoản này chưa được giao việc nào. Hỏi người quản trị.")


# --- dossiers ---------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Act.DOSSIERS)
def dossiers(request: HttpRequest) -> HttpResponse:
    """The list, newest change first; commune and status filter, and by POST a search by code or name without accents."""
    asked = request.POST if request.method == "POST" else request.GET
    query = request.POST.get("tim", "").strip()[:100]
    commune, status = asked.get("xa", ""), asked.get("tt", "")
    rows = _searched(visible_dossiers(request.user), query)
    if commune:
        rows = rows.filter(commune=commune)
    counts = {row["status"]: row["n"] for row in rows.order_by().values("status").annotate(n=Count("pk"))}
    tabs = [("", "Tất cả", sum(counts.values()))]
    tabs += [(str(code), name, counts[code]) for code, name in STATUS_NAMES.items() if counts.get(code)]
    if status.isdigit():
        rows = rows.filter(status=int(status))
    found = list(rows.order_by("-changed_ms", "-pk")[: _ROWS + 1])
    return render(
        request,
        "province/dossiers.html",
        {
            "rows": found[:_ROWS],
            "more": len(found) > _ROWS,
            "query": query,
            "commune": commune,
            "status": status,
            "tabs": tabs,
            "communes": communes(),
        },
    )


def _searched(rows: QuerySet[DossierIndex], query: str) -> QuerySet[DossierIndex]:
    if not query:
        return rows
    code, folded = normal_code(query), fold(query)
    wanted = Q(code__contains=code) | Q(official_code__contains=code) if code else Q()
    return rows.filter(wanted | Q(folded__contains=folded)) if folded else rows.filter(wanted)


@require_safe
@needs(Act.DOSSIERS)
def dossier(request: HttpRequest, commune: str, number: str) -> HttpResponse:
    """One dossier: answers, history as sentences, conflicts."""
    row = visible_dossiers(request.user).filter(commune=commune, dossier=number).first()
    if row is None:
        raise Http404
    return render(request, "province/dossier.html", {"row": row, "facts": dossier_facts(row)})


@require_safe
@needs(Act.DOSSIERS)
def paper(request: HttpRequest, commune: str, number: str, paper: str) -> HttpResponse:
    """One paper of a dossier as PDF, under a name without a person in it."""
    row = visible_dossiers(request.user).filter(commune=commune, dossier=number).first()
    try:
        file = paper_file(row, paper) if row is not None else None
    except PaperError as error:
        return refused_page(request, 409, "Chưa in được giấy này", f"{error.message_vi} {error.cure_vi}")
    if file is None:
        raise Http404
    name, data = file
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(data, content_type="application/pdf", headers=headers)


@require_safe
@needs(Act.DOSSIERS)
def file(request: HttpRequest, commune: str, number: str, blob: str) -> HttpResponseBase:
    """An attachment: a picture to look at, any other file to keep, under a name without a person in it."""
    row = visible_dossiers(request.user).filter(commune=commune, dossier=number).first()
    page = request.GET.get("trang", "1")
    try:
        opened = open_file(row, blob, int(page) if page.isdigit() else 1) if row is not None else None
    except BlobDamaged as error:
        return refused_page(request, 409, "Không mở được tệp này", f"{error.message_vi} {error.cure_vi}")
    if opened is None:
        raise Http404
    how = "inline" if opened.shown else "attachment"
    headers = {"Content-Disposition": f'{how}; filename="{opened.name}"', "Content-Length": str(opened.size)}
    return StreamingHttpResponse(opened.content, content_type=opened.mime, headers=headers)


@require_safe
@needs(Act.DOSSIERS)
def conflicts(request: HttpRequest) -> HttpResponse:
    """What collided, newest first."""
    rows = visible_conflicts(request.user).order_by("-made_ms", "-seq")[:_ROWS]
    return render(request, "province/conflicts.html", {"rows": rows})


# --- machines ---------------------------------------------------------------------------------------------------------


@require_safe
@needs(Act.QUARANTINE)
def quarantine(request: HttpRequest) -> HttpResponse:
    """What was refused and why. Contents are not shown: they may hold citizens' data, and whoever looks here minds machines."""
    rows = Quarantine.objects.order_by("-last_ms").defer("body")[:_ROWS]
    return render(request, "province/quarantine.html", {"rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Act.MACHINES)
def devices(request: HttpRequest) -> HttpResponse:
    """Kiosks with their last contact, longest silent first; who waits to be enrolled; and by POST a new one-time code."""
    facts: dict[str, Any] = {}
    if request.method == "POST":
        try:
            facts["made"] = enrolment.make_code(request.POST.get("xa", ""), by=request.user.get_username())
        except ProvinceError as error:
            facts["problem"] = error
    facts |= {
        "rows": Device.objects.order_by("last_contact_ms", "number"),
        "waiting": Enrolment.objects.filter(state=Enrolment.State.PENDING).order_by("asked_ms"),
        "communes": communes(),
    }
    return render(request, "province/devices.html", facts)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Act.MACHINES)
def confirm_enrolment(request: HttpRequest, number: str) -> HttpResponse:
    """The page where an operator types the eight words heard on the telephone, or refuses."""
    row = Enrolment.objects.filter(pk=number).first()
    if row is None:
        raise Http404
    problem = None
    if request.method == "POST":
        by = request.user.get_username()
        try:
            if request.POST.get("viec") == "tu-choi":
                enrolment.refuse(number, by=by)
            else:
                enrolment.confirm(number, request.POST.get("tu", ""), by=by)
            return redirect("enrolment", number)
        except ProvinceError as error:
            problem = error
        row.refresh_from_db()
    return render(
        request,
        "province/enrolment.html",
        {"row": row, "problem": problem, "tries": enrolment.TRIES},
        status=409 if problem else 200,
    )
