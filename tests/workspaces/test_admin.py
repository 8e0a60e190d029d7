"""The administration of people."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.test import Client

from tests.factories import client_for, make_token, make_user, membership_of
from workspaces import access, tokens
from workspaces.enums import SCOPES_OF, Role
from workspaces.models import ApiToken, AuditEntry, Membership, User, Workspace

MODELS = ("user", "organization", "workspace", "membership", "apitoken", "auditentry")


@pytest.fixture
def root(workspace: Workspace) -> Client:
    return client_for(User.objects.create_superuser("root@example.org", "x"))


@pytest.mark.parametrize("model", MODELS)
def test_superusers_see_lists_and_forms(root: Client, owner: User, workspace: Workspace, model: str) -> None:
    make_token(owner, workspace)
    url = f"/admin/workspaces/{model}/"
    assert root.get(url, {"q": "a"}).status_code == 200
    row = apps.get_model("workspaces", model)._default_manager.first()
    assert row is not None
    assert root.get(f"{url}{row.pk}/change/").status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_nobody_else_does(owner: User, workspace: Workspace, model: str) -> None:
    url = f"/admin/workspaces/{model}/"
    staff = make_user("staff@example.org")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    assert client_for(staff).get(url).status_code == 403
    assert client_for(owner).get(url).status_code == 302
    assert Client().get(url).status_code == 302


def test_a_role_given_here_gives_the_rights(root: Client, workspace: Workspace, viewer: User) -> None:
    url = f"/admin/workspaces/membership/{membership_of(viewer, workspace).pk}/change/"
    assert root.post(url, {"role": "editor"}).status_code == 302
    assert access.scopes_of(user=viewer, workspace=workspace) == SCOPES_OF[Role.EDITOR]
    entry = AuditEntry.objects.get(action="member.changed")
    assert (entry.actor, entry.source) == ("root@example.org", "admin")


def test_a_membership_made_here_gives_the_rights(root: Client, workspace: Workspace, outsider: User) -> None:
    data = {"workspace": workspace.pk, "user": outsider.pk, "role": "viewer"}
    assert root.post("/admin/workspaces/membership/add/", data).status_code == 302
    assert access.scopes_of(user=outsider, workspace=workspace) == SCOPES_OF[Role.VIEWER]


def test_the_last_owner_stays(root: Client, workspace: Workspace, owner: User) -> None:
    url = f"/admin/workspaces/membership/{membership_of(owner, workspace).pk}/change/"
    answer = root.post(url, {"role": "viewer"}, follow=True)
    assert "at least one owner" in answer.content.decode()
    assert "successfully" not in answer.content.decode()
    assert membership_of(owner, workspace).role == "owner"


def test_members_are_removed_by_the_verb(
    root: Client, workspace: Workspace, owner: User, viewer: User
) -> None:
    secret = make_token(viewer, workspace)
    chosen = [membership_of(user, workspace).pk for user in (owner, viewer)]
    data = {"action": "remove_members", "_selected_action": chosen}
    answer = root.post("/admin/workspaces/membership/", data, follow=True)
    assert "at least one owner" in answer.content.decode()
    assert [member.user for member in Membership.objects.filter(workspace=workspace)] == [owner]
    assert tokens.authenticate(secret) is None


def test_tokens_are_read_and_revoked(root: Client, workspace: Workspace, owner: User) -> None:
    secret = make_token(owner, workspace)
    token = ApiToken.objects.get()
    page = root.get(f"/admin/workspaces/apitoken/{token.pk}/change/").content.decode()
    assert token.digest not in page
    assert secret[12:] not in page
    assert root.get("/admin/workspaces/apitoken/add/").status_code == 403
    assert root.post(f"/admin/workspaces/apitoken/{token.pk}/change/", {"name": "x"}).status_code == 403
    data = {"action": "revoke_tokens", "_selected_action": [str(token.pk)]}
    root.post("/admin/workspaces/apitoken/", data)
    assert tokens.authenticate(secret) is None


def test_the_audit_log_is_only_read(root: Client, workspace: Workspace) -> None:
    entry = AuditEntry.objects.latest("id")
    base = "/admin/workspaces/auditentry/"
    assert root.get(f"{base}add/").status_code == 403
    assert root.post(f"{base}{entry.pk}/change/", {"actor": "x"}).status_code == 403
    assert root.post(f"{base}{entry.pk}/delete/", {"post": "yes"}).status_code == 403
    data = {"action": "delete_selected", "_selected_action": [entry.pk], "post": "yes"}
    root.post(base, data)
    assert AuditEntry.objects.get(pk=entry.pk).actor == entry.actor


def test_people_are_made_and_switched_off_and_written_down(root: Client) -> None:
    data = {
        "email": "New@Example.org",
        "name": "New",
        "usable_password": "true",
        "password1": "long and strange",
        "password2": "long and strange",
    }
    assert root.post("/admin/workspaces/user/add/", data).status_code == 302
    user = User.objects.get(email="new@example.org")
    url = f"/admin/workspaces/user/{user.pk}/"
    assert root.post(f"{url}change/", {"email": user.email, "name": "New"}).status_code == 302
    user.refresh_from_db()
    assert not user.is_active
    assert root.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    lines = AuditEntry.objects.filter(object_type="user").order_by("id")
    assert [line.action for line in lines] == ["user.created", "user.changed"]
    assert (lines[1].before, lines[1].after) == ({"is_active": True}, {"is_active": False})
    assert not [line for line in lines if "strange" in str((line.before, line.after))]


def test_an_address_belongs_to_one_person(root: Client, viewer: User) -> None:
    data = {"email": "VIEWER@example.org", "usable_password": "false"}
    assert root.post("/admin/workspaces/user/add/", data).status_code == 200
    assert User.objects.filter(email__iexact=viewer.email).count() == 1


def test_a_workspace_made_here_has_an_owner(root: Client, workspace: Workspace) -> None:
    data = {"organization": workspace.organization_id, "name": "Second", "slug": "second"}
    assert root.post("/admin/workspaces/workspace/add/", data).status_code == 302
    second = Workspace.objects.get(slug="second")
    assert [member.user.email for member in second.memberships.all()] == ["root@example.org"]
    assert AuditEntry.objects.filter(action="workspace.created", workspace=second).count() == 1


def test_there_is_one_form_for_passwords_and_it_bounds_guessing(owner: User, root: Client) -> None:
    guess = {"username": "root@example.org", "password": "x"}
    answer = Client().post("/admin/login/?next=//evil.example", guess)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in/?next=/admin/")
    assert "_auth_user_id" not in answer.wsgi_request.session
    assert client_for(owner).get("/admin/login/").status_code == 403
    assert root.get("/admin/login/").headers["Location"] == "/admin/"
