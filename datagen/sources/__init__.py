"""Sources of ink: one file each, registered by name. Raw input comes in, pools of letters go out."""

from datagen.sources.base import (
    NumeralInfo,
    NumeralPool,
    Options,
    Source,
    all_sources,
    get_source,
    register,
)

__all__ = [
    "NumeralInfo",
    "NumeralPool",
    "Options",
    "Source",
    "all_sources",
    "get_source",
    "register",
]
