"""``python3 main.py chaos``: kill -9 of real processes inside every durable step, and the proof that nothing was lost or doubled.

See ``docs/chaos.md`` for what is killed, where, and what is asserted.
"""

from kiosk.chaos.command import chaos_command

__all__ = ["chaos_command"]
