"""The composition of Sandloft: settings, routes, queue, and the pages that span the packages."""

from studio.celery import app as celery_app

__all__ = ["celery_app"]
