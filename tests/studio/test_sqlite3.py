"""Writers of one process take turns."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction

from workspaces.models import Organization

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif("sqlite3" not in connection.settings_dict["ENGINE"], reason="SQLite is not in use"),
]


def in_thread(work: Callable[[], object]) -> threading.Thread:
    def call() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=call)
    thread.start()
    return thread


def add(slug: str) -> None:
    Organization.objects.create(name=slug, slug=slug)


def test_threads_that_write_at_the_same_time_all_get_their_turn() -> None:
    def write(number: int) -> None:
        for again in range(10):
            with transaction.atomic():
                add(f"a-{number}-{again}")
            add(f"b-{number}-{again}")

    threads = [in_thread(lambda number=number: write(number)) for number in range(8)]  # type: ignore[misc]  # mypy cannot infer the default
    for thread in threads:
        thread.join(60)
    assert Organization.objects.count() == 8 * 10 * 2


def test_a_reader_does_not_wait_for_a_writer() -> None:
    counted: list[int] = []
    with transaction.atomic():
        add("open")
        reader = in_thread(lambda: counted.append(Organization.objects.count()))
        reader.join(10)
        assert counted == [0]


@pytest.mark.parametrize("way", ["commit", "rollback", "close", "savepoint"])
def test_every_end_of_a_transaction_ends_the_turn(way: str) -> None:
    try:
        with transaction.atomic():
            add("first")
            if way == "savepoint":
                with pytest.raises(KeyError), transaction.atomic():
                    raise KeyError
            if way == "rollback":
                raise KeyError
            if way == "close":
                connection.close()
    except KeyError:
        assert way == "rollback"
    in_thread(lambda: add("second")).join(10)
    expected = {"second"} if way in {"rollback", "close"} else {"first", "second"}
    assert set(Organization.objects.values_list("slug", flat=True)) == expected


def test_a_turn_that_does_not_come_is_a_locked_database() -> None:
    refused: list[BaseException] = []

    def impatient() -> None:
        connection.ensure_connection()
        connection.settings_dict = {**connection.settings_dict, "OPTIONS": {"timeout": 0.05}}
        try:
            add("late")
        except OperationalError as error:
            refused.append(error)

    with transaction.atomic():
        add("open")
        in_thread(impatient).join(10)
    assert [str(error) for error in refused] == ["database is locked"]
    assert Organization.objects.count() == 1
