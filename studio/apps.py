from importlib import import_module

from django.apps import AppConfig


class StudioConfig(AppConfig):
    name = "studio"
    verbose_name = "Studio"

    def ready(self) -> None:
        import_module("studio.openapi")  # Its classes register themselves with the schema generator.
