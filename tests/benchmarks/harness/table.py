"""Results as text: one line a contender, below it notes, goals and whether they are met."""

from collections.abc import Sequence

from tests.benchmarks.harness.contenders import Goal
from tests.benchmarks.harness.interleaved import Result


def table(results: Sequence[Result], base: str) -> list[str]:
    """Return lines: median, least and most milliseconds for the whole grid, how often as fast as the base, error; below
    them notes and goals.

    Every `*` is a sample that neighbours disturbed, taken after patience had ended.
    """
    width = max(len(result.contender.name) for result in results)
    lines = [f"{'whole grid':{width}}  {'median ms':>11}  {'least .. most':>23}  {'x base':>9}  {'max error':>9}"]
    by_name = {result.contender.name: result for result in results}
    for result in results:
        lines.append(f"{result.contender.name:{width}}  {_figures(result, by_name[base])}")
        told = _told(result, by_name)
        lines += [f"    {told}"] if told else []
    return lines


def ratio(result: Result, others: Sequence[Result]) -> float:
    """Return how many times as fast as the fastest of the others."""
    return min(other.median for other in others) / result.median


def met(goal: Goal, found: float, error: float) -> bool:
    """Return whether a ratio and an error reach a goal."""
    return (goal.times is None or found >= goal.times) and (goal.error is None or error <= goal.error)


def _figures(result: Result, base: Result) -> str:
    if result.reason:
        return f"not available: {result.reason}"
    times = [1e3 * seconds for seconds in result.seconds]
    spread = f"{min(times):.1f} .. {max(times):.1f}" + "*" * result.disturbed
    against = f"{ratio(result, [base]):9.1f}" if base.seconds else f"{'':9}"
    return f"{1e3 * result.median:11.1f}  {spread:>23}  {against}  {result.error:9.1e}"


def _told(result: Result, by_name: dict[str, Result]) -> str:
    goals = [_goal(goal, result, by_name) for goal in result.contender.goals] if result.seconds else []
    return "; ".join(filter(None, [result.note, *goals]))


def _goal(goal: Goal, result: Result, by_name: dict[str, Result]) -> str:
    names = (goal.over,) if isinstance(goal.over, str) else goal.over
    others = [by_name[name] for name in names if by_name[name].seconds]
    if not others:
        return ""
    found = ratio(result, others)
    text = f"{found:.2f} x {names[0]}"
    wanted = [f">= {goal.times:g}"] if goal.times else []
    wanted += [f"error <= {goal.error:g}"] if goal.error else []
    if not wanted:
        return text
    verdict = ("MET" if met(goal, found, result.error) else "MISSED") if goal.judged else "not judged here"
    return f"{text} ({', '.join(wanted)}: {verdict})"
