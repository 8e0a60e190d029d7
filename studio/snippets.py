"""How to call an agent from elsewhere, as text to copy."""

from __future__ import annotations

import json
import shlex
from typing import Any

from django.conf import settings
from django.urls import reverse

from agents.registry.models import Agent

CURL = """\
curl {url} \\
  -H "Authorization: Bearer $SANDLOFT_TOKEN" \\
  -H "Content-Type: application/json" \\
  -H "Prefer: wait=30" \\
  -d {body}"""

PYTHON = """\
import json, os, urllib.request

request = urllib.request.Request(
    {url!r},
    data=json.dumps({{"input": {input}}}).encode(),
    headers={{
        "Authorization": f"Bearer {{os.environ['SANDLOFT_TOKEN']}}",
        "Content-Type": "application/json",
        "Prefer": "wait=30",
    }},
)
with urllib.request.urlopen(request) as answer:
    print(json.load(answer)["result"])"""


def calls(agent: Agent) -> dict[str, str]:
    """`curl` and `python` programs that run the agent with its sample input and print the result."""
    url = settings.PUBLIC_URL + reverse("api:agent-execute", args=[agent.slug])
    sample = _sample(agent)
    body = json.dumps({"input": sample}, ensure_ascii=False)
    return {
        "curl": CURL.format(url=url, body=shlex.quote(body)),
        "python": PYTHON.format(url=url, input=repr(sample)),
    }


def _sample(agent: Agent) -> Any:
    """The sample input, or nothing where the author has not finished typing it."""
    try:
        return json.loads(agent.sample_input or "null")
    except (ValueError, RecursionError):
        return None
