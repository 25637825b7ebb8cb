"""An attachment is a commune's: two communes may tell of the same id, and neither speaks for the other's file.

What is on its way under the former name of a part is asked for again; whole files stay where they are.
"""

from __future__ import annotations

from typing import Any

from django.db import migrations, models

_COLUMNS = ("blob", "commune", "dossier", "size", "key", "role", "of", "name", "mime", "pages", "seq", "complete", "removed")


def carry_over(apps: Any, schema_editor: Any) -> None:
    old, new = apps.get_model("province", "Attachment"), apps.get_model("province", "CommuneAttachment")
    rows = (new(**row) for row in old.objects.values(*_COLUMNS).iterator())
    new.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("province", "0005_confirmed"),
    ]

    operations = [
        migrations.CreateModel(
            name="CommuneAttachment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("blob", models.CharField(max_length=64)),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("size", models.BigIntegerField()),
                ("key", models.BinaryField(max_length=32)),
                ("role", models.CharField(max_length=10)),
                ("of", models.CharField(blank=True, default="", max_length=64)),
                ("name", models.CharField(blank=True, default="", max_length=200)),
                ("mime", models.CharField(blank=True, default="", max_length=80)),
                ("pages", models.PositiveIntegerField(default=1)),
                ("seq", models.BigIntegerField()),
                ("complete", models.BooleanField(default=False)),
                ("removed", models.BooleanField(default=False)),
            ],
        ),
        migrations.RunPython(carry_over),
        migrations.DeleteModel(name="Attachment"),
        migrations.RenameModel(old_name="CommuneAttachment", new_name="Attachment"),
        migrations.AddIndex(
            model_name="attachment",
            index=models.Index(fields=["commune", "dossier"], name="attachment_of_dossier"),
        ),
        migrations.AddConstraint(
            model_name="attachment",
            constraint=models.UniqueConstraint(fields=("commune", "blob"), name="attachment_once"),
        ),
    ]
