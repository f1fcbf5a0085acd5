"""The README's commands and its Python code."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
COMMANDS = [
    "pip install -e . && python examples/plot_compare_models.py",
    'pip install -e ".[test]" && pytest',
]


def test_readme_shows_the_three_ways_of_use():
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("code", BLOCKS, ids=range(len(BLOCKS)))
def test_readme_code_runs_as_it_stands(code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "README.md", "exec"), {"__name__": "__main__"})


@pytest.mark.parametrize("command", COMMANDS)
def test_readme_holds_the_set_up_commands(command):
    assert command in README.splitlines()


def test_readme_says_not_for_clinical_use():
    assert "not for clinical use" in README.lower()


@pytest.mark.parametrize("link", re.findall(r"\]\(((?!https?:|#)[^)]+)\)", README))
def test_readme_links_to_files_that_exist(link):
    assert (Path(__file__).parents[1] / link).exists()
