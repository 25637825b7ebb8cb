"""The technician's commands as programs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_reader_that_has_enough_gets_no_traceback() -> None:
    asking = "import sys; from kiosk.devices_cli import device_command; sys.exit(device_command(['box', 'list']))"
    unread, written = os.pipe()
    os.close(unread)
    with open(written, "wb") as output:
        done = subprocess.run([sys.executable, "-c", asking], cwd=ROOT, stdout=output, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (141, b"")
