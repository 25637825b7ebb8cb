"""The demonstration: one machine plays the commune, the line and the province, with twins for the hardware.

It uses the product's own commands as separate processes and speaks to the province only over the wire and its command line.
"""

from kiosk.demo.command import demo_command

__all__ = ["demo_command"]
