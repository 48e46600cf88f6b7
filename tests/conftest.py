"""What holds for every test: generated examples are the same in every run, and none fails for being slow."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# A busy machine takes its time over an example, which proves nothing about the example.
settings.register_profile(
    "tests", deadline=None, derandomize=True, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")
