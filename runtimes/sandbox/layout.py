"""What the file system looks like inside, and how it is put together.

`Plan` is made by the server, from the host's tools; `enter_root` builds it once, in the
spawner; `enter_box` gives one run its writable part.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from runtimes.sandbox import syscalls as sys

READ_ONLY = sys.MS_RDONLY | sys.MS_NOSUID | sys.MS_NODEV
STAGES = ("/mnt", "/srv", "/media", "/opt", "/var/tmp", "/tmp")
DEVICES = ("null", "zero", "full", "random", "urandom")
HOSTNAME = "sandbox"
_EMPTY = "/.empty"

BASE_FILES = {
    "/etc/passwd": "root:x:0:0:root:/root:/usr/sbin/nologin\nagent:x:1000:1000:agent:/agent:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    "/etc/group": "root:x:0:\nagent:x:1000:\nnogroup:x:65534:\n",
    "/etc/hosts": f"127.0.0.1 localhost {HOSTNAME}\n::1 localhost\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n",
    "/etc/hostname": f"{HOSTNAME}\n",
}


@dataclass(frozen=True, slots=True)
class Plan:
    """Binds and links are by absolute paths as seen inside; sources are paths of the host."""

    binds: dict[str, str]
    """inside -> host; read-only, without set-uid, without devices."""
    links: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()
    """Directories inside that appear empty."""
    covers: dict[str, str] = field(default_factory=dict)
    """inside -> inside: a file that lies over another one."""
    scratch_uid: int = 231072
    """Who we are on the host when the server is root."""
    staged: bool = False
    """Whether the sources are already where the scratch uid can reach them."""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def plan_from(value: dict[str, Any]) -> Plan:
    return Plan(**{**value, "hidden": tuple(value["hidden"])})


def stage_for(plan: Plan) -> str:
    """A directory of the host to mount on, in our own mount namespace; never above a source."""
    for stage in STAGES:
        if os.path.isdir(stage) and not any(_is_below(source, stage) for source in plan.binds.values()):
            return stage
    raise FileNotFoundError(2, "none of the directories to build on is free", " ".join(STAGES))


def _is_below(path: str, parent: str) -> bool:
    return path == parent or path.startswith(f"{parent}/")


def stage_as_root(plan: Plan, stage: str) -> Plan:
    """Make the sources reachable for the scratch uid, which cannot walk through, say, /root."""
    sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
    sys.mount("stage", stage, "tmpfs", sys.MS_NOSUID | sys.MS_NODEV, "size=64k,mode=755")
    os.mkdir(f"{stage}/root", 0o755)
    staged = {}
    for index, (inside, source) in enumerate(plan.binds.items()):
        target = f"{stage}/{index}"
        _attach(source, target, neutral=inside != source)
        staged[inside] = target
    return replace(plan, binds=staged, staged=True)


def _attach(source: str, target: str, *, neutral: bool) -> None:
    """Make a tree of the host appear at `target`.

    A plain bind tells the host's path in /proc/self/mountinfo. Where that path is not one that
    every host has, an overlay over nothing is mounted instead, by names that say nothing; where
    the kernel allows no overlay, the bind has to do.
    """
    _make_mount_point(source, target)
    if neutral and os.path.isdir(source):
        with contextlib.suppress(OSError):
            _overlay(source, target)
            return
    sys.mount(source, target, None, sys.MS_BIND | sys.MS_REC)


def _overlay(source: str, target: str) -> None:
    names = f"{target}.names"
    os.mkdir(names, 0o755)
    os.mkdir(f"{names}/none", 0o755)
    os.symlink(source, f"{names}/tree")
    os.chdir(names)
    try:
        sys.mount("tree", target, "overlay", READ_ONLY, "lowerdir=tree:none")
    finally:
        os.chdir("/")
        os.unlink(f"{names}/tree")
        os.rmdir(f"{names}/none")
        os.rmdir(names)


def _make_mount_point(source: str, target: str) -> None:
    os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
    if os.path.isdir(source):
        os.makedirs(target, mode=0o755, exist_ok=True)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))


def enter_root(plan: Plan, root: str) -> None:
    """Build the minimal root on `root` and move into it; nothing of the host stays reachable."""
    sys.mount(None, "/", None, sys.MS_REC | sys.MS_PRIVATE)
    sys.mount("root", root, "tmpfs", sys.MS_NOSUID | sys.MS_NODEV, "size=4m,nr_inodes=16k,mode=755")
    for folder in ("proc", "box", "agent", "tmp", "etc", "dev", "dev/shm", "run", "var", "old", _EMPTY[1:]):
        os.mkdir(f"{root}/{folder}", 0o755)
    os.symlink("../tmp", f"{root}/var/tmp")
    _bind_sources(plan, root)
    _fill_devices(root)
    _write_links_and_files(plan, root)
    sys.mount("proc", f"{root}/proc", "proc", sys.MS_NOSUID | sys.MS_NODEV | sys.MS_NOEXEC)
    _change_root(root)
    sys.sethostname(HOSTNAME)


def _bind_sources(plan: Plan, root: str) -> None:
    for inside, source in sorted(plan.binds.items()):
        _attach(source, root + inside, neutral=not plan.staged and inside != source)
        sys.restrict_mount(root + inside, READ_ONLY)
    for inside, other in plan.covers.items():
        sys.mount(root + other, root + inside, None, sys.MS_BIND)
        sys.restrict_mount(root + inside, READ_ONLY)
    for inside in plan.hidden:
        if os.path.isdir(root + inside):
            sys.mount(root + _EMPTY, root + inside, None, sys.MS_BIND)
            sys.restrict_mount(root + inside, READ_ONLY)


def _fill_devices(root: str) -> None:
    for name in DEVICES:
        target = f"{root}/dev/{name}"
        _make_mount_point(f"/dev/{name}", target)
        sys.mount(f"/dev/{name}", target, None, sys.MS_BIND)
        sys.restrict_mount(target, sys.MS_NOSUID | sys.MS_NOEXEC)
    for name, target in (("fd", ""), ("stdin", "/0"), ("stdout", "/1"), ("stderr", "/2")):
        os.symlink(f"/proc/self/fd{target}", f"{root}/dev/{name}")


def _write_links_and_files(plan: Plan, root: str) -> None:
    for inside, target in plan.links.items():
        os.makedirs(os.path.dirname(root + inside), mode=0o755, exist_ok=True)
        os.symlink(target, root + inside)
    for inside, text in {**BASE_FILES, **plan.files}.items():
        os.makedirs(os.path.dirname(root + inside), mode=0o755, exist_ok=True)
        with open(root + inside, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write(text)


def _change_root(root: str) -> None:
    os.chdir(root)
    sys.pivot_root(".", "old")
    os.chdir("/")
    sys.unmount("/old")
    os.rmdir("/old")


def seal_root() -> None:
    sys.mount(None, "/", None, sys.MS_REMOUNT | sys.MS_BIND | READ_ONLY)


def enter_box(disk_bytes: int) -> None:
    """Give this run its own /agent, /tmp and /dev/shm, of one size together, and its own /proc."""
    inodes = min(65536, max(1024, disk_bytes // 4096))
    size = f"size={disk_bytes},nr_inodes={inodes},mode=755,uid=1000,gid=1000"
    sys.mount("box", "/box", "tmpfs", sys.MS_NOSUID | sys.MS_NODEV, size)
    for name, target, mode in (
        ("agent", "/agent", 0o755),
        ("tmp", "/tmp", 0o1777),
        ("shm", "/dev/shm", 0o1777),
    ):
        os.mkdir(f"/box/{name}")
        os.chmod(f"/box/{name}", mode)
        sys.mount(f"/box/{name}", target, None, sys.MS_BIND)
    sys.unmount("/box")
    sys.mount("proc", "/proc", "proc", sys.MS_NOSUID | sys.MS_NODEV | sys.MS_NOEXEC)
