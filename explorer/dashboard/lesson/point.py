"""Point: what torch's autograd says at one theta, as plain JSON. The truth behind every readout."""

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from explorer.dashboard.lesson.objectives import loss_module, objective_of, target_set, weights_of
from explorer.dashboard.lesson.state import State
from explorer.study import Study


def point_numbers(state: State, study: Study) -> dict[str, Any]:
    """Return loss, gradient, pulls, curvature and (where the study has stages) the tape and the program."""
    found = _terms_at(state, study) if study.terms else _loss_at(state, study) if study.stages else _plain(state, study)
    if state.view == "compare" and study.losses:
        found["losses"] = {name: _summary(replace(state, loss=name), study) for name in study.losses}
    norm = math.hypot(*found["gradient"])
    return {**found, "theta": [state.w, state.b], "norm": norm, "curvature": _curvature(state, study)}


def placed(state: State, study: Study) -> nn.Module:
    """Return the study's model with its two parameters at the state's theta."""
    model = study.model()
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), (state.w, state.b), strict=True):
            parameter.fill_(value)
    return model


def _loss_at(state: State, study: Study) -> dict[str, Any]:
    targets = target_set(state, study)
    assert study.stages is not None
    model, loss = placed(state, study), loss_module(state, study)
    stages = dict(study.stages(model, targets.x, targets.y, loss))
    each, total = list(stages.values())[-2:]
    pulls = _each_gradient(each, model)
    local = _local_derivatives(stages)
    # Only now, so that what is kept is what backward() writes.
    for stage in stages.values():
        stage.retain_grad()
    total.backward()  # type: ignore[no-untyped-call]
    return {
        "loss": total.item(),
        "gradient": [_gradient_of(parameter) for parameter in model.parameters()],
        "pulls": pulls.tolist(),
        "tape": [_stage(name, stage, local.get(name)) for name, stage in stages.items()],
        "differences": _central_differences(state, study),
        "vector": _vector_refusal(state, study),
        "program": _program(state, study),
    }


def _plain(state: State, study: Study) -> dict[str, Any]:
    """Return loss and gradient of a study that tells no stages: no pulls, no tape."""
    theta = torch.tensor([state.w, state.b], dtype=torch.float64, requires_grad=True)
    loss = objective_of(state, study)(theta)
    loss.backward()  # type: ignore[no-untyped-call]
    assert theta.grad is not None
    program = _program(state, study)
    return {"loss": loss.item(), "gradient": theta.grad.tolist(), "pulls": [], "program": program}


def _summary(state: State, study: Study) -> dict[str, Any]:
    """Return what a map of the compare view shows of its own loss."""
    found = _loss_at(state, study)
    return {name: found[name] for name in ("loss", "gradient", "pulls")}


def _gradient_of(parameter: nn.Parameter) -> float:
    return 0.0 if parameter.grad is None else parameter.grad.item()


def _each_gradient(each: Tensor, model: nn.Module) -> Tensor:
    """Return the gradient of every data point's own loss, [D, 2]; their mean is the gradient."""
    rows = torch.autograd.grad(
        each, list(model.parameters()), torch.eye(len(each), dtype=each.dtype), retain_graph=True, is_grads_batched=True
    )
    return torch.stack(rows, dim=-1)


def _local_derivatives(stages: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return d(next)/d(stage) for every stage but the last: the factors of the chain rule, by torch."""
    return {
        name: torch.autograd.grad(stages[after].sum(), stages[name], retain_graph=True)[0]
        for name, after in pairwise(stages)
    }


def _stage(name: str, stage: Tensor, local: Tensor | None) -> dict[str, Any]:
    assert stage.grad is not None
    assert stage.grad_fn is not None
    return {
        "name": name,
        "value": stage.tolist(),
        "backward": stage.grad.tolist(),
        "local": None if local is None else local.tolist(),
        "grad_fn": stage.grad_fn.name(),
    }


def _central_differences(state: State, study: Study) -> list[float]:
    """(L(theta + h e) - L(theta - h e)) / 2h; h = eps^(1/3) (1 + |theta|) balances truncation against rounding."""
    objective = objective_of(state, study)
    theta = torch.tensor([state.w, state.b], dtype=torch.float64)
    found = []
    for axis in range(2):
        h = torch.zeros_like(theta)
        h[axis] = torch.finfo(theta.dtype).eps ** (1 / 3) * (1 + theta[axis].abs())
        ahead, behind = theta + h, theta - h
        found.append(((objective(ahead) - objective(behind)) / (ahead - behind)[axis]).item())
    return found


def _vector_refusal(state: State, study: Study) -> str:
    """Return torch's own words when backward() is asked of a loss that is a vector, one entry a data point."""
    targets = target_set(state, study)
    assert study.stages is not None
    stages = study.stages(placed(state, study), targets.x, targets.y, loss_module(state, study))
    try:
        list(stages.values())[-2].backward()  # type: ignore[no-untyped-call]
    except RuntimeError as error:
        return f"RuntimeError: {error}"
    return "torch accepts it, because with a single point the vector has a single entry."


def _program(state: State, study: Study) -> str:
    theta = (state.w, state.b)
    if study.terms_program is not None:
        return study.terms_program(weights_of(state, study), theta)
    if study.program is None:
        return ""
    loss = study.hidden.get(state.loss, state.loss)
    return study.program(target_set(state, study), loss, study.own_parameters(loss, dict(state.parameters)), theta)


def _terms_at(state: State, study: Study) -> dict[str, Any]:
    """Each term's value and its weighted gradient; the total's gradient is their sum."""
    first = next(iter(study.terms))
    values, pulls = {}, []
    for name, term in study.terms.items():
        model = placed(state, study)
        value = term(model) * (state.weight if name == first else 1.0)
        value.backward()  # type: ignore[no-untyped-call]
        values[name] = value.item()
        pulls.append([_gradient_of(parameter) for parameter in model.parameters()])
    gradient = [sum(column) for column in zip(*pulls, strict=True)]
    return {
        "loss": sum(values.values()),
        "gradient": gradient,
        "pulls": pulls,
        "terms": values,
        "program": _program(state, study),
    }


def _curvature(state: State, study: Study) -> dict[str, Any]:
    """Eigenvalues (ascending) and unit eigenvectors of the 2x2 Hessian; none where it is not finite."""
    theta = torch.tensor([state.w, state.b], dtype=torch.float64)
    matrix = torch.func.hessian(objective_of(state, study))(theta)
    if not torch.isfinite(matrix).all():
        return {"eigenvalues": [], "eigenvectors": []}
    values, vectors = torch.linalg.eigh(matrix)
    return {"eigenvalues": values.tolist(), "eigenvectors": vectors.T.tolist()}
