"""The page of API tokens."""

from __future__ import annotations

from django.test import Client

from tests.factories import client_for, make_token
from workspaces.enums import SCOPES_OF, Role
from workspaces.models import ApiToken, User, Workspace

URL = "/w/acme/settings/tokens/"


def _names(answer: object) -> list[str]:
    return [token.user.email for token in answer.context["tokens"]]  # type: ignore[attr-defined]  # a test answer


def test_the_owner_sees_all_tokens_and_no_secret(
    as_owner: Client, workspace: Workspace, editor: User
) -> None:
    secret = make_token(editor, workspace)
    answer = as_owner.get(URL)
    assert (answer.status_code, answer.templates[0].name) == (200, "workspaces/token_list.html")
    assert _names(answer) == ["editor@example.org"]
    content = answer.content.decode()
    assert secret[:12] in content
    assert secret[12:] not in content
    assert ApiToken.objects.get().digest not in content
    assert answer.context["new_secret"] == ""


def test_an_editor_sees_their_own(workspace: Workspace, owner: User, editor: User) -> None:
    make_token(owner, workspace)
    make_token(editor, workspace)
    answer = client_for(editor).get(URL)
    assert _names(answer) == ["editor@example.org"]
    choices = [value for value, _ in answer.context["form"].fields["scopes"].choices]
    assert set(choices) == SCOPES_OF[Role.EDITOR]


def test_nobody_else_sees_any(as_viewer: Client, as_outsider: Client, workspace: Workspace) -> None:
    assert [client.get(URL).status_code for client in (as_viewer, as_outsider, Client())] == [403, 404, 302]


def test_tokens_of_elsewhere_are_not_there(
    as_owner: Client, workspace: Workspace, outsider: User, other_workspace: Workspace
) -> None:
    make_token(outsider, other_workspace)
    assert _names(as_owner.get(URL)) == []
    assert _names(client_for(outsider).get("/w/elsewhere/settings/tokens/")) == ["outsider@example.org"]
