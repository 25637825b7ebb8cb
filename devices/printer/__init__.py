"""Receipt printer (máy in phiếu): blocks to a picture, a picture to ESC/POS bytes, bytes to paper with an honest outcome.

``render`` draws the slip, ``open_printer`` gives the printer at an address, ``Printer.print`` says ``printed``, ``uncertain`` or
``not_started``. ``twin`` has the stand-in printer, ``spool`` the rules that follow from an outcome. See docs/printing.md.
"""

from devices.printer.driver import Printer, open_printer
from devices.printer.paper import Banner, Block, Gap, Line, Pair, QrBlock, Rule, Signatures, copy_mark
from devices.printer.profiles import Profile, profile, profiles
from devices.printer.render import render
from devices.printer.spool import JobState, PrintOutcome, state_after, state_after_restart
from devices.printer.status import PrinterStatus

__all__ = [
    "Banner",
    "Block",
    "Gap",
    "JobState",
    "Line",
    "Pair",
    "PrintOutcome",
    "Printer",
    "PrinterStatus",
    "Profile",
    "QrBlock",
    "Rule",
    "Signatures",
    "copy_mark",
    "open_printer",
    "profile",
    "profiles",
    "render",
    "state_after",
    "state_after_restart",
]
