"""What every test may ask for: a workspace with one person per role, strangers, and their clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings
from rest_framework.test import APIClient

from runtimes import meters
from tests import factories
from workspaces import organizations
from workspaces.access import Actor
from workspaces.enums import Role, Scope
from workspaces.models import User, Workspace


@pytest.fixture(scope="session", autouse=True)
def _own_files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps blobs and other files of tests out of the data directory."""
    data_dir = tmp_path_factory.mktemp("data")
    blobs = {
        "BACKEND": settings.STORAGES["blobs"]["BACKEND"],
        "OPTIONS": {"location": data_dir / "blobs", "file_permissions_mode": 0o600},
    }
    with override_settings(DATA_DIR=data_dir, STORAGES={**settings.STORAGES, "blobs": blobs}):
        yield


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Counters of one test must not refuse the next."""
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _fresh_meters() -> Iterator[None]:
    """What a runtime did in one test must not keep the next from using it."""
    yield
    meters.reset()


@pytest.fixture
def data_dir() -> Path:
    return Path(settings.DATA_DIR)


@pytest.fixture
def owner(db: None) -> User:
    return factories.make_user("owner@example.org", name="Olga Owner")


@pytest.fixture
def workspace(owner: User) -> Workspace:
    return factories.make_workspace("acme", owner=owner)


@pytest.fixture
def admin(workspace: Workspace) -> User:
    return factories.make_member(workspace, Role.ADMIN, "admin@example.org")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return factories.make_member(workspace, Role.EDITOR, "editor@example.org")


@pytest.fixture
def reviewer(workspace: Workspace) -> User:
    return factories.make_member(workspace, Role.REVIEWER, "reviewer@example.org")


@pytest.fixture
def viewer(workspace: Workspace) -> User:
    return factories.make_member(workspace, Role.VIEWER, "viewer@example.org")


@pytest.fixture
def other_workspace(db: None) -> Workspace:
    """A workspace of somebody else, in another organization."""
    return factories.make_workspace(
        "elsewhere", owner=factories.make_user("outsider@example.org"), organization="rivals"
    )


@pytest.fixture
def outsider(other_workspace: Workspace) -> User:
    """The owner of another workspace, who is nobody in `workspace`."""
    owner = organizations.first_owner(other_workspace)
    assert owner is not None
    return owner


@pytest.fixture
def actor(owner: User, workspace: Workspace) -> Actor:
    """The owner, by the pages."""
    return factories.actor_for(owner, workspace)


@pytest.fixture
def viewer_actor(viewer: User, workspace: Workspace) -> Actor:
    return factories.actor_for(viewer, workspace)


@pytest.fixture
def outside_actor(outsider: User, other_workspace: Workspace) -> Actor:
    return factories.actor_for(outsider, other_workspace)


@pytest.fixture
def as_owner(owner: User, workspace: Workspace) -> Client:
    return factories.client_for(owner)


@pytest.fixture
def as_viewer(viewer: User) -> Client:
    return factories.client_for(viewer)


@pytest.fixture
def as_outsider(outsider: User) -> Client:
    return factories.client_for(outsider)


@pytest.fixture
def as_anonymous() -> Client:
    return Client()


@pytest.fixture
def api(owner: User, workspace: Workspace) -> APIClient:
    """The owner's program, with a token for everything."""
    return factories.api_client(factories.make_token(owner, workspace))


@pytest.fixture
def api_for(workspace: Workspace) -> Callable[..., APIClient]:
    """`api_for(user, scopes=[...], workspace=...)`: a program with a new token of that user."""

    def make(user: User, scopes: list[Scope] | None = None, workspace: Workspace = workspace) -> APIClient:
        return factories.api_client(factories.make_token(user, workspace, scopes))

    return make
