"""What an objective must fulfil, and the sentences that say so: each function refuses one way of being unsound."""

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.numerics.rounding import eps_of
from explorer.objective.backward_graph import leaves_behind
from explorer.objective.samples import Samples

_REPEATABLE = 1000.0
"""In units of eps: parallel sums may round differently from run to run, randomness differs by far more."""
_COARSE = 0.05
"""Never more than this: half precision has an eps of 1e-3, bfloat16 of 8e-3."""

Values = Mapping[str, Tensor]
Roundings = Mapping[str, float]
"""Name of a value -> its relative rounding, where that is coarser than its own dtype's."""


def refuse_other_kind(samples: Samples, dtypes: Collection[torch.dtype], device: torch.device) -> None:
    """Refuse data of other dtypes or on another device than the model: PyTorch would mix them silently, or fail later.

    A 0-d float64 parameter times float32 inputs, for example, gives float32 without a word.

    Raises:
        ObjectiveError: naming the tensor and the cure.
    """
    for name, tensor in (("inputs", samples.inputs), ("targets", samples.targets)):
        if tensor.is_floating_point() and tensor.dtype not in dtypes:
            known = " or ".join(sorted(map(str, dtypes)))
            raise ObjectiveError(f"expected {name} of the model's {known}; got {tensor.dtype}: use {name}.to({known})")
        if tensor.device != device:
            raise ObjectiveError(f"expected {name} on {device}, as the model; got {tensor.device}: use {name}.to(...)")


def refuse_broadcast(prediction: object, targets: Tensor) -> None:
    """Refuse a prediction that would be broadcast against its targets, [D] with [D, 1] into [D, D].

    Class numbers (integers [D] for predictions [D, C]) pass.

    Raises:
        ObjectiveError: naming both shapes.
    """
    if not isinstance(prediction, Tensor) or prediction.shape == targets.shape:
        return
    # One class would be no choice: [D, 1] beside whole numbers [D] is meant to be a column.
    if not targets.is_floating_point() and prediction.dim() > targets.dim() and prediction.shape[1] != 1:
        return
    try:
        shape = np.broadcast_shapes(prediction.shape, targets.shape)
    except ValueError:
        return
    raise ObjectiveError(
        f"expected prediction and target of one shape; got {tuple(prediction.shape)} and {tuple(targets.shape)}, which "
        f"would be broadcast to {shape}: reshape the targets, or squeeze the model's output"
    )


def refuse_not_scalar(terms: Mapping[str, Tensor], dtype: torch.dtype, device: torch.device) -> None:
    """Refuse a term that is not one number of the model's dtype on the model's device.

    Raises:
        ObjectiveError: naming the term, what came and the cure.
    """
    for name, value in terms.items():
        if not isinstance(value, Tensor):
            raise ObjectiveError(f"expected {name!r} to be a scalar tensor; got {type(value).__name__}")
        if value.shape != ():
            raise ObjectiveError(
                f"expected {name!r} to be a scalar; got shape {tuple(value.shape)}: take the mean over samples"
            )
        if value.dtype != dtype or value.device != device:
            raise ObjectiveError(
                f"expected {name!r} as {dtype} on {device}, as the model; got {value.dtype} on {value.device}: "
                "make the tensors that the term uses of the model's dtype and device; of a prediction under autocast, "
                "take prediction.float()"
            )


def refuse_not_mean(once: Values, twice: Values, roundings: Roundings) -> None:
    """Refuse a loss or metric that is not a mean over samples: on the data twice over it must stay what it was.

    Otherwise no landscape could be compared with one of other data.

    Args:
        once, twice: name -> value on some samples, and on the same samples twice over.
        roundings: of the values.

    Raises:
        ObjectiveError: with both values and the cure.
    """
    for name, value in once.items():
        if differ(value, twice[name], roundings.get(name)):
            raise ObjectiveError(
                f"expected a {name} that is a mean over samples; on the data twice over it went from {value.item()!r} "
                f'to {twice[name].item()!r}: divide by the number of samples, for example with reduction="mean"'
            )


def refuse_not_additive(whole: Values, parts: Sequence[tuple[float, Values]], roundings: Roundings) -> None:
    """Refuse a loss or metric whose values on parts, weighted by their sizes, do not make its value on the whole.

    Class weights in a cross-entropy are an example: data too large for one block could not be evaluated in several.

    Args:
        whole: name -> value on some samples.
        parts: (size, name -> value) of the parts that make up the whole.
        roundings: of the values.

    Raises:
        ObjectiveError: with both values and the cure.
    """
    size = sum(samples for samples, _ in parts)
    for name, value in whole.items():
        made = sum((values[name] * (samples / size) for samples, values in parts), start=torch.zeros_like(value))
        if differ(value, made, roundings.get(name)):
            raise ObjectiveError(
                f"the data are too large for one evaluation, and {name} cannot be put together from blocks: two parts "
                f"make {made.item()!r}, the whole is {value.item()!r}; use a plain mean over samples (no class "
                "weights, no ignored labels, no layer or term between samples), or fewer data"
            )


def refuse_still(terms: Callable[[Tensor], Values], thetas: Sequence[Tensor]) -> None:
    """Refuse terms none of which has anything to do with theta: the same numbers at several thetas, and no way from
    them to the values that autograd could go back. One of several terms may be so; the report names it.

    Args:
        terms: theta [P] -> name -> value.
        thetas: other than each other.

    Raises:
        ObjectiveError: with what to look for.
    """
    found = []
    for theta in thetas:
        leaf = theta.clone().requires_grad_()
        values = terms(leaf)
        moving = [value for value in values.values() if value.requires_grad]
        if moving and torch.autograd.grad(sum(moving[1:], start=moving[0]), leaf, allow_unused=True)[0] is not None:
            return
        found.append([float(value.detach()) for value in values.values()])
    if all(each == found[0] for each in found):
        told = ", ".join(f"{name} = {value:g}" for name, value in zip(values, found[0], strict=True))
        raise ObjectiveError(
            f"expected a loss of the model that it is given; {told} whatever the parameters are, and autograd finds no "
            "way from them to it: use the function's own argument, model, instead of a model from outside, and what it "
            "computes instead of something kept"
        )


def refuse_outside(terms: Values, others: Collection[Tensor]) -> None:
    """Refuse terms that are computed of other parameters than those that are moved: of the model that was given, of
    which the one that the function gets is a copy, or of an earlier evaluation.

    Args:
        terms: name -> value, with its graph.
        others: the parameters of the model that was given, and those that stay in the copy.

    Raises:
        ObjectiveError: naming the first such term.
    """
    theirs = {id(parameter) for parameter in others}
    for name, value in terms.items():
        if any(id(leaf) in theirs for leaf in leaves_behind(value)):
            raise ObjectiveError(
                f"expected {name} to be computed of the model that the function is given; some of it is computed of "
                "parameters from outside (of a model that stands around the function, in a hook or lambda of the "
                "model, or in a cache), which stay as they are at every theta: use the argument, model, and self in it"
            )


def refuse_kept(again: Values, anew: Values, roundings: Roundings) -> None:
    """Refuse a model that keeps what it has computed from its parameters at one theta, and uses it at another.

    Args:
        again: name -> value at a theta, of a model that was evaluated at others before.
        anew: of a copy that was not.
        roundings: of the values.

    Raises:
        ObjectiveError: with both values.
    """
    for name, value in anew.items():
        if differ(value.detach(), again[name].detach(), roundings.get(name)):
            raise ObjectiveError(
                f"expected a model that computes from its parameters anew each time; at one theta {name} is "
                f"{value.item():g} when the model is new, and {again[name].item():g} when it was evaluated elsewhere "
                "before: it keeps something between calls (a cache, a buffer made at the first call); compute it in "
                "forward each time"
            )


def refuse_other_when_trained(terms: Callable[[Tensor], Values], theta: Tensor, roundings: Roundings) -> None:
    """Refuse terms that are others where theta requires a gradient, as in training, than where it does not, as in most
    of a sweep.

    Args:
        terms: theta [P] -> name -> value.
        theta: somewhere.
        roundings: of the values.

    Raises:
        ObjectiveError: naming the first such term.
    """
    with torch.enable_grad():
        trained = terms(theta.clone().requires_grad_())
    for name, value in terms(theta.clone()).items():
        if differ(value.detach(), trained[name].detach(), roundings.get(name)):
            raise ObjectiveError(
                f"expected {name} to be the same whether or not the parameters require a gradient; got "
                f"{trained[name].item():g} where they do and {value.item():g} where they do not: choose parameters by "
                "their names instead of by requires_grad"
            )


def refuse_in_place(theta: Tensor, given: Tensor) -> None:
    """Refuse a model or term that has changed the theta it was given.

    Raises:
        ObjectiveError: naming the cure; or parameters that are NaN, which equal nothing.
    """
    if not torch.equal(theta, given):
        if count := int(given.isnan().sum()):
            raise ObjectiveError(
                f"expected parameters that are numbers; {count} of {len(given)} are NaN: did the training diverge?"
            )
        raise ObjectiveError(
            "expected a model that leaves its parameters as they are; evaluating it changed them: use operations that "
            "return a new tensor, such as weight.clamp(0) for weight.clamp_(0)"
        )


def differ(one: Tensor, other: Tensor, rounding: float | None = None) -> bool:
    """Return whether two evaluations of one number are apart by more than rounding, that of their dtype if not told."""
    eps = eps_of(one) if rounding is None else rounding
    return not torch.allclose(one, other, rtol=min(_REPEATABLE * eps, _COARSE), atol=eps, equal_nan=True)


def refuse_different(first: Values, second: Values, roundings: Roundings) -> None:
    """Refuse an objective whose two evaluations at one theta differ: its landscape would be noise.

    Raises:
        ObjectiveError: naming the term, both values and the cure.
    """
    for name, value in first.items():
        other = second[name]
        if differ(value, other, roundings.get(name)):
            raise ObjectiveError(
                f"expected the same {name!r} twice at one theta; got {value.item()!r} and {other.item()!r}: "
                "take randomness and counting out of the forward pass (nn.Dropout is already off: the model is in eval "
                "mode; F.dropout needs training=self.training), or draw the random numbers once and keep them in a "
                "buffer"
            )


def refuse_uncopyable(model: nn.Module) -> None:
    """Refuse modules whose copies or gradients would not be what they seem.

    Raises:
        ObjectiveError: naming the module and the cure.
    """
    for name, module in model.named_modules():
        where = f"{name!r}" if name else "the model"
        if isinstance(module, torch.jit.ScriptModule):
            raise ObjectiveError(
                f"expected a model in Python; {where} is TorchScript, whose copies send their gradients into the "
                "original: build the model from its class, and load the weights with load_state_dict"
            )
        if isinstance(module, (nn.Embedding, nn.EmbeddingBag)) and module.max_norm is not None:
            raise ObjectiveError(
                f"expected layers that leave their weights as they are; {where} is an embedding with max_norm, which "
                "shortens the rows that it looks up, behind autograd's back: shorten them once with "
                "torch.renorm(weight, 2, 0, max_norm), and set its max_norm to None"
            )


def refuse_merged(before: Values, after: Values) -> None:
    """Refuse a model whose eval() rewrites its parameters, name -> tensor before and after: what was merged or fused
    into others would move nothing any more.

    Raises:
        ObjectiveError: naming the first such parameter.
    """
    for name in [*before, *after]:
        if name not in after or name not in before or not _is_same(before[name], after[name]):
            raise ObjectiveError(
                f"expected a model whose parameters eval() leaves as they are; it changes {name!r}, as adapters do "
                "that merge themselves into a layer: turn that off (loralib: merge_weights=False), or call "
                "model.eval() and choose with parameters= from what is then in use"
            )


def _is_same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.allclose(one, other, rtol=0.0, atol=0.0, equal_nan=True)
