"""Make the DataFrame of X for a folder of new images."""

import hashlib
import re
import warnings
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pandas as pd
from PIL import Image
from pydicom import dcmread
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from .._caller import caller_level
from ..exceptions import DataQualityWarning, DatasetNotFoundError
from ._dicom import check_inflated_size
from ._headers import image_kind
from ._orientation import laterality_of, modality_of, view_of

__all__ = ["scan_images"]

_COLUMNS = ["image", "modality", "group", "view", "laterality", "dataset"]
_TAGS = [
    Tag(word)
    for word in (
        "SOPClassUID",
        "Modality",
        "BodyPartExamined",
        "ViewPosition",
        "PatientOrientation",
        "ViewCodeSequence",
        "ImageLaterality",
        "Laterality",
        "PatientID",
        "IssuerOfPatientID",
        "StudyInstanceUID",
        "Rows",
        "Columns",
    )
]
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
# CBIS-DDSM writes the view into the patient: Mass-Test_P_00173_LEFT_CC.
_CBIS_PATIENT = re.compile(
    r"(?:Mass|Calc)-(?:Training|Test)_(P_\d+)_(?:LEFT|RIGHT)_(?:CC|MLO)"
)


def scan_images(folder):
    """Make the DataFrame for a folder of new, unlabelled images.

    Its rows can be given to ``predict`` as they are.

    Parameters
    ----------
    folder : str or path-like
        Searched with all folders in it.

    Returns
    -------
    frame : DataFrame
        One row an image, ordered by its path inside `folder`, with the columns

        - ``image``: path, str;
        - ``modality``: "mammography", "ultrasound" or missing;
        - ``group``: digest of the patient (see Notes);
        - ``view``: "CC", "MLO", another DICOM view code, or missing;
        - ``laterality``: "L", "R" or missing;
        - ``dataset``: "scan".

    Raises
    ------
    skfusion.exceptions.DatasetNotFoundError
        If there is no such folder, or no image in it.

    Warns
    -----
    skfusion.exceptions.DataQualityWarning
        Once, with the number of files that were left out as no images.

    See Also
    --------
    read_image : Read one of them.

    Notes
    -----
    Only headers are read, so a file whose pixels are damaged is listed.

    Modality, view, laterality and patient are those of DICOM headers. Where the
    modality is missing, the storage class decides; a projection X-ray is taken for
    a mammogram, unless the header names another part of the body. The view may
    stand in ViewPosition, PatientOrientation or ViewCodeSequence, the laterality in
    ImageLaterality, Laterality or PatientOrientation.

    The group is a SHA-256 digest of PatientID and its issuer; where these are
    missing, of the study; else (all other formats) of the file's path inside
    `folder`, so that each file is its own group. The digest is the same in every
    scan. It keeps identifiers out of sight, but it is no anonymisation: who
    guesses an identifier can check the guess.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skfusion.images import scan_images
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("b.pgm", "a.pgm"):
    ...         _ = (Path(folder) / name).write_bytes(b"P5 1 1 255 " + bytes(1))
    ...     frame = scan_images(folder)
    >>> [Path(image).name for image in frame["image"]]
    ['a.pgm', 'b.pgm']
    >>> list(frame.columns)
    ['image', 'modality', 'group', 'view', 'laterality', 'dataset']
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DatasetNotFoundError(
            f"Expected a folder of images, got {folder.name!r}, which is no folder. "
            "Pass the path of an existing folder."
        )
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    rows = [row for path in files if (row := _row(path, folder)) is not None]
    if not rows:
        raise DatasetNotFoundError(
            f"Expected images in the folder {folder.name!r}, got {len(files)} files, "
            "none of them a PNG, JPEG, PGM, TIFF, BMP or DICOM image."
        )
    if len(rows) < len(files):
        warnings.warn(
            f"{len(files) - len(rows)} of {len(files)} files in {folder.name!r} are "
            "no images and were left out.",
            DataQualityWarning,
            stacklevel=caller_level(),
        )
    return pd.DataFrame(rows, columns=_COLUMNS)


def _row(path, folder):
    """Return the row of one file, or None if it is no image."""
    own = f"file:{path.relative_to(folder).as_posix()}"
    row = dict.fromkeys(_COLUMNS) | {"image": str(path), "dataset": "scan"}
    # Whatever a damaged header raises means the same: no image.
    try:
        with path.open("rb") as stream:
            kind = image_kind(stream.read(132))
        if kind == "DICOM":
            header = _dicom_header(path)
            return row | header | {"group": _digest(header["group"] or own)}
        if kind is not None:
            with Image.open(path, formats=[kind]):
                return row | {"group": _digest(own)}
    except Exception:
        return None
    return None


def _digest(identity):
    """Return what stands for a patient: the same wherever it is computed."""
    digest = hashlib.sha256(f"skfusion.images.scan_images:{identity}".encode())
    return digest.hexdigest()[:16]


def _dicom_header(path):
    """Return modality, view, laterality and the identity to be hashed."""
    header = _read_header(path)
    if not (header.Rows and header.Columns):
        raise ValueError("no image")
    modality = modality_of(header)
    return {
        "modality": modality,
        "view": view_of(header),
        "laterality": laterality_of(header, modality),
        "group": _identity(header),
    }


def _read_header(path):
    # A mapped file is read as far as needed, and has no name that pydicom could
    # show in a warning.
    with (
        path.open("rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as data,
    ):
        if _DEFLATED in data[:1024]:
            check_inflated_size(data[:])
        return dcmread(data, force=True, stop_before_pixels=True, specific_tags=_TAGS)


def _identity(header):
    """Return what names the patient, or else the study, or None."""
    patient = _text(header, "PatientID")
    if cbis := _CBIS_PATIENT.match(patient):
        patient = cbis[1]
    if patient:
        return f"patient:{_text(header, 'IssuerOfPatientID')}:{patient}"
    study = _text(header, "StudyInstanceUID")
    return f"study:{study}" if study else None


def _text(header, word):
    """Return an element's text as stored: converting it could show it in a warning."""
    value = header.get_item(word).value if word in header else None
    value = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return value.strip(" \0")
