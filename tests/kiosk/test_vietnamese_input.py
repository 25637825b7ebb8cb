"""The composer writes what Vietnamese hands mean: the whole list of the design, three methods, two styles, and its properties."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.vietnamese_input import TONES, Writing, compose, taken_apart

TELEX = """
tieengs tiếng  vieetj việt  vietej việt  nguwowif người  nguowif người  nguoiwf người  quyeets quyết  quoocs quốc
gif gì  ginf gìn  giaf già  gieengs giếng  giowf giờ  giuwx giữ  giuwowngf giường  giuowngf giường  ghis ghí
hoas hoá  hoaf hoà  hoef hoè  thuyr thuỷ  tuyf tuỳ  uyr uỷ  quys quý  quaf quà  quowr quở  quawngj quặng  quyj quỵ
khuyur khuỷu  khuyeen khuyên  khuya khuya  ngoaif ngoài  hoangf hoàng  toans toán  hoanhf hoành  huynhf huỳnh  suyts suýt
dduwowngf đường  dduowngf đường  duongwfd đường  dduocwj được  ddoongf đồng  ddaf đà  DDawngj Đặng  DDAWNGJ ĐẶNG
ngoawcj ngoặc  hoawcj hoặc  xoawn xoăn  tuaanf tuần  luaatj luật  tueej tuệ  hueej huệ  mias mía  muas múa  muaw mưa  cuwar cửa
tuis túi  chiuj chịu  caos cáo  yeeu yêu  ruwowuj rượu  ruouwj rượu  thuowr thuở  huow huơ  huowng hương  nuocws nước  uowcs ước
as á  asz a  aa â  aaa aa  aas ấ  ass as  aass âs  ddd dd  tw tư  w w  boong bông  booong boong  xoong xông
Nguyeenx Nguyễn  Nguyeexn Nguyễn  NGUYEENX NGUYỄN  Phuwowngj Phượng  Suwngf Sừng  Giangf Giàng  Vuwf Vừ  Laauf Lầu  Phuwr Phử
Phjaf Phjà  DDens Đén  Oawcs Oắc  faj fạ  slam slam  Bos Bó  Pacs Pác  Khuooir Khuổi  Naamj Nậm  Bawngf Bằng  Thachj Thạch
email email  facebook facebook  user user  windows windows  web web
"""
OLD = "hoas hóa  hoef hòe  thuyr thủy  uyr ủy  quys quý  hoangf hoàng  toans toán  khuyur khuỷu"
VNI = """
tie6ng1 tiếng  vie6t5 việt  ngu7o7i2 người  nguoi72 người  d9uong72 đường  D9a8ng5 Đặng  hoa8c5 hoặc  Nguye6n4 Nguyễn
quye61t quyết  gi2 gì  gia2 già  a11 a1  a66 a6  nuoc71 nước  mua7 mưa  tua6n2 tuần  thu7 thư  tho7 thơ
"""


def pairs(listed: str) -> list[tuple[str, str]]:
    flat = listed.split()
    return list(zip(flat[::2], flat[1::2], strict=True))


@pytest.mark.parametrize(("keys", "text"), pairs(TELEX))
def test_telex_writes(keys: str, text: str) -> None:
    assert compose(keys, "telex", "new") == text


@pytest.mark.parametrize(("keys", "text"), pairs(OLD))
def test_telex_puts_tones_in_the_old_place_when_asked(keys: str, text: str) -> None:
    assert compose(keys, "telex", "old") == text


@pytest.mark.parametrize(("keys", "text"), pairs(VNI))
def test_vni_writes(keys: str, text: str) -> None:
    assert compose(keys, "vni", "new") == text


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("thuơˀ", "thuở"),
        ("ngươi`", "người"),
        ("phươngˌ", "phượng"),
        ("Đăngˌ", "Đặng"),
        ("hoa`", "hoà"),
        ("quy´", "quý"),
        ("Oăc´", "Oắc"),
    ],
)
def test_direct_keys_write(keys: str, text: str) -> None:
    assert compose(keys, "direct") == text


def test_the_same_tone_key_again_removes_the_tone() -> None:
    assert compose("ba´´", "direct") == "ba"


def test_another_tone_key_changes_the_tone() -> None:
    assert compose("ba´`", "direct") == "bà"


def test_a_tone_key_before_any_vowel_is_ignored() -> None:
    assert compose("´ph`", "direct") == "ph"


def test_plain_keys_stay_as_they_are_for_languages_telex_would_spoil() -> None:
    assert compose("Hmoob", "plain") == "Hmoob"
    assert compose("Hmoob", "telex", final=False) == "Hmôb"


@pytest.mark.parametrize(("keys", "text"), pairs(TELEX))
def test_every_prefix_composes_to_nfc(keys: str, text: str) -> None:
    for end in range(len(keys) + 1):
        for method in ("telex", "vni", "direct"):
            made = compose(keys[:end], method, final=False)
            assert made == unicodedata.normalize("NFC", made)


@given(st.lists(st.sampled_from("aăâbcdđeêghiklmnoôơpqrstuưvxyfjwz1256789" + "".join(TONES)), max_size=12))
def test_any_keys_compose_to_nfc_without_error(keys: list[str]) -> None:
    for method in ("telex", "vni", "direct"):
        made = compose(keys, method)
        assert made == unicodedata.normalize("NFC", made)


ONSETS = ["", *"bcdđghklmnprstvx", "ch", "gh", "gi", "kh", "ng", "ngh", "nh", "ph", "qu", "th", "tr"]
RHYMES = """
a ai ao au ay ac ach am an ang anh ap at ăc ăm ăn ăng ăp ăt âc âm ân âng âp ât âu ây e em en eng eo ep et ê êch êm ên
ênh êp êt êu i ia ich im in inh ip it iu iêc iêm iên iêng iêp iêt iêu o oi oc om on ong op ot oa oai oan oang oat oăn oe
oen ô ôi ôc ôm ôn ông ôp ôt ơ ơi ơm ơn ơp ơt u ui uc um un ung up ut ua uôc uôi uôm uôn uông uôt uân uât uê uy uyên uyêt
uynh ư ưi ưc ưm ưng ưt ưa ưu ươc ươi ươm ươn ương ươp ươt ươu
"""


def syllables() -> list[str]:
    """Some five thousand syllables, good and merely possible: every onset with every rhyme and tone it may bear."""
    made = []
    for onset in ONSETS:
        for rhyme in RHYMES.split():
            if (onset in ("gi", "qu")) and rhyme[0] in "iuưoô":
                continue
            stop = rhyme[-1] in "cpt" or rhyme.endswith("ch")
            for tone in "´ˌ" if stop else ("", "´", "`", "ˀ", "~", "ˌ"):
                made.append(compose([*onset, *rhyme, *tone], "direct"))
    return made


def test_thousands_of_syllables_survive_the_way_through_keys_and_back() -> None:
    words = syllables()
    assert len(set(words)) > 5000
    assert [word for word in words if compose(taken_apart(word), "direct") != word] == []


def telex_of(syllable: str) -> str:
    """Telex keys of a syllable: marks doubled after their letter, tone at the end."""
    marks = {"ă": "aw", "â": "aa", "đ": "dd", "ê": "ee", "ô": "oo", "ơ": "ow", "ư": "uw"}
    tones = {"´": "s", "`": "f", "ˀ": "r", "~": "x", "ˌ": "j"}
    return "".join(marks.get(key, tones.get(key, key)) for key in taken_apart(syllable))


def test_telex_reaches_the_same_syllables() -> None:
    assert [word for word in syllables() if compose(telex_of(word), "telex") != word] == []


def typed(writing: Writing, keys: str) -> str:
    for key in keys:
        writing.press(key)
    return writing.finished


def test_writing_keeps_whole_lines_with_all_methods() -> None:
    assert (
        typed(Writing(method="telex"), "Nguyeenx Thij Dieeuj, xax Phja DDens, DDUWOWNGF 3")
        == "Nguyễn Thị Diệu, xã Phja Đén, ĐƯỜNG 3"
    )
    assert typed(Writing(method="vni"), "Nguye6n4 Thi5 Hoa2, D9UO7NG2 3") == "Nguyễn Thị Hoà, ĐƯỜNG 3"
    assert typed(Writing(method="direct"), "Nông Thiˌ Phươngˌ") == "Nông Thị Phượng"


@pytest.mark.parametrize("text", ["mau@thu.vn", "Số nhà 5, ngõ 2.", "004/KS-2020", "2.000815"])
def test_signs_of_the_keyboard_stay_signs_in_the_direct_method(text: str) -> None:
    assert typed(Writing(method="direct"), text) == text


def test_a_tone_key_still_acts_after_a_letter_was_deleted() -> None:
    writing = Writing("Nông Thị Phượngg")
    writing.delete()
    assert writing.text == "Nông Thị Phượng"
    writing.press("´")
    assert writing.text == "Nông Thị Phướng"


def test_the_tone_can_be_taken_off() -> None:
    writing = Writing("Hoà")
    writing.no_tone()
    assert writing.text == "Hoa"


def test_tone_keys_can_act_only_after_a_vowel_of_the_present_word() -> None:
    writing = Writing("Hoa ")
    assert not writing.can_tone
    writing.press("n")
    assert not writing.can_tone
    writing.press("a")
    assert writing.can_tone


def test_decomposed_text_is_taken_in_as_nfc() -> None:
    assert Writing(unicodedata.normalize("NFD", "Nguyễn")).text == "Nguyễn"
