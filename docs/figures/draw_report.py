"""Draw the beginning of the page that ``examples/plot_report.py`` writes.

Run by hand when the page changes, where Chromium is installed::

    python docs/figures/draw_report.py
"""

import runpy
import subprocess
import tempfile
from pathlib import Path

import matplotlib
from PIL import Image

FOLDER = Path(__file__).parents[1]
WIDTH, HEIGHT = 1100, 1080


def main():
    matplotlib.use("Agg")
    example = runpy.run_path(str(FOLDER.parent / "examples" / "plot_report.py"))
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "page.png"
        command = ["chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars"]
        command += [f"--screenshot={picture}", f"--window-size={WIDTH},{HEIGHT}"]
        subprocess.run([*command, example["path"].as_uri()], check=True)
        small = Image.open(picture).convert("RGB").quantize(64, dither=0)
    small.save(FOLDER / "_static" / "report.png", optimize=True)


if __name__ == "__main__":
    main()
