"""Sources of ink: one file each, registered by name. Raw input enters, pools leave."""

from datagen.sources.registry import (
    Options,
    Source,
    all_sources,
    get_source,
    open_source,
    register,
    unregister,
)

__all__ = [
    "Options",
    "Source",
    "all_sources",
    "get_source",
    "open_source",
    "register",
    "unregister",
]
