"""The table of attachments."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("province", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Attachment",
            fields=[
                ("blob", models.CharField(max_length=64, primary_key=True, serialize=False)),
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
            options={
                "indexes": [models.Index(fields=["commune", "dossier"], name="attachment_of_dossier")],
            },
        ),
    ]
