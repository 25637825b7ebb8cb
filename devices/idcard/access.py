"""Getting into the chip: which way, with which of the keys.

EF.CardAccess is asked for politely, directly and in the master file; Vietnamese cards refuse that in many ways (6D00, 6982, 6A82,
6A86, 6985), and every refusal means basic access. Where it offers PACE, the strongest way we know is taken, with the access number
first. A chip that refuses a key has judged it: no other way tries it again. A chip that stumbles over PACE itself is opened by
basic access. At most ``MAX_KEYS`` keys are tried, with growing pauses, because chips slow down or lock after failures; and a chip
that says it has one try left is left alone.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from devices.idcard import bac, pace, security_infos
from devices.idcard.apdu import select_application, select_master_file
from devices.idcard.channel import ChannelBroken, PlainChannel, SecureChannel, SecureMessaging, Transport
from devices.idcard.errors import card_error
from devices.idcard.facts import Access, Can, Key, MrzKey
from devices.idcard.files import File, FileMissing, Habits, read_file
from devices.idcard.groups import Random
from devices.idcard.pace import CamEvidence
from devices.idcard.pace_offers import PaceOffer, strongest
from devices.idcard.refusals import AccessRefused, KeyRefused

AID = bytes.fromhex("A0000002471001")
MAX_KEYS = 4
PAUSES_S = (0.3, 0.6, 1.2)
"""Seconds before the second, third and fourth key."""
_LAST_TRIES = (0, 1)
_NO_APPLICATION = {0x6A82, 0x6A86, 0x6A81, 0x6A80, 0x6A87, 0x6D00, 0x6E00, 0x6985, 0x6982, 0x6999, 0x6700, 0x6900, 0x6981}


@dataclass(frozen=True, slots=True)
class Opened:
    """A chip that lets itself be read: the channel, the way it was opened, the key that did it.

    ``cam``: what chip-authentication mapping leaves to be verified, see :func:`devices.idcard.pace.verify_cam`.
    """

    channel: SecureMessaging
    access: Access
    key: Key
    cam: CamEvidence | None = None


def pace_offer(transport: Transport) -> PaceOffer | None:
    """The strongest way of PACE that EF.CardAccess offers. Refusals of any kind, and damage, mean none."""
    # It belongs to the master file: selected already after power-on on most cards, and selectable on few.
    chip = PlainChannel(transport)
    try:
        card_access = _card_access(chip)
        if card_access is None and chip.send(select_master_file()).ok:
            card_access = _card_access(chip)
        return strongest(security_infos.parse(card_access)) if card_access else None
    except (ChannelBroken, ValueError):
        return None


def _card_access(chip: PlainChannel) -> bytes | None:
    try:
        return read_file(chip, File.CARD_ACCESS, Habits(short_ids=False))
    except FileMissing:
        return None


def open_chip(
    transport: Transport,
    keys: Sequence[Key],
    random: Random = secrets.token_bytes,
    pause: Callable[[float], None] = time.sleep,
    refused: list[Key] | None = None,
) -> Opened:
    """Open the chip and its application with the first of ``keys`` that fits; ``pause(seconds)`` waits between failures.

    ``refused``: what this chip has refused before, which counts and is not tried again; the keys it refuses now are added.

    Raises ``not_cccd`` when the chip has no such application, ``wrong_key`` when none of the first :data:`MAX_KEYS` keys fits,
    ``key_blocked_soon`` when one more failure could block it, ``pace_unavailable`` when an access number was all there was and the
    chip does not take it, ``chip_unreadable`` when it refuses to take part.
    """
    door = _Door(transport, random)
    refused = [] if refused is None else refused
    wanted = [key for key in dict.fromkeys(sorted(keys, key=lambda key: isinstance(key, MrzKey))) if key not in refused]
    for key in filter(door.takes, wanted):
        if len(refused) == MAX_KEYS:
            break
        if refused:
            pause(PAUSES_S[len(refused) - 1])
        try:
            return door.open(key)
        except KeyRefused as refusal:
            refused.append(key)
            if refusal.tries_left in _LAST_TRIES:
                raise card_error("key_blocked_soon") from None
        except ChannelBroken:
            if isinstance(key, MrzKey) or key == wanted[-1]:
                raise
        except AccessRefused:
            if isinstance(key, MrzKey):
                raise card_error("chip_unreadable") from None
    if refused:
        raise card_error("wrong_key")
    door.select()
    raise card_error("pace_unavailable")


class _Door:
    """The chip while it is still shut. It forgets about PACE once that has failed for another reason than the key."""

    def __init__(self, transport: Transport, random: Random) -> None:
        self._transport = transport
        self._random = random
        self._offer = pace_offer(transport)

    def takes(self, key: Key) -> bool:
        """Whether there is a way left on which ``key`` could open."""
        return isinstance(key, MrzKey) or self._offer is not None

    def open(self, key: Key) -> Opened:
        """Raises :class:`KeyRefused`, :class:`AccessRefused`, :class:`ChannelBroken`, or ``not_cccd``."""
        if self._offer:
            offer, self._offer = self._offer, None
            try:
                return self._by_pace(offer, key)
            except KeyRefused:
                self._offer = offer
                raise
            except (AccessRefused, ChannelBroken):
                if isinstance(key, Can):
                    raise
        assert isinstance(key, MrzKey), "an access number is for PACE alone"
        self.select()
        return Opened(bac.authenticate(self._transport, key, self._random), "bac", key)

    def _by_pace(self, offer: PaceOffer, key: Key) -> Opened:
        session, evidence = pace.authenticate(self._transport, offer, key, self._random)
        _select(session)
        return Opened(session, "pace-can" if isinstance(key, Can) else "pace-mrz", key, evidence)

    def select(self) -> None:
        """Select the application in the clear. Raises ``not_cccd`` or ``chip_unreadable``."""
        _select(PlainChannel(self._transport))


def _select(channel: SecureChannel) -> None:
    selected = channel.send(select_application(AID))
    if selected.sw in _NO_APPLICATION:
        raise card_error("not_cccd")
    if not selected.ok:
        raise card_error("chip_unreadable")
