from __future__ import annotations

import pytest

from runtimes.types import Status
from tests.runtimes.engine import call, run


def test_a_script_sees_its_name_arguments_and_siblings() -> None:
    files = {
        "main.sh": 'source ./lib.sh\necho "$0 ${BASH_SOURCE[0]} $# $(greet "$2")"\nbash sub/x.sh',
        "lib.sh": 'greet() { echo "hi $1 from $(basename "${BASH_SOURCE[0]}")"; }',
        "sub/x.sh": "echo $0",
    }
    ran = run(files, "bash", args=("a", "b c"))
    assert ran.stdout == "main.sh main.sh 2 hi b c from lib.sh\nsub/x.sh\n"


def test_a_script_with_a_shebang_can_be_started_by_its_path() -> None:
    assert run({"main.sh": "./x", "x": "#!/usr/bin/env python3\nprint(6)"}, "bash").stdout == "6\n"


@pytest.mark.parametrize(
    ("program", "code", "kind"),
    [
        ("exit 0", 0, None),
        ("false", 1, "Exit"),
        ("exit 300", 44, "Exit"),
        ("nosuchcommand", 127, "Exit"),
        ("set -e; false; echo no", 1, "Exit"),
        ("kill -TERM $$", 143, "Signal"),
    ],
)
def test_exit_codes(program: str, code: int, kind: str | None) -> None:
    ran = run(program, "bash")
    assert ran.outcome.exit_code == code
    assert (ran.outcome.error.type if ran.outcome.error else None) == kind


def test_function_mode_gets_input_on_stdin_and_arguments() -> None:
    ran = call('main() { jq -c ".n + $1" > "$RESULT_PATH"; }', {"n": 40}, "bash", args=("2",))
    assert (ran.status, ran.result) == (Status.SUCCEEDED, 42), ran.stderr


def test_a_script_that_calls_its_main_when_started_does_not_when_sourced() -> None:
    source = 'main() { cat > "$RESULT_PATH"; }\nif [[ "${BASH_SOURCE[0]}" == "$0" ]]; then main; fi'
    assert call(source, [1], "bash").result == [1]


def test_a_missing_function_is_told() -> None:
    ran = call("other() { :; }", None, "bash")
    assert (ran.status, ran.outcome.exit_code, ran.stderr) == (
        Status.FAILED,
        127,
        "main.sh has no function main\n",
    )


def test_a_result_must_be_json() -> None:
    ran = run('echo hello > "$RESULT_PATH"', "bash")
    assert (ran.status, ran.error.type) == (Status.FAILED, "ResultInvalid")


def test_a_result_that_is_a_link_is_not_followed() -> None:
    ran = run('ln -s /proc/self/environ "$RESULT_PATH"', "bash")
    assert (ran.status, ran.outcome.has_result) == (Status.SUCCEEDED, False)


def test_the_descriptors_of_the_engine_are_not_there() -> None:
    assert run("for n in {3..254}; do [ -e /proc/$$/fd/$n ] && echo $n; done; true", "bash").stdout == ""
