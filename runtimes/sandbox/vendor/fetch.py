"""Fetch the pinned esbuild binaries with npm and check them: `python -m runtimes.sandbox.vendor.fetch`.

`--check` only compares what is there with the manifest; `--pin VERSION` writes a new manifest.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
MANIFEST = HERE / "manifest.json"
ARCHITECTURES = ("x64", "arm64")


def target(architecture: str) -> Path:
    return HERE / f"esbuild-linux-{architecture}"


def manifest() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MANIFEST.read_text("utf-8"))
    return content


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def faults() -> list[str]:
    """What differs from the manifest; empty when all is well."""
    pinned = manifest()["esbuild"]["sha256"]
    return [
        f"{target(name).name} is missing or is not the pinned one"
        for name in ARCHITECTURES
        if not target(name).exists() or digest(target(name)) != pinned[name]
    ]


def download(version: str, architecture: str) -> bytes:
    """The binary out of npm's own package for that machine; npm checks the package's integrity."""
    with tempfile.TemporaryDirectory() as folder:
        package = f"@esbuild/linux-{architecture}@{version}"
        command = ["npm", "pack", "--silent", "--ignore-scripts", "--pack-destination", folder, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S607 -- npm of the maintainer's PATH
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as archive:
            member = archive.extractfile("package/bin/esbuild")
            if member is None:
                raise FileNotFoundError("package/bin/esbuild")
            return member.read()


def fetch(version: str, expected: dict[str, str] | None) -> dict[str, str]:
    found = {}
    for architecture in ARCHITECTURES:
        content = download(version, architecture)
        found[architecture] = hashlib.sha256(content).hexdigest()
        if expected is not None and found[architecture] != expected[architecture]:
            raise ValueError(f"esbuild {version} for {architecture} has digest {found[architecture]}")
        target(architecture).write_bytes(content)
        target(architecture).chmod(0o755)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--pin", metavar="VERSION")
    options = parser.parse_args()
    if options.pin:
        pinned = {"esbuild": {"version": options.pin, "licence": "MIT", "sha256": fetch(options.pin, None)}}
        MANIFEST.write_text(json.dumps(pinned, indent=2) + "\n", "utf-8")
    elif not options.check:
        fetch(manifest()["esbuild"]["version"], manifest()["esbuild"]["sha256"])
    for fault in faults():
        sys.stderr.write(f"{fault}\n")
    return 1 if faults() else 0


if __name__ == "__main__":
    sys.exit(main())
