"""Is the chip a copy? Chip authentication where DG14 offers it, else active authentication with DG15 (ICAO Doc 9303-11, 6).

A copy can hold every file, but no private key. What the security object lists is owed: a chip that hides DG14 or DG15 may be a copy
stripped of the files that would give it away. The proof comes after all files of the reading, so none is lost by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from devices.idcard import active, chip_auth
from devices.idcard.channel import SecureMessaging
from devices.idcard.facts import CloneCheck
from devices.idcard.groups import Random
from devices.idcard.proofs import ProofFailed, ProofRefused

CHIP_GROUP, ACTIVE_GROUP = 14, 15
Doubt = Literal["", "chip_copied", "proof_withheld", "proof_refused", "proof_unusable"]
"""Why no proof was made: the chip does not hold its own key; it hides a file that was signed; it does not take part; its files hold
no key that can be used. Empty: there is a proof, or the chip never had one to make."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    check: CloneCheck = "none"
    doubt: Doubt = ""


def offers_chip_authentication(dg14: bytes | None) -> bool:
    """Whether DG15 need not be read."""
    try:
        return dg14 is not None and chip_auth.offer(dg14) is not None
    except ValueError:
        return False


def check(channel: SecureMessaging, groups: Mapping[int, bytes | None], random: Random) -> Outcome:
    """Let the chip prove that it is no copy. ``groups``: DG14 and DG15 as far as they are listed; ``None`` where it hid one."""
    try:
        return Outcome(_prove(channel, groups, random))
    except ProofFailed:
        return Outcome(doubt="chip_copied")
    except ProofRefused:
        doubt: Doubt = "proof_refused"
    except ValueError:
        doubt = "proof_unusable"
    return Outcome(doubt="proof_withheld" if None in groups.values() else doubt)


def _prove(channel: SecureMessaging, groups: Mapping[int, bytes | None], random: Random) -> CloneCheck:
    dg14, dg15 = groups.get(CHIP_GROUP), groups.get(ACTIVE_GROUP)
    offered = chip_auth.offer(dg14) if dg14 else None
    if offered:
        chip_auth.prove(channel, offered, random)
        return "chip"
    if dg15:
        active.prove(channel, dg15, random, dg14)
        return "active"
    if None in groups.values():
        raise ProofRefused("a listed file is hidden")
    return "none"
