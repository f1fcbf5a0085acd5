import pandas as pd
import pytest
from PIL import Image

from skfusion._validation._boxes import parse_boxes
from skfusion.datasets._regions import add_regions
from skfusion.exceptions import DataQualityWarning

BOX, SMALLER = (2, 3, 12, 9), (14, 10, 18, 14)


@pytest.fixture
def tree(tmp_path, save_image, save_mask):
    """Return the frame of three images, and the paths of their masks."""
    for name in "abc":
        save_image(tmp_path / f"{name}.png")
        save_mask(tmp_path / f"{name}_mask.png", BOX)
    frame = pd.DataFrame({"image": [str(tmp_path / f"{name}.png") for name in "abc"]})
    return frame, [[tmp_path / f"{name}_mask.png"] for name in "abc"]


def _truncate(file):
    file.write_bytes(file.read_bytes()[:-40])


PROBLEMS = {
    "is missing": lambda file: file.unlink(),
    "is empty": lambda file: Image.new("1", (20, 24)).save(file),
    "is unreadable": lambda file: file.write_bytes(b"no image"),
    "has another size than its image": lambda file: Image.new("1", (24, 20), 1).save(
        file
    ),
}


@pytest.mark.parametrize("lesions", ["together", "each"])
@pytest.mark.parametrize("problem", PROBLEMS)
def test_row_of_a_mask_that_cannot_be_used_is_named(tree, problem, lesions):
    frame, masks = tree
    PROBLEMS[problem](masks[1][0])
    with pytest.warns(
        DataQualityWarning, match=rf"1 of 3 rows.*the mask {problem} \(1: row 1\)"
    ) as caught:
        frame = add_regions(frame, masks, lesions=lesions)
    assert len(caught) == 1
    assert frame["region"].tolist() == ["2,3,12,9", None, "2,3,12,9"]


def test_truncated_mask_is_unreadable(tree):
    frame, masks = tree
    _truncate(masks[0][0])
    with pytest.warns(DataQualityWarning, match=r"is unreadable \(1: row 0\)"):
        add_regions(frame, masks, lesions="together")


def test_all_problems_are_in_one_warning_without_names_of_files(tree):
    frame, masks = tree
    for problem, mask in zip(["is missing", "is empty"], masks, strict=False):
        PROBLEMS[problem](mask[0])
    with pytest.warns(DataQualityWarning) as caught:
        add_regions(frame, masks, lesions="together")
    (warning,) = caught
    message = str(warning.message)
    assert "the mask is empty (1: row 1); the mask is missing (1: row 0)" in message
    assert ".png" not in message


def test_only_the_first_of_many_rows_are_listed(tree):
    frame, _ = tree
    many = pd.concat([frame] * 5, ignore_index=True)
    with pytest.warns(DataQualityWarning, match=r"15: rows 0, 1, .*, 9, \.\.\.\)"):
        add_regions(many, [[]] * 15, lesions="together")


def test_unreadable_image_keeps_its_row(tree, tmp_path):
    frame, masks = tree
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.warns(DataQualityWarning, match=r"unreadable image \(1: row 0\)"):
        frame = add_regions(frame, masks, lesions="together")
    assert frame["region"].isna().tolist() == [True, False, False]


def test_image_without_a_lesion_has_no_box_and_no_warning(tree, recwarn):
    frame, masks = tree
    frame = add_regions(frame, [None, *masks[1:]], lesions="each")
    assert frame["region"].tolist() == [None, "2,3,12,9", "2,3,12,9"]
    assert not recwarn


def test_one_bad_mask_hides_the_box_around_all_lesions(tree, tmp_path, save_mask):
    frame, masks = tree
    masks[0].append(tmp_path / "absent.png")
    with pytest.warns(DataQualityWarning, match="row 0"):
        together = add_regions(frame, masks, lesions="together")
    assert together["region"].tolist() == [None, "2,3,12,9", "2,3,12,9"]
    with pytest.warns(DataQualityWarning, match=r"1 of 4 rows.*row 1"):
        each = add_regions(frame, masks, lesions="each")
    assert each["region"].tolist() == ["2,3,12,9", None, "2,3,12,9", "2,3,12,9"]
    assert each["image"].tolist() == frame["image"].iloc[[0, 0, 1, 2]].tolist()


@pytest.mark.parametrize(
    ("split_masks", "regions"),
    [(True, ["2,3,12,9", "14,10,18,14"]), (False, ["2,3,18,14"])],
)
def test_parts_of_a_mask(tree, save_mask, split_masks, regions):
    frame, masks = tree
    save_mask(masks[0][0], SMALLER, BOX)
    frame = add_regions(frame, masks, lesions="each", split_masks=split_masks)
    assert frame["region"].tolist()[: len(regions)] == regions
    assert len(frame) == len(regions) + 2


def test_rows_keep_their_other_columns_and_order(tree):
    frame, masks = tree
    shuffled = frame.assign(target=[0, 1, 0]).iloc[[2, 0]]
    result = add_regions(shuffled, [masks[2], masks[0]], lesions="together")
    assert result["image"].tolist() == shuffled["image"].tolist()
    assert result["target"].tolist() == [0, 0]
    assert result.index.tolist() == [0, 1]


def test_boxes_survive_a_csv_file(tree, tmp_path):
    frame, masks = tree
    frame = add_regions(frame, [None, *masks[1:]], lesions="together")
    frame.to_csv(tmp_path / "table.csv", index=False)
    again = pd.read_csv(tmp_path / "table.csv")
    pd.testing.assert_frame_equal(
        pd.DataFrame(parse_boxes(again["region"])),
        pd.DataFrame(parse_boxes(frame["region"])),
    )
