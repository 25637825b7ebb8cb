"""Is the chip a copy? What PACE has proved, else chip authentication by DG14, else active authentication by DG15 (Doc 9303-11, 6).

A copy can hold every file, but no private key. Chip-authentication mapping counts with a key in DG14 and convicts nobody:
EF.CardAccess, which offers it, is signed by nobody, and a chip may map with a key that stands in EF.CardSecurity alone, which is
not read. Only a proof that was asked for and came out wrong names a copy. What the security object lists is owed: a chip that hides
DG14 or DG15 may be a copy stripped of the files that would give it away. The proof comes after all files of the reading, so none is
lost by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from devices.idcard import active, chip_auth, security_infos, tlv
from devices.idcard.access import Opened
from devices.idcard.facts import CloneCheck
from devices.idcard.files import File
from devices.idcard.groups import Random
from devices.idcard.pace import CamEvidence, verify_cam
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
    """Whether DG14 has a key to prove with, so that DG15 need not be read."""
    try:
        dg14 = groups.get(CHIP_GROUP)
        return dg14 is not None and chip_auth.offer(dg14) is not None
    except ValueError:
        return False


def check(opened: Opened, groups: Mapping[int, bytes | None], random: Random) -> Outcome:
    """Let the chip prove that it is no copy. ``groups``: what was read of the listed groups; ``None`` where the chip gave none."""
    dg14, dg15 = groups.get(CHIP_GROUP), groups.get(ACTIVE_GROUP)
    try:
        if dg14 and opened.cam and _mapped(opened.cam, dg14):
            return Outcome("chip")
        if dg14 and (offered := chip_auth.offer(dg14)):
            chip_auth.prove(opened.channel, offered, random)
            return Outcome("chip")
        if dg15:
            active.prove(opened.channel, dg15, random, dg14)
            return Outcome("active")
    except ProofFailed:
        return Outcome(doubt="chip_copied")
    except ProofRefused:
        return Outcome(doubt="proof_refused")
    except ValueError:
        return Outcome(doubt="proof_unusable")
    hidden = any(groups.get(number, b"") is None for number in (CHIP_GROUP, ACTIVE_GROUP))
    return Outcome(doubt="proof_withheld" if hidden else "")


def _mapped(evidence: CamEvidence, dg14: bytes) -> bool:
    """Whether PACE has proved already that the chip holds a key of DG14, by chip-authentication mapping (Doc 9303-11, 4.4.3.5)."""
    keys = security_infos.chip_keys(security_infos.parse(tlv.find(dg14, File.DG14.tag)))
    return any(_mapped_with(evidence, key.public_key) for key in keys)


def _mapped_with(evidence: CamEvidence, public_key: bytes) -> bool:
    try:
        return verify_cam(evidence, public_key)
    except ValueError:
        return False  # a key of another kind
