"""Bringing a kiosk in: a one-time code for a commune, the kiosk's request, eight words compared by people, a signed bundle.

The code only says which commune and stops strangers; what makes the key trusted is the operator typing the eight words the
technician reads from the kiosk's screen. The console never shows them: a match typed from the telephone cannot be clicked
through. A code lives 15 minutes, is used once and bears five wrong tries; an enrolment bears five wrong sets of words and
waits a day. Every act is one transaction and may be repeated: the same code with the same request gives the same ticket, a
confirmed enrolment the same bundle.

A kiosk that was enrolled before asks for its number again and gets it with new keys: its journal belongs to that number, so
nothing of it is lost and nothing comes twice. A lost number, or one of another commune, is not given.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from dataclasses import dataclass
from typing import Final

from forms.text import fold
from province import devices
from province.errors import ProvinceError
from province.keyring import root_key
from province.models import Device, Enrolment, EnrolmentCode
from province.places import centre_name, communes
from province.runtime import current
from province.writer import writing
from sync.enrol import EnrolRequest, Grant, issue_bundle, open_request, request_words, root_words
from sync.rollover import ProvincePublic

log = logging.getLogger(__name__)

TRIES: Final = 5
CODE_MS: Final = 15 * 60_000
PENDING_MS: Final = 24 * 3_600_000
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ALIASES: Final = str.maketrans({"I": "1", "L": "1", "O": "0", "U": "V"})
_SELECTOR: Final = 3
_SECRET: Final = 5


@dataclass(frozen=True, slots=True)
class MadeCode:
    """A fresh code; the only moment it can be read."""

    shown: str
    """«K7F-3M9QX»: 15 bits to find it, 25 bits to guess in five tries."""
    commune: str
    expires_ms: int


def make_code(commune: str, *, by: str) -> MadeCode:
    """Make a one-time code for a commune.

    Raises:
        ProvinceError: ``commune_unknown``.
    """
    if commune not in communes():
        raise ProvinceError(
            "commune_unknown", f"Không có xã nào mang mã {commune[:16]!r}.", "Chọn xã trong danh sách; mã xã có 5 chữ số."
        )
    now = current().wall_ms()
    with writing():
        EnrolmentCode.objects.filter(expires_ms__lt=now, enrolment=None).delete()
        selector = _random(_SELECTOR)
        while EnrolmentCode.objects.filter(selector=selector).exists():
            selector = _random(_SELECTOR)
        secret = _random(_SECRET)
        EnrolmentCode.objects.create(
            selector=selector, secret_hash=_hash(secret), commune=commune, made_by=by, made_ms=now, expires_ms=now + CODE_MS
        )
    log.info("enrolment code made for commune %s", commune)
    return MadeCode(f"{selector}-{secret}", commune, now + CODE_MS)


def ask(code: str, request: bytes) -> str:
    """Take a kiosk's request with its code; returns the ticket to ask for the bundle with.

    Raises:
        ProvinceError: ``code_invalid``, ``code_used``, ``code_expired``, ``device_of_other_commune``, ``device_lost``.
        sync.errors.EnrolError: the request is malformed or not signed by its own key.
    """
    asked = open_request(request)
    plain = "".join(code[:32].upper().translate(_ALIASES).replace("-", " ").split())
    with writing():
        found = EnrolmentCode.objects.filter(selector=plain[:_SELECTOR]).first()
        refusal = _code_refusal(found, plain[_SELECTOR:], asked)
        if refusal is None and found is not None:
            return _ticket(found, asked, request)
    raise ProvinceError(refusal or "code_invalid", "Mã đăng ký máy không dùng được.", "Xin mã mới từ người quản trị của tỉnh.")


def _code_refusal(found: EnrolmentCode | None, secret: str, asked: EnrolRequest) -> str | None:
    if found is None or found.tries >= TRIES:
        return "code_invalid"
    if not hmac.compare_digest(bytes(found.secret_hash), _hash(secret)):
        found.tries += 1
        found.save()
        return "code_invalid"
    if found.used_ms is not None:
        same = Enrolment.objects.filter(code=found, request_hash=asked.digest).exists()
        return None if same else "code_used"
    if current().wall_ms() > found.expires_ms:
        return "code_expired"
    return _former_refusal(asked, found.commune)


def _ticket(code: EnrolmentCode, asked: EnrolRequest, request: bytes) -> str:
    if code.used_ms is not None:
        return Enrolment.objects.get(code=code).id
    now = current().wall_ms()
    code.used_ms = now
    code.save()
    row = Enrolment.objects.create(
        id=secrets.token_hex(16),
        code=code,
        commune=code.commune,
        operator=_plain(asked.operator),
        former=asked.former,
        request=request,
        request_hash=asked.digest,
        words=" ".join(request_words(request)),
        asked_ms=now,
    )
    log.info("enrolment asked for commune %s", code.commune)
    return row.id


def confirm(ticket: str, words: str, *, by: str) -> Device:
    """Confirm an enrolment by the eight words heard from the kiosk: gives the device its number and signs the bundle.

    ``ticket`` may be shortened as long as it is unique. Accents, case and signs between the words do not matter.

    Raises:
        ProvinceError: ``enrolment_unknown``, ``enrolment_decided``, ``enrolment_expired``, ``words_differ`` (with the tries left),
            ``root_offline``, ``root_foreign``.
    """
    with writing():
        row = _pending(ticket)
        if _bare(words) == _bare(row.words):
            return _enrol(row, by)
        row.tries += 1
        if row.tries >= TRIES:
            _decide(row, Enrolment.State.REFUSED, by)
        row.save()
    left = TRIES - row.tries
    raise ProvinceError(
        "words_differ",
        "8 từ không khớp với máy này.",
        f"Nghe đọc lại từng từ rồi gõ lại; còn {left} lần." if left else "Đã sai đủ số lần: yêu cầu bị từ chối. Tạo mã mới.",
    )


def enrol_file(request: bytes, commune: str, words: str, *, by: str) -> tuple[Device, bytes]:
    """Enrol the kiosk of a request that came on a stick, whose words were heard: (device, bundle). May be repeated.

    Raises:
        ProvinceError, sync.errors.EnrolError: as :func:`make_code`, :func:`ask` and :func:`confirm`; ``commune_differs`` when the
            same request was given to another commune before.
    """
    with writing():
        known = Enrolment.objects.filter(request_hash=open_request(request).digest).first()
        if known is not None and known.commune != commune:
            raise ProvinceError(
                "commune_differs",
                f"Tệp yêu cầu này đã dùng để đăng ký cho xã {known.commune}, không phải {commune[:16]}.",
                "Xem lại mã xã. Nếu lần trước chọn nhầm xã: thu hồi máy đó, rồi ghi tệp yêu cầu mới ở máy.",
            )
        ticket = known.id if known is not None else ask(make_code(commune, by=by).shown, request)
    bundle = bundle_of(ticket)
    if bundle is None:
        confirm(ticket, words, by=by)
        bundle = bundle_of(ticket)
    row = Enrolment.objects.get(pk=ticket)
    if bundle is None or row.device is None:
        raise AssertionError("a confirmed enrolment has its bundle")
    return row.device, bundle


def refuse(ticket: str, *, by: str) -> None:
    """Refuse an enrolment.

    Raises:
        ProvinceError: as :func:`confirm`.
    """
    with writing():
        row = _pending(ticket)
        _decide(row, Enrolment.State.REFUSED, by)
        row.save()


def bundle_of(ticket: str) -> bytes | None:
    """The bundle of a confirmed enrolment, ``None`` while it waits.

    Raises:
        ProvinceError: ``enrolment_unknown``, ``denied``, ``enrolment_expired``.
    """
    row = Enrolment.objects.filter(pk=ticket).first()
    if row is None:
        raise _unknown()
    if row.state == Enrolment.State.REFUSED:
        raise ProvinceError("denied", "Tỉnh đã từ chối đăng ký máy này.")
    if row.state == Enrolment.State.CONFIRMED:
        return bytes(row.bundle or b"")
    _refuse_expired(row)
    return None


def own_words() -> str:
    """The eight words of this province's root key, for technicians to compare on a kiosk that has none configured."""
    return " · ".join(root_words(current().keyring.root))


def _pending(ticket: str) -> Enrolment:
    rows = list(Enrolment.objects.filter(pk__startswith=ticket)[:2]) if len(ticket) >= 4 else []
    if len(rows) != 1:
        raise _unknown()
    if rows[0].state != Enrolment.State.PENDING:
        raise ProvinceError("enrolment_decided", "Yêu cầu này đã được quyết định trước đó.")
    _refuse_expired(rows[0])
    return rows[0]


def _refuse_expired(row: Enrolment) -> None:
    if current().wall_ms() > row.asked_ms + PENDING_MS:
        raise ProvinceError("enrolment_expired", "Yêu cầu đăng ký máy đã quá một ngày.", "Tạo mã mới và đăng ký lại.")


def _enrol(row: Enrolment, by: str) -> Device:
    running = current()
    root = root_key(running.options.state, running.options.root, running.keyring)
    asked = open_request(bytes(row.request))
    if row.former and (refusal := _former_refusal(asked, row.commune)):
        raise ProvinceError(refusal, "Số máy này không được cấp lại: từ lúc máy xin, tỉnh đã báo mất hoặc chuyển máy.")
    device = _again(row, asked) if row.former else None
    secret = devices.commune_key(row.commune)
    if device is None:
        device = Device.objects.create(
            number=row.former or _free_number(),
            commune=row.commune,
            verify_key=asked.verify_key,
            seal_key=asked.seal_key,
            enrolled_ms=running.wall_ms(),
        )
    grant = Grant(
        device=device.number,
        commune=row.commune,
        commune_secret=secret.secret,
        province=running.keyring.public,
        generation=device.generation,
        commune_generation=secret.generation,
        extra={"centre_vi": centre_name(row.commune)},
    )
    row.bundle = issue_bundle(asked, grant, root)
    row.device = device
    _decide(row, Enrolment.State.CONFIRMED, by)
    row.save()
    log.info("device %d enrolled for commune %s", device.number, row.commune)
    return device


def _again(row: Enrolment, asked: EnrolRequest) -> Device | None:
    """The kiosk that had this number, with the keys of the request; ``None`` when a restored database does not know it.

    Its journal goes on where it is held here. The keys before end at that place: what they signed beyond it comes again under the
    new ones, from the kiosk that still holds it.
    """
    known = Device.objects.filter(number=row.former).first()
    if known is None:
        return None
    devices.replace_keys(
        known.number, ProvincePublic(asked.verify_key, asked.seal_key, known.generation + 1), devices.held(known.number)
    )
    Device.objects.filter(number=known.number).update(valid_to="", revoked_ms=None)
    return Device.objects.get(number=known.number)


def _former_refusal(asked: EnrolRequest, commune: str) -> str | None:
    known = Device.objects.filter(number=asked.former).first()
    if known is None:
        return None
    if known.commune != commune:
        return "device_of_other_commune"
    return "device_lost" if known.lost else None


def _free_number() -> int:
    """A random number that reads as five signs of base 32: short, because it stands in every provisional code people copy."""
    while True:
        number = 2**20 + secrets.randbelow(2**25 - 2**20)
        if not Device.objects.filter(number=number).exists():
            return number


def _decide(row: Enrolment, state: Enrolment.State, by: str) -> None:
    row.state, row.decided_ms, row.decided_by = state, current().wall_ms(), by


def _unknown() -> ProvinceError:
    return ProvinceError(
        "enrolment_unknown", "Không có yêu cầu đăng ký máy này.", "Xem danh sách chờ bằng enrol-list hoặc trang Máy kiosk."
    )


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(b"mcx enrolment code " + secret.encode("utf-8", "replace")).digest()


def _bare(words: str) -> str:
    return "".join(sign for sign in fold(words[:400]) if sign.isalnum())


def _plain(text: str) -> str:
    return "".join(sign for sign in text.encode("utf-8", "replace").decode("utf-8") if sign.isprintable())[:100]
