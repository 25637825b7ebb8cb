"""Proofs, branches, what is safe, snapshots, dossiers that left the kiosks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("province", "0002_keys"),
        ("province", "0003_attachments"),
    ]

    operations = [
        migrations.CreateModel(
            name="Snapshot",
            fields=[
                ("commune", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("epoch", models.PositiveBigIntegerField()),
                ("seq", models.BigIntegerField()),
                ("head", models.BinaryField(max_length=32)),
                ("lines", models.BigIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name="dossierindex",
            name="dropped",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="position",
            name="safe",
            field=models.BigIntegerField(default=0),
        ),
        migrations.CreateModel(
            name="BranchRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.BigIntegerField()),
                ("incarnation", models.BigIntegerField()),
                ("n", models.BigIntegerField()),
                ("body", models.BinaryField()),
                ("head", models.BinaryField(max_length=32, unique=True)),
                ("event_id", models.BinaryField(db_index=True, max_length=32)),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("received_ms", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["device", "incarnation", "n"], name="branch_place")],
            },
        ),
        migrations.CreateModel(
            name="ProofRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.BigIntegerField()),
                ("incarnation", models.BigIntegerField()),
                ("n", models.BigIntegerField()),
                ("head", models.BinaryField(max_length=32)),
                ("branch", models.BooleanField(default=False)),
                ("context", models.BinaryField(max_length=32)),
                ("message", models.BinaryField()),
                ("signature", models.BinaryField(max_length=64)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("device", "incarnation", "head"), name="proof_once")],
            },
        ),
        migrations.CreateModel(
            name="SnapshotLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("n", models.BigIntegerField()),
                ("body", models.BinaryField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("commune", "n"), name="snapshot_line_once")],
            },
        ),
    ]
