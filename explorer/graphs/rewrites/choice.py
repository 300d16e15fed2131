"""Rewrites: which exact changes of a traced objective an evaluation uses."""

import math
from dataclasses import dataclass
from typing import Literal

import torch

Products = Literal["as written", "oneDNN"]


@dataclass(frozen=True)
class Rewrites:
    """A choice among them; all others (folded BatchNorm, class-major cross-entropy) are made wherever they apply."""

    affine: bool = True
    """Layers that see only data are kept as H0 + alpha H1 + beta H2."""
    products: Products = "as written"
    """How linear layers are computed."""
    low: torch.dtype | None = None
    """The short type of products, in mixed precision."""

    @property
    def least(self) -> float:
        """How many products must be summed for a number of a layer that is kept affine."""
        return 1.0 if self.affine else math.inf

    def text(self) -> str:
        """Return the choice in words, for the landscape's attributes."""
        words = ["affine first layers"] if self.affine else []
        words += [f"{self.products} products"] if self.products != "as written" else []
        words += [f"{str(self.low).removeprefix('torch.')} products"] if self.low is not None else []
        return ", ".join(words)
