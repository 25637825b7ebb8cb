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


def suffices(groups: Mapping[int, bytes | None]) -> bool:
    """Whether DG14 offers chip authentication, so that DG15 need not be read."""
    try:
        dg14 = groups.get(CHIP_GROUP)
        return dg14 is not None and chip_auth.offer(dg14) is not None
    except ValueError:
        return False


def check(channel: SecureMessaging, groups: Mapping[int, bytes | None], random: Random) -> Outcome:
    """Let the chip prove that it is no copy. ``groups``: what was read of the listed groups; ``None`` where the chip gave none."""
    dg14, dg15 = groups.get(CHIP_GROUP), groups.get(ACTIVE_GROUP)
    try:
        if dg14 and (offered := chip_auth.offer(dg14)):
            chip_auth.prove(channel, offered, random)
            return Outcome("chip")
        if dg15:
            active.prove(channel, dg15, random, dg14)
            return Outcome("active")
    except ProofFailed:
        return Outcome(doubt="chip_copied")
    except ProofRefused:
        return Outcome(doubt="proof_refused")
    except ValueError:
        return Outcome(doubt="proof_unusable")
    hidden = any(groups.get(number, b"") is None for number in (CHIP_GROUP, ACTIVE_GROUP))
    return Outcome(doubt="proof_withheld" if hidden else "")
