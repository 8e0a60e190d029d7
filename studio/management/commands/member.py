"""`manage.py member`: members of a workspace from the command line."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from studio.management.people import actor_of, refusals, user_of, workspace_of
from workspaces import memberships, users
from workspaces.enums import Role, Source
from workspaces.models import Membership, Workspace


class Command(BaseCommand):
    help = "Add, list and remove members of a workspace."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        add = verbs.add_parser("add", help="add a member, or give a member another role")
        add.add_argument("--workspace", required=True, help="slug of the workspace")
        add.add_argument("--email", required=True)
        add.add_argument("--role", required=True, choices=Role.values)
        add.add_argument(
            "--password-stdin", action="store_true", help="read the password from the first line of stdin"
        )
        listing = verbs.add_parser("list", help="list the members")
        listing.add_argument("--workspace", required=True, help="slug of the workspace")
        remove = verbs.add_parser("remove", help="remove a member and revoke their tokens")
        remove.add_argument("--workspace", required=True, help="slug of the workspace")
        remove.add_argument("--email", required=True)
        verbs.add_parser("sync", help="bring permissions in line with the roles, should they ever differ")

    def handle(self, *, verb: str, **options: Any) -> None:
        if verb == "sync":
            self.stdout.write(f"{memberships.sync()} permissions changed.")
            return
        workspace = workspace_of(options["workspace"])
        with refusals():
            match verb:
                case "add":
                    password = _password() if options["password_stdin"] else None
                    self._add(workspace, options["email"], options["role"], password)
                case "list":
                    self._list(workspace)
                case "remove":
                    self._remove(workspace, options["email"])

    @transaction.atomic
    def _add(self, workspace: Workspace, email: str, role: str, password: str | None) -> None:
        """Either all of it or nothing: a refused password leaves no member behind."""
        by = actor_of(workspace, user_of(workspace, ""))
        membership = _membership(workspace, email)
        if membership is None:
            membership = memberships.add(by=by, email=email, role=role)
        else:
            membership = memberships.change(by=by, membership=membership, role=role)
        if password is not None:
            users.set_password(user=membership.user, password=password, source=Source.COMMAND)
        self.stdout.write(f"{membership.user.email} is {membership.role} of {workspace.slug}.")

    def _list(self, workspace: Workspace) -> None:
        members = Membership.objects.in_workspace(workspace).select_related("user").order_by("user__email")
        for membership in members:
            self.stdout.write(f"{membership.user.email}\t{membership.role}")

    def _remove(self, workspace: Workspace, email: str) -> None:
        membership = _membership(workspace, email)
        if membership is None:
            raise CommandError(f"{email} is not a member of the workspace {workspace.slug!r}.")
        by = actor_of(workspace, user_of(workspace, ""))
        memberships.remove(by=by, membership=membership)
        self.stdout.write(f"{membership.user.email} is no longer a member of {workspace.slug}.")


def _membership(workspace: Workspace, email: str) -> Membership | None:
    members = Membership.objects.in_workspace(workspace).select_related("user")
    return members.filter(user__email=email.strip().lower()).first()


def _password() -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise CommandError("There was no password on stdin.")
    return password
