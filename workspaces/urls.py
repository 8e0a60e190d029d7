"""Sign-in and the settings of a workspace."""

from __future__ import annotations

from django.urls import include, path

from workspaces.views import accounts, audit, members, sign_in, tokens

app_name = "workspaces"

settings = [
    path("members/", members.member_list, name="member-list"),
    path("members/add/", members.member_add, name="member-add"),
    path("members/<int:membership_id>/change/", members.member_change, name="member-change"),
    path("members/<int:membership_id>/remove/", members.member_remove, name="member-remove"),
    path("members/<int:membership_id>/invite/", members.member_invite, name="member-invite"),
    path("tokens/", tokens.token_list, name="token-list"),
    path("tokens/create/", tokens.token_create, name="token-create"),
    path("tokens/<uuid:token_id>/revoke/", tokens.token_revoke, name="token-revoke"),
    path("audit/", audit.audit_list, name="audit-list"),
]

urlpatterns = [
    path("sign-in/", sign_in.sign_in, name="sign-in"),
    path("sign-in/link/", sign_in.sign_in_link, name="sign-in-link"),
    path("sign-out/", sign_in.sign_out, name="sign-out"),
    path("account/password/", accounts.password_change, name="password-change"),
    path("w/<slug:slug>/settings/", include(settings)),
]
