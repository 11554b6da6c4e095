"""Letters become numerals, numerals become a budgeted dataset, a dataset becomes a score.

The names below are the public API. They are loaded when first asked for, so that `import datagen`
and `datagen --help` stay fast; TensorFlow is never loaded here, the evaluator is a process.

Example:
    >>> import datagen, tempfile, pathlib
    >>> ds = datagen.build({"images": 100}, pathlib.Path(tempfile.mkdtemp(), "ds"))
    >>> datagen.inspect(ds).clean
    True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from datagen.api.auditing import audit, value_images
    from datagen.api.comparing import diff
    from datagen.api.datasets import (
        Dataset,
        build,
        export,
        find_leaks,
        flatten,
        inspect,
        open_dataset,
        plan,
        preview,
    )
    from datagen.api.doctor import doctor
    from datagen.api.evaluations import compare, evaluate, write_report
    from datagen.api.images import find_hard, find_rare, hold_out
    from datagen.api.letters import compare_letters, read_letters, train_letters, vet_letters
    from datagen.api.models import compare_models, describe_model, list_models
    from datagen.api.predictions import predict
    from datagen.api.progress import NotebookProgress, RichProgress
    from datagen.api.publishing import dataset_card, publish
    from datagen.api.receipts import verify
    from datagen.api.recipes import list_recipes, load_recipe
    from datagen.api.reviewing import serve_review, write_review_page
    from datagen.api.reviews import merge_reviews
    from datagen.api.search import read_search, search
    from datagen.api.sources import fetch, list_sources, open_source, register_source
    from datagen.api.sweeps import read_sweep, sweep
    from datagen.api.views import view
    from datagen.core.errors import DatagenError
    from datagen.recipes.schema import Recipe
    from datagen.sources.registry import Source

    __version__: str

_HOMES: Final = {
    "Dataset": "datagen.api.datasets",
    "DatagenError": "datagen.core.errors",
    "NotebookProgress": "datagen.api.progress",
    "Recipe": "datagen.recipes.schema",
    "RichProgress": "datagen.api.progress",
    "Source": "datagen.sources.registry",
    "audit": "datagen.api.auditing",
    "build": "datagen.api.datasets",
    "compare": "datagen.api.evaluations",
    "compare_models": "datagen.api.models",
    "compare_letters": "datagen.api.letters",
    "dataset_card": "datagen.api.publishing",
    "describe_model": "datagen.api.models",
    "diff": "datagen.api.comparing",
    "doctor": "datagen.api.doctor",
    "evaluate": "datagen.api.evaluations",
    "export": "datagen.api.datasets",
    "fetch": "datagen.api.sources",
    "find_hard": "datagen.api.images",
    "find_leaks": "datagen.api.datasets",
    "find_rare": "datagen.api.images",
    "flatten": "datagen.api.datasets",
    "hold_out": "datagen.api.images",
    "inspect": "datagen.api.datasets",
    "list_models": "datagen.api.models",
    "list_recipes": "datagen.api.recipes",
    "list_sources": "datagen.api.sources",
    "load_recipe": "datagen.api.recipes",
    "merge_reviews": "datagen.api.reviews",
    "open_dataset": "datagen.api.datasets",
    "open_source": "datagen.api.sources",
    "plan": "datagen.api.datasets",
    "predict": "datagen.api.predictions",
    "preview": "datagen.api.datasets",
    "publish": "datagen.api.publishing",
    "read_letters": "datagen.api.letters",
    "read_search": "datagen.api.search",
    "read_sweep": "datagen.api.sweeps",
    "register_source": "datagen.api.sources",
    "search": "datagen.api.search",
    "serve_review": "datagen.api.reviewing",
    "sweep": "datagen.api.sweeps",
    "train_letters": "datagen.api.letters",
    "value_images": "datagen.api.auditing",
    "verify": "datagen.api.receipts",
    "vet_letters": "datagen.api.letters",
    "view": "datagen.api.views",
    "write_report": "datagen.api.evaluations",
    "write_review_page": "datagen.api.reviewing",
}
"""Where each public name is defined."""

__all__ = [
    "DatagenError",
    "Dataset",
    "NotebookProgress",
    "Recipe",
    "RichProgress",
    "Source",
    "__version__",
    "audit",
    "build",
    "compare",
    "compare_letters",
    "compare_models",
    "dataset_card",
    "describe_model",
    "diff",
    "doctor",
    "evaluate",
    "export",
    "fetch",
    "find_hard",
    "find_leaks",
    "find_rare",
    "flatten",
    "hold_out",
    "inspect",
    "list_models",
    "list_recipes",
    "list_sources",
    "load_recipe",
    "merge_reviews",
    "open_dataset",
    "open_source",
    "plan",
    "predict",
    "preview",
    "publish",
    "read_letters",
    "read_search",
    "read_sweep",
    "register_source",
    "search",
    "serve_review",
    "sweep",
    "train_letters",
    "value_images",
    "verify",
    "vet_letters",
    "view",
    "write_report",
    "write_review_page",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from datagen.core.version import installed_version  # noqa: PLC0415 - 10 ms

        return installed_version()
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value  # found at once the next time
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
