"""The tables projected from the feed (:mod:`province.projection`): they can be dropped and rebuilt.

Django knows them, like all others, through :mod:`province.models`. Values of fields are JSON text as they stand in the feed.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models


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
    """Provisional code as looked up: see :func:`province.index.normal_code`."""
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
    """Projection: a file (thành phần hồ sơ) that an accepted ``at`` event of a commune told of; the first to tell says what it is.
    The file itself: :mod:`province.blobs`.
    """

    objects: ClassVar[models.Manager[Attachment]]

    blob: models.CharField[str, str] = models.CharField(max_length=64)
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
        constraints = [models.UniqueConstraint(fields=["commune", "blob"], name="attachment_once")]
        indexes = [models.Index(fields=["commune", "dossier"], name="attachment_of_dossier")]
