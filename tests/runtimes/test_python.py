from __future__ import annotations

import pytest

from runtimes.types import Limits, Status
from tests.runtimes.engine import call, run


def test_the_main_program_looks_as_it_does_under_python() -> None:
    ran = run(
        "import os, sys, inspect\nprint(__name__, __file__, sys.argv, sys.path[0], os.getcwd())\n"
        "print(len(inspect.stack()), sys.flags.isolated, sys.flags.no_site, 'PYTHONPATH' in os.environ)\n"
        "print(sorted(set(sys.modules) & {'json', 'typing', 're', 'inspect'}), exit)",
        args=("a",),
    )
    assert ran.stdout.splitlines()[0] == "__main__ /agent/main.py ['main.py', 'a'] /agent /agent"
    assert ran.stdout.splitlines()[1] == "1 0 0 False"
    assert ran.stdout.splitlines()[2].endswith("Use exit() or Ctrl-D (i.e. EOF) to exit")


@pytest.mark.parametrize("name", ["json", "os", "sitecustomize", "traceback", "io", "queue", "sandloft_run"])
def test_files_named_like_modules_of_ours_change_nothing_for_us(name: str) -> None:
    ran = run(
        {"main.py": "import sys\nresult = {'fine': 1}\n1 / 0", f"{name}.py": "raise SystemExit('hijacked')"}
    )
    assert (ran.error.type, ran.error.line, ran.result) == ("ZeroDivisionError", 3, {"fine": 1})


def test_a_user_s_own_json_is_what_the_program_imports() -> None:
    ran = run({"main.py": "import json\nprint(json.MINE)\nresult = [1]", "json.py": "MINE = 'mine'"})
    assert (ran.stdout, ran.result, ran.status) == ("mine\n", [1], Status.SUCCEEDED)


@pytest.mark.parametrize(
    ("program", "code", "kind"),
    [
        ("raise SystemExit", 0, None),
        ("raise SystemExit(5)", 5, "Exit"),
        ("import sys; sys.exit('words')", 1, "Exit"),
        ("import os; os._exit(9)", 9, "Exit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143, "Signal"),
        ("import os; os.abort()", 134, "Signal"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
        ("assert 1 == 2, 'no'", 1, "AssertionError"),
        ("import nothing_of_the_kind", 1, "ModuleNotFoundError"),
    ],
)
def test_exit_codes(program: str, code: int, kind: str | None) -> None:
    ran = run(program)
    assert ran.outcome.exit_code == code
    assert (ran.outcome.error.type if ran.outcome.error else None) == kind
    assert ran.status is (Status.SUCCEEDED if kind is None else Status.FAILED)


def test_an_error_is_told_with_its_place_and_the_user_s_frames_only() -> None:
    ran = run({"main.py": "import lib.deep\nlib.deep.go(3)", "lib/deep.py": "def go(n):\n    return {}[n]\n"})
    assert (ran.error.type, ran.error.message, ran.error.file, ran.error.line) == (
        "KeyError",
        "3",
        "lib/deep.py",
        2,
    )
    assert ran.error.traceback.splitlines() == [
        "Traceback (most recent call last):",
        '  File "main.py", line 2, in <module>',
        "    lib.deep.go(3)",
        '  File "lib/deep.py", line 2, in go',
        "    return {}[n]",
        "KeyError: 3",
    ]


@pytest.mark.parametrize(
    ("source", "value", "result"),
    [
        ("def main(input): return input", {"input": 1}, {"input": 1}),
        ("def main(x): return x", 5, 5),
        ("def main(x): return x", {"x": 1, "y": 2}, 1),
        ("def main(x): return x", {"y": 2}, {"y": 2}),
        ("def main(x): return x", None, None),
        ("def main(x=4): return x", None, 4),
        ("def main(a, b=2, *, c=3): return [a, b, c]", {"a": 1, "c": 5}, [1, 2, 5]),
        ("def main(a, /, b): return [a, b]", {"a": 1, "b": 5}, [1, 5]),
        ("def main(**all): return all", {"a": 1}, {"a": 1}),
        ("def main(a, **more): return [a, more]", {"a": 1, "b": 2}, [1, {"b": 2}]),
        ("def main(): return 'none'", {"a": 1}, "none"),
        ("async def main(n):\n    import asyncio\n    await asyncio.sleep(0)\n    return n + 1", 1, 2),
        ("class C:\n    def __call__(self, a, b): return a + b\nmain = C()", {"a": 1, "b": 2}, 3),
        ("import functools\n@functools.cache\ndef main(a, b): return a * b", {"a": 3, "b": 2}, 6),
        ("main = lambda input: (input, [input])", 1, [1, [1]]),
        (
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n    n: tuple\ndef main(): return [P(1, (2,))]",
            None,
            [{"x": 1, "n": [2]}],
        ),
        ("def main(): return {1: 'a', None: 'b', True: 'c'}", None, {"1": "c", "null": "b"}),
        ("def main(): return '\\ud800\\0é'", None, "\ud800\0é"),
    ],
)
def test_function_mode(source: str, value: object, result: object) -> None:
    ran = call(source, value)  # type: ignore[arg-type]  # plain JSON
    assert (ran.status, ran.result) == (Status.SUCCEEDED, result), (ran.outcome.error, ran.stderr)


@pytest.mark.parametrize(
    ("source", "value", "words"),
    [
        ("def main(a, b): pass", {"a": 1}, "main() needs 'b', which the input does not have"),
        ("def main(a, b): pass", {"a": 1, "b": 2, "z": 3}, "main() has no parameter for 'z' of the input"),
        (
            "def main(a, b): pass",
            [1, 2],
            "main() takes a, b by name, so its input must be an object, not list",
        ),
        ("def other(): pass", None, "main.py has no function main"),
        ("main = 5", None, "main.py has no function main"),
    ],
)
def test_function_mode_says_what_does_not_fit(source: str, value: object, words: str) -> None:
    ran = call(source, value)  # type: ignore[arg-type]  # plain JSON
    assert (ran.status, ran.error.message) == (Status.FAILED, words)
    assert "sandloft" not in ran.stderr


def test_function_mode_in_a_folder_with_siblings() -> None:
    files = {
        "src/app.py": "import helper, top\ndef go(input): return [helper.V, top.V, __name__]",
        "src/helper.py": "V = 1",
        "top.py": "V = 2",
    }
    ran = run(files, entry="src/app.py", entry_point="go")
    assert ran.result == [1, 2, "app"], ran.stderr


def test_a_function_that_raises_is_told_from_its_own_frames() -> None:
    ran = call("def helper():\n    raise ValueError('bad')\ndef main(input):\n    helper()", 1)
    assert (ran.error.type, ran.error.file, ran.error.line, ran.outcome.exit_code) == (
        "ValueError",
        "main.py",
        2,
        1,
    )
    assert "/opt/" not in ran.stderr


def test_exits_inside_a_function() -> None:
    assert call("import sys\ndef main(): sys.exit(0)", None).error.type == "NoResult"
    assert call("import sys\ndef main(): sys.exit(4)", None).outcome.exit_code == 4


def test_a_global_named_result_that_was_not_meant_as_data_is_left_alone() -> None:
    ran = run("import unittest\nresult = unittest.TestResult()\nprint('ok')")
    assert (ran.status, ran.outcome.has_result, ran.stdout) == (Status.SUCCEEDED, False, "ok\n")


def test_a_result_survives_an_error_after_it() -> None:
    ran = run("result = 5\nraise ValueError('late')")
    assert (ran.status, ran.outcome.has_result, ran.result, ran.error.type) == (
        Status.FAILED,
        True,
        5,
        "ValueError",
    )


def test_a_forked_child_does_not_report_in_its_parent_s_place() -> None:
    ran = run(
        "import os\nresult = 1\nif os.fork() == 0:\n    result = 2\n    raise SystemExit\nos.wait()\nresult = 3"
    )
    assert ran.result == 3


def test_nothing_but_the_standard_library_is_there() -> None:
    ran = run(
        "for name in ('django', 'pip', 'numpy', 'pytest'):\n    try: __import__(name); print(name)\n    except ImportError: pass"
    )
    assert ran.stdout == ""


def test_a_process_limit_is_an_error_inside() -> None:
    program = "import os, time\ntry:\n    for n in range(50):\n        if os.fork() == 0: time.sleep(9)\nexcept BlockingIOError as e: print(e.errno, n)"
    ran = run(program, limits=Limits(processes=5))
    assert ran.stdout == "11 4\n"
