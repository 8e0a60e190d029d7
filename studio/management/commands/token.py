"""`manage.py token`: API tokens from the command line."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from studio.management.people import actor_of, refusals, user_of, workspace_of
from workspaces import tokens
from workspaces.models import ApiToken

MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Make, list and revoke API tokens. `create` prints just the token."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        create = verbs.add_parser("create", help="print a new token, which is shown only this once")
        create.add_argument("--workspace", required=True, help="slug of the workspace")
        create.add_argument("--name", required=True, help="what the token is for")
        create.add_argument("--user", default="", help="whose token it is (default: the first owner)")
        create.add_argument("--scopes", default="", help="comma-separated; default: all that the user may do")
        create.add_argument("--days", type=int, help="days until it expires (default: never)")
        listing = verbs.add_parser("list", help="list the tokens of a workspace")
        listing.add_argument("--workspace", default="", help="slug of the workspace (default: all)")
        revoke = verbs.add_parser("revoke", help="revoke the token with this prefix")
        revoke.add_argument("prefix")

    def handle(self, *, verb: str, **options: Any) -> None:
        with refusals():
            match verb:
                case "create":
                    self._create(options)
                case "list":
                    self._list(options["workspace"])
                case "revoke":
                    self._revoke(options["prefix"])

    def _create(self, options: dict[str, Any]) -> None:
        days = options["days"]
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days is a number from 1 to {MAX_DAYS}.")
        workspace = workspace_of(options["workspace"])
        _, secret = tokens.create(
            by=actor_of(workspace, user_of(workspace, options["user"])),
            name=options["name"],
            scopes=[word.strip() for word in options["scopes"].split(",") if word.strip()] or None,
            expires_at=timezone.now() + timedelta(days=days) if days else None,
        )
        self.stdout.write(secret)

    def _list(self, slug: str) -> None:
        found = ApiToken.objects.select_related("user", "workspace").order_by("created_at")
        if slug:
            found = found.filter(workspace=workspace_of(slug))
        self.stdout.write("\n".join(_line(token) for token in found))

    def _revoke(self, prefix: str) -> None:
        if len(prefix) < tokens.PREFIX_LENGTH:
            raise CommandError(
                f"Give at least the {tokens.PREFIX_LENGTH} characters that `token list` shows."
            )
        matching = ApiToken.objects.filter(prefix=prefix[: tokens.PREFIX_LENGTH], revoked_at__isnull=True)
        found = list(matching.select_related("workspace")[:2])
        if not found:
            raise CommandError(f"No usable token begins with {prefix[: tokens.PREFIX_LENGTH]!r}.")
        if len(found) > 1:
            raise CommandError("Several tokens begin like this: revoke them on the page of their workspace.")
        workspace = found[0].workspace
        tokens.revoke(by=actor_of(workspace, user_of(workspace, "")), token=found[0])
        self.stdout.write(f"Revoked {found[0].name}.")


def _line(token: ApiToken) -> str:
    """Prefix, state, workspace, user, last use and name, parted by tabs."""
    state = "revoked" if token.revoked_at else "usable"
    if state == "usable" and token.expires_at and token.expires_at <= timezone.now():
        state = "expired"
    used = token.last_used_at.isoformat(timespec="seconds") if token.last_used_at else "never used"
    return "\t".join((token.prefix, state, token.workspace.slug, token.user.email, used, token.name))
