"""The two classical models of the paper on frozen features."""

from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from .._validation._private import StrOptions, validate_params
from ._cnn import CNNFeatureExtractor

__all__ = ["make_feature_classifier"]


@validate_params(
    {"classifier": [StrOptions({"svm", "rf"})]}, prefer_skip_nested_validation=True
)
def make_feature_classifier(
    classifier="svm",
    *,
    backbone="mobilenet_v2",
    weights="DEFAULT",
    image_size=None,
    region="image",
    margin=0.3,
    cache=None,
    random_state=None,
):
    """Return a pipeline of frozen features, balancing and a classical classifier.

    SMOTE [2]_ balances the classes inside the pipeline, so that it never sees the
    images on which a fold is scored.

    Parameters
    ----------
    classifier : {"svm", "rf"}, default="svm"
        Support vector machine (on standardised features) or random forest, the same
        as in [1]_.

    backbone : str, default="mobilenet_v2"
        Name of a torchvision classification model; "timm/NAME", a model of timm;
        "cnn17", the 17-layer CNN; or "package.module:function", a function that returns
        a network of your own (:ref:`User Guide <any_backbone>`).

    weights : str, Path or None, default="DEFAULT"
        Name of weights, which are downloaded once; path of a state dict or safetensors
        file; or None for random weights.

    image_size : int, default=None
        Side in pixels of the square to which images are resized. If None, the side for
        which the backbone's weights were trained.

    region : {"image", "breast", "lesion"}, default="image"
        What the network reads of each image, in full resolution: the whole image; the
        box of the breast in a mammogram, which is found in the image; or the square
        around the lesion, whose box is in the column ``region`` of X. A box in a new
        image means that somebody has found the lesion.

    margin : float, default=0.3
        Width of the margin on each side of the lesion, as a fraction of the longer side
        of its box. It has an effect with ``region="lesion"`` alone.

    cache : True, str, Path, FeatureCache or None, default=None
        A :class:`FeatureCache` or its folder, which stores the features of each image,
        so that folds, candidates, processes and later runs compute them once. True is
        the default folder. This cannot leak: nothing is learnt from X.

    random_state : int, RandomState instance or None, default=None
        Controls random weights, SMOTE and the forest.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Its steps are "features", "scaler" (for the SVM alone), "sampler" and
        "classifier".

    References
    ----------
    .. [1] Wang et al., "CNN-Based Cross-Modality Fusion for Enhanced Breast Cancer
       Detection Using Mammography and Ultrasound", Tomography 2024, 10(12):2038-2057.
    .. [2] Chawla et al., "SMOTE: Synthetic Minority Over-sampling Technique", Journal
       of Artificial Intelligence Research 2002, 16:321-357.

    Examples
    --------
    >>> from skfusion.feature_extraction import make_feature_classifier
    >>> [name for name, step in make_feature_classifier("svm").steps]
    ['features', 'scaler', 'sampler', 'classifier']
    """
    features = CNNFeatureExtractor(
        backbone,
        weights=weights,
        image_size=image_size,
        region=region,
        margin=margin,
        cache=cache,
        random_state=random_state,
    )
    sampler = SMOTE(random_state=random_state)
    if classifier == "svm":
        last = [
            ("scaler", StandardScaler()),
            ("sampler", sampler),
            ("classifier", SVC()),
        ]
    else:
        forest = RandomForestClassifier(random_state=random_state)
        last = [("sampler", sampler), ("classifier", forest)]
    return Pipeline([("features", features), *last])
