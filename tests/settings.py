"""The settings of tests: the shipped ones, in a data directory of their own for each process."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_HOME = Path(tempfile.mkdtemp(prefix="sandloft-test-"))
atexit.register(shutil.rmtree, _HOME, ignore_errors=True)

os.environ["STUDIO_DATA_DIR"] = str(_HOME)
for _name in (
    *("SECRET_KEY", "DEBUG", "HOST", "PORT", "PUBLIC_URL", "ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS"),
    *("REDIS_URL", "S3_BUCKET", "LOG_JSON", "LOG_LEVEL"),
):
    os.environ.pop(_name, None)

from studio.settings import *  # noqa: E402, F403  # after the environment is settled
from studio.settings import DATABASES  # noqa: E402  # likewise

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: worker threads and the test have connections of their own.
    DATABASES["default"]["TEST"] = {"NAME": _HOME / "test.sqlite3"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
