"""Where an agent begins: a gallery of programs that work, or an empty file."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from agents.registry import agents
from agents.registry.types import AgentSpec
from agents.starters import starters
from agents.starters.forms import BlankForm
from runtimes.types import Language
from workspaces.access import Actor
from workspaces.enums import Scope
from workspaces.requests import WorkspaceRequest, workspace_page


@require_http_methods(["GET", "HEAD", "POST"])
@workspace_page
def agent_create(request: WorkspaceRequest, actor: Actor) -> HttpResponse:
    actor.require(Scope.AGENTS_READ)
    if request.method != "POST":
        return _gallery(request, BlankForm(), 200)
    if "starter" in request.POST:
        starter = starters.get(request.POST["starter"])
        return _create(actor, starter.spec(name=request.POST.get("name", "").strip()))
    form = BlankForm(request.POST)
    if not form.is_valid():
        return _gallery(request, form, 422)
    language = Language(form.cleaned_data["language"])
    return _create(actor, starters.blank(language=language, name=form.cleaned_data["name"]))


def _create(actor: Actor, spec: AgentSpec) -> HttpResponse:
    agent = agents.create(by=actor, spec=spec)
    return redirect("agent-edit", actor.workspace.slug, agent.pk)


def _gallery(request: WorkspaceRequest, form: BlankForm, status: int) -> HttpResponse:
    context = {"starters": starters.all(), "languages": list(Language), "form": form}
    return render(request, "agents/agent_create.html", context, status=status)
