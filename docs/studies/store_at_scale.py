"""Fill an image cache with a tenth of RSNA's number of generated files.

Run it anywhere on Linux::

    python docs/studies/store_at_scale.py

It draws 5,471 images, reads all of them twice through an image cache, in batches and
each time in a new process, and the same with a tenth of them. The plan for the whole of
RSNA in the user guide is based on its table,
``docs/studies/results/store_at_scale.csv``.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import pandas as pd
from record import current_commit, write_results

from skfusion.datasets import make_breast_images
from skfusion.images import ImageSource

N_FILES = 5471
SIDE = 224
BATCH_SIZE = 32
MEGABYTE = 2**20


def main():
    commit, rows = current_commit(), []
    with tempfile.TemporaryDirectory() as folder:
        files = Path(folder) / "files"
        make_breast_images(N_FILES, image_size=SIDE, folder=files, random_state=0)
        for n_files in (N_FILES // 10, N_FILES):
            store = Path(folder) / f"store{n_files}"
            for number in ("first", "second"):
                measured = read_in_new_process(files, n_files, store)
                rows.append({"images": n_files, "pass": number, **measured})
                print(rows[-1], flush=True)
    write_results(
        "store_at_scale",
        pd.DataFrame(rows),
        title="An image cache, filled by the first pass, read by the second",
        command="python docs/studies/store_at_scale.py",
        commit=commit,
        note=f"Generated PNG files, read at {SIDE} pixels in batches of {BATCH_SIZE}, "
        "each pass in a new process. Own memory is the most, between batches, that the "
        "process cannot release; resident memory also counts the code of libraries.",
    )


def read_in_new_process(files, n_files, store):
    """Run this script's measurement, and return what it printed."""
    arguments = [str(files), str(n_files), str(store)]
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def measure(files, n_files, store):
    """Read files through a store; return speed, size and memory."""
    paths = sorted(map(str, files.glob("*.png")))[:n_files]
    source = ImageSource(paths, image_size=SIDE, image_cache=store)
    before, own, resident = memory("RssAnon"), 0, 0
    start = perf_counter()
    for row in range(0, n_files, BATCH_SIZE):
        source[row : row + BATCH_SIZE]
        own = max(own, memory("RssAnon") - before)
        resident = max(resident, memory("VmRSS"))
    seconds = perf_counter() - start
    size = sum(path.stat().st_size for path in store.iterdir())
    return {
        "images a second": round(n_files / seconds),
        "bytes on disk / pixels": round(size / n_files / SIDE**2, 3),
        "own memory (MB)": round(own / MEGABYTE),
        "resident memory (MB)": round(resident / MEGABYTE),
    }


def memory(kind):
    """Bytes of this process's memory, as Linux counts them."""
    lines = Path("/proc/self/status").read_text().splitlines()
    value = next(line.split()[1] for line in lines if line.startswith(kind))
    return 1024 * int(value)


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        print(
            json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])))
        )
