"""The same work by us and by other packages, as ratios of times in one run."""

from functools import partial
from statistics import mean, stdev
from time import perf_counter

import numpy as np
import pytest
import torch
from PIL import Image
from sklearn.metrics import cohen_kappa_score
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from skorch import NeuralNetClassifier
from skorch.callbacks import GradientNormClipping, LRScheduler
from torch import nn
from torchvision.transforms import v2

from skfusion._engine._device import trains_in_bfloat16
from skfusion.datasets import make_breast_images
from skfusion.feature_extraction import CNNFeatureExtractor
from skfusion.networks import CNN17, TransferNetwork
from skfusion.neural_network import CNN17Classifier, TransferCNNClassifier

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]
N_REPEATS = 5
LEARNING_RATE = 0.003
SIDES = {"cnn17": 64, "mobilenet_v2": 96}
N_EPOCHS = {"cnn17": 20, "mobilenet_v2": 2}
N_IMAGES = {"cnn17": 256, "mobilenet_v2": 96}
ADVISED_STAGES = 8  # docs/studies/trainable.py


def test_extraction_against_embetter(compare, monkeypatch):
    """embetter's TimmEncoder as it ships / extraction, MobileNetV2, 224 px images.

    It prepares and computes one image at a time, and keeps what gradients need.
    """
    timm = pytest.importorskip("timm", reason="pip install 'embetter[vision]'")
    vision = pytest.importorskip("embetter.vision")
    # The same architecture with random weights: no model hub is asked.
    bare = partial(timm.create_model, "mobilenetv2_100", num_classes=0)
    monkeypatch.setattr(timm, "create_model", lambda *_, **__: bare())
    peer = vision.TimmEncoder("mobilenetv2_100")
    peer.model.eval()
    X = make_breast_images(64, image_size=224, random_state=0).images
    ours = CNNFeatureExtractor("mobilenet_v2", weights=None, image_size=224).fit(X)
    pictures = [Image.fromarray(image).convert("RGB") for image in X]
    compare(lambda: peer.transform(pictures), lambda: ours.transform(X), at_least=1.7)


class Pictures(torch.utils.data.Dataset):
    """Images that torchvision augments one by one."""

    augment = v2.Compose(
        [
            v2.RandomHorizontalFlip(),
            v2.RandomAffine(15, translate=(0.08, 0.08), scale=(0.9, 1.1)),
            v2.ColorJitter(brightness=0.2, contrast=0.2),
        ]
    )

    def __init__(self, X, y):
        self.X, self.y = torch.from_numpy(X).unsqueeze(1), y

    def __len__(self):
        return len(self.y)

    def __getitem__(self, row):
        return self.augment(self.X[row].float() / 255), self.y[row]


def skorch_with_its_default_loader(name, X, y, seed, device="cpu"):
    """A skorch net with the habits of ours."""
    torch.manual_seed(seed)
    module = {"cnn17": CNN17, "mobilenet_v2": partial(TransferNetwork, name)}[name]
    net = NeuralNetClassifier(
        module,
        criterion=nn.CrossEntropyLoss,
        criterion__label_smoothing=0.05,
        optimizer=torch.optim.AdamW,
        lr=LEARNING_RATE,
        max_epochs=N_EPOCHS[name],
        batch_size=32,
        iterator_train__shuffle=True,
        train_split=None,
        device=device,
        callbacks=[
            GradientNormClipping(1.0),
            LRScheduler(
                torch.optim.lr_scheduler.OneCycleLR,
                step_every="batch",
                max_lr=LEARNING_RATE,
                total_steps=N_EPOCHS[name] * -(-len(y) // 32),
            ),
        ],
        verbose=0,
    )
    return net.fit(Pictures(X, y), None)


def ours(name, precision, X, y, seed, device="cpu", trainable="all"):
    settings = {
        "max_epochs": N_EPOCHS[name],
        "image_size": SIDES[name],
        "precision": precision,
        "learning_rate": LEARNING_RATE,
        "device": device,
        "random_state": seed,
    }
    if name == "cnn17":
        model = CNN17Classifier(weights=None, **settings)
        model._augmentation_strength = 1.0  # as theirs
        return model.fit(X, y)
    settings["trainable"] = trainable
    return TransferCNNClassifier(name, weights=None, **settings).fit(X, y)


@pytest.mark.parametrize(
    ("name", "precision", "trainable", "at_least"),
    [
        ("cnn17", "float32", "all", 1.1),
        ("cnn17", "auto", "all", 1.4),
        ("mobilenet_v2", "float32", "all", 1.1),
        ("mobilenet_v2", "auto", "all", 1.25),
        ("mobilenet_v2", "auto", ADVISED_STAGES, 2.5),
    ],
)
def test_training_against_skorch(name, precision, trainable, at_least, check_ratios):
    """skorch's default loader, all stages / our training of these stages."""
    if precision == "auto" and not trains_in_bfloat16("auto", torch.device("cpu")):
        pytest.skip("the processor does not compute in bfloat16")
    X, y = make_breast_images(
        2 * N_IMAGES[name], image_size=SIDES[name], random_state=0, return_X_y=True
    )
    n, y = N_IMAGES[name], y.astype(np.int64)
    pixels = X[n:, np.newaxis].astype(np.float32) / 255

    def theirs(seed):
        net = skorch_with_its_default_loader(name, X[:n], y[:n], seed)
        return net, pixels

    def our(seed):
        model = ours(name, precision, X[:n], y[:n], seed, trainable=trainable)
        return model, X[n:]

    ratios, kappas = [], []
    for seed in range(N_REPEATS):
        # In turn the first, so that neither always finds the machine warm.
        runs = [theirs, our] if seed % 2 else [our, theirs]
        seconds, kappa = {}, {}
        for run in runs:
            start = perf_counter()
            model, unseen = run(seed)
            seconds[run] = perf_counter() - start
            kappa[run] = cohen_kappa_score(y[n:], model.predict(unseen))
        ratios.append(seconds[theirs] / seconds[our])
        kappas.append((kappa[theirs], kappa[our]))
    check_ratios(ratios, at_least=at_least)
    if name == "cnn17":  # two epochs from random weights teach MobileNetV2 nothing
        check_kappas(*zip(*kappas, strict=True))


@pytest.mark.gpu
@pytest.mark.parametrize("name", ["cnn17", "mobilenet_v2"])
def test_training_against_skorch_on_a_gpu(name, compare):
    """skorch's default loader, torchvision augmentation / our training, on a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("there is no CUDA device")
    X, y = make_breast_images(
        N_IMAGES[name], image_size=SIDES[name], random_state=0, return_X_y=True
    )
    y = y.astype(np.int64)
    compare(
        lambda: skorch_with_its_default_loader(name, X, y, 0, "cuda"),
        lambda: ours(name, "auto", X, y, 0, "cuda"),
        at_least=3,
    )


def check_kappas(theirs, our):
    """Ours is not below theirs by more than the spread of the fits."""
    print(f"kappa {mean(theirs):.3f} (skorch), {mean(our):.3f} (ours)")
    assert mean(our) >= mean(theirs) - max(stdev(theirs), stdev(our))


def grid(extractor, memory, X, y):
    pipeline = make_pipeline(extractor, StandardScaler(), SVC(), memory=memory)
    candidates = {"svc__C": [0.01, 0.1, 1, 10, 100, 1000]}
    return GridSearchCV(pipeline, candidates, cv=StratifiedKFold(5)).fit(X, y)


@pytest.mark.parametrize("peer", ["without memory", "with memory"])
def test_a_search_against_a_pipeline(peer, tmp_path, compare):
    """GridSearchCV of a plain Pipeline / with our cache, both from cold."""
    X, y = make_breast_images(200, image_size=96, random_state=0, return_X_y=True)
    extractor = CNNFeatureExtractor("mobilenet_v2", weights=None, random_state=0)
    extractor.set_params(image_size=96)
    folders = (tmp_path / str(number) for number in range(100))

    def theirs():
        grid(extractor, str(next(folders)) if peer == "with memory" else None, X, y)

    def cached():
        kept = CNNFeatureExtractor(**extractor.get_params())
        grid(kept.set_params(cache=next(folders)), None, X, y)

    compare(theirs, cached, at_least={"without memory": 5, "with memory": 2}[peer])
