"""Real images that ship with a package: scikit-learn's handwritten digits."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

TEST_IMAGES = 500


@dataclass(frozen=True, eq=False)
class Split:
    """Images to train on, and images to test on."""

    x: Tensor
    """[D, 1, 8, 8], float32, from -1 (paper) to 1 (ink)."""
    y: Tensor
    """[D], int64: the digit."""
    test_x: Tensor
    test_y: Tensor


@lru_cache(maxsize=1)
def digits() -> Split:
    """Return the 1,797 digits, always split the same way: 1,297 to train on, 500 to test on.

    Source: E. Alpaydin and C. Kaynak, Optical recognition of handwritten digits, UCI Machine Learning Repository
    (1998); scikit-learn ships the images of its 13 test writers. All writers are on both sides of the split.
    """
    # Needs most of a second, which nobody who only looks at the catalogue should wait for.
    from sklearn.datasets import load_digits

    found = load_digits()
    x = torch.from_numpy(found.images).to(torch.float32)[:, None] / 8 - 1
    y = torch.from_numpy(found.target).to(torch.int64)
    shuffled = torch.randperm(len(y), generator=torch.Generator().manual_seed(0))
    train, test = shuffled[TEST_IMAGES:], shuffled[:TEST_IMAGES]
    return Split(x[train], y[train], x[test], y[test])


def accuracy(scores: Tensor, y: Tensor) -> Tensor:
    """Return the share of images [D] whose highest score [D, classes] is that of their class; a scalar."""
    return (scores.argmax(dim=-1) == y).to(scores.dtype).mean()
