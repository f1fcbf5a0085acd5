"""Read modality, view and laterality from a DICOM header."""

import re

__all__ = ["laterality_of", "modality_of", "view_of"]

_MODALITIES = {"MG": "mammography", "US": "ultrasound"}
# Storage classes by the stem of their UID.
_XRAY_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.1.1",  # digital X-ray, for presentation or processing
    "1.2.840.10008.5.1.4.1.1.1.2",  # digital mammography
    "1.2.840.10008.5.1.4.1.1.13.1.3",  # breast tomosynthesis
    "1.2.840.10008.5.1.4.1.1.13.1.4",  # breast projections, for presentation
    "1.2.840.10008.5.1.4.1.1.13.1.5",  # breast projections, for processing
)
_ULTRASOUND_CLASSES = (
    "1.2.840.10008.5.1.4.1.1.3.1",
    "1.2.840.10008.5.1.4.1.1.6.1",
    "1.2.840.10008.5.1.4.1.1.6.2",
)
_VIEWS = frozenset(
    {"CC", "MLO", "ML", "LM", "LMO", "XCC", "XCCL", "XCCM", "FB", "SIO", "ISO"}
)
# DICOM PS3.16, CID 4014: SNOMED CT and the older SNOMED RT codes.
_VIEW_CODES = {
    "399162004": "CC",
    "R-10242": "CC",
    "399368009": "MLO",
    "R-10226": "MLO",
    "399260004": "ML",
    "R-10224": "ML",
    "399352003": "LM",
    "R-10228": "LM",
    "399099002": "LMO",
    "R-10230": "LMO",
    "399196006": "FB",
    "R-10244": "FB",
    "399188001": "SIO",
    "R-102D0": "SIO",
    "441555000": "ISO",
    "R-40AAA": "ISO",
    "399192008": "XCCL",
    "R-1024A": "XCCL",
    "399101009": "XCCM",
    "R-1024B": "XCCM",
}


def modality_of(header):
    """Return the modality of an image from its header.

    Parameters
    ----------
    header : pydicom.FileDataset
        The header.

    Returns
    -------
    modality : {"mammography", "ultrasound"} or None
        Derived from Modality. If it is missing, it is derived from the storage class,
        unless the header gives a part of the body other than the breast.

    Examples
    --------
    >>> from pydicom import Dataset
    >>> from skfusion.images._formats._dicom_header import modality_of
    >>> header = Dataset()
    >>> header.Modality = "US"
    >>> modality_of(header)
    'ultrasound'
    """
    if word := _word(header, "Modality"):
        return _MODALITIES.get(word)
    if _word(header, "BodyPartExamined") not in ("", "BREAST"):
        return None
    storage = str(header.get("SOPClassUID") or "")
    if not storage:
        meta = getattr(header, "file_meta", {})
        storage = str(meta.get("MediaStorageSOPClassUID") or "")
    for classes, modality in (
        (_XRAY_CLASSES, "mammography"),
        (_ULTRASOUND_CLASSES, "ultrasound"),
    ):
        if any(storage == stem or storage.startswith(f"{stem}.") for stem in classes):
            return modality
    return None


def view_of(header):
    """Return the view of an image from its header.

    Parameters
    ----------
    header : pydicom.Dataset
        The header.

    Returns
    -------
    view : str or None
        A DICOM view code such as CC or MLO. It is read from ViewPosition, from a
        PatientOrientation that contains a view (as in CBIS-DDSM), from
        ViewCodeSequence, or from the orientation in PatientOrientation.

    References
    ----------
    DICOM PS3.16, CID 4014 (views for mammography). IHE Radiology Technical
    Framework, Mammography Image profile (orientations of the standard views).

    Examples
    --------
    >>> from pydicom import Dataset
    >>> from skfusion.images._formats._dicom_header import view_of
    >>> header = Dataset()
    >>> header.PatientOrientation = ["A", "FR"]
    >>> view_of(header)
    'MLO'
    """
    for word in ("ViewPosition", "PatientOrientation"):
        if (view := _word(header, word)) in _VIEWS:
            return view
    for code in header.get("ViewCodeSequence") or []:
        if view := _VIEW_CODES.get(str(code.get("CodeValue", ""))):
            return view
    down = _column_direction(header)
    if re.fullmatch("[LR]", down):
        return "CC"
    return "MLO" if re.fullmatch("F[LR]", down) else None


def laterality_of(header, modality):
    """Return the laterality of an image from its header.

    Parameters
    ----------
    header : pydicom.Dataset
        The header.

    modality : str or None
        Modality of the image. PatientOrientation gives the side only for mammograms.

    Returns
    -------
    laterality : {"L", "R"} or None

    Examples
    --------
    >>> from pydicom import Dataset
    >>> from skfusion.images._formats._dicom_header import laterality_of
    >>> header = Dataset()
    >>> header.PatientOrientation = ["A", "R"]
    >>> laterality_of(header, "mammography")
    'L'
    """
    for word in ("ImageLaterality", "Laterality"):
        if (side := _word(header, word)) in ("L", "R"):
            return side
    down = _column_direction(header)
    if modality == "mammography" and re.fullmatch("F?[LR]", down):
        # The outer side of the breast is at the top, so down is the opposite side.
        return "L" if down[-1] == "R" else "R"
    return None


def _word(header, keyword):
    """Return a single code string in upper case, and '' for any other value."""
    value = header.get(keyword)
    return value.strip().upper() if isinstance(value, str) else ""


def _column_direction(header):
    """Return the direction of the columns of the image, such as FR, or ''."""
    orientation = header.get("PatientOrientation")
    if orientation is None or isinstance(orientation, str) or len(orientation) != 2:
        return ""
    return str(orientation[1]).upper()
