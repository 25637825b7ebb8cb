"""``python3 main.py bench``: each benchmark against its peer in one run, reported as a ratio. See ``docs/bench.md``."""

from kiosk.bench.command import bench_command

__all__ = ["bench_command"]
