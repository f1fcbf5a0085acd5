"""A cache is filled from all cores, and what is stored is never decoded again."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skfusion._store import _row_store
from skfusion.datasets import make_breast_images
from skfusion.exceptions import ImageReadError
from skfusion.images import ImageCache, ImageSource, _batch_readers

N_FILES = 120


@pytest.fixture(scope="module")
def X(tmp_path_factory):
    folder = tmp_path_factory.mktemp("images")
    return make_breast_images(N_FILES, image_size=32, folder=folder, random_state=0)[
        "data"
    ]


@pytest.fixture
def decoded(monkeypatch):
    """The files that were decoded, in a list."""
    paths = []
    read = _batch_readers.read_shared

    def counted(path, *options):
        paths.append(str(path))
        return read(path, *options)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    return paths


def lesions(X, n_of_each):
    """Several boxes in each file, the rows of a file far from each other."""
    boxes = [f"{i},{i},{i + 8},{i + 9}" for i in range(n_of_each)]
    tables = [X.assign(region=box) for box in boxes]
    return pd.concat(tables, ignore_index=True)


def test_a_filled_cache_is_read_without_decoding(X, tmp_path, decoded):
    source = ImageSource(X, image_size=16, image_cache=tmp_path)
    assert source.fill_cache() is source
    assert sorted(decoded) == sorted(X["image"])
    assert len(ImageCache(tmp_path)) == N_FILES
    images, pixels = source[:], source.to_array()
    assert len(decoded) == N_FILES
    np.testing.assert_array_equal(pixels, ImageSource(X, image_size=16).to_array())
    np.testing.assert_array_equal(images, pixels.astype(np.float32) / 255)


def test_filling_goes_on_where_it_ended(X, tmp_path, decoded):
    ImageSource(X[:70], image_size=16, image_cache=tmp_path).fill_cache()
    for _ in range(2):
        ImageSource(X, image_size=16, image_cache=tmp_path).fill_cache()
    assert len(decoded) == len(set(decoded)) == N_FILES


def test_a_bar_counts_the_rows(X, tmp_path, capsys):
    source = ImageSource(X, image_size=16, image_cache=tmp_path)
    source.fill_cache(verbose=1)
    assert f"/{N_FILES} [" in capsys.readouterr().err
    source.fill_cache()
    assert not capsys.readouterr().err


@pytest.mark.parametrize("stored", [True, False])
def test_a_file_with_several_lesions_is_decoded_once(X, tmp_path, decoded, stored):
    table = lesions(X, 3)
    plain = ImageSource(table, image_size=16, region="lesion")
    if stored:
        cached = ImageSource(
            table, image_size=16, region="lesion", image_cache=tmp_path
        )
        pixels = cached.fill_cache().to_array()
    else:
        pixels = plain.to_array()
    assert sorted(decoded) == sorted(X["image"])
    alone = np.concatenate([plain[[row]] for row in range(0, len(table), 7)])
    np.testing.assert_allclose(pixels[::7] / 255, alone, atol=0.51 / 255)


def test_augmented_copies_in_a_batch_are_decoded_once(X, decoded):
    copies = pd.concat([X[:4].assign(augmentation=seed) for seed in (0, 5, 9)])
    images = ImageSource(copies, image_size=16)[:]
    assert len(decoded) == 4
    alone = ImageSource(copies, image_size=16)
    np.testing.assert_array_equal(
        images, np.concatenate([alone[[r]] for r in range(12)])
    )
    assert not np.array_equal(images[:4], images[4:8])


def test_images_are_written_while_others_are_decoded(X, tmp_path, monkeypatch):
    """Each write waits until a file is decoded that is not in it."""
    started, write = threading.Semaphore(0), _row_store.RowStore.write
    read = _batch_readers.read_shared

    def counted(path, *options):
        started.release()
        return read(path, *options)

    def waiting(store, keys, rows):
        for _ in rows:
            started.acquire()
        if (
            len(store) + len(rows) < N_FILES
        ):  # one more file than those that are written
            assert started.acquire(timeout=10)
            started.release()
        write(store, keys, rows)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    monkeypatch.setattr(ImageCache, "write", waiting)
    ImageSource(X, image_size=16, image_cache=tmp_path).fill_cache()
    assert len(ImageCache(tmp_path)) == N_FILES


def test_a_damaged_file_ends_filling_and_is_named(X, tmp_path, decoded):
    table = X.copy()
    (tmp_path / "damaged.png").write_bytes(b"no image")
    table.loc[100, "image"] = str(tmp_path / "damaged.png")
    source = ImageSource(table, image_size=16, image_cache=tmp_path)
    with pytest.raises(ImageReadError, match=r"Row 100 of X: .*'damaged.png'"):
        source.fill_cache()
    n_stored = len(ImageCache(tmp_path))
    assert n_stored >= 64
    decoded.clear()
    ImageSource(X, image_size=16, image_cache=tmp_path).fill_cache()  # no claim is left
    # A thread of the first call may just have ended its last file.
    assert len(set(decoded)) == N_FILES - n_stored


def test_a_source_without_a_cache_is_not_filled(X):
    with pytest.raises(ValueError, match="Got one of files, without an image_cache"):
        ImageSource(X, image_size=16).fill_cache()
    with pytest.raises(ValueError, match="Got one of arrays"):
        ImageSource(np.zeros((2, 8, 8))).fill_cache()


def test_an_interrupt_states_how_many_images_are_stored(X, tmp_path, monkeypatch):
    write, n_written = ImageCache.write, []

    def interrupted(cache, keys, rows):
        if n_written:
            raise KeyboardInterrupt
        write(cache, keys, rows)
        n_written.append(len(rows))

    monkeypatch.setattr(ImageCache, "write", interrupted)
    with pytest.raises(KeyboardInterrupt) as info:
        ImageSource(X, image_size=16, image_cache=tmp_path).fill_cache()
    assert info.value.__notes__ == [
        f"{n_written[0]} of {N_FILES} images are stored. The same call continues."
    ]


def test_a_file_in_place_of_the_folder_is_named(X, tmp_path):
    (tmp_path / "a_file").touch()
    source = ImageSource(X, image_size=16, image_cache=tmp_path / "a_file")
    with pytest.raises(OSError, match="expected a folder, got the file 'a_file'"):
        source.fill_cache()


def test_a_bound_below_all_images_is_refused(X, tmp_path):
    few = ImageCache(tmp_path, max_bytes=N_FILES * 128**2)
    source = ImageSource(X, image_size=128, image_cache=few)
    with pytest.raises(ValueError, match="Expected max_bytes of at least"):
        source.fill_cache()
    assert len(few) == 0
    enough = ImageCache(tmp_path, max_bytes=1.6 * N_FILES * 128**2)
    ImageSource(X, image_size=128, image_cache=enough).fill_cache()
    assert len(enough) == N_FILES


def test_room_is_made_of_images_that_are_not_of_this_pass(X, decoded, tmp_path):
    cache = ImageCache(tmp_path, max_bytes=1.6 * N_FILES // 3 * 128**2)

    def fill(rows):
        source = ImageSource(X.iloc[rows], image_size=128, image_cache=cache)
        source.fill_cache()[:]

    third = N_FILES // 3
    rows = np.arange(third)
    fill(rows)  # in the cache, the first images are the oldest
    fill(np.r_[rows[: third // 2], third + rows[third // 2 :]])
    assert len(decoded) == len(set(decoded)) == third + third // 2


FILLER = """
import sys, time
from pathlib import Path
from skfusion.images import ImageSource, _batch_readers
read = _batch_readers.read_shared
def counted(path, *options):
    time.sleep(0.01)
    with open(sys.argv[2], "a") as log:
        log.write(path.name + "\\n")
    return read(path, *options)
_batch_readers.read_shared = counted
paths = sorted(map(str, Path(sys.argv[1]).glob("*.png")))
print("started", flush=True)
ImageSource(paths, image_size=16, image_cache=sys.argv[3]).fill_cache()
"""


def start_filler(X, log, folder):
    images = Path(X["image"].iloc[0]).parent
    command = [sys.executable, "-c", FILLER, *map(str, (images, log, folder))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)


def lines(path):
    return path.read_text().split() if path.exists() else []


def test_two_processes_that_fill_one_cache_share_the_work(X, tmp_path):
    fillers = [start_filler(X, tmp_path / f"{n}.log", tmp_path) for n in range(2)]
    assert [filler.wait(300) for filler in fillers] == [0, 0]
    decoded = [lines(tmp_path / f"{number}.log") for number in range(2)]
    assert len(decoded[0] + decoded[1]) == N_FILES
    assert len(set(decoded[0] + decoded[1])) == len(ImageCache(tmp_path)) == N_FILES


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_killed_process_costs_only_what_was_not_written(X, tmp_path):
    killed = start_filler(X, tmp_path / "killed.log", tmp_path)
    killed.stdout.readline()
    while len(ImageCache(tmp_path)) < 32:
        assert killed.poll() is None
        time.sleep(0.01)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    n_stored = len(ImageCache(tmp_path))
    assert 32 <= n_stored < N_FILES
    assert start_filler(X, tmp_path / "again.log", tmp_path).wait(300) == 0
    first, again = lines(tmp_path / "killed.log"), lines(tmp_path / "again.log")
    assert len(again) == len(set(again)) == N_FILES - n_stored
    assert set(first) | set(again) == {Path(path).name for path in X["image"]}
    assert len(ImageCache(tmp_path)) == N_FILES


def test_many_rows_of_few_compressed_files_are_decoded_in_workers(
    X, tmp_path, monkeypatch
):
    """A batch holds fewer files than are worth worker processes; all batches do not."""
    isolated = []
    read = _batch_readers.read_shared

    def counted(path, frame, min_side, is_isolated, share):
        isolated.append(is_isolated)
        return read(path, frame, min_side, False, share)

    monkeypatch.setattr(_batch_readers, "read_shared", counted)
    monkeypatch.setattr(_batch_readers, "is_compressed_dicom", lambda path: True)
    monkeypatch.setattr(_batch_readers, "can_isolate", lambda: True)
    monkeypatch.setattr(_batch_readers, "_has_free_cores", lambda: True)
    table = lesions(X[:12], 16)
    ImageSource(
        table, image_size=16, region="lesion", image_cache=tmp_path
    ).fill_cache()
    assert len(isolated) == 12
    assert isolated[-1]
    assert not isolated[0]
