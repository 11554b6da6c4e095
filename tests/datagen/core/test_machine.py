import pytest

from datagen.core.machine import child_environment


@pytest.mark.parametrize("backend", ["module://matplotlib_inline.backend_inline", "nonsense"])
def test_a_kernels_backend_of_matplotlib_reaches_no_process_of_ours(
    monkeypatch: pytest.MonkeyPatch, backend: str
) -> None:
    monkeypatch.setenv("MPLBACKEND", backend)
    monkeypatch.setenv("KEPT", "1")
    found = child_environment(KEPT="2", NEW="3")
    assert "MPLBACKEND" not in found
    assert (found["KEPT"], found["NEW"]) == ("2", "3")
