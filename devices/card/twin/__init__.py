"""The card's twin: a software chip with its own issuer, behind a virtual reader of a real pcscd.

``with PcscdTwin() as reader: reader.lay(ChipTwin())`` puts an invented citizen's card where any PC/SC program finds it.
Everything between the kiosk and the chip's own program is the real thing. Test and training only: its keys are worth nothing.
"""

from __future__ import annotations

from devices.card.twin.chip import ChipTwin, Faults, Profile
from devices.card.twin.issuer import TwinIssuer
from devices.card.twin.pcscd import PcscdTwin
from devices.card.twin.people import SAMPLES, Citizen
from devices.card.twin.vpcd import VpcdCard

__all__ = ["SAMPLES", "ChipTwin", "Citizen", "Faults", "PcscdTwin", "Profile", "TwinIssuer", "VpcdCard"]
