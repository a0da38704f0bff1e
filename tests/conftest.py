"""What every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

# Before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def samples() -> Path:
    """The folder of the clips and texts that come with Earmark."""
    return ROOT / "assets" / "samples"
