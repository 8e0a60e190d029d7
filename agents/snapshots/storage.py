"""Where bodies lie when they lie on a local disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class AtomicFileStorage(FileSystemStorage):
    """Files that appear under their name whole or not at all, and replace what was there.

    The same promise that an object store makes for a PUT.
    """

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name

    def _save(self, name: str, content: File[bytes]) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True, mode=self.directory_permissions_mode or 0o700)
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".new-", delete=False) as temporary:
            path = Path(temporary.name)
            try:
                for chunk in content.chunks():
                    temporary.write(chunk)
                temporary.flush()
                path.chmod(self.file_permissions_mode or 0o600)
                path.replace(target)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return name
