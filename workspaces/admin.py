"""The administration of people, for superusers. Changes of members and tokens go through the verbs."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from workspaces import access, audit, memberships, organizations, tokens
from workspaces.access import Actor
from workspaces.enums import Source
from workspaces.exceptions import DomainError
from workspaces.models import ApiToken, AuditEntry, Membership, Organization, User, Workspace


def login(request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
    """The site has no form for passwords of its own, which would know no bound to guessing."""
    if request.user.is_authenticated:
        if admin.site.has_permission(request):
            return redirect("admin:index")
        raise PermissionDenied
    return redirect_to_login(reverse("admin:index"))


admin.site.login = login  # type: ignore[method-assign]  # as its documentation advises


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)  # The site lets nobody in who is not signed in.


def _actor(request: HttpRequest, workspace: Workspace) -> Actor:
    request_id = getattr(request, "request_id", "")
    return access.administrator(user=_user(request), workspace=workspace, request_id=request_id)


class SuperuserOnly(admin.ModelAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """Staff who are no superusers see nothing: this site looks across all workspaces."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return self._is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What a verb refuses is said on the form; nothing is saved."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, error.detail)
            return redirect(request.get_full_path())

    @staticmethod
    def _is_superuser(request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.is_active and request.user.is_superuser


class Audited(SuperuserOnly):
    """Writes an audit line for what the site itself saves."""

    noun = ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        changed = [name for name in form.changed_data if "password" not in name]
        before = {name: form.initial.get(name) for name in changed} if change else None
        super().save_model(request, obj, form, change)
        audit.record_system(
            action=f"{self.noun}.{'changed' if change else 'created'}",
            target=obj,
            workspace=obj if isinstance(obj, Workspace) else None,
            user=request.user if isinstance(request.user, User) else None,
            source=Source.ADMIN,
            before=_texts(before),
            after=_texts({name: form.cleaned_data.get(name) for name in changed}),
            request_id=getattr(request, "request_id", ""),
        )


def _texts(values: dict[str, Any] | None) -> dict[str, Any] | None:
    if values is None:
        return None
    plain = (bool, int, str, type(None))
    return {name: value if isinstance(value, plain) else str(value) for name, value in values.items()}


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # generic only in the stubs
    class Meta:
        model = User
        fields = ("email", "name")

    def clean_email(self) -> str:
        return _free_address(self.cleaned_data["email"], self.instance)


class UserChangeForm(DjangoUserChangeForm):  # type: ignore[type-arg]  # generic only in the stubs
    class Meta:
        model = User
        fields = ("email", "name", "password", "is_active", "is_staff", "is_superuser")

    def clean_email(self) -> str:
        return _free_address(self.cleaned_data["email"], self.instance)


def _free_address(email: str, user: User) -> str:
    address = email.strip().lower()
    if User.objects.filter(email=address).exclude(pk=user.pk).exists():
        raise forms.ValidationError("Somebody has this address already.")
    return address


@admin.register(User)
class UserAdmin(Audited, DjangoUserAdmin):  # type: ignore[type-arg]  # generic only in the stubs
    """People are switched off, not deleted: runs and versions keep naming them."""

    noun = "user"
    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ("email", "name", "is_active", "is_superuser", "last_login", "joined_at")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "name")
    ordering = ("email",)
    filter_horizontal = ()
    readonly_fields = ("last_login", "joined_at")
    fieldsets = (
        (None, {"fields": ("email", "name", "password")}),
        ("May", {"fields": ("is_active", "is_staff", "is_superuser")}),
        ("When", {"fields": ("last_login", "joined_at")}),
    )
    add_fieldsets = (
        (
            None,
            {"classes": ("wide",), "fields": ("email", "name", "usable_password", "password1", "password2")},
        ),
    )


@admin.register(Organization)
class OrganizationAdmin(Audited):
    noun = "organization"
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")


@admin.register(Workspace)
class WorkspaceAdmin(Audited):
    """A new workspace belongs to whoever makes it; they add its members."""

    noun = "workspace"
    list_display = ("name", "slug", "organization", "created_at")
    list_filter = ("organization",)
    search_fields = ("name", "slug")

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return ("organization", "slug") if obj else ()

    def save_model(self, request: HttpRequest, obj: Workspace, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        made = organizations.open_workspace(
            organization=obj.organization,
            name=obj.name,
            slug=obj.slug,
            owner=_user(request),
            source=Source.ADMIN,
            request_id=getattr(request, "request_id", ""),
        )
        obj.pk, obj._state.adding = made.pk, False


@admin.register(Membership)
class MembershipAdmin(SuperuserOnly):
    fields = ("workspace", "user", "role")
    list_display = ("user", "workspace", "role", "created_at")
    list_filter = ("workspace", "role")
    search_fields = ("user__email", "workspace__slug")
    autocomplete_fields = ("user", "workspace")
    actions = ("remove_members",)

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> tuple[str, ...]:
        return ("workspace", "user") if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        actor = _actor(request, obj.workspace)
        if change:
            memberships.change(by=actor, membership=obj, role=obj.role)
            return
        made = memberships.add(by=actor, email=obj.user.email, role=obj.role)
        obj.pk, obj._state.adding = made.pk, False

    @admin.action(description="Remove from the workspace")
    def remove_members(self, request: HttpRequest, queryset: QuerySet[Membership]) -> None:
        for membership in queryset.select_related("workspace", "user"):
            try:
                memberships.remove(by=_actor(request, membership.workspace), membership=membership)
            except DomainError as error:
                messages.error(request, f"{membership.user.email}: {error.detail}")


class ReadOnly(SuperuserOnly):
    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly):
    list_display = ("name", "prefix", "user", "workspace", "last_used_at", "expires_at", "revoked_at")
    list_filter = ("workspace",)
    search_fields = ("name", "prefix", "user__email")
    exclude = ("digest",)
    actions = ("revoke_tokens",)

    @admin.action(description="Revoke", permissions=["view"])
    def revoke_tokens(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        for token in queryset.select_related("workspace"):
            tokens.revoke(by=_actor(request, token.workspace), token=token)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    """Nobody adds, changes or deletes here, superusers included."""

    list_display = ("at", "actor", "action", "object_label", "workspace", "source", "request_id")
    list_filter = ("source", "workspace", "object_type")
    search_fields = ("actor", "action", "object_label", "object_id", "request_id")
    date_hierarchy = "at"
    list_select_related = ("workspace",)
    show_full_result_count = False
