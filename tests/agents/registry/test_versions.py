"""Versions: numbered without gaps, never changed, restored without loss."""

from __future__ import annotations

import pytest

from agents.registry import agents, drafts, versions
from agents.registry.exceptions import DraftMoved, NothingToSave
from agents.registry.models import Agent, Version
from agents.snapshots import snapshots
from tests.agents.registry import samples
from tests.workspaces.racing import at_once
from workspaces.access import Actor
from workspaces.exceptions import AppendOnly, Forbidden, Invalid, NotFound
from workspaces.models import AuditEntry, User


def texts(agent: Agent) -> dict[int, str]:
    return {
        version.number: snapshots.spec(version.snapshot).files["main.py"]
        for version in Version.objects.filter(agent=agent).select_related("snapshot")
    }


def type_in(actor: Actor, agent: Agent, text: str) -> None:
    drafts.save(by=actor, agent=agent, expected_revision=None, spec=samples.code(text))


def test_save_numbers_the_draft(actor: Actor, agent: Agent) -> None:
    first = versions.save(by=actor, agent=agent, expected_revision=1, changelog=" First ")
    type_in(actor, agent, "def main(): pass")
    second = versions.save(by=actor, agent=agent, expected_revision=2)
    assert [
        (first.number, first.changelog, first.created_by),
        (second.number, second.changelog, second.created_by),
    ] == [
        (1, "First", actor.user),
        (2, "", actor.user),
    ]
    assert drafts.of(agent).based_on == second
    assert AuditEntry.objects.filter(action="version.created").count() == 2


def test_an_unchanged_draft_is_not_saved_twice(actor: Actor, version: Version) -> None:
    with pytest.raises(NothingToSave, match="version 1"):
        versions.save(by=actor, agent=version.agent)
    assert list(texts(version.agent)) == [1]


def test_a_draft_that_moved_is_not_saved(actor: Actor, agent: Agent) -> None:
    type_in(actor, agent, "def main(): return 'theirs'")
    with pytest.raises(DraftMoved):
        versions.save(by=actor, agent=agent, expected_revision=1)
    assert texts(agent) == {}


@pytest.mark.parametrize("text", ["", " \n"])
def test_what_cannot_run_is_no_version(actor: Actor, agent: Agent, text: str) -> None:
    type_in(actor, agent, text)
    with pytest.raises(Invalid):
        versions.save(by=actor, agent=agent)
    assert (texts(agent), drafts.of(agent).revision) == ({}, 2)


def test_a_long_changelog_is_refused(actor: Actor, agent: Agent) -> None:
    with pytest.raises(Invalid) as refused:
        versions.save(by=actor, agent=agent, changelog="x" * 501)
    assert [error.pointer for error in refused.value.errors] == ["/changelog"]


@pytest.mark.django_db(transaction=True)
def test_twenty_puts_at_once_are_twenty_numbers(actor: Actor, agent: Agent) -> None:
    numbers = iter(range(1, 100))

    def put() -> tuple[int, str]:
        text = f"N = {next(numbers)}"
        return versions.put(by=actor, agent=agent, spec=samples.spec(text=text)).number, text

    got = dict(answer for answer in at_once(put, 20) if isinstance(answer, tuple))
    assert sorted(got) == list(range(1, 21))
    assert texts(agent) == got


@pytest.mark.django_db(transaction=True)
def test_the_same_draft_saved_at_once_is_one_version(actor: Actor, agent: Agent) -> None:
    got = at_once(lambda: versions.save(by=actor, agent=agent).number, 6)
    assert sorted(type(answer).__name__ for answer in got) == ["NothingToSave"] * 5 + ["int"]
    assert list(texts(agent)) == [1]


def test_put_moves_a_draft_that_was_saved(actor: Actor, version: Version) -> None:
    newer = versions.put(by=actor, agent=version.agent, spec=samples.spec("Renamed", text="NEW = 1"))
    draft = drafts.of(version.agent)
    assert (draft.snapshot, draft.based_on, draft.revision) == (newer.snapshot, newer, 2)
    assert Agent.objects.get(pk=version.agent_id).name == "Renamed"


def test_put_leaves_a_draft_that_was_not(actor: Actor, version: Version) -> None:
    type_in(actor, version.agent, "typing = 1")
    versions.put(by=actor, agent=version.agent, spec=samples.spec(text="NEW = 1"))
    draft = drafts.of(version.agent)
    assert (snapshots.spec(draft.snapshot).files["main.py"], draft.based_on) == ("typing = 1", version)


def test_restore_keeps_the_draft_it_replaces(actor: Actor, version: Version) -> None:
    type_in(actor, version.agent, "unsaved = 1")
    draft = versions.restore(by=actor, version=version)
    assert (draft.snapshot, draft.based_on, draft.revision) == (version.snapshot, version, 3)
    assert texts(version.agent) == {1: samples.code().files["main.py"], 2: "unsaved = 1"}
    kept = versions.get(by=actor, agent=version.agent, number=2)
    assert kept.changelog == "Draft kept before version 1 was restored"
    versions.restore(by=actor, version=kept)
    assert list(texts(version.agent)) == [2, 1]


def test_a_saved_version_never_changes(version: Version, editor: User) -> None:
    with pytest.raises(AppendOnly):
        version.save()
    for field, value in (("number", 7), ("changelog", "x"), ("created_by", editor)):
        setattr(version, field, value)
        with pytest.raises(AppendOnly):
            version.save(update_fields=[field])
        with pytest.raises(AppendOnly):
            Version.objects.filter(pk=version.pk).update(**{field: value})
    version.stage = "archived"
    version.save(update_fields=["stage"])
    row = Version.objects.get(pk=version.pk)
    assert (row.number, row.changelog, row.stage) == (1, "First", "archived")


def test_who_may_not_write_saves_nothing(
    viewer_actor: Actor, outside_actor: Actor, actor: Actor, version: Version
) -> None:
    agent = version.agent
    for by, refusal in ((viewer_actor, Forbidden), (outside_actor, NotFound)):
        for write in (
            lambda by=by: versions.save(by=by, agent=agent),
            lambda by=by: versions.put(by=by, agent=agent, spec=samples.spec(text="X = 1")),
            lambda by=by: versions.restore(by=by, version=version),
        ):
            with pytest.raises(refusal):
                write()
    with pytest.raises(NotFound):
        versions.get(by=outside_actor, agent=agent, number=1)
    assert versions.get(by=viewer_actor, agent=agent, number=1) == version
    agents.delete(by=actor, agent=agent)
    with pytest.raises(NotFound):
        versions.get(by=actor, agent=agent, number=1)


def test_deleting_the_author_keeps_the_version(actor: Actor, editor_actor: Actor, agent: Agent) -> None:
    version = versions.save(by=editor_actor, agent=agent)
    editor_actor.user.delete()
    assert Version.objects.get(pk=version.pk).created_by is None
