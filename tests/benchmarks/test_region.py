"""What the region of a lesion costs, as a ratio of two things timed in one run."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource
from skfusion.images._breast_crops import patch_texts

pytestmark = pytest.mark.benchmark
N_FILES = 200
SIZE = 640  # side of an image in pixels
FULL_SIZE = 3000, 2400  # height and width of a mammogram


@pytest.fixture(scope="module", params=["png", "jpg"])
def X(request, tmp_path_factory):
    """Files of large images, with the boxes of their lesions."""
    folder = tmp_path_factory.mktemp("images")
    breast = make_breast_images(20, image_size=SIZE, random_state=0)
    rows = []
    for number in range(N_FILES):
        path = folder / f"{number}.{request.param}"
        source = number % len(breast.images)
        Image.fromarray(breast.images[source]).save(path)
        rows.append((str(path), breast.frame["region"][source]))
    return pd.DataFrame(rows, columns=["image", "region"])


@pytest.mark.parametrize("image_size", [64, 224])
def test_a_lesion_costs_what_the_whole_image_costs(X, image_size, compare):
    """Reading 200 lesions / reading the 200 whole images."""
    whole = ImageSource(X, image_size=image_size)
    lesions = ImageSource(X, image_size=image_size, region="lesion")
    compare(lambda: lesions[:], lambda: whole[:], at_most=1.05)


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory):
    """Files of full size, with half an ellipse of tissue."""
    folder, rng = tmp_path_factory.mktemp("mammograms"), np.random.default_rng(0)
    y, x = np.mgrid[: FULL_SIZE[0], : FULL_SIZE[1]]
    breast = np.hypot(x / 1500, (y - 1500) / 1200) < 1
    for number in range(6):
        pixels = (breast * rng.integers(80, 160, FULL_SIZE)).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return pd.DataFrame({"image": sorted(map(str, folder.iterdir()))})


def test_twelve_patches_cost_little_more_than_the_whole_image(mammograms, compare):
    """Finding the breast and reading its patches / reading the whole image."""
    texts = patch_texts((4, 3))
    table = mammograms.loc[mammograms.index.repeat(len(texts))]
    table = table.assign(patch=texts * len(mammograms))
    whole = ImageSource(mammograms, image_size=224)
    patches = ImageSource(table, image_size=224, region="breast")
    compare(lambda: patches[:], lambda: whole[:], at_most=1.5)
