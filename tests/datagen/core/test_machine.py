import os

import pytest

from datagen.core.machine import child_environment, one_blas_thread


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_a_kernels_backend_of_matplotlib_reaches_no_process_of_ours(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("MPLBACKEND", backend)
    monkeypatch.setenv("KEPT", "1")
    found = child_environment(KEPT="2", NEW="3")
    assert "MPLBACKEND" not in found
    assert (found["KEPT"], found["NEW"]) == ("2", "3")


@pytest.mark.parametrize(("own", "meanwhile"), [(None, "1"), ("3", "3")])
def test_numpy_gets_one_thread_unless_a_person_says_otherwise(
    monkeypatch: pytest.MonkeyPatch, own: str | None, meanwhile: str
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if own is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", own)
    with one_blas_thread():
        assert os.environ["OPENBLAS_NUM_THREADS"] == meanwhile
    assert os.environ.get("OPENBLAS_NUM_THREADS") == own
