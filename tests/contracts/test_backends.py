"""What every backend must do alike. A new one is added to BACKENDS and to nothing else."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator

import pytest

from runtimes.types import (
    KIB,
    MIB,
    Artifact,
    Backend,
    Cancellation,
    Language,
    Limits,
    Outcome,
    Output,
    Progress,
    Started,
    Status,
)
from tests.runtimes.engine import Ran, call, cold_sandbox, command, run, sandbox

BACKENDS = {"local": sandbox, "local-from-nothing": cold_sandbox}

GREET = {
    "python": "print('out')\nimport sys; print('err', file=sys.stderr); sys.exit(3)",
    "javascript": "console.log('out'); console.error('err'); process.exit(3)",
    "typescript": "const n: number = 3; console.log('out'); console.error('err'); process.exit(n)",
    "bash": "echo out; echo err >&2; exit 3",
}
ECHO = {
    "python": "import sys, os\nprint(sys.stdin.read(), sys.argv[1:], os.environ['NAME'], sep='|', end='')",
    "javascript": "const s = require('fs').readFileSync(0, 'utf8')\n"
    "process.stdout.write(`${s}|['${process.argv.slice(2).join(\"', '\")}']|${process.env.NAME}`)",
    "typescript": "import { readFileSync } from 'fs'\nconst s: string = readFileSync(0, 'utf8')\n"
    "process.stdout.write(`${s}|['${process.argv.slice(2).join(\"', '\")}']|${process.env.NAME}`)",
    "bash": 'printf "%s|[\'%s\', \'%s\']|%s" "$(cat)" "$1" "$2" "$NAME"',
}
GLOBALS = {
    "python": "result = {'sum': a + b}",
    "javascript": "globalThis.result = { sum: a + b }",
    "typescript": "declare const a: number, b: number\nconst result = { sum: a + b }",
    "bash": 'jq -c "{sum: (.a + .b)}" <<< "$CONTEXT_JSON" > "$RESULT_PATH"',
}
FUNCTION = {
    "python": "def main(input): return {'got': input}",
    "javascript": "export function main(input) { return { got: input } }",
    "typescript": "export function main(input: unknown): { got: unknown } { return { got: input } }",
    "bash": 'main() { printf \'{"got": %s}\' "$(cat)" > "$RESULT_PATH"; }',
}
QUITS = {
    "python": "import os\ndef main(input): os._exit(0)",
    "javascript": "exports.main = () => process.exit(0)",
    "typescript": "export const main = (): Promise<void> => new Promise(() => {})",
    "bash": "main() { exit 0; }",
}
BROKEN = {
    "python": "x = 1\nif x\n  pass",
    "javascript": "let x = 1\nif (x {",
    "typescript": "let x: number = 1\nif (x {",
    "bash": "x=1\nif then; fi",
}
LANGUAGES = [str(one) for one in Language]


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return BACKENDS[request.param]()


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest, backend: Backend) -> str:
    if Language(request.param) not in backend.capabilities.languages:
        pytest.skip(backend.capabilities.unavailable.get(Language(request.param), "not offered"))
    return str(request.param)


def test_it_is_healthy_and_says_what_it_can(backend: Backend) -> None:
    assert backend.health().ok, backend.health().reason
    assert backend.capabilities.max_wall_seconds > 0
    assert backend.capabilities.isolation


def test_exit_status_and_both_streams(backend: Backend, language: str) -> None:
    ran = run(GREET[language], language, on=backend)
    assert (ran.stdout, ran.stderr) == ("out\n", "err\n")
    assert (ran.status, ran.outcome.exit_code, ran.error.type) == (Status.FAILED, 3, "Exit")


def test_stdin_arguments_and_environment(backend: Backend, language: str) -> None:
    ran = run(ECHO[language], language, stdin="in ü", args=("x y", "é"), env={"NAME": "Zoë"}, on=backend)
    assert ran.stdout == "in ü|['x y', 'é']|Zoë", ran.stderr
    assert ran.status is Status.SUCCEEDED


def test_context_comes_in_and_result_goes_out(backend: Backend, language: str) -> None:
    ran = run(GLOBALS[language], language, context={"a": 2, "b": 40}, on=backend)
    assert (ran.status, ran.outcome.has_result, ran.result) == (Status.SUCCEEDED, True, {"sum": 42}), (
        ran.stderr
    )


def test_a_script_needs_no_result(backend: Backend) -> None:
    ran = run("x = 1", on=backend)
    assert (ran.status, ran.outcome.has_result, ran.outcome.exit_code) == (Status.SUCCEEDED, False, 0)


@pytest.mark.parametrize("value", [None, True, 1.5, "tëxt \0 \u2028", [1, [2]], {"a": {"b": None}}])
def test_a_function_gets_its_input(backend: Backend, language: str, value: object) -> None:
    ran = call(FUNCTION[language], value, language, on=backend)  # type: ignore[arg-type]  # plain JSON
    assert (ran.status, ran.result) == (Status.SUCCEEDED, {"got": value}), ran.stderr


def test_a_function_that_ends_without_a_result_has_failed(backend: Backend, language: str) -> None:
    ran = call(QUITS[language], None, language, on=backend)
    assert (ran.status, ran.error.type, ran.outcome.has_result) == (Status.FAILED, "NoResult", False)


def test_a_syntax_error_names_file_and_line(backend: Backend, language: str) -> None:
    ran = run(BROKEN[language], language, on=backend)
    assert (ran.status, ran.error.type, ran.error.line) == (Status.FAILED, "SyntaxError", 2), ran.stderr
    assert ran.error.file is not None
    assert ran.error.file.startswith("main.")


def test_the_order_of_events(backend: Backend) -> None:
    ran = run(
        "open('out/a.txt', 'w').write('x'); print('::progress 5 go'); print(1)",
        on=backend,
    )
    kinds = [type(one) for one in ran.events]
    assert kinds == [Started, Progress, Output, Artifact]
    assert ran.artifacts == {"a.txt": b"x"}


def test_output_comes_while_the_program_runs(backend: Backend) -> None:
    with Cancellation() as cancellation:
        events = backend.run(command("print('now')\nimport time; time.sleep(30)"), Limits(), cancellation)
        assert isinstance(next(events), Started)
        first = next(events)
        assert isinstance(first, Output)
        assert first.text == "now\n"
        cancellation.throw()
        assert _last(events).status is Status.CANCELLED


def _last(events: Iterator[object]) -> Outcome:
    outcome = list(events)[-1]
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.mark.parametrize(
    ("program", "limits", "status", "limit"),
    [
        ("while True: pass", Limits(wall_seconds=0.3), Status.TIMED_OUT, "wall_seconds"),
        ("while True: pass", Limits(cpu_seconds=0.3), Status.TIMED_OUT, "cpu_seconds"),
        (
            "a = []\nwhile True: a.append(bytearray(1 << 20))",
            Limits(memory_bytes=64 * MIB),
            Status.MEMORY_EXCEEDED,
            "memory_bytes",
        ),
        (
            "while True: print('x' * 99)",
            Limits(output_bytes=64 * KIB),
            Status.OUTPUT_EXCEEDED,
            "output_bytes",
        ),
        (
            "open('/tmp/x', 'wb').write(bytes(2 << 20))",
            Limits(disk_bytes=1 * MIB),
            Status.FAILED,
            "disk_bytes",
        ),
        ("result = 'x' * 2000", Limits(result_bytes=1 * KIB), Status.FAILED, "result_bytes"),
    ],
    ids=["wall", "cpu", "memory", "output", "disk", "result"],
)
def test_each_limit_has_its_end_and_its_name(
    backend: Backend, program: str, limits: Limits, status: Status, limit: str
) -> None:
    ran = run(program, limits=limits, on=backend)
    assert (ran.status, ran.error.limit) == (status, limit), ran.outcome
    assert limit in ran.error.message


def test_output_up_to_the_cap_is_delivered(backend: Backend) -> None:
    ran = run("while True: print('x' * 99)", limits=Limits(output_bytes=12_345), on=backend)
    assert len(ran.stdout) == 12_345
    assert ran.outcome.usage.output_bytes == 12_345


def test_a_cancelled_run_is_dead_within_two_seconds(backend: Backend) -> None:
    with Cancellation() as cancellation:
        timer = threading.Timer(0.3, cancellation.throw)
        timer.start()
        begun = time.monotonic()
        events = backend.run(
            command("trap '' TERM INT; while :; do sleep 1 & wait; done", "bash"), Limits(), cancellation
        )
        assert _last(events).status is Status.CANCELLED
        assert time.monotonic() - begun < 2.3


@pytest.mark.parametrize("delay", [0, 0.001, 0.002, 0.003, 0.005, 0.01])
def test_cancelling_while_the_sandbox_is_being_made(backend: Backend, delay: float) -> None:
    with Cancellation() as cancellation:
        timer = threading.Timer(delay, cancellation.throw)
        timer.start()
        begun = time.monotonic()
        outcome = _last(backend.run(command("import time; time.sleep(60)"), Limits(), cancellation))
        assert outcome.status is Status.CANCELLED
        assert time.monotonic() - begun < 5


def test_a_run_cancelled_before_it_began_is_never_started(backend: Backend) -> None:
    with Cancellation() as cancellation:
        cancellation.throw()
        events = list(backend.run(command("print(1)"), Limits(), cancellation))
    assert [type(one) for one in events] == [Outcome]
    assert _last(iter(events)).exit_code is None


def test_what_cannot_be_done_is_rejected_before_anything_starts(backend: Backend) -> None:
    for given in (
        command("print(1)", dependencies=("numpy",)),
        command({"../x.py": ""}, entry="../x.py"),
        command("print(1)", entry_point="not a name"),
    ):
        with Cancellation() as cancellation:
            events = list(backend.run(given, Limits(), cancellation))
        assert [type(one) for one in events] == [Outcome]
        assert _last(iter(events)).status is Status.REJECTED


@pytest.mark.parametrize(
    ("expression", "place"),
    [
        ("{'items': [1, {'price': float('nan')}]}", "result.items[1].price"),
        ("[float('inf')]", "result[0]"),
        ("{1, 2}", "result"),
        ("{'a': b'x'}", "result.a"),
        ("{(1, 2): 3}", "result"),
        ("(lambda a: a.append(a) or a)([])", "result[0]"),
        ("{'n': 10 ** 5000}", "result.n"),
        ("__import__('functools').reduce(lambda a, _: [a], range(5000), 1)", "result"),
    ],
)
def test_a_result_that_is_not_json_fails_and_names_the_place(
    backend: Backend, expression: str, place: str
) -> None:
    ran = call(f"def main(input): return {expression}", None, on=backend)
    assert (ran.status, ran.error.type) == (Status.FAILED, "ResultInvalid"), ran.outcome
    assert place in ran.error.message


def test_a_huge_result_fails_and_says_how_large_it_may_be(backend: Backend) -> None:
    ran = call("def main(input): return {'text': 'x' * 100_000_000}", None, on=backend)
    assert (ran.status, ran.error.type, ran.error.limit) == (Status.FAILED, "ResultInvalid", "result_bytes")


def test_usage_and_timings_are_measured(backend: Backend) -> None:
    ran = run(
        "x = bytearray(b'x') * (40 << 20)\nimport time\nt = time.process_time()\nwhile time.process_time() - t < 0.1: pass",
        on=backend,
    )
    usage, timings = ran.outcome.usage, ran.outcome.timings
    assert 40 * MIB < usage.peak_memory_bytes < 200 * MIB
    assert 100 <= usage.cpu_ms < 5000
    assert timings.setup_ms > 0
    assert timings.run_ms >= 100
    assert all(math.isfinite(one) for one in (timings.setup_ms, timings.run_ms, timings.collect_ms))


def test_runs_do_not_see_each_other(backend: Backend) -> None:
    program = "import os\nprint(os.path.exists('/tmp/mine')); open('/tmp/mine', 'w').close(); open('/dev/shm/mine', 'w').close()"
    assert [run(program, on=backend).stdout for _ in range(3)] == ["False\n"] * 3


def test_many_runs_at_once_all_end_well(backend: Backend) -> None:
    seen: list[Ran] = []

    def work(number: int) -> None:
        seen.extend(call("def main(n): return n * 2", number, on=backend) for _ in range(3))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(str(one.result) for one in seen) == sorted(str(n * 2) for n in range(8) for _ in range(3))
