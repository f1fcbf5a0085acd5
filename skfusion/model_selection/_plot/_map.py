"""A map of what a model looked at, over its image."""

import numpy as np

__all__ = ["draw_map"]


def draw_map(ax, saliency_map, extent=None):
    """Draw a map over an image; where it is 0, the image is seen.

    Parameters
    ----------
    ax : matplotlib Axes
        With the image.

    saliency_map : ndarray of shape (height, width)
        At least 0.

    extent : tuple of (left, right, bottom, top), default=None
        Edges of the map in the coordinates of the image.
    """
    # The greatest numbers of a map are few, and would hide all others.
    top = np.quantile(saliency_map, 0.995)
    shown = np.clip(saliency_map / top, 0, 1) if top > 0 else 0 * saliency_map
    ax.imshow(shown, cmap="autumn", vmin=0, vmax=1, alpha=0.6 * shown, extent=extent)
