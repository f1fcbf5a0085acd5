"""Pixels of the synthetic images: a lesion's outline, its surroundings, its noise."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ..images._eight_bits import to_uint8

__all__ = ["draw_outlines", "lesion_boxes", "render"]

_N_ANGLES = 512
_CHUNK = 64  # images drawn at a time, so that memory does not grow with n_samples


def draw_outlines(irregularity, random_state):
    """Draw closed outlines around the unit circle, from smooth to spiculated.

    Parameters
    ----------
    irregularity : ndarray of shape (n_lesions,)
        0 for a smooth margin; about 0.5 for a spiculated one.

    random_state : numpy.random.RandomState
        Source of the draws.

    Returns
    -------
    outlines : ndarray of shape (n_lesions, 512), float32
        Radius at 512 equal angles. Each outline encloses the area of the unit
        circle, so that a lesion's size does not depend on its margin.
    """
    n_lesions = len(irregularity)
    angles = np.linspace(-np.pi, np.pi, _N_ANGLES, endpoint=False)
    phases = random_state.uniform(0, 2 * np.pi, (3, n_lesions, 1))
    lobes = sum(
        np.cos(k * angles + phase) / k
        for k, phase in zip((2, 3, 4), phases, strict=True)
    )
    spicules = _spicules(angles, n_lesions, random_state)
    strength = np.asarray(irregularity)[:, None]
    radius = np.maximum(1 + 0.25 * strength * lobes + 1.8 * strength * spicules, 0.2)
    radius /= np.sqrt(np.mean(radius**2, axis=1, keepdims=True))
    return radius.astype(np.float32)


def _spicules(angles, n_lesions, random_state, n_spicules=9):
    """Return narrow peaks at uneven angles, of uneven heights, mean removed."""
    spacing = 2 * np.pi / n_spicules
    peaks = np.zeros((n_lesions, len(angles)))
    first = random_state.uniform(-np.pi, np.pi, (n_lesions, 1))
    for i in range(n_spicules):
        jitter = random_state.uniform(-0.35, 0.35, (n_lesions, 1)) * spacing
        offset = angles - (first + i * spacing + jitter)
        offset = np.abs((offset + np.pi) % (2 * np.pi) - np.pi)
        height = random_state.uniform(0.4, 1.0, (n_lesions, 1))
        peaks += height * np.exp(-offset / (0.22 * spacing))
    return peaks - peaks.mean(axis=1, keepdims=True)


def render(lesions, outlines, modality, image_size, random_state):
    """Draw one image for each row of `lesions`.

    Parameters
    ----------
    lesions : dict of str to ndarray of shape (n_images,)
        Pose and echo of the lesion in each image: ``center_x``, ``center_y``,
        ``radius``, ``aspect_ratio``, ``rotation``, ``softness``, ``contrast``,
        ``posterior_echo`` and ``left`` (the chest wall is on the left side).

    outlines : ndarray of shape (n_images, 512)
        See :func:`draw_outlines`.

    modality : {"mammography", "ultrasound"}
        Modality of the images.

    image_size : int
        Height and width in pixels.

    random_state : numpy.random.RandomState
        Source of the draws.

    Returns
    -------
    images : ndarray of shape (n_images, image_size, image_size), uint8
        The images.
    """
    draw = {"mammography": _mammograms, "ultrasound": _ultrasounds}[modality]
    images = np.empty((len(outlines), image_size, image_size), dtype=np.uint8)
    for start in range(0, len(images), _CHUNK):
        rows = slice(start, start + _CHUNK)
        part = {
            name: np.asarray(value[rows], dtype=np.float32)[:, None, None]
            for name, value in lesions.items()
        }
        images[rows] = draw(part, outlines[rows], image_size, random_state)
    return images


def lesion_boxes(lesions, outlines, image_size):
    """Return the box of the lesion in each image, without its soft margin.

    Parameters
    ----------
    lesions, outlines
        The same as in :func:`render`.

    image_size : int
        Height and width of the images in pixels.

    Returns
    -------
    boxes : ndarray of shape (n_images, 4), dtype float64
        Left, upper, right and lower edge in pixels, within the image.
    """
    lesions = {name: np.asarray(value)[:, None] for name, value in lesions.items()}
    angles = np.linspace(-np.pi, np.pi, _N_ANGLES, endpoint=False)
    stretch = np.sqrt(lesions["aspect_ratio"])
    along = outlines * np.cos(angles) * lesions["radius"] * stretch
    across = outlines * np.sin(angles) * lesions["radius"] / stretch
    cos, sin = np.cos(lesions["rotation"]), np.sin(lesions["rotation"])
    x = lesions["center_x"] + along * cos - across * sin
    y = lesions["center_y"] + along * sin + across * cos
    edges = [x.min(axis=1), y.min(axis=1), x.max(axis=1), y.max(axis=1)]
    return np.clip(np.stack(edges, axis=1), 0, 1) * image_size


def _grid(image_size):
    """Return x (1, 1, W) and y (1, H, 1) of the pixel centres, in [0, 1]."""
    centers = (np.arange(image_size, dtype=np.float32) + 0.5) / image_size
    return centers[None, None, :], centers[None, :, None]


def _lesion_masks(lesions, outlines, image_size):
    """Return the share of each pixel that belongs to the lesion."""
    x, y = _grid(image_size)
    x, y = x - lesions["center_x"], y - lesions["center_y"]
    cos, sin = np.cos(lesions["rotation"]), np.sin(lesions["rotation"])
    stretch = np.sqrt(lesions["aspect_ratio"])
    along = (x * cos + y * sin) / (lesions["radius"] * stretch)
    across = (y * cos - x * sin) / (lesions["radius"] / stretch)
    angle = np.arctan2(across, along)
    bins = ((angle + np.float32(np.pi)) * (_N_ANGLES / (2 * np.pi))).astype(np.intp)
    bins %= _N_ANGLES
    limit = np.take_along_axis(outlines, bins.reshape(len(bins), -1), axis=1)
    inside = limit.reshape(bins.shape) - np.hypot(along, across)
    return _step(inside / lesions["softness"])


def _ultrasounds(lesions, outlines, image_size, random_state):
    """Draw hypoechoic lesions in layered tissue under speckle."""
    shape = (len(outlines), image_size, image_size)
    tissue = 0.5 * np.exp(0.30 * _layers(shape, random_state))
    depth_gain = random_state.uniform(-1.1, 0.9, (len(outlines), 1, 1))
    tissue *= np.exp(depth_gain.astype(np.float32) * _grid(image_size)[1])
    tissue *= 1 + lesions["posterior_echo"] * _behind(lesions, image_size)
    mask = _lesion_masks(lesions, outlines, image_size)
    echo = tissue * (1 - lesions["contrast"] * mask)
    images = _expose(echo * _speckle(shape, random_state), random_state)
    return to_uint8(images)


def _layers(shape, random_state):
    """Return fat and fascia: noise stretched sideways, thick and thin."""
    layers = np.zeros(shape, dtype=np.float32)
    for height, width in ((0.05, 0.16), (0.012, 0.09)):
        noise = random_state.standard_normal(shape).astype(np.float32)
        sigma = (0, height * shape[-1], width * shape[-1])
        noise = gaussian_filter(noise, sigma, mode="wrap")
        layers += noise / noise.std()
    return layers / np.float32(np.sqrt(2))


def _behind(lesions, image_size):
    """Return the beam behind the lesion, in [0, 1], fading with depth."""
    x, y = _grid(image_size)
    stretch = np.sqrt(lesions["aspect_ratio"])
    width, height = lesions["radius"] * stretch, lesions["radius"] / stretch
    across = _step((0.85 * width - np.abs(x - lesions["center_x"])) / 0.03)
    depth = y - lesions["center_y"] - 0.5 * height
    return across * _step(depth / 0.03) * np.exp(-np.maximum(depth, 0) / 0.35)


def _speckle(shape, random_state):
    """Return multiplicative speckle of mean 1: a correlated Rayleigh amplitude."""
    sigma = (0, 0.008 * shape[-1], 0.014 * shape[-1])
    parts = random_state.standard_normal((2, *shape)).astype(np.float32)
    real, imaginary = (gaussian_filter(part, sigma, mode="wrap") for part in parts)
    amplitude = np.sqrt(np.hypot(real, imaginary))  # compressed, as scanners show it
    return amplitude / amplitude.mean()


def _mammograms(lesions, outlines, image_size, random_state):
    """Draw dense lesions in parenchyma inside the outline of a breast."""
    shape = (len(outlines), image_size, image_size)
    tissue = 0.4 + 0.08 * _parenchyma(shape, random_state)
    mask = _lesion_masks(lesions, outlines, image_size)
    grain = random_state.standard_normal(shape).astype(np.float32)
    film = tissue + 0.4 * lesions["contrast"] * mask + 0.02 * grain
    breast = _breast(lesions, shape, random_state)
    return to_uint8(_expose(film, random_state) * breast)


def _parenchyma(shape, random_state):
    """Return noise whose amplitude falls as 1 / f**1.5, unit variance."""
    size = shape[-1]
    frequency = np.hypot(np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None])
    frequency[0, 0] = np.inf
    white = random_state.standard_normal(shape).astype(np.float32)
    texture = np.fft.irfft2(np.fft.rfft2(white) / frequency**1.5, s=shape[1:])
    texture /= texture.std(axis=(1, 2), keepdims=True)
    return texture.astype(np.float32)


def _breast(lesions, shape, random_state):
    """Return 1 inside a half-ellipse at the chest wall, 0 in the air outside."""
    x, y = _grid(shape[-1])
    wall = np.where(lesions["left"] > 0.5, x, 1 - x)
    n_images = (shape[0], 1, 1)
    depth = random_state.uniform(0.85, 1.0, n_images).astype(np.float32)
    half = random_state.uniform(0.46, 0.56, n_images).astype(np.float32)
    edge = 1 - np.hypot(wall / depth, (y - 0.5) / half)
    return _step(edge / 0.03)


def _expose(images, random_state):
    """Give each image a mean and a contrast that do not depend on its content."""
    n_images = (len(images), 1, 1)
    mean = random_state.uniform(0.32, 0.45, n_images)
    spread = random_state.uniform(0.13, 0.18, n_images)
    images = images - images.mean(axis=(1, 2), keepdims=True)
    images *= (spread / images.std(axis=(1, 2), keepdims=True)).astype(np.float32)
    return images + mean.astype(np.float32)


def _step(values):
    """Return a smooth step from 0 to 1 around 0 (a logistic function)."""
    return 1 / (1 + np.exp(-np.clip(4 * values, -30, 30)))
