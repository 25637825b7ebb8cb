"""``python -m kiosk.chaos.link --profile loss20 --province "COMMAND" COMMAND …``: try anything over a bad line, by hand.

The province's command runs at the far end (198.18.0.2) until the kiosk's command at this end is over; then the traffic is told.
"""

from __future__ import annotations

import argparse
import json
import shlex
import subprocess
import sys
from dataclasses import asdict

from kiosk.chaos.link import PROFILES, Link, LinkError, Side


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m kiosk.chaos.link", description="Chạy hai lệnh ở hai đầu một đường truyền xấu.")
    parser.add_argument("--profile", choices=[*PROFILES], default="clean")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--province", default="sleep infinity", help="lệnh ở đầu tỉnh")
    parser.add_argument("command", nargs="+", help="lệnh ở đầu ki-ốt")
    given = parser.parse_args()
    try:
        with Link(PROFILES[given.profile], given.seed) as link:
            far = subprocess.Popen(link.inside(Side.PROVINCE, shlex.split(given.province)))
            try:
                code = subprocess.run(link.inside(Side.KIOSK, given.command), check=False).returncode
            finally:
                far.kill()
                far.wait()
            sys.stderr.write(json.dumps(asdict(link.traffic())) + "\n")
            return code
    except LinkError as error:
        sys.stderr.write(f"{error.message_vi} {error.cure_vi}\n")
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
