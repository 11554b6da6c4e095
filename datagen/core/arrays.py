"""The two kinds of pictures in memory. Both are `uint8 H×W`; what 255 means is not the same."""

import numpy as np
import numpy.typing as npt

GrayImage = npt.NDArray[np.uint8]
"""An image, `uint8 H×W`: dark ink (0) on white paper (255)."""

Coverage = npt.NDArray[np.uint8]
"""How much of each pixel is ink, `uint8 H×W`: no ink (0), full ink (255)."""
