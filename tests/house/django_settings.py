"""The least that lets the type checker's Django plugin know the province's models; settings in earnest: province/runtime.py."""

SECRET_KEY = "types only"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "province"]
DATABASES: dict[str, dict[str, str]] = {}
USE_TZ = True
