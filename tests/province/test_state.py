"""What the service starts from: configuration, keys, database, migrations; and the operator's commands on a state folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from province.cli.arguments import parser
from province.config import Config, database_settings, load_config
from province.errors import ProvinceError
from province.keyring import lock_state, open_keyring
from province.sqlite.base import check_version
from sync.key_file import write_key_file
from tests.province.conftest import Site
from tests.province.databases import BACKENDS
from tests.province.support import UNIT, KioskTwin, cli


def toml(folder: Path, text: str) -> Path:
    path = folder / "province.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_units_are_read_from_the_file(tmp_path: Path) -> None:
    path = toml(tmp_path, '[units]\n01273 = "H14.999"\n"01279" = "H14.999.2"\n[service]\nhotline = "0206 000 000"\n')
    config = load_config(path)
    assert dict(config.units) == {"01273": "H14.999", "01279": "H14.999.2"}
    assert config.hotline == "0206 000 000"


def test_no_file_is_an_empty_configuration(tmp_path: Path) -> None:
    assert load_config(tmp_path / "province.toml") == Config()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[units]\n\n01273 = 'h14.1'\n", "dòng 3: [units] 01273: mã định danh"),
        ("[units]\n1273 = 'H14.1'\n", "dòng 2: [units] 1273: mã xã phải là 5 chữ số"),
        ("[limits]\nlookups_per_minute = 0\n", "dòng 2: [limits] lookups_per_minute: phải là số nguyên dương"),
        ("[limits]\nlookups_per_minute = true\n", "phải là số nguyên dương"),
        ("[service]\nname = 5\n", "dòng 2: [service] name: phải là chữ"),
        ("[service]\nnmae = 'x'\n", "dòng 2: [service] nmae: không có khóa này"),
        ("\n[unit]\n", "dòng 2: [unit]"),
        ("[units\n", "dòng 1: viết chưa đúng dạng TOML"),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ProvinceError) as refused:
        load_config(toml(tmp_path, text))
    assert refused.value.code == "config_invalid"
    assert said in refused.value.message_vi


def test_what_cannot_be_read_as_a_configuration_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes("[service]\nname = 'Xã Mẫu'\n".encode("utf-16"))
    for path, said in ((tmp_path, "Đây là thư mục"), (tmp_path / "latin.toml", "UTF-8")):
        with pytest.raises(ProvinceError) as refused:
            load_config(path)
        assert said in refused.value.message_vi


def test_a_mistake_of_the_call_is_not_put_down_to_the_file(tmp_path: Path) -> None:
    for given in ("x.y=1", "limits.lookups_per_minute=none"):
        with pytest.raises(ProvinceError) as refused:
            load_config(toml(tmp_path, ""), [given])
        assert "--set" in refused.value.message_vi
        assert "province.toml" not in refused.value.message_vi


def test_one_run_may_override_a_key(tmp_path: Path) -> None:
    config = load_config(
        toml(tmp_path, "[limits]\nlookups_per_minute = 5\n"), ["limits.lookups_per_minute=7", "units.01273=H14.999"]
    )
    assert (config.lookups_per_minute, config.units["01273"]) == (7, "H14.999")
    with pytest.raises(ProvinceError):
        load_config(None, ["units"])


def test_keys_are_made_once_and_closed_to_others(tmp_path: Path) -> None:
    first, second = open_keyring(tmp_path), open_keyring(tmp_path)
    assert first.signing.seed == second.signing.seed != first.sealing.secret
    modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "keys").glob("*.key")}
    assert modes == {"root.key": 0o600, "province.key": 0o600}
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700
    assert first.signing.seed.hex() not in repr(first)


@pytest.mark.parametrize("name", ["keys", "keys/root.key", "keys/province.key"])
def test_keys_that_others_can_read_stop_the_start(tmp_path: Path, name: str) -> None:
    open_keyring(tmp_path)
    (tmp_path / name).chmod(0o755)
    with pytest.raises(ProvinceError, match="keys_readable_by_others"):
        open_keyring(tmp_path)


def test_keys_of_the_first_release_are_taken_over_as_they_are(tmp_path: Path) -> None:
    first = open_keyring(tmp_path)
    path = tmp_path / "keys" / "province.key"
    write_key_file(path, {name: first.secrets()[name] for name in ("signing", "sealing", "django")})
    taken = open_keyring(tmp_path)
    assert taken.secrets() == first.secrets()
    (tmp_path / "keys" / "root.key").unlink()
    assert open_keyring(tmp_path).secrets() == first.secrets(), "written down, so the root may leave the machine"


def test_a_damaged_key_file_is_never_replaced(tmp_path: Path) -> None:
    open_keyring(tmp_path)
    path = tmp_path / "keys" / "province.key"
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(ProvinceError, match="keys_damaged"):
        open_keyring(tmp_path)
    assert len(path.read_bytes()) == 40


@pytest.mark.parametrize("version", [(3, 40, 1), (3, 51, 2)])
def test_an_sqlite_with_the_wal_race_is_refused(version: tuple[int, int, int]) -> None:
    with pytest.raises(ProvinceError, match="sqlite_too_old"):
        check_version(version)
    check_version((3, 51, 3))


def test_the_connection_is_on_the_good_sqlite_in_wal_and_full(site: Site) -> None:
    import sqlcipher3.dbapi2
    from django.db import connection

    with connection.cursor() as cursor:
        facts = [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "synchronous", "foreign_keys")]
    assert facts == ["wal", 2, 1]
    assert isinstance(connection.connection, sqlcipher3.dbapi2.Connection)
    assert connection.settings_dict["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


def test_the_interpreters_own_sqlite_stays_what_it_was(site: Site) -> None:
    import sqlite3

    import sqlcipher3.dbapi2

    assert sqlite3.Connection is not sqlcipher3.dbapi2.Connection


def test_addresses_of_databases_are_understood(tmp_path: Path) -> None:
    assert database_settings("", tmp_path)["NAME"] == str(tmp_path / "province.sqlite3")
    assert database_settings("sqlite:////var/lib/x.sqlite3", tmp_path)["NAME"] == "/var/lib/x.sqlite3"
    assert database_settings("sqlite:///x.sqlite3", tmp_path)["NAME"] == os.path.abspath("x.sqlite3")
    settings = database_settings("postgres://ng%C6%B0%E1%BB%9Di:m%40t@db.example:5433/tinh?sslmode=require", tmp_path)
    assert (settings["USER"], settings["PASSWORD"], settings["HOST"], settings["PORT"]) == ("người", "m@t", "db.example", "5433")
    assert settings["OPTIONS"] == {"sslmode": "require"}
    assert database_settings("postgresql:///tinh?host=/run/postgresql", tmp_path)["HOST"] == "/run/postgresql"


@pytest.mark.parametrize("url", ["mysql://x/y", "x.sqlite3", "sqlite://", "sqlite:///", "postgres://host/"])
def test_other_addresses_are_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(ProvinceError, match="database_url"):
        database_settings(url, tmp_path)


def test_the_migrations_hold_all_of_the_models(site: Site) -> None:
    from django.core.management import call_command

    call_command("makemigrations", "province", check=True, dry_run=True, verbosity=0)
    from django.db.migrations.loader import MigrationLoader

    assert MigrationLoader(None).detect_conflicts() == {}


def test_https_makes_cookies_strict_and_says_so_for_a_year(site: Site) -> None:
    from dataclasses import replace

    from province.runtime import django_settings

    settings = django_settings(replace(site.running, base_url="https://motcua.example"))
    assert settings["SESSION_COOKIE_NAME"].startswith("__Host-")
    assert settings["SESSION_COOKIE_SECURE"]
    assert settings["CSRF_COOKIE_SECURE"]
    assert "motcua.example" in settings["ALLOWED_HOSTS"]
    assert not settings["DEBUG"]


def test_check_finds_what_somebody_changed(site: Site, kiosk: KioskTwin) -> None:
    from province.models import ConfirmedDossier, EventRow, FeedRow, Position, ProofRow
    from province.projection import rebuild
    from province.verify import check

    dossier = kiosk.file()
    kiosk.settle()
    kiosk.accept(dossier)
    kiosk.settle()
    assert check().ok

    held = ConfirmedDossier.objects.get(dossier=dossier)
    ConfirmedDossier.objects.update(fields=held.fields.replace('"status":2', '"status":9'))
    assert [finding.code for finding in check().findings] == ["projection_wrong"]
    rebuild()
    assert check().ok

    ProofRow.objects.update(message=bytes(79))
    assert [finding.code for finding in check().findings] == ["unproven"]
    EventRow.objects.filter(n=2).update(body=b"{}")
    assert [finding.code for finding in check().findings] == ["chain_broken"]
    EventRow.objects.filter(n=2).delete()
    assert [finding.code for finding in check().findings] == ["gap"]
    EventRow.objects.all().delete()
    assert [finding.code for finding in check().findings] == ["position_wrong"]
    Position.objects.all().delete()
    FeedRow.objects.filter(seq=3).delete()
    assert [finding.code for finding in check().findings] == ["feed_broken"]


def test_projections_come_back_from_the_feed_alone(site: Site, kiosk: KioskTwin) -> None:
    from province.models import ConfirmedDossier, Conflict, DossierIndex
    from province.projection import rebuild

    def everything() -> list[list[tuple[object, ...]]]:
        return [
            sorted(tuple(v for k, v in sorted(row.items()) if k != "id") for row in model.objects.values())
            for model in (ConfirmedDossier, DossierIndex, Conflict)
        ]

    dossier = kiosk.file()
    kiosk.accept(dossier)
    kiosk.step(dossier, 9, 10)
    kiosk.journal.write(dossier, "f", {"official_code": "x"})
    kiosk.settle()
    before = everything()
    assert all(before)
    for model in (ConfirmedDossier, DossierIndex, Conflict):
        model.objects.all().delete()
    rebuild()
    assert everything() == before


def test_commands_speak_json_and_keep_their_exit_codes(tmp_path: Path) -> None:
    state = tmp_path / "state"
    code, made = cli("create-official", "lan", "--role", "chief", state=state)
    assert (code, made["ok"], len(made["password"])) == (0, True, 23)
    code, refused = cli("enrol-confirm", "nothing", "--words", "x", state=state)
    assert (code, refused["error"]["code"]) == (1, "enrolment_unknown")
    assert refused["error"]["message"]


def test_files_that_are_not_what_they_are_given_for_are_named(tmp_path: Path) -> None:
    letter = tmp_path / "letter"
    letter.write_text("dear reader", encoding="utf-8")
    _, told = cli("migrate", state=letter)
    assert told["error"]["code"] == "state_unusable"
    _, told = cli("migrate", "--database", f"sqlite:///{letter}", state=tmp_path / "state")
    assert (told["error"]["code"], letter.read_text(encoding="utf-8")) == ("database_foreign", "dear reader")


@pytest.mark.parametrize("words", [["serve", "--port", "99999"], ["drop-closed", "--days", "-1"]])
def test_numbers_that_mean_nothing_are_a_wrong_call(words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2


def test_no_new_epoch_is_begun_under_a_service_that_runs(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    (state / "keys").mkdir(mode=0o700)
    handle = lock_state(state)
    try:
        code, told = cli("new-epoch", state=state)
    finally:
        os.close(handle)
    assert (code, told["error"]["code"]) == (1, "already_serving")


@pytest.mark.parametrize(
    ("name", "commune", "password", "code"),
    [
        ("LAN", "", None, "name_taken"),
        ("Lân", "", None, "name_taken"),
        ("x", "", None, "name_invalid"),
        ("có dấu cách", "", None, "name_invalid"),
        ("mai", "99999", None, "commune_unknown"),
        ("mai", "", "12345", "password_weak"),
        ("mai", "", "password1234", "password_weak"),
    ],
)
def test_an_account_that_would_be_a_hole_is_refused(site: Site, name: str, commune: str, password: str | None, code: str) -> None:
    from django.contrib.auth.models import User

    from province.accounts import create_official

    User.objects.create(username="lan", password="!")
    with pytest.raises(ProvinceError, match=code):
        create_official(name, role="official", commune=commune, password=password)
    assert User.objects.count() == 1


def test_a_database_under_other_keys_is_refused(site: Site, tmp_path: Path) -> None:
    from dataclasses import replace

    from province.database import settle

    with pytest.raises(ProvinceError, match="keys_of_other_province"):
        settle(replace(site.running, keyring=open_keyring(tmp_path)))


def test_keys_that_had_a_database_never_make_an_empty_one_in_silence(tmp_path: Path) -> None:
    assert cli("migrate", state=tmp_path)[0] == 0
    (tmp_path / "province.sqlite3").unlink()
    code, told = cli("check", state=tmp_path)
    assert (code, told["error"]["code"]) == (1, "database_missing")
    (tmp_path / "keys" / "database-made").unlink()
    assert cli("check", state=tmp_path)[0] == 0


def test_a_database_newer_than_the_program_is_refused(site: Site) -> None:
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    from province.database import migrate

    recorder = MigrationRecorder(connection)
    recorder.record_applied("province", "9999_from_the_future")
    try:
        with pytest.raises(ProvinceError, match="database_newer"):
            migrate()
    finally:
        recorder.record_unapplied("province", "9999_from_the_future")


def test_the_databases_command_tells_whether_postgresql_is_tested() -> None:
    assert BACKENDS[0] == "sqlite"
    assert ("postgresql" in BACKENDS) is bool(shutil.which("initdb") or list(Path("/usr/lib/postgresql").glob("*/bin/initdb")))
    assert UNIT == "H14.999"
