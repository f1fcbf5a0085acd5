"""mini-MIAS: film mammograms of the British screening programme."""

import re
from os import PathLike

import pandas as pd

from .._validation._boxes import cut_box
from .._validation._columns import IMAGE, REGION
from .._validation._private import StrOptions, validate_params
from ..images._size import image_size
from ._base import find_folder, leave_out_normal, make_bunch
from ._incomplete import pair_rows_and_files, warn_about_incomplete
from ._lesion_rows import arrange_lesions

__all__ = ["load_mini_mias"]

_FOLDER = {
    "names": ["mini_mias", "mini-MIAS", "mias", "MIAS", "all-mias"],
    "expected": "with 'Info.txt' and images such as 'mdb001.pgm'",
    "remedy": "Download mini-MIAS (research only, cite) from "
    "http://peipa.essex.ac.uk/info/mias.html.",
}
_TABLES = ("Info.txt", "info.txt", "README")
_IMAGES = "mdb[0-9][0-9][0-9].pgm"
_WITHOUT_REGION = "Circles without a region (outside the image, or it is unreadable)"
_LINE = re.compile(r"\s*(?P<reference>mdb\d{3})\s+(?P<rest>\S.*)")
# Such as "G CIRC B 535 425 197", "D NORM" or "F CIRC B *NOTE 3*".
_REST = re.compile(
    r"(?P<tissue>[FGD])\s+"
    r"(?:NORM|(?P<abnormality>CALC|CIRC|SPIC|MISC|ARCH|ASYM)\s+(?P<severity>[BM])"
    r"(?:\s+(?P<x>\d+)\s+(?P<y>\d+)\s+(?P<radius>\d+))?)\s*(?:\*.*)?"
)


@validate_params(
    {
        "path": [str, PathLike],
        "normal": [StrOptions({"drop", "benign"})],
        "lesions": [StrOptions({"together", "each"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mini_mias(path, *, normal="drop", lesions="together", return_X_y=False):
    """Load mini-MIAS, the film mammograms of Suckling et al., reduced to 1024 x 1024.

    322 mammograms, one of each breast of 161 women: 52 malignant, 63 benign, 207
    normal. Circles around most of the findings give boxes.

    Read more in the :ref:`User Guide <datasets>` and under :ref:`mini_mias_dataset`.

    Parameters
    ----------
    path : str or path-like
        Folder with ``Info.txt`` (or the ``README`` with the same list) and images such
        as ``mdb001.pgm``, in it or in a folder ``all-mias``, or a folder that holds it
        as ``mini-MIAS`` or ``mias``.

    normal : {"drop", "benign"}, default="drop"
        What to do with images without a finding: leave them out, or count them as
        class 0.

    lesions : {"together", "each"}, default="together"
        Whether each row is an image, with one box around all its findings, which is
        malignant if any of them is, or each finding is a row. Seven images have two or
        three findings; one of them, ``mdb144``, a benign and a malignant one.

    return_X_y : bool, default=False
        If True, return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    dataset : :class:`~sklearn.utils.Bunch`
        data : DataFrame of shape (n_rows, 7)
            ``image`` (path), ``modality``, ``group``, ``view`` (MLO), ``laterality``
            (L, R), ``dataset`` and ``region`` (missing without a circle).
        target : ndarray of shape (n_rows,), int64
            1 for malignant, 0 for benign (or normal).
        target_names : list of str
            Names of the classes 0 and 1.
        groups : ndarray of shape (n_rows,), object
            The patient: the pair of images, such as "mdb001-002".
        frame : DataFrame of n_rows rows
            The columns of `data`, ``target`` and those of the list: ``reference``,
            ``tissue`` (F fatty, G fatty-glandular, D dense-glandular),
            ``abnormality`` (missing in normal images), ``severity``, ``x``, ``y`` (from
            the bottom), ``radius``; ``n_lesions`` with ``lesions="together"``.
        DESCR : str
            Description of the data set.
    (data, target) : tuple if `return_X_y` is True
        See above.

    Raises
    ------
    DatasetNotFoundError
        If the data set is not found. The message states how to get it.

    ValueError
        If a line of the list is not of the publisher's form.

    Warns
    -----
    DataQualityWarning
        If rows have no image (they are left out), images have no row, or circles lie
        outside their image or it cannot be read (their region is missing). All are
        counted and named.

    See Also
    --------
    load_cbis_ddsm : A larger data set of film mammograms.

    Notes
    -----
    **Boxes.** The list counts the centre of a circle from the lower left corner of the
    image, and ``region`` from the upper left one. A few findings, such as
    calcifications all over the breast, have no circle and no box.

    **Sides.** Odd numbers are left and even ones right here, as in the file names of
    the full MIAS database (``mdb001lm``, ``mdb002rl``) [2]_. The notes of mini-MIAS
    state the opposite. For groups it makes no difference.

    **Traps.** With ``normal="benign"`` most of class 0 is normal. Both images of a
    woman must stay in one part of a split. Some images contain labels, tape or
    scratches.

    References
    ----------
    .. [1] J. Suckling et al., "The Mammographic Image Analysis Society digital
       mammogram database", Excerpta Medica, International Congress Series 1069
       (1994) 375-378.
    .. [2] J. Suckling et al., "Mammographic Image Analysis Society (MIAS) database
       v1.21", Apollo, University of Cambridge, 2015.
       https://doi.org/10.17863/CAM.105113

    Examples
    --------
    >>> from skfusion.datasets import load_mini_mias
    >>> mias = load_mini_mias("downloads/mini-MIAS")  # doctest: +SKIP
    >>> mias.data.shape  # doctest: +SKIP
    (115, 7)
    """
    folder = find_folder(path, _is_mini_mias, **_FOLDER)
    file = _table_file(folder)
    images = {image.stem: str(image) for image in _find_images(folder)}
    table = _read_table(file)
    table[IMAGE] = table["reference"].map(images)
    names = {image: f"{name}.pgm" for name, image in images.items()}
    table, findings = pair_rows_and_files(table, names, file)
    table[REGION] = _regions(table)
    is_outside = table["radius"].notna() & table[REGION].isna()
    outside = [f"row {row + 1} of {file.name!r}" for row in table.index[is_outside]]
    findings.append((_WITHOUT_REGION, outside))
    warn_about_incomplete("mini-MIAS", findings)
    frame = _describe(table)
    is_normal = frame["abnormality"].isna()
    frame, target_names = leave_out_normal(frame, is_normal, normal)
    return make_bunch(
        arrange_lesions(frame, frame["abnormality"].notna(), lesions),
        name="mini_mias",
        target_names=target_names,
        return_X_y=return_X_y,
    )


def _is_mini_mias(folder):
    return _table_file(folder) is not None and bool(_find_images(folder))


def _table_file(folder):
    files = [folder / place / name for place in ("", "all-mias") for name in _TABLES]
    return next((file for file in files if file.is_file()), None)


def _find_images(folder):
    return sorted([*folder.glob(_IMAGES), *folder.glob(f"all-mias/{_IMAGES}")])


def _read_table(file):
    """Return one row per line of the list; the prose around it is passed over."""
    rows = []
    for number, line in enumerate(file.read_text(encoding="latin-1").splitlines(), 1):
        found = _LINE.match(line)
        if found:
            rest = _REST.fullmatch(found["rest"].strip())
            if rest is None:
                raise _unknown_line(file, number, found["rest"].strip())
            rows.append({"reference": found["reference"], **rest.groupdict()})
    columns = ["reference", *_REST.groupindex]
    table = pd.DataFrame(rows, columns=columns)
    circle = ["x", "y", "radius"]
    return table.assign(**table[circle].apply(pd.to_numeric).astype("float64"))


def _unknown_line(file, number, rest):
    return ValueError(
        "Expected tissue (F, G, D), class (CALC, CIRC, SPIC, MISC, ARCH, ASYM, NORM), "
        "severity (B, M), and x, y and radius or none of them, such as 'G CIRC B 535 "
        f"425 197', in the columns of {file.name!r}. Got {rest!r} in line {number} "
        "instead. Download the publisher's list again."
    )


def _regions(table):
    """Return the box around each circle, cut to the image, or None."""
    rows = table[[IMAGE, "x", "y", "radius"]].itertuples(index=False)
    return pd.Series([_box(*row) for row in rows], index=table.index, dtype=object)


def _box(image, x, y, radius):
    size = None if pd.isna(radius) else image_size(image)
    if size is None:
        return None
    y = size[1] - y  # it is counted from the bottom
    return cut_box((x - radius, y - radius, x + radius, y + radius), *size)


def _describe(table):
    """Return the table with the columns of every data set."""
    number = table["reference"].str[3:].astype(int)
    first = number - (number + 1) % 2  # odd, the first of the pair
    return table.assign(
        target=(table["severity"] == "M").astype("int64"),
        modality="mammography",
        group=[f"mdb{each:03d}-{each + 1:03d}" for each in first],
        view="MLO",
        laterality=(number % 2).map({1: "L", 0: "R"}),
        dataset="mini_mias",
    )
