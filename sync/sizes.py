"""Sizes as people read them."""

from __future__ import annotations


def size_vi(size: int) -> str:
    """«12,3 MB» or «45 KB», of bytes."""
    return f"{size / 1_000_000:.1f} MB".replace(".", ",") if size >= 100_000 else f"{max(1, -(-size // 1000))} KB"
