"""Coming in and going out."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from workspaces import attempts, audit, forms, sign_in_links
from workspaces.enums import Source
from workspaces.exceptions import Busy
from workspaces.models import User
from workspaces.problems import headers_of

BACKEND = "django.contrib.auth.backends.ModelBackend"
WRONG = "The address or the password is wrong."


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        if request.user.is_authenticated:
            return redirect(_next(request))
        return _sign_in_page(request, forms.SignInForm())
    form = forms.SignInForm(request.POST)
    if not form.is_valid():
        return _sign_in_page(request, form, status=400)
    try:
        user = _known(request, **form.cleaned_data)
    except Busy as error:
        form.add_error(None, error.detail)
        response = _sign_in_page(request, form, status=error.status)
        response.headers["Retry-After"] = headers_of(error)["Retry-After"]
        return response
    if user is None:
        form.add_error(None, WRONG)
        return _sign_in_page(request, form, status=400)
    return _let_in(request, user, way="password")


@never_cache
@sensitive_post_parameters("token")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_link(request: HttpRequest) -> HttpResponse:
    """The page of a link changes nothing; its form, posted, uses the link up."""
    if request.method != "POST":
        token = request.GET.get("token", "")
        return _link_page(request, token, valid=sign_in_links.is_valid(token))
    user = sign_in_links.redeem(request.POST.get("token", ""))
    if user is None:
        return _link_page(request, "", valid=False)
    return _let_in(request, user, way="link")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("workspaces:sign-in")


def _known(request: HttpRequest, *, email: str, password: str) -> User | None:
    """The user with this password. Unknown and inactive people cost the same time as a wrong password."""
    behind_proxy = settings.SECURE_PROXY_SSL_HEADER is not None
    address = attempts.address_of(request, behind_proxy=behind_proxy)
    attempts.count(email=email, address=address)
    user = authenticate(request, username=email, password=password)
    if not isinstance(user, User):
        return None
    attempts.forgive(email=email, address=address)
    return user


def _let_in(request: HttpRequest, user: User, *, way: str) -> HttpResponse:
    goal = _next(request)
    login(request, user, backend=BACKEND)
    audit.record_system(
        action="user.signed_in",
        target=user,
        user=user,
        source=Source.PAGE,
        label=user.email,
        after={"with": way},
        request_id=getattr(request, "request_id", ""),
    )
    return redirect(goal)


def _next(request: HttpRequest) -> str:
    """Where to go on: the `next` of the request if it stays on this host, else home."""
    goal = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(
        goal, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return goal if safe else resolve_url(settings.LOGIN_REDIRECT_URL)


def _sign_in_page(request: HttpRequest, form: forms.SignInForm, *, status: int = 200) -> HttpResponse:
    goal = request.POST.get("next") or request.GET.get("next") or ""
    return render(request, "workspaces/sign_in.html", {"form": form, "next": goal}, status=status)


def _link_page(request: HttpRequest, token: str, *, valid: bool) -> HttpResponse:
    context = {"token": token if valid else "", "valid": valid}
    return render(request, "workspaces/sign_in_link.html", context, status=200 if valid else 410)
