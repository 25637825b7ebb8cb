"""A bad line between two real processes on this machine, in user space. See ``docs/chaos.md``."""

from kiosk.chaos.link.link import Link, LinkError, Side, Traffic
from kiosk.chaos.link.profile import PROFILES, Profile, Spell
from kiosk.chaos.link.profile import PROVINCE as PROVINCE_ADDRESS

__all__ = ["PROFILES", "PROVINCE_ADDRESS", "Link", "LinkError", "Profile", "Side", "Spell", "Traffic"]
