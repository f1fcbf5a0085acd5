"""What is computed or decoded once, as ratios of two things timed in one run."""

import shutil
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from pydicom import dcmread, uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.images import ImageSource, read_image, resize_image
from skfusion.networks import Backbone

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
GRID = {"svc__C": [0.01, 0.1, 1, 10, 100, 1000]}


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_costs_one_pass_and_the_search_on_ready_features(
    n_jobs, tmp_path, compare
):
    """GridSearchCV with a cold cache / a bare pass and GridSearchCV on its features."""
    X, y = make_breast_images(400, image_size=128, random_state=0, return_X_y=True)
    cv = StratifiedKFold(5)
    settings = {"weights": None, "image_size": 128, "random_state": 0}
    network = Backbone("mobilenet_v2").eval().to(memory_format=torch.channels_last)
    ready = torch.from_numpy(X).float().div(255).unsqueeze(1)
    ready = ready.contiguous(memory_format=torch.channels_last)
    features = CNNFeatureExtractor("mobilenet_v2", **settings).fit_transform(X)

    def cached():
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        extractor = CNNFeatureExtractor(
            "mobilenet_v2", cache=tmp_path / "cache", **settings
        )
        pipeline = make_pipeline(extractor, StandardScaler(), SVC())
        GridSearchCV(pipeline, GRID, cv=cv, n_jobs=n_jobs).fit(X, y)

    def ideal():
        with torch.inference_mode():
            for batch in ready.split(32):
                network(batch)
        pipeline = make_pipeline(StandardScaler(), SVC())
        GridSearchCV(pipeline, GRID, cv=cv, n_jobs=n_jobs).fit(features, y)

    compare(cached, ideal, at_most=1.15)


def test_extraction_from_a_warm_store_is_as_fast_as_from_arrays(tmp_path, compare):
    """Extraction from arrays / from a warm store, MobileNetV2 at 224 px."""
    data = make_breast_images(200, image_size=224, folder=tmp_path, random_state=0)
    arrays = ImageSource(data.data, image_size=224).to_array()[..., 0]
    settings = {"weights": None, "image_size": 224, "random_state": 0}
    plain = CNNFeatureExtractor("mobilenet_v2", **settings).fit(arrays)
    stored = CNNFeatureExtractor("mobilenet_v2", image_cache=tmp_path, **settings)
    stored.fit_transform(data.data)
    compare(
        lambda: plain.transform(arrays),
        lambda: stored.transform(data.data),
        at_least=0.9,
    )


@pytest.fixture(scope="module")
def mammograms(tmp_path_factory):
    """Eight JPEG 2000 DICOMs of the size of a mammogram, with texture in them."""
    folder = tmp_path_factory.mktemp("mammograms")
    rng = np.random.default_rng(0)
    return [write_mammogram(folder / f"{number}.dcm", rng) for number in range(8)]


def write_mammogram(path, rng, shape=(3328, 2560)):
    rough = rng.random((shape[0] // 128, shape[1] // 128), np.float32)
    smooth = np.asarray(Image.fromarray(rough).resize(shape[::-1], Image.BICUBIC))
    noise = rng.normal(0, 0.01, shape)
    values = np.clip(4095 * (0.8 * smooth + noise + 0.1), 0, 4095).astype(np.uint16)
    stream = BytesIO()
    Image.fromarray(values << 4).save(stream, "JPEG2000", irreversible=False)
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.JPEG2000Lossless
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.Rows, dataset.Columns = shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, 0
    dataset.PixelData = encapsulate([stream.getvalue()])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_jpeg_2000_at_the_size_that_is_needed(mammograms, compare):
    """pydicom's whole decode, then resize / ours, JPEG 2000 mammogram to 512 px."""

    def whole():
        values = dcmread(mammograms[0]).pixel_array.astype(np.float32) / 65535
        return resize_image(values[..., np.newaxis], 512)

    def reduced():
        image = read_image(mammograms[0], min_side=512)
        return resize_image(image[..., np.newaxis], 512)

    assert np.abs(whole() - reduced()).mean() < 0.01
    compare(whole, reduced, at_least=4)


def test_eight_files_on_two_cores(mammograms, compare):
    """Eight JPEG 2000 mammograms on one core / on two."""
    source = ImageSource(list(map(str, mammograms)), image_size=512)

    def one_core():
        for row in range(8):
            source[[row]]

    compare(one_core, lambda: source[:], at_least=1.7)
