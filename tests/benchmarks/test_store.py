"""The image cache: filling it against decoding alone, and the second read."""

import shutil

import joblib
import numpy as np
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from skfusion._store._compute_once import fill_once
from skfusion._store._row_store import RowStore
from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource, read_image, resize_image

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
SIDE, BATCH_SIZE = 512, 32
N_MAMMOGRAMS, N_SMALL = 64, 128


def draw_mammogram(rng, shape=(2000, 1600)):
    rough = rng.random((shape[0] // 100, shape[1] // 100), np.float32)
    smooth = np.asarray(Image.fromarray(rough).resize(shape[::-1], Image.BICUBIC))
    noise = rng.normal(0, 0.01, shape)
    return np.clip(4095 * (0.8 * smooth + noise + 0.1), 0, 4095).astype(np.uint16)


def write_png(path, values):
    Image.fromarray(values << 4).save(path, "PNG", compress_level=1)


def write_dicom(path, values):
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.Rows, dataset.Columns = values.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelRepresentation = 0
    dataset.PixelData = values.tobytes()
    dataset.save_as(path, enforce_file_format=True)


@pytest.fixture(scope="module", params=["png", "dcm"])
def mammograms(request, tmp_path_factory):
    """Files of 2,000 x 1,600 pixels with 12 bits, and texture in them."""
    folder, rng = tmp_path_factory.mktemp("mammograms"), np.random.default_rng(0)
    write = {"png": write_png, "dcm": write_dicom}[request.param]
    paths = [folder / f"{number}.{request.param}" for number in range(N_MAMMOGRAMS)]
    for path in paths:
        write(path, draw_mammogram(rng))
    return list(map(str, paths))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    data = make_breast_images(N_SMALL, image_size=SIDE, folder=folder, random_state=0)
    return data.data["image"].tolist()


def decode(path):
    resize_image(read_image(path)[..., np.newaxis], SIDE)


def decode_all(paths):
    """Decode and resize files in as many threads as cores, without a store."""
    work = joblib.delayed(decode)
    joblib.Parallel(joblib.cpu_count(), prefer="threads")(map(work, paths))


def filler(paths, folder):
    def fill():
        shutil.rmtree(folder, ignore_errors=True)
        ImageSource(paths, image_size=SIDE, image_cache=folder).fill_cache()

    return fill


def read_in_batches(source):
    """Read all images in random order, a batch at a time, as an epoch does."""
    rows = np.random.default_rng(0).permutation(len(source))
    for start in range(0, len(rows), BATCH_SIZE):
        source[rows[start : start + BATCH_SIZE]]


def reader(paths, **options):
    return lambda: read_in_batches(ImageSource(paths, image_size=SIDE, **options))


def test_filling_is_as_fast_as_decoding(mammograms, tmp_path, compare):
    """Decoding alone / filling an image cache, mammograms read at 512 px."""
    fill = filler(mammograms, tmp_path / "cache")
    compare(lambda: decode_all(mammograms), fill, at_least=0.9)


def test_filling_with_small_files(small, tmp_path, compare):
    """Decoding alone / filling an image cache, PNG files of 512 px."""
    compare(lambda: decode_all(small), filler(small, tmp_path / "cache"), at_least=0.5)


def test_the_second_read_decodes_nothing(mammograms, tmp_path, compare):
    """Decoding random batches of 32 / reading them from a store, mammograms, 512 px."""
    filler(mammograms, tmp_path)()
    compare(reader(mammograms), reader(mammograms, image_cache=tmp_path), at_least=8)


def test_the_second_read_of_small_files(small, tmp_path, compare):
    """Decoding random batches of 32 / reading them from a store, PNG of 512 px."""
    filler(small, tmp_path)()
    compare(reader(small), reader(small, image_cache=tmp_path), at_least=2)


def test_filling_is_linear_in_the_number_of_images(tmp_path, seconds, check_ratios):
    """Time of each row, 50,000 tiny rows / 5,000, filled and looked up again."""

    def compute(batches):
        for batch in batches:
            yield from np.zeros((len(batch), 64), np.uint8)

    def time_of_a_row(n_rows):
        keys = [b"%016d" % number for number in range(n_rows)]
        store, together = RowStore(tmp_path / str(n_rows)), np.arange(n_rows) // 3
        store.clear()

        def fill_twice():
            for _ in range(2):
                for _ in fill_once(store, keys, compute, 32, together=together):
                    pass

        return seconds(fill_twice) / n_rows

    ratios = [time_of_a_row(50_000) / time_of_a_row(5_000) for _ in range(3)]
    check_ratios(ratios, at_most=1.5)
