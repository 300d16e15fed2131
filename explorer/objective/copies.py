"""Copies: a model of one's own, in eval mode, that can be moved and differentiated without touching the user's."""

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from explorer.errors import ObjectiveError
from explorer.objective.batchnorm import recompute_batchnorm
from explorer.objective.trials.refusals import refuse_merged, refuse_uncopyable

_COMPLEX = {torch.float64: torch.complex128, torch.float32: torch.complex64, torch.float16: torch.complex32}


def own_copy(model: nn.Module, batchnorm: str) -> nn.Module:
    """Return a copy in eval mode whose parameters ask for no gradient, with BatchNorm as asked for.

    Raises:
        ObjectiveError: a model that cannot be copied or has no values yet, or another word for BatchNorm.
    """
    if batchnorm not in ("eval", "recompute"):
        raise ObjectiveError(f'expected batchnorm "eval" or "recompute"; got {batchnorm!r}')
    for name, parameter in model.named_parameters():
        if isinstance(parameter, nn.UninitializedParameter):
            raise ObjectiveError(
                f"expected a model with shapes; {name!r} has none yet: call the model on a batch first"
            )
        if parameter.is_meta:
            raise ObjectiveError(
                f"expected a model with values; {name!r} is on the meta device: load its weights first"
            )
    refuse_uncopyable(model)
    try:
        own = copied(model)
    except Exception as error:
        raise ObjectiveError(
            f"expected a model that copy.deepcopy can copy; it raised {error!r}: leave out of the model what cannot be "
            "copied, such as open files, locks and generators"
        ) from error
    own.eval().requires_grad_(False)
    refuse_merged(dict(model.named_parameters()), dict(own.named_parameters()))
    return recompute_batchnorm(own) if batchnorm == "recompute" else own


def copied(model: nn.Module, placed: Mapping[nn.Parameter, nn.Parameter] | None = None) -> nn.Module:
    """Return a deep copy, with other parameters in place of some. Results of an earlier evaluation that it keeps
    anywhere (an attention map, the weight of nn.utils.weight_norm) are copied without their graph."""
    with _Detached():
        return copy.deepcopy(model, {id(old): new for old, new in (placed or {}).items()})


class _Detached(TorchFunctionMode):
    """Copies tensors with a graph, which `copy.deepcopy` refuses, without it; those that a transform or a trace left,
    which are no numbers any more, become None."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is not Tensor.__deepcopy__:
            return function(*args, **(kwargs or {}))
        tensor, memo = args
        if torch._C._functorch.is_functorch_wrapped_tensor(tensor) or isinstance(tensor, FakeTensor):
            return None
        return tensor.__deepcopy__(memo) if tensor.is_leaf else tensor.detach().clone()


@contextmanager
def modes_kept(model: nn.Module) -> Iterator[None]:
    """Put each module of a model back into training or eval mode at the end: some may be frozen in eval mode while the
    others train."""
    before = [(module, module.training) for module in model.modules()]
    try:
        yield
    finally:
        for module, was_training in before:
            module.training = was_training


def converted(model: nn.Module, device: torch.device | str | None, dtype: torch.dtype | None) -> nn.Module:
    """Return a copy of a model on another device and in another dtype; complex buffers stay complex, as `Module.to`
    does not leave them."""

    def convert(tensor: Tensor) -> Tensor:
        if tensor.is_complex():
            return tensor.to(device=device, dtype=None if dtype is None else _complex(dtype))
        return tensor.to(device=device, dtype=dtype if tensor.is_floating_point() else None)

    result: nn.Module = copied(model)._apply(convert)  # type: ignore[no-untyped-call]
    return result


@contextmanager
def differentiable_layers(*, recurrent: bool = False) -> Iterator[None]:
    """Keep attention on its plain path: torch's fused ones have no second derivative and no rule for `vmap`.

    Args:
        recurrent: keep recurrent layers off cuDNN, which differentiates them in training mode alone.
    """
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    cudnn = torch.backends.cudnn.enabled
    torch.backends.cudnn.enabled = cudnn and not recurrent
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.cudnn.enabled = cudnn
        torch.backends.mha.set_fastpath_enabled(before)


def _complex(dtype: torch.dtype) -> torch.dtype:
    if dtype not in _COMPLEX:
        raise ObjectiveError(
            f"expected a dtype with a complex one beside it, for the model's complex buffers; got {dtype}"
        )
    return _COMPLEX[dtype]
