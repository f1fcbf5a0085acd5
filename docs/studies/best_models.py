"""The models of the final studies, with all their settings in one place.

``best_ultrasound.py``, ``best_sites.py`` and ``best_mammography.py`` use them. What
``SETTINGS`` does not name is the default of the estimator.
"""

from models import find_weights
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.fusion import BreastClassifier
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

MODELS = ("frozen", "transfer", "cnn17")
NETWORKS = ("transfer", "cnn17")
REGIONS = ("image", "lesion")
# Chosen on the development part of the ultrasound images (choose_settings.py,
# training_habits.py). 192 pixels take three quarters of the time of 224. Three members
# of the 17-layer CNN take less time than one fine-tuned network.
# No setting was chosen on mammograms.
SETTINGS = {
    "frozen": {"backbone": "mobilenet_v2"},
    "transfer": {"backbone": "squeezenet1_1", "image_size": 192},
    "cnn17": {"n_members": 3},
}
CLASSIFIERS = {
    "ultrasound": SVC(class_weight="balanced"),
    "mammography": LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000),
}
# By name, what makes a classifier of all images of a patient of the frozen model. Its
# name is that of the frozen model and a comma, such as "frozen, sides".
COMBINED = {"frozen, sides": BreastClassifier}


def make_model(name, region, modality, weights, *, cache=None, seed=0):
    """A model that learns from one region, or the frozen model of both."""
    if name in COMBINED:
        frozen = make_model("frozen", region, modality, weights, cache=cache)
        return make_pipeline(COMBINED[name](frozen, random_state=seed))
    settings = SETTINGS[name]
    if name == "frozen":
        regions = REGIONS if region == "both" else (region,)
        settings = with_file(settings, weights) | {"cache": cache}
        features = [CNNFeatureExtractor(**settings, region=each) for each in regions]
        features = features[0] if len(features) == 1 else make_union(*features)
        return make_pipeline(features, StandardScaler(), CLASSIFIERS[modality])
    settings = settings | {
        "region": region,
        "image_cache": cache,
        "random_state": seed,
    }
    if name == "cnn17":
        return make_pipeline(CNN17Classifier(**settings))
    return make_pipeline(TransferCNNClassifier(**with_file(settings, weights)))


def with_file(settings, folder):
    """Settings with the path of the weights."""
    begins = settings.get("weights", settings["backbone"])
    return settings | {"weights": find_weights(folder, begins)}
