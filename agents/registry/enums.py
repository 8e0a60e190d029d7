"""The fixed words of the registry."""

from django.db.models import TextChoices


class AgentType(TextChoices):
    FUNCTION = "function", "Function"
    CONTEXT = "context", "Context"
    API = "api", "API"
    ORCHESTRATOR = "orchestrator", "Orchestrator"


class AgentStatus(TextChoices):
    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    ARCHIVED = "archived", "Archived"


class Visibility(TextChoices):
    PRIVATE = "private", "Private"
    WORKSPACE = "workspace", "Workspace"
    ORGANIZATION = "organization", "Organization"
    PUBLIC = "public", "Public"


class Stage(TextChoices):
    """Where a version stands on its way to production."""

    DRAFT = "draft", "Draft"
    ACTIVE = "active", "Active"
    ARCHIVED = "archived", "Archived"
