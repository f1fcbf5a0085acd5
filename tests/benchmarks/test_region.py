"""What the region of a lesion costs, as a ratio of two things timed in one run."""

import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource

pytestmark = pytest.mark.benchmark
N_FILES = 200
SIZE = 640  # side of an image in pixels


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
