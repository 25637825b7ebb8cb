"""``python3 main.py simulate``: seeded schedules of faults over the real protocol core and merge. See ``docs/simulator.md``."""

from kiosk.simulate.command import simulate_command

__all__ = ["simulate_command"]
