"""Save a fitted model in one file, and load it without running code of the file."""

from ._export import export
from ._load import load_model, model_card
from ._save import save_model

__all__ = ["export", "load_model", "model_card", "save_model"]
