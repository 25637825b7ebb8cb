"""Getting into the chip: which way, with which of the keys.

EF.CardAccess is asked for politely; Vietnamese cards refuse that in many ways (6D00, 6982, 6A82, 6A86, 6985), and every refusal
means basic access. A chip that offers PACE is told apart here, which is where PACE will hook in; until then it is opened by
basic access too. At most ``MAX_KEYS`` keys are tried, because chips slow down or lock after failures.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.idcard import tlv
from devices.idcard.apdu import read_binary, select_application, select_file
from devices.idcard.bac import AccessRefused, KeyRefused, authenticate
from devices.idcard.channel import PlainChannel, SecureChannel, Transport
from devices.idcard.errors import card_error
from devices.idcard.facts import Access, MrzKey

AID = bytes.fromhex("A0000002471001")
EF_CARD_ACCESS = 0x011C
MAX_KEYS = 4
_PACE = bytes.fromhex("04007F0007020204")
_NO_APPLICATION = {0x6A82, 0x6A86, 0x6A81, 0x6A80, 0x6A87, 0x6D00, 0x6E00, 0x6985, 0x6982, 0x6999, 0x6700, 0x6900, 0x6981}


@dataclass(frozen=True, slots=True)
class Opened:
    """A chip that lets itself be read: the channel, the way it was opened, the key that did it."""

    channel: SecureChannel
    access: Access
    key: MrzKey


def offers_pace(transport: Transport) -> bool:
    """Whether EF.CardAccess names a PACE protocol. Refusals of any kind mean no."""
    channel = PlainChannel(transport)
    if not channel.send(select_file(EF_CARD_ACCESS)).ok:
        return False
    answer = channel.send(read_binary(0, 256))
    if answer.sw not in (0x9000, 0x6282):
        return False
    try:
        infos = tlv.parse(tlv.find(answer.data, 0x31))
        return any(tlv.find(info, 0x06).startswith(_PACE) for tag, info in infos if tag == 0x30)
    except ValueError:
        return False


def open_chip(transport: Transport, keys: Sequence[MrzKey], random: Callable[[int], bytes] = secrets.token_bytes) -> Opened:
    """Select the application and open it with the first of ``keys`` that fits.

    Raises ``not_cccd`` when the chip has no such application, ``wrong_key`` when none of the first :data:`MAX_KEYS` keys fits,
    ``chip_unreadable`` when it refuses to take part.
    """
    # The order matters: EF.CardAccess belongs to the master file, which selecting the application leaves.
    offers_pace(transport)
    for key in keys[:MAX_KEYS]:
        selected = PlainChannel(transport).send(select_application(AID))
        if selected.sw in _NO_APPLICATION:
            raise card_error("not_cccd")
        if not selected.ok:
            raise card_error("chip_unreadable")
        try:
            return Opened(authenticate(transport, key, random), "bac", key)
        except KeyRefused:
            continue
        except AccessRefused:
            raise card_error("chip_unreadable") from None
    raise card_error("wrong_key")
