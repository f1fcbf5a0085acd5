import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skfusion.datasets import make_breast_images
from skfusion.model_selection import compare_models


@pytest.mark.gpu
def test_memory_of_the_gpu_does_not_grow_with_the_candidates():
    import torch

    from skfusion.feature_extraction import CNNFeatureExtractor
    from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    data = make_breast_images(40, n_views=2, image_size=32, random_state=0)
    options = {"image_size": 32, "device": "cuda", "random_state": 0}
    frozen = CNNFeatureExtractor("squeezenet1_1", weights=None, **options)
    models = [
        ("frozen", make_pipeline(frozen, LogisticRegression())),
        (
            "transfer",
            TransferCNNClassifier(
                "squeezenet1_1", weights=None, max_epochs=1, **options
            ),
        ),
        ("custom", CNN17Classifier(width=4, max_epochs=1, **options)),
    ]

    def allocated_after_comparing():
        groups = data.groups
        compare_models(models, data.data, data.target, groups=groups, cv=2)
        return torch.cuda.memory_allocated()

    first = allocated_after_comparing()  # with the libraries' own workspaces
    assert allocated_after_comparing() <= first
