"""Make the DataFrame of X for a folder of new images."""

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
from ._formats._signatures import MAX_PIXELS, image_kind

__all__ = ["scan_images"]

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
_MOST_NAMES = 5  # of files that a message lists
_DEFLATED = DeflatedExplicitVRLittleEndian.encode()
# CBIS-DDSM writes the view into the patient: Mass-Test_P_00173_LEFT_CC.
_CBIS_PATIENT = re.compile(
    r"(?:Mass|Calc)-(?:Training|Test)_(P_\d+)_(?:LEFT|RIGHT)_(?:CC|MLO)"
)


def scan_images(folder, *, secret=None):
    """Make the DataFrame for a folder of new, unlabelled images.

    Its rows can be given to ``predict`` as they are.

    Parameters
    ----------
    folder : str or path-like
        Searched with all folders in it, links to folders excepted.

    secret : bytes or str, default=None
        Decides the digests of the patients (see Notes). If None, it is the file
        ``secret`` in the folder that the environment variable ``SKFUSION_HOME``
        names, or else in ``~/.cache/skfusion``, which is made where it is missing.

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

    OSError
        If `secret` is None, and the file can be neither read nor made.

    ValueError
        If `secret` is empty.

    Warns
    -----
    skfusion.exceptions.DataQualityWarning
        Once, where anything was left out: it gives the number of files that are no
        images, the number and the names of the files that could not be opened, and
        the numbers of the folders that could not be opened or are links. The names
        are without their folders.

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

    The group is a digest (HMAC-SHA-256) of PatientID and its issuer; where these are
    missing, of the study; else (all other formats) of the file's path inside
    `folder`, so that each file is its own group. Digests made with the same secret
    are the same in every scan; on another computer, or in another account, give the
    same `secret` to find the same patients again. Without the secret nobody can
    check a guess of an identifier. Whoever has it can: the digest is a pseudonym,
    and no anonymisation.

    A name of a file that is not UTF-8 is listed as Python's functions have it, with
    surrogate escapes. Such a file can be read; printing its path may fail.

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
            "Expected a folder of images. Got a path at which there is no folder. Pass "
            "the path of an existing folder."
        )
    key = _key(secret)
    files, n_closed, n_links = _find_files(folder)
    rows, refused = _make_rows(files, folder, key)
    losses = _name_losses(len(files), len(rows), refused, n_closed, n_links)
    if not rows:
        raise DatasetNotFoundError(
            "Expected PNG, JPEG, PGM, TIFF, BMP or DICOM images in the folder. Got "
            f"none. {losses or 'There is no file in it.'}"
        )
    if losses:
        warn_user(
            losses,
            DataQualityWarning,
        )
    # pyarrow, where pandas has it, takes no text that is not UTF-8.
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
            "secrets.token_bytes(32), and keep it."
        )
    return secret.encode() if isinstance(secret, str) else secret


def _home_key():
    try:
        return home_secret()
    except OSError as error:
        # Without the cause, which would show the folder.
        raise OSError(
            "Expected the file 'secret', which decides the digests of patients, in the "
            f"folder SKFUSION_HOME. It cannot be used: {error.strerror or error}. Set "
            "the environment variable SKFUSION_HOME to a folder that can be written, "
            "or pass secret=."
        ) from None


def _find_files(folder):
    """Search a folder, and those in it however deep they are.

    Returns the files in order, the number of folders that could not be opened, and
    that of the links to folders.
    """
    files, waiting, n_closed, n_links = [], [folder], 0, 0
    while waiting:
        try:
            paths = list(waiting.pop().iterdir())
        except OSError:
            n_closed += 1
            continue
        # These functions of os.path raise no OSError, as the methods of Path do.
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
        own = f"file:{path.relative_to(folder).as_posix()}"
        try:
            rows.append(_row(path, own, key))
        except OSError:
            refused.append(path)
    return [row for row in rows if row is not None], refused


def _name_losses(n_files, n_images, refused, n_closed, n_links):
    """Return a sentence on each kind of loss; files are named without their folders."""
    n_others = n_files - n_images - len(refused)
    names = ", ".join(repr(path.name) for path in refused[:_MOST_NAMES])
    names += ", ..." if len(refused) > _MOST_NAMES else ""
    sentences = {
        f"{n_others} of {n_files} files are no images and were left out.": n_others,
        f"{len(refused)} of {n_files} files could not be opened and were left out: "
        f"{names}.": len(refused),
        f"Folders that could not be opened, so that their images are missing: "
        f"{n_closed}.": n_closed,
        f"Links to folders, which are not followed: {n_links}.": n_links,
    }
    return " ".join(sentence for sentence, number in sentences.items() if number)


def _row(path, own, key):
    """Return the row of one file, or None if it is no image.

    Raises OSError if it cannot be opened.
    """
    row = dict.fromkeys(IMAGE_COLUMNS) | {IMAGE: str(path), "dataset": "scan"}
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as stream:
            kind = image_kind(stream.read(132))
        if kind == "DICOM":
            header = _dicom_header(path)
            return row | header | {GROUP: _digest(header[GROUP] or own, key)}
        if kind is not None:
            with Image.open(path, formats=[kind]):
                return row | {GROUP: _digest(own, key)}
    except Exception as error:
        # A damaged header raises errors of many kinds, none with a system's number.
        if isinstance(error, OSError) and error.errno is not None:
            raise
    return None


def _digest(identity, key):
    """Return what stands for a patient: the same wherever the key is the same."""
    message = f"skfusion.images.scan_images:{identity}"
    # A name of a file may hold what is no UTF-8.
    message = message.encode("utf-8", "surrogatepass")
    return hmac.digest(key, message, "sha256").hex()[:16]


def _dicom_header(path):
    """Return modality, view, laterality and the identity to be hashed."""
    header = _read_header(path)
    if not (header.Rows and header.Columns):
        raise ValueError("no image")
    modality = modality_of(header)
    return {
        MODALITY: modality,
        "view": view_of(header),
        LATERALITY: laterality_of(header, modality),
        GROUP: _identity(header),
    }


def _read_header(path):
    # A mapped file is read as far as needed, and has no name that pydicom could
    # show in a warning.
    with (
        path.open("rb") as stream,
        mmap(stream.fileno(), 0, access=ACCESS_READ) as data,
    ):
        if _DEFLATED in data[:1024]:
            # It is refused anyway where it is longer than it may be inflated.
            check_inflated_size(data[: 8 * MAX_PIXELS])
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
