"""Fixtures of the acceptance tests."""

from __future__ import annotations

import pytest

from tests.acceptance.kit import Bench


@pytest.fixture(scope="session")
def bench(tmp_path_factory) -> Bench:
    """One folder for the whole run; the standard export in it is built once."""
    return Bench(tmp_path_factory.mktemp("acceptance"))
