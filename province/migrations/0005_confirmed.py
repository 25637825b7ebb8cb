"""All that an event writes is one entry of the feed, and the confirmed fields of a dossier are one row.

The entries of the former shape, one a field, keep their numbers and are chained anew, so every kiosk must read the feed again: the
epoch goes up, as after a restore.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import migrations, models

from sync.envelope import ZERO_HEAD, chain
from sync.feed import encode_entry, fields_entry


def carry_over(apps: Any, schema_editor: Any) -> None:
    if not _model(apps, "FeedRow").objects.exists():
        return
    for commune in _model(apps, "FeedRow").objects.values_list("commune", flat=True).distinct().order_by("commune"):
        _chain_anew(apps, commune)
    rows: dict[tuple[str, str], list[Any]] = {}
    for field in _model(apps, "ConfirmedField").objects.order_by("rev", "pk").iterator():
        of = [field.origin_device, field.origin_incarnation, field.origin_n] if field.origin_n is not None else None
        rows.setdefault((field.commune, field.dossier), []).append([field.rev, of, {field.field: json.loads(field.value)}])
    new = _model(apps, "ConfirmedDossier")
    new.objects.bulk_create(
        (new(commune=commune, dossier=dossier, fields=_text(groups)) for (commune, dossier), groups in rows.items()), batch_size=500
    )
    _model(apps, "SnapshotLine").objects.all().delete()
    _model(apps, "Snapshot").objects.all().delete()
    _model(apps, "Identity").objects.update(epoch=models.F("epoch") + 1)


def _model(apps: Any, name: str) -> Any:
    return apps.get_model("province", name)


def _chain_anew(apps: Any, commune: str) -> None:
    head = ZERO_HEAD
    for row in _model(apps, "FeedRow").objects.filter(commune=commune).order_by("seq").iterator():
        entry = json.loads(bytes(row.body))
        if entry["e"] == "f":
            row.body = encode_entry(fields_entry(entry["d"], {entry["f"]: entry["v"]}))
        row.head = head = chain(head, bytes(row.body))
        row.save(update_fields=["body", "head"])


def _text(groups: list[Any]) -> str:
    return json.dumps(groups, ensure_ascii=False, separators=(",", ":"))


class Migration(migrations.Migration):
    dependencies = [
        ("province", "0004_journal"),
    ]

    operations = [
        migrations.CreateModel(
            name="ConfirmedDossier",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("fields", models.TextField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("commune", "dossier"), name="confirmed_once")],
            },
        ),
        migrations.RunPython(carry_over),
        migrations.DeleteModel(name="ConfirmedField"),
    ]
