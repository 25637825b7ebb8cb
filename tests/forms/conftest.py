"""Property tests here never fail because a shared machine is slow: hypothesis' per-example time limit is off."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("forms", deadline=None)
settings.load_profile("forms")
