"""Overload is answered at once with when to come again; what is gone is not computed; others' pages compute nothing."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from experiments import STUDIES
from explorer.dashboard import create_app
from explorer.dashboard.common import overload
from explorer.dashboard.common.gate import LARGEST
from explorer.dashboard.server import CONNECTIONS
from explorer.dashboard.worker import WORKER, UnwantedError, long
from tests.support.page import dash_calls
from tests.support.page.served import served

PATH = "/path?opt=gd&steps=3"


@pytest.fixture(scope="module")
def client() -> FlaskClient:
    return create_app(STUDIES).server.test_client()


def test_as_many_as_there_are_turns_are_answered_and_the_others_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(overload, "MOST", 2)
    server, held, began = Flask("held"), threading.Event(), threading.Semaphore(0)

    def computed() -> str:
        began.release()
        assert held.wait(30)
        return "done"

    server.add_url_rule("/computed", "computed", computed)
    server.add_url_rule("/page", "page", lambda: "page")
    overload.limit(server, {"/computed"})
    ask = server.test_client
    with ThreadPoolExecutor(2) as pool:
        replies = [pool.submit(ask().get, "/computed") for _ in range(2)]
        for _ in replies:
            assert began.acquire(timeout=30)
        refused = ask().get("/computed")
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        assert ask().get("/page").status_code == 200
        held.set()
        assert [reply.result().status_code for reply in replies] == [200, 200]
    # Every turn comes back, that of one that failed too.
    assert [ask().get("/computed").status_code for _ in range(3)] == [200, 200, 200]


def test_health_is_told(client: FlaskClient) -> None:
    assert client.get("/healthz").get_json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Origin": "http://localhost"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://[::1"}, 403),
    ],
)
def test_what_is_computed_is_for_our_own_pages(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    assert client.get(PATH, headers=headers).status_code == status
    sent = dash_calls.body("opened.data", "address", {"query": ""})
    assert client.post("/_dash-update-component", json=sent, headers=headers).status_code == status
    # A link to the page from elsewhere is followed.
    assert client.get("/", headers=headers).status_code == 200


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    with served(create_app(STUDIES)) as where:
        host, port = where.removeprefix("http://").split(":")
        yield host, int(port)


def test_a_body_that_is_too_large_is_refused_before_it_is_taken(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=20) as connection:
        head = f"POST /_dash-update-component HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {1 << 29}\r\n\r\n"
        connection.sendall(head.encode())
        sent = 0
        try:
            while sent < 64 * LARGEST:
                sent += connection.send(b"x" * 4096)
        except OSError:
            pass
        connection.settimeout(20)
        try:
            assert b" 413 " in connection.recv(4096)
        except ConnectionResetError:
            # It did not even wait for us to read.
            assert sent < 64 * LARGEST


def test_connections_that_say_nothing_do_not_keep_others_out(address: tuple[str, int]) -> None:
    count = 300
    assert count < CONNECTIONS
    idle = [socket.create_connection(address, timeout=20) for _ in range(count)]
    try:
        # Slow ones too: a head that never ends.
        for connection in idle[:60]:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        asking = http.client.HTTPConnection(*address, timeout=20)
        asking.request("GET", "/healthz")
        reply = asking.getresponse()
        assert (reply.status, json.loads(reply.read())) == (200, {"status": "ok"})
        asking.close()
    finally:
        for connection in idle:
            connection.close()


def test_long_work_stops_when_who_asked_is_gone() -> None:
    seen: list[Any] = []

    @long
    def endless() -> None:
        seen.append("begun")
        try:
            while True:
                WORKER.pause()
                time.sleep(0.005)
        except UnwantedError:
            seen.append(time.monotonic())
            raise

    server = Flask("endless")
    server.add_url_rule("/endless", "endless", endless)
    server.register_error_handler(UnwantedError, lambda error: ("gone", 503))
    with served(SimpleNamespace(server=server)) as where:
        host, port = where.removeprefix("http://").split(":")
        asking = http.client.HTTPConnection(host, int(port), timeout=20)
        asking.request("GET", "/endless")
        wait(lambda: seen == ["begun"])
        asking.close()
        left = time.monotonic()
        wait(lambda: len(seen) == 2)
        # 0.5 s is the promise; a machine that runs other tests beside gets some more.
        assert seen[1] - left < 5


def wait(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.005)
