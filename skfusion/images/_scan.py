"""List the images of a folder in a DataFrame."""

import hmac
import os
import re
import stat
from mmap import ACCESS_READ, mmap
from pathlib import Path

import pandas as pd
from PIL import Image
from pydicom import dcmread
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian

from .._store._home import home_secret
from .._validation._columns import GROUP, IMAGE, IMAGE_COLUMNS, LATERALITY, MODALITY
from ..exceptions import DataQualityWarning, DatasetNotFoundError, warn_user
from ._formats._dicom import check_inflated_size
from ._formats._dicom_header import laterality_of, modality_of, view_of
from ._formats._signatures import HEAD_BYTES, MAX_PIXELS, recognise_format

__all__ = ["read_dicom_header", "scan_images"]

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
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_NAMES = 5  # number of files that a message lists
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
# CBIS-DDSM includes the view in the PatientID: Mass-Test_P_00173_LEFT_CC.
_CBIS_PATIENT = re.compile(
    r"(?:Mass|Calc)-(?:Training|Test)_(P_\d+)_(?:LEFT|RIGHT)_(?:CC|MLO)"
)


def scan_images(folder, *, secret=None):
    """Return a DataFrame of the new, unlabelled images in a folder.

    The DataFrame can be passed to ``predict`` without changes.

    Parameters
    ----------
    folder : str or path-like
        Folder of the images. All its sub-folders are searched, except links.

    secret : bytes or str, default=None
        Secret from which the digests of the patients are computed (see Notes). If None,
        it is read from the file ``secret`` in the folder given by the environment
        variable ``SKFUSION_HOME``, or in ``~/.cache/skfusion``. The file is created if
        it does not exist.

    Returns
    -------
    frame : DataFrame
        One row per image, sorted by its path inside `folder`, with the columns

        - ``image``: path, str;
        - ``modality``: "mammography", "ultrasound" or missing;
        - ``group``: digest of the patient (see Notes);
        - ``view``: "CC", "MLO", another DICOM view code, or missing;
        - ``laterality``: "L", "R" or missing;
        - ``dataset``: "scan".

    Raises
    ------
    skfusion.exceptions.DatasetNotFoundError
        If the folder does not exist or contains no image.

    OSError
        If `secret` is None and the file can be neither read nor created.

    ValueError
        If `secret` is empty.

    Warns
    -----
    skfusion.exceptions.DataQualityWarning
        Once, if anything was left out. The message gives the number of files that are
        not images, the number and names of the files that could not be opened, and the
        number of folders that could not be opened or are links. The names do not
        include folders.

    See Also
    --------
    read_image : Read one image file.

    Notes
    -----
    Only headers are read, so a file with damaged pixels is listed.

    Modality, view, laterality and patient are read from DICOM headers. If the modality
    is missing, it is derived from the storage class. A projection X-ray is treated as
    a mammogram, unless the header gives another part of the body. The view is read
    from ViewPosition, PatientOrientation or ViewCodeSequence, and the laterality from
    ImageLaterality, Laterality or PatientOrientation.

    The group is a digest (HMAC-SHA-256) of PatientID and its issuer. If these are
    missing, it is a digest of the study. Otherwise, and for all other formats, it is
    a digest of the path inside `folder`, so that each file is its own group. With the
    same secret the digests are the same in every scan. On another computer, or in
    another account, pass the same `secret` to get the same groups. Nobody can check
    a guess of an identifier without the secret. Anyone who has it can: the digest is
    a pseudonym and does not anonymise the data.

    A file name that is not UTF-8 is listed with surrogate escapes, like in Python's
    own functions. Such a file can be read, but printing its path may fail.

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
    if not os.path.isdir(folder):  # noqa: PTH112, Path.is_dir raises
        raise DatasetNotFoundError(
            "Expected a folder of images. Got a path that is not a folder. Pass the "
            "path of an existing folder."
        )
    key = _key(secret)
    files, n_closed, n_links = _find_files(folder)
    rows, refused = _make_rows(files, folder, key)
    losses = _name_losses(len(files), len(rows), refused, n_closed, n_links)
    if not rows:
        raise DatasetNotFoundError(
            "Expected PNG, JPEG, PGM, TIFF, BMP or DICOM images in the folder. Got "
            f"none. {losses or 'The folder contains no files.'}"
        )
    if losses:
        warn_user(
            losses,
            DataQualityWarning,
        )
    # If pandas uses pyarrow, it does not accept text that is not UTF-8.
    is_odd = any(_SURROGATE.search(row[IMAGE]) for row in rows)
    return pd.DataFrame(rows, columns=IMAGE_COLUMNS, dtype=object if is_odd else None)


def _key(secret):
    """Return the secret as bytes."""
    if secret is None:
        return _home_key()
    if not isinstance(secret, bytes | str):
        raise TypeError(
            f"Expected secret to be bytes, str or None. Got {type(secret).__name__} "
            "instead."
        )
    if not secret:
        raise ValueError(
            "Expected a secret that cannot be guessed. Got an empty one. Pass "
            "secrets.token_bytes(32), and save it."
        )
    return secret.encode() if isinstance(secret, str) else secret


def _home_key():
    try:
        return home_secret()
    except OSError as error:
        # The cause is not shown, because it contains the folder.
        raise OSError(
            "Expected the file 'secret', from which the digests of patients are "
            "computed, in the folder SKFUSION_HOME. It cannot be used: "
            f"{error.strerror or error}. Set the environment variable SKFUSION_HOME to "
            "a folder that can be written, or pass secret=."
        ) from None


def _find_files(folder):
    """Search a folder and all its sub-folders.

    Returns the sorted files, the number of folders that could not be opened, and the
    number of links to folders.
    """
    files, waiting, n_closed, n_links = [], [folder], 0, 0
    while waiting:
        try:
            paths = list(waiting.pop().iterdir())
        except OSError:
            n_closed += 1
            continue
        # Unlike the methods of Path, these functions do not raise OSError.
        folders = [path for path in paths if os.path.isdir(path)]  # noqa: PTH112
        links = [path for path in folders if os.path.islink(path)]  # noqa: PTH114
        files += set(paths) - set(folders)
        waiting += set(folders) - set(links)
        n_links += len(links)
    return sorted(files), n_closed, n_links


def _make_rows(files, folder, key):
    """Return the rows of all images, and the files that could not be opened."""
    rows, refused = [], []
    for path in files:
        identity = f"file:{path.relative_to(folder).as_posix()}"
        try:
            rows.append(_row(path, identity, key))
        except OSError:
            refused.append(path)
    return [row for row in rows if row is not None], refused


def _name_losses(n_files, n_images, refused, n_closed, n_links):
    """Return a sentence for each type of loss, without the names of folders."""
    n_others = n_files - n_images - len(refused)
    names = ", ".join(repr(path.name) for path in refused[:_MAX_NAMES])
    names += ", ..." if len(refused) > _MAX_NAMES else ""
    sentences = {
        f"{n_others} of {n_files} files are not images and were left out.": n_others,
        f"{len(refused)} of {n_files} files could not be opened and were left out: "
        f"{names}.": len(refused),
        f"Number of folders that could not be opened, so that their images are "
        f"missing: {n_closed}.": n_closed,
        f"Number of links to folders, which are not followed: {n_links}.": n_links,
    }
    return " ".join(sentence for sentence, number in sentences.items() if number)


def _row(path, identity, key):
    """Return the row of one file, or None if it is not an image.

    Raises OSError if it cannot be opened.
    """
    row = dict.fromkeys(IMAGE_COLUMNS) | {IMAGE: str(path), "dataset": "scan"}
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as stream:
            image_format = recognise_format(stream.read(HEAD_BYTES))
        if image_format == "DICOM":
            header = _dicom_header(path)
            return row | header | {GROUP: _digest(header[GROUP] or identity, key)}
        if image_format is not None:
            with Image.open(path, formats=[image_format]):
                return row | {GROUP: _digest(identity, key)}
    except Exception as error:
        # A damaged header raises errors of many classes, none of them with an errno.
        if isinstance(error, OSError) and error.errno is not None:
            raise
    return None


def _digest(identity, key):
    """Return the pseudonym of a patient, which is the same for the same key."""
    message = f"skfusion.images.scan_images:{identity}"
    # The name of a file may contain bytes that are not UTF-8.
    message = message.encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:16]


def _dicom_header(path):
    """Return modality, view, laterality and the identity that is hashed."""
    header = read_dicom_header(path)
    if not (header.Rows and header.Columns):
        raise ValueError("not an image")
    modality = modality_of(header)
    return {
        MODALITY: modality,
        "view": view_of(header),
        LATERALITY: laterality_of(header, modality),
        GROUP: _identity(header),
    }


def read_dicom_header(path):
    """Read what is known of an image from the header of its DICOM file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    header : pydicom.FileDataset
        Size, modality, view, laterality, patient and study.
    """
    # A mapped file is read only as far as needed, and it has no name that pydicom
    # could show in a warning.
    with (
        path.open("rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as data,
    ):
        if _DEFLATED in data[:1024]:
            # Longer data would exceed the limit in any case when they are inflated.
            check_inflated_size(data[: 8 * MAX_PIXELS])
        return dcmread(data, force=True, stop_before_pixels=True, specific_tags=_TAGS)


def _identity(header):
    """Return the identity of the patient or, if unknown, of the study, or None."""
    patient = _text(header, "PatientID")
    if cbis := _CBIS_PATIENT.match(patient):
        patient = cbis[1]
    if patient:
        return f"patient:{_text(header, 'IssuerOfPatientID')}:{patient}"
    study = _text(header, "StudyInstanceUID")
    return f"study:{study}" if study else None


def _text(header, word):
    """Return the stored text of an element; a conversion could show it in a warning."""
    value = header.get_item(word).value if word in header else None
    value = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return value.strip(" \0")
