"""The vendored front-end files are exactly what the lock file pins: nobody needs Node to trust them."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from tests.architecture.tree import ROOT

STATIC = ROOT / "static"
VENDOR = STATIC / "vendor"
REMOTE = re.compile(r"""(?:src|href)=["']https?://|@import\s+["']https?://|url\(["']?https?://""")


def _json(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def _locked(name: str) -> str:
    version: str = _json(ROOT / "package-lock.json")["packages"][f"node_modules/{name}"]["version"]
    return version


def test_manifest_names_the_versions_of_the_lock_file() -> None:
    manifest = _json(VENDOR / "manifest.json")
    packages = {name: entry["version"] for name, entry in manifest["packages"].items()}
    assert packages == {name: _locked(name) for name in packages}
    assert manifest["esbuild"] == _locked("esbuild")


def test_every_file_has_the_hash_of_the_manifest() -> None:
    manifest = _json(VENDOR / "manifest.json")
    actual = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in manifest["files"]}
    assert actual == manifest["files"]


def test_no_vendored_file_is_missing_from_the_manifest() -> None:
    listed = {name for name in _json(VENDOR / "manifest.json")["files"] if name.startswith("static/vendor/")}
    there = {path.relative_to(ROOT).as_posix() for path in VENDOR.rglob("*") if path.is_file()}
    assert there - {"static/vendor/manifest.json"} == listed


def test_lock_file_pins_every_package_with_a_hash() -> None:
    packages = _json(ROOT / "package-lock.json")["packages"]
    unpinned = [name for name, entry in packages.items() if name and "integrity" not in entry]
    assert unpinned == []


def test_package_json_asks_for_exact_versions() -> None:
    package = _json(ROOT / "package.json")
    groups = ("dependencies", "devDependencies", "optionalDependencies")
    asked = {name: version for group in groups for name, version in package[group].items()}
    assert asked == {name: _locked(name) for name in asked}


def test_every_vendored_package_has_its_licence() -> None:
    packages = _json(VENDOR / "manifest.json")["packages"]
    licences = {path.stem for path in (VENDOR / "licences").iterdir()}
    short = {"htmx.org": "htmx", "monaco-editor": "monaco", "lucide-static": "lucide", "axe-core": "axe"}
    expected = {short.get(name, name.rpartition("/")[2]) for name in packages}
    assert expected <= licences


def test_no_source_maps() -> None:
    assert list(STATIC.rglob("*.map")) == []


def test_own_files_load_nothing_from_elsewhere() -> None:
    own = [*STATIC.glob("css/*.css"), *STATIC.glob("js/**/*.js"), *(ROOT / "templates").rglob("*.html")]
    assert {path.name: REMOTE.findall(path.read_text("utf-8")) for path in own} == {p.name: [] for p in own}


def test_the_pattern_finds_a_remote_file() -> None:
    assert REMOTE.search('<script src="https://cdn.example.org/x.js"></script>')
    assert REMOTE.search("src: url('http://fonts.example.org/a.woff2')")
