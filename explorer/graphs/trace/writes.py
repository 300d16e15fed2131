"""Writes: operations in place, replaced by those that return a new tensor."""

import operator

import torch
from torch import fx


def without_writes(graph: fx.Graph) -> None:
    """Replace every `x.add_(...)` by `x = x.add(...)` where nobody else sees x; others stay as they are.

    Nobody does if x, whatever it is a view of and all views of that are new tensors that are not used any more.
    """
    place = {node: number for number, node in enumerate(graph.nodes)}
    for node in list(graph.nodes):
        if not _writes(node):
            continue
        pure, written = _pure(node), node.args[0]
        if pure is None or not isinstance(written, fx.Node) or not _keeps_type(node):
            continue
        if not _is_own(written, before=place[node], place=place):
            continue
        node.target = pure
        written.replace_all_uses_with(node, delete_user_cb=lambda user: place[user] > place[node])  # noqa: B023


def _writes(node: fx.Node) -> bool:
    return isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable


def _pure(node: fx.Node) -> "torch._ops.OpOverload | None":
    """Return the operation that a writing one is the in-place form of."""
    target = node.target
    assert isinstance(target, torch._ops.OpOverload)
    name = target._schema.name.split("::")[1]
    arguments = target._schema.arguments
    first_alone = arguments[0].is_write and not any(argument.is_write for argument in arguments[1:])
    if target.namespace != "aten" or not name.endswith("_") or not first_alone:
        return None
    packet = getattr(torch.ops.aten, name.rstrip("_"), None)
    others = [] if packet is None else [getattr(packet, overload) for overload in packet.overloads()]
    # By what they take: transpose_.default is the form of transpose.int.
    return next((other for other in others if _takes(other) == _takes(target)), None)


def _keeps_type(node: fx.Node) -> bool:
    """Return whether the pure form has the type of what is written to: x.add(y) may have that of y."""
    found = {each.meta["tensor_meta"].dtype for each in node.all_input_nodes if "tensor_meta" in each.meta}
    return len({dtype for dtype in found if dtype.is_floating_point or dtype.is_complex}) <= 1


def _takes(target: "torch._ops.OpOverload") -> list[tuple[str, str]]:
    return [(argument.name, str(argument.type)) for argument in target._schema.arguments]


def _is_own(node: fx.Node, *, before: int, place: dict[fx.Node, int]) -> bool:
    """Return whether nobody looks at a tensor's memory later but through the tensor itself."""
    known = {node}
    waiting = [node]
    while waiting:
        each = waiting.pop()
        if each.op != "call_function":
            return False
        if each is not node and any(place[user] > before for user in each.users):
            return False
        near = [*(each.all_input_nodes if _is_view(each) else []), *(user for user in each.users if _is_view(user))]
        new = [other for other in near if other not in known and place[other] < before]
        known.update(new)
        waiting += new
    return True


def _is_view(node: fx.Node) -> bool:
    target = node.target
    if target is operator.getitem:
        # Of a list of views, such as a split; or one of several results, which are alone.
        return isinstance(node.args[0], fx.Node) and _is_view(node.args[0])
    if not isinstance(target, torch._ops.OpOverload):
        return node.op == "call_function"
    return any(result.alias_info is not None and not result.alias_info.is_write for result in target._schema.returns)
