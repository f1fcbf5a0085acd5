"""The models of the studies and their settings."""

from pathlib import Path

from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

BACKBONE = "mobilenet_v2"


def make_models(weights_folder, random_state=0):
    """Return the four models of the README, and one with weights for copies."""
    weights = next(Path(weights_folder).glob(f"{BACKBONE}*.pth"))
    seed = {"random_state": random_state}
    features = CNNFeatureExtractor(BACKBONE, weights=weights)
    balance = ImageOverSampler(by="modality", **seed)
    transfer = TransferCNNClassifier(
        BACKBONE,
        weights=weights,
        # The last 12 of 19 stages: half of the time of training all of them.
        trainable=12,
        image_size=128,
        max_epochs=15,
        learning_rate=0.01,
        precision="float32",
        **seed,
    )
    custom = CNN17Classifier(max_epochs=40, **seed)
    return {
        "svm": make_pipeline(features, StandardScaler(), SMOTE(**seed), SVC()),
        "forest": make_pipeline(balance, features, RandomForestClassifier(**seed)),
        "transfer": make_pipeline(balance, transfer),
        # Weights in the loss in place of copies of the rarer class.
        "transfer-weighted": make_pipeline(
            clone(transfer).set_params(class_weight="balanced")
        ),
        "cnn17": make_pipeline(RandomOverSampler(**seed), custom),
    }
