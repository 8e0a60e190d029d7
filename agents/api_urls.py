"""The API of this app, below /api/v1/."""

from agents.executions.api_urls import urlpatterns as execution_routes
from agents.registry.api_urls import urlpatterns as registry_routes

app_name = "api"
# Runs first: `code-agents/<agent>/execute` and the registry's routes share their beginning.
urlpatterns = [*execution_routes, *registry_routes]
