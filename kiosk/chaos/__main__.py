"""``python -m kiosk.chaos``: the command itself, for a torment that starts again inside its cage."""

import sys

from kiosk.chaos.command import chaos_command

sys.exit(chaos_command(sys.argv[1:]))
