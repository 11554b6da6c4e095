"""Large pictures made smaller before they are looked at. Pure function."""

import cv2
import numpy as np
import numpy.typing as npt


def shrunk(image: npt.NDArray[np.uint8], side: int) -> npt.NDArray[np.uint8]:
    """Return a picture whose longer side is at most `side` pixels; a small one as it is.

    Args:
        image: `uint8 H×W`, or with colours `H×W×3`.
        side: at least 1.

    Example:
        >>> shrunk(np.zeros((200, 100), np.uint8), 50).shape
        (50, 25)
    """
    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale >= 1:
        return image
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
