"""How long a data set of full size takes to load."""

from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skfusion.datasets import load_busi, load_rsna

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]
N_IMAGES, N_PATIENTS = 54_706, 11_913  # of the training part of RSNA 2022


@pytest.fixture(scope="module")
def rsna_of_full_size(tmp_path_factory):
    """As many rows, patients and files as the published set, each a tiny JPEG."""
    folder = tmp_path_factory.mktemp("rsna")
    rng = np.random.default_rng(0)
    more = rng.integers(N_PATIENTS, size=N_IMAGES - N_PATIENTS)
    table = pd.DataFrame(
        {
            "site_id": 1,
            "patient_id": np.sort(np.concatenate([np.arange(N_PATIENTS), more])) + 5,
            "image_id": rng.permutation(2**22)[:N_IMAGES],
            "laterality": rng.choice(["L", "R"], N_IMAGES),
            "view": rng.choice(["CC", "MLO"], N_IMAGES),
            "cancer": rng.binomial(1, 0.02, N_IMAGES),
            "biopsy": rng.binomial(1, 0.05, N_IMAGES),
            "machine_id": rng.choice([21, 29, 48, 49, 210], N_IMAGES),
        }
    )
    table.to_csv(folder / "train.csv", index=False)
    picture = BytesIO()
    Image.new("L", (16, 16), 250).save(picture, format="JPEG")
    for patient, images in table.groupby("patient_id")["image_id"]:
        of_patient = folder / "train_images" / str(patient)
        of_patient.mkdir(parents=True)
        for image in images:
            (of_patient / f"{image}.jpg").write_bytes(picture.getvalue())
    return folder


def test_rsna_of_full_size_loads_in_ten_seconds(
    rsna_of_full_size, seconds, check_ratios
):
    """load_rsna of 54,706 images / 10 s."""
    rsna = load_rsna(rsna_of_full_size)
    assert len(rsna.data) == N_IMAGES
    assert rsna.data["inverted"].any()  # the polarity was checked
    times = [seconds(lambda: load_rsna(rsna_of_full_size)) for _ in range(3)]
    check_ratios([time / 10 for time in times], at_most=1)


def test_masks_of_busi_are_read_in_two_seconds(data_folder, seconds, check_ratios):
    """load_busi with its masks / 2 s."""
    load_busi(data_folder)
    times = [seconds(lambda: load_busi(data_folder)) for _ in range(3)]
    check_ratios([time / 2 for time in times], at_most=1)
