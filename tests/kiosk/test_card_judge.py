"""The kiosk's judge of chips: the certificates in its folder as they are now, and its clock only when that was checked."""

from __future__ import annotations

from pathlib import Path

import pytest

from devices.idcard.access import open_chip
from devices.idcard.reading import Order, read_opened
from devices.idcard.twin import ChipTwin
from devices.idcard.twin.issuer import TwinIssuer
from kiosk.card_judge import CardJudge
from kiosk.devices_cli import device_command
from tests.devices.idcard.trusting import groups
from tests.kiosk.machines import ToldClock

ISSUER = TwinIssuer()


class Field:
    """The chip laid directly on the protocol: no reader between."""

    def __init__(self, chip: ChipTwin) -> None:
        self._chip = chip

    def transmit(self, apdu: bytes) -> bytes:
        answer = self._chip.answer(apdu)
        assert answer is not None
        return answer


def test_a_root_installed_meanwhile_counts_for_the_next_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    judge = CardJudge(tmp_path / "trust", ToldClock(), sure=True)
    sod = ISSUER.security_object(groups())
    assert judge(sod, groups()).reason == "issuer_not_installed"
    (tmp_path / "root.pem").write_bytes(ISSUER.csca_pem)
    assert device_command(["trust", "add", str(tmp_path / "root.pem"), "--state", str(tmp_path)]) == 0
    assert "Đã cài" in capsys.readouterr().out
    assert judge(sod, groups()).verdict == "issuer_trusted"


def test_a_clock_nobody_checked_judges_nothing(tmp_path: Path) -> None:
    (tmp_path / "csca.der").write_bytes(ISSUER.csca)
    (tmp_path / "list.crl").write_bytes(ISSUER.crl)
    judge = CardJudge(tmp_path, ToldClock())
    sod = ISSUER.security_object(groups())
    assert judge(sod, groups()).reason == "clock_unsure"
    judge.sure = True
    assert judge(sod, groups()).reason == ""


def test_a_reading_bears_the_judges_verdict(tmp_path: Path) -> None:
    (tmp_path / "csca.der").write_bytes(ISSUER.csca)
    chip = ChipTwin(issuer=ISSUER)
    opened = open_chip(Field(chip), (chip.key,))
    judge = CardJudge(tmp_path, ToldClock(), sure=True)
    read = read_opened(opened, lambda _share, _told: None, order=Order(judge))
    assert read.person == chip.person
    assert (read.proof.verdict, read.proof.reason) == ("issuer_trusted", "crl_missing")
