"""Files inside a page: an address that holds the data itself."""

import base64


def data_uri(data: bytes, kind: str) -> str:
    """Return the bytes of an image file as an address.

    Args:
        data: the whole file.
        kind: its format, as in `image/png`.

    Example:
        >>> data_uri(b"GIF", "gif")
        'data:image/gif;base64,R0lG'
    """
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
