#!/usr/bin/env python
"""The command line of Sandloft."""

import os
import sys
from importlib import import_module

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")
    try:
        import_module(os.environ["DJANGO_SETTINGS_MODULE"])
    except (ImproperlyConfigured, OSError) as error:
        sys.exit(f"Sandloft cannot start with these settings: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
