"""Executors: the words --workers, --scheduler and --tls-... -> who measures the points."""

import ipaddress
import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

_ADDRESS = re.compile(r"(tls|tcp)://(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):([0-9]{1,5})")
_WORKERS = "Measure by so many processes on this machine, with a thread each.  [default: by this one]"
_SCHEDULER = "Measure by the workers of a Dask cluster, on whatever machines."
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def executor_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of which `ExecutorWords` are made to a command."""
    options = (
        click.option("--workers", type=click.IntRange(1), metavar="N", help=_WORKERS),
        click.option("--scheduler", metavar="tls://HOST:PORT", help=_SCHEDULER),
        click.option("--tls-ca", type=_FILE, help="Certificate of the cluster's authority."),
        click.option("--tls-cert", type=_FILE, help="One's own certificate, signed by it."),
        click.option("--tls-key", type=_FILE, help="The key of one's own certificate."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True)
class ExecutorWords:
    """What was asked for.

    Raises:
        UsageError: words that do not go together, or an address that is none or not safe.
    """

    workers: int | None
    scheduler: str | None
    tls_ca: Path | None
    tls_cert: Path | None
    tls_key: Path | None

    def __post_init__(self) -> None:
        if self.workers is not None and self.scheduler is not None:
            raise click.UsageError("give --workers, who are started here, or --scheduler, who has them; not both")
        files = {"--tls-ca": self.tls_ca, "--tls-cert": self.tls_cert, "--tls-key": self.tls_key}
        missing = [name for name, file in files.items() if file is None]
        if self.scheduler is None:
            if len(missing) < len(files):
                raise click.UsageError("--tls-ca, --tls-cert and --tls-key are for a --scheduler; there is none")
            return
        protocol = _protocol(self.scheduler)
        if missing and (protocol == "tls" or len(missing) < len(files)):
            raise click.UsageError(
                f"--scheduler tls://... takes all of {', '.join(files)}; missing: {', '.join(missing)}"
            )
        if protocol == "tcp" and not missing:
            raise click.UsageError("--tls-ca, --tls-cert and --tls-key are for tls://; the --scheduler is tcp://")


def _protocol(address: str) -> str:
    """Return the protocol of an address that may be used. Raises UsageError."""
    found = _ADDRESS.fullmatch(address)
    if found is None:
        raise click.UsageError(f"expected --scheduler tls://host:port; got {address!r}")
    protocol, host, _ = found.groups()
    if protocol == "tcp" and not _is_loopback(host):
        raise click.UsageError(
            f"expected --scheduler tls://host:port; got {address}, and whoever reaches an open port of a Dask cluster "
            "can run code as you: start it with certificates (docs/cluster.md); tcp:// is for 127.0.0.1 alone"
        )
    return protocol


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@contextmanager
def executor_of(words: ExecutorWords) -> Iterator[Any]:
    """Yield a connected dask.distributed.Client, or None where points are measured by this process.

    Raises:
        ClickException: Dask is not installed.
        OSError: there is no scheduler at the address, or it does not take the certificate.
    """
    if words.workers is None and words.scheduler is None:
        yield None
        return
    try:
        from distributed import Client
    except ImportError:
        cure = "pip install 'landscape-explorer[cluster]'"
        raise click.ClickException(
            f"--workers and --scheduler need Dask, which is not installed here: {cure}"
        ) from None
    if words.workers is not None:
        with _local_cluster(words.workers) as cluster, Client(cluster) as client:
            yield client
        return
    with Client(words.scheduler, security=_security(words)) as client:
        yield client


KEPT_MEMORY = {"distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None}
"""By default Dask has workers give all memory back at once, to ask for it again at every point: half as long again."""


@contextmanager
def _local_cluster(workers: int) -> Iterator[Any]:
    import dask
    from distributed import LocalCluster

    # Neither a dashboard nor any other page, on loopback, and with certificates of its own: other users of this machine
    # reach its ports as well.
    quiet: dict[str, Any] = {"distributed.scheduler.http.routes": [], "distributed.worker.http.routes": []}
    with (
        dask.config.set(quiet | KEPT_MEMORY),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            security=True,
            silence_logs=logging.CRITICAL,
        ) as cluster,
    ):
        yield cluster


def _security(words: ExecutorWords) -> Any:
    from distributed.security import Security

    if words.tls_ca is None:
        return None
    return Security(
        require_encryption=True,
        tls_ca_file=str(words.tls_ca),
        tls_client_cert=str(words.tls_cert),
        tls_client_key=str(words.tls_key),
    )
