"""The card's twin: a software chip with its own issuer, behind a virtual reader of a real pcscd.

``with PcscdTwin() as reader: reader.lay(ChipTwin())`` puts an invented citizen's card where any PC/SC program finds it.
Everything between the kiosk and the chip's own program is the real thing. Test and training only: its keys are worth nothing.
"""

from __future__ import annotations

from devices.idcard.twin.chip import ChipTwin, Faults, Profile
from devices.idcard.twin.issuer import TwinIssuer
from devices.idcard.twin.pcscd import PcscdTwin
from devices.idcard.twin.people import SAMPLES, Citizen
from devices.idcard.twin.vpcd import VpcdCard

__all__ = ["SAMPLES", "ChipTwin", "Citizen", "Faults", "PcscdTwin", "Profile", "TwinIssuer", "VpcdCard"]
