"""`manage.py member`."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from tests.factories import make_token
from workspaces import access, tokens
from workspaces.enums import SCOPES_OF, Role
from workspaces.models import User, Workspace, WorkspacePermission


def run(*words: str) -> str:
    out = StringIO()
    call_command("member", *words, stdout=out)
    return out.getvalue()


def test_add_gives_the_role(workspace: Workspace) -> None:
    run("add", "--workspace", "acme", "--email", "New@example.org", "--role", "editor")
    user = User.objects.get(email="new@example.org")
    assert access.scopes_of(user=user, workspace=workspace) == SCOPES_OF[Role.EDITOR]
    assert not user.has_usable_password()


def test_add_again_changes_the_role(workspace: Workspace, editor: User) -> None:
    run("add", "--workspace", "acme", "--email", editor.email, "--role", "viewer")
    assert access.scopes_of(user=editor, workspace=workspace) == SCOPES_OF[Role.VIEWER]


def test_add_reads_a_password(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", StringIO("  long and strange \n"))
    run("add", "--workspace", "acme", "--email", "new@example.org", "--role", "editor", "--password-stdin")
    assert User.objects.get(email="new@example.org").check_password("  long and strange ")


@pytest.mark.parametrize("password", ["", "\n", "short\n", "password\n"])
def test_a_refused_password_leaves_nobody_behind(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    monkeypatch.setattr("sys.stdin", StringIO(password))
    with pytest.raises(CommandError):
        run(
            "add", "--workspace", "acme", "--email", "new@example.org", "--role", "editor", "--password-stdin"
        )
    assert not User.objects.filter(email="new@example.org").exists()


@pytest.mark.parametrize(
    ("workspace_slug", "email", "role", "reason"),
    [
        ("nowhere", "new@example.org", "editor", "no workspace"),
        ("acme", "nonsense", "editor", "not an email address"),
        ("acme", "new@example.org", "emperor", "invalid choice"),
        ("acme", "owner@example.org", "viewer", "at least one owner"),
    ],
)
def test_add_refuses(workspace: Workspace, workspace_slug: str, email: str, role: str, reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        run("add", "--workspace", workspace_slug, "--email", email, "--role", role)
    assert run("list", "--workspace", "acme") == "owner@example.org\towner\n"


def test_remove_takes_rights_and_tokens(workspace: Workspace, editor: User) -> None:
    secret = make_token(editor, workspace)
    run("remove", "--workspace", "acme", "--email", editor.email)
    assert run("list", "--workspace", "acme") == "owner@example.org\towner\n"
    assert tokens.authenticate(secret) is None


@pytest.mark.parametrize("email", ["owner@example.org", "nobody@example.org"])
def test_remove_refuses(workspace: Workspace, email: str) -> None:
    with pytest.raises(CommandError):
        run("remove", "--workspace", "acme", "--email", email)


def test_sync_says_what_it_repaired(workspace: Workspace, owner: User) -> None:
    assert run("sync") == "0 permissions changed.\n"
    WorkspacePermission.objects.filter(user=owner)[0].delete()
    assert run("sync") == "1 permissions changed.\n"
