"""A person with a browser, and the sessions of invented officials."""

from __future__ import annotations

import re
from functools import cache

import requests

from tests.province.conftest import Site

PASSWORD = "một mật khẩu thử nghiệm"


class Browser:
    """A person with a browser: keeps cookies, sends the form token."""

    def __init__(self, site: Site, name: str = "") -> None:
        self.site = site
        self.session = requests.Session()
        if name:
            self.session.cookies.set("mcx", signed_in(name))

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.site.url + path, timeout=10, allow_redirects=False)

    def post(self, path: str, form: str = "", **fields: str) -> requests.Response:
        """Fill in the form found at ``form`` (by default at the same address)."""
        token = re.search(r'csrfmiddlewaretoken" value="(\w+)"', self.get(form or path).text)
        data = {
            **{name.replace("_", "-"): value for name, value in fields.items()},
            "csrfmiddlewaretoken": token[1] if token else "",
        }
        return self.session.post(self.site.url + path, data=data, timeout=10, allow_redirects=False)

    def sign_in(self, name: str, password: str = PASSWORD) -> requests.Response:
        return self.post("/can-bo/dang-nhap", ten=name, mat_khau=password)


@cache
def hashed(password: str) -> str:
    """scrypt is slow on purpose: once for all tests."""
    from django.contrib.auth.hashers import make_password

    return make_password(password)


def signed_in(name: str) -> str:
    """The cookie of a session as signing in makes it; the sign-in itself, slow on purpose, has tests of its own."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User

    from province.sessions import SessionStore

    user, session = User.objects.get(username=name), SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)
