"""The synthetic pairs of the studies of fusion, and their models."""

from pathlib import Path

from models import BACKBONE, find_weights
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skfusion.datasets import make_breast_pairs
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import (
    DecisionFusionClassifier,
    MultiBranchCNNClassifier,
    make_feature_fusion,
)

# Chosen on the draw of seed 99, which no study uses.
N_SAMPLES = 400
# A lesion that shows its class shows it clearly: the errors of the best modality are
# then mostly lesions whose class is not visible in it, the share of which is known.
CLASS_SEP = 1.5
COLUMNS = ["mammogram", "ultrasound"]
NETWORK = {"width": 8, "image_size": 64, "max_epochs": 60}


def draw(complementarity, seed, folder):
    """Draw the pairs."""
    return make_breast_pairs(
        N_SAMPLES,
        complementarity=complementarity,
        class_sep=CLASS_SEP,
        image_size=128,
        folder=Path(folder) / "images",
        random_state=seed,
    )


def make_image_model(weights, cache):
    """Classifier of single images: frozen features and a logistic regression."""
    return make_pipeline(*make_parts(weights, cache))


def make_fusions(weights, cache, seed, columns=COLUMNS):
    """The three fusions, of frozen features except for the network."""
    extractor, _, linear = make_parts(weights, cache)
    image = make_image_model(weights, cache)
    return [
        ("features", make_feature_fusion([(c, extractor) for c in columns], linear)),
        (
            "decisions",
            DecisionFusionClassifier([(c, image) for c in columns], random_state=seed),
        ),
        (
            "two branches",
            MultiBranchCNNClassifier(columns, **NETWORK, random_state=seed),
        ),
    ]


def make_parts(weights, cache):
    """Extractor, scaler and classifier."""
    extractor = CNNFeatureExtractor(
        BACKBONE, weights=find_weights(weights, BACKBONE), cache=Path(cache) / "cache"
    )
    return extractor, StandardScaler(), LogisticRegression(C=0.01, max_iter=1000)
