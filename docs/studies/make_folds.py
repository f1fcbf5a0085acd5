"""Draw the folds of the studies once, before any result is known.

Run by hand, where the data sets are::

    python docs/studies/make_folds.py FOLDER

It writes ``docs/studies/folds.csv``: for each image its part and its fold by three
seeds. Settings are chosen on the part "development" (three tenths of the groups, by a
digest of their names), which no study scores; the part "evaluation" has five grouped
folds per seed, drawn inside each modality. Images are listed by a digest of their file
name.
"""

import argparse
import hashlib
from pathlib import Path

import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold

from skfusion.datasets import (
    concat_datasets,
    load_breast_lesions_usg,
    load_busi,
    load_rsna,
)

TABLE = Path(__file__).parent / "folds.csv"
SEEDS = (0, 1, 2)
N_FOLDS = 5
DEVELOPMENT_TENTHS = 3


def load_all(folder):
    """Load the three data sets that the studies pool."""
    return concat_datasets(
        load_rsna(folder), load_busi(folder), load_breast_lesions_usg(folder)
    )


def image_digests(X):
    """Digest of each image's data set and file name."""
    names = X["dataset"] + "/" + X["image"].map(lambda image: Path(image).name)
    return [hashlib.sha256(name.encode()).hexdigest()[:16] for name in names]


def is_development(X):
    """Whether each row's group is in the development part; labels play no role."""
    names = X["image"].map(lambda image: Path(image).name)
    first = names.groupby(X["group"]).transform("min")
    digests = first.map(
        lambda name: hashlib.sha256(
            ("skfusion development part:" + name).encode()
        ).hexdigest()
    )
    return digests.map(lambda digest: int(digest, 16) % 10) < DEVELOPMENT_TENTHS


def make_folds(X, y):
    """Return one row an image: digest, modality, part, and a fold a seed."""
    table = pd.DataFrame({"image": image_digests(X), "modality": X["modality"]})
    development = is_development(X)
    table["part"] = development.map({True: "development", False: "evaluation"})
    for seed in SEEDS:
        table[f"fold_seed{seed}"] = -1
        for modality in ("mammography", "ultrasound"):
            rows = table.index[~development & (X["modality"] == modality)]
            splitter = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
            splits = splitter.split(rows, y[rows], X.loc[rows, "group"])
            for fold, (_, test) in enumerate(splits):
                table.loc[rows[test], f"fold_seed{seed}"] = fold
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where the data sets are")
    data = load_all(parser.parse_args().folder)
    table = make_folds(data.data, data.target)
    table.to_csv(TABLE, index=False)
    print(table.groupby(["modality", "part"]).size())


if __name__ == "__main__":
    main()
