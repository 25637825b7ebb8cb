"""Which keys may open a card: the expiry follows from birth and issue by the law's milestones."""

from __future__ import annotations

import pytest

from devices.errors import DeviceError
from devices.idcard import key_candidates
from devices.idcard.access import MAX_KEYS

NUMBER = "004190000001"


def expiries(birth: str, issued: str = "", expires: str = "") -> list[str]:
    return [key.expiry_yymmdd for key in key_candidates(NUMBER, birth, issued, expires)]


@pytest.mark.parametrize(
    ("birth", "issued", "likeliest"),
    [
        ("1990-02-01", "2021-04-15", "300201"),
        ("2002-02-01", "2021-04-15", "270201"),
        ("1970-02-01", "2021-04-15", "300201"),
        ("1950-02-01", "2021-04-15", "991231"),
        ("2015-02-01", "2024-08-15", "290201"),
    ],
)
def test_the_card_runs_to_the_next_milestone(birth: str, issued: str, likeliest: str) -> None:
    assert expiries(birth, issued) == [likeliest]


@pytest.mark.parametrize(
    ("birth", "issued", "tried"),
    [
        ("1998-02-01", "2021-04-15", ["380201", "230201"]),
        ("1983-02-01", "2021-04-15", ["430201", "230201"]),
        ("1962-06-01", "2021-04-15", ["991231", "220601"]),
        ("2011-06-01", "2024-08-15", ["360601", "250601"]),
    ],
)
def test_a_milestone_less_than_two_years_away_is_skipped_and_tried_last(birth: str, issued: str, tried: list[str]) -> None:
    assert expiries(birth, issued) == tried


def test_exactly_two_years_before_the_milestone_still_counts() -> None:
    assert expiries("1998-02-01", "2021-02-01") == ["230201"]


def test_the_date_on_the_card_beats_every_rule() -> None:
    assert expiries("1990-02-01", "2021-04-15", "01/02/2031") == ["310201"]


@pytest.mark.parametrize("text", ["Không thời hạn", "không thời hạn", "31/12/9999", "991231"])
def test_a_card_without_end_has_the_coded_date(text: str) -> None:
    assert expiries("1950-02-01", "", text) == ["991231"]


def test_without_the_date_of_issue_few_keys_remain() -> None:
    assert expiries("1990-02-01") == ["300201", "500201", "150201", "991231"]
    assert len(expiries("1990-02-01")) <= MAX_KEYS


def test_a_leap_day_birthday_may_be_kept_on_either_side() -> None:
    assert expiries("2000-02-29", "2021-04-15") == ["250228", "250301"]


def test_a_birth_known_by_year_is_filled_as_the_standard_says_then_as_offices_do() -> None:
    assert [key.birth_yymmdd for key in key_candidates(NUMBER, "1950", "2021-04-15")] == ["50<<<<", "500101"]
    assert [key.birth_yymmdd for key in key_candidates(NUMBER, "03/1950")] == ["5003<<", "500301"]


def test_the_document_number_is_the_last_nine_digits() -> None:
    assert key_candidates(NUMBER, "1990-02-01", "2021-04-15")[0].document == "190000001"
    assert key_candidates("190000001", "1990-02-01", "2021-04-15")[0].document == "190000001"


@pytest.mark.parametrize(
    ("number", "birth", "issued", "code"),
    [
        ("12345", "1990-02-01", "", "number_invalid"),
        ("00419000000A", "1990-02-01", "", "number_invalid"),
        ("００４１９００００００１", "1990-02-01", "", "number_invalid"),
        (NUMBER, "1990-02-30", "", "date_invalid"),
        (NUMBER, "hôm qua", "", "date_invalid"),
        (NUMBER, "1990-02-01", "1980-01-01", "date_invalid"),
    ],
)
def test_nonsense_is_refused_by_name(number: str, birth: str, issued: str, code: str) -> None:
    with pytest.raises(DeviceError) as caught:
        key_candidates(number, birth, issued)
    assert caught.value.code == code
    assert caught.value.cure_vi


@pytest.mark.parametrize(("issued", "expires"), [("1980-01-01", ""), ("", "01/02/1980")])
def test_dates_in_the_wrong_order_are_not_called_missing_from_the_calendar(issued: str, expires: str) -> None:
    with pytest.raises(DeviceError) as caught:
        key_candidates(NUMBER, "1990-02-01", issued, expires)
    assert "trước ngày sinh" in caught.value.message_vi
