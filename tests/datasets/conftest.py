"""Tiny fake trees with the publishers' own file names."""

from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileDataset, FileMetaDataset

_RSNA_COLUMNS = (
    "site_id,patient_id,image_id,laterality,view,age,cancer,biopsy,invasive,BIRADS,"
    "implant,density,machine_id,difficult_negative_case"
)
_RSNA_ROWS = [
    "2,5,640805896,L,MLO,68.0,0,0,0,0.0,0,,21,True",
    "2,5,940388076,L,MLO,68.0,0,0,0,,0,,21,False",
    "2,45,310190625,L,CC,,0,0,0,,0,,29,False",
    "2,45,1476454372,R,CC,,0,0,0,,0,,29,False",
    "2,45,1476755745,L,MLO,,0,0,0,,0,,29,False",
    "1,49,323049527,R,CC,53.0,0,1,0,1.0,0,B,49,False",
    "1,72,91376878,L,MLO,53.0,1,1,1,0.0,0,C,216,False",
]


@pytest.fixture
def save_image():
    """Return a function that saves a picture; bright names a bright border."""

    def save(path, *, seed=0, bright=False, mode="L"):
        pixels = np.random.default_rng(seed).integers(60, 120, (24, 20), np.uint8)
        pixels[[0, -1]] = pixels[:, [0, -1]] = 250 if bright else 5
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).convert(mode).save(path)

    return save


@pytest.fixture
def save_dicom():
    """Return a function that saves pixels as a DICOM file with a header."""

    def save(path, pixels, **elements):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1.2"
        meta.MediaStorageSOPInstanceUID = "1.2.3.4"
        dataset = FileDataset(None, {}, file_meta=meta, preamble=bytes(128))
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.SamplesPerPixel, dataset.PixelRepresentation = 1, 0
        dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
        dataset.HighBit = dataset.BitsStored - 1
        dataset.PhotometricInterpretation = "MONOCHROME2"
        for keyword, value in elements.items():
            setattr(dataset, keyword, value)
        dataset.PixelData = pixels.tobytes()
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)

    return save


@pytest.fixture
def save_mask():
    """Return a function that saves the mask of an image of save_image."""

    def save(path, *boxes, mode="1", colour=(255, 255, 255), size=(20, 24)):
        mask = Image.new("RGB", size)
        for x0, y0, x1, y1 in boxes:
            mask.paste(colour, (x0, y0, x1, y1))
        path.parent.mkdir(parents=True, exist_ok=True)
        mask.convert(mode).save(path)

    return save


@pytest.fixture
def rsna_folder(tmp_path, save_image):
    """Four patients; machine 29's images are negatives, and so looks one of 216."""
    folder = tmp_path / "rsna"
    for seed, row in enumerate(_RSNA_ROWS):
        patient, image, machine = np.array(row.split(","))[[1, 2, -2]]
        file = folder / "train_images" / patient / f"{image}.jpg"
        save_image(file, seed=seed, bright=machine in ("29", "216"))
    (folder / "train.csv").write_text("\n".join([_RSNA_COLUMNS, *_RSNA_ROWS]))
    return folder


@pytest.fixture
def busi_folder(tmp_path, save_image, save_mask):
    """Three families of the table, one of them with both labels, and more images."""
    folder = tmp_path / "busi" / "Dataset_BUSI_with_GT"
    names = [
        "benign/benign (320).png",  # a family
        "benign/benign (3).png",
        "benign/benign (333).png",  # a family with both labels
        "malignant/malignant (77).png",
        "benign/benign (269).png",  # a family with a normal one
        "normal/normal (1).png",
        "malignant/malignant (10).png",  # in no family
        "benign/mine.png",  # not of the publisher
    ]
    for seed, name in enumerate(names):
        save_image(folder / name, seed=seed, mode="RGB")
        if not name.startswith("normal"):
            mask = (folder / name).with_name(f"{(folder / name).stem}_mask.png")
            save_mask(mask, (2, 3, 7, 9 + seed))
    save_mask(folder / "benign/benign (3)_mask_1.png", (9, 1, 19, 12), mode="RGBA")
    save_mask(folder / "normal/normal (1)_mask.png", mode="RGB")
    return folder


@pytest.fixture
def breast_folder(tmp_path, save_image, save_mask):
    """Three cases: benign, malignant with two other masks and no age, normal."""
    folder = tmp_path / "breast_lesions_usg"
    table = pd.DataFrame(
        {
            "CaseID": [1, 22, 100],
            "Image_filename": ["case001.png", "case022.png", "case100.png"],
            "Mask_tumor_filename": ["case001_tumor.png", "case022_tumor.png", None],
            "Mask_other_filename": [
                None,
                "case022_other1.png&case022_other2.png",
                None,
            ],
            "Age": [57, "not available", 43],
            "Signs": ["no", "not available", "no"],
            "BIRADS": [2, "4c", 1],
            "Diagnosis": ["not applicable", "Fibroadenoma", "not applicable"],
            "Classification": ["benign", "malignant", "normal"],
        }
    )
    images = folder / "BrEaST-Lesions_USG-images_and_masks"
    for seed, name in enumerate(table["Image_filename"]):
        save_image(images / name, seed=seed, mode="RGBA")
    save_mask(images / "case001_tumor.png", (2, 3, 9, 8), mode="RGBA")
    save_mask(images / "case022_tumor.png", (5, 6, 12, 20), mode="RGBA")
    save_mask(images / "case022_other1.png", (0, 0, 2, 2), mode="RGBA")
    file = folder / "BrEaST-Lesions-USG-clinical-data-Dec-15-2023.xlsx"
    table.to_excel(file, index=False)
    return folder


@pytest.fixture
def bus_uclm_folder(tmp_path, save_image, save_mask):
    """Four patients, two of whom are one woman, and the publisher's odd table."""
    folder = tmp_path / "bus_uclm" / "BUS-UCLM"
    rows = [
        "ALWI_000.png;856x606;Benign;No;Yes;No",
        "ALWI_002.png;856x606;Normal;No;No;Yes",
        "CHCO_000.png;856x606;Malignant;No;No;No",
        "CHVI_005.png;856x606;Malignant;Yes;Yes;No",
        "CHVI_020.png;856x606;Benign;No;No;No",
        "SIBA_003.png;856x606;Benign;Y;Yes;No",
    ]
    for seed, row in enumerate(rows):
        name = row.partition(";")[0]
        save_image(folder / "images" / name, seed=seed, mode="RGB")
        mask, green = folder / "masks" / name, (0, 255, 0)
        colour = (255, 0, 0) if "Malignant" in row else green
        boxes = [] if "Normal" in row else [(1, 2, 5, 8 + seed)]
        save_mask(mask, *boxes, mode="RGB", colour=colour)
    two = [(12, 1, 16, 6), (1, 10, 9, 20), (18, 22, 20, 24)]  # and a speck
    save_mask(folder / "masks/SIBA_003.png", *two, mode="RGB", colour=green)
    text = "\n".join(["Image;Resolution;Label;Doppler;Marks;Combined", *rows, ""])
    (folder / "INFO.csv").write_text(text, encoding="utf-8-sig")
    return folder


@pytest.fixture(scope="session")
def breastmnist_arrays():
    """Return a function that makes the publisher's arrays, with noise for images."""
    names = pd.read_csv(files("skfusion.datasets") / "tables/breastmnist_busi.csv")
    # The publisher's label of malignant is 0.
    is_other = ~names["busi_image"].str.startswith("malignant").to_numpy()
    labels = np.split(is_other.astype(np.uint8)[:, np.newaxis], [546, 546 + 78])

    def make(size):
        rng = np.random.default_rng(0)
        arrays = {}
        for part, values in zip(("train", "val", "test"), labels, strict=True):
            shape = (len(values), size, size)
            arrays[f"{part}_images"] = rng.integers(256, size=shape, dtype=np.uint8)
            arrays[f"{part}_labels"] = values
        return arrays

    return make


@pytest.fixture
def check_boxes():
    """Return a function that holds boxes to the pixels of the masks, row by row.

    A box lies inside its image, the lesion reaches each of its four edges, and the
    boxes of an image hold every pixel of its masks except specks of fewer than 10.
    """

    def check(data, masks, lesions):
        lit = {}
        for image, of_image in zip(data["image"], masks, strict=True):
            lit[image] = np.any([_lit(mask) for mask in of_image], axis=0)
        held = {image: np.zeros_like(mask) for image, mask in lit.items()}
        for image, region in data[["image", "region"]].to_numpy():
            x0, y0, x1, y1 = map(int, region.split(","))
            with Image.open(image) as opened:
                width, height = opened.size
            assert 0 <= x0 < x1 <= width
            assert 0 <= y0 < y1 <= height
            box = lit[image][y0:y1, x0:x1]
            assert box[[0, -1]].any(axis=1).all()
            assert box[:, [0, -1]].any(axis=0).all()
            held[image][y0:y1, x0:x1] = True
        for image, mask in lit.items():
            assert (mask & ~held[image]).sum() < 10
        assert (lesions == "each") or not data["image"].duplicated().any()

    return check


def _lit(mask):
    with Image.open(mask) as opened:
        return np.array(opened.convert("RGB")).any(axis=-1)
