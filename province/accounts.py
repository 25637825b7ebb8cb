"""Accounts of the console, made by the administrator at the command line. Passwords: 12 characters and more, not a common
one, hashed with scrypt.
"""

from __future__ import annotations

import secrets

from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from forms.text import fold, nfc
from province.errors import ProvinceError
from province.models import Official
from province.places import communes
from province.writer import writing

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def create_official(name: str, *, role: str, commune: str = "", password: str | None = None) -> str:
    """Create an account. Returns the password that was made up, or empty when one was given.

    Raises:
        ProvinceError: ``name_invalid``, ``name_taken``, ``commune_unknown``, ``password_weak``.
    """
    name = nfc(name)
    if not 2 <= len(name) <= 150 or not all(sign.isalnum() or sign in "@.+-_" for sign in name):
        raise ProvinceError("name_invalid", "Tên đăng nhập gồm chữ, số và các dấu @ . + - _, ít nhất 2 ký tự.")
    if commune and commune not in communes():
        raise ProvinceError("commune_unknown", f"Không có xã nào mang mã {commune[:16]!r}.")
    made = "" if password is not None else "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    users = get_user_model().objects
    with writing():
        if any(fold(taken) == fold(name) for taken in users.values_list("username", flat=True)):
            raise ProvinceError("name_taken", f"Đã có tài khoản tên {name}.")
        user = get_user_model()(username=name)
        try:
            validate_password(password if password is not None else made, user)
        except ValidationError as error:
            raise ProvinceError("password_weak", "Mật khẩu quá yếu: " + " ".join(error.messages)) from None
        user.set_password(password if password is not None else made)
        user.save()
        Official.objects.create(user=user, role=role, commune=commune)
    return made
