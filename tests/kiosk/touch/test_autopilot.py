"""The demonstration's socket tells what is on the glass, takes pictures, and touches nothing."""

from __future__ import annotations

import json
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from kiosk.viewmodels.attract import Attract
from tests.kiosk.touch.harness import LANDSCAPE, stage
from tests.kiosk.viewmodels.house import House


class Caller:
    """Asks over the socket from a thread while the window draws frames."""

    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(str(path))
        self.lines = self.socket.makefile("rw", encoding="utf-8")

    def ask(self, line: str) -> Any:
        answers: list[str] = []

        def talk() -> None:
            self.lines.write(line + "\n")
            self.lines.flush()
            answers.append(self.lines.readline())

        thread = threading.Thread(target=talk)
        thread.start()
        while thread.is_alive():
            stage().frames(1)
            thread.join(0.005)
        return json.loads(answers[0])

    def __call__(self, **question: Any) -> Any:
        return self.ask(json.dumps(question))

    def close(self) -> None:
        self.lines.close()
        self.socket.close()


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def ask(house: House, tmp_path: Path) -> Iterator[Caller]:
    from kiosk.touch.autopilot import Autopilot

    shell = stage().play(house.kiosk, LANDSCAPE, frames=1)
    pilot = Autopilot(shell, tmp_path / "control")
    caller = Caller(tmp_path / "control")
    yield caller
    caller.close()
    pilot.close()
    stage().clear()


def test_it_names_the_screen_the_overlay_and_the_question(house: House, ask: Caller) -> None:
    assert ask(ask="screen") == {"ok": True, "id": "attract", "overlay": None, "size": [1280, 800], "question": None}
    house.ask("child_name")
    house.kiosk.call_help()
    told = ask(ask="screen")
    assert (told["id"], told["overlay"], told["question"]) == ("question", "help", "child_name")


def test_it_says_where_a_control_lies_from_the_top_left(house: House, ask: Caller) -> None:
    house.start()
    place = ask(find="help")["found"][0]
    assert place == {"id": "help", "text": "Gọi giúp", "x": 1090, "y": 10, "w": 170, "h": 68, "enabled": True}


def test_it_finds_by_words_when_there_is_no_such_id(house: House, ask: Caller) -> None:
    house.ask("child_sex")
    assert [one["id"] for one in ask(find="hỏi cán bộ")["found"]] == ["ask"]
    assert ask(find="no such thing")["found"] == []


def test_it_lists_keys_and_everything_touchable(house: House, ask: Caller) -> None:
    house.ask("child_name")
    keys = {one["id"] for one in ask(keys=True)["found"]}
    assert {"key:a", "key:ơ", "tone:ngã", "key:space", "key:shift", "key:123", "key:abc", "key:hide"} <= keys
    assert {"next", "back", "help", "field"} <= {one["id"] for one in ask(all=True)["found"]}
    assert any("cháu bé" in text for text in ask(texts=True)["texts"])


def test_it_takes_a_picture_of_the_window(ask: Caller, tmp_path: Path) -> None:
    assert ask(shot=str(tmp_path / "a" / "b.png"))["ok"]
    with Image.open(tmp_path / "a" / "b.png") as image:
        assert image.width >= 1280
        assert len(image.getcolors(1 << 24) or []) > 50


@pytest.mark.parametrize("line", ['{"foo": 1}', "[]", "no json", '{"find": 3}'])
def test_what_it_does_not_understand_is_answered_with_an_error(ask: Caller, line: str) -> None:
    assert ask.ask(line)["ok"] is False


def test_only_this_user_may_talk_to_it_and_it_cleans_up(house: House, tmp_path: Path) -> None:
    from kiosk.touch.autopilot import Autopilot

    path = tmp_path / "control"
    path.write_text("left over")
    pilot = Autopilot(stage().play(house.kiosk, LANDSCAPE, frames=0), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    pilot.close()
    assert not path.exists()
    stage().clear()


def test_asking_changes_nothing(house: House, ask: Caller) -> None:
    for question in ({"find": "start"}, {"all": True}, {"texts": True}):
        ask(**question)
    assert isinstance(house.screen, Attract)
    assert house.kiosk.idle_limit is None
