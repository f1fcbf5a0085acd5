"""Methods that attribute a score to the pixels of an image, all of captum."""

import torch
from scipy.ndimage import gaussian_filter

from .._optional import import_optional

__all__ = ["METHODS", "attribute", "import_captum"]

METHODS = ("gradcam", "occlusion", "integrated_gradients")
_WINDOW = 8  # of the side of the image: an eighth is covered at a time
_BATCH = 32  # images that are in the network at once
_N_STEPS = 32
_SMOOTHING = 32  # of the side of the image: the deviation of the Gaussian


def import_captum():
    """Return the module ``captum.attr``, or raise an error that explains how."""
    return import_optional("captum.attr", extra="inspect", purpose="saliency")


def attribute(method, score, image, content):
    """Attribute a score to the pixels of one image.

    Parameters
    ----------
    method : {"gradcam", "occlusion", "integrated_gradients"}

    score : ImageScore
        It has the method.

    image : Tensor of shape (1, n_channels, size, size)

    content : tuple of slice
        Rows and columns of the square that are no padding.

    Returns
    -------
    attributions : ndarray of shape (n_rows, n_columns)
        Sum over the channels. Positive numbers speak for the class.
    """
    # The grey of the image, since black looks like a lesion in ultrasound.
    grey = image[(..., *content)].mean(dim=(2, 3), keepdim=True)
    found = _FUNCTIONS[method](score, image, grey.expand_as(image))
    found = found.detach().sum(dim=1)[0].float().cpu().numpy()
    if method == "integrated_gradients":
        # Neighbouring pixels have large numbers of both signs, which cancel out.
        found = gaussian_filter(found, image.shape[2] / _SMOOTHING)
    return found


def _gradcam(score, image, grey):
    maps = []
    for view, layer in zip(score.views, score.layers, strict=True):
        found = import_captum().LayerGradCam(view, layer).attribute(image)
        maps.append(found.flip(3) if view.is_mirrored else found)
    return torch.stack(maps).mean(dim=0)


def _occlusion(score, image, grey):
    side = max(1, image.shape[2] // _WINDOW)
    with torch.no_grad():
        return (
            import_captum()
            .Occlusion(score.function)
            .attribute(
                image,
                sliding_window_shapes=(image.shape[1], side, side),
                strides=(image.shape[1], max(1, side // 2), max(1, side // 2)),
                baselines=grey,
                perturbations_per_eval=_BATCH,
            )
        )


def _integrated_gradients(score, image, grey):
    return (
        import_captum()
        .IntegratedGradients(score.function)
        .attribute(image, baselines=grey, n_steps=_N_STEPS, internal_batch_size=_BATCH)
    )


_FUNCTIONS = {
    "gradcam": _gradcam,
    "occlusion": _occlusion,
    "integrated_gradients": _integrated_gradients,
}
