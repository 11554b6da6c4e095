"""Run by `test_ray.py` in a process of its own: a sweep in a Ray that the user has initialised.

    python ray_of_user.py FOLDER

prints, as JSON, how the trials ended, what was warned of, what was refused, and an object that the
user had put there before.
"""

import json
import logging
import os
import sys
from pathlib import Path

import ray

from datagen.core.errors import UsageError
from datagen.sweeps.candidates import candidates_of
from datagen.sweeps.executors.ray import RayExecutor
from datagen.sweeps.listener import Listener
from datagen.sweeps.spec import validate
from datagen.sweeps.trial_runner import run_trials

SPEC = {
    "mix": [{"source": "pen", "options": {"writers": 12}}],
    "vary": {"seed": [1, 2]},
    "images": 60,
    "preview": 1,
}


def main(folder: Path) -> None:
    """Initialise Ray, sweep in it, look at what was there."""
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False)
    mine = ray.put(41)
    os.environ["DATAGEN_CACHE"] = str(folder / "cache")  # after Ray and its nodes have begun
    refused = ""
    try:
        RayExecutor("127.0.0.1:9")
    except UsageError as error:
        refused = str(error)
    warned: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: warned.append(record.getMessage())  # type: ignore[method-assign]
    logging.getLogger("datagen").addHandler(handler)
    spec = validate(SPEC, origin="test")
    trials = run_trials(spec, candidates_of(spec), folder / "sweep", RayExecutor(None), Listener())
    print(
        json.dumps(
            {
                "states": [(trial.state, trial.error) for trial in trials],
                "cached": sorted(path.name for path in (folder / "cache").iterdir()),
                "warned": warned,
                "refused": refused,
                "mine": ray.get(mine),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
