"""Backbones of timm, by ``"timm/NAME"``."""

import difflib

from .._optional import import_optional
from ..exceptions import WeightsError
from ._presets import BuiltModel, Preset
from ._weights import FILE_ENDINGS, is_weights_file, load_strictly, read_weights

__all__ = ["PREFIX", "build", "check", "named_digest", "preset", "version"]

PREFIX = "timm/"


def check(name):
    """Raise a ValueError that suggests the nearest names for an unknown name.

    Raises
    ------
    ImportError
        If timm is not installed.
    """
    if _find_config(name) is None:
        known = [*_timm().list_models(), *_timm().list_pretrained()]
        near = difflib.get_close_matches(_short(name), known) or ["resnet18"]
        near = [PREFIX + each for each in near]
        raise ValueError(
            f"The 'backbone' parameter must be the name of a model of timm after "
            f"{PREFIX!r}. Got {name!r} instead. Did you mean "
            f"{' or '.join(map(repr, near))}?"
        )


def preset(name, weights):
    """Return the preset of timm's configuration, whatever the weights."""
    config = _find_config(name)
    data = _timm().data.resolve_data_config(pretrained_cfg=config.to_dict())
    is_fixed = config.fixed_input_size
    return Preset(data["input_size"][1], data["mean"], data["std"], is_fixed)


def build(name, weights):
    """Build a model without its classifier."""
    is_file = weights is not None and is_weights_file(weights)
    if weights is not None and not is_file:
        _check_weights(name, weights)
    create, short = _timm().create_model, _short(name)
    if weights is None or is_file:
        model = create(short, pretrained=False, num_classes=0)
    else:
        model = _download(create, name)
    if is_file:
        load_strictly(model, read_weights(weights), name, weights)
    return BuiltModel(model, model.head_hidden_size, preset(name, weights))


def named_digest(name, weights):
    """Return the name under which the weights are published."""
    _check_weights(name, weights)
    config = _find_config(name)
    return f"{config.hf_hub_id} {config.url} {config.tag}".encode()


def version(name):
    """Return the version of timm, which counts in keys."""
    return f" timm {_timm().__version__}"


def _timm():
    return import_optional("timm", extra="timm", purpose=f"A backbone {PREFIX}NAME")


def _short(name):
    return name.removeprefix(PREFIX)


def _find_config(name):
    """Return the configuration of the default weights, or those after the dot."""
    models = _timm().models
    short = _short(name)
    if not models.is_model(short):
        return None
    try:
        return models.get_pretrained_cfg(short)
    except RuntimeError:  # the model has no such weights
        return None


def _check_weights(name, weights):
    if weights != "DEFAULT":
        raise WeightsError(
            f"Expected the weights of {name!r} to be 'DEFAULT', None, or a file ending "
            f"in one of {FILE_ENDINGS!r}. Got {weights!r} instead. Other weights of "
            f"timm belong to the name of the backbone: '{PREFIX}NAME.WEIGHTS'."
        )


def _download(create, name):
    try:
        return create(_short(name), pretrained=True, num_classes=0)
    except (OSError, RuntimeError, ValueError) as error:
        raise WeightsError(
            f"The weights of {name!r} could not be downloaded: {error} {_remedy(name)} "
            "or pass weights=None for random weights."
        ) from error


def _remedy(name):
    place = _find_config(name).hf_hub_id
    if not place:
        return "Pass the file of your own weights,"
    return (
        "Without a network, download the file of weights from "
        f"https://huggingface.co/{place} elsewhere and pass it: "
        "weights='path/to/model.safetensors';"
    )
