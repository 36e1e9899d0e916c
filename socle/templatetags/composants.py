"""Components of the pages: one tag each, documented with examples in docs/charte.md.

A tone says how a thing stands, and never goes without words: v held or in force, a to come, o to watch,
r late or refused, n neutral. A tag given an unknown tone fails at once rather than lose a colour.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import (
    BaseForm,
    BaseFormSet,
    BoundField,
    CheckboxInput,
    CheckboxSelectMultiple,
    RadioSelect,
    Select,
)
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from socle.liste import query_of
from socle.tableur import FORMATS
from socle.typographie import plural

register = template.Library()

TONES = ("v", "a", "o", "r", "n")
BUTTONS = ("primary", "outline-primary", "outline-danger", "lien")


class Faute(NamedTuple):
    """One line of the error summary; `cible` is the id of the field, empty for the form as a whole."""

    libelle: str
    message: str
    cible: str


def _known(value: str, allowed: Iterable[str], what: str) -> str:
    if value not in allowed:
        raise ValueError(f"{what} inconnu : « {value} » ; attendu : {', '.join(allowed)}")
    return value


def _tone(ton: str) -> str:
    return _known(ton, ("", *TONES), "ton")


# Words and figures


@register.simple_tag
def etat(mot: str, ton: str = "n") -> SafeString:
    """A state: a word in a pill. `{% etat "Partagé, inchangé" "v" %}`."""
    return format_html('<span class="etat {}">{}</span>', _known(ton, TONES, "ton"), mot)


@register.inclusion_tag("composants/chiffre.html")
def chiffre(valeur: object, phrase: str, ton: str = "", url: str = "") -> dict[str, Any]:
    """A big figure and the words that explain it, as a card."""
    return {"valeur": valeur, "phrase": phrase, "ton": _tone(ton), "url": url}


@register.inclusion_tag("composants/jauge.html")
def jauge(fait: float, total: float, phrase: str, ton: str = "v") -> dict[str, Any]:
    """Held over planned: a bar named by its own sentence; only the sentence when nothing is planned."""
    return {"fait": min(fait, total), "total": total, "phrase": phrase, "ton": _tone(ton)}


@register.inclusion_tag("composants/vide.html")
def vide(phrase: str, verbe: str = "", url: str = "") -> dict[str, Any]:
    """An empty state: one sentence, and at most one thing to do about it."""
    return {"phrase": phrase, "verbe": verbe, "url": url}


@register.simple_tag
def version() -> str:
    """Version of the product, from `settings.VERSION`; empty when unset."""
    return str(getattr(settings, "VERSION", ""))


# Blocks


@register.simple_block_tag
def retenir(content: SafeString) -> SafeString:
    """Keep a block to show it in several places: `{% retenir as x %}…{% endretenir %}`."""
    return mark_safe(content.strip())  # rendered, hence escaped, by the enclosed nodes


@register.simple_block_tag
def carte(content: SafeString, titre: str = "", niveau: int = 2, forte: bool = False) -> str:
    """A card; `forte` draws the one that matters with the brand colour."""
    return render_to_string(
        "composants/carte.html", {"contenu": content, "titre": titre, "niveau": niveau, "forte": forte}
    )


@register.simple_block_tag
def echeance(
    content: SafeString,
    *,
    quand: str,
    titre: str,
    verbe: str,
    url: str,
    precision: str = "",
    ton: str = "",
    niveau: int = 2,
    principal: bool = False,
) -> str:
    """One thing expected of the reader: when, what, why (the content) and one button.

    Goes inside `<ul class="carte echeances">`.
    The button is plain when the thing is late or due today (`ton="r"`) or `principal`, outlined otherwise.
    """
    context = {"quand": quand, "titre": titre, "verbe": verbe, "url": url, "precision": precision}
    style = "primary" if principal or ton == "r" else "outline-primary"
    return render_to_string(
        "composants/echeance.html",
        {**context, "ton": _tone(ton), "niveau": niveau, "style": style, "contenu": content},
    )


@register.simple_block_tag
def repli(
    content: SafeString,
    *,
    titre: str,
    mot: str,
    ton: str = "n",
    precision: str = "",
    verbe: str = "Modifier",
    ouvert: bool = False,
    niveau: int = 2,
) -> str:
    """A folded row: title, detail, state and a verb; opens without JavaScript.

    Goes inside `<div class="carte nue lignes">`.
    """
    context = {
        "titre": titre,
        "mot": mot,
        "ton": ton,
        "precision": precision,
        "verbe": verbe,
        "ouvert": ouvert,
    }
    return render_to_string("composants/repli.html", {**context, "niveau": niveau, "contenu": content})


@register.simple_block_tag
def defilant(content: SafeString, libelle: str) -> SafeString:
    """A region that scrolls sideways on a narrow screen, reachable by keyboard, named `libelle`."""
    markup = '<div class="defilant" role="region" tabindex="0" aria-label="{}">{}</div>'
    return format_html(markup, libelle, content)


@register.simple_block_tag
def actions(content: SafeString, a_portee: bool = False) -> SafeString:
    """The bar of buttons that ends a page or a form; `a_portee` keeps it in sight under a very long choice."""
    return format_html('<div class="actions{}">{}</div>', " a-portee" if a_portee else "", content)


@register.inclusion_tag("composants/bouton_post.html")
def bouton_post(
    url: str, verbe: str, style: str = "primary", nom: str = "", valeur: object = "", precision: str = ""
) -> dict[str, Any]:
    """A button that writes: its own small form. What cannot be undone leads to a confirmation page instead.

    `precision` follows the verb for screen readers when several buttons of a page share it.
    """
    _known(style, BUTTONS, "style de bouton")
    return {"url": url, "verbe": verbe, "style": style, "nom": nom, "valeur": valeur, "precision": precision}


# Forms


@register.simple_tag
def champ(bound: BoundField, aide: str = "", mention: bool = True) -> str:
    """A field with its label, help and fault, tied together for screen readers; what was typed stays.

    `mention=False` leaves out « (facultatif) »: the help says when the field is needed, or nothing on the form is.
    """
    if bound.is_hidden:
        return str(bound)
    help_text = aide or bound.help_text
    described_by = " ".join(_described_by(bound, bool(help_text)))
    grouped, single_check = bound.use_fieldset, isinstance(bound.field.widget, CheckboxInput)
    options = _options(bound)
    return render_to_string(
        "composants/champ.html",
        {
            "bound": bound,
            "aide": help_text,
            "fautes": bound.errors,
            "decrit_par": described_by,
            "groupe": grouped,
            "coche": single_check,
            "facultatif": mention and not bound.field.required and not single_check,
            "options": options,
            "groupes": list(_groupes(bound, options)),
            "saisie": bound.as_widget(attrs=_widget_attrs(bound, described_by)),
        },
    )


def _described_by(bound: BoundField, has_help: bool) -> Iterator[str]:
    own = bound.field.widget.attrs.get("aria-describedby")
    if own:
        yield str(own)
    if has_help:
        yield f"{bound.auto_id}_aide"
    if bound.errors:
        yield f"{bound.auto_id}_faute"


def _widget_attrs(bound: BoundField, described_by: str) -> dict[str, Any]:
    widget = bound.field.widget
    base = "form-control"
    if isinstance(widget, Select):
        base = "form-select"
    if isinstance(widget, CheckboxInput):
        base = "form-check-input"
    classes = [base, str(widget.attrs.get("class", "")), "is-invalid" if bound.errors else ""]
    attrs: dict[str, Any] = {"class": " ".join(filter(None, classes))}
    if described_by and not bound.use_fieldset:
        attrs["aria-describedby"] = described_by
    return attrs


def _options(bound: BoundField) -> list[Any]:
    """The radios or boxes of a choice, styled one by one; empty for any other widget."""
    if not isinstance(bound.field.widget, RadioSelect | CheckboxSelectMultiple):
        return []
    for option in bound.subwidgets:
        option.data["attrs"]["class"] = "form-check-input"
        # The role radio does not know aria-invalid; the fieldset carries the fault.
        option.data["attrs"].pop("aria-invalid", None)
    return list(bound.subwidgets)


class Groupe(NamedTuple):
    """The boxes that a choice made of named groups folds together; open when one is ticked."""

    titre: str
    options: list[Any]
    ouvert: bool


def _groupes(bound: BoundField, options: list[Any]) -> Iterator[Groupe]:
    """The groups of a choice, none when it has no names for them; `options` come in the same order."""
    named = [
        (name, inside) for name, inside in getattr(bound.field, "choices", ()) if isinstance(inside, list)
    ]
    rest = iter(options)
    for name, inside in named if options else ():
        boxes = [next(rest) for _ in inside]
        yield Groupe(name, boxes, any(box.data["selected"] for box in boxes))


@register.inclusion_tag("composants/erreurs.html")
def erreurs(*formulaires: BaseForm | BaseFormSet) -> dict[str, Any]:
    """The summary of faults at the top of the page, each a link to its field; nothing when there is none."""
    fautes = [faute for formulaire in formulaires for faute in _fautes(formulaire)]
    return {"fautes": fautes, "titre": plural(len(fautes), "point est à corriger", "points sont à corriger")}


def _fautes(formulaire: BaseForm | BaseFormSet) -> Iterator[Faute]:
    if isinstance(formulaire, BaseFormSet):
        yield from (Faute("", str(message), "") for message in formulaire.non_form_errors())
        for form in formulaire.forms:
            yield from _fautes(form)
        return
    yield from (Faute("", str(message), "") for message in formulaire.non_field_errors())
    for bound in formulaire:
        target = "" if bound.is_hidden else bound.id_for_label if not bound.use_fieldset else bound.auto_id
        yield from (Faute(str(bound.label), str(message), target) for message in bound.errors)


# Ways through


@register.inclusion_tag("composants/fil.html")
def fil(*parties: str) -> dict[str, Any]:
    """The breadcrumb: label, address, label, address… The last label, alone, is the present page."""
    etapes = [{"libelle": parties[i], "url": parties[i + 1]} for i in range(0, len(parties) - 1, 2)]
    return {"etapes": etapes, "ici": parties[-1] if len(parties) % 2 else ""}


@register.inclusion_tag("composants/pagination.html", takes_context=True)
def pagination(context: Context, page: Page, parametre: str = "page") -> dict[str, Any]:
    """Links to the pages of a list, keeping the other filters of the address; nothing for a single page."""
    query = context["request"].GET.copy()

    def url(numero: int) -> str:
        query[parametre] = str(numero)
        return "?" + query.urlencode()

    numeros = page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1)
    pages = [
        {"numero": n, "url": url(n) if isinstance(n, int) else "", "ici": n == page.number} for n in numeros
    ]
    return {
        "pages": pages if page.paginator.num_pages > 1 else [],
        "precedente": url(page.previous_page_number()) if page.has_previous() else "",
        "suivante": url(page.next_page_number()) if page.has_next() else "",
    }


@register.inclusion_tag("composants/exports.html", takes_context=True)
def exports(context: Context, libelle: str = "Exporter cette liste") -> dict[str, Any]:
    """The same list as a sheet, in each format, with the filters of the address: the view answers `format`."""
    query = query_of(context["request"])
    start = f"?{query}&" if query else "?"
    formats = [{"nom": one.upper(), "url": f"{start}format={one}"} for one in FORMATS]
    return {"libelle": libelle, "formats": formats}


@register.inclusion_tag("composants/historique.html")
def historique(
    evenements: Iterable[Any],
    quand: str = "quand",
    quoi: str = "quoi",
    qui: str = "qui",
    detail: str = "detail",
) -> dict[str, Any]:
    """What happened, in the order given: a time, a sentence, and optionally who and a detail.

    Each event is an object or a dict; the four names say which attribute holds what:
    `{% historique evenements quand="created_at" quoi="phrase" %}`.
    """
    return {"lignes": [_event(e, quand, quoi, qui, detail) for e in evenements]}


def _event(source: Any, quand: str, quoi: str, qui: str, detail: str) -> dict[str, Any]:
    def read(name: str) -> Any:
        return source.get(name, "") if isinstance(source, dict) else getattr(source, name, "")

    moment: datetime = read(quand)
    return {"quand": moment, "quoi": read(quoi), "qui": read(qui), "detail": read(detail)}
