"""Data sets of breast images: real ones on disk, and synthetic ones."""

from ._breast_lesions_usg import load_breast_lesions_usg
from ._breastmnist import fetch_breastmnist, load_breastmnist
from ._bus_uclm import load_bus_uclm
from ._busbra import load_busbra
from ._busi import load_busi
from ._cbis_ddsm import load_cbis_ddsm
from ._cmmd import load_cmmd
from ._concat import concat_datasets
from ._image_table import load_image_table
from ._inbreast import load_inbreast
from ._label_pairs import make_label_pairs
from ._mini_mias import load_mini_mias
from ._official_split import official_split
from ._rsna import load_rsna
from ._synthetic import make_breast_images
from ._synthetic_pairs import make_breast_pairs
from ._vindr_mammo import load_vindr_mammo

__all__ = [
    "concat_datasets",
    "fetch_breastmnist",
    "load_breast_lesions_usg",
    "load_breastmnist",
    "load_bus_uclm",
    "load_busbra",
    "load_busi",
    "load_cbis_ddsm",
    "load_cmmd",
    "load_image_table",
    "load_inbreast",
    "load_mini_mias",
    "load_rsna",
    "load_vindr_mammo",
    "make_breast_images",
    "make_breast_pairs",
    "make_label_pairs",
    "official_split",
]
