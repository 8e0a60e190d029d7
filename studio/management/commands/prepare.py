"""`manage.py prepare`: bring the installation up to date before web processes and workers start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from studio import installation


class Command(BaseCommand):
    help = "Migrate the database, found the first workspace, and print a sign-in link for its owner."
    requires_system_checks = ()  # Some checks read the database, which may not be there yet.

    def handle(self, **_: Any) -> None:
        workspace = installation.prepare()
        self.stdout.write(f"Sign in once, within a day: {installation.sign_in_link(workspace)}")
