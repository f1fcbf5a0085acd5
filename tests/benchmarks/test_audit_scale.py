"""The audit of large data sets: seconds and memory."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

CODE = """
import json, resource, sys, time
from skfusion.audit import audit_dataset
paths = json.load(open(sys.argv[1]))
before = time.perf_counter()
audit = audit_dataset(paths, y=[i % 2 for i in range(len(paths))], probes=False)
seconds = time.perf_counter() - before
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
usage = resource.getrusage(resource.RUSAGE_SELF)
cpu = usage.ru_utime + usage.ru_stime
print(json.dumps([seconds, peak, cpu, audit.n_images]))
"""


def write_images(folder, n, side):
    """Write n different files of smooth noise."""
    rng = np.random.default_rng(0)
    paths = []
    for number in range(n):
        coarse = rng.integers(0, 255, (12, 12), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
        noise = rng.integers(0, 25, (side, side), dtype=np.uint8)
        image = np.asarray(picture) // 2 + noise
        path = folder / f"{number}.png"
        Image.fromarray(image).save(path, compress_level=1)
        paths.append(str(path))
    return paths


def audit_in_a_process(folder, paths):
    """Return seconds and the peak of the memory in GiB, of a process with two cores."""
    listing = folder / "paths.json"
    listing.write_text(json.dumps(paths))
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(listing)],
        env=os.environ | {"OMP_NUM_THREADS": "2", "LOKY_MAX_CPU_COUNT": "2"},
        check=True,
        capture_output=True,
        text=True,
    )
    seconds, peak, cpu, n_images = json.loads(done.stdout.splitlines()[-1])
    assert n_images == len(paths)
    print(f"{n_images} images: {seconds:.0f} s, {cpu:.0f} s of CPU, {peak:.2f} GiB")
    return seconds, peak


@pytest.mark.benchmark
@pytest.mark.timeout(1800)
def test_5000_images_of_256_pixels_in_two_minutes(tmp_path):
    seconds, _ = audit_in_a_process(tmp_path, write_images(tmp_path, 5000, 256))
    assert seconds < 120


@pytest.mark.benchmark
@pytest.mark.timeout(3600)
def test_54706_thumbnails_in_ten_minutes_and_2_gib(tmp_path):
    paths = write_images(tmp_path, 54_706, 64)
    seconds, peak = audit_in_a_process(tmp_path, paths)
    assert seconds < 600
    assert peak < 2
