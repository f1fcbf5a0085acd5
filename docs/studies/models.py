"""The models of the studies and their settings."""

from pathlib import Path

from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier
from skfusion.over_sampling import ImageOverSampler

BACKBONE = "mobilenet_v2"
TRANSFER_BACKBONE = "squeezenet1_1"
# Of the development part, 160 did best (results/settings_cnn17.csv), 860 steps. Of the
# whole ultrasound data, 80 are twice as many steps; the others have 2.6 and 3.6 times
# as many images again.
CNN17_EPOCHS = {"ultrasound": 80, "mammography": 60, "pooled": 45}


def find_weights(folder, backbone):
    """The file of a backbone's weights, which begins with its name."""
    return next(Path(folder).glob(f"{backbone}*.pth"))


def make_image_model(features):
    """Logistic regression of frozen features."""
    linear = LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
    return make_pipeline(features, StandardScaler(), linear)


def make_models(weights_folder, random_state=0, cache=None, protocol="ultrasound"):
    """Return the four models of the README, and some beside them.

    Frozen features and decoded images are kept in the folder `cache`.
    """
    seed = {"random_state": random_state}
    features = CNNFeatureExtractor(
        BACKBONE, weights=find_weights(weights_folder, BACKBONE), cache=cache
    )
    balance = ImageOverSampler(by="modality", **seed)
    transfer = TransferCNNClassifier(
        TRANSFER_BACKBONE,
        weights=find_weights(weights_folder, TRANSFER_BACKBONE),
        image_size=192,
        max_epochs=15,
        image_cache=cache,
        **seed,
    )
    custom = CNN17Classifier(
        weights=None,
        max_epochs=CNN17_EPOCHS[protocol],
        class_weight="balanced",
        image_cache=cache,
        **seed,
    )
    return {
        "svm": make_pipeline(features, StandardScaler(), SMOTE(**seed), SVC()),
        "forest": make_pipeline(balance, features, RandomForestClassifier(**seed)),
        # What the studies of fusion combine: it gives probabilities.
        "logistic": make_image_model(features),
        # Weights in the loss in place of copies of the rarer class: cheaper.
        "transfer": make_pipeline(clone(transfer).set_params(class_weight="balanced")),
        "transfer-copies": make_pipeline(balance, transfer),
        "cnn17": make_pipeline(custom),
        "cnn17-copies": make_pipeline(
            RandomOverSampler(**seed), clone(custom).set_params(class_weight=None)
        ),
    }
