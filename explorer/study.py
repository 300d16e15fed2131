"""Study and TargetSet: a model, its losses and its data, ready to show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn, optim

Window = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, eq=False)
class TargetSet:
    """Data of the lesson, with the window in which to look at it and what it teaches."""

    name: str
    title: str
    teaches: str
    x: Tensor
    """Inputs [D], float64."""
    y: Tensor
    """Targets [D], float64."""
    window: Window
    """Axis label -> (low, high), both inclusive."""
    featured: bool = True
    """Shown up front; the others are listed under "more"."""


@dataclass(frozen=True)
class Minimum:
    """One local minimum, and why it is one."""

    theta: tuple[float, ...]
    loss: float
    eigenvalues: tuple[float, ...] | None
    """Of the Hessian, ascending; None at a kink, where there is no Hessian."""
    certificate: str
    """One phrase: how it was certified."""


@dataclass(frozen=True)
class Minima:
    """Where an objective is lowest: isolated minima, a line of them, or nowhere finite."""

    points: tuple[Minimum, ...]
    """Ascending by loss."""
    line: tuple[float, float, float] | None = None
    """(p, q, c): every (alpha, beta) with p*alpha + q*beta = c is a minimum."""
    infimum_at_infinity: float | None = None
    """The lowest value approached as theta goes to infinity, None if not known."""
    note: str = ""
    """What a reader must know, for example "no finite minimum: decreasing towards 0 as w grows"."""


@dataclass(frozen=True)
class Visit:
    """One place the learner has been: the state of the page, reduced to what an activity can ask about."""

    target: str
    loss: str
    parameters: Mapping[str, float]
    """Value of each number that a loss of the catalogue takes, by name."""
    w: float
    b: float
    opt: tuple[str, ...] = ()
    """The optimizers whose paths are shown, each "name" or "name@rate"."""
    lr: float = 0.5
    """The rate of those without one of their own."""
    steps: int = 200
    schedule: str = "none"
    batch: int = 0
    """Samples of a mini-batch; 0 takes all."""
    seed: int = 0


@dataclass(frozen=True)
class Parameter:
    """A number that a loss takes beside prediction and target, for the learner to set."""

    name: str
    """Keyword of the loss, and key of the page's address."""
    title: str
    default: float
    limits: tuple[float, float]
    """Lowest and highest, both positive: its slider is logarithmic."""


@dataclass(frozen=True)
class Caption:
    """How a page speaks of a loss, a term or an axis."""

    title: str
    meaning: str = ""
    """Said after the title where there is room."""


@dataclass(frozen=True)
class Training:
    """How a model is trained: all that decides a path but the objective and the start."""

    optimizer: str | type[optim.Optimizer] = "gd"
    """A name of `explorer.descent.OPTIMIZERS`, or a class of `torch.optim`."""
    lr: float = 0.5
    steps: int = 200
    schedule: str = "none"
    """A name of `explorer.descent.SCHEDULES`."""
    batch: int = 0
    """Samples of a mini-batch; 0 takes all."""
    seed: int = 0
    """Of the order of mini-batches."""


@dataclass(frozen=True)
class Verdict:
    """What an activity says to the learner after looking at what they did."""

    done: bool
    message: str
    table: tuple[tuple[str, ...], ...] = ()
    """Optional rows to show, the first being the heading."""


@dataclass(frozen=True)
class Activity:
    """Something to do on the page, which checks itself."""

    name: str
    title: str
    text: str
    """What to do, in Markdown with $TeX$."""
    setup: Mapping[str, str]
    """Query keys of the page's address that set the scene."""
    check: Callable[[Sequence[Visit], str], Verdict]
    """(visits since the start, oldest first and never empty; the chosen answer or "") -> verdict."""
    answers: tuple[tuple[str, str], ...] = ()
    """(value, label) of the buttons to choose from; empty when the answer is given on the map."""
    drawn: bool = False
    """Whether the answer is a direction that the learner pulls out of the point, in degrees from the first axis towards
    the second; until it is given the gradient's arrow is hidden."""


@dataclass(frozen=True)
class Study:
    """All that a page needs to know of a model with two parameters: a loss on target sets, or a sum of terms."""

    name: str
    title: str
    formula: str
    """One line of plain text, for example "ŷ = w·x + b"."""
    model: Callable[[], nn.Module]
    """Returns a fresh float64 model whose two parameters are named by `labels`, in this order."""
    labels: tuple[str, str] = ("w", "b")
    captions: Mapping[str, Caption] = field(default_factory=dict)
    """Of losses, terms and axes, by name; what has none is called by its name."""
    window: Window = field(default_factory=dict)
    """Used where there are no target sets."""

    losses: Mapping[str, Callable[..., nn.Module]] = field(default_factory=dict)
    """Name -> loss class, in the order shown; the first is opened when the address names none."""
    parameters: Mapping[str, tuple[Parameter, ...]] = field(default_factory=dict)
    """Name of a loss -> the numbers that it takes; a loss that is not there takes none."""
    creased: tuple[str, ...] = ()
    """Names of the losses whose surface has creases, along which there is no second derivative."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Loss names that hide which loss they stand for (alias -> name), for exercises."""
    targets: Mapping[str, TargetSet] = field(default_factory=dict)
    """Name -> target set, in the order shown; the first is opened when the address names none."""
    own: Callable[[Tensor, Tensor], TargetSet] | None = None
    """(x [D], y [D]) -> a target set with a fitting window, for the learner's own points."""

    terms: Mapping[str, Callable[[nn.Module], Tensor]] = field(default_factory=dict)
    """Named terms (model -> scalar) of a composite objective; empty where a loss and target sets are used. The learner
    sets the weight of the first."""
    inputs: Tensor | None = None
    """Where terms look at the model, [D]; for the script."""

    stages: Callable[[nn.Module, Tensor, Tensor, nn.Module], Mapping[str, Tensor]] | None = None
    """(model, x [D], y [D], loss) -> the named tensors from the parameters to the loss, in order, the last a scalar."""
    minima: Callable[[TargetSet, nn.Module], Minima] | None = None
    """(target set, loss) -> certified minima."""
    known_minima: Minima | None = None
    """Of terms, where they are known and the same whatever the weights."""
    follow: Callable[[TargetSet, TargetSet, nn.Module, Sequence[float]], Sequence[float] | None] | None = None
    """(target set before, after, loss, a minimum before) -> where that minimum is after; None where it has ceased to
    exist on the way."""
    kinks: Callable[[TargetSet], Sequence[tuple[float, float, float]]] | None = None
    """(target set) -> lines p*alpha + q*beta = c along which creased losses have a crease."""
    optimizers: Mapping[str, type[optim.Optimizer]] = field(default_factory=dict)
    """Name -> class of further optimizers to descend with, beside `explorer.descent.OPTIMIZERS`."""

    program: Callable[[TargetSet, str, Mapping[str, float], Sequence[float]], str] | None = None
    """(target set, loss name, the loss's parameters, theta) -> a PyTorch program that prints loss and gradient
    there."""
    terms_program: Callable[[Mapping[str, float], Sequence[float]], str] | None = None
    """(weight of each term, theta) -> a PyTorch program that prints the weighted total and its gradient there."""
    training_program: Callable[[TargetSet, str, Mapping[str, float], Sequence[float], Training], str] | None = None
    """(target set, loss name, the loss's parameters, theta to start at, training) -> a PyTorch program that trains from
    there and prints every step."""
    terms_training_program: Callable[[Mapping[str, float], Sequence[float], Training], str] | None = None
    """(weight of each term, theta to start at, training) -> the like for the weighted total."""

    teaches: str = ""
    """One sentence below the fit, where there are no target sets to say one."""
    activities: tuple[Activity, ...] = ()
    lesson: str = ""
    """Markdown with $TeX$, shown in the drawer and at /lesson."""
    script: Path | None = None
    """A file of JavaScript, served with the page, that defines `explorer.preview.NAME`, NAME being the file's without
    its ending: the model between press and release, and what is said of it in words (assets/lesson/preview.js tells
    how). None waits for torch."""
    facts: Mapping[str, float] = field(default_factory=dict)
    """Numbers for the script, by name."""

    def caption(self, name: str) -> Caption:
        """Return how a loss, a term or an axis is spoken of."""
        return self.captions.get(name, Caption(name))

    def own_parameters(self, loss: str, values: Mapping[str, float]) -> dict[str, float]:
        """Return those of the values that a loss takes, by keyword; a hidden one as the loss it stands for."""
        taken = self.parameters.get(self.hidden.get(loss, loss), ())
        return {each.name: values[each.name] for each in taken}
