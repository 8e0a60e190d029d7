from __future__ import annotations

from runtimes.types import KIB, Limits, Status
from tests.runtimes.engine import run


def test_files_of_the_out_folder_are_kept_by_their_paths() -> None:
    ran = run(
        "import os\nos.makedirs('out/a/b')\nopen('out/x.bin', 'wb').write(bytes(range(256)))\n"
        "open('out/a/b/é y.txt', 'w').write('deep')\nopen('out/empty', 'w').close()\nopen('other', 'w').write('no')"
    )
    assert ran.artifacts == {"x.bin": bytes(range(256)), "a/b/é y.txt": b"deep", "empty": b""}
    assert ran.stderr == ""


def test_a_large_artifact_arrives_whole() -> None:
    ran = run("import os\nopen('out/x', 'wb').write(bytes(range(256)) * 20_000)")
    assert ran.artifacts == {"x": bytes(range(256)) * 20_000}


def test_links_pipes_and_devices_are_named_and_not_read() -> None:
    ran = run("import os\nos.symlink('/etc/passwd', 'out/a'); os.mkfifo('out/b')")
    assert ran.artifacts == {}
    assert ran.stderr == (
        "out/a was not kept: it is neither a file nor a folder.\nout/b was not kept: it is neither a file nor a folder.\n"
    )


def test_unreadable_and_oddly_named_files_are_told() -> None:
    ran = run("import os\nopen('out/a', 'w').close(); os.chmod('out/a', 0); open(b'out/\\xff', 'w').close()")
    assert ran.artifacts == {}
    assert "out/a was not kept: it cannot be read" in ran.stderr
    assert "its name is not plain text" in ran.stderr


def test_a_folder_that_can_be_listed_but_not_entered_costs_no_more_than_its_files() -> None:
    ran = run(
        "import os\nos.mkdir('out/d'); open('out/d/x', 'w').close(); open('out/e', 'w').close()\n"
        "os.chmod('out/d', 0o444)\nresult = 5"
    )
    assert (ran.status, ran.result, ran.artifacts) == (Status.SUCCEEDED, 5, {"e": b""})
    assert ran.stderr == "out/d/x was not kept: it cannot be read (Permission denied).\n"


def test_there_is_a_bound_to_their_number() -> None:
    ran = run(
        "import os\nfor n in range(9): open(f'out/{n}', 'w').close()",
        limits=Limits(artifact_count=3),
    )
    assert list(ran.artifacts) == ["0", "1", "2"]
    assert ran.stderr.startswith("out/3 was not kept: a run keeps at most 3 files (artifact_count).\n")
    assert ran.stderr.endswith("1 more files in out/ were not kept.\n")


def test_there_is_a_bound_to_their_size() -> None:
    program = "import os\nopen('out/a', 'w').write('x' * 2000); open('out/b', 'w').write('y')"
    ran = run(program, limits=Limits(artifact_bytes=1 * KIB))
    assert ran.artifacts == {"b": b"y"}
    assert ran.stderr == "out/a was not kept: a run keeps at most 1024 bytes (artifact_bytes).\n"


def test_a_run_that_times_out_keeps_what_it_had_written() -> None:
    ran = run(
        "import os, time\nopen('out/a', 'w').write('x'); print('::progress 9')\ntime.sleep(60)",
        limits=Limits(wall_seconds=0.5),
    )
    assert (ran.status, ran.artifacts) == (Status.TIMED_OUT, {"a": b"x"})


def test_a_failed_run_keeps_them_too() -> None:
    ran = run("import os\nopen('out/a', 'w').write('x'); 1 / 0")
    assert (ran.status, ran.artifacts) == (Status.FAILED, {"a": b"x"})


def test_the_folder_for_artifacts_is_there_unless_a_file_has_its_name() -> None:
    assert run("open('out/x', 'w').close()").artifacts == {"x": b""}
    ran = run({"main.py": "print(open('out').read())", "out": "mine"})
    assert (ran.stdout, ran.artifacts) == ("mine\n", {})
