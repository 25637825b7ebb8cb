"""Addresses of the service. Whatever is not marked ``login_not_required`` in its view needs a signed-in person."""

from __future__ import annotations

from django.urls import path

from province.views import blobs, citizen, common, console, exchange, health

urlpatterns = [
    path("", citizen.look_up_form, name="look-up"),
    path("h/<str:code>", citizen.tracking, name="tracking"),
    path("s/<str:version>/<str:name>", common.asset, name="asset"),
    path("healthz", health.healthz, name="healthz"),
    path("v1/x", exchange.exchange, name="exchange"),
    path("v1/b/<str:blob>", blobs.ask, name="blob"),
    path("v1/b/<str:blob>/<int:offset>", blobs.put, name="blob-put"),
    path("v1/enrol", exchange.enrol, name="enrol"),
    path("v1/enrol/<str:ticket>", exchange.enrolled, name="enrolled"),
    path("can-bo/", console.home, name="home"),
    path("can-bo/dang-nhap", console.sign_in, name="sign-in"),
    path("can-bo/dang-xuat", console.sign_out, name="sign-out"),
    path("can-bo/ho-so", console.dossiers, name="dossiers"),
    path("can-bo/ho-so/<str:commune>/<str:number>", console.dossier, name="dossier"),
    path("can-bo/ho-so/<str:commune>/<str:number>/<str:paper>.pdf", console.paper, name="paper"),
    path("can-bo/ho-so/<str:commune>/<str:number>/tep/<str:blob>", console.file, name="file"),
    path("can-bo/xung-dot", console.conflicts, name="conflicts"),
    path("can-bo/cach-ly", console.quarantine, name="quarantine"),
    path("can-bo/may", console.devices, name="devices"),
    path("can-bo/may/dang-ky/<str:number>", console.confirm_enrolment, name="enrolment"),
]
handler403 = "province.views.common.forbidden"
handler404 = "province.views.common.not_found"
handler500 = "province.views.common.failed"
