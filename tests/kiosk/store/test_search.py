"""Search: beginnings of words without accents, newest first; the middle of words where nothing begins so; nothing left behind."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kiosk.machine import Machine
from kiosk.store import search
from tests.kiosk.machines import make_machine
from tests.kiosk.store.pages import plain_pages

NAMES = {
    "d1": "Nông Thị Mẫu | 7-261125-0001-K",
    "d2": "Hoàng Văn Thử | 7-261125-0002-M | H14.99-261125-0007",
    "d3": "Đặng Thị Ngọc Ánh | 7-261126-0003-P",
    "d4": "Nông Văn Thử | 7-261126-0004-T",
}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    machine = make_machine(tmp_path)
    with machine.store.transaction():
        for dossier, text in NAMES.items():
            search.put(machine.store.db, dossier, search.text_of(*text.split(" | ")))
    return machine


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("nong", ["d4", "d1"]),
        ("NÔNG", ["d4", "d1"]),
        ("thử văn", ["d4", "d2"]),
        ("dang ng", ["d3"]),
        ("đ", ["d3"]),
        ("0007", ["d2"]),
        ("H14.99-261125", ["d2"]),
        ("7-261126", ["d4", "d3"]),
        ("oang", ["d2"]),
        ("goc", ["d3"]),
        ("không có", []),
        ("nong hoang", []),
        ("  ", []),
        ('"*', []),
        ("mau OR thu", []),
    ],
)
def test_words_are_found(machine: Machine, query: str, found: list[str]) -> None:
    assert machine.store.search(query, 10) == found


def test_no_more_than_asked_for_and_the_newest_of_them(machine: Machine) -> None:
    assert machine.store.search("thi", 1) == ["d3"]


def test_a_changed_text_is_found_by_its_new_words_only_and_keeps_its_place(machine: Machine) -> None:
    with machine.store.transaction():
        search.put(machine.store.db, "d1", search.text_of("Lý Thị Mới"))
    assert machine.store.search("mau", 10) == []
    assert machine.store.search("thi", 10) == ["d3", "d1"]


def test_the_index_agrees_with_the_texts_however_often_they_change(machine: Machine) -> None:
    dice, words = random.Random(5), ["nong", "nong", "van", "thu", "mau", "hoang", "a", "ab", "abc", "7", "261125", "0001"]
    for _ in range(60):
        with machine.store.transaction():
            for dossier in dice.sample(range(8), 3):
                if dice.random() < 0.3:
                    search.remove(machine.store.db, f"d{dossier}")
                else:
                    search.put(machine.store.db, f"d{dossier}", " ".join(dice.choices(words, k=dice.randint(1, 6))))
        assert search.damage(machine.store.db) == ""


def test_a_removed_text_leaves_nothing_in_the_index(machine: Machine) -> None:
    word = "zyxwvu"
    with machine.store.transaction():
        search.put(machine.store.db, "d9", f"aaaa {word}")
    key = machine.keyring.store
    machine.store.scrub()
    assert any(word.encode() in page for page in plain_pages(machine.store.path, key))
    with machine.store.transaction():
        search.remove(machine.store.db, "d9")
    machine.store.scrub()
    assert not any(word.encode() in page for page in plain_pages(machine.store.path, key))
    assert search.damage(machine.store.db) == ""
