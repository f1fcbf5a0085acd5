"""The package as a user gets it: imports, names, version, wheel and sdist."""

import importlib.metadata
import re
import subprocess
import sys
import tarfile
import zipfile
from inspect import isclass, isroutine
from pathlib import Path

import pytest

import skfusion

ROOT = Path(__file__).parents[1]
MODULES = sorted(set(skfusion.__all__) - {"__version__"})
# Made by our own script from our own images.
OUR_WEIGHTS = "skfusion/networks/weights/cnn17_phantoms.safetensors"
HEAVY = {"torch", "torchvision", "pydicom", "pandas", "sklearn", "skorch"}


def loaded_after(statement, names):
    """Names among `names` that a fresh interpreter has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(*sorted({set(names)!r} & set(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return run.stdout.split()


def test_import_skfusion_is_light():
    assert loaded_after("import skfusion", HEAVY) == []


def test_modules_without_networks_do_not_import_torch():
    modules = ["images", "datasets", "metrics", "model_selection"]
    statement = "import " + ", ".join(f"skfusion.{module}" for module in modules)
    assert loaded_after(statement, {"torch", "skorch"}) == []


def test_attribute_access_loads_the_sub_module():
    code = "import skfusion\nskfusion.exceptions.WeightsError"
    assert loaded_after(code, {"skfusion.exceptions"}) == ["skfusion.exceptions"]


def test_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        skfusion.nonsense  # noqa: B018


@pytest.mark.parametrize("module", MODULES)
def test_public_names_exist_and_are_documented(module):
    public = importlib.import_module(f"skfusion.{module}").__all__
    page = (ROOT / "docs" / "api" / f"{module}.rst").read_text(encoding="utf-8")
    listed = re.findall(r"^(?:   |\.\. data:: )(\w+)$", page, flags=re.MULTILINE)
    assert public
    assert sorted(listed) == sorted(public)


@pytest.mark.parametrize("module", MODULES)
def test_public_functions_and_classes_have_docstrings(module):
    package = importlib.import_module(f"skfusion.{module}")
    public = {name: getattr(package, name) for name in package.__all__}
    defined = {n: o for n, o in public.items() if isroutine(o) or isclass(o)}
    assert [name for name, thing in defined.items() if not thing.__doc__] == []


def test_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {skfusion.__version__}\n" in text


def test_installed_version_is_this_version():
    assert importlib.metadata.version("skfusion") == skfusion.__version__


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """Names of the files in a freshly built sdist and in the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "build", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, capture_output=True, text=True, check=True)
    with tarfile.open(next(folder.glob("*.tar.gz"))) as file:
        sdist = {name.partition("/")[2] for name in file.getnames()}
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as file:
        wheel = set(file.namelist())
    return sdist, wheel


def tracked_files(folder):
    """Files of a folder of the repository, as the version control lists them."""
    command = ["git", "-C", str(ROOT), "ls-files", folder]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.slow
def test_wheel_holds_the_package_and_nothing_else(distributions):
    _, wheel = distributions
    files = {name for name in wheel if ".dist-info/" not in name}
    assert files == tracked_files("skfusion")


@pytest.mark.slow
def test_wheel_holds_the_licence(distributions):
    _, wheel = distributions
    assert any(name.endswith("licenses/LICENSE") for name in wheel)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["skfusion", "tests", "docs", "examples"])
def test_sdist_holds_what_is_tracked(distributions, folder):
    sdist, _ = distributions
    assert tracked_files(folder) - sdist == set()


@pytest.mark.slow
def test_distributions_hold_no_data_of_others(distributions):
    endings = (".dcm", ".jpg", ".jpeg", ".pth", ".npz", ".xlsx", ".safetensors")
    names = (distributions[0] | distributions[1]) - {OUR_WEIGHTS}
    assert [name for name in names if name.endswith(endings)] == []
