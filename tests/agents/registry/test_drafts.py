"""The draft: saved as it is typed, never over somebody else's."""

from __future__ import annotations

import pytest

from agents.registry import agents, drafts
from agents.registry.exceptions import DraftMoved
from agents.registry.models import Agent, Draft
from agents.snapshots import snapshots
from agents.snapshots.types import SnapshotSpec
from tests.agents.registry import samples
from tests.workspaces.racing import at_once
from workspaces.access import Actor
from workspaces.exceptions import Forbidden, Invalid, NotFound
from workspaces.models import AuditEntry


def text_of(agent: Agent) -> str:
    return snapshots.spec(drafts.of(agent).snapshot).files["main.py"]


def test_each_save_is_a_revision(actor: Actor, agent: Agent) -> None:
    first = drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("a = 1"))
    second = drafts.save(
        by=actor, agent=agent, expected_revision=2, spec=samples.code("a = 2"), sample_input="{}"
    )
    assert (first.revision, second.revision, text_of(agent)) == (2, 3, "a = 2")
    agent.refresh_from_db()
    assert agent.sample_input == "{}"


def test_a_save_from_an_old_revision_changes_nothing_and_shows_the_newer(
    actor: Actor, editor_actor: Actor, agent: Agent
) -> None:
    drafts.save(by=editor_actor, agent=agent, expected_revision=1, spec=samples.code("theirs = 1"))
    with pytest.raises(DraftMoved) as refused:
        drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("mine = 1"))
    current = refused.value.extra["current"]
    assert (current["revision"], current["files"], current["saved_by"]) == (
        2,
        {"main.py": "theirs = 1"},
        "editor@example.org",
    )
    assert text_of(agent) == "theirs = 1"


def test_keep_mine_overwrites_and_is_recorded_as_that(actor: Actor, agent: Agent) -> None:
    drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("theirs = 1"))
    drafts.save(by=actor, agent=agent, expected_revision=None, spec=samples.code("mine = 1"))
    assert text_of(agent) == "mine = 1"
    actions = AuditEntry.objects.filter(object_type="draft").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["draft.saved", "draft.overwritten"]


def test_sending_again_what_is_saved_succeeds(actor: Actor, agent: Agent) -> None:
    again = [
        drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("x = 1")) for _ in range(3)
    ]
    assert [draft.revision for draft in again] == [2, 2, 2]


def test_a_typing_person_is_one_line_of_the_audit_log(
    actor: Actor, editor_actor: Actor, agent: Agent
) -> None:
    for revision, by in enumerate([actor, actor, editor_actor, editor_actor, actor], start=1):
        drafts.save(by=by, agent=agent, expected_revision=revision, spec=samples.code(f"n = {revision}"))
    lines = AuditEntry.objects.filter(action="draft.saved").order_by("id")
    assert [line.actor for line in lines] == ["owner@example.org", "editor@example.org"]


@pytest.mark.django_db(transaction=True)
def test_of_many_saves_at_once_one_wins_and_the_others_know(actor: Actor, agent: Agent) -> None:
    numbers = iter(range(100))

    def save() -> int:
        code = samples.code(f"n = {next(numbers)}")
        return drafts.save(by=actor, agent=agent, expected_revision=1, spec=code).revision

    got = at_once(save, 8)
    assert sorted(type(answer).__name__ for answer in got) == ["DraftMoved"] * 7 + ["int"]
    assert Draft.objects.get(agent=agent).revision == 2


@pytest.mark.parametrize(
    "unfinished",
    [
        samples.code(""),
        samples.code("def main(:"),
        SnapshotSpec(language="typescript", files={"main.py": "x"}, entry="main.py", entry_point=None),
    ],
)
def test_unfinished_work_is_kept(actor: Actor, agent: Agent, unfinished: SnapshotSpec) -> None:
    draft = drafts.save(by=actor, agent=agent, expected_revision=1, spec=unfinished)
    assert snapshots.spec(draft.snapshot) == unfinished


def test_who_may_not_write_cannot_save(
    viewer_actor: Actor, outside_actor: Actor, actor: Actor, agent: Agent
) -> None:
    with pytest.raises(Forbidden):
        drafts.save(by=viewer_actor, agent=agent, expected_revision=1, spec=samples.code("x"))
    with pytest.raises(NotFound):
        drafts.save(by=outside_actor, agent=agent, expected_revision=1, spec=samples.code("x"))
    agents.delete(by=actor, agent=agent)
    with pytest.raises(NotFound):
        drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("x"))
    assert text_of(agent) == samples.code().files["main.py"]


def test_an_impossible_sample_input_loses_nothing(actor: Actor, agent: Agent) -> None:
    with pytest.raises(Invalid):
        drafts.save(by=actor, agent=agent, expected_revision=1, spec=samples.code("x"), sample_input="a\0b")
    assert drafts.of(agent).revision == 1
