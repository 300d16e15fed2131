"""Closures: functions with the tensors that they hold on another device or in another dtype."""

import types
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

_DEEP = 3
"""Containers within containers that are looked into."""


def moved_function(
    function: Callable[..., Any], device: torch.device | str | None, dtype: torch.dtype | None
) -> Callable[..., Any]:
    """Return a function that computes the same with copies of the tensors that it holds: in its closure, its defaults,
    the words of a partial, or the attributes of a callable object, in plain containers too. Itself where it holds none
    that would change; what it finds by a global name stays as it is.
    """

    def move(item: Any, depth: int = _DEEP) -> Any:
        if isinstance(item, Tensor) and not isinstance(item, nn.Parameter):
            there = item.detach().to(device=device, dtype=dtype if item.is_floating_point() else None)
            same = there.dtype == item.dtype and there.device == item.device
            return item if same else there.requires_grad_(item.requires_grad)
        if depth and type(item) in (list, tuple, dict):
            inner = item.values() if isinstance(item, dict) else item
            new = [move(each, depth - 1) for each in inner]
            if all(one is other for one, other in zip(new, inner, strict=True)):
                return item
            return dict(zip(item, new, strict=True)) if isinstance(item, dict) else type(item)(new)
        if depth and isinstance(item, (types.FunctionType, partial)):
            return _with(item, lambda each: move(each, depth - 1))
        return item

    moved: Callable[..., Any] = _with(function, move)
    return moved


def _with(function: Any, move: Callable[[Any], Any]) -> Any:
    if isinstance(function, partial):
        named = {name: move(each) for name, each in function.keywords.items()}
        return partial(_with(function.func, move), *map(move, function.args), **named)
    if isinstance(function, types.MethodType):
        return types.MethodType(function.__func__, _with(function.__self__, move))
    if not isinstance(function, types.FunctionType):
        return _with_attributes(function, move)
    cells = [_moved_cell(cell, move) for cell in function.__closure__ or ()]
    defaults = tuple(map(move, function.__defaults__ or ())) or None
    words = {name: move(each) for name, each in (function.__kwdefaults__ or {}).items()} or None
    same = all(one is other for one, other in zip(cells, function.__closure__ or (), strict=True))
    if same and _same(defaults, function.__defaults__) and _same(words, function.__kwdefaults__):
        return function
    made = types.FunctionType(function.__code__, function.__globals__, function.__name__, defaults, tuple(cells))
    made.__kwdefaults__ = words
    made.__dict__.update(function.__dict__)
    made.__module__, made.__qualname__ = function.__module__, function.__qualname__
    return made


def _with_attributes(item: Any, move: Callable[[Any], Any]) -> Any:
    """Return a callable object with its own tensors moved; a module, and what cannot be copied so, stays."""
    own = getattr(item, "__dict__", None)
    if not isinstance(own, dict) or isinstance(item, (nn.Module, type)):
        return item
    moved = {name: move(each) for name, each in own.items()}
    if all(moved[name] is own[name] for name in own):
        return item
    made = object.__new__(type(item))
    made.__dict__.update(moved)
    return made


def _moved_cell(cell: Any, move: Callable[[Any], Any]) -> Any:
    try:
        held = cell.cell_contents
    except ValueError:
        # Not filled yet: a function that names itself.
        return cell
    new = move(held)
    return cell if new is held else types.CellType(new)


def _same(new: Any, old: Any) -> bool:
    if new is None or old is None:
        return new is None and not old
    ours, theirs = (each.values() if isinstance(each, dict) else each for each in (new, old))
    return all(one is other for one, other in zip(ours, theirs, strict=True))
