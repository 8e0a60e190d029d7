"""Roles, scopes and where a request came from."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import TextChoices


class Role(TextChoices):
    """What a member may do. Each role may do all that the ones below it may."""

    OWNER = "owner", "Owner"
    ADMIN = "admin", "Admin"
    EDITOR = "editor", "Editor"
    REVIEWER = "reviewer", "Reviewer"
    VIEWER = "viewer", "Viewer"


class Scope(TextChoices):
    """One right inside a workspace: what a role grants and a token may be narrowed to."""

    AGENTS_READ = "agents:read", "See agents and their versions"
    AGENTS_WRITE = "agents:write", "Create, edit and delete agents"
    EXECUTIONS_READ = "executions:read", "See runs and their output"
    EXECUTIONS_WRITE = "executions:write", "Run code, cancel and re-run"
    APPROVALS_WRITE = "approvals:write", "Decide on approvals"
    TOKENS_WRITE = "tokens:write", "Make and revoke one's own API tokens"
    MEMBERS_READ = "members:read", "See who is a member"
    MEMBERS_WRITE = "members:write", "Add members and change roles"
    AUDIT_READ = "audit:read", "Read the audit log"
    WORKSPACE_WRITE = "workspace:write", "Change and delete the workspace"

    @property
    def codename(self) -> str:
        """The guardian permission on a workspace that stands for this scope."""
        return self.value.replace(":", "_")


_VIEWER = {Scope.AGENTS_READ, Scope.EXECUTIONS_READ, Scope.MEMBERS_READ}
_REVIEWER = _VIEWER | {Scope.APPROVALS_WRITE, Scope.TOKENS_WRITE}
_EDITOR = _REVIEWER | {Scope.AGENTS_WRITE, Scope.EXECUTIONS_WRITE}
_ADMIN = _EDITOR | {Scope.MEMBERS_WRITE, Scope.AUDIT_READ}
_OWNER = _ADMIN | {Scope.WORKSPACE_WRITE}

SCOPES_OF: Mapping[Role, frozenset[Scope]] = {
    Role.VIEWER: frozenset(_VIEWER),
    Role.REVIEWER: frozenset(_REVIEWER),
    Role.EDITOR: frozenset(_EDITOR),
    Role.ADMIN: frozenset(_ADMIN),
    Role.OWNER: frozenset(_OWNER),
}


class Source(TextChoices):
    """The door a write came through, for the audit log."""

    PAGE = "page", "Page"
    API = "api", "API"
    SOCKET = "socket", "Socket"
    ADMIN = "admin", "Admin site"
    COMMAND = "command", "Command line"
    SYSTEM = "system", "System"
