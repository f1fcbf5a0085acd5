"""Configuration of the documentation (sphinx)."""

import os
import re
import sys
import warnings
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
os.environ["MPLBACKEND"] = "Agg"

from sklearn.exceptions import FitFailedWarning  # noqa: E402

import skfusion  # noqa: E402

project = "skfusion"
author = "The skfusion developers"
project_copyright = "2026, The skfusion developers"
release = version = skfusion.__version__

extensions = [
    "numpydoc",
    "results",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "**/README.rst"]
templates_path = ["_templates"]

autosummary_generate = True
numpydoc_show_class_members = False

# The gallery runs the examples without arguments, that is, on synthetic images.
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "auto_examples",
    "filename_pattern": r"/plot_",
    "download_all_examples": False,
    "show_memory": False,
    "capture_repr": (),  # what is printed is enough
    "remove_config_comments": True,
}
# sphinx-gallery puts functions into the configuration, and these cannot be pickled.
suppress_warnings = ["config.cache"]
# If a model fails in an example, the build fails.
warnings.simplefilter("error", FitFailedWarning)

html_theme = "pydata_sphinx_theme"
html_title = f"skfusion {release}"
html_static_path = ["_static"]
html_css_files = ["custom.css"]
html_theme_options = {
    "header_links_before_dropdown": 7,
    "show_prev_next": False,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"quickstart": [], "whats_new": []}
html_show_sourcelink = False


def drop_foreign_references(app, what, name, obj, options, lines):
    """Remove the cross references of inherited docstrings, which have no targets."""
    if getattr(obj, "__module__", "").startswith(("sklearn.", "imblearn.")):
        reference = re.compile(r":ref:`([^<`]+?)(?: <[^>]+>)?`")
        lines[:] = [reference.sub(r"\1", line) for line in lines]


def setup(app):
    """Connect the hook above."""
    app.connect("autodoc-process-docstring", drop_foreign_references)
