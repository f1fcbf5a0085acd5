"""A store with a bound forgets its oldest rows, and its file does not grow."""

import os
import subprocess
import sys

import numpy as np
import pytest

from skfusion._store._compute_once import compute_once, fill_once
from skfusion.feature_extraction import FeatureCache
from skfusion.images import ImageCache

N, BATCH_SIZE, N_IN_ROOM = 20_000, 8, 40
ROOM = N * N_IN_ROOM
SLACK = N * BATCH_SIZE + 2**17  # a batch, the index and a few pages


def keys_of(numbers):
    return [b"%016d" % number for number in numbers]


def compute(positions):
    return np.repeat(positions[:, np.newaxis] % 256, N, axis=1).astype(np.uint8)


def write(store, numbers):
    numbers = np.asarray(numbers)
    for start in range(0, len(numbers), BATCH_SIZE):
        part = numbers[start : start + BATCH_SIZE]
        store.write(keys_of(part), list(compute(part)))


def kept(store, numbers):
    """The numbers of the rows that are stored, in order."""
    rows = store.read(keys_of(numbers), N)
    assert all((row == int(key) % 256).all() for key, row in rows.items())
    return sorted(int(key) for key in rows)


def test_the_oldest_rows_are_deleted(tmp_path):
    store = ImageCache(tmp_path, max_bytes=ROOM)
    order = np.random.default_rng(0).permutation(200)  # keys in no order
    write(store, order)
    left = set(kept(store, range(200)))
    assert N_IN_ROOM * 0.7 < len(left) <= N_IN_ROOM
    assert left == set(order[-len(left) :].tolist())


def test_the_file_does_not_grow_and_deleted_pages_are_used_again(tmp_path):
    store = ImageCache(tmp_path, max_bytes=ROOM)
    sizes = []
    for start in range(0, 400, BATCH_SIZE):
        write(store, range(start, start + BATCH_SIZE))
        sizes.append(store.n_bytes)
    assert max(sizes) < ROOM + SLACK
    assert len(set(sizes[-20:])) == 1


def test_a_bound_that_is_not_reached_deletes_nothing(tmp_path):
    store = ImageCache(tmp_path, max_bytes=10 * ROOM)
    write(store, range(100))
    assert len(kept(store, range(100))) == 100


def test_rows_from_before_the_bound_are_the_oldest(tmp_path):
    write(ImageCache(tmp_path), range(2 * N_IN_ROOM))
    bounded = ImageCache(tmp_path, max_bytes=ROOM)
    n_bytes = bounded.n_bytes
    write(bounded, range(1000, 1000 + BATCH_SIZE))
    left = kept(bounded, range(2000))
    assert set(left) >= set(range(1000, 1000 + BATCH_SIZE))
    assert len(left) <= N_IN_ROOM
    assert bounded.n_bytes <= n_bytes


def test_a_pass_that_does_not_fit_finds_nothing_again_and_stays_right(tmp_path):
    store = ImageCache(tmp_path, max_bytes=ROOM)
    keys, computed = keys_of(range(3 * N_IN_ROOM)), []

    def counted(positions):
        computed.extend(positions.tolist())
        return compute(positions)

    for _ in range(2):
        for start in range(0, len(keys), BATCH_SIZE):
            part = keys[start : start + BATCH_SIZE]
            rows = compute_once(
                store, part, lambda p, start=start: counted(p + start), BATCH_SIZE, N
            )
            expected = compute(np.arange(start, start + BATCH_SIZE))
            np.testing.assert_array_equal(rows, expected)
    assert len(computed) == 2 * len(keys)


@pytest.mark.timeout(60)
def test_filling_beyond_the_bound_ends(tmp_path):
    def each(batches):
        for batch in batches:
            yield from compute(batch)

    store = ImageCache(tmp_path, max_bytes=ROOM)
    done = list(fill_once(store, keys_of(range(100)), each, BATCH_SIZE))
    assert len(done) == 100
    assert store.n_bytes < ROOM + SLACK


def test_a_batch_above_the_bound_is_still_returned(tmp_path):
    store = ImageCache(tmp_path, max_bytes=N)
    rows = compute_once(store, keys_of(range(20)), compute, 8, N)
    np.testing.assert_array_equal(rows, compute(np.arange(20)))


WRITER = """
import sys
import numpy as np
from skfusion._store._row_store import RowStore
class Rows(RowStore):  # an ImageCache, without the second that its imports take
    _name, _dtype = "images", "u1"
store, n = Rows(sys.argv[1], max_bytes=int(sys.argv[2])), 20_000
first = int(sys.argv[3])
for start in range(first, first + 160, 8):
    numbers = range(start, start + 8)
    keys = [b"%016d" % number for number in numbers]
    store.write(keys, [np.full(n, number % 256, "u1") for number in numbers])
"""


@pytest.mark.parametrize("bounds", [(ROOM, ROOM), (ROOM, ROOM // 2)])
def test_processes_share_a_file_with_bounds_of_their_own(tmp_path, bounds):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, tmp_path, str(bound), str(1000 * number)],
            env=environment,
        )
        for number, bound in enumerate(bounds)
    ]
    assert [writer.wait(300) for writer in writers] == [0, 0]
    store = ImageCache(tmp_path)
    assert store.path.name == "images.sqlite"
    assert store.n_bytes < ROOM + SLACK
    assert 0 < len(kept(store, range(2000))) == len(store) <= N_IN_ROOM


def test_small_rows_are_bounded_too(tmp_path):
    cache = FeatureCache(tmp_path, max_bytes=500_000)
    rng = np.random.default_rng(0)
    for start in range(0, 1000, 20):
        keys = keys_of(range(start, start + 20))
        cache.write(keys, list(rng.normal(size=(20, 512)).astype(np.float32)))
    assert cache.n_bytes < 700_000
    assert set(keys) <= set(cache.read(keys_of(range(1000))))


@pytest.mark.parametrize("max_bytes", ["1 GB", 0, -5, np.nan, True])
def test_a_bound_is_a_positive_number(tmp_path, max_bytes):
    with pytest.raises(ValueError, match="'max_bytes' parameter must be a positive"):
        ImageCache(tmp_path, max_bytes=max_bytes)
