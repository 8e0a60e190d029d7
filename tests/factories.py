"""Rows that tests start from, made by the verbs that make them in life."""

from __future__ import annotations

from itertools import count

from django.test import Client
from rest_framework.test import APIClient

from workspaces import access, memberships, organizations, tokens
from workspaces.access import Actor
from workspaces.enums import Role, Scope, Source
from workspaces.models import Membership, Organization, User, Workspace

_numbers = count(1)


def make_user(email: str = "", *, password: str | None = None, name: str = "") -> User:
    return User.objects.create_user(email or f"person{next(_numbers)}@example.org", password, name=name)


def make_workspace(slug: str = "", *, owner: User | None = None, organization: str = "acme") -> Workspace:
    """A workspace of the organization with this slug; like every other, it has an owner."""
    slug = slug or f"workspace-{next(_numbers)}"
    home, _ = Organization.objects.get_or_create(slug=organization, defaults={"name": organization.title()})
    return organizations.open_workspace(
        organization=home,
        name=slug.title(),
        slug=slug,
        owner=owner or make_user(f"owner@{slug}.example.org"),
        source=Source.SYSTEM,
    )


def make_member(workspace: Workspace, role: Role, email: str = "") -> User:
    """A new user with this role."""
    user = make_user(email)
    memberships.enrol(user=user, workspace=workspace, role=role)
    return user


def membership_of(user: User, workspace: Workspace) -> Membership:
    return Membership.objects.get(user=user, workspace=workspace)


def actor_for(user: User, workspace: Workspace, source: Source = Source.PAGE) -> Actor:
    return access.actor(user=user, workspace=workspace, source=source)


def make_token(user: User, workspace: Workspace, scopes: list[Scope] | None = None) -> str:
    """The secret of a token, made as an operator does, so that viewers can have one too."""
    by = access.operator(user=user, workspace=workspace)
    _, secret = tokens.create(by=by, name=f"token {next(_numbers)}", scopes=scopes)
    return secret


def client_for(user: User | None) -> Client:
    """A browser's requests, signed in as `user`; without CSRF checks."""
    client = Client()
    if user is not None:
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def api_client(secret: str = "", **headers: str) -> APIClient:
    """A program's requests, with this bearer token."""
    client = APIClient()
    if secret:
        headers["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    client.credentials(**headers)
    return client
