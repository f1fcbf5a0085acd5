"""Compare layouts of an image store by random gathers of a batch.

Run it on Linux, on a machine that does nothing else, with TMPDIR on a disk::

    python docs/studies/store_layout.py

It stores the same 3,000 images in each layout, and gathers random batches of 32 from
each in turn: from the page cache of the operating system, and from the disk. The user
guide shows ``docs/studies/results/store_layout.csv``.
"""

import os
import tempfile
import zlib
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from record import current_commit, write_results

from skfusion.images import ImageCache

N_IMAGES, SIDE, BATCH_SIZE = 3000, 512, 32
N_BYTES = SIDE**2
N_PIXELS = N_IMAGES * N_BYTES
N_BATCHES = 60  # from memory, and as many from the disk
SHARD = 500  # images in each .npy file


class SQLiteLayout:
    """The image cache of skfusion: an SQLite file, a checksum for each image."""

    name = "SQLite, with checksums (ImageCache)"

    def __init__(self, folder):
        self.folder = folder
        self.cache = ImageCache(folder)

    def write(self, first, images):
        self.cache.write(list(map(key_of, range(first, first + len(images)))), images)

    def gather(self, rows):
        keys = list(map(key_of, rows))
        found = self.cache.read(keys, N_BYTES)
        batch = np.empty((len(rows), N_BYTES), "u1")
        for place, key in enumerate(keys):
            batch[place] = found[key]
        return batch


class ShardLayout:
    """Memory-mapped ``.npy`` files of 500 images each, without checksums."""

    name = "memory-mapped .npy shards"

    def __init__(self, folder):
        self.folder = folder

    def write(self, first, images):
        for place, image in enumerate(images):
            shard, row = divmod(first + place, SHARD)
            self.open(shard)[row] = image

    def open(self, shard):
        path = self.folder / f"{shard}.npy"
        if path.exists():
            return np.load(path, mmap_mode="r+")
        shape = (SHARD, N_BYTES)
        return np.lib.format.open_memmap(path, "w+", dtype=np.uint8, shape=shape)

    def gather(self, rows):
        rows, batch = np.asarray(rows), np.empty((len(rows), N_BYTES), "u1")
        for shard in np.unique(rows // SHARD):
            places = np.flatnonzero(rows // SHARD == shard)
            images = np.load(self.folder / f"{shard}.npy", mmap_mode="r")
            batch[places] = images[rows[places] % SHARD]
        return batch


class CheckedShardLayout(ShardLayout):
    """The same files, and a checksum for each image in memory."""

    name = "memory-mapped .npy shards, with checksums"

    def write(self, first, images):
        super().write(first, images)
        self.checksums = getattr(self, "checksums", [])
        self.checksums.extend(zlib.crc32(image) for image in images)

    def gather(self, rows):
        batch = super().gather(rows)
        found = [zlib.crc32(image) for image in batch]
        if found != [self.checksums[row] for row in rows]:
            raise ValueError("an image is damaged")
        return batch


def main():
    commit, rng = current_commit(), np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        layouts = []
        for layout in (SQLiteLayout, ShardLayout, CheckedShardLayout):
            own = Path(folder) / layout.__name__
            own.mkdir()
            layouts.append(layout(own))
        fill(layouts)
        warm = measure(layouts, rng, forget=False)
        cold = measure(layouts, rng, forget=True)
        rows = [
            {
                "layout": layout.name,
                "from memory (ms)": describe(warm[layout.name]),
                "from the disk (ms)": describe(cold[layout.name]),
                "bytes on disk / pixels": round(size_of(layout) / N_PIXELS, 3),
            }
            for layout in layouts
        ]
    write_results(
        "store_layout",
        pd.DataFrame(rows),
        title="Layouts of an image store: time to gather a random batch",
        command="python docs/studies/store_layout.py",
        commit=commit,
        note=f"{N_IMAGES} images of {SIDE} pixels and 8 bits, batches of {BATCH_SIZE}. "
        f"Medians of {N_BATCHES} batches, gathered from each layout in turn, with the "
        "quartiles. From memory: the files are in the page cache of the operating "
        "system. From the disk: they are removed from it before each batch, which does "
        "not empty the caches of the disk itself.",
    )
    print(pd.DataFrame(rows).to_string(index=False))


def key_of(row):
    return b"%016d" % row


def image_of(row):
    return np.random.default_rng(row).integers(0, 256, N_BYTES, dtype=np.uint8)


def fill(layouts):
    for first in range(0, N_IMAGES, BATCH_SIZE):
        stop = min(first + BATCH_SIZE, N_IMAGES)
        images = [image_of(row) for row in range(first, stop)]
        for layout in layouts:
            layout.write(first, images)


def measure(layouts, rng, *, forget):
    """Return the seconds of each gather, for each layout."""
    seconds = {layout.name: [] for layout in layouts}
    for layout in layouts:
        (forget_files if forget else read_files)(layout)
    for _ in range(N_BATCHES):
        rows = rng.choice(N_IMAGES, BATCH_SIZE, replace=False).tolist()
        for layout in layouts:
            if forget:
                forget_files(layout)
            start = perf_counter()
            batch = layout.gather(rows)
            seconds[layout.name].append(perf_counter() - start)
            np.testing.assert_array_equal(batch[0], image_of(rows[0]))
    return seconds


def files_of(layout):
    return [path for path in layout.folder.iterdir() if path.is_file()]


def size_of(layout):
    return sum(path.stat().st_blocks * 512 for path in files_of(layout))


def read_files(layout):
    for path in files_of(layout):
        path.read_bytes()


def forget_files(layout):
    """Remove the files of a layout from the page cache."""
    for path in files_of(layout):
        file = os.open(path, os.O_RDONLY)
        os.fsync(file)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def describe(seconds):
    low, middle, high = np.percentile(1000 * np.array(seconds), [25, 50, 75])
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
