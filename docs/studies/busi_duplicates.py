"""Compare the near-duplicates that others and skfusion count in BUSI.

Run by hand, where the data set is::

    python docs/studies/busi_duplicates.py FOLDER_OF_BUSI LIST

LIST is ``dataset_comment_list.csv`` of the letter of Pawłowska et al. (2023),
https://doi.org/10.1016/j.dib.2023.109247; only its rows with several images are used.
It writes ``docs/studies/results/busi_duplicates.csv``.
"""

import argparse
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from record import write_results

from skfusion.datasets import load_busi
from skfusion.datasets._busi import busi_families
from skfusion.images import find_near_duplicates

SETTINGS = [(64, 0.9), (64, 0.98), (64, 0.99), (64, 0.999), (16, 0.95), (224, 0.95)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="where BUSI is")
    parser.add_argument("list", type=Path, help="list of the letter")
    arguments = parser.parse_args()
    busi = load_busi(arguments.folder, normal="benign", drop_mixed_families=False)
    images = busi.frame["image"]
    names = [Path(image).stem for image in images]
    labels = busi.frame["label"].to_numpy()
    letter = read_list(arguments.list, names)
    groupings = {
        "letter of 2023, algorithm and eye": letter,
        "skfusion, table of load_busi": busi_families(f"{name}.png" for name in names),
    }
    for size, threshold in SETTINGS:
        families = find_near_duplicates(images, threshold=threshold, size=size)
        groupings[f"skfusion, {size} px, correlation > {threshold:g}"] = families
    rows = [
        {"method": method} | count(groups, labels, letter)
        for method, groups in groupings.items()
    ]
    write_results(
        "busi_duplicates",
        pd.DataFrame(rows),
        title="BUSI: near-duplicates by method, all 780 images",
        command="python docs/studies/busi_duplicates.py FOLDER_OF_BUSI LIST",
        note="A group has at least two images; 'surplus' counts its images beyond the "
        "first. The table of load_busi was made with 64 px and correlation > 0.95.",
    )
    print(pd.DataFrame(rows).to_string(index=False))


def read_list(file, names):
    """Return the group of each image in the list of the letter."""
    groups = {name: name for name in names}
    for text in pd.read_csv(file, sep=";")["Filename"]:
        members = [name.strip() for name in text.strip("{}").split("&")]
        groups |= dict.fromkeys(members, members[0])
    return [groups[name] for name in names]


def count(groups, labels, letter):
    """Count groups, images and pairs, and the pairs that the letter lists, too."""
    frame = pd.DataFrame({"group": np.asarray(groups), "label": labels})
    frame = frame[frame["group"].duplicated(keep=False)]
    pairs = list_pairs(groups)
    n_labels = frame.groupby("group")["label"].nunique()
    return {
        "groups": len(n_labels),
        "images": len(frame),
        "surplus": len(frame) - len(n_labels),
        "groups with several labels": int((n_labels > 1).sum()),
        "pairs": len(pairs),
        "pairs in the letter": len(pairs & list_pairs(letter)),
    }


def list_pairs(groups):
    """Return all pairs of rows of one group."""
    rows = pd.Series(range(len(groups))).groupby(np.asarray(groups))
    return {pair for _, members in rows for pair in combinations(members, 2)}


if __name__ == "__main__":
    main()
