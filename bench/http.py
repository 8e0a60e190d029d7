"""The API from outside: what a caller of `POST /api/v1/code/execute` waits for."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from bench.cases import BARE_NAME, Case, bare, case, in_turn, timed_ms
from bench.served import Client, Served, served

HELLO: Final = {"code": "print('hello')\n"}
WARM_UP: Final = 30
CLIENTS: Final = 8
EVENTS: Final = (0, 10, 100, 400)
SIZES: Final = {"1KB": 2**10, "32KB": 2**15, "1MB": 2**20, "10MB": 10 * 2**20}
MOST_OUTPUT: Final = 12 * 2**20


def cases() -> Iterator[Case]:
    with served() as server:
        client = server.client()
        for _ in range(WARM_UP):
            client.execute(HELLO)
        yield _one_client(client)
        yield _many_clients(server)
        yield _empty(client)
        yield from _growing(client)
        client.close()


def _one_client(client: Client) -> Case:
    ours, bares = in_turn(lambda: client.execute(HELLO), bare, n=150)
    return case("http_execute_c1", ours, baseline=BARE_NAME, baseline_ms=bares)


def _many_clients(server: Served, *, each: int = 60) -> Case:
    """The bare interpreter is measured right before and after: beside it would take the processors."""
    bares = [timed_ms(bare) for _ in range(20)]
    samples: list[float] = []

    def call() -> None:
        client = server.client()
        samples.extend(timed_ms(lambda: client.execute(HELLO)) for _ in range(each))
        client.close()

    threads = [threading.Thread(target=call) for _ in range(CLIENTS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - started
    bares += [timed_ms(bare) for _ in range(20)]
    if len(samples) != each * CLIENTS:
        raise RuntimeError(f"Only {len(samples)} of {each * CLIENTS} runs were answered.")
    return case(
        f"http_execute_c{CLIENTS}",
        samples,
        per_second=len(samples) / seconds,
        baseline=BARE_NAME,
        baseline_ms=bares,
    )


def _empty(client: Client) -> Case:
    ours, bares = in_turn(client.empty, bare, n=60)
    return case("http_empty", ours, baseline=BARE_NAME, baseline_ms=bares)


def _growing(client: Client) -> Iterator[Case]:
    """Each beside `hello`, so that the ratio is what growing costs."""
    for count in EVENTS:
        lines: dict[str, Any] = {"code": f"for i in range({count}): print(f'::progress {{i % 100}} step')\n"}
        yield _beside_hello(client, f"http_progress_lines_{count}", lines, n=15)
    for name, size in SIZES.items():
        code = (
            f"import sys\nline = 'x' * 1023 + '\\n'\nfor _ in range({size // 1024}): sys.stdout.write(line)\n"
        )
        body: dict[str, Any] = {"code": code, "limits": {"output_bytes": MOST_OUTPUT}}
        yield _beside_hello(client, f"http_output_{name}", body, n=7)


def _beside_hello(client: Client, name: str, body: dict[str, Any], *, n: int) -> Case:
    ours, hellos = in_turn(lambda: client.execute(body), lambda: client.execute(HELLO), n=n)
    return case(name, ours, baseline="http hello", baseline_ms=hellos)
