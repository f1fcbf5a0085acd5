"""The items of the reporting guidelines."""

from collections import Counter

from skfusion.report._checklists import GUIDELINES, checklists_section, read_checklists
from skfusion.report._section import Section

# The anchors of sections that some page has.
KNOWN = {
    "flow",
    "splits",
    "models",
    "results",
    "calibration",
    "subgroups",
    "mistakes",
    "maps",
    "audit",
    "protocol",
    "warnings",
    "external",
    "external_flow",
    "clusters",
    "operating_point",
}


def items_of(guideline):
    return [each for each in read_checklists() if each["guideline"] == guideline]


def test_tripod_ai_has_27_items_and_claim_44():
    numbers = {each["item"].rstrip("abcdefg") for each in items_of("TRIPOD+AI")}
    assert numbers == {str(number) for number in range(1, 28)}
    numbers = [each["item"] for each in items_of("CLAIM 2024")]
    assert numbers == [str(number) for number in range(1, 45)]
    assert {each["guideline"] for each in read_checklists()} == set(GUIDELINES)


def test_every_item_is_answered_or_left_to_the_author():
    counts = Counter((each["guideline"], each["item"]) for each in read_checklists())
    assert set(counts.values()) == {1}
    for item in read_checklists():
        assert item["section"]
        assert item["topic"]
        assert item["here"] or item["remains"].startswith("the whole item"), item
        assert set(item["here"].split()) <= KNOWN


def test_what_the_page_does_not_have_is_left_to_the_author():
    flow = Section("flow", "Flow of the data", [])
    section = checklists_section({"flow": flow})
    claim = section.parts[3]
    rows = {row[0]: row for row in claim.rows}
    assert rows["35"][3] == '<a href="#flow">Flow of the data</a>'
    assert rows["35"][4] == ""
    assert rows["33"][3:] == ["", "the whole item"]
    assert rows["39"][4] == "the whole item: what they have in common"
