"""What drf-spectacular cannot guess about the API: its errors, and French for what it words itself."""

from typing import Any

from socle.problemes import CONTENT_TYPE, WORDS

SCHEMA_PATH = "/api/v1/schema/"
PROBLEM = {
    "type": "object",
    "description": "Une erreur, au format de la RFC 9457.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference", "description": "Toujours `about:blank`."},
        "title": {"type": "string", "description": "Le genre d'erreur, en français."},
        "status": {"type": "integer", "description": "Le statut HTTP."},
        "code": {
            "type": "string",
            "enum": sorted({code for code, _ in WORDS.values()} | {"erreur"}),
            "description": "Le genre d'erreur pour un programme ; il ne change pas.",
        },
        "detail": {"type": "string", "description": "Ce qui ne va pas, en une phrase."},
        "erreurs": {
            "type": "object",
            "description": "Pour une demande incorrecte : par paramètre, ce qui ne va pas.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}
ERRORS = {
    "400": "Un paramètre est inconnu, répété, vide, ou sa valeur ne convient pas ; `erreurs` le nomme.",
    "401": "Le jeton manque, est inconnu, expiré ou révoqué, ou son compte est fermé.",
    "404": "Cet objet n'existe pas, ou le compte n'y a pas accès.",
    "406": "L'API ne répond qu'en JSON.",
}
LIST_ERRORS, DETAIL_ERRORS = ("400", "401", "406"), ("400", "401", "404", "406")


def complete(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Postprocessing hook: errors of each operation, French descriptions of what the library words itself."""
    components = result["components"]
    for schema in components["schemas"].values():
        if schema["type"] == "object":
            schema.pop("description", None)  # the docstring of a serializer, which speaks to developers
    components["schemas"]["Probleme"] = PROBLEM
    components["securitySchemes"]["cookieAuth"]["description"] = "Session d'une personne connectée au site."
    for path, methods in result["paths"].items():
        for operation in methods.values():
            _complete(operation, is_detail="{" in path)
    return result


def _complete(operation: dict[str, Any], *, is_detail: bool) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["description"] = "Identifiant de l'objet, lu dans une liste."
    responses = operation["responses"]
    responses["200"]["description"] = "L'objet." if is_detail else "Une page de la liste."
    for status in DETAIL_ERRORS if is_detail else LIST_ERRORS:
        responses[status] = {
            "description": ERRORS[status],
            "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Probleme"}}},
        }
