"""Members: roles, rights and the rows of guardian behind them."""

from __future__ import annotations

import pytest

from tests.factories import actor_for, make_member, make_token, membership_of
from workspaces import access, memberships, tokens
from workspaces.access import Actor
from workspaces.enums import SCOPES_OF, Role, Scope, Source
from workspaces.exceptions import Conflict, Forbidden, Invalid, NotFound
from workspaces.models import AuditEntry, Membership, User, Workspace, WorkspacePermission


@pytest.mark.parametrize("role", Role)
def test_the_rights_of_each_role_are_exactly_its_scopes(workspace: Workspace, role: Role) -> None:
    user = make_member(workspace, role)
    held = {scope for scope in Scope if access.scopes_of(user=user, workspace=workspace) >= {scope}}
    assert held == SCOPES_OF[role]
