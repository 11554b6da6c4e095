"""Which version of this package is installed."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """Return the version, or "unknown" where the code runs from a checkout without installation.

    Example:
        >>> installed_version() == ""
        False
    """
    try:
        return version("roman-datagen")
    except PackageNotFoundError:
        return "unknown"
