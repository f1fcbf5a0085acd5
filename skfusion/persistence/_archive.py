"""A model file as an archive: what it may hold, and how much."""

import hashlib
import io
import json
import os
import re
import secrets
import zipfile

from ..exceptions import ModelFileError

__all__ = [
    "CARD",
    "ESTIMATOR",
    "FORMAT_VERSION",
    "MANIFEST",
    "WEIGHTS",
    "read_archive",
    "write_archive",
]

FORMAT, FORMAT_VERSION = "skfusion model", 1
MANIFEST, CARD = "manifest.json", "model_card.md"
ESTIMATOR, WEIGHTS = "estimator.skops", "networks.safetensors"
_MEMBERS = {MANIFEST, CARD, ESTIMATOR, WEIGHTS}
# What skops writes: its schema, and arrays by their number.
_INNER_NAME = re.compile(r"schema\.json|[0-9a-f-]{1,64}\.(npy|npz|bin)")
_ZIP = b"PK"  # by which numpy knows a sparse matrix, whatever its name
_MOST_UNPACKED = 256 * 2**20  # bytes of a sparse matrix, which alone is compressed


def write_archive(path, manifest, members):
    """Write a model file.

    Parameters
    ----------
    path : Path

    manifest : dict
        What JSON can hold. The format and the checksums are added.

    members : dict of str to bytes
        Contents by name.
    """
    manifest = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        **manifest,
        "sha256": {name: _checksum(content) for name, content in members.items()},
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(MANIFEST, json.dumps(manifest, indent=1, default=str))
        for name, content in members.items():
            archive.writestr(name, content)
    _replace(path, buffer.getbuffer())


def _replace(path, content):
    """Write a file in one step: until it is complete, the old file is the file."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with unfinished.open("xb") as file:  # never through a link
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def read_archive(path):
    """Read a model file, and check it before anything of it is used.

    The members are not compressed, so that together they are not larger than the file,
    and none is extracted to a disk.

    Parameters
    ----------
    path : Path

    Returns
    -------
    manifest : dict

    members : dict of str to bytes
        Contents by name.

    Raises
    ------
    OSError
        If the file cannot be opened.

    ModelFileError
        If it is no model file, is damaged, was written in a newer format, or holds more
        or other members than a model file does.
    """
    with path.open("rb") as file, _open(file) as archive:
        size = os.fstat(file.fileno()).st_size
        _check_members(archive, size, lambda name: name in _MEMBERS)
        manifest = _read_manifest(archive)
        sums = manifest.get("sha256", {})
        members = {name: _read(archive, name) for name in _MEMBERS - {MANIFEST}}
    for name, content in members.items():
        if sums.get(name) != _checksum(content):
            raise ModelFileError(f"The model file is damaged: {name!r} has changed.")
    content = members[ESTIMATOR]
    with _open(io.BytesIO(content)) as inner:
        _check_members(inner, len(content), _INNER_NAME.fullmatch)
        _check_unpacked(inner)
    return manifest, members


def _checksum(content):
    return hashlib.sha256(content).hexdigest()


def _open(file):
    try:
        return zipfile.ZipFile(file)
    except Exception as error:  # zipfile documents BadZipFile, and raises others, too
        raise ModelFileError(
            "Expected a model file that save_model() wrote. Got another file, or only "
            f"a part of one: {error}"
        ) from error


def _check_members(archive, size, is_expected):
    """Raise an error for what a file that was saved by skfusion cannot hold."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    odd = [name for name in names if not is_expected(name)]
    if odd or len(set(names)) < len(names):
        found = odd[0] if odd else "the same member twice"
        raise ModelFileError(
            "Expected only the members that save_model() writes. Got "
            f"{found[:80]!r} in the file: it is not read."
        )
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise ModelFileError(
            "Expected members that are not compressed. Got a compressed one, which may "
            "unpack to any size: the file is not read."
        )
    if sum(entry.file_size for entry in entries) > size:
        raise ModelFileError(
            "Expected members that are together no larger than the file. Got larger "
            "ones: the file is not read."
        )


def _read(archive, name):
    try:
        return archive.read(name)
    except Exception as error:
        raise ModelFileError(
            f"The model file is damaged: {name!r} cannot be read ({error})."
        ) from error


def _check_unpacked(archive):
    """Check the sizes that sparse matrices state; none unpacks to more than that."""
    n_bytes = 0
    for content in (_read(archive, name) for name in archive.namelist()):
        if not content.startswith(_ZIP):
            continue
        with _open(io.BytesIO(content)) as matrix:
            n_bytes += sum(entry.file_size for entry in matrix.infolist())
    if n_bytes > _MOST_UNPACKED:
        raise ModelFileError(
            f"Expected sparse matrices of at most {_MOST_UNPACKED // 2**20} MiB. Got "
            f"{n_bytes // 2**20} MiB: the file is not read."
        )


def _read_manifest(archive):
    content = _read(archive, MANIFEST)
    try:
        manifest = json.loads(content)
        is_ours = manifest["format"] == FORMAT
        version, _ = manifest["format_version"], dict(manifest["sha256"])
        is_newer = version > FORMAT_VERSION
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelFileError(
            f"The model file is damaged: {MANIFEST!r} cannot be read."
        ) from error
    if not is_ours:
        found = repr(manifest["format"])[:80]
        raise ModelFileError(f"Expected a model file of skfusion. Got {found}.")
    if is_newer:
        # repr, because the text of a file may hold control characters.
        writer = repr(manifest.get("skfusion"))[:80]
        raise ModelFileError(
            f"Expected a model file of format {FORMAT_VERSION} or older. Got a newer "
            f"one, written by skfusion {writer}. Update skfusion."
        )
    return manifest
