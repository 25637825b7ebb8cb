"""The province's half of the exchange: verify, store verbatim, merge, acknowledge in the feed, answer. Pure: no I/O, no clock.

The caller wraps one call of :func:`handle`, :func:`take_segments` or :func:`bundle_reply` in ONE transaction and sends the
answer only after that transaction is durable; then an answer that was sent is never taken back by a crash. A body counts only
when the enrolled device signed it. :mod:`sync.visit` takes in what it brought, :mod:`sync.answering` says what goes back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sync import rollover, wire
from sync.answering import Answering, FeedPlace, bundle_reply
from sync.authority import DEFAULTS, Policy, ProvinceKeys
from sync.caps import Caps, least
from sync.errors import BadLetter, BadSignature, OtherProtocol, SyncError
from sync.keys import Suite
from sync.ports import DeviceRecord, MergePort, ProvinceJournal
from sync.visit import Beyond, Taken, Visit

__all__ = ["FeedPlace", "Policy", "ProvinceKeys", "Taken", "bundle_reply", "handle", "take_segments", "take_vouched"]


def handle(
    request: bytes,
    journal: ProvinceJournal,
    merge: MergePort,
    keys: ProvinceKeys,
    received_ms: int,
    policy: Policy = DEFAULTS,
) -> bytes:
    """Answer one request. Never raises on what arrived: a body that cannot be taken gets a signed refusal.

    Refusals: ``malformed``, ``protocol_unsupported``, ``unknown_device``, ``bad_signature``; ``revoked`` and ``former_key``
    (lines up to the cap were taken; no feed is served)."""
    try:
        parsed = wire.parse_request(request)
    except OtherProtocol as other:
        return _unbound(other.code, journal, keys, received_ms)
    except SyncError:
        return _unbound("malformed", journal, keys, received_ms)
    hello = parsed.hello
    answering = Answering(journal, keys, hello, received_ms)
    if not hello.protocols[0] <= wire.PROTOCOL <= hello.protocols[1]:
        return answering.refuse("protocol_unsupported")
    record = journal.device(hello.device)
    if record is None:
        return answering.refuse("unknown_device")
    try:
        record, caps, refusal = _authenticate(parsed, record, journal, keys.suite)
    except BadLetter:
        return answering.refuse("malformed")
    except BadSignature:
        return answering.refuse("bad_signature")
    visit = Visit(journal, merge, keys, record, received_ms, caps)
    visit.take_request(parsed)
    if refusal:
        return answering.refuse(refusal, visit.acks(hello))
    return answering.answer(record, visit.acks(hello), policy, visit.said())


def take_segments(
    device: int,
    segments: Iterable[bytes],
    journal: ProvinceJournal,
    merge: MergePort,
    keys: ProvinceKeys,
    received_ms: int,
    beyond: Beyond | None = None,
) -> Taken:
    """Take what a stick carries of a device: HSG1, each with its own signature, in any order and however often.

    The caller has verified the volume. A continuation that is not the one held here is a future some disk lost: its events are
    stored beside the log and have their effect once, and a person is told (quarantine ``branch``). What goes beyond the place where
    its key ended is set aside whole (``former_key``, ``revoked``) until somebody vouches for it (:func:`take_vouched`).
    ``beyond`` goes from one portion of a volume to the next.

    Raises:
        BadSignature: the device is not enrolled.
    """
    record = journal.device(device)
    if record is None:
        raise BadSignature("a stick of a device that is not enrolled")
    visit = Visit(journal, merge, keys, record, received_ms, record.valid_to)
    return visit.take_stick(segments, {} if beyond is None else beyond)


def take_vouched(
    device: int, segment: bytes, journal: ProvinceJournal, merge: MergePort, keys: ProvinceKeys, received_ms: int
) -> Taken:
    """Take a segment that :func:`take_segments` set aside, after a person has looked: as if it had come before its key ended.

    Raises:
        BadSignature: the device is not enrolled.
    """
    record = journal.device(device)
    if record is None:
        raise BadSignature("a segment of a device that is not enrolled")
    return Visit(journal, merge, keys, record, received_ms, record.valid_to).take_vouched(segment)


def _unbound(reason: str, journal: ProvinceJournal, keys: ProvinceKeys, received_ms: int) -> bytes:
    """The refusal of a body whose device and nonce cannot be read."""
    answer = wire.Answer(echo=bytes(wire.ECHO), epoch=journal.epoch(), server_ms=received_ms, feed_last=0, refusal=reason)
    return wire.encode_reply(answer, keys.sign, 0, bytes(wire.NONCE))


def _authenticate(
    request: wire.Request, record: DeviceRecord, journal: ProvinceJournal, suite: Suite
) -> tuple[DeviceRecord, Caps, str]:
    """Who signed a request: the record in force, up to where its lines are taken, and what it is refused with after that.

    A device that changed its keys signs with the new ones and brings the letters; they are taken over here, once. Its former keys
    still prove what it wrote before, and read nothing more.

    Raises:
        BadLetter: a letter cannot be one of this device.
        BadSignature: signed by no key of the device.
    """
    rotations = rollover.follow(request.rotations, record.device, record.generation, record.verify_key, suite)
    if rotations:
        request.verify(suite.verifier(rotations[-1].verify_key))
        for rotation in rotations:
            journal.rotate_device(record.device, rotation)
        record = journal.device(record.device) or record
    try:
        request.verify(suite.verifier(record.verify_key))
    except BadSignature:
        for former in record.former:
            if _signed_by(request, former.verify_key, suite):
                return replace(record, seal_key=former.seal_key), least(former.valid_to, record.valid_to), "former_key"
        raise
    return record, record.valid_to, "revoked" if record.valid_to is not None else ""


def _signed_by(request: wire.Request, key: bytes, suite: Suite) -> bool:
    try:
        request.verify(suite.verifier(key))
    except BadSignature:
        return False
    return True
