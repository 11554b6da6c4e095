"""A cache of its own for every test, and the real data where it is there."""

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATAGEN_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def shared_data() -> Path:
    """Return the folder of real data, or skip."""
    root = Path(__file__).parents[3]
    path = Path(os.environ.get("DATAGEN_SHARED_DATA", root.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no real data at {path}; DATAGEN_SHARED_DATA names it")
    return path
