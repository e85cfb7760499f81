"""Staff: people, their roles, and which platforms and MT4 groups each of them sees."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models

from panel.access.masks import matches, parts
from panel.access.permissions import FACTOR_RIGHTS, MACHINE_RIGHTS

# Types of the sign-in library; recovery codes alone are none.
SECOND_FACTORS = ("totp", "webauthn")


class Role(models.Model):
    """A named set of rights. Rights are codes of `panel.access.permissions`."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    description = models.CharField(max_length=200, blank=True)
    permissions = models.JSONField(default=list)
    # Whether its people need a second factor, although none of its rights demands one.
    second_factor = models.BooleanField(default=False)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name

    @property
    def needs_factor(self) -> bool:
        """Whether its people may do nothing before they have a second factor."""
        return self.second_factor or not FACTOR_RIGHTS.isdisjoint(self.permissions)


class UserManager(BaseUserManager["User"]):
    """Makes staff by e-mail address. There are no superusers."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """A new member of staff; without a password none is usable."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user


class User(AbstractBaseUser):
    """A member of staff. What they may do comes from their roles alone; nobody is exempt."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=100)
    is_active = models.BooleanField(default=True)
    # A part of the panel that makes requests by itself: never active, so it cannot sign in.
    is_machine = models.BooleanField(default=False)
    roles = models.ManyToManyField(Role, blank=True, related_name="people")
    time_zone = models.CharField(max_length=50, default="UTC")
    preferences = models.JSONField(default=dict, blank=True)
    date_joined = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    class Meta:
        ordering = ("name",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(is_machine=False) | models.Q(is_active=False),
                name="machines_do_not_sign_in",
            ),
        )

    def __str__(self) -> str:
        return self.name or self.email

    @cached_property
    def held(self) -> list[Role]:
        """This person's roles."""
        return list(self.roles.all())

    @cached_property
    def rights(self) -> frozenset[str]:
        """All permission codes of this person's roles; none when deactivated."""
        if self.is_machine:
            return MACHINE_RIGHTS
        if not self.is_active:
            return frozenset()
        return frozenset(code for role in self.held for code in role.permissions)

    @cached_property
    def role_slugs(self) -> frozenset[str]:
        """The slugs of this person's roles."""
        return frozenset(role.slug for role in self.held)

    def may(self, permission: str) -> bool:
        """Whether a role of this person carries the right."""
        return permission in self.rights

    @property
    def has_factor_now(self) -> bool:
        """Whether a second factor is set up; read anew each time."""
        return bool(Authenticator.objects.filter(user=self, type__in=SECOND_FACTORS).exists())

    @property
    def lacks_factor(self) -> bool:
        """Whether a role of this person demands a second factor and they have none. Read anew each
        time; on a demo nobody needs one.
        """
        if settings.DEMO or not any(role.needs_factor for role in self.held):
            return False
        return not self.has_factor_now

    @cached_property
    def scope_rows(self) -> list[tuple[int | None, str]]:
        """(platform id or None for every platform, comma-separated MT4 group masks)."""
        return list(self.scopes.values_list("platform_id", "group_masks"))

    def sees(self, platform_id: int, group: str) -> bool:
        """Whether an MT4 group on a platform lies within this person's scopes."""
        return any(
            platform in (None, platform_id) and matches(masks, group)
            for platform, masks in self.scope_rows
        )

    def sees_every_group(self, platform_id: int) -> bool:
        """Whether no MT4 group of a platform is left out of this person's scopes."""
        return any(
            platform in (None, platform_id) and set(parts(masks)) == {"*"}
            for platform, masks in self.scope_rows
        )

    @property
    def sees_everything(self) -> bool:
        """Whether no MT4 group of any platform is left out of this person's scopes."""
        return any(
            platform is None and set(parts(masks)) == {"*"} for platform, masks in self.scope_rows
        )

    def sees_platform(self, platform_id: int) -> bool:
        """Whether this person has any scope on the platform."""
        return any(platform in (None, platform_id) for platform, _ in self.scope_rows)


class Scope(models.Model):
    """Some MT4 groups of one platform, or of all, that a person may see and act on."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="scopes")
    platform = models.ForeignKey(
        "panel.Platform", null=True, blank=True, on_delete=models.CASCADE, related_name="+"
    )
    group_masks = models.CharField(max_length=500, default="*")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("user", "platform"), name="one_scope_per_platform"),
            models.UniqueConstraint(
                fields=("user",),
                condition=models.Q(platform__isnull=True),
                name="one_scope_for_all_platforms",
            ),
        )

    def __str__(self) -> str:
        return f"{self.platform or 'every platform'}: {self.group_masks}"
