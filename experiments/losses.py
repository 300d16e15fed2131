"""How the lesson speaks of its losses, and the number that one of them takes."""

from explorer.study import Caption, Parameter

DELTA = Parameter("delta", "Huber δ", default=0.25, limits=(0.01, 10.0))
"""Where Huber's loss turns from a parabola into a line."""

CAPTIONS = {
    "mse": Caption("MSE"),
    "mae": Caption("MAE"),
    "huber": Caption("Huber"),
    "log_cosh": Caption("Log-cosh"),
}
