"""Generations of keys: communes, kiosks; kiosks that are enrolled again, or lost."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("province", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="communekey",
            name="generation",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="device",
            name="generation",
            field=models.PositiveIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="device",
            name="lost",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="enrolment",
            name="former",
            field=models.BigIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name="enrolment",
            name="device",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="enrolments", to="province.device"
            ),
        ),
        migrations.CreateModel(
            name="FormerKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("generation", models.PositiveIntegerField()),
                ("verify_key", models.BinaryField(max_length=32)),
                ("seal_key", models.BinaryField(max_length=32)),
                ("valid_to", models.TextField()),
                (
                    "device",
                    models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="former", to="province.device"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("device", "generation"), name="former_once")],
            },
        ),
    ]
