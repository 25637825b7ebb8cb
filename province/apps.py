"""Registers the province with Django."""

from __future__ import annotations

from django.apps import AppConfig


class ProvinceApp(AppConfig):
    name = "province"
    label = "province"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Một Cửa Xã – cấp tỉnh"
