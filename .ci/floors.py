"""Print the lowest versions that pyproject.toml allows, or check that they are used.

``python .ci/floors.py`` prints a requirement for each package. With ``check`` it fails
unless these are the versions that an import finds.
"""

import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).parents[1]
# Gigabytes, or packages that need them: those of the tests are taken.
TOO_LARGE = ("torch", "torchvision", "timm")


def floors():
    """Return the lowest version of each package by its name."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    optional = project["optional-dependencies"]
    lines = [*project["dependencies"], *optional["test"]]
    requirements = [Requirement(line) for line in lines]
    return {
        requirement.name: floor_of(requirement)
        for requirement in requirements
        if requirement.name not in TOO_LARGE
    }


def floor_of(requirement):
    """Return the lowest version of a package that a requirement allows."""
    for specifier in requirement.specifier:
        if specifier.operator == ">=":
            return specifier.version
    raise SystemExit(f"{requirement} has no lower bound. Give it one.")


def check():
    """Fail unless the lowest version of each package is the one in use."""
    found = {name: version(name) for name in floors()}
    for name, floor in floors().items():
        if Version(found[name]) != Version(floor):
            raise SystemExit(f"Expected {name} {floor}. Got {found[name]}.")


if __name__ == "__main__":
    if "check" in sys.argv:
        check()
    else:
        for name, floor in floors().items():
            print(f"{name}=={floor}")
