"""Forms of the communes that move: the extract and its day, then what each one becomes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django import forms
from django.core import signing

from socle.saisie import JourInput, number
from socle.typographie import of, sort_key
from territoire.comparaison import Comparaison, Releve
from territoire.reference import CommuneReference

SALT = "mutualisation.mouvement"
TAILLE_MAX = 5_000_000  # bytes; the present extract has 470,000
DEPART, ARRIVEE = "depart", "arrivee"
FIRST_DAY, LAST_DAY = date(2010, 1, 1), date(2100, 1, 1)


class ExtraitForm(forms.Form):
    """A newer extract, or the packaged one, and the day its changes begin."""

    fichier = forms.FileField(
        label="Fichier des données de référence",
        help_text="« extrait.json.xz » d'une version plus récente. Sans fichier, celui livré avec l'application.",
        required=False,
        widget=forms.FileInput(attrs={"accept": ".xz"}),
        error_messages={"empty": "Ce fichier est vide : choisissez-en un autre."},
    )
    le = forms.DateField(
        label="Les changements prennent effet le",
        help_text="Le plus souvent un 1er janvier.",
        widget=JourInput,
    )

    def clean_fichier(self) -> Any:
        fichier = self.cleaned_data["fichier"]
        if fichier and fichier.size > TAILLE_MAX:
            raise forms.ValidationError(
                "Ce fichier est trop gros pour être un extrait des données de référence."
            )
        return fichier

    def clean_le(self) -> date:
        return in_bounds(self.cleaned_data["le"])


def in_bounds(day: date) -> date:
    """The same day, refused when it can only be a slip."""
    if not FIRST_DAY <= day <= LAST_DAY:
        raise forms.ValidationError("Vérifiez l'année.")
    return day


class ComparaisonForm(forms.Form):
    """What becomes of each commune that disappeared, where each one that appeared comes from; carries what was read."""

    releve = forms.CharField(widget=forms.HiddenInput)
    le = forms.DateField(widget=forms.HiddenInput)
    empreinte = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, comparaison: Comparaison, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._comparaison = comparaison
        heirs = [(one.siren, one.nom) for one in sorted(comparaison.apres, key=_in_french)]
        elders = [
            (str(one.commune.pk), f"se détache {of(one.nom)}")
            for one in sorted(comparaison.avant, key=_in_french)
        ]
        for gone in comparaison.disparues:
            leaves = f"quitte l'EPCI{f' pour {gone.ailleurs}' if gone.ailleurs else ''}"
            self._add(
                f"devient_{gone.avant.commune.pk}",
                f"{gone.avant.nom} n'est plus dans la liste. Cette commune",
                [("", "à préciser"), (DEPART, leaves), *((siren, f"devient {nom}") for siren, nom in heirs)],
                DEPART if gone.ailleurs else gone.proposee,
            )
        for new in comparaison.apparues:
            born = any(gone.proposee == new.apres.siren for gone in comparaison.disparues)
            comes = f"rejoint l'EPCI{f', venue {of(new.provenance)}' if new.provenance else ''}"
            self._add(
                f"vient_{new.apres.siren}",
                f"{new.apres.nom} est nouvelle dans la liste. Cette commune",
                [(ARRIVEE, "naît de la fusion dite ci-dessus" if born else comes), *elders],
                str(new.origine) if new.origine else ARRIVEE,
            )

    def _add(self, name: str, label: str, choices: list[tuple[str, str]], initial: str) -> None:
        missing = {"required": "Dites ce que devient cette commune."}
        self.fields[name] = forms.ChoiceField(
            label=label, choices=choices, initial=initial, error_messages=missing
        )

    def clean_le(self) -> date:
        return in_bounds(self.cleaned_data["le"])

    def proposed(self) -> dict[str, str]:
        """The choices proposed, as if they were sent."""
        return {name: str(field.initial) for name, field in self.fields.items() if field.initial}

    def choices_of(self, data: Mapping[str, Any]) -> tuple[dict[int, str], dict[str, int | None]]:
        """(`devenirs`, `origines`) as territoire.comparaison.plan reads them; who is not decided is left out."""
        gone = {
            one.avant.commune.pk: data.get(f"devient_{one.avant.commune.pk}", "")
            for one in self._comparaison.disparues
        }
        new = {
            one.apres.siren: data.get(f"vient_{one.apres.siren}", ARRIVEE)
            for one in self._comparaison.apparues
        }
        return (
            {pk: "" if value == DEPART else value for pk, value in gone.items() if value},
            {siren: number(value) for siren, value in new.items()},
        )


def _in_french(one: Any) -> str:
    return sort_key(one.nom)


def pack(releve: Releve) -> str:
    """What an extract says of an EPCI, signed, so that a page carries it from one step to the next."""
    communes = [(c.code_insee, c.siren, c.nom, c.population, c.departement) for c in releve.communes]
    facts = (
        releve.version,
        releve.jour.isoformat(),
        communes,
        dict(releve.ailleurs),
        dict(releve.provenances),
    )
    return signing.dumps(facts, salt=SALT, compress=True)


def unpack(text: str) -> Releve | None:
    """What `pack` carried; None when the page was tampered with."""
    try:
        version, jour, communes, ailleurs, provenances = signing.loads(text, salt=SALT)
    except signing.BadSignature:
        return None
    return Releve(
        version,
        date.fromisoformat(jour),
        tuple(CommuneReference(*one) for one in communes),
        ailleurs,
        provenances,
    )
