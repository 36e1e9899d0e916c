"""What the API of every floor shares: fields that explain themselves, read-only resources."""

from typing import Any

from django.conf import settings
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets

COMMON = {
    "id": "Identifiant.",
    "epci": "Identifiant de l'EPCI.",
    "commune": "Identifiant de la commune.",
    "code_insee": "Code INSEE actuel de la commune.",
    "domaine": "Identifiant du domaine.",
    "domaine_code": "Code du domaine.",
    "activite": "Identifiant de l'activité.",
    "activite_code": "Code de l'activité.",
}


class ReadSerializer(serializers.ModelSerializer):
    """Fields to read, explained in French: by `Meta.descriptions`, `COMMON` or the model's verbose name."""

    def get_extra_kwargs(self) -> dict[str, dict[str, Any]]:
        return {name: {"read_only": True} for name in self.Meta.fields}

    def get_fields(self) -> dict[str, serializers.Field]:
        fields: dict[str, serializers.Field] = super().get_fields()
        words = COMMON | getattr(self.Meta, "descriptions", {})
        for name, field in fields.items():
            field.help_text = field.help_text or words.get(name) or _verbose(self.Meta.model, name)
        return fields


def _verbose(model: type[Model], name: str) -> str:
    """The verbose name of a column, as a sentence; nothing for anything else, which must bring its words."""
    try:
        text = str(model._meta.get_field(name).verbose_name)
    except (FieldDoesNotExist, AttributeError):
        return ""
    return f"{text[0].upper()}{text[1:]}."


class DroitsField(serializers.DictField):
    """`droits`: what the account may do with the object, from the same `abilities_for` as the pages."""

    child = serializers.BooleanField()

    def __init__(self, **kwargs: Any) -> None:
        text = "Ce que le compte peut faire de l'objet, action par action."
        super().__init__(source="*", read_only=True, help_text=text, **kwargs)

    def to_representation(self, value: Any) -> dict[str, bool]:
        abilities: dict[str, bool] = value.abilities_for(self.context["request"].user)
        return abilities


class PageField(serializers.URLField):
    """`page`: the public address of the page that shows the object to a person."""

    def __init__(self, route: str, **kwargs: Any) -> None:
        self.route = route
        text = "Adresse de la page de cet objet, pour une personne connectée."
        super().__init__(source="pk", read_only=True, help_text=text, **kwargs)

    def to_representation(self, value: Any) -> str:
        return settings.SITE_URL + reverse(self.route, args=[value])


class ReadViewSet(viewsets.ReadOnlyModelViewSet):
    """A list and a detail, nothing else: every other method is answered 405."""

    http_method_names = ("get", "head")


def read_only_schema(nom: str, description: str) -> dict[str, Any]:
    """French words of the OpenAPI schema for a read-only resource: arguments of `extend_schema_view`."""
    return {
        "list": extend_schema(summary=f"{nom} : liste", description=description, tags=[nom]),
        "retrieve": extend_schema(summary=f"{nom} : détail", description=description, tags=[nom]),
    }
