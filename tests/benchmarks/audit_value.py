"""Do the values of `datagen audit --value` hold? Images removed from either end, and at random.

    python tests/benchmarks/audit_value.py FOLDER [--runs 240] [--seeds 4] [--shares 0.05 …]

FOLDER is audited, its images are valued, and parts of them removed: those worth least, those worth
most, or any. Each time the network is trained anew, with several seeds, and asked for the fifth of
the images that no value was estimated on. The table gives the mean probability of their true label,
and how much it changed against a training on all, with a 95 % interval over seeds and images.
"""

import argparse
import time
from pathlib import Path

from datagen.curation.audit.find import audit_folder
from datagen.curation.audit.value.check import ENDS
from datagen.curation.audit.value.estimate import EPOCHS, RUNS
from datagen.curation.audit.value.value_audit import value_audit


def main() -> None:
    """Audit, value, remove, and print the curve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.05, 0.1, 0.2, 0.4])
    asked = parser.parse_args()
    began = time.monotonic()
    audit = audit_folder(asked.folder)
    print(f"audited after {time.monotonic() - began:.0f} s", flush=True)
    valued = value_audit(
        audit, runs=asked.runs, epochs=asked.epochs, shares=asked.shares, seeds=asked.seeds
    )
    print(f"valued and tried after {time.monotonic() - began:.0f} s")
    print(f"{len(valued.images):,} images, {valued.runs} runs of {valued.epochs} epochs")
    print("| removed | images | " + " | ".join(ENDS) + " |\n|---|---|" + "---|" * len(ENDS))
    by_key = {(each.end, each.removed): each for each in valued.removals}
    for removed in dict.fromkeys(each.removed for each in valued.removals):
        cells = [
            f"{100 * each.change:+.1f} ({100 * each.low:+.1f} … {100 * each.high:+.1f})"
            for each in (by_key[end, removed] for end in ENDS)
        ]
        share = removed / (len(valued.images) - valued.held_back)
        print(f"| {share:.0%} | {removed:,} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
