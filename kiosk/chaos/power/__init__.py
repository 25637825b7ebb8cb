"""``chaos power``: a workload on a real file system whose disk is cut at any moment, block by block. See ``docs/chaos.md``."""

from kiosk.chaos.power.rig import add_arguments, run

__all__ = ["add_arguments", "run"]
