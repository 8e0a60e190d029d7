"""The pages of this app."""

from agents.executions.urls import urlpatterns as execution_pages
from agents.registry.urls import urlpatterns as registry_pages
from agents.starters.urls import urlpatterns as gallery_pages

app_name = "agents"
urlpatterns = [*gallery_pages, *registry_pages, *execution_pages]
