"""The components, the frame and the error pages: what they promise to screen readers and to the CSP."""

import datetime as dt
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django import forms
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.paginator import Paginator
from django.template import Context, Template
from django.template.loader import render_to_string
from django.test import RequestFactory

RACINE = Path(settings.BASE_DIR)
A_MOI = [RACINE / "templates/base.html", *sorted((RACINE / "templates").glob("[45]*.html"))]
A_MOI += [*sorted((RACINE / "templates/composants").glob("*.html")), RACINE / "templates/erreurs/nue.html"]


# What the context processors give for somebody who is not there.
NOBODY = {
    "navigation": [],
    "contexte": None,
    "contextes": [],
    "theme_epci": None,
    "demonstration": None,
    "messages": [],
}
NOBODY["request"] = SimpleNamespace(user=SimpleNamespace(is_authenticated=False), get_full_path=lambda: "/")


def render(source: str, **context: object) -> str:
    return Template("{% load composants %}" + source).render(Context(context))


class Formulaire(forms.Form):
    numero = forms.CharField(label="Numéro", help_text="Tel qu'il figure sur l'acte.")
    motif = forms.CharField(label="Motif", widget=forms.Textarea, required=False)
    sens = forms.ChoiceField(label="Sens", choices=[("p", "Pour"), ("c", "Contre")], widget=forms.RadioSelect)
    relu = forms.BooleanField(label="J'ai relu l'acte")
    version = forms.IntegerField(widget=forms.HiddenInput)

    def clean(self) -> None:
        raise forms.ValidationError("La date exécutoire précède le vote.")


@pytest.fixture
def fautif() -> Formulaire:
    return Formulaire({"numero": "", "motif": "Tapé <b>déjà</b>", "version": "x"})


class TestEtat:
    def test_a_word_in_its_tone(self) -> None:
        assert render('{% etat "Partagé, inchangé" "v" %}') == '<span class="etat v">Partagé, inchangé</span>'

    def test_words_are_escaped(self) -> None:
        assert "&lt;i&gt;" in render("{% etat mot %}", mot="<i>")

    @pytest.mark.parametrize("source", ['{% etat "Vu" "vert" %}', '{% chiffre 4 "retards" "rouge" %}'])
    def test_an_unknown_tone_fails(self, source: str) -> None:
        with pytest.raises(ValueError, match="ton inconnu"):
            render(source)


class TestEcheance:
    SOURCE = (
        '{% echeance quand="Demain" precision="jeudi" titre=titre verbe="Relire" url="/r" ton=ton %}'
        '<a href="/p">Pourquoi ?</a>{% endecheance %}'
    )

    def test_when_what_why_and_one_button_named_in_full(self) -> None:
        html = render(self.SOURCE, ton="o", titre="Relire <tout>")
        assert (
            "<b>Demain</b>" in html
            and "Relire &lt;tout&gt;" in html
            and '<a href="/p">Pourquoi ?</a>' in html
        )
        assert 'Relire<span class="visually-hidden"> : Relire &lt;tout&gt;</span></a>' in html

    @pytest.mark.parametrize(
        ("ton", "style"), [("r", "btn-primary"), ("o", "btn-outline-primary"), ("", "btn-outline")]
    )
    def test_only_what_is_late_has_a_plain_button(self, ton: str, style: str) -> None:
        assert style in render(self.SOURCE, ton=ton, titre="Relire")


class TestFigures:
    def test_a_gauge_is_named_by_its_sentence_and_never_overflows(self) -> None:
        html = render('{% jauge 70 66 "70 tenues sur 66 prévues" %}')
        assert '<progress value="66" max="66">' in html and html.startswith('<label class="jauge v">')

    def test_nothing_planned_leaves_the_sentence_alone(self) -> None:
        assert (
            render('{% jauge 0 0 "Aucune revue prévue" %}').strip()
            == '<p class="petit">Aucune revue prévue</p>'
        )

    def test_a_figure_may_be_a_link(self) -> None:
        assert 'href="/retards"' in render('{% chiffre 4 "en retard" "r" "/retards" %}')
        assert "<a" not in render('{% chiffre 4 "en retard" %}')

    def test_an_empty_state_offers_its_action_only_with_an_address(self) -> None:
        assert "<a" not in render('{% vide "Rien pour l\'instant." "Créer" %}')
        assert 'href="/c">Créer</a>' in render('{% vide "Rien." "Créer" "/c" %}')


class TestBlocks:
    def test_a_card_titles_at_the_level_asked(self) -> None:
        assert "<h3>Avant</h3>" in render('{% carte titre="Avant" niveau=3 %}<p>x</p>{% endcarte %}')

    def test_a_fold_is_open_or_not_without_script(self) -> None:
        source = '{% repli titre="Finances" mot="Extension" ton="a" ouvert=ouvert %}<p>x</p>{% endrepli %}'
        assert "<details" in render(source, ouvert=False) and " open>" not in render(source, ouvert=False)
        assert " open>" in render(source, ouvert=True) and '<span class="etat a">' in render(
            source, ouvert=True
        )

    def test_a_scrolling_region_is_named_and_reached_by_keyboard(self) -> None:
        html = render('{% defilant "Communes" %}<table></table>{% enddefilant %}')
        assert 'role="region" tabindex="0" aria-label="Communes"' in html

    def test_a_button_that_writes_posts_with_its_token(self) -> None:
        html = render(
            '{% bouton_post "/a" "Accepter" nom="ligne" valeur=3 precision="Paie" %}', csrf_token="jeton"
        )
        assert (
            'method="post" action="/a"' in html
            and 'value="jeton"' in html
            and 'name="ligne" value="3"' in html
        )
        assert '<span class="visually-hidden"> : Paie</span>' in html

    def test_an_unknown_button_style_fails(self) -> None:
        with pytest.raises(ValueError, match="style de bouton"):
            render('{% bouton_post "/a" "Accepter" "rouge" %}')


class TestChamp:
    def test_every_description_exists_and_ids_are_unique(self, fautif: Formulaire) -> None:
        html = render("{% for f in form %}{% champ f %}{% endfor %}", form=fautif)
        ids = re.findall(r'\bid="([^"]+)"', html)
        assert len(ids) == len(set(ids))
        described = {i for value in re.findall(r'aria-describedby="([^"]+)"', html) for i in value.split()}
        assert described == {"id_numero_aide", "id_numero_faute", "id_sens_faute", "id_relu_faute"}
        assert described <= set(ids)
        assert set(re.findall(r'\bfor="([^"]+)"', html)) <= set(ids)

    def test_a_fault_is_said_and_what_was_typed_stays(self, fautif: Formulaire) -> None:
        assert 'aria-invalid="true"' in render("{% champ f %}", f=fautif["numero"])
        html = render("{% champ f %}", f=fautif["motif"])
        assert (
            "Tapé &lt;b&gt;déjà&lt;/b&gt;" in html and "(facultatif)" in html and "aria-invalid" not in html
        )

    def test_a_field_needed_at_times_is_not_said_optional(self, fautif: Formulaire) -> None:
        html = render("{% champ f mention=False %}", f=fautif["motif"])
        assert "<label" in html and "facultatif" not in html

    def test_radios_stand_in_a_fieldset_without_aria_invalid(self, fautif: Formulaire) -> None:
        html = render("{% champ f %}", f=fautif["sens"])
        assert (
            html.count('type="radio"') == 2 and "<legend>Sens</legend>" in html and "aria-invalid" not in html
        )

    def test_a_hidden_field_has_no_label(self, fautif: Formulaire) -> None:
        assert render("{% champ f %}", f=fautif["version"]).startswith('<input type="hidden"')

    def test_the_widget_keeps_its_own_class_and_description(self) -> None:
        form = Formulaire()
        form.fields["numero"].widget.attrs.update({"class": "court", "aria-describedby": "note"})
        html = render("{% champ f %}", f=form["numero"])
        assert 'class="form-control court"' in html and 'aria-describedby="note id_numero_aide"' in html


class TestErreurs:
    def test_each_fault_links_to_something_that_exists(self, fautif: Formulaire) -> None:
        html = render("{% erreurs form %}{% for f in form %}{% champ f %}{% endfor %}", form=fautif)
        targets = re.findall(r'href="#([^"]+)"', html)
        assert targets == ["id_numero", "id_sens", "id_relu"]
        assert all(f'id="{target}"' in html for target in targets)

    def test_faults_of_the_whole_and_of_hidden_fields_are_said_without_link(self, fautif: Formulaire) -> None:
        html = render("{% erreurs form %}", form=fautif)
        assert "<li>La date exécutoire précède le vote.</li>" in html and "5 points sont à corriger" in html

    def test_nothing_when_nothing_is_wrong(self) -> None:
        assert render("{% erreurs form %}", form=Formulaire()).strip() == ""

    def test_the_forms_of_a_set_are_all_read(self) -> None:
        formset = forms.formset_factory(Formulaire)(
            {"form-TOTAL_FORMS": "2", "form-INITIAL_FORMS": "2", "form-0-numero": "1", "form-1-numero": ""}
        )
        html = render("{% erreurs formset %}", formset=formset)
        assert "#id_form-1-numero" in html and "#id_form-0-numero" not in html


class TestWaysThrough:
    def test_the_breadcrumb_ends_where_one_stands(self) -> None:
        html = render('{% fil "Contrats" "/c" "Mérignac" %}')
        assert '<a href="/c">Contrats</a>' in html and '<li aria-current="page">Mérignac</li>' in html

    def test_pages_keep_the_other_filters(self) -> None:
        request = RequestFactory().get("/?pole=2&page=1")
        html = render("{% pagination page %}", page=Paginator(range(90), 20).page(2), request=request)
        assert 'href="?pole=2&amp;page=3" rel="next"' in html and html.count('aria-current="page"') == 1

    def test_a_single_page_has_no_links(self) -> None:
        page = Paginator(range(3), 20).page(1)
        assert render("{% pagination page %}", page=page, request=RequestFactory().get("/")).strip() == ""

    def test_history_reads_dicts_and_objects(self) -> None:
        moment = dt.datetime(2027, 2, 10, 9, 42, tzinfo=dt.UTC)
        html = render("{% historique e %}", e=[{"quand": moment, "quoi": "Déposée", "qui": "Claire"}])
        assert "Déposée" in html and "par Claire" in html and 'datetime="2027-02-10T09:42:00+00:00"' in html
        event = SimpleNamespace(created_at=moment, phrase="Émise")
        assert "Émise" in render('{% historique e quand="created_at" quoi="phrase" %}', e=[event])

    def test_an_empty_history_says_so(self) -> None:
        assert "Rien n'est encore inscrit" in render("{% historique e %}", e=[])


class TestFrame:
    @staticmethod
    def page(blocks: str, **context: object) -> str:
        return Template('{% extends "base.html" %}' + blocks).render(Context({**NOBODY, **context}))

    def test_the_title_is_also_the_heading(self) -> None:
        html = self.page("{% block titre %}Revues{% endblock %}")
        assert "<title>Revues – Mutualisation à la carte</title>" in html and "<h1>Revues</h1>" in html

    def test_the_heading_may_differ(self) -> None:
        html = self.page("{% block titre %}Mes échéances{% endblock %}{% block h1 %}Bonjour.{% endblock %}")
        assert "<title>Mes échéances –" in html and "<h1>Bonjour.</h1>" in html

    def test_the_body_is_typeset(self) -> None:
        assert "l’an 1<sup>er</sup>" in self.page("{% block contenu %}<p>l'an 1er</p>{% endblock %}")

    def test_landmarks_and_skip_link(self) -> None:
        html = self.page("", navigation=[{"libelle": "Revues", "url": "/r", "active": True}])
        assert (
            html.index('href="#contenu"')
            < html.index("<header")
            < html.index('id="contenu"')
            < html.index("<footer")
        )
        assert html.count('<a href="/r" aria-current="page">Revues</a>') == 2  # one list wide, one folded

    def test_a_wide_page_and_the_epci_colours(self) -> None:
        epci = {"nom": "Bordeaux Métropole", "css_url": "/epci/1.css"}
        html = self.page("{% block large %}oui{% endblock %}", theme_epci=epci)
        assert "page large" in html and '<link rel="stylesheet" href="/epci/1.css">' in html
        assert "page large" not in self.page("")

    def test_the_banner_moves_the_clock(self) -> None:
        sauts = [{"libelle": "1er mars", "valeur": "2027-03-01"}]
        demo = {"aujourdhui": dt.date(2027, 2, 10), "url": "/demo/", "sauts": sauts}
        request = SimpleNamespace(
            user=SimpleNamespace(is_authenticated=False),
            get_full_path=RequestFactory().get("/revues/?mois=2").get_full_path,
        )
        html = self.page("", demonstration=demo, request=request)
        assert "Avancer au 1<sup>er</sup>" in html and 'name="suite" value="/revues/?mois=2"' in html
        assert 'action="/demo/"' in html and 'name="valeur" value="2027-03-01"' in html
        assert "Démonstration" not in self.page("")

    def test_messages_of_failure_interrupt_others_do_not(self) -> None:
        message = SimpleNamespace(level_tag="error")
        assert 'class="message error" role="alert"' in self.page("", messages=[message])
        assert 'role="status"' in self.page("", messages=[SimpleNamespace(level_tag="success")])


class TestErrorPages:
    @pytest.mark.parametrize("name", ["400.html", "405.html", "413.html", "500.html", "403_csrf.html"])
    def test_stand_without_any_context(self, name: str) -> None:
        assert render_to_string(name).count("<h1>") == 1

    def test_403_says_who_can(self) -> None:
        html = render_to_string("403.html", {**NOBODY, "message": "Seul le DGS peut déposer."})
        assert "Seul le DGS peut déposer." in html

    def test_404_never_repeats_the_address(self) -> None:
        assert "secret" not in render_to_string(
            "404.html", {**NOBODY, "request_path": "/secret", "exception": "secret"}
        )


class TestFiles:
    @pytest.mark.parametrize("path", A_MOI, ids=lambda path: path.name)
    def test_nothing_inline(self, path: Path) -> None:
        assert not re.findall(
            r"<style|\bstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+=|javascript:", path.read_text()
        )

    @pytest.mark.parametrize("kind", ["Regular", "Semibold", "It"])
    def test_the_typeface_is_served(self, kind: str) -> None:
        assert finders.find(f"polices/SourceSansPro-{kind}.ttf")

    def test_every_file_named_by_the_frame_is_served(self) -> None:
        names = re.findall(r'{% static "([^"]+)" %}', (RACINE / "templates/base.html").read_text())
        assert len(names) >= 8 and [name for name in names if not finders.find(name)] == []


def _tokens(css: str, start: str) -> dict[str, str]:
    block = css[css.index(start) :]
    return dict(
        re.findall(
            r"--([\w-]+): (#[0-9a-f]{3,6})\b", block[: block.index("\n  }" if "media" in start else "\n}")]
        )
    )


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    low, high = sorted([_luminance(one), _luminance(other)])
    return (high + 0.05) / (low + 0.05)


PAIRS = [
    (word, ground) for word in ("encre", "encre-2", "marque") for ground in ("fond", "papier", "papier-2")
]
PAIRS += [(tone, f"{tone}-clair") for tone in ("vigueur", "avenir", "attente", "retard")]
PAIRS += [("encre-2", "neutre-clair"), ("sur-marque", "marque"), ("retard", "fond"), ("encre", "demo-fond")]
PAIRS += [(f"sur-case-{kind}", f"case-{kind}") for kind in "vpaxrn"]


@pytest.mark.parametrize(
    "start", [":root {\n  color-scheme", "@media (prefers-color-scheme: dark) {\n  :root {"]
)
def test_words_contrast_with_their_ground_in_light_and_dark(start: str) -> None:
    tokens = _tokens((RACINE / "static/css/theme.css").read_text(), start)
    weak = {pair: round(_contrast(*(tokens[name] for name in pair)), 2) for pair in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
