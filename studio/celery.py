"""The queue. With Redis its workers are processes of their own, else threads of the web process."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "studio.settings")

app = Celery("studio")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # For every thread: the current app is otherwise known to this one alone.
app.autodiscover_tasks()
