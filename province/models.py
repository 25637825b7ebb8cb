"""The province's tables. Truth is in :class:`EventRow` (what devices wrote, verbatim) and :class:`FeedRow` (what the province
decided); :class:`ConfirmedDossier`, :class:`DossierIndex` and :class:`Conflict` are projections of the feed and can be dropped
and rebuilt.

Times are milliseconds since the epoch. Values of fields are JSON text exactly as they stand in the feed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models


class Identity(models.Model):
    """One row: whose database this is, so that a start with another key folder is refused."""

    objects: ClassVar[models.Manager[Identity]]

    root_key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    epoch: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(default=1)
    """Epoch of the feeds: a restored database must start a new one (SYNC design 1.11)."""
    made_ms: models.BigIntegerField[int, int] = models.BigIntegerField()


class CommuneKey(models.Model):
    """Secret X25519 key of a commune, given to its kiosks at enrolment so that each can read the commune's feed."""

    objects: ClassVar[models.Manager[CommuneKey]]

    commune: models.CharField[str, str] = models.CharField(max_length=16, primary_key=True)
    secret: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    generation: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)


class Device(models.Model):
    """An enrolled kiosk."""

    objects: ClassVar[models.Manager[Device]]

    number: models.BigIntegerField[int, int] = models.BigIntegerField(primary_key=True)
    """32-bit device number given at enrolment."""
    commune: models.CharField[str, str] = models.CharField(max_length=16, db_index=True)
    verify_key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    seal_key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    enrolled_ms: models.BigIntegerField[int, int] = models.BigIntegerField()
    last_contact_ms: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    clock_offset_ms: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    """Its wall clock minus ours at the last contact."""
    free_disk_mib: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    revoked_ms: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    valid_to: models.TextField[str, str] = models.TextField(default="", blank=True)
    """After a revocation: JSON object incarnation -> last accepted n. Empty = not revoked."""
    generation: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)
    """Of its keys."""
    lost: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    """Stolen or missing: nobody is enrolled again under this number until it is found."""

    def __str__(self) -> str:
        return f"device {self.number}"


class FormerKey(models.Model):
    """Keys a kiosk had before: they still prove what was signed with them, up to a place in each incarnation."""

    objects: ClassVar[models.Manager[FormerKey]]

    device: models.ForeignKey[Device, Device] = models.ForeignKey(Device, on_delete=models.PROTECT, related_name="former")
    generation: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()
    verify_key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    seal_key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    valid_to: models.TextField[str, str] = models.TextField()
    """JSON object incarnation -> last n."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "generation"], name="former_once")]


class EnrolmentCode(models.Model):
    """A one-time code (mã đăng ký máy) for one commune. The first part finds the row, of the second only the hash is kept."""

    objects: ClassVar[models.Manager[EnrolmentCode]]

    selector: models.CharField[str, str] = models.CharField(max_length=8, unique=True)
    secret_hash: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    commune: models.CharField[str, str] = models.CharField(max_length=16)
    made_by: models.CharField[str, str] = models.CharField(max_length=150)
    made_ms: models.BigIntegerField[int, int] = models.BigIntegerField()
    expires_ms: models.BigIntegerField[int, int] = models.BigIntegerField()
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    """Wrong second parts so far."""
    used_ms: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)


class Enrolment(models.Model):
    """A kiosk that asked to be enrolled and waits for, or has got, the operator's confirmation."""

    objects: ClassVar[models.Manager[Enrolment]]

    class State(models.TextChoices):
        PENDING = "pending", "chờ xác nhận"
        CONFIRMED = "confirmed", "đã xác nhận"
        REFUSED = "refused", "đã từ chối"

    id: models.CharField[str, str] = models.CharField(max_length=40, primary_key=True)
    """Random and unguessable: it is the kiosk's ticket to the bundle."""
    code: models.OneToOneField[EnrolmentCode, EnrolmentCode] = models.OneToOneField(
        EnrolmentCode, on_delete=models.PROTECT, related_name="enrolment"
    )
    commune: models.CharField[str, str] = models.CharField(max_length=16)
    operator: models.CharField[str, str] = models.CharField(max_length=100)
    """Who set the kiosk up, as the request file says."""
    former: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Number the kiosk says it had, and asks for again; 0 = a new kiosk."""
    request: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    request_hash: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32, unique=True)
    words: models.CharField[str, str] = models.CharField(max_length=200)
    state: models.CharField[str, str] = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    tries: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    asked_ms: models.BigIntegerField[int, int] = models.BigIntegerField()
    decided_ms: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    decided_by: models.CharField[str, str] = models.CharField(max_length=150, default="", blank=True)
    device: models.ForeignKey[Device | None, Device | None] = models.ForeignKey(
        Device, null=True, on_delete=models.PROTECT, related_name="enrolments"
    )
    device_id: int | None
    bundle: models.BinaryField[bytes | None, bytes | memoryview | None] = models.BinaryField(null=True)


class Position(models.Model):
    """How far an incarnation of a device is stored: the last n and the head after it."""

    objects: ClassVar[models.Manager[Position]]

    device: models.BigIntegerField[int, int] = models.BigIntegerField()
    incarnation: models.BigIntegerField[int, int] = models.BigIntegerField()
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    safe: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Last n in an off-site backup, as the operator said: kiosks may prune up to here."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "incarnation"], name="position_once")]


class EventRow(models.Model):
    """One line of a device's journal, the bytes as they were written. Never changed, never deleted."""

    objects: ClassVar[models.Manager[EventRow]]

    device: models.BigIntegerField[int, int] = models.BigIntegerField()
    incarnation: models.BigIntegerField[int, int] = models.BigIntegerField()
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    body: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    event_id: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32, db_index=True)
    """The same in two rows only when a device carried an event over into a new incarnation; its effect happened once."""
    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    received_ms: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "incarnation", "n"], name="event_once")]
        indexes = [models.Index(fields=["commune", "dossier"], name="event_of_dossier")]


class BranchRow(models.Model):
    """A line of a future some disk lost, as a stick brought it: signed, but another continuation than :class:`EventRow` holds."""

    objects: ClassVar[models.Manager[BranchRow]]

    device: models.BigIntegerField[int, int] = models.BigIntegerField()
    incarnation: models.BigIntegerField[int, int] = models.BigIntegerField()
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    body: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32, unique=True)
    event_id: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32, db_index=True)
    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    received_ms: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["device", "incarnation", "n"], name="branch_place")]


class ProofRow(models.Model):
    """What a device signed about its log: proves every line up to ``n``, for the chain leads there. One per log, one per branch."""

    objects: ClassVar[models.Manager[ProofRow]]

    device: models.BigIntegerField[int, int] = models.BigIntegerField()
    incarnation: models.BigIntegerField[int, int] = models.BigIntegerField()
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    branch: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    context: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    message: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    signature: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=64)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "incarnation", "head"], name="proof_once")]


class Snapshot(models.Model):
    """The newest snapshot of a commune (``sync.snapshot``): its place in the feed."""

    objects: ClassVar[models.Manager[Snapshot]]

    commune: models.CharField[str, str] = models.CharField(max_length=16, primary_key=True)
    epoch: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField()
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    lines: models.BigIntegerField[int, int] = models.BigIntegerField()


class SnapshotLine(models.Model):
    """One line of a commune's newest snapshot, counted from 1."""

    objects: ClassVar[models.Manager[SnapshotLine]]

    commune: models.CharField[str, str] = models.CharField(max_length=16)
    n: models.BigIntegerField[int, int] = models.BigIntegerField()
    body: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commune", "n"], name="snapshot_line_once")]


class FeedRow(models.Model):
    """One entry of a commune's feed, chained. ``origin_*`` tell which event it follows from; empty = the province's own act."""

    objects: ClassVar[models.Manager[FeedRow]]

    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    """Which dossier it is about; empty for acknowledgements."""
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    body: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    head: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    origin_device: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    origin_incarnation: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    origin_n: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    made_ms: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commune", "seq"], name="feed_once")]
        indexes = [models.Index(fields=["commune", "dossier"], name="feed_of_dossier")]


class ConfirmedDossier(models.Model):
    """Projection: the confirmed fields of one dossier, in the order they were last written (:mod:`province.confirmed`)."""

    objects: ClassVar[models.Manager[ConfirmedDossier]]

    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    fields: models.TextField[str, str] = models.TextField()
    """JSON: ``[[rev, [device, incarnation, n] or null, {field: value, …}], …]``, ``rev`` the feed position that set them."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commune", "dossier"], name="confirmed_once")]


class DossierIndex(models.Model):
    """Projection: one row per dossier for lists, search and tracking."""

    objects: ClassVar[models.Manager[DossierIndex]]

    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    code: models.CharField[str, str] = models.CharField(max_length=64, default="", db_index=True)
    """Provisional code as looked up: see :func:`province.projection.normal_code`."""
    official_code: models.CharField[str, str] = models.CharField(max_length=64, default="", db_index=True)
    code_missing: models.CharField[str, str] = models.CharField(max_length=32, default="")
    """Why an accepted dossier has no official code: ``no_unit`` or empty."""
    key_hash: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32, default=b"")
    """SHA-256 of the look-up key on the slip."""
    procedure: models.CharField[str, str] = models.CharField(max_length=64, default="")
    name: models.CharField[str, str] = models.CharField(max_length=200, default="")
    folded: models.CharField[str, str] = models.CharField(max_length=200, default="")
    """Applicant's name without accents, for search."""
    status: models.PositiveSmallIntegerField[int, int] = models.PositiveSmallIntegerField(default=0)
    steps: models.TextField[str, str] = models.TextField(default="{}")
    """JSON object: status code -> ISO time it was last entered."""
    filed_at: models.CharField[str, str] = models.CharField(max_length=40, default="")
    received_at: models.CharField[str, str] = models.CharField(max_length=40, default="")
    due: models.CharField[str, str] = models.CharField(max_length=40, default="")
    seq: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)
    """Feed position of the last change."""
    dropped: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    """Closed, and taken off the kiosks by a ``drop`` entry."""
    changed_ms: models.BigIntegerField[int, int] = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commune", "dossier"], name="dossier_once")]
        indexes = [
            models.Index(fields=["-changed_ms"], name="dossier_newest"),
            models.Index(fields=["commune", "status"], name="dossier_worklist"),
        ]


class Conflict(models.Model):
    """Projection of ``cf`` and ``na`` entries: two people wrote without seeing each other, or a step was not applied."""

    objects: ClassVar[models.Manager[Conflict]]

    commune: models.CharField[str, str] = models.CharField(max_length=16)
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    kind: models.CharField[str, str] = models.CharField(max_length=4)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    field: models.CharField[str, str] = models.CharField(max_length=200, default="")
    kept: models.TextField[str, str] = models.TextField(default="")
    lost: models.TextField[str, str] = models.TextField(default="")
    why: models.CharField[str, str] = models.CharField(max_length=64, default="")
    device: models.BigIntegerField[int | None, int | None] = models.BigIntegerField(null=True)
    made_ms: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["commune", "seq"], name="conflict_once")]
        indexes = [models.Index(fields=["commune", "dossier"], name="conflict_of_dossier")]


class Attachment(models.Model):
    """Projection: a file (thành phần hồ sơ) that an accepted ``at`` event told of. The file itself: :mod:`province.blobs`."""

    objects: ClassVar[models.Manager[Attachment]]

    blob: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    """Hex SHA-256 of the ciphertext."""
    commune: models.CharField[str, str] = models.CharField(max_length=16)
    dossier: models.CharField[str, str] = models.CharField(max_length=64)
    size: models.BigIntegerField[int, int] = models.BigIntegerField()
    """Bytes of ciphertext."""
    key: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    """Opens the file."""
    role: models.CharField[str, str] = models.CharField(max_length=10)
    """``full`` or ``preview``."""
    of: models.CharField[str, str] = models.CharField(max_length=64, default="", blank=True)
    """A preview's full file."""
    name: models.CharField[str, str] = models.CharField(max_length=200, default="", blank=True)
    """Id of the paper of the dossier it shows."""
    mime: models.CharField[str, str] = models.CharField(max_length=80, default="", blank=True)
    pages: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)
    seq: models.BigIntegerField[int, int] = models.BigIntegerField()
    """Feed position that told of it."""
    complete: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    removed: models.BooleanField[bool, bool] = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["commune", "dossier"], name="attachment_of_dossier")]


class Quarantine(models.Model):
    """Something refused, kept whole with its reason until a person decided about it."""

    objects: ClassVar[models.Manager[Quarantine]]

    device: models.BigIntegerField[int, int] = models.BigIntegerField()
    reason: models.CharField[str, str] = models.CharField(max_length=200)
    body: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField()
    body_hash: models.BinaryField[bytes, bytes | memoryview] = models.BinaryField(max_length=32)
    times: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=1)
    """How often the same bytes came: a kiosk that repeats itself makes one row."""
    first_ms: models.BigIntegerField[int, int] = models.BigIntegerField()
    last_ms: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["device", "body_hash", "reason"], name="quarantine_once")]


class OfficialCounter(models.Model):
    """Last running number of official codes given for a unit and a day (TT 03/2025 Art. 13)."""

    objects: ClassVar[models.Manager[OfficialCounter]]

    unit: models.CharField[str, str] = models.CharField(max_length=35)
    day: models.CharField[str, str] = models.CharField(max_length=6)
    """``yyMMdd``, Vietnam time."""
    last: models.PositiveIntegerField[int, int] = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["unit", "day"], name="counter_once")]


class Official(models.Model):
    """What a signed-in person may do; see :mod:`province.access`."""

    objects: ClassVar[models.Manager[Official]]

    class Role(models.TextChoices):
        OFFICIAL = "official", "cán bộ xử lý hồ sơ"
        OPERATOR = "operator", "người vận hành máy"
        CHIEF = "chief", "cán bộ và người vận hành"

    user: models.OneToOneField[Any, Any] = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="official"
    )
    role: models.CharField[str, str] = models.CharField(max_length=10, choices=Role.choices, default=Role.OFFICIAL)
    commune: models.CharField[str, str] = models.CharField(max_length=16, default="", blank=True)
    """Sees this commune only; empty = the whole province."""
