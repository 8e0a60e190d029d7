"""One settings file: what differs between a laptop and a cluster comes from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF

from studio import data_dir, logs
from studio.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()

DATA_DIR = data_dir.prepare(env.str("STUDIO_DATA_DIR", default=str(BASE_DIR / "var")))
SECRET_KEY = env.str("SECRET_KEY", default="") or data_dir.secret(DATA_DIR, "secret-key")
DEBUG = env.bool("DEBUG", default=False)

HOST = env.str("HOST", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
_LOCAL = "127.0.0.1" if HOST in {"0.0.0.0", "::"} else f"[{HOST}]" if ":" in HOST else HOST  # noqa: S104  # compared
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://{_LOCAL}:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]", _LOCAL])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[PUBLIC_URL])
HTTPS = PUBLIC_URL.startswith("https://")

# Packages in the order of their imports: each may use those below it.
INSTALLED_APPS = [
    "daphne",
    "studio",
    "agents",
    "analytics",
    "runtimes",
    "workspaces",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "channels",
    "csp",
    "django_filters",
    "django_htmx",
    "django_structlog",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "guardian",
    "rest_framework",
    "template_partials",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "studio.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "studio.middleware.RequestLogMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "studio.urls"
WSGI_APPLICATION = None
ASGI_APPLICATION = "studio.asgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "studio.context_processors.shell",
            ],
        },
    }
]

# --- Database: SQLite in the data directory, or whatever DATABASE_URL names -----------------------
DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'sandloft.sqlite3'}")
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["ENGINE"] = "studio.sqlite3"  # Writers of this process queue instead of sleeping.
    DATABASES["default"]["CONN_MAX_AGE"] = None  # Threads keep theirs: opening one costs as much as a query.
    DATABASES["default"]["OPTIONS"] = {
        # Writers queue at BEGIN instead of failing half-way through a transaction.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA busy_timeout=20000;",
    }
else:
    DATABASES["default"].setdefault("CONN_MAX_AGE", 60)
    DATABASES["default"].setdefault("CONN_HEALTH_CHECKS", True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue and doorbell: in this process, or on Redis ---------------------------------------------
REDIS_URL = env.str("REDIS_URL", default="")
EMBEDDED = not REDIS_URL
"""Whether tasks run in worker threads of the web process."""
EMBEDDED_WORKER_THREADS = env.int("EMBEDDED_WORKER_THREADS", default=4)
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = (
    {"polling_interval": 0.02} if EMBEDDED else {"visibility_timeout": 3600}
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": (
        {"BACKEND": "studio.layers.ThreadSafeInMemoryChannelLayer", "CONFIG": {"capacity": 1000}}
        if EMBEDDED
        else {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}
    )
}

# --- People ---------------------------------------------------------------------------------------
AUTH_USER_MODEL = "workspaces.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
GUARDIAN_MONKEY_PATCH_USER = False
ANONYMOUS_USER_NAME = None
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
LOGIN_URL = "workspaces:sign-in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "workspaces:sign-in"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_NAME = "sandloft_session"
CSRF_COOKIE_NAME = "sandloft_csrf"
CSRF_FAILURE_VIEW = "studio.views.errors.csrf_failure"

# --- Transport security ---------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=HTTPS)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # Asked from inside, past the proxy.
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=31_536_000 if HTTPS else 0)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("TRUST_PROXY", default=False) else None
)
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF],
        "frame-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# --- Files ----------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = data_dir.prepare(str(DATA_DIR / "static"))
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("WHITENOISE_USE_FINDERS", default=True)
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": DATA_DIR}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "blobs": {
        "BACKEND": "agents.snapshots.storage.AtomicFileStorage",
        "OPTIONS": {"location": DATA_DIR / "blobs", "file_permissions_mode": 0o600},
    },
}
S3_BUCKET = env.str("S3_BUCKET", default="")
if S3_BUCKET:
    STORAGES["blobs"] = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("S3_ENDPOINT_URL", default="") or None,
            "file_overwrite": True,
        },
    }
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024

# --- API ------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "workspaces.authentication.TokenAuthentication",
        "workspaces.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["workspaces.permissions.IsWorkspaceActor"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["workspaces.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "workspaces.pagination.NewestFirst",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "studio.problems.handle",
    "UNAUTHENTICATED_USER": None,
    # Escaped to ASCII: results may hold lone surrogates, which no encoding can carry.
    "UNICODE_JSON": False,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Sandloft API",
    "DESCRIPTION": "Run code in sandboxes, keep agents and their versions, and read back what happened.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["workspaces.permissions.IsWorkspaceActor"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "ENUM_NAME_OVERRIDES": {
        "LifecycleEnum": "agents.registry.enums.Stage",
        "ExecutionStatusEnum": "agents.executions.enums.State",
        "ExecutionKindEnum": "agents.executions.enums.Kind",
        "EventKindEnum": "agents.executions.enums.EventKind",
    },
}

# --- Runs -----------------------------------------------------------------------------------------
RUN_LEASE_SECONDS = env.int("RUN_LEASE_SECONDS", default=20)
"""How long a worker may be silent before its runs count as lost."""
RUN_HEARTBEAT_SECONDS = env.float("RUN_HEARTBEAT_SECONDS", default=5.0)
RUN_CANCEL_POLL_SECONDS = env.float("RUN_CANCEL_POLL_SECONDS", default=0.5)
RUN_REAP_SECONDS = env.float("RUN_REAP_SECONDS", default=10.0)
RUN_REQUEUE_SECONDS = env.float("RUN_REQUEUE_SECONDS", default=30.0)
"""How long a run may wait unclaimed before its task is handed to the queue again."""
RUN_DRAIN_SECONDS = env.float("RUN_DRAIN_SECONDS", default=8.0)
"""How long a worker that is told to stop lets its runs go on before it interrupts them."""
RUN_MAX_TIMEOUT_SECONDS = env.int("RUN_MAX_TIMEOUT_SECONDS", default=600)
RUN_MAX_MEMORY_MB = env.int("RUN_MAX_MEMORY_MB", default=2048)
RUN_INLINE_CONCURRENCY = env.int("RUN_INLINE_CONCURRENCY", default=16)
"""How many synchronous API runs one web process holds at once; more wait for a slot."""
RUN_INLINE_WAITING = env.int("RUN_INLINE_WAITING", default=64)
"""How many callers may wait for a slot in one web process; more are answered 429."""
RUN_INLINE_WAIT_SECONDS = env.float("RUN_INLINE_WAIT_SECONDS", default=5.0)
"""How long they wait before they are answered 429."""
RUN_QUEUE_LIMIT = env.int("RUN_QUEUE_LIMIT", default=2000)
"""How many runs of one workspace may be queued; more are answered 429."""

SANDBOX_WARM = env.bool("SANDBOX_WARM", default=False)
"""Whether sandboxes are started ahead of their jobs."""

RESULT_CACHE_MAX_BYTES = env.int("RESULT_CACHE_MAX_BYTES", default=64 * 1024 * 1024)
"""How much one workspace keeps of answers of runs declared pure; 0 keeps none."""
RESULT_CACHE_SECONDS = env.int("RESULT_CACHE_SECONDS", default=24 * 3600)

# --- Language, time, logs -------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
DJANGO_STRUCTLOG_TRUST_UPSTREAM_REQUEST_ID = True  # RequestIdMiddleware has vetted or made it.
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
LOGGING = logs.config(
    json=env.bool("LOG_JSON", default=False),
    level=LOG_LEVEL,
    worker_level="WARNING" if EMBEDDED else LOG_LEVEL,
)
