"""API tokens: made once, narrow, and gone when they should be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from tests.factories import actor_for, make_token, membership_of
from workspaces import access, memberships, tokens
from workspaces.access import Actor
from workspaces.enums import SCOPES_OF, Role, Scope, Source
from workspaces.exceptions import Forbidden, Invalid, NotFound
from workspaces.models import ApiToken, AuditEntry, User, Workspace


def test_the_secret_is_kept_nowhere(actor: Actor) -> None:
    token, secret = tokens.create(by=actor, name="ci")
    assert secret.startswith("slt_")
    assert len(secret) == 47
    row = ApiToken.objects.filter(pk=token.pk).values().get()
    assert row["prefix"] == secret[:12]
    rest = secret[12:]
    assert not [name for name, value in row.items() if rest in str(value)]
    for entry in AuditEntry.objects.values():
        assert rest not in str(entry)
        assert token.digest not in str(entry)


def test_authenticate_finds_the_token_with_user_and_workspace(
    actor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, secret = tokens.create(by=actor, name="ci")
    tokens.authenticate(secret)
    with django_assert_num_queries(1):
        found = tokens.authenticate(secret)
        assert found == token
        assert (found.user, found.workspace) == (actor.user, actor.workspace)


@pytest.mark.parametrize(
    "secret", ["", "slt_", "slt_nonsense", "Bearer x", "slt_\0", "slt_\ud800", "slt_" + "a" * 100_000]
)
def test_authenticate_knows_no_other_secret(actor: Actor, secret: str) -> None:
    tokens.create(by=actor, name="ci")
    assert tokens.authenticate(secret) is None


def test_a_changed_secret_is_unknown(actor: Actor) -> None:
    _, secret = tokens.create(by=actor, name="ci")
    assert tokens.authenticate(secret.swapcase()) is None
    assert tokens.authenticate(secret + " ") is None
    assert tokens.authenticate(secret[:-1]) is None


def test_the_digest_is_no_credential(actor: Actor) -> None:
    token, _ = tokens.create(by=actor, name="ci")
    assert tokens.authenticate(token.digest) is None
    assert tokens.authenticate(tokens.MARK + token.digest) is None


def test_last_use_is_written_once_a_minute(
    actor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    token, secret = tokens.create(by=actor, name="ci")
    tokens.authenticate(secret)
    token.refresh_from_db()
    first = token.last_used_at
    assert first is not None
    with django_assert_num_queries(1):
        tokens.authenticate(secret)
    ApiToken.objects.update(last_used_at=first - timedelta(minutes=2))
    tokens.authenticate(secret)
    token.refresh_from_db()
    assert token.last_used_at is not None
    assert token.last_used_at >= first


def test_an_expired_token_is_unknown(actor: Actor) -> None:
    token, secret = tokens.create(by=actor, name="ci", expires_at=timezone.now() + timedelta(hours=1))
    assert tokens.authenticate(secret) == token
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert tokens.authenticate(secret) is None


def test_a_token_of_a_switched_off_user_is_unknown(actor: Actor, owner: User) -> None:
    _, secret = tokens.create(by=actor, name="ci")
    owner.is_active = False
    owner.save()
    assert tokens.authenticate(secret) is None


def test_revoking_works_at_once_and_twice(actor: Actor) -> None:
    token, secret = tokens.create(by=actor, name="ci")
    tokens.revoke(by=actor, token=token)
    first = ApiToken.objects.get(pk=token.pk).revoked_at
    tokens.revoke(by=actor, token=token)
    assert tokens.authenticate(secret) is None
    assert ApiToken.objects.get(pk=token.pk).revoked_at == first
    assert AuditEntry.objects.filter(action="token.revoked").count() == 1


def test_without_a_choice_a_token_may_do_all_that_its_user_may(workspace: Workspace, editor: User) -> None:
    token, _ = tokens.create(by=actor_for(editor, workspace), name="ci")
    assert token.scopes == sorted(SCOPES_OF[Role.EDITOR])


def test_a_token_narrows_its_user(workspace: Workspace, editor: User) -> None:
    token, _ = tokens.create(by=actor_for(editor, workspace), name="ci", scopes=["agents:read"])
    narrowed = access.actor(user=editor, workspace=workspace, source=Source.API, token=token)
    assert narrowed.scopes == {Scope.AGENTS_READ}


def test_a_token_shrinks_with_its_user(actor: Actor, workspace: Workspace, editor: User) -> None:
    token, _ = tokens.create(by=actor_for(editor, workspace), name="ci")
    memberships.change(by=actor, membership=membership_of(editor, workspace), role="viewer")
    narrowed = access.actor(user=editor, workspace=workspace, source=Source.API, token=token)
    assert narrowed.scopes == SCOPES_OF[Role.VIEWER]


def test_unknown_scopes_in_a_row_give_nothing(workspace: Workspace, editor: User) -> None:
    token, _ = tokens.create(by=actor_for(editor, workspace), name="ci", scopes=["agents:read"])
    token.scopes = ["agents:read", "everything", ""]
    narrowed = access.actor(user=editor, workspace=workspace, source=Source.API, token=token)
    assert narrowed.scopes == {Scope.AGENTS_READ}


def test_no_scope_beyond_ones_own(workspace: Workspace, editor: User) -> None:
    with pytest.raises(Forbidden, match="audit:read"):
        tokens.create(by=actor_for(editor, workspace), name="ci", scopes=["agents:read", "audit:read"])
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("scopes", [[], ["nonsense"], ["agents:read", ""], ["agents_read"]])
def test_bad_scopes_are_named(actor: Actor, scopes: list[str]) -> None:
    with pytest.raises(Invalid) as refusal:
        tokens.create(by=actor, name="ci", scopes=scopes)
    assert [error.pointer for error in refusal.value.errors] == ["/scopes"]


@pytest.mark.parametrize("name", ["", "  ", "x" * 121, "a\0b", "a\x1b[31m"])
def test_bad_names_are_refused(actor: Actor, name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        tokens.create(by=actor, name=name)
    assert [error.pointer for error in refusal.value.errors] == ["/name"]


def test_an_expiry_lies_in_the_future(actor: Actor) -> None:
    with pytest.raises(Invalid) as refusal:
        tokens.create(by=actor, name="ci", expires_at=timezone.now())
    assert [error.pointer for error in refusal.value.errors] == ["/expires_at"]


def test_a_token_makes_no_tokens(workspace: Workspace, owner: User) -> None:
    token = tokens.authenticate(make_token(owner, workspace))
    by = access.actor(user=owner, workspace=workspace, source=Source.API, token=token)
    with pytest.raises(Forbidden):
        tokens.create(by=by, name="heir")


def test_viewers_make_no_tokens_but_an_operator_may_for_them(workspace: Workspace, viewer: User) -> None:
    with pytest.raises(Forbidden):
        tokens.create(by=actor_for(viewer, workspace), name="ci")
    token, _ = tokens.create(by=access.operator(user=viewer, workspace=workspace), name="ci")
    assert token.scopes == sorted(SCOPES_OF[Role.VIEWER])


def test_editors_see_and_revoke_their_own(workspace: Workspace, owner: User, editor: User) -> None:
    owners, _ = tokens.create(by=actor_for(owner, workspace), name="owner's")
    editors, _ = tokens.create(by=actor_for(editor, workspace), name="editor's")
    by_editor = actor_for(editor, workspace)
    assert set(ApiToken.objects.visible_to(by_editor)) == {editors}
    with pytest.raises(NotFound):
        tokens.revoke(by=by_editor, token=owners)
    tokens.revoke(by=by_editor, token=editors)
    assert set(ApiToken.objects.usable()) == {owners}


def test_admins_see_and_revoke_all(workspace: Workspace, owner: User, admin: User) -> None:
    token, _ = tokens.create(by=actor_for(owner, workspace), name="owner's")
    by_admin = actor_for(admin, workspace)
    assert set(ApiToken.objects.visible_to(by_admin)) == {token}
    tokens.revoke(by=by_admin, token=token)
    assert set(ApiToken.objects.usable()) == set()


def test_outsiders_neither_see_nor_revoke(actor: Actor, outside_actor: Actor) -> None:
    token, _ = tokens.create(by=actor, name="ci")
    assert set(ApiToken.objects.visible_to(outside_actor)) == set()
    with pytest.raises(NotFound):
        tokens.revoke(by=outside_actor, token=token)
    assert set(ApiToken.objects.usable()) == {token}
