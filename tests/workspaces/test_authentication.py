"""Tokens and sessions on the API: the same answers, whatever carries the credential."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries
from rest_framework.test import APIClient

from tests.factories import api_client, client_for, make_member, make_token, make_user, membership_of
from workspaces import memberships
from workspaces.access import Actor
from workspaces.enums import Role, Scope
from workspaces.models import ApiToken, User, Workspace

pytestmark = pytest.mark.urls("tests.workspaces.api_urls")

ECHO = "/api/v1/echo"
PROBLEM = "application/problem+json"


def test_a_token_opens_its_workspace(api: APIClient) -> None:
    answer = api.get(ECHO)
    assert answer.status_code == 200
    assert answer.json() == {"user": "owner@example.org", "workspace": "acme", "source": "api"}


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_case_insensitive(owner: User, workspace: Workspace, scheme: str) -> None:
    secret = make_token(owner, workspace)
    assert APIClient().get(ECHO, HTTP_AUTHORIZATION=f"{scheme} {secret}").status_code == 200


def test_a_token_costs_two_queries(api: APIClient, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    api.get(ECHO)
    with django_assert_num_queries(2):
        api.get(ECHO)


def test_a_session_costs_four_queries(
    as_owner: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    as_owner.get(ECHO)
    with django_assert_num_queries(4):
        as_owner.get(ECHO)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "value",
    [
        "Bearer",
        "Bearer ",
        "Bearer slt_wrong",
        "Bearer a b c",
        "bearer \x00",
        "Bearer ÿÿ",
        "Bearer " + "x" * 9000,
    ],
)
def test_a_bad_token_is_401(value: str) -> None:
    answer = APIClient().get(ECHO, HTTP_AUTHORIZATION=value)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="sandloft"'
    assert answer["Content-Type"] == PROBLEM
    assert answer.json()["type"] == "/problems/unauthenticated"


@pytest.mark.django_db
def test_nothing_at_all_is_401() -> None:
    answer = APIClient().get(ECHO)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="sandloft"'


def test_a_bad_token_is_not_excused_by_a_good_session(as_owner: Client) -> None:
    assert as_owner.get(ECHO).status_code == 200
    assert as_owner.get(ECHO, HTTP_AUTHORIZATION="Bearer slt_wrong").status_code == 401


def test_another_scheme_is_not_ours(as_owner: Client) -> None:
    assert as_owner.get(ECHO, HTTP_AUTHORIZATION="Basic dTpw").status_code == 200
    assert APIClient().get(ECHO, HTTP_AUTHORIZATION="Basic dTpw").status_code == 401


def test_a_token_counts_in_the_header_alone(owner: User, workspace: Workspace) -> None:
    secret = make_token(owner, workspace)
    assert api_client(secret).get(ECHO).status_code == 200
    client = APIClient()
    for name in ("token", "access_token", "sandloft_session", "Authorization"):
        client.cookies[name] = secret
    query = f"?token={secret}&access_token={secret}&api_key={secret}&Authorization=Bearer+{secret}"
    assert client.get(ECHO + query, HTTP_X_API_KEY=secret).status_code == 401
    assert client.post(ECHO, {"access_token": secret}, format="json").status_code == 401


def _revoke(user: User, workspace: Workspace) -> None:
    ApiToken.objects.update(revoked_at=timezone.now())


def _expire(user: User, workspace: Workspace) -> None:
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))


def _switch_off(user: User, workspace: Workspace) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def _lose_membership_row_rights(user: User, workspace: Workspace) -> None:
    membership_of(user, workspace).delete()
    memberships.sync()


@pytest.mark.parametrize("loss", [_revoke, _expire, _switch_off, _lose_membership_row_rights])
def test_a_token_stops_at_once(
    workspace: Workspace, editor: User, loss: Callable[[User, Workspace], None]
) -> None:
    client = api_client(make_token(editor, workspace))
    assert client.get(ECHO).status_code == 200
    loss(editor, workspace)
    answer = client.get(ECHO)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="sandloft"'


def test_why_a_token_fails_is_not_told_apart(workspace: Workspace, editor: User) -> None:
    client = api_client(make_token(editor, workspace))
    _revoke(editor, workspace)
    revoked, unknown = client.get(ECHO).json(), api_client("slt_wrong").get(ECHO).json()
    assert revoked | {"request_id": ""} == unknown | {"request_id": ""}


def test_a_switched_off_session_is_401(editor: User) -> None:
    client = client_for(editor)
    assert client.get(ECHO).status_code == 200
    User.objects.filter(pk=editor.pk).update(is_active=False)
    assert client.get(ECHO).status_code == 401


def test_a_session_without_any_workspace_is_404(db: None) -> None:
    assert client_for(make_user()).get(ECHO).status_code == 404


def test_a_session_that_lost_its_workspace_is_404(actor: Actor, editor: User) -> None:
    client = client_for(editor)
    assert client.get(ECHO).status_code == 200
    memberships.remove(by=actor, membership=membership_of(editor, actor.workspace))
    assert client.get(ECHO).status_code == 404


def test_session_writes_need_the_csrf_token(owner: User, workspace: Workspace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(owner, backend="django.contrib.auth.backends.ModelBackend")
    refused = client.post(ECHO, {"a": 1}, content_type="application/json")
    assert refused.status_code == 403
    assert refused["Content-Type"] == PROBLEM
    assert refused.json()["type"] == "/problems/csrf"
    client.get("/sign-in/?next=/x")
    client.cookies["sandloft_csrf"] = "a" * 32
    accepted = client.post(ECHO, {"a": 1}, content_type="application/json", HTTP_X_CSRFTOKEN="a" * 32)
    assert (accepted.status_code, accepted.json()) == (200, {"a": 1})


def test_token_writes_need_none(owner: User, workspace: Workspace) -> None:
    client = APIClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(owner, workspace)}")
    assert client.post(ECHO, {"a": 1}, format="json").json() == {"a": 1}


# --- Which workspace ------------------------------------------------------------------------------


def test_the_header_names_the_workspace_of_a_session(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    memberships.enrol(user=owner, workspace=other_workspace, role=Role.VIEWER)
    client = client_for(owner)
    assert client.get(ECHO).json()["workspace"] == "acme"
    assert client.get(ECHO, HTTP_X_WORKSPACE="elsewhere").json()["workspace"] == "elsewhere"
    assert client.get(ECHO + "?workspace=elsewhere").json()["workspace"] == "acme"


@pytest.mark.parametrize("slug", ["elsewhere", "nowhere", "\x00", "../acme", "x" * 5000])
def test_a_foreign_or_unknown_workspace_is_404(
    as_owner: Client, other_workspace: Workspace, slug: str
) -> None:
    assert as_owner.get(ECHO, HTTP_X_WORKSPACE=slug).status_code == 404


def test_the_header_does_not_move_a_token(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    memberships.enrol(user=owner, workspace=other_workspace, role=Role.VIEWER)
    client = api_client(make_token(owner, workspace))
    assert client.get(ECHO, HTTP_X_WORKSPACE="acme").status_code == 200
    assert client.get(ECHO, HTTP_X_WORKSPACE="elsewhere").status_code == 404


def test_the_workspace_looked_at_last_is_the_sessions(
    owner: User, workspace: Workspace, other_workspace: Workspace
) -> None:
    memberships.enrol(user=owner, workspace=other_workspace, role=Role.VIEWER)
    client = client_for(owner)
    client.get("/w/elsewhere/json/")
    assert client.get(ECHO).json()["workspace"] == "elsewhere"
    memberships.remove(
        by=Actor(owner, other_workspace, frozenset(Scope), "page"),  # type: ignore[arg-type]  # any door
        membership=membership_of(owner, other_workspace),
    )
    assert client.get(ECHO).json()["workspace"] == "acme"


# --- Scopes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        (
            [Scope.AGENTS_READ],
            {"get": 200, "head": 200, "post": 403, "delete": 403, "put": 405, "options": 200},
        ),
        (
            [Scope.AGENTS_WRITE],
            {"get": 403, "head": 403, "post": 200, "delete": 403, "put": 405, "options": 200},
        ),
        ([Scope.EXECUTIONS_READ], {"get": 403, "post": 403}),
    ],
)
def test_the_scope_of_the_method_is_asked_for(
    owner: User, workspace: Workspace, scopes: list[Scope], expected: dict[str, int]
) -> None:
    client = api_client(make_token(owner, workspace, scopes))
    assert {method: getattr(client, method)("/api/v1/scoped").status_code for method in expected} == expected


@pytest.mark.parametrize("role", Role)
def test_the_role_decides_what_an_unlimited_token_may(workspace: Workspace, role: Role) -> None:
    client = api_client(make_token(make_member(workspace, role), workspace))
    writes = 200 if role in (Role.OWNER, Role.ADMIN, Role.EDITOR) else 403
    assert (client.get("/api/v1/scoped").status_code, client.post("/api/v1/scoped").status_code) == (
        200,
        writes,
    )


# --- Plain Django JSON views ----------------------------------------------------------------------


def test_json_views_answer_alike(
    api: APIClient, as_owner: Client, as_outsider: Client, as_anonymous: Client
) -> None:
    assert as_owner.get("/w/acme/json/").json() == {"workspace": "acme"}
    assert api.get("/w/acme/json/").json() == {"workspace": "acme"}
    assert (as_outsider.get("/w/acme/json/").status_code, as_anonymous.get("/w/acme/json/").status_code) == (
        404,
        401,
    )
    assert api.get("/w/elsewhere/json/").status_code == 404


@pytest.mark.parametrize(
    ("how", "status"), [("invalid", 400), ("conflict", 409), ("busy", 429), ("missing", 404), ("denied", 403)]
)
def test_json_views_refuse_with_problems(as_owner: Client, how: str, status: int) -> None:
    answer = as_owner.get(f"/w/acme/json/{how}")
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)
    assert answer.json()["status"] == status
    assert "secret" not in answer.content.decode()
