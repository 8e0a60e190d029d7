"""Who may do what: the one place that turns a person and a workspace into rights."""

from __future__ import annotations

from dataclasses import dataclass, replace

from workspaces.enums import Scope, Source
from workspaces.exceptions import Forbidden, NotFound
from workspaces.models import ApiToken, User, Workspace, WorkspacePermission


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who acts in one workspace, by one door, with these rights and no others."""

    user: User
    workspace: Workspace
    scopes: frozenset[Scope]
    source: Source
    token: ApiToken | None = None
    request_id: str = ""

    def may(self, scope: Scope) -> bool:
        return scope in self.scopes

    def require(self, scope: Scope) -> None:
        """Raise `Forbidden` unless this actor holds `scope`."""
        if scope not in self.scopes:
            raise Forbidden(f"This needs the right {scope.value!r} in the workspace {self.workspace.slug!r}.")

    def __str__(self) -> str:
        return f"{self.user.email} (token {self.token.name})" if self.token else self.user.email


def actor(
    *,
    user: User,
    workspace: Workspace,
    source: Source,
    token: ApiToken | None = None,
    request_id: str = "",
) -> Actor:
    """The actor that `user` is in `workspace`; `NotFound` for those who are not members.

    A token narrows the rights of its user and never widens them.
    """
    held = scopes_of(user=user, workspace=workspace)
    if not held:
        raise NotFound("There is no such workspace.")
    if token is not None:
        held &= frozenset(Scope(value) for value in token.scopes if value in Scope.values)
    return Actor(user, workspace, held, source, token, request_id)


def operator(*, user: User, workspace: Workspace) -> Actor:
    """The actor of a command: whoever has the shell may also make tokens for those who may not.

    Raises `NotFound` when `user` is not a member.
    """
    known = actor(user=user, workspace=workspace, source=Source.COMMAND)
    return replace(known, scopes=known.scopes | {Scope.TOKENS_WRITE})


def administrator(*, user: User, workspace: Workspace, request_id: str = "") -> Actor:
    """A superuser in the administration site, who needs no membership there and nowhere else has rights."""
    if not (user.is_active and user.is_superuser):
        raise Forbidden("Only a superuser may do this.")
    return Actor(user, workspace, frozenset(Scope), Source.ADMIN, None, request_id)


def scopes_of(*, user: User, workspace: Workspace) -> frozenset[Scope]:
    """The rights that membership gives. Being a superuser gives none, and who is switched off has none."""
    if not user.is_active:
        return frozenset()
    rows = WorkspacePermission.objects.filter(user=user, content_object=workspace)
    codenames = set(rows.values_list("permission__codename", flat=True))
    return frozenset(scope for scope in Scope if scope.codename in codenames)
