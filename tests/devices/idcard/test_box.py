"""The trainer's card box: every card in it opens with its own QR and ends as its label says."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from devices.errors import DeviceError
from devices.idcard import parse_card_qr
from devices.idcard.access import MAX_KEYS, open_chip
from devices.idcard.channel import ChannelBroken
from devices.idcard.facts import CardPerson, Proof
from devices.idcard.passive import authenticate
from devices.idcard.qr import keys_from_qr
from devices.idcard.reading import Order, read_opened
from devices.idcard.trust_folder import TrustFolder
from devices.idcard.twin import ChipTwin, PcscdTwin
from devices.idcard.twin.box import CARDS, trust_pem
from devices.idcard.twin.box_cli import box_command, lay_at
from devices.idcard.twin.chip import shared_issuer
from devices.idcard.twin.people import PEOPLE, Citizen
from tests.devices.idcard.lines import Chip, read_over
from tests.devices.idcard.trusting import TODAY

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
    printed = capsys.readouterr().out
    assert "CAN: 000001" in printed
    assert f"Cổng: {pcscd.port}" in printed


@pytest.mark.parametrize("seconds", ["0", "-3", "nan", "1e10", "lâu"])
def test_a_time_that_is_none_is_refused(seconds: str) -> None:
    assert box_command(["lay", "mau", "--seconds", seconds]) == 2


@pytest.mark.parametrize("port", ["0", "99999", "-1"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert box_command(["lay", "mau", "--port", port]) == 2
    assert "từ 1 đến 65535" in capsys.readouterr().err


def test_a_port_where_no_reader_listens_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert box_command(["lay", "mau", "--port", "1"]) == 1
    assert "Không có đầu đọc ảo nào ở cổng 1" in capsys.readouterr().err


def test_a_reader_with_a_card_on_it_takes_no_second_one(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reader:
        chip = CARDS["mau"].make()
        with pytest.raises(DeviceError) as caught:
            lay_at(reader.getsockname()[1], chip, 0.1, wait_s=0.1)
    assert caught.value.code == "reader_taken"


def test_a_reader_that_goes_ends_the_laying(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reader:

        def look_and_go() -> None:
            line, _ = reader.accept()
            with line:
                line.sendall(b"\x00\x01\x04")
                line.recv(2)

        threading.Thread(target=look_and_go).start()
        assert box_command(["lay", "mau", "--port", str(reader.getsockname()[1])]) == 1
    assert "không còn nằm trên đầu đọc" in capsys.readouterr().err


def test_a_pcscd_that_is_killed_is_noticed(pcscd: PcscdTwin) -> None:
    assert not pcscd.ended(0.01)
    with pcscd.frozen():
        assert not pcscd.ended(0.01)
    pcscd.kill()
    assert pcscd.ended(5)
    pcscd.stop()
    pcscd.start()


VERDICTS = {"read": "issuer_trusted", "not_genuine": "not_genuine"}


@pytest.mark.parametrize(
    "name", [name for name, card in CARDS.items() if card.ends in VERDICTS and name not in ("chap-chon", "ky-rsa")]
)
def test_a_machine_with_the_box_s_certificates_trusts_its_sound_cards(name: str, tmp_path: Path) -> None:
    file, folder = tmp_path / "csca.pem", TrustFolder(tmp_path / "trust")
    assert box_command(["csca", str(file)]) == 0
    assert folder.add(file.read_bytes(), TODAY).accepted
    chip = CARDS[name].make()
    done = read_over(Chip(chip), Order(judge=lambda sod, groups: authenticate(sod, groups, folder.store(TODAY), TODAY)))
    assert (done.proof.verdict, done.proof.reason in ("crl_missing", "crl_expired")) == (VERDICTS[CARDS[name].ends], False)


def test_a_card_of_an_issuer_that_is_not_installed_is_only_not_trusted(tmp_path: Path) -> None:
    folder = TrustFolder(tmp_path)
    folder.add(trust_pem(), TODAY)
    line = Chip(CARDS["ky-rsa"].make())
    done = read_over(line, Order(judge=lambda sod, groups: authenticate(sod, groups, folder.store(TODAY), TODAY)))
    assert done.proof.verdict == "intact_issuer_unchecked"


def test_the_training_certificates_are_the_same_in_another_process(tmp_path: Path) -> None:
    other = "import sys; from devices.idcard.twin.chip import shared_issuer; sys.stdout.buffer.write(shared_issuer().root.key_id)"
    root = Path(__file__).parents[3]
    told = subprocess.run([sys.executable, "-c", other], cwd=root, capture_output=True, check=True)
    assert told.stdout == shared_issuer().root.key_id


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert box_command(["csca", str(tmp_path)]) == 1
    assert str(tmp_path) in capsys.readouterr().err


def test_no_card_of_the_box_has_ended_by_the_day_it_was_made_for() -> None:
    assert all(citizen.expires >= TODAY.time.date().isoformat() for citizen in PEOPLE if citizen.expires)
