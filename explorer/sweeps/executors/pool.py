"""Pool: the threads or processes of a concurrent.futures.Executor."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory

from explorer.errors import WorkerError
from explorer.sweeps.executors.admitted import workers_of
from explorer.sweeps.executors.grouping import Task
from explorer.sweeps.executors.parcel import Parcel
from explorer.sweeps.executors.task import Reply, Ticket, work
from explorer.sweeps.executors.window import Came


class Pool:
    """The workers of a pool, each of which knows what a ticket is for."""

    def __init__(self, executor: Executor, ticket: Ticket) -> None:
        self._executor, self._ticket = executor, ticket

    @property
    def workers(self) -> int:
        """As many as the pool says, or as there are cores."""
        return workers_of(self._executor)

    def look(self) -> None:
        """Do nothing: a pool whose processes die says so itself."""

    def submit(self, task: Task, done: "SimpleQueue[Future[Reply]]") -> "Future[Reply]":
        """Send a task. Raises WorkerError if the pool takes none any more."""
        try:
            future = self._executor.submit(work, self._ticket, task.pieces)
        except RuntimeError as error:
            raise WorkerError(_broken(error)) from error
        future.add_done_callback(done.put)
        return future

    def replies(
        self, futures: "Sequence[Future[Reply]]", done: "SimpleQueue[Future[Reply]]"
    ) -> "Iterator[tuple[Future[Reply], Came]]":
        """Yield (future, what came of it)."""
        for future in futures:
            yield future, _came(future)

    def drop(self, futures: "Iterable[Future[Reply]]") -> None:
        """Cancel what has not begun."""
        for future in futures:
            future.cancel()


def _came(future: "Future[Reply]") -> Came:
    try:
        return future.result()
    except WorkerError as error:
        return error
    except (BrokenExecutor, CancelledError) as error:
        return WorkerError(_broken(error))
    # What comes out of a task is caught in it; what does not reach it is the program's own.
    except Exception as error:
        return WorkerError(f"expected a worker that can run a task; got {type(error).__name__}: {error}")


@contextmanager
def parcel_file(parcel: Parcel) -> Iterator[Path]:
    """Yield a file with a parcel, which nobody else may write, as long as the context lasts."""
    with TemporaryDirectory(prefix="explorer-") as folder:
        path = Path(folder) / parcel.name
        path.write_bytes(parcel.content)
        yield path


def _broken(error: BaseException) -> str:
    return (
        f"expected an executor that finishes its tasks; got {type(error).__name__}: {error or 'a task was cancelled'}. "
        "What came out is kept. A process may have been killed for its memory: use fewer workers; or the program began "
        'anew in each: put its work under `if __name__ == "__main__":`'
    )
