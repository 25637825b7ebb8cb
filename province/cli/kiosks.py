"""Acts on kiosks: bringing them in, taking them out, their keys and the province's. Models are imported once Django is set up."""

from __future__ import annotations

import argparse

from province.cli.answers import Answer, ready
from province.errors import ProvinceError
from province.runtime import Runtime
from sync.file_trouble import why_vi


def enrol_code(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import enrolment, words

    made = enrolment.make_code(given.commune, by="cli")
    facts = {
        "ok": True,
        "code": made.shown,
        "commune": made.commune,
        "expires_ms": made.expires_ms,
        "root": running.keyring.root.hex(),
        "root_words": enrolment.own_words(),
    }
    return (
        0,
        facts,
        f"Mã đăng ký máy: {made.shown}\nDùng một lần, đến {words.ms_vi(made.expires_ms)}.\n8 từ của tỉnh: {enrolment.own_words()}",
    )


def enrol_list(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import words
    from province.models import Enrolment
    from province.places import commune_name
    from sync.envelope import base32

    rows = list(Enrolment.objects.order_by("asked_ms"))
    facts = {
        "ok": True,
        "enrolments": [
            {
                "id": row.id,
                "state": row.state,
                "commune": row.commune,
                "operator": row.operator,
                "asked_ms": row.asked_ms,
                "device": row.device_id,
                "former": row.former,
            }
            for row in rows
        ],
    }
    lines = [
        f"{row.id}  {Enrolment.State(row.state).label:<12}  {commune_name(row.commune)}  {words.ms_vi(row.asked_ms)}"
        + (f"  máy {base32(row.device_id).upper()}" if row.device_id else "")
        + (f"  ghi danh lại {base32(row.former).upper()}" if row.former else "")
        for row in rows
    ]
    return 0, facts, "\n".join(lines) or "Chưa có máy nào xin đăng ký."


def enrol_confirm(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import enrolment
    from province.places import commune_name
    from sync.envelope import base32

    device = enrolment.confirm(given.id, given.words, by="cli")
    facts = {"ok": True, "device": device.number, "commune": device.commune}
    return 0, facts, f"Đã xác nhận máy {base32(device.number).upper()} ở {commune_name(device.commune)}."


def enrol_file(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import enrolment
    from province.places import commune_name
    from sync.durable import write_whole
    from sync.enrol import MAX_FILE, open_request
    from sync.envelope import base32

    try:
        with given.file.open("rb") as source:
            request = source.read(MAX_FILE + 1)
        device, bundle = enrolment.enrol_file(request, given.commune, given.words, by="cli")
        write_whole(given.out, bundle)
    except OSError as error:
        raise ProvinceError("file", f"Không đọc ghi được tệp. {why_vi(error)}", "Xem lại USB và tên tệp.") from None
    asked = open_request(request).commune
    differs = asked if asked not in ("", device.commune) else ""
    facts = {"ok": True, "device": device.number, "commune": device.commune, "asked_commune": asked}
    text = f"Đã đăng ký máy {base32(device.number).upper()} ở {commune_name(device.commune)}. Mang tệp về xã."
    warning = f"\nLưu ý: máy xin đăng ký cho {commune_name(differs)}. Nếu nhầm xã: thu hồi máy này rồi làm lại." * bool(differs)
    return 0, facts, text + warning


def device_list(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import words
    from province.models import Device
    from province.places import commune_name
    from sync.envelope import base32

    rows = list(Device.objects.order_by("commune", "number"))
    names = ("number", "commune", "generation", "lost", "revoked_ms", "last_contact_ms")
    facts = {"ok": True, "devices": [{name: getattr(row, name) for name in names} for row in rows]}
    lines = [
        f"{base32(row.number).upper()}  {commune_name(row.commune)}  khóa đời {row.generation}"
        + (f"  thu hồi {words.ms_vi(row.revoked_ms)}" if row.revoked_ms else "")
        + ("  bị mất" if row.lost else "")
        for row in rows
    ]
    return 0, facts, "\n".join(lines) or "Chưa có máy nào."


def device_revoke(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import devices
    from province.places import commune_name

    device = devices.revoke(given.device, by="cli", lost=given.lost)
    generation = None if given.keep_commune_key else devices.renew_commune_key(device.commune, by="cli")
    facts = {"ok": True, "device": device.number, "commune": device.commune, "commune_generation": generation}
    text = f"Đã thu hồi máy {given.device.upper()} ở {commune_name(device.commune)}. Những gì máy đã gửi vẫn giữ nguyên."
    return 0, facts, text + ("" if generation is None else " Khóa của xã đã đổi; các máy còn lại tự nhận khóa mới.")


def device_found(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import devices

    device = devices.found(given.device, by="cli")
    return 0, {"ok": True, "device": device.number}, "Máy đã tìm thấy: có thể ghi danh lại với số cũ."


def backup_open(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province.backups import open_backup

    device, code = open_backup(given.file, given.out, by="cli")
    text = f"Mang tệp khóa về xã; đọc cho kỹ thuật viên (không ghi lên USB):\n    {code}"
    return 0, {"ok": True, "device": device, "code": code}, text


def keys_show(running: Runtime, given: argparse.Namespace) -> Answer:
    from sync.enrol import root_words

    keyring = running.keyring
    words = " · ".join(root_words(keyring.root))
    facts = {"ok": True, "generation": keyring.generation, "root": keyring.root.hex(), "root_words": words}
    return 0, facts, f"Khóa của tỉnh: đời {keyring.generation}.\n8 từ của khóa gốc: {words}"


def keys_rotate(running: Runtime, given: argparse.Namespace) -> Answer:
    from province.keyring import lock_state, root_key, rotate

    lock_state(running.options.state)
    fresh = rotate(running.options.state, root_key(running.options.state, running.options.root, running.keyring))
    text = "Chép lại thư mục keys vào nơi an toàn, rồi chạy lại dịch vụ. Các máy tự nhận khóa mới."
    return 0, {"ok": True, "generation": fresh.generation}, f"Khóa của tỉnh: đời {fresh.generation}. {text}"


def keys_commune(running: Runtime, given: argparse.Namespace) -> Answer:
    ready(running)
    from province import devices

    generation = devices.renew_commune_key(given.commune, by="cli")
    return 0, {"ok": True, "commune": given.commune, "generation": generation}, f"Khóa của xã {given.commune}: đời {generation}."
