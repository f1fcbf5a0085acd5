"""Make the table of near-duplicate families of BUSI.

Run by hand, where the data set is, when the method changes::

    python docs/studies/make_busi_families.py FOLDER_OF_BUSI

It writes ``skfusion/datasets/tables/busi_families.csv``: the file names of all
images that resemble another one, and their family.
"""

import argparse
from pathlib import Path

import pandas as pd

from skfusion.datasets import load_busi
from skfusion.images import find_near_duplicates

TABLE = Path(__file__).parents[2] / "skfusion/datasets/tables/busi_families.csv"


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where BUSI is")
    parser.add_argument("--table", type=Path, default=TABLE, help="what to write")
    arguments = parser.parse_args()
    busi = load_busi(arguments.folder, normal="benign", drop_mixed_families=False)
    families = make_families(busi.frame)
    families[["file", "family"]].to_csv(arguments.table, index=False)
    print(summary(families))
    print("without the normal ones:", summary(families.query("label != 'normal'")))


def make_families(frame):
    """Return file, label and family of each image that resembles another one."""
    table = pd.DataFrame(
        {
            "file": [Path(image).name for image in frame["image"]],
            "label": frame["label"],
            "family": find_near_duplicates(frame["image"]),
        }
    )
    table = table[table["family"].duplicated(keep=False)]
    return table.assign(family=pd.factorize(table["family"])[0] + 1)


def summary(table):
    """Return the numbers of families and of those with several labels."""
    table = table[table["family"].duplicated(keep=False)]
    n_labels = table.groupby("family")["label"].nunique()
    return (
        f"{len(n_labels)} families, {len(table)} images, "
        f"{(n_labels > 1).sum()} families with several labels"
    )


if __name__ == "__main__":
    main()
