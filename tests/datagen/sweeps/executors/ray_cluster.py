"""Run by `test_ray.py` in a process of its own: a sweep on two nodes, one of which is killed.

    python ray_cluster.py FOLDER TEST

prints, as JSON, what was recorded.
"""

import json
import sys
import threading
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from datagen.files.cache_dir import cache_folder
from datagen.sweeps.candidates import Candidate, candidates_of
from datagen.sweeps.executors.ray import RayExecutor
from datagen.sweeps.listener import Listener
from datagen.sweeps.spec import validate
from datagen.sweeps.trial import TrialOutcome
from datagen.sweeps.trial_runner import run_trials

SPEC = {
    "mix": [{"source": "pen", "options": {"writers": 12}}],
    "vary": {"seed": [1, 2]},
    "images": 60,
    "preview": 15,
}


class Counter(Listener):
    """Counts what comes back, by trial."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}

    def outcome(self, candidate: Candidate, outcome: TrialOutcome) -> None:
        """Count one."""
        name = f"{candidate.name} {outcome.seed}"
        self.counts[name] = self.counts.get(name, 0) + 1


def main(folder: Path, test: Path) -> None:
    """Start the cluster, kill a node once an evaluation has begun, print the trials."""
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    doomed, _ = cluster.add_node(num_cpus=1), cluster.add_node(num_cpus=1)
    killed: list[float] = []

    def kill() -> None:
        # One trial with a state is enough: on a busy machine it ends before the other has one.
        while not any((cache_folder() / "runs").glob("*/state-*.bin")):
            time.sleep(0.02)
        cluster.remove_node(doomed, allow_graceful=False)
        killed.append(time.time())

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    spec = validate({**SPEC, "tests": [str(test)]}, origin="test")
    counter = Counter()
    trials = run_trials(spec, candidates_of(spec), folder, RayExecutor(cluster.address), counter)
    ended = time.time()
    ray.shutdown()
    cluster.shutdown()
    print(
        json.dumps(
            {
                "killed_before_the_end": bool(killed) and killed[0] < ended,
                "counts": counter.counts,
                "trials": [trial.model_dump(mode="json") for trial in trials],
                "lines": len((folder / "sweep.jsonl").read_text().splitlines()),
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
