"""The tormented courier: export to a stick, the province's import and answer, home again, without end, until it is killed.

It works beside the sync process on the same store, so what the stick brings has often come by air already. What a kill left on the
stick stays there for the next one.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from kiosk.chaos.worker import say
from kiosk.config import load
from kiosk.demo.processes import product
from kiosk.machine import open_machine
from kiosk.stick import export_to, import_from
from sync.errors import SyncError
from sync.steps import watch_if_asked


def main(state: str, province: str, stick: str) -> None:
    """Carry; never returns by itself."""
    watch_if_asked()
    machine = open_machine(load(Path(state)))
    root = Path(stick)
    root.mkdir(exist_ok=True)
    say("READY", "")
    while True:
        try:
            export_to(machine, root)
            words = product("province", "bundle-import", str(root), "--state", province, "--json")
            subprocess.run(words, capture_output=True, check=False)
            for one in import_from(machine, root):
                say("CAME", one.error.code if one.error else "whole")
        except SyncError as error:
            say("REFUSED", error.code)
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])
