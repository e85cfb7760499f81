"""The panel's settings: one file, from the environment only (see `panel.env`)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import django_stubs_ext
import environ
import structlog
from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from kombu import Queue

from panel import env

django_stubs_ext.monkeypatch()

BASE_DIR = env.BASE_DIR
DATA_DIR = env.data_dir()

# --- The site ------------------------------------------------------------------------------
DEBUG = env.flag("DEBUG", default=False)
SECRET_KEY = env.text("SECRET_KEY")
if len(SECRET_KEY) < 40:
    raise ImproperlyConfigured("SECRET_KEY must have at least 40 characters.")
# Client secrets, second factors and one-time passwords are encrypted with this key; without one it
# is derived from SECRET_KEY, and then a change of SECRET_KEY makes them unreadable.
FIELD_KEY = env.text("FIELD_KEY", "")

PANEL_URL, PANEL_HOST, HTTPS = env.site_url("http://localhost:8000")
LOCAL = PANEL_HOST in {"localhost", "127.0.0.1"}
# Shows the demo sign-ins on the sign-in page; `make run` sets it with its demo data.
DEMO = env.flag("PANEL_DEMO", default=False)
ALLOWED_HOSTS = [PANEL_HOST, *(["localhost", "127.0.0.1"] if LOCAL else [])]
CSRF_TRUSTED_ORIGINS = [PANEL_URL]
# Behind a proxy that ends TLS; it must set or strip X-Forwarded-Proto and X-Forwarded-For itself.
BEHIND_PROXY = env.flag("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_NAME = "panel_session"
CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_NAME = "panel_csrf"
CSRF_FAILURE_VIEW = "panel.pages.errors.csrf_failure"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "django_htmx",
    "template_partials",
    "csp",
    "django_structlog",
    "panel",
    "accounts",
    "trading",
    "payments",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "panel.middleware.PrivatePagesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "panel.middleware.NoNulMiddleware",
    "panel.middleware.CleanTextMiddleware",
    "panel.middleware.ActorMiddleware",
    "panel.door.second_factor.SecondFactorMiddleware",
    "panel.middleware.PersonTimeZoneMiddleware",
]

ROOT_URLCONF = "panel.urls"
WSGI_APPLICATION = "panel.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "panel.navigation.frame",
            ],
            "builtins": ["panel.ui.templatetags.panel_ui"],
        },
    }
]

# --- Storage -------------------------------------------------------------------------------
DATABASES = {
    "default": environ.Env.db_url_config(
        env.text("DATABASE_URL", f"sqlite:///{DATA_DIR / 'panel.sqlite3'}")
    )
}
DATABASES["default"]["ATOMIC_REQUESTS"] = False
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at the start, so several processes wait instead of failing.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.text("REDIS_URL", f"unix://{DATA_DIR / 'valkey.sock'}")
if not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    raise ImproperlyConfigured("REDIS_URL must begin with redis://, rediss:// or unix://.")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "panel",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = DATA_DIR / "media"

# --- Celery --------------------------------------------------------------------------------
CELERY_BROKER_URL = (
    "redis+socket://" + REDIS_URL.removeprefix("unix://")
    if REDIS_URL.startswith("unix://")
    else REDIS_URL
)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "panel"
# Workers take from each queue in turn. Turns at bulk files queue apart, so that many of them never
# stand before a single payment; requests do, so that many of them never stand before the beat's
# tasks: while an unknown outcome waits to be looked into, so does its account.
CELERY_TASK_QUEUES = [Queue("panel"), Queue("requests"), Queue("bulk")]
CELERY_TASK_ROUTES = {
    "panel.commands.tasks.execute": {"queue": "requests"},
    "payments.bulk.engine.tasks.take_turn": {"queue": "bulk"},
}
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    # kombu's defaults give a killed worker's message back after 92 s; so it takes about 10.
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "take up approved requests": {"task": "panel.commands.tasks.sweep", "schedule": 5.0},
    "reconcile unknown outcomes": {"task": "panel.commands.tasks.reconcile", "schedule": 5.0},
    "expire old requests": {"task": "panel.commands.tasks.expire", "schedule": 300.0},
    "tell people": {"task": "panel.commands.tasks.tell_people", "schedule": 5.0},
    "send notices by mail": {"task": "panel.commands.tasks.send_notices", "schedule": 15.0},
    "forget old notices": {"task": "panel.commands.tasks.forget_notices", "schedule": 86_400.0},
    "look at the platforms": {"task": "panel.pages.tasks.watch_platforms", "schedule": 10.0},
    "watch for a restored backup": {
        "task": "panel.pages.tasks.watch_restoration",
        "schedule": 5.0,
    },
    "forget uploads": {"task": "panel.pages.tasks.forget_uploads", "schedule": 3600.0},
    "mirror accounts": {"task": "accounts.tasks.mirror_accounts", "schedule": 30.0},
    "mirror margins": {"task": "accounts.tasks.mirror_margins", "schedule": 10.0},
    "mirror open trades": {"task": "trading.tasks.mirror_trades", "schedule": 15.0},
    "check bulk files": {"task": "payments.bulk.tasks.sweep_bulk_checks", "schedule": 10.0},
    "run scheduled jobs": {"task": "payments.tasks.run_jobs", "schedule": 30.0},
    "run bulk files": {"task": "payments.bulk.engine.tasks.sweep_bulk_files", "schedule": 5.0},
    "mirror money records": {"task": "payments.tasks.mirror_money_records", "schedule": 60.0},
    "reconcile the books": {
        "task": "payments.tasks.reconcile_daily",
        "schedule": crontab(hour=2, minute=30),
    },
}

# --- People --------------------------------------------------------------------------------
AUTH_USER_MODEL = "panel.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "dashboard"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "panel.door.signin.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key"}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes", "webauthn"]
MFA_ADAPTER = "panel.door.factors.SealedFactors"
MFA_TOTP_ISSUER = "Panel"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL and not HTTPS
MFA_ALLOW_UNVERIFIED_EMAIL = True
USERSESSIONS_TRACK_ACTIVITY = True
USERSESSIONS_ADAPTER = "panel.door.sessions.RecordedSessions"
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", f"panel@{PANEL_HOST}")
EMAIL_CONFIG = environ.Env.email_url_config(env.text("EMAIL_URL", "consolemail://"))
vars().update(EMAIL_CONFIG)
# Seconds: without it a mail server that hangs would keep a worker forever.
EMAIL_TIMEOUT = 20

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["panel.door.rest.HasPanelPermission"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}

# --- Content security ----------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}

# --- The road to MT4 -----------------------------------------------------------------------
# Seconds a client waits beyond the deadline it asked for (the bridge may take 20 s to connect).
MT4_DEADLINE_MARGIN = env.number("MT4_DEADLINE_MARGIN", 30, least=0.5, most=300)
# Deadline asked for a change or a trade, seconds; 0 takes the protocol's default by kind.
MT4_CHANGE_DEADLINE = env.number("MT4_CHANGE_DEADLINE", 0, least=0, most=300)
MT4_CONNECT_TIMEOUT = env.number("MT4_CONNECT_TIMEOUT", 5, least=0.2, most=60)
# Seconds for which a worker that claimed a request may send; a dead worker is found after it.
EXECUTION_LEASE = env.number("EXECUTION_LEASE", 60, least=1, most=600)
# Seconds of unknown outcome after which a person is asked.
UNKNOWN_TO_PERSON = env.number("UNKNOWN_TO_PERSON", 3600, least=5, most=86_400)
# Seconds between two looks at an unknown outcome, doubled up to 16 times this.
RECONCILE_PAUSE = env.number("RECONCILE_PAUSE", 15, least=0.2, most=600)
REQUEST_LIFETIME = timedelta(days=env.number("REQUEST_LIFETIME_DAYS", 7, least=0.01, most=90))

# --- Language, time, logs ------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
FORMAT_MODULE_PATH = "panel.formats"
USE_TZ = True
TIME_ZONE = "UTC"

LOG_LEVEL = env.text("LOG_LEVEL", "INFO")
_shared: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "plain": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
            if LOCAL
            else structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _shared,
        }
    },
    "filters": {"told_once": {"()": "panel.logs.ToldOnce"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
    "loggers": {
        "django_structlog": {"level": "WARNING"},
        # How a request ended is told by django_structlog, with the person and the number.
        "django.request": {"filters": ["told_once"]},
        "django.security.csrf": {"filters": ["told_once"]},
        "django.server": {"level": "WARNING"},
        # Each periodic task would write two lines every few seconds.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
structlog.configure(
    processors=[
        *_shared,
        structlog.stdlib.filter_by_level,
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
# Warnings that the site accepts knowingly would stand here, each with its reason.
SILENCED_SYSTEM_CHECKS: list[str] = []
