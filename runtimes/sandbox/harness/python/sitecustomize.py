"""Imported by the interpreter before the program, because our folder is on its PYTHONPATH."""

import os
import sys

_here = os.path.dirname(__file__)
os.environ.pop("PYTHONPATH", None)

import sandloft_run  # type: ignore[import-not-found]  # lies beside it inside  # noqa: E402 -- after the environment is what the program may see

sys.path[:] = [path for path in sys.path if path != _here]
sys.path_importer_cache.pop(_here, None)
job = sandloft_run.read_job()
if job is not None:
    sandloft_run.prepare(job)
