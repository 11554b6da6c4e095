"""Flags that would have no effect beside the others are refused, in one clear line."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]

SWEEP = "sweep --vary seed=0,1 --dry-run --no-timing"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("view ds --port 9 --no-browser", "--port and --no-browser have no effect without --serve"),
        ("view ds --port 0", "--port has no effect without --serve; add --serve, or leave it out"),
        ("view ds --serve --steps 100", "--steps has no effect with --serve; leave --serve out"),
        ("view ds --serve --html v.html", "--html has no effect with --serve"),
        ("view ds --serve --image val/i/0.png", "--image has no effect with --serve"),
        ("build --vet list --workers 2 --overwrite", "--workers and --overwrite have no effect"),
        ("doctor ds --overwrite", "--overwrite has no effect without --fix; add --fix COPY"),
        ("holdout ds -o h --folds 3 --fraction 0.2", "--folds and --fraction exclude each other"),
        ("sweep --best sw --vary seed=5 --images 7", "--vary and --images have no effect with"),
        ("sweep s.yaml --best sw", "SPEC.yaml has no effect with --best; leave --best out, or"),
        ("sweep --best sw --no-timing", "--no-timing has no effect with --best"),
        (f"{SWEEP} --address auto", "--address has no effect without --executor ray; add"),
        (f"{SWEEP} --rungs 1", "rungs belongs to strategy halving; this sweep's is grid"),
        (f"{SWEEP} --strategy halving --preview 5 --rungs 10,30", "give --rungs below 5"),
        (f"{SWEEP} --skip-bad", "no source of the sweep's mix is images: leave it out"),
        (f"{SWEEP} --points product", "points chooses among mixes, and no ratio varies"),
        ("search --real r --hours 1 -o s --dry-run --address auto", "--address has no effect"),
        ("search --real r --hours 1 -o s --preview 5 --rungs 10", "--rungs 10: a training ends"),
    ],
)
def test_a_flag_that_nothing_reads_is_refused(
    datagen_here: Run, tmp_path: Path, words: str, says: str
) -> None:
    done = datagen_here(*words.split())
    (line,) = done.stderr.splitlines()
    assert says in line
    assert done.returncode == 2
    assert not any(path.name != "cache" for path in tmp_path.iterdir())


def test_a_strategy_in_a_flag_takes_the_place_of_all_that_the_files_one_reads(
    datagen_here: Run, tmp_path: Path
) -> None:
    keys = "vary: {seed: [0, 1]}\nrecipe: {images: 60}\nstrategy: halving\nrungs: [5, 10]\n"
    (tmp_path / "s.yaml").write_text(keys)
    given = ("sweep", "s.yaml", "--dry-run", "--no-timing")
    assert datagen_here(*given).returncode == 0
    assert datagen_here(*given, "--strategy", "grid").returncode == 0
    done = datagen_here(*given, "--strategy", "grid", "--rungs", "5")
    assert "rungs belongs to strategy halving" in done.stderr


@pytest.mark.parametrize(
    ("seeds", "says"),
    [
        ("0,1", "all to the end: finalists is 2, so none can be stopped"),
        ("0,1,2", "compared after epoch 5;"),
        ("0,1,2,3,4,5,6,7,8", "compared after epoch 5 and 10;"),
    ],
)
def test_a_plan_says_after_which_epochs_halving_compares(
    datagen_here: Run, seeds: str, says: str
) -> None:
    words = f"sweep --vary seed={seeds} --images 60 --strategy halving --preview 20 --rungs 5,10"
    done = datagen_here(*words.split(), "--dry-run", "--no-timing")
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
