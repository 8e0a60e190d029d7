"""`manage.py doctor` tries the sandbox and says what it found."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from runtimes.probes import Check
from studio.management.commands import doctor


@pytest.mark.django_db
def test_here_the_sandbox_holds() -> None:
    out = StringIO()
    call_command("doctor", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["holds"] is True
    assert [check for check in report["checks"] if not check["ok"]] == []
    assert len(report["checks"]) > 15
    assert report["facts"]["sandloft"] != ""


def test_one_protection_that_gives_way_is_enough() -> None:
    good, bad = Check("read a file of the host", True, ""), Check("reach the network", False, "it connected")
    assert doctor.holds([good])
    assert not doctor.holds([good, bad])
    text = doctor.as_text({"python": "3"}, [good, bad])
    assert "  FAIL  reach the network        it connected" in text
    assert text.endswith("THE SANDBOX DOES NOT HOLD: see FAIL above.")


def test_a_missing_language_is_named_and_harms_nobody() -> None:
    checks = [Check("run typescript", False, "there is no Node")]
    assert doctor.holds(checks)
    assert "FAIL  run typescript  there is no Node" in doctor.as_text({"python": "3"}, checks)


def test_a_program_that_is_not_there_is_no_failure() -> None:
    assert doctor.program_version("surely-not-a-program") == "not installed"
