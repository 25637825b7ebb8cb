"""The configuration file: typed, checked at start, and a mistake named with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiosk.config import ConfigError, load


def mistake(tmp_path: Path, text: str) -> str:
    (tmp_path / "kiosk.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(tmp_path)
    return str(caught.value)


def test_without_a_file_every_key_has_its_default(tmp_path: Path) -> None:
    config = load(tmp_path)
    assert config["devices.printer"] == "none:"
    assert config["sync.interval"] == 60.0
    assert config.path("store.file") == tmp_path / "kiosk.db"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('[devices]\nprinter = "none:"\nprinterr = "x"\n', "dòng 3: không có khóa «devices.printerr»"),
        ("[screen]\nwidth = 1280\n\nheight = '800'\n", "dòng 4: «screen.height» phải là số nguyên"),
        ("[sync]\ninterval = true\n", "dòng 2: «sync.interval» phải là số"),
        ('kiosk = "1"\n', "dòng 1: «kiosk» phải nằm trong một mục"),
        ("[screen\n", "dòng 1: viết chưa đúng dạng TOML"),
        ('[place]\ncommune = "1273"\n', "năm chữ số"),
        ('[place]\nkiosk = "số 1"\n', "«place.kiosk»"),
        ('[hours]\nmorning = "7h30"\n', "«hours.morning»"),
        ("[screen]\nidle_grace = 5\n", "dòng 2: «screen.idle_grace» phải từ 20"),
        ("[sync]\ninterval = nan\n", "dòng 2: «sync.interval» phải từ"),
        ("[screen]\nwidth = -5\n", "dòng 2: «screen.width» phải từ"),
        ('[hours]\nmorning = "25:00-26:00"\n', "dòng 2: «hours.morning»"),
        ('[hours]\nmorning = "11:00-07:30"\n', "dòng 2: «hours.morning»"),
        ('[hours]\nafternoon = "10:00-17:00"\n', "dòng 2: «hours.afternoon»"),
        ('[province]\nurl = "tinh.example"\n', "dòng 2: «province.url» phải bắt đầu"),
        ("[sync]\nretry_first = 10.0\nretry_most = 5.0\n", "«sync.retry_most»"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, text: str, told: str) -> None:
    assert told in mistake(tmp_path, text)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_bytes("[place]\naddress = 'Quầy'\n".encode("utf-16"))
    with pytest.raises(ConfigError, match="UTF-8"):
        load(tmp_path)


def test_a_whole_number_is_a_number_too(tmp_path: Path) -> None:
    (tmp_path / "kiosk.toml").write_text("[sync]\ninterval = 5\n", encoding="utf-8")
    assert load(tmp_path)["sync.interval"] == 5.0


def test_one_run_may_override_a_key(tmp_path: Path) -> None:
    config = load(tmp_path, overrides=("devices.printer=network://192.0.2.1:9100", "screen.fullscreen=false", "sync.interval=2"))
    assert (config["devices.printer"], config["screen.fullscreen"], config["sync.interval"]) == (
        "network://192.0.2.1:9100",
        False,
        2.0,
    )


@pytest.mark.parametrize("override", ["devices.printer", "devices.printerr=x", "screen.width=wide", "screen.width=1.5"])
def test_a_wrong_override_is_refused(tmp_path: Path, override: str) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, overrides=(override,))


def test_a_named_file_must_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        load(tmp_path, tmp_path / "missing.toml")


def test_the_tracking_address_falls_back_to_the_province_s(tmp_path: Path) -> None:
    assert load(tmp_path, overrides=("province.url=https://tinh.example/",)).tracking_url == "https://tinh.example"
    both = ("province.url=https://tinh.example", "province.tracking_url=https://tra.example")
    assert load(tmp_path, overrides=both).tracking_url == "https://tra.example"
