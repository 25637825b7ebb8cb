"""The tables of the first version."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CommuneKey",
            fields=[
                ("commune", models.CharField(max_length=16, primary_key=True, serialize=False)),
                ("secret", models.BinaryField(max_length=32)),
            ],
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("commune", models.CharField(db_index=True, max_length=16)),
                ("verify_key", models.BinaryField(max_length=32)),
                ("seal_key", models.BinaryField(max_length=32)),
                ("enrolled_ms", models.BigIntegerField()),
                ("last_contact_ms", models.BigIntegerField(null=True)),
                ("clock_offset_ms", models.BigIntegerField(null=True)),
                ("free_disk_mib", models.BigIntegerField(null=True)),
                ("revoked_ms", models.BigIntegerField(null=True)),
                ("valid_to", models.TextField(blank=True, default="")),
            ],
        ),
        migrations.CreateModel(
            name="EnrolmentCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("selector", models.CharField(max_length=8, unique=True)),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("commune", models.CharField(max_length=16)),
                ("made_by", models.CharField(max_length=150)),
                ("made_ms", models.BigIntegerField()),
                ("expires_ms", models.BigIntegerField()),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("used_ms", models.BigIntegerField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Identity",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("root_key", models.BinaryField(max_length=32)),
                ("epoch", models.PositiveBigIntegerField(default=1)),
                ("made_ms", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="ConfirmedField",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("field", models.CharField(max_length=200)),
                ("value", models.TextField()),
                ("rev", models.BigIntegerField()),
                ("origin_device", models.BigIntegerField(null=True)),
                ("origin_incarnation", models.BigIntegerField(null=True)),
                ("origin_n", models.BigIntegerField(null=True)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("commune", "dossier", "field"), name="field_once")],
            },
        ),
        migrations.CreateModel(
            name="Conflict",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("seq", models.BigIntegerField()),
                ("kind", models.CharField(max_length=4)),
                ("dossier", models.CharField(max_length=64)),
                ("field", models.CharField(default="", max_length=200)),
                ("kept", models.TextField(default="")),
                ("lost", models.TextField(default="")),
                ("why", models.CharField(default="", max_length=64)),
                ("device", models.BigIntegerField(null=True)),
                ("made_ms", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["commune", "dossier"], name="conflict_of_dossier")],
                "constraints": [models.UniqueConstraint(fields=("commune", "seq"), name="conflict_once")],
            },
        ),
        migrations.CreateModel(
            name="DossierIndex",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("code", models.CharField(db_index=True, default="", max_length=64)),
                ("official_code", models.CharField(db_index=True, default="", max_length=64)),
                ("code_missing", models.CharField(default="", max_length=32)),
                ("key_hash", models.BinaryField(default=b"", max_length=32)),
                ("procedure", models.CharField(default="", max_length=64)),
                ("name", models.CharField(default="", max_length=200)),
                ("folded", models.CharField(default="", max_length=200)),
                ("status", models.PositiveSmallIntegerField(default=0)),
                ("steps", models.TextField(default="{}")),
                ("filed_at", models.CharField(default="", max_length=40)),
                ("received_at", models.CharField(default="", max_length=40)),
                ("due", models.CharField(default="", max_length=40)),
                ("seq", models.BigIntegerField(default=0)),
                ("changed_ms", models.BigIntegerField(default=0)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["-changed_ms"], name="dossier_newest"),
                    models.Index(fields=["commune", "status"], name="dossier_worklist"),
                ],
                "constraints": [models.UniqueConstraint(fields=("commune", "dossier"), name="dossier_once")],
            },
        ),
        migrations.CreateModel(
            name="Enrolment",
            fields=[
                ("id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("commune", models.CharField(max_length=16)),
                ("operator", models.CharField(max_length=100)),
                ("request", models.BinaryField()),
                ("request_hash", models.BinaryField(max_length=32, unique=True)),
                ("words", models.CharField(max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "chờ xác nhận"), ("confirmed", "đã xác nhận"), ("refused", "đã từ chối")],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("asked_ms", models.BigIntegerField()),
                ("decided_ms", models.BigIntegerField(null=True)),
                ("decided_by", models.CharField(blank=True, default="", max_length=150)),
                ("bundle", models.BinaryField(null=True)),
                (
                    "device",
                    models.OneToOneField(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="enrolment", to="province.device"
                    ),
                ),
                (
                    "code",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="enrolment", to="province.enrolmentcode"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="EventRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.BigIntegerField()),
                ("incarnation", models.BigIntegerField()),
                ("n", models.BigIntegerField()),
                ("body", models.BinaryField()),
                ("head", models.BinaryField(max_length=32)),
                ("event_id", models.BinaryField(db_index=True, max_length=32)),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("received_ms", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["commune", "dossier"], name="event_of_dossier")],
                "constraints": [models.UniqueConstraint(fields=("device", "incarnation", "n"), name="event_once")],
            },
        ),
        migrations.CreateModel(
            name="FeedRow",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("commune", models.CharField(max_length=16)),
                ("dossier", models.CharField(max_length=64)),
                ("seq", models.BigIntegerField()),
                ("body", models.BinaryField()),
                ("head", models.BinaryField(max_length=32)),
                ("origin_device", models.BigIntegerField(null=True)),
                ("origin_incarnation", models.BigIntegerField(null=True)),
                ("origin_n", models.BigIntegerField(null=True)),
                ("made_ms", models.BigIntegerField()),
            ],
            options={
                "indexes": [models.Index(fields=["commune", "dossier"], name="feed_of_dossier")],
                "constraints": [models.UniqueConstraint(fields=("commune", "seq"), name="feed_once")],
            },
        ),
        migrations.CreateModel(
            name="Official",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("official", "cán bộ xử lý hồ sơ"),
                            ("operator", "người vận hành máy"),
                            ("chief", "cán bộ và người vận hành"),
                        ],
                        default="official",
                        max_length=10,
                    ),
                ),
                ("commune", models.CharField(blank=True, default="", max_length=16)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="official", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfficialCounter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("unit", models.CharField(max_length=35)),
                ("day", models.CharField(max_length=6)),
                ("last", models.PositiveIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("unit", "day"), name="counter_once")],
            },
        ),
        migrations.CreateModel(
            name="Position",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.BigIntegerField()),
                ("incarnation", models.BigIntegerField()),
                ("n", models.BigIntegerField()),
                ("head", models.BinaryField(max_length=32)),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("device", "incarnation"), name="position_once")],
            },
        ),
        migrations.CreateModel(
            name="Quarantine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("device", models.BigIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("body", models.BinaryField()),
                ("body_hash", models.BinaryField(max_length=32)),
                ("times", models.PositiveIntegerField(default=1)),
                ("first_ms", models.BigIntegerField()),
                ("last_ms", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("device", "body_hash", "reason"), name="quarantine_once")],
            },
        ),
    ]
