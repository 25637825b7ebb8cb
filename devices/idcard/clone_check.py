"""Is the chip a copy? What PACE has proved, else chip authentication by DG14, else active authentication by DG15 (Doc 9303-11, 6).

A copy can hold every file, but no private key. What the security object lists is owed: a chip that hides DG14 or DG15 may be a copy
stripped of the files that would give it away. The proof comes after all files of the reading, so none is lost by it.
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
from devices.idcard.public_keys import ec_public_key

CHIP_GROUP, ACTIVE_GROUP = 14, 15
Doubt = Literal["", "chip_copied", "proof_withheld", "proof_refused", "proof_unusable"]
"""Why no proof was made: the chip does not hold its own key; it hides a file that was signed; it does not take part; its files hold
no key that can be used. Empty: there is a proof, or the chip never had one to make."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    check: CloneCheck = "none"
    doubt: Doubt = ""


def suffices(opened: Opened, groups: Mapping[int, bytes | None]) -> bool:
    """Whether DG14 is enough for a proof, so that DG15 need not be read."""
    try:
        dg14 = groups.get(CHIP_GROUP)
        return dg14 is not None and (opened.cam is not None or chip_auth.offer(dg14) is not None)
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
    """Whether PACE has proved the chip already, by chip-authentication mapping (Doc 9303-11, 4.4.3.5).

    Raises :class:`ProofFailed` when DG14 has keys for its group, and the chip holds none of them.
    """
    keys = [key.public_key for key in security_infos.chip_keys(security_infos.parse(tlv.find(dg14, File.DG14.tag)))]
    on_the_curve = [key for key in keys if _is_on(evidence, key)]
    if on_the_curve and not any(verify_cam(evidence, key) for key in on_the_curve):
        raise ProofFailed("the chip does not hold the key it mapped with")
    return bool(on_the_curve)


def _is_on(evidence: CamEvidence, public_key: bytes) -> bool:
    try:
        return ec_public_key(public_key)[0] == evidence.group
    except ValueError:
        return False
