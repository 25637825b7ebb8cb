"""Secure messaging in every cipher between our terminal and our chip, and what an answer must not be; a dead session stays dead."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devices.idcard import tlv
from devices.idcard.apdu import Answer, Command
from devices.idcard.channel import ChannelBroken, CipherSuite, PlainChannel, SecureMessaging, session_suite
from devices.idcard.crypto import KEY_BYTES, CipherName, pad
from devices.idcard.twin.session import ChipSession, Refuse, Reply

CIPHERS = sorted(KEY_BYTES)
READ = Command(0, 0xB0, 0, 0, b"", 200)
READ_FAR = Command(0, 0xB1, 0, 0, bytes.fromhex("54020400"), 200)
SELECT = Command(0, 0xA4, 2, 0x0C, b"\x01\x01")
OK = Reply.of(b"some data")


@pytest.fixture(params=CIPHERS)
def suite(request: pytest.FixtureRequest) -> CipherSuite:
    return session_suite(request.param, b"a secret both sides share")


class Line:
    """A chip that answers with ``reply`` under secure messaging; ``change`` is what the line makes of its answers."""

    def __init__(self, suite: CipherSuite, reply: Reply = OK, change: Callable[[bytes], bytes] = lambda raw: raw) -> None:
        self._session = ChipSession(suite)
        self._reply = reply
        self._change = change
        self.heard: list[Command] = []
        self.sent: list[bytes] = []

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu)
        answer, self._session = self._session.answer(Command.decode(apdu), self._act)
        return self._change(answer)

    def _act(self, command: Command) -> Reply:
        self.heard.append(command)
        return self._reply


@pytest.mark.parametrize("command", [READ, READ_FAR, SELECT, Command(0, 0x88, 0, 0, bytes(range(8)), 256)])
def test_both_sides_understand_each_other(suite: CipherSuite, command: Command) -> None:
    line = Line(suite)
    session = SecureMessaging(line, suite)
    for _ in range(3):
        assert session.send(command) == Answer(b"some data", 0x9000)
    assert line.heard == [command] * 3


def test_data_of_odd_instructions_travels_without_a_padding_indicator(suite: CipherSuite) -> None:
    line = Line(suite)
    SecureMessaging(line, suite).send(READ_FAR)
    tags = [tag for tag, _ in tlv.parse(Command.decode(line.sent[0]).data)]
    assert tags == [0x85, 0x97, 0x8E]
    SecureMessaging(Line(suite), suite).send(SELECT)


@pytest.mark.parametrize("sw", [0x6282, 0x6A82, 0x6982, 0x6B00])
def test_status_words_come_through(suite: CipherSuite, sw: int) -> None:
    session = SecureMessaging(Line(suite, Reply.of(b"", sw)), suite)
    assert session.send(READ) == Answer(b"", sw)
    assert session.send(READ) == Answer(b"", sw)


@pytest.mark.parametrize("count", [223, 256, 257, 2048, 30_000])
def test_long_answers_and_commands_are_of_extended_length_only_where_they_must(suite: CipherSuite, count: int) -> None:
    line = Line(suite, Reply.of(bytes(count)) if count != 256 else OK)
    session = SecureMessaging(line, suite)
    assert session.send(Command(0, 0xB0, 0, 0, b"", count)).data in (bytes(count), b"some data")
    assert (line.sent[0][4] == 0) == (count > 256)
    session.send(Command(0, 0xD6, 0, 0, bytes(count), 65_536))
    assert line.heard[-1].data == bytes(count)


def test_the_counter_starts_anew_with_each_session_and_never_repeats(suite: CipherSuite) -> None:
    line = Line(suite)
    session = SecureMessaging(line, suite)
    for _ in range(3):
        session.send(READ)
    assert len(set(line.sent)) == 3
    again = Line(suite)
    SecureMessaging(again, suite).send(READ)
    assert again.sent[0] == line.sent[0]


def test_any_bit_that_turns_over_ends_the_session(suite: CipherSuite) -> None:
    length = len(Line(suite).transmit(SecureMessaging(Line(suite), suite).wrap(READ)))
    for bit in range(8 * length):

        def flip(raw: bytes, bit: int = bit) -> bytes:
            return raw[: bit // 8] + bytes([raw[bit // 8] ^ 1 << bit % 8]) + raw[bit // 8 + 1 :]

        line = Line(suite, change=flip)
        with pytest.raises(ChannelBroken):
            SecureMessaging(line, suite).send(READ)


def test_a_session_that_has_ended_sends_nothing_more(suite: CipherSuite) -> None:
    line = Line(suite, change=lambda raw: raw[:-2] + b"\x6f\x00")
    session = SecureMessaging(line, suite)
    for _ in range(3):
        with pytest.raises(ChannelBroken):
            session.send(READ)
    assert len(line.sent) == 1


def test_a_card_pulled_in_the_middle_ends_the_session_too(suite: CipherSuite) -> None:
    line = Line(suite)

    def pulled(raw: bytes) -> bytes:
        line._change = lambda raw: raw
        raise OSError("pulled")

    line._change = pulled
    session = SecureMessaging(line, suite)
    with pytest.raises(OSError, match="pulled"):
        session.send(READ)
    with pytest.raises(ChannelBroken):
        session.send(READ)


def forged(suite: CipherSuite, *objects: tuple[int, bytes], trailer: bytes = b"\x90\x00") -> bytes:
    """What a chip that has the keys could send as its first answer."""
    ssc = (2).to_bytes(suite.block, "big")
    body = b"".join(tlv.build(tag, value if tag in (0x99, 0x81) else sealed(suite, ssc, tag, value)) for tag, value in objects)
    return body + tlv.build(0x8E, suite.mac(ssc + body)) + trailer


def sealed(suite: CipherSuite, ssc: bytes, tag: int, value: bytes) -> bytes:
    return (b"\x01" if tag == 0x87 else b"") + suite.encrypt(ssc, value)


GOOD = (0x99, b"\x90\x00")
FORGERIES: dict[str, tuple[tuple[tuple[int, bytes], ...], bytes]] = {
    "no status": (((0x87, pad(b"data", 16)),), b"\x90\x00"),
    "nothing": ((), b"\x90\x00"),
    "another status outside": ((GOOD,), b"\x62\x82"),
    "another status inside": (((0x99, b"\x62\x82"),), b"\x90\x00"),
    "a long status": (((0x99, b"\x90\x00\x00"),), b"\x90\x00"),
    "status before data": ((GOOD, (0x87, pad(b"data", 16))), b"\x90\x00"),
    "two statuses": ((GOOD, GOOD), b"\x90\x00"),
    "data twice": (((0x87, pad(b"a", 16)), (0x87, pad(b"b", 16)), GOOD), b"\x90\x00"),
    "data in the clear": (((0x81, b"data"), GOOD), b"\x90\x00"),
    "an unknown object": (((0x80, pad(b"data", 16)), GOOD), b"\x90\x00"),
    "no padding": (((0x87, bytes(16)), GOOD), b"\x90\x00"),
    "data of odd instructions": (((0x85, pad(b"data", 16)), GOOD), b"\x90\x00"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_right_mac_does_not_make_every_answer_right(suite: CipherSuite, name: str) -> None:
    objects, trailer = FORGERIES[name]
    answer = forged(suite, *objects, trailer=trailer)
    session = SecureMessaging(Line(suite, change=lambda raw: answer), suite)
    with pytest.raises(ChannelBroken):
        session.send(READ)
    assert SecureMessaging(Line(suite, change=lambda raw: forged(suite, GOOD)), suite).send(READ).ok


@pytest.mark.parametrize("answer", ["", "90", "9000", "6982", "99029000", "8E089000", "00" * 20])
def test_unprotected_and_cut_off_answers_end_the_session(suite: CipherSuite, answer: str) -> None:
    session = SecureMessaging(Line(suite, change=lambda raw: bytes.fromhex(answer)), suite)
    with pytest.raises(ChannelBroken):
        session.send(READ)


class Endless:
    """A chip that always has more to say. ``sent`` counts the commands it got."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self.sent = 0

    def transmit(self, apdu: bytes) -> bytes:
        self.sent += 1
        return self._answer


def test_an_answer_without_an_end_is_given_up(suite: CipherSuite) -> None:
    endless = Endless(bytes(256) + b"\x61\xff")
    with pytest.raises(ChannelBroken, match="without an end"):
        SecureMessaging(endless, suite).send(READ)
    assert endless.sent < 1000


@pytest.mark.parametrize("size", [257, 5_000, 1_000_000])
def test_an_answer_longer_than_was_asked_for_is_refused(suite: CipherSuite, size: int) -> None:
    oversized = Endless(bytes(size) + b"\x90\x00")
    with pytest.raises(ChannelBroken, match="bytes"):
        SecureMessaging(oversized, suite).send(READ)
    with pytest.raises(ChannelBroken, match="bytes"):
        PlainChannel(oversized).send(READ)


def test_an_answer_in_parts_is_put_together(suite: CipherSuite) -> None:
    class Parts(Line):
        def transmit(self, apdu: bytes) -> bytes:
            if apdu[1] != 0xC0:
                self.left = super().transmit(apdu)
            part, self.left = self.left[:7], self.left[7:]
            return part if not self.left else part + bytes([0x61, len(self.left)])

    assert SecureMessaging(Parts(suite), suite).send(READ) == Answer(b"some data", 0x9000)


def test_the_chip_refuses_wrong_protection_and_forgets_nothing_it_should_not(suite: CipherSuite) -> None:
    good = SecureMessaging(Line(suite), suite).wrap(SELECT)
    for at in range(5, len(good) - 1):
        changed = good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :]
        with pytest.raises((Refuse, ValueError)):
            ChipSession(suite).answer(Command.decode(changed), lambda command: OK)


def test_ciphers_do_not_understand_each_other() -> None:
    names: list[CipherName] = ["3des", "aes-128", "aes-192", "aes-256"]
    for name, other in zip(names, names[1:] + names[:1], strict=True):
        line = Line(session_suite(other, b"secret"))
        with pytest.raises((ChannelBroken, Refuse, ValueError)):
            SecureMessaging(line, session_suite(name, b"secret")).send(READ)
