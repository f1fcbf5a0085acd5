import pytest
import torch

from skfusion.networks import CNN17, count_layers


@pytest.mark.parametrize("variant", ["weighted", "listed"])
def test_each_variant_has_17_layers_by_its_own_count(variant):
    assert count_layers(CNN17(variant=variant))[variant] == 17


def test_the_weighted_variant_is_16_convolutions_and_a_fully_connected_layer():
    modules = list(CNN17().modules())
    convolutions = [m for m in modules if isinstance(m, torch.nn.Conv2d)]
    connected = [m for m in modules if isinstance(m, torch.nn.Linear)]
    assert (len(convolutions), len(connected)) == (16, 1)


def test_the_listed_variant_runs_from_input_to_output():
    names = [name for name, _ in CNN17(variant="listed").named_children()]
    assert (names[0], names[-3:]) == ("input", ["fully_connected", "softmax", "output"])


@pytest.mark.parametrize("variant", ["weighted", "listed"])
@pytest.mark.parametrize("size", [16, 33, 64])
def test_images_of_any_size_give_one_score_a_class(variant, size):
    network = CNN17(n_classes=3, n_channels=2, variant=variant, width=4).eval()
    assert network(torch.rand(2, 2, size, size)).shape == (2, 3)


def test_the_listed_variant_gives_log_probabilities():
    scores = CNN17(variant="listed", width=4).eval()(torch.rand(2, 1, 16, 16))
    torch.testing.assert_close(scores.exp().sum(dim=1), torch.ones(2))
