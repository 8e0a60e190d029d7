"""`manage.py signin link`: a fresh link that signs somebody in once."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from workspaces import organizations, sign_in_links
from workspaces.models import User, Workspace


class Command(BaseCommand):
    help = "Print a link that signs somebody in once, within a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        link = verbs.add_parser("link", help="print the link")
        link.add_argument("--email", default="", help="whom to sign in (default: the first owner)")

    def handle(self, *, email: str, **_: Any) -> None:
        user = _named(email) if email else _first_owner()
        self.stdout.write(sign_in_links.address_of(sign_in_links.create(user=user)))


def _named(email: str) -> User:
    user = User.objects.filter(email=email.strip().lower(), is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active account {email!r}.")
    return user


def _first_owner() -> User:
    workspace = Workspace.objects.order_by("pk").first()
    owner = organizations.first_owner(workspace) if workspace else None
    if owner is None:
        raise CommandError("There is no workspace with an owner yet: start the server once.")
    return owner
