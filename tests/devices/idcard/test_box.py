"""The trainer's card box: every card in it opens with its own QR and ends as its label says."""

from __future__ import annotations

import json
import threading

import pytest

from devices.errors import DeviceError
from devices.idcard import parse_card_qr
from devices.idcard.access import MAX_KEYS, open_chip
from devices.idcard.channel import ChannelBroken
from devices.idcard.facts import CardPerson, Proof
from devices.idcard.qr import keys_from_qr
from devices.idcard.reading import read_opened
from devices.idcard.twin import ChipTwin, PcscdTwin
from devices.idcard.twin.box import CARDS
from devices.idcard.twin.box_cli import box_command
from devices.idcard.twin.people import PEOPLE, Citizen
from tests.devices.idcard.lines import Chip

ON_A_READER = {"card_mute", "card_removed"}
"""What only a reader can meet; the reader's own tests do."""


def read(chip: ChipTwin) -> tuple[CardPerson, Proof]:
    keys = keys_from_qr(parse_card_qr(chip.qr_text))
    done = read_opened(open_chip(Chip(chip), keys, pause=lambda seconds: None), lambda share, sentence: None)
    return done.person, done.proof


@pytest.mark.parametrize("citizen", PEOPLE, ids=lambda citizen: citizen.number)
def test_the_qr_of_everybody_in_the_box_leads_to_the_key_of_the_chip(citizen: Citizen) -> None:
    assert citizen.key in keys_from_qr(parse_card_qr(citizen.qr_text))[:MAX_KEYS]


@pytest.mark.parametrize("citizen", PEOPLE, ids=lambda citizen: citizen.number)
def test_everybody_in_the_box_is_read_as_the_card_says(citizen: Citizen) -> None:
    assert read(ChipTwin(citizen))[0] == citizen.person


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.ends in ("read", "not_genuine")])
def test_a_card_that_can_be_read_is_taken_for_what_it_is(name: str) -> None:
    try:
        verdict = read(CARDS[name].make())[1].verdict
    except ChannelBroken:  # a damaged answer ends the session, and the next reading is good
        assert name == "chap-chon"
        return
    assert verdict == ("not_genuine" if CARDS[name].ends == "not_genuine" else "intact_issuer_unchecked")


@pytest.mark.parametrize("name", [name for name, card in CARDS.items() if card.ends not in ("read", "not_genuine")])
def test_a_card_that_cannot_be_read_ends_as_its_label_says(name: str) -> None:
    if CARDS[name].ends in ON_A_READER:
        return
    with pytest.raises(DeviceError) as caught:
        read(CARDS[name].make())
    assert caught.value.code == CARDS[name].ends


def test_the_box_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert box_command(["list", "--json"]) == 0
    assert {card["name"] for card in json.loads(capsys.readouterr().out)["cards"]} == set(CARDS)


def test_a_card_of_the_box_lies_on_the_reader_for_the_time_asked(pcscd: PcscdTwin, capsys: pytest.CaptureFixture[str]) -> None:
    laying = threading.Thread(target=box_command, args=(["lay", "mau", "--port", str(pcscd.port), "--seconds", "0.1"],))
    laying.start()
    laying.join(20)
    assert "CAN: 000001" in capsys.readouterr().out


def test_a_port_where_no_reader_listens_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert box_command(["lay", "mau", "--port", "1"]) == 1
    assert "Không có đầu đọc ảo" in capsys.readouterr().err
