"""/api/v1/code-agents, by owner, viewer, outsider and nobody."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from agents.registry import agents, versions
from agents.registry.models import Agent
from tests import factories
from tests.agents.registry import samples
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.models import AuditEntry, User, Workspace

URL = "/api/v1/code-agents"
ApiFor = Callable[..., APIClient]


def post(client: APIClient, body: Any) -> Any:
    return client.post(URL, body, format="json")


# --- What owners get ------------------------------------------------------------------------------


def test_create_answers_the_agent_with_its_first_version(api: APIClient, owner: User) -> None:
    answer = post(api, samples.body(changelog="First", tags=["hello"], limits={"timeout": 5}))
    body = answer.json()
    agent = Agent.objects.get()
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{URL}/{agent.pk}"
    assert body == {
        "id": str(agent.pk),
        "slug": "greeter",
        "name": "Greeter",
        "description": "Says hello",
        "type": "function",
        "template": "custom",
        "visibility": "workspace",
        "status": "draft",
        "deprecated": False,
        "tags": ["hello"],
        "sample_input": "",
        "language": "python",
        "active_version": None,
        "version": {
            "number": 1,
            "hash": agent.versions.get().snapshot_id,
            "stage": "draft",
            "changelog": "First",
            "created_by": "owner@example.org",
            "created_at": body["version"]["created_at"],
        },
        "created_by": "owner@example.org",
        "created_at": body["created_at"],
        "updated_at": body["updated_at"],
        "files": samples.BODY["files"],
        "entry": "main.py",
        "entry_point": "main",
        "input_schema": None,
        "output_schema": None,
        "dependencies": [],
        "env": [],
        "secrets": [],
        "limits": {"timeout": 5, "memory_mb": 256, "network": "none"},
        "runtime": "auto",
    }
    assert api.get(answer["Location"]).json() == body
    assert api.get(f"{URL}/greeter").json() == body


def test_code_is_the_short_form_of_one_file(api: APIClient) -> None:
    body = {"name": "Short", "language": "bash", "code": "main() { :; }\n"}
    answer = post(api, body).json()
    assert (answer["files"], answer["entry"], answer["entry_point"]) == (
        {"main.sh": "main() { :; }\n"},
        "main.sh",
        "main",
    )


def test_the_only_file_is_the_entry(api: APIClient) -> None:
    answer = post(
        api, {"name": "One", "language": "python", "files": {"job.py": "x = 1\n"}, "entry_point": None}
    ).json()
    assert (answer["entry"], answer["entry_point"]) == ("job.py", None)


def test_put_adds_a_version_and_get_reads_any(api: APIClient, made: dict[str, Any]) -> None:
    files = {"main.py": "def main(name):\n    return name\n"}
    put = api.put(
        f"{URL}/greeter", {"language": "python", "files": files, "changelog": "Simpler"}, format="json"
    )
    assert put.status_code == 200
    assert (put.json()["version"]["number"], put.json()["files"], put.json()["tags"]) == (2, files, ["hello"])
    assert api.get(f"{URL}/greeter").json() == put.json()
    first = api.get(f"{URL}/greeter?version=1").json()
    assert (first["version"], first["files"]) == (made["version"], made["files"])
    listed = api.get(f"{URL}/greeter/versions").json()
    assert [(row["number"], row["changelog"]) for row in listed["results"]] == [(2, "Simpler"), (1, "First")]


def test_patch_changes_details_and_no_version(api: APIClient, made: dict[str, Any]) -> None:
    answer = api.patch(f"{URL}/{made['id']}", {"name": "Hello", "deprecated": True}, format="json").json()
    assert (answer["name"], answer["deprecated"], answer["slug"], answer["version"]) == (
        "Hello",
        True,
        "greeter",
        made["version"],
    )


def test_delete_and_restore(api: APIClient, made: dict[str, Any]) -> None:
    assert api.delete(f"{URL}/greeter").status_code == 204
    assert [api.get(f"{URL}/{name}").status_code for name in ("greeter", made["id"])] == [404, 404]
    assert api.get(URL).json()["results"] == []
    restored = api.post(f"{URL}/{made['id']}/restore")
    assert (restored.status_code, restored.json()["version"]) == (200, made["version"])
    assert api.post(f"{URL}/{made['id']}/restore").status_code == 404


def test_diff_shows_files_and_settings(api: APIClient, made: dict[str, Any]) -> None:
    body = samples.body(
        files={"main.py": samples.BODY["files"]["main.py"], "more.py": "x = 1\n"}, limits={"timeout": 9}
    )
    api.put(f"{URL}/greeter", body, format="json")
    diff = api.get(f"{URL}/greeter/diff?from=1&to=2").json()
    assert diff == {
        "before": 1,
        "after": 2,
        "files": [
            {
                "path": "more.py",
                "change": "added",
                "diff": "--- /dev/null\n+++ b/more.py\n@@ -0,0 +1 @@\n+x = 1\n",
            },
            {
                "path": "words.py",
                "change": "removed",
                "diff": "--- a/words.py\n+++ /dev/null\n@@ -1 +0,0 @@\n-HELLO = 'Hi '\n",
            },
        ],
        "settings": [
            {
                "name": "limits",
                "before": {"timeout": 30, "memory_mb": 256, "network": "none"},
                "after": {"timeout": 9, "memory_mb": 256, "network": "none"},
            }
        ],
    }
    assert api.get(f"{URL}/greeter/diff?from=2&to=draft").json() == {
        "before": 2,
        "after": None,
        "files": [],
        "settings": [],
    }


def test_an_agent_without_versions_shows_its_draft(api: APIClient, agent: Agent) -> None:
    body = api.get(f"{URL}/{agent.slug}").json()
    assert (body["version"], body["files"]) == (None, samples.code().files)
    assert api.get(URL).json()["results"][0]["version"] is None


# --- Lists ----------------------------------------------------------------------------------------


@pytest.fixture
def several(actor: Actor) -> list[str]:
    made: dict[str, dict[str, Any]] = {
        "Csv": {"tags": ["data"], "description": "tables"},
        "Hidden": {"visibility": "private"},
        "Old": {"deprecated": True, "template": "legacy"},
    }
    for name, details in made.items():
        agents.create(by=actor, spec=samples.spec(name, **details))
    versions.create_agent(by=actor, spec=samples.spec("Saved"))
    return ["Saved", "Old", "Hidden", "Csv"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["Saved", "Old", "Hidden", "Csv"]),
        ("search=TABLES", ["Csv"]),
        ("tag=data", ["Csv"]),
        ("tag=dat", []),
        ("visibility=private", ["Hidden"]),
        ("deprecated=true", ["Old"]),
        ("deprecated=false&search=a", ["Saved", "Csv"]),
        ("template=legacy", ["Old"]),
        ("language=python", ["Saved", "Old", "Hidden", "Csv"]),
        ("language=bash", []),
        ("status=draft", ["Saved", "Old", "Hidden", "Csv"]),
        ("status=active", []),
    ],
)
def test_filters(api: APIClient, several: list[str], query: str, found: list[str]) -> None:
    assert [row["name"] for row in api.get(f"{URL}?{query}").json()["results"]] == found


def test_pages_by_cursor(api: APIClient, several: list[str]) -> None:
    first = api.get(f"{URL}?page_size=3").json()
    second = api.get(first["next"]).json()
    assert [row["name"] for row in first["results"] + second["results"]] == several
    assert (first["previous"], second["next"]) == (None, None)


def test_a_list_takes_as_many_queries_for_many(api: APIClient, several: list[str]) -> None:
    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as taken:
            assert api.get(url).status_code == 200
        return len(taken)

    queries(URL)  # The first use of a token is written down.
    assert queries(f"{URL}?page_size=1") == queries(f"{URL}?page_size=4")


@pytest.mark.parametrize(
    "query", ["language=cobol", "status=x", "visibility=x", "search=a%00b", "cursor=zzz", "page_size=0"]
)
def test_a_filter_that_cannot_be_is_400(api: APIClient, db: None, query: str) -> None:
    answer = api.get(f"{URL}?{query}")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


# --- Others ---------------------------------------------------------------------------------------


def calls(reference: str) -> dict[str, tuple[str, str, Any]]:
    """One of each, in the order of the tables below."""
    return {
        "list": ("GET", URL, None),
        "create": ("POST", URL, samples.body(name="Another")),
        "get": ("GET", f"{URL}/{reference}", None),
        "versions": ("GET", f"{URL}/{reference}/versions", None),
        "diff": ("GET", f"{URL}/{reference}/diff?from=1&to=1", None),
        "patch": ("PATCH", f"{URL}/{reference}", {"description": "x"}),
        "put": ("PUT", f"{URL}/{reference}", samples.body()),
        "delete": ("DELETE", f"{URL}/{reference}", None),
        "restore": ("POST", f"{URL}/{reference}/restore", None),
    }


def answers(client: APIClient, reference: str) -> list[int]:
    return [
        client.generic(method, url, json.dumps(body), content_type="application/json").status_code
        for method, url, body in calls(reference).values()
    ]


def test_owners_may_do_everything(api: APIClient, made: dict[str, Any]) -> None:
    assert answers(api, made["id"]) == [200, 201, 200, 200, 200, 200, 200, 204, 200]


def test_viewers_read(api_for: ApiFor, viewer: User, made: dict[str, Any]) -> None:
    assert answers(api_for(viewer), made["id"]) == [200, 403, 200, 200, 200, 403, 403, 403, 403]


def test_a_token_without_the_right_reads_nothing(api_for: ApiFor, owner: User, made: dict[str, Any]) -> None:
    assert set(answers(api_for(owner, scopes=[Scope.EXECUTIONS_WRITE]), made["id"])) == {403}


def test_outsiders_find_nothing(
    api_for: ApiFor, outsider: User, other_workspace: Workspace, made: dict[str, Any]
) -> None:
    client = api_for(outsider, workspace=other_workspace)
    assert client.get(URL).json()["results"] == []
    assert answers(client, made["id"]) == [200, 201, 404, 404, 404, 404, 404, 404, 404]
    assert client.get(f"{URL}/greeter").status_code == 404


def test_nobody_gets_nothing(made: dict[str, Any]) -> None:
    for client in (APIClient(), factories.api_client("slt_wrong")):
        assert set(answers(client, made["id"])) == {401}


def test_a_private_agent_is_unknown_to_colleagues(
    api: APIClient, api_for: ApiFor, admin: User, made: dict[str, Any]
) -> None:
    colleague = api_for(admin)
    assert colleague.get(f"{URL}/greeter").status_code == 200
    api.patch(f"{URL}/greeter", {"visibility": "private"}, format="json")
    assert answers(colleague, made["id"]) == [200, 201, 404, 404, 404, 404, 404, 404, 404]
    assert [row["name"] for row in colleague.get(URL).json()["results"]] == ["Another"]


def test_every_write_is_audited_as_the_api(api: APIClient, made: dict[str, Any]) -> None:
    answers(api, made["id"])
    lines = AuditEntry.objects.filter(source="api").order_by("id").values_list("action", flat=True)
    assert list(lines) == [
        *["agent.created", "version.created"] * 2,
        *["agent.updated", "agent.updated", "version.created"],
        "agent.deleted",
        "agent.restored",
    ]
