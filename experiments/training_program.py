"""The page's descent as a PyTorch program: what a learner can run and get the page's own path from."""

import math
from collections.abc import Mapping, Sequence

from experiments.program_pieces import LOSS_LINES, definition, imports, numbers, points
from experiments.training_pieces import optimizer_line, scheduler_line, step_lines
from explorer.descent.optimizers import Method, method_of
from explorer.study import TargetSet, Training

_PROGRAM = '''# One tanh neuron on {points}, trained from one (w, b). Optimizer: {title}.
{imports}
# The data, in double precision.
x = torch.tensor({x}, dtype=torch.float64)
y = torch.tensor({y}, dtype=torch.float64)


class Neuron(torch.nn.Module):
    """yhat = tanh(w x + b), with the two parameters where the training starts."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor({w!r}, dtype=torch.float64))
        self.b = torch.nn.Parameter(torch.tensor({b!r}, dtype=torch.float64))

    def forward(self, x):
        return torch.tanh(self.w * x + self.b)

{definition}
def loss(yhat, y):
    """{comment}"""
    r = yhat - y  # the residuals
    return {code}


model = Neuron()
{optimizer}
{scheduler}{batches}

def show(step):
    """Print the step, the loss on all points, w and b, with every digit."""
    with torch.no_grad():
        L = loss(model(x), y)
    print(step, L.item(), model.w.item(), model.b.item())


print("step L w b")
show(0)
for step in range(1, {end}):
{loop}    show(step)
'''

_BATCHES = '''
generator = torch.Generator().manual_seed({seed})


def mini_batches():
    """Go through all points in a new random order, {size} at a time, again and again."""
    while True:
        order = torch.randperm(len(x), generator=generator)
        for which in torch.split(order, {size}):
            yield x[which], y[which]


batches = mini_batches()
'''


def training_program(
    target: TargetSet, loss_name: str, parameters: Mapping[str, float], theta: Sequence[float], training: Training
) -> str:
    """Return a complete program, needing only torch, that trains from theta = (w, b) and prints every step.

    Its path is that of `explorer.descend`: the same classes of `torch.optim` with the same options, the same order of
    mini-batches, and numbers with all their digits. `parameters` are the loss's.

    Raises:
        ValueError: a loss name that is not one of the four, a theta that is not two finite numbers, a bad delta; an
            optimizer that is none of `torch.optim`; a schedule that does not exist.
    """
    needed = definition(loss_name, parameters)
    if len(theta) != 2 or not all(math.isfinite(value) for value in theta):
        raise ValueError(f"expected theta = (w, b), two finite numbers, got {tuple(theta)}")
    method = method_of(training.optimizer)
    code, comment = LOSS_LINES[loss_name]
    return _PROGRAM.format(
        points=points(target.x),
        title=method.title,
        imports=imports(loss_name),
        x=numbers(target.x),
        y=numbers(target.y),
        w=float(theta[0]),
        b=float(theta[1]),
        definition=f"\n{needed.strip()}\n\n" if needed else "",
        comment=f"{comment[0].upper()}{comment[1:]}.",
        code=code,
        optimizer=optimizer_line(method, training.lr),
        scheduler=scheduler_line(training),
        batches=_BATCHES.format(seed=training.seed, size=training.batch) if training.batch else "",
        end=training.steps + 1,
        loop=_loop(method, training),
    )


def _loop(method: Method, training: Training) -> str:
    if not training.batch:
        return step_lines(method, training, "loss(model(x), y)")
    return "    inputs, targets = next(batches)\n" + step_lines(method, training, "loss(model(inputs), targets)")
