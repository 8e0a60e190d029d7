from functools import partial
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings

from runtimes import registry
from runtimes.backends.local import LocalSandbox


class StudioConfig(AppConfig):
    name = "studio"
    verbose_name = "Studio"

    def ready(self) -> None:
        import_module("studio.openapi")  # Its classes register themselves with the schema generator.
        registry.register("local", partial(LocalSandbox, warm=settings.SANDBOX_WARM))
