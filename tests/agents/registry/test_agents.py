"""The verbs of agents."""

from __future__ import annotations

import pytest

from agents.registry import agents, drafts
from agents.registry.models import Agent
from agents.snapshots import snapshots
from agents.snapshots.models import Blob
from tests.agents.registry import samples
from tests.workspaces.racing import at_once
from workspaces.access import Actor
from workspaces.exceptions import Forbidden, Invalid, NotFound
from workspaces.models import AuditEntry


def audit_lines() -> list[str]:
    return list(
        AuditEntry.objects.filter(object_type__in=["agent", "draft", "version"])
        .order_by("id")
        .values_list("action", flat=True)
    )


def test_create_makes_an_agent_with_a_draft(actor: Actor) -> None:
    agent = agents.create(by=actor, spec=samples.spec("Word Count!", tags=[" Text ", "text", "C++"]))
    assert (agent.slug, agent.name, agent.tags, agent.created_by) == (
        "word-count",
        "Word Count!",
        ["text", "c++"],
        actor.user,
    )
    assert snapshots.spec(drafts.of(agent).snapshot) == samples.code()
    assert audit_lines() == ["agent.created"]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ünïcödé Näme", "unicode-name"),
        ("日本語", "agent"),
        ("new", "new-2"),
        ("a" * 120, "a" * 60),
        ("---", "agent"),
    ],
)
def test_a_slug_is_made_of_any_name(actor: Actor, name: str, slug: str) -> None:
    assert agents.create(by=actor, spec=samples.spec(name)).slug == slug


def test_equal_names_get_numbered_slugs(actor: Actor, outside_actor: Actor) -> None:
    slugs = [agents.create(by=actor, spec=samples.spec("Same")).slug for _ in range(3)]
    assert slugs == ["same", "same-2", "same-3"]
    assert agents.create(by=outside_actor, spec=samples.spec("Same")).slug == "same"


@pytest.mark.django_db(transaction=True)
def test_equal_names_at_once_all_get_a_slug(actor: Actor) -> None:
    got = at_once(lambda: agents.create(by=actor, spec=samples.spec("Race")).slug, 8)
    assert sorted(map(str, got)) == sorted(["race", *[f"race-{number}" for number in range(2, 9)]])


@pytest.mark.parametrize(
    ("details", "pointer"),
    [
        ({"name": "  "}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": "a\0b"}, "/name"),
        ({"name": "a\ud800"}, "/name"),
        ({"description": "x" * 10_001}, "/description"),
        ({"tags": ["ok", "no,comma"]}, "/tags/1"),
        ({"tags": [f"t{number}" for number in range(21)]}, "/tags"),
        ({"type": "robot"}, "/type"),
        ({"visibility": "secret"}, "/visibility"),
        ({"template": "../x"}, "/template"),
    ],
)
def test_bad_details_are_named(actor: Actor, details: dict[str, object], pointer: str) -> None:
    with pytest.raises(Invalid) as refused:
        agents.create(by=actor, spec=samples.spec(**details))  # type: ignore[arg-type]  # on purpose
    assert [error.pointer for error in refused.value.errors] == [pointer]
    assert (Agent.objects.count(), audit_lines()) == (0, [])


def test_what_cannot_be_made_leaves_nothing(actor: Actor) -> None:
    with pytest.raises(Invalid):
        agents.create(by=actor, spec=samples.spec(name=""))
    assert (Agent.objects.count(), Blob.objects.count()) == (0, 0)


def test_only_writers_may_write(viewer_actor: Actor, agent: Agent) -> None:
    for write in (
        lambda: agents.create(by=viewer_actor, spec=samples.spec()),
        lambda: agents.update_details(by=viewer_actor, agent=agent, name="Mine"),
        lambda: agents.delete(by=viewer_actor, agent=agent),
        lambda: agents.restore(by=viewer_actor, agent=agent),
    ):
        with pytest.raises(Forbidden):
            write()
    assert audit_lines() == ["agent.created"]


def test_strangers_find_nothing(outside_actor: Actor, actor: Actor, agent: Agent) -> None:
    assert (
        agents.get(by=actor, reference=agent.slug) == agents.get(by=actor, reference=str(agent.pk)) == agent
    )
    for attempt in (
        lambda: agents.get(by=outside_actor, reference=str(agent.pk)),
        lambda: agents.get(by=outside_actor, reference=agent.slug),
        lambda: agents.update_details(by=outside_actor, agent=agent, name="Mine"),
        lambda: agents.delete(by=outside_actor, agent=agent),
    ):
        with pytest.raises(NotFound):
            attempt()
    agents.delete(by=actor, agent=agent)
    with pytest.raises(NotFound):
        agents.restore(by=outside_actor, agent=agent)


def test_update_changes_and_records_only_what_differs(actor: Actor, agent: Agent) -> None:
    agents.update_details(by=actor, agent=agent, name="Other", description="", tags=["a"])
    agents.update_details(by=actor, agent=agent, name="Other")
    agent.refresh_from_db()
    assert (agent.name, agent.slug, agent.tags) == ("Other", "greeter", ["a"])
    line = AuditEntry.objects.get(action="agent.updated")
    assert (line.before, line.after) == ({"name": "Greeter", "tags": []}, {"name": "Other", "tags": ["a"]})


def test_a_private_agent_is_its_makers_alone(actor: Actor, editor_actor: Actor, agent: Agent) -> None:
    assert agents.get(by=editor_actor, reference=agent.pk) == agent
    agents.update_details(by=actor, agent=agent, visibility="private")
    assert agents.get(by=actor, reference=agent.pk) == agent
    with pytest.raises(NotFound):
        agents.get(by=editor_actor, reference=agent.pk)
    with pytest.raises(NotFound):
        agents.update_details(by=editor_actor, agent=agent, visibility="workspace")


def test_nobody_hides_the_agent_of_another(editor_actor: Actor, agent: Agent) -> None:
    with pytest.raises(Invalid) as refused:
        agents.update_details(by=editor_actor, agent=agent, visibility="private")
    assert [error.pointer for error in refused.value.errors] == ["/visibility"]


def test_the_trash_gives_back_what_was_thrown_away(actor: Actor, agent: Agent) -> None:
    agents.delete(by=actor, agent=agent)
    with pytest.raises(NotFound):
        agents.get(by=actor, reference=agent.pk)
    with pytest.raises(NotFound):
        agents.delete(by=actor, agent=agent)
    agents.create(by=actor, spec=samples.spec())
    assert agents.restore(by=actor, agent=agent).slug == "greeter-2"
    assert agents.get(by=actor, reference=agent.pk).deleted_at is None
    with pytest.raises(NotFound):
        agents.restore(by=actor, agent=agent)
    assert audit_lines() == ["agent.created", "agent.deleted", "agent.created", "agent.restored"]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("csv", ["Csv tool"]),
        ("tool csv", ["Csv tool"]),
        ("BLÜTE", ["Über"]),
        ("über", ["Über"]),
        ("100%", []),
        ("_", []),
        ("\0", ["Csv tool", "Über"]),
        ("", ["Csv tool", "Über"]),
    ],
)
def test_search_looks_at_names_descriptions_and_tags(actor: Actor, words: str, found: list[str]) -> None:
    agents.create(by=actor, spec=samples.spec("Csv tool", description="cleans tables"))
    agents.create(by=actor, spec=samples.spec("Über", tags=["blüte", "sea shell"]))
    rows = Agent.objects.visible_to(actor).search(words).order_by("name")
    assert [agent.name for agent in rows] == found


def test_a_tag_is_matched_whole(actor: Actor) -> None:
    agents.create(by=actor, spec=samples.spec("One", tags=["data", "über"]))
    agents.create(by=actor, spec=samples.spec("Two", tags=["database"]))
    names = {
        tag: [agent.name for agent in Agent.objects.visible_to(actor).tagged(tag)]
        for tag in ("Data", "über", "dat")
    }
    assert names == {"Data": ["One"], "über": ["One"], "dat": []}
