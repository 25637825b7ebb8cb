"""How a chip can fail to prove that it is no copy: two outcomes that must never be mixed up."""

from __future__ import annotations


class ProofRefused(Exception):
    """The chip does not take part, or the link broke: nothing is proved, for it or against it."""


class ProofFailed(Exception):
    """The chip took part and answered wrongly: it does not hold the key its files speak of."""
