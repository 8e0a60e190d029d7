"""`manage.py token`."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from workspaces import tokens
from workspaces.enums import SCOPES_OF, Role
from workspaces.models import ApiToken, AuditEntry, User, Workspace


def run(*words: str) -> str:
    out = StringIO()
    call_command("token", *words, stdout=out)
    return out.getvalue()


def test_create_prints_just_the_token(workspace: Workspace, owner: User) -> None:
    printed = run("create", "--workspace", "acme", "--name", "ci")
    token = tokens.authenticate(printed.removesuffix("\n"))
    assert token is not None
    assert (token.user, token.workspace, token.name, token.expires_at) == (owner, workspace, "ci", None)
    assert token.scopes == sorted(SCOPES_OF[Role.OWNER])
    assert [entry.source for entry in AuditEntry.objects.filter(action="token.created")] == ["command"]


def test_create_for_somebody_with_less_for_a_while(workspace: Workspace, viewer: User) -> None:
    words = ["--user", viewer.email.upper(), "--scopes", "agents:read, executions:read", "--days", "7"]
    token = tokens.authenticate(run("create", "--workspace", "acme", "--name", "ci", *words).strip())
    assert token is not None
    assert (token.user, token.scopes) == (viewer, ["agents:read", "executions:read"])
    assert token.expires_at is not None
    assert token.expires_at - token.created_at == pytest.approx(timedelta(days=7), abs=timedelta(seconds=5))


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--workspace", "nowhere"], "no workspace 'nowhere'. There is: acme"),
        (["--workspace", "acme", "--user", "nobody@example.org"], "not a member"),
        (["--workspace", "acme", "--user", "outsider@example.org"], "not a member"),
        (["--workspace", "acme", "--scopes", "everything"], "no scope 'everything'"),
        (["--workspace", "acme", "--days", "0"], "--days"),
        (["--workspace", "acme", "--days", "999999999"], "--days"),
    ],
)
def test_create_refuses_and_makes_nothing(
    workspace: Workspace, outsider: User, words: list[str], reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        run("create", "--name", "ci", *words)
    assert not ApiToken.objects.exists()


def test_create_refuses_a_scope_the_user_has_not(workspace: Workspace, viewer: User) -> None:
    with pytest.raises(CommandError, match="agents:write"):
        run(
            "create",
            "--workspace",
            "acme",
            "--name",
            "ci",
            "--user",
            viewer.email,
            "--scopes",
            "agents:write",
        )


def test_list_shows_prefixes_and_no_secret(workspace: Workspace, other_workspace: Workspace) -> None:
    first = run("create", "--workspace", "acme", "--name", "ci").strip()
    second = run("create", "--workspace", "elsewhere", "--name", "cd").strip()
    assert [line.split("\t")[:4] for line in run("list").splitlines()] == [
        [first[:12], "usable", "acme", "owner@example.org"],
        [second[:12], "usable", "elsewhere", "outsider@example.org"],
    ]
    assert len(run("list", "--workspace", "acme").splitlines()) == 1
    assert first[12:] not in run("list")


def test_revoke_by_prefix(workspace: Workspace) -> None:
    secret = run("create", "--workspace", "acme", "--name", "ci").strip()
    run("revoke", secret[:12])
    assert tokens.authenticate(secret) is None
    assert run("list").split("\t")[1] == "revoked"
    with pytest.raises(CommandError, match="No usable token"):
        run("revoke", secret[:12])


def test_revoke_wants_the_whole_prefix(workspace: Workspace) -> None:
    secret = run("create", "--workspace", "acme", "--name", "ci").strip()
    with pytest.raises(CommandError, match="at least"):
        run("revoke", "slt_")
    assert tokens.authenticate(secret) is not None
