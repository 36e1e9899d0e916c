"""The house holds together: floors, rights, clock, sizes, and what a model must carry."""

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import models

from comptes.models import Jeton, Personne
from documents.models import Document
from socle.models import Abilities, Versioned

ROOT = Path(__file__).resolve().parent.parent
FLOORS = (
    "socle",
    "territoire",
    "comptes",
    "journal",
    "documents",
    "mutualisation",
    "contrats",
    "revues",
    "demo",
    "config",
)
RANK = {name: rank for rank, name in enumerate(FLOORS)}
MODELS = sorted(
    (model for model in apps.get_models(include_auto_created=False) if model._meta.app_label in RANK),
    key=lambda model: model._meta.label,
)
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
CODE = [
    path
    for folder in (*FLOORS, "outils", "bench")
    for path in sorted((ROOT / folder).rglob("*.py"))
    if "migrations" not in path.parts
]

# Models without a column `epci`, and why.
WITHOUT_EPCI = {
    "territoire.Epci": "it is the EPCI",
    "territoire.Commune": "a commune may change EPCI: Appartenance says when",
    "territoire.CommuneVersion": "names and codes of a commune, whatever its EPCI",
    "comptes.Personne": "one account may serve several EPCI: Habilitation says which",
    "comptes.Vue": "filters of a list that a person keeps for herself",
    "territoire.Filiation": "communes that succeed others, whatever their EPCI",
    "territoire.Affiliation": "a fact of a commune, whatever its EPCI",
    "comptes.Jeton": "a token has the reach of its account",
    "demo.Decalage": "one clock for the whole demonstration",
    "demo.Visiteur": "a shortcut of the sign-in page to an account",
}
# Querysets of rows with `epci` that nobody lists by themselves: read through a row that has visible_to, or by no page.
WITHOUT_VISIBLE_TO = {
    "documents.CompteurDocument": "counter, read by no page",
    "documents.Document": "served by its owner: declaration or compte rendu",
    "documents.Piece": "served by its owner: declaration, act, avis, convention or reprise",
    "journal.CompteurEvenement": "counter, read by no page",
    "journal.Courriel": "page of the administrators of the EPCI",
    "journal.Tache": "page of the administrators of the EPCI",
    "territoire.Appartenance": "memberships are public facts",
    "territoire.JourFerie": "public facts",
}
MARK_SAFE = {
    "contrats/templatetags/clauses.py": 1,  # what nh3 has just sanitised
    "socle/templatetags/typographie.py": 1,  # text the templates have escaped
    "socle/templatetags/composants.py": 1,  # a rendered block
}
# The clock reads true time; the demonstration measures its offset from it.
TRUE_TIME = {"socle/horloge.py", "demo/horloge.py"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def own_relations(model: type[models.Model]) -> Iterator[Any]:
    for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
        if field.is_relation:
            yield field


class TestFloors:
    def test_imports_go_down_only(self):
        command = [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as c; c()",
            "--no-cache",
        ]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout.count("KEPT")) == (0, 2), done.stdout

    @each_model
    def test_foreign_keys_go_down_only(self, model: type[models.Model]):
        rank = RANK[model._meta.app_label]
        targets = {field.related_model._meta.app_label for field in own_relations(model)}
        assert {label for label in targets if RANK.get(label, 99) > rank} == set()

    def test_only_the_settings_know_the_scripts(self):
        users = {
            name_of(path)
            for path in CODE
            if path.relative_to(ROOT).parts[0] in FLOORS  # the scripts themselves and the bench stand outside
            and re.search(r"^\s*(from|import) outils\b", path.read_text(), re.M)
        }
        assert users == {"config/settings.py"}

    def test_models_stand_on_a_known_floor(self):
        assert {app.label for app in apps.get_app_configs() if Path(app.path).parent == ROOT} <= set(FLOORS)


class TestModels:
    @each_model
    def test_a_row_knows_its_epci(self, model: type[models.Model]):
        label = model._meta.label
        if label in WITHOUT_EPCI:
            assert not reaches_epci(model), f"{label} now has an EPCI: take it off the list"
        else:
            assert reaches_epci(model), f"{label} needs a foreign key to Epci"

    @each_model
    def test_a_row_of_an_epci_has_one_rule_of_visibility(self, model: type[models.Model]):
        label = model._meta.label
        if not has_epci(model):
            return
        has_rule = hasattr(model._default_manager.all(), "visible_to")
        assert has_rule != (label in WITHOUT_VISIBLE_TO), label

    @each_model
    def test_words_for_readers_are_french_and_lower_case(self, model: type[models.Model]):
        names = [str(model._meta.verbose_name), str(model._meta.verbose_name_plural)]
        assert model._meta.original_attrs.get("verbose_name"), f"{model._meta.label} has no verbose_name"
        names += [str(f.verbose_name) for f in model._meta.local_fields if not f.auto_created]
        assert [
            name for name in names if name[:1] != name[:1].lower() and not re.match(r"[A-Z]{2,}", name)
        ] == []

    @pytest.mark.parametrize(
        "model", [m for m in MODELS if issubclass(m, Abilities)], ids=lambda m: m._meta.label
    )
    @pytest.mark.django_db
    def test_each_ability_says_who_can(self, model: Any):
        from tests import factories

        obj = getattr(factories, f"{model.__name__}Factory")()
        abilities = obj.abilities_for(factories.PersonneFactory())
        assert set(abilities) == set(model.QUI_PEUT)
        assert not any(abilities.values()), "someone without any title may do nothing"
        for sentence in model.QUI_PEUT.values():
            assert re.fullmatch(r"[A-ZÀÉ].{20,}[^ .]\.", sentence)

    @each_model
    def test_a_document_is_never_lost_with_something_else(self, model: type[models.Model]):
        keys = [field for field in own_relations(model) if field.related_model is Document]
        assert [field.name for field in keys if field.remote_field.on_delete is not models.PROTECT] == []

    def test_people_are_never_lost_with_something_else(self):
        keys = [
            f
            for model in MODELS
            for f in own_relations(model)
            if f.related_model is Personne and not f.many_to_many
        ]
        loose = {str(f) for f in keys if f.remote_field.on_delete is not models.PROTECT}
        assert loose == {
            str(Jeton._meta.get_field("personne")),
            "demo.Visiteur.personne",
            "comptes.Vue.personne",
        }

    @each_model
    def test_instants_end_in_at_and_days_in_on(self, model: type[models.Model]):
        fields = [f for f in model._meta.local_fields if f.name not in ("debut", "fin", "jour", "last_login")]
        for field in fields:
            if isinstance(field, models.DateTimeField):
                assert field.name.endswith("_at")
            elif isinstance(field, models.DateField):
                assert field.name.endswith("_on")

    def test_a_version_is_a_counter(self):
        versioned = [model for model in MODELS if issubclass(model, Versioned)]
        assert versioned and {m._meta.get_field("version").default for m in versioned} == {1}

    @pytest.mark.django_db
    def test_migrations_are_complete(self):
        out = io.StringIO()
        try:
            call_command("makemigrations", check=True, dry_run=True, stdout=out)
        except SystemExit:
            pytest.fail(out.getvalue())


def has_epci(model: type[models.Model]) -> bool:
    return any(field.name == "epci" for field in model._meta.local_fields)


def reaches_epci(model: type[models.Model], depth: int = 3) -> bool:
    """Whether the row, or a parent it cannot live without, carries `epci`."""
    if has_epci(model):
        return True
    parents = [
        f
        for f in own_relations(model)
        if not f.many_to_many and not f.null and f.name not in ("commune", "personne")
    ]
    return depth > 0 and any(reaches_epci(f.related_model, depth - 1) for f in parents)


def functions() -> Iterator[tuple[str, int]]:
    """Each function and its number of lines, decorators and docstring left out."""
    for path in CODE:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body[1:] if ast.get_docstring(node) and len(node.body) > 1 else node.body
                yield f"{name_of(path)}:{node.name}", (node.end_lineno or 0) - body[0].lineno + 1


class TestSizes:
    def test_functions_are_short(self):
        lengths = dict(functions())
        assert median(lengths.values()) <= 8
        assert quantiles(lengths.values(), n=100)[98] <= 70
        assert {name: length for name, length in lengths.items() if length > 70} == {}

    def test_files_are_short(self):
        lengths = {name_of(path): len(path.read_text("utf-8").splitlines()) for path in CODE}
        assert {name: length for name, length in lengths.items() if length >= 600} == {}


def calls(path: Path) -> Iterator[str]:
    """Dotted names of the functions a file calls or names: `timezone.now`, `date.today`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            yield f"{owner}.{node.attr}"


class TestWriting:
    def test_one_clock(self):
        forbidden = {
            "timezone.now",
            "date.today",
            "datetime.now",
            "datetime.utcnow",
            "datetime.today",
            "timezone.localdate",
        }
        house = [path for path in CODE if path.relative_to(ROOT).parts[0] in FLOORS]
        readers = {name_of(path) for path in house if forbidden & set(calls(path))}
        assert readers <= TRUE_TIME, "ask socle.horloge"
        assert "socle/horloge.py" in readers

    def test_html_is_escaped_by_default(self):
        found = {}
        for path in CODE:
            names = [
                n
                for n in ast.walk(tree(path))
                if isinstance(n, ast.Call) and getattr(n.func, "id", "") == "mark_safe"
            ]
            if names:
                found[name_of(path)] = len(names)
        assert found == MARK_SAFE
        loose = r"\|\s*safe(seq)?\b|{%\s*autoescape"
        assert [
            name_of(p) for p in (ROOT / "templates").rglob("*.*") if re.search(loose, p.read_text("utf-8"))
        ] == []

    def test_workflows_take_named_arguments_and_no_request(self):
        for path in (p for p in CODE if "workflows" in p.parts):
            for node in tree(path).body:
                if isinstance(node, ast.FunctionDef) and any(
                    getattr(d, "id", "") == "unite" for d in node.decorator_list
                ):
                    if node.name.startswith("_"):
                        continue
                    names = {arg.arg for arg in [*node.args.args, *node.args.kwonlyargs]}
                    assert not node.args.args and "request" not in names, f"{name_of(path)}:{node.name}"

    def test_only_workflows_know_no_http(self):
        for path in (p for p in CODE if "workflows" in p.parts or "models" in p.parts):
            assert "django.http" not in path.read_text("utf-8"), name_of(path)

    def test_public_things_say_what_they_are(self):
        """Modules, and functions of workflows, carry a docstring."""
        silent = []
        for path in (p for p in CODE if "workflows" in p.parts and p.name != "__init__.py"):
            silent += [] if ast.get_docstring(tree(path)) else [name_of(path)]
            silent += [
                f"{name_of(path)}:{node.name}"
                for node in tree(path).body
                if isinstance(node, ast.FunctionDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ]
        assert silent == []

    def test_no_comment_hides_a_check(self):
        """Each `noqa` and `type: ignore` says which rule it lifts."""
        bare = re.compile(r"#\s*(noqa(?!: ?[A-Z]+\d+)|type:\s*ignore(?!\[))")
        found = []
        for path in CODE:
            with path.open("rb") as file:
                comments = [t.string for t in tokenize.tokenize(file.readline) if t.type == tokenize.COMMENT]
            found += [f"{name_of(path)}: {comment}" for comment in comments if bare.search(comment)]
        assert found == []
