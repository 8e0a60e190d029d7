"""Every route answers everybody as the table says, and no route is without a row."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import reverse

from agents.executions import executions, requests
from agents.executions.models import Artifact, Execution
from agents.registry import agents, drafts, versions
from agents.registry.models import Agent, Version
from agents.registry.types import AgentSpec
from agents.routing import websocket_urlpatterns
from agents.snapshots import blobs
from agents.snapshots.types import SnapshotSpec
from tests import factories
from tests.architecture import routes
from tests.architecture.routes import PERSONS, Row
from workspaces.access import Actor
from workspaces.enums import Role
from workspaces.models import ApiToken, Membership, User, Workspace


def code(*, returns: int) -> SnapshotSpec:
    text = f"def main(input):\n    return {returns}\n"
    return SnapshotSpec(language="python", files={"main.py": text}, entry="main.py", entry_point="main")


@pytest.fixture
def agent(actor: Actor) -> Agent:
    return agents.create(by=actor, spec=AgentSpec(code=code(returns=1), details={"name": "Sums"}))


@pytest.fixture
def version(actor: Actor, agent: Agent) -> Version:
    """Number 1; the draft has moved on since, to revision 2."""
    saved = versions.save(by=actor, agent=agent, changelog="first")
    drafts.save(by=actor, agent=agent, expected_revision=1, spec=code(returns=4))
    return saved


@pytest.fixture
def trashed(actor: Actor, agent: Agent) -> Agent:
    agents.delete(by=actor, agent=agent)
    return agent


@pytest.fixture
def execution(actor: Actor, version: Version) -> Execution:
    request = requests.of_version(version, requests.Given())
    return executions.start(by=actor, request=request)


@pytest.fixture
def artifact(execution: Execution) -> Artifact:
    return Artifact.objects.create(
        execution=execution, name="a.txt", media_type="text/plain", blob=blobs.store("hello")
    )


@pytest.fixture
def arguments(request: pytest.FixtureRequest, workspace: Workspace) -> dict[str, Any]:
    """What a route's placeholders stand for here."""
    row: Row = request.getfixturevalue("row")
    if row.route.endswith(("agent-restore", "agent-trash")):
        trashed: Agent = request.getfixturevalue("trashed")
        return {"slug": workspace.slug, "agent_id": trashed.pk}
    artifact: Artifact = request.getfixturevalue("artifact")
    execution = artifact.execution
    assert execution.agent is not None
    newcomer = factories.make_member(workspace, Role.VIEWER)
    token = ApiToken.objects.filter(workspace=workspace).first()
    return {
        "slug": workspace.slug,
        "agent_id": execution.agent.pk,
        "agent": execution.agent.slug,
        "reference": execution.agent.slug,
        "number": 1,
        "execution_id": execution.pk,
        "name": artifact.name,
        "workflow": "w1",
        "membership_id": Membership.objects.get(user=newcomer, workspace=workspace).pk,
        "token_id": token.pk if token else None,
    }


@pytest.fixture
def persons(
    owner: User, viewer: User, outsider: User, workspace: Workspace
) -> dict[str, tuple[Client, dict[str, str]]]:
    """Each person's client, and the headers that say who they are."""
    secret = factories.make_token(owner, workspace)
    return {
        "owner": (factories.client_for(owner), {"X-Workspace": workspace.slug}),
        "viewer": (factories.client_for(viewer), {"X-Workspace": workspace.slug}),
        "outsider": (factories.client_for(outsider), {}),
        "anonymous": (Client(), {}),
        "token": (Client(), {"Authorization": f"Bearer {secret}"}),
    }


def ask(row: Row, client: Client, headers: dict[str, str], arguments: dict[str, Any]) -> HttpResponseBase:
    kwargs = {name: arguments[name] for name in routes.known()[row.route].parameters}
    options: dict[str, Any] = {"headers": headers}
    options["data"] = row.data
    if row.json:
        options["content_type"] = "application/json"
    answer: HttpResponseBase = getattr(client, row.method.lower())(
        reverse(row.route, kwargs=kwargs), **options
    )
    return answer


@pytest.mark.django_db
@pytest.mark.parametrize("row", routes.TABLE, ids=[row.label for row in routes.TABLE])
def test_everybody_gets_the_answer_of_the_table(
    row: Row,
    persons: dict[str, tuple[Client, dict[str, str]]],
    arguments: dict[str, Any],
) -> None:
    answers = {person: undone(row, *persons[person], arguments) for person in PERSONS}
    assert answers == dict(zip(PERSONS, row.answers, strict=True))


def undone(row: Row, client: Client, headers: dict[str, str], arguments: dict[str, Any]) -> int:
    """The status of the answer; what the request wrote is taken back, so that each meets the same."""
    with transaction.atomic():
        status = ask(row, client, headers, arguments).status_code
        transaction.set_rollback(True)
    return status


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    assert {row.route for row in routes.TABLE} == set(routes.known())


def test_every_socket_is_asked() -> None:
    assert {route.name for route in websocket_urlpatterns} == routes.SOCKETS


def test_the_administration_is_for_its_staff_alone(
    as_anonymous: Client, as_viewer: Client, as_outsider: Client, superuser: Client
) -> None:
    login = reverse("admin:login")
    pages = [name for name, route in routes.administration().items() if not route.parameters]
    pages = [name for name in pages if name.rsplit("_", 1)[-1] in {"changelist", "add", "admin:index"}]
    assert len(pages) > 5
    for name in pages:
        url = reverse(name)
        for client in (as_anonymous, as_viewer, as_outsider):
            answer = client.get(url)
            assert (answer.status_code, answer.headers.get("Location", "")) == (302, f"{login}?next={url}")
        assert superuser.get(url).status_code in {200, 403}, name


@pytest.fixture
def superuser(db: None) -> Client:
    return factories.client_for(User.objects.create_superuser("root@example.org"))
