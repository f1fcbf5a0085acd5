"""The worker process imports nothing from the folder of the images."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import skfusion

PLANTED = """
from pathlib import Path
Path({marker!r}).write_text(__name__)
raise SystemExit
"""
READ = """
import os, sys
from skfusion.images import read_image
sys.path[:0] = {entries}  # the folder of the images, by each of its names
image = read_image("a.png", isolated=True)
assert image.shape == (4, 4)
"""


@pytest.fixture
def folder(tmp_path):
    """A folder of one image and of modules that write down that they were run."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in ("json", "numpy", "skfusion", "sitecustomize", "jpeg_ls", "openjpeg"):
        code = PLANTED.format(marker=str(tmp_path / "was run"))
        (folder / f"{name}.py").write_text(code)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(folder / "a.png")
    return folder


def run(code, folder, *options, **environment):
    command = [sys.executable, *options, "-c", code]
    variables = os.environ | environment
    done = subprocess.run(
        command, cwd=folder, env=variables, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_no_code_beside_the_images_is_run(folder, tmp_path):
    home = str(Path(skfusion.__file__).parents[1])
    code = READ.format(entries='["", ".", os.getcwd()]')
    run(code, folder, "-P", PYTHONPATH=home)
    assert not (tmp_path / "was run").exists()


def test_a_package_in_the_working_folder_is_found_by_its_worker(tmp_path):
    (tmp_path / "skfusion").symlink_to(Path(skfusion.__file__).parent)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "a.png")
    run(READ.format(entries="[]"), tmp_path, PYTHONPATH="")
