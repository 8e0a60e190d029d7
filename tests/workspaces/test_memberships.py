"""Members: roles, rights and the rows of guardian behind them."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from tests.factories import actor_for, make_member, make_token, make_user, make_workspace, membership_of
from workspaces import access, memberships, tokens
from workspaces.access import Actor
from workspaces.enums import SCOPES_OF, Role, Scope, Source
from workspaces.exceptions import Conflict, Forbidden, Invalid, NotFound
from workspaces.models import AuditEntry, Membership, User, Workspace, WorkspacePermission


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("scope", Scope)
def test_each_role_holds_exactly_its_scopes(workspace: Workspace, role: Role, scope: Scope) -> None:
    actor = actor_for(make_member(workspace, role), workspace)
    assert actor.may(scope) is (scope in SCOPES_OF[role])
    if scope in SCOPES_OF[role]:
        actor.require(scope)
    else:
        with pytest.raises(Forbidden, match=scope.value):
            actor.require(scope)


def test_each_role_may_do_all_that_the_ones_below_may() -> None:
    ladder = [Role.VIEWER, Role.REVIEWER, Role.EDITOR, Role.ADMIN, Role.OWNER]
    for lower, higher in pairwise(ladder):
        assert SCOPES_OF[lower] < SCOPES_OF[higher]


def test_a_superuser_has_no_rights_without_membership(workspace: Workspace) -> None:
    root = User.objects.create_superuser("root@example.org", "x")
    assert access.scopes_of(user=root, workspace=workspace) == frozenset()
    with pytest.raises(NotFound):
        actor_for(root, workspace)


def test_a_switched_off_member_has_no_rights(workspace: Workspace, editor: User) -> None:
    editor.is_active = False
    editor.save()
    with pytest.raises(NotFound):
        actor_for(editor, workspace)


def test_add_makes_an_account_for_an_unknown_address(actor: Actor) -> None:
    membership = memberships.add(by=actor, email=" New@Example.ORG ", role="editor")
    assert (membership.user.email, membership.role) == ("new@example.org", Role.EDITOR)
    assert not membership.user.has_usable_password()
    assert access.scopes_of(user=membership.user, workspace=actor.workspace) == SCOPES_OF[Role.EDITOR]
    entry = AuditEntry.objects.get(action="member.added")
    assert (entry.actor, entry.object_label, entry.after) == (
        "owner@example.org",
        "new@example.org",
        {"role": "editor"},
    )


def test_add_takes_the_account_that_is_there(actor: Actor, outsider: User) -> None:
    membership = memberships.add(by=actor, email=outsider.email.upper(), role="viewer")
    assert membership.user == outsider


def test_add_refuses_a_second_membership(actor: Actor, editor: User) -> None:
    with pytest.raises(Conflict):
        memberships.add(by=actor, email=editor.email, role="viewer")
    assert membership_of(editor, actor.workspace).role == Role.EDITOR


@pytest.mark.parametrize(
    "email", ["", "nobody", "a@", "@b.org", "a b@c.org", "x" * 300 + "@c.org", "a\0@c.org"]
)
def test_add_refuses_what_is_no_address(actor: Actor, email: str) -> None:
    with pytest.raises(Invalid) as refusal:
        memberships.add(by=actor, email=email, role="viewer")
    assert [error.pointer for error in refusal.value.errors] == ["/email"]
    assert Membership.objects.count() == 1


def test_add_refuses_an_unknown_role(actor: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        memberships.add(by=actor, email="new@example.org", role="emperor")
    assert [error.pointer for error in refusal.value.errors] == ["/role"]
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize("role", [Role.EDITOR, Role.REVIEWER, Role.VIEWER])
def test_only_those_who_manage_members_add_one(workspace: Workspace, role: Role) -> None:
    by = actor_for(make_member(workspace, role), workspace)
    with pytest.raises(Forbidden):
        memberships.add(by=by, email="new@example.org", role="viewer")


def test_nobody_grants_more_than_they_hold(workspace: Workspace, admin: User) -> None:
    by = actor_for(admin, workspace)
    with pytest.raises(Forbidden):
        memberships.add(by=by, email="new@example.org", role="owner")
    assert memberships.add(by=by, email="new@example.org", role="admin").role == Role.ADMIN


def test_a_narrow_token_grants_no_more_than_it_holds(workspace: Workspace, owner: User) -> None:
    token = tokens.authenticate(make_token(owner, workspace, [Scope.MEMBERS_WRITE, Scope.MEMBERS_READ]))
    assert token is not None
    from_token = access.actor(user=owner, workspace=workspace, source=Source.API, token=token)
    with pytest.raises(Forbidden):
        memberships.add(by=from_token, email="new@example.org", role="editor")


def test_change_moves_the_rights_along(actor: Actor, editor: User) -> None:
    memberships.change(by=actor, membership=membership_of(editor, actor.workspace), role="viewer")
    assert access.scopes_of(user=editor, workspace=actor.workspace) == SCOPES_OF[Role.VIEWER]
    entry = AuditEntry.objects.get(action="member.changed")
    assert (entry.before, entry.after) == ({"role": "editor"}, {"role": "viewer"})


def test_change_to_the_same_role_changes_nothing(actor: Actor, editor: User) -> None:
    memberships.change(by=actor, membership=membership_of(editor, actor.workspace), role="editor")
    assert not AuditEntry.objects.filter(action="member.changed").exists()


def test_an_admin_neither_demotes_nor_removes_an_owner(actor: Actor, admin: User, owner: User) -> None:
    make_member(actor.workspace, Role.OWNER)
    by = actor_for(admin, actor.workspace)
    with pytest.raises(Forbidden):
        memberships.change(by=by, membership=membership_of(owner, actor.workspace), role="viewer")
    with pytest.raises(Forbidden):
        memberships.remove(by=by, membership=membership_of(owner, actor.workspace))


def test_an_admin_does_not_raise_themselves(workspace: Workspace, admin: User) -> None:
    with pytest.raises(Forbidden):
        memberships.change(
            by=actor_for(admin, workspace), membership=membership_of(admin, workspace), role="owner"
        )


def test_the_last_owner_stays(actor: Actor, owner: User) -> None:
    own = membership_of(owner, actor.workspace)
    with pytest.raises(Conflict):
        memberships.remove(by=actor, membership=own)
    with pytest.raises(Conflict):
        memberships.change(by=actor, membership=own, role="viewer")
    assert membership_of(owner, actor.workspace).role == Role.OWNER


def test_an_owner_who_cannot_sign_in_does_not_count(actor: Actor, owner: User) -> None:
    second = make_member(actor.workspace, Role.OWNER)
    second.is_active = False
    second.save()
    with pytest.raises(Conflict):
        memberships.remove(by=actor, membership=membership_of(owner, actor.workspace))


def test_remove_takes_rights_and_tokens(actor: Actor, editor: User) -> None:
    secret = make_token(editor, actor.workspace)
    memberships.remove(by=actor, membership=membership_of(editor, actor.workspace))
    assert access.scopes_of(user=editor, workspace=actor.workspace) == frozenset()
    assert tokens.authenticate(secret) is None
    memberships.add(by=actor, email=editor.email, role="editor")
    assert tokens.authenticate(secret) is None


def test_removal_leaves_the_other_workspace_alone(
    actor: Actor, other_workspace: Workspace, editor: User
) -> None:
    memberships.enrol(user=editor, workspace=other_workspace, role=Role.EDITOR)
    secret = make_token(editor, other_workspace)
    memberships.remove(by=actor, membership=membership_of(editor, actor.workspace))
    assert access.scopes_of(user=editor, workspace=other_workspace) == SCOPES_OF[Role.EDITOR]
    assert tokens.authenticate(secret) is not None


def test_anybody_may_leave(workspace: Workspace, viewer: User) -> None:
    memberships.remove(by=actor_for(viewer, workspace), membership=membership_of(viewer, workspace))
    assert not Membership.objects.filter(user=viewer).exists()


def test_a_token_does_not_leave_for_its_user(workspace: Workspace, viewer: User) -> None:
    token = tokens.authenticate(make_token(viewer, workspace))
    by = access.actor(user=viewer, workspace=workspace, source=Source.API, token=token)
    with pytest.raises(Forbidden):
        memberships.remove(by=by, membership=membership_of(viewer, workspace))


def test_members_of_another_workspace_are_out_of_reach(
    actor: Actor, outsider: User, other_workspace: Workspace
) -> None:
    theirs = membership_of(outsider, other_workspace)
    for verb in (
        lambda: memberships.change(by=actor, membership=theirs, role="viewer"),
        lambda: memberships.remove(by=actor, membership=theirs),
        lambda: memberships.invite(by=actor, membership=theirs),
    ):
        with pytest.raises(NotFound):
            verb()
    assert membership_of(outsider, other_workspace).role == Role.OWNER


def test_invite_is_for_accounts_nobody_else_knows(actor: Actor, outsider: User) -> None:
    fresh = memberships.add(by=actor, email="new@example.org", role="viewer")
    assert memberships.invite(by=actor, membership=fresh)
    known = memberships.add(by=actor, email=outsider.email, role="viewer")
    with pytest.raises(Forbidden):
        memberships.invite(by=actor, membership=known)


@pytest.mark.parametrize("trait", ["password", "signed in", "superuser"])
def test_invite_is_refused_for_accounts_in_use(actor: Actor, trait: str) -> None:
    user = make_user("used@example.org", password="long and strange" if trait == "password" else None)
    if trait == "signed in":
        user.last_login = user.joined_at
    user.is_superuser = trait == "superuser"
    user.save()
    membership = memberships.add(by=actor, email=user.email, role="viewer")
    with pytest.raises(Forbidden):
        memberships.invite(by=actor, membership=membership)


def test_sync_repairs_rows_that_drifted(workspace: Workspace, viewer: User, outsider: User) -> None:
    assert memberships.sync() == 0
    write = Permission.objects.get(codename=Scope.AGENTS_WRITE.codename)
    for intruder in (viewer, outsider):
        WorkspacePermission.objects.create(user=intruder, content_object=workspace, permission=write)
    WorkspacePermission.objects.get(
        user=viewer, content_object=workspace, permission__codename=Scope.AGENTS_READ.codename
    ).delete()
    assert memberships.sync() == 3
    assert access.scopes_of(user=viewer, workspace=workspace) == SCOPES_OF[Role.VIEWER]
    assert access.scopes_of(user=outsider, workspace=workspace) == frozenset()


def test_rights_go_with_the_workspace(workspace: Workspace, viewer: User) -> None:
    workspace.delete()
    assert not WorkspacePermission.objects.filter(user=viewer).exists()


@pytest.mark.django_db(transaction=True)
def test_two_owners_cannot_remove_each_other_at_once() -> None:
    workspace = make_workspace("duel")
    first = Membership.objects.get(workspace=workspace)
    second = membership_of(make_member(workspace, Role.OWNER), workspace)
    actors = [(actor_for(first.user, workspace), second), (actor_for(second.user, workspace), first)]
    start, refused = threading.Barrier(2), []

    def strike(by: Actor, victim: Membership) -> None:
        start.wait(10)
        try:
            memberships.remove(by=by, membership=victim)
        except (Conflict, NotFound) as refusal:
            refused.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=strike, args=pair) for pair in actors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert Membership.objects.filter(workspace=workspace, role=Role.OWNER).count() == 1
    assert [type(refusal) for refusal in refused] == [Conflict]
