"""Train on files that do not fit in memory, and compare with training in memory.

Run it on Linux, on a machine that does nothing else. It needs 12 GB of disk::

    python docs/studies/out_of_core.py

It draws 20,000 images of 512 pixels and trains the same network for one epoch, always
in a new process: with 2,000 and with 20,000 streamed images for the memory, then with
2,000 images that are streamed and in memory by turns for the time. ``working_memory``
of scikit-learn decides which. The table is ``docs/studies/results/out_of_core.csv``.
"""

import json
import subprocess
import sys
import tempfile
from functools import partial
from hashlib import blake2b
from multiprocessing.pool import ThreadPool
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import numpy as np
import pandas as pd
from PIL import Image
from record import current_commit, write_results
from sklearn import config_context

from skfusion.neural_network import CNN17Classifier

N_FILES, N_FEW, SIDE, N_REPEATS = 20_000, 2_000, 512, 3
STREAMED, IN_MEMORY = 0, 2**20  # working_memory in MiB


def main():
    commit = current_commit()
    with tempfile.TemporaryDirectory() as folder:
        draw_files(Path(folder) / "files")
        measure = partial(train_in_new_process, folder)
        rows = [measure(N_FEW, STREAMED), measure(N_FILES, STREAMED)]
        for _ in range(N_REPEATS):
            rows += [measure(N_FEW, STREAMED), measure(N_FEW, IN_MEMORY)]
    table = pd.DataFrame(rows)
    write_results(
        "out_of_core",
        table.drop(columns="weights"),
        title="One epoch of training with images on disk and in memory",
        command="python docs/studies/out_of_core.py",
        commit=commit,
        note=describe(table),
    )


def describe(table):
    """Return the ratios of the table as text."""
    streamed = table[table["images are"] == "streamed"]
    peak = streamed.groupby("images")["peak memory (MB)"].min()
    few = table[(table["images"] == N_FEW) & (table.index > 1)]
    seconds = few.groupby("images are")["epoch (s)"].median()
    is_equal = table.loc[table["images"] == N_FEW, "weights"].nunique() == 1
    return (
        f"The 17-layer CNN (width=4, batch_size=16) on generated PNG files of {SIDE} "
        f"pixels, one epoch in a new process. Streamed, {N_FILES} images take "
        f"{peak[N_FILES] / peak[N_FEW]:.3f} of the peak memory of {N_FEW}. An epoch "
        f"with {N_FEW} streamed images takes "
        f"{seconds['streamed'] / seconds['in memory']:.3f} of the time with images in "
        f"memory (medians of {N_REPEATS}), and the weights are "
        f"{'equal to the bit' if is_equal else 'NOT equal'}."
    )


def draw_files(folder):
    """Draw noise at several scales, which PNG compresses as little as a scan."""
    folder.mkdir()
    with ThreadPool() as pool:
        pool.map(partial(draw_file, folder), range(N_FILES), chunksize=64)


def draw_file(folder, number):
    rng = np.random.default_rng(number)
    coarse = rng.integers(0, 200, (16, 16), np.uint8)
    coarse[4:12, 4:12] //= 2 if number % 2 else 1  # the class
    large = np.asarray(Image.fromarray(coarse).resize((SIDE, SIDE)))
    grain = rng.integers(0, 32, (SIDE, SIDE), np.uint8)
    path = folder / f"{number:05d}.png"
    Image.fromarray(large + grain).save(path, compress_level=1)


def train_in_new_process(folder, n_files, working_memory):
    """Run this script's measurement, and return what it printed."""
    arguments = [str(folder), str(n_files), str(working_memory)]
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    row = json.loads(done.stdout)
    print(row, flush=True)
    return row


def train(folder, n_files, working_memory):
    """Train for an epoch on files of a folder, and return what it took."""
    paths = [f"{folder}/files/{number:05d}.png" for number in range(n_files)]
    model = CNN17Classifier(
        width=4,
        weights=None,
        image_size=SIDE,
        max_epochs=1,
        batch_size=16,
        device="cpu",
        random_state=0,
        image_cache=f"{folder}/store",
    )
    with config_context(working_memory=working_memory):
        model.fit(paths, np.arange(n_files) % 2)
    parts = model.net_.module_.state_dict().values()
    content = b"".join(part.numpy().tobytes() for part in parts)
    return {
        "images": n_files,
        "images are": "in memory" if working_memory else "streamed",
        "pixels (MB)": round(n_files * SIDE**2 / 2**20),
        "peak memory (MB)": round(getrusage(RUSAGE_SELF).ru_maxrss / 2**10),
        "epoch (s)": round(model.history_[-1, "dur"], 2),
        "weights": blake2b(content, digest_size=8).hexdigest(),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        name, *numbers = sys.argv[1:]
        print(json.dumps(train(name, *map(int, numbers))))
    else:
        main()
