"""docker-compose.yml: no default secret, no privilege, no more opened than the sandbox needs."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from tests.architecture.tree import ROOT

TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ["init", "web", "worker"]
RUN_CODE = ["web", "worker"]
FOR_THE_SANDBOX = {"seccomp:./docker/seccomp.json", "apparmor:unconfined", "systempaths=unconfined"}


def test_every_part_is_there() -> None:
    assert sorted(SERVICES) == ["init", "postgres", "redis", "web", "worker"]


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_service_is_privileged_or_near_the_host(name: str) -> None:
    service = SERVICES[name]
    assert {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"} & set(
        service
    ) == set()
    assert "docker.sock" not in json.dumps(service)
    assert "no-new-privileges:true" in service["security_opt"]
    mounts = [volume for volume in service.get("volumes", []) if volume.startswith((".", "/", "~"))]
    assert mounts == []


@pytest.mark.parametrize("name", OURS)
def test_our_services_hold_no_capability(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name]["read_only"] is True


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_only_those_that_run_code_open_what_the_sandbox_needs(name: str) -> None:
    extra = set(SERVICES[name]["security_opt"]) - {"no-new-privileges:true"}
    assert extra == (FOR_THE_SANDBOX if name in RUN_CODE else set())


def test_secrets_are_asked_for_and_never_made_up() -> None:
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD"):
        uses = re.findall(r"(?<!\$)\$\{" + name + r"([^}]*)\}", TEXT)
        assert uses, name
        assert all(use.startswith(":?") for use in uses), name


def test_only_the_web_is_reached_from_outside_and_by_default_from_this_host() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["${BIND:-127.0.0.1}:${PORT:-8000}:8000"]}
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert {name for name, service in SERVICES.items() if service["networks"] != ["inside"]} == {"web"}


def test_what_serves_is_watched() -> None:
    assert [
        name for name in ("postgres", "redis", "web", "worker") if "healthcheck" not in SERVICES[name]
    ] == []


def test_the_filter_lets_the_sandbox_build_its_walls_and_denies_the_rest_of_the_kernel() -> None:
    profile = json.loads((ROOT / "docker/seccomp.json").read_text("utf-8"))
    (rule,) = profile["syscalls"]
    denied = set(rule["names"])
    assert rule["action"] == "SCMP_ACT_ERRNO"
    assert (
        denied & {"clone", "clone3", "unshare", "mount", "umount2", "pivot_root", "sethostname", "seccomp"}
        == set()
    )
    assert {"bpf", "keyctl", "kexec_load", "init_module", "io_uring_setup", "open_by_handle_at"} <= denied
    assert {
        "perf_event_open",
        "ptrace",
        "userfaultfd",
        "reboot",
        "settimeofday",
        "process_vm_writev",
    } <= denied


def test_the_image_runs_as_an_ordinary_user() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    user = lines.index("USER sandloft")
    assert not [line for line in lines[user:] if line.startswith("RUN")]
