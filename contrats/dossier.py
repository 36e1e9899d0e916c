"""What a conseil municipal needs to vote a contract: read from the text it votes, its cycle and its calendar."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Q

from contrats.donnees import TO_COME, contract_data
from contrats.models import Approbation, Cote, VersionContrat
from contrats.retroplanning import Echeancier, Regle, Retroplanning, plan, rule_of
from mutualisation.compensation import amount, paid_otherwise
from mutualisation.models import Avis, Convention, Cycle, EffetAC, Ligne, Seance
from socle.dates import day_and_year, long_day
from socle.typographie import enumerate_french, plural
from territoire.models.epci import WorkingDays

NOT_COSTED = EffetAC.Etat.NON_CHIFFRE


@dataclass(frozen=True)
class EffetLu:
    """The effect of a domain on the attribution de compensation: how far it is costed, and both amounts in words."""

    domaine: str
    etat: str
    fonctionnement: str
    investissement: str

    @property
    def cells(self) -> tuple[str, str, str, str]:
        return (self.domaine, self.etat, self.fonctionnement, self.investissement)


@dataclass(frozen=True)
class Dossier:
    """All that is written in the file; `contrat` is what the contract prints, `plan` None once the commune has voted."""

    version: VersionContrat
    contrat: dict[str, Any]
    regle: Regle
    changements: tuple[str, ...]
    effets: tuple[EffetLu, ...]
    annexes: tuple[str, ...]
    plan: Retroplanning | None
    vote: str
    conseil_epci: str
    edite_on: date

    @property
    def projet(self) -> bool:
        """The text is not settled yet: nothing here may be voted as it is."""
        return self.version.arrete is None

    @property
    def objet(self) -> str:
        """« le contrat d'engagement C-2028-001 », « l'avenant n° 2 au contrat d'engagement, C-2028-001-A2 »."""
        if self.version.numero:
            return f"l'avenant n° {self.version.numero} au contrat d'engagement, {self.version.reference}"
        return f"le contrat d'engagement {self.version.reference}"

    @property
    def avenant(self) -> dict[str, Any] | None:
        """What the short act prints, see `contrats.avenant.amendment_data`; None for a first text."""
        act: dict[str, Any] | None = self.contrat["avenant"]
        return act

    @property
    def titre(self) -> str:
        """« Dossier de conseil – Mérignac », with the number of the avenant when it is one."""
        number = f", avenant n° {self.version.numero}" if self.avenant else ""
        return f"Dossier de conseil – {self.version.commune}{number}"

    @property
    def fiches(self) -> list[dict[str, Any]]:
        """The fiches that the text voted prints: all those of a contract, those that an avenant changes or adds."""
        return printed_fiches(self.contrat)

    @property
    def texte(self) -> str:
        """The text voted, so that nobody takes another for it."""
        document = self.version.arrete
        if document is None:
            return "projet, texte non encore arrêté pour le vote"
        digest = f"empreinte SHA-256 {document.sha256}" if document.emis else "document en préparation"
        return f"texte arrêté pour vote {document.reference}, {digest}"

    @property
    def domaines(self) -> list[dict[str, Any]]:
        """Domains covered, in the order of the contract."""
        return [domaine for famille in self.contrat["familles"] for domaine in famille["domaines"]]

    @property
    def portee(self) -> str:
        """« 4 domaines et 31 activités »."""
        count = sum(len(domaine["activites"]) for domaine in self.domaines)
        return f"{plural(len(self.domaines), 'domaine')} et {plural(count, 'activité')}"

    @property
    def visas(self) -> list[str]:
        """Acts already recorded that the contract cites."""
        return [visa for visa in self.contrat["visas"] if not visa.endswith(TO_COME)]

    @property
    def signataire(self) -> str:
        """Who is authorised to sign: « le maire, Claire Vasseur », « Paul Roy, premier adjoint, … », or the maire unnamed."""
        named = self.contrat["signataires"]["commune"]
        if named is None:
            return "le maire, ou la personne à qui il délègue sa signature,"
        if named["qualite"] == "maire":
            return f"le maire, {named['nom']},"
        return f"{named['nom']}, {named['qualite']},"


def read_dossier(version: VersionContrat) -> Dossier:
    """The dossier of a version as things stand today; the same rows on the same day give the same dossier.

    The text is the one settled for the vote, frozen, or the draft of today. The number of queries does not depend on domains.
    """
    contrat = version.arrete.source["contrat"] if version.arrete else contract_data(version)
    cycle = _cycle(version)
    lignes = _lines(version, cycle)
    regle = rule_of(version.commune.population)
    approved = version.approbations.filter(cote=Cote.COMMUNE).first()
    return Dossier(
        version=version,
        contrat=contrat,
        regle=regle,
        changements=tuple(_changes(contrat, lignes)),
        effets=tuple(_effects(version, cycle, lignes)),
        annexes=tuple(_annexes(version, contrat, cycle)),
        plan=None if approved else _plan(version, cycle, regle),
        vote=_told(approved) if approved else "",
        conseil_epci=_council(version),
        edite_on=version.epci.today,
    )


def _cycle(version: VersionContrat) -> Cycle | None:
    """The cycle that takes effect with a version; none for an avenant of another day."""
    return Cycle.objects.filter(epci=version.epci, effective_on=version.effective_on).first()


def _lines(version: VersionContrat, cycle: Cycle | None) -> list[Ligne]:
    """What the commune changes in the cycle, and was accepted."""
    rows = Ligne.objects.changing().filter(
        declaration__cycle=cycle, commune=version.commune, arbitrage=Ligne.Arbitrage.ACCEPTEE
    )
    ordered = rows.select_related("domaine", "activite").order_by("domaine__ordre", "activite__code", "pk")
    return list(ordered) if cycle else []


def _changes(contrat: dict[str, Any], lignes: list[Ligne]) -> Iterator[str]:
    """What is new on the day of effect, domain by domain; then what leaves and whose level is revised."""
    for famille in contrat["familles"]:
        for domaine in famille["domaines"]:
            new = [a for a in domaine["activites"] if a["depuis_on"] >= contrat["effet_on"]]
            if new:
                whole = len(new) == len(domaine["activites"])
                said = "entre en entier" if whole else "s'étend à " + _quoted(a["libelle"] for a in new)
                yield f"« {domaine['libelle']} » {said}"
    for nature, verb in (
        (Ligne.Nature.RETRAIT, "la commune reprend"),
        (Ligne.Nature.REVISION, "niveau revu pour"),
    ):
        for domaine in dict.fromkeys(one.domaine for one in lignes if one.nature == nature):
            names = [
                one.activite.libelle for one in lignes if one.nature == nature and one.domaine == domaine
            ]
            yield f"« {domaine} » : {verb} {_quoted(names)}"


def _quoted(names: Any) -> str:
    return enumerate_french([f"« {name} »" for name in names])


def _effects(version: VersionContrat, cycle: Cycle | None, lignes: list[Ligne]) -> Iterator[EffetLu]:
    """One row by domain that changes, then the total of those that are costed."""
    if cycle is None or not lignes:
        return
    rows = EffetAC.objects.filter(declaration__cycle=cycle, commune=version.commune)
    known = {row.domaine_id: row for row in rows.exclude(etat=NOT_COSTED).order_by("pk")}
    paid = paid_otherwise(cycle)
    shown = list(dict.fromkeys(one.domaine for one in lignes))
    for domaine in shown:
        yield _effect(str(domaine), known.get(domaine.pk), paid.get(domaine.pk, ""), cycle)
    added = [known[one.pk] for one in shown if one.pk in known and one.pk not in paid]
    if len(added) > 1:
        sums = [
            sum((getattr(one, name) for one in added), Decimal())
            for name in ("fonctionnement", "investissement")
        ]
        yield EffetLu("Total de ce qui est chiffré", "", *(amount(one) for one in sums))


def _effect(domaine: str, effet: EffetAC | None, paid: str, cycle: Cycle) -> EffetLu:
    if paid:
        return EffetLu(domaine, f"sans effet, {paid}", "rien", "rien")
    if effet:
        said = str(effet.get_etat_display())
        return EffetLu(domaine, said, amount(effet.fonctionnement), amount(effet.investissement))
    due = cycle.point_arret_on
    known = (
        f"sera connu le {day_and_year(due)}, au point d'arrêt"
        if due >= cycle.epci.today
        else "à demander à la Direction des territoires"
    )
    return EffetLu(domaine, str(NOT_COSTED.label), known, known)


def _annexes(version: VersionContrat, contrat: dict[str, Any], cycle: Cycle | None) -> Iterator[str]:
    yield _voted(version, contrat)
    yield from _convention(version)
    yield from _opinions(version, cycle)


def _voted(version: VersionContrat, contrat: dict[str, Any]) -> str:
    """« Texte arrêté pour vote CE-2028-004, avec 3 fiches d'engagement (PDF) »; an avenant names its fiches."""
    draft = "Projet d'avenant" if contrat["avenant"] else "Projet de contrat"
    settled = version.arrete
    name = (
        f"Texte arrêté pour vote {settled.reference}"
        if settled
        else f"{draft}, à remplacer par le texte arrêté"
    )
    fiches = printed_fiches(contrat)
    if not fiches:
        return f"{name}, sans fiche d'engagement (PDF)"
    named = f" : {_quoted(fiche['libelle'] for fiche in fiches)}" if contrat["avenant"] else ""
    count = plural(len(fiches), "fiche d'engagement", "fiches d'engagement")
    return f"{name}, avec {count}{named} (PDF)"


def printed_fiches(contrat: dict[str, Any]) -> list[dict[str, Any]]:
    """The fiches that the act prints, of the data of a contract or of an avenant."""
    act = contrat["avenant"]
    return [fiche for fiche in contrat["fiches"] if act is None or fiche["code"] in act["fiches"]]


def _convention(version: VersionContrat) -> Iterator[str]:
    """The convention that goes with the contract, with what the law annexes to it (CGCT, L.5211-4-2)."""
    rows = Convention.objects.filter(epci=version.epci, commune=version.commune).prefetch_related(
        "pieces__piece"
    )
    found = rows.order_by("-rang").first()
    if found is None:
        yield "Convention de services communs, avec sa fiche d'impact : à joindre, rien n'est enregistré"
        return
    number = f" n° {found.numero}" if found.numero else ""
    pieces = [f"{one.get_nature_display()} ({one.piece.nom})" for one in found.pieces.all()]
    yield f"{found.titre}{number}, {found.etat.label} : {enumerate_french(pieces) or 'fichiers à joindre'}"


def _opinions(version: VersionContrat, cycle: Cycle | None) -> Iterator[str]:
    """Opinions given in the cycle, by the committees of the commune and of the EPCI."""
    rows = Avis.objects.standing().filter(Q(commune=version.commune) | Q(commune=None), cycle=cycle)
    found = list(rows.order_by("rendu_on", "pk")) if cycle else []
    for avis in found:
        given = f"rendu le {day_and_year(avis.rendu_on)}" if avis.rendu_on else "sans objet"
        said = [f"{words} (collège {college})" for college, words in avis.sens]
        yield ", ".join([avis.titre, given, *said])
    if not found:
        yield "Avis du comité social territorial : à joindre s'il est rendu, aucun n'est enregistré"


def _plan(version: VersionContrat, cycle: Cycle | None, regle: Regle) -> Retroplanning:
    rows = Seance.objects.coming(version.epci).filter(commune=version.commune)
    dates = Echeancier(
        today=version.epci.today,
        seances=tuple(rows.values_list("jour", flat=True)),
        effective_on=version.effective_on,
        votes_fin_on=cycle.votes_fin_on if cycle else None,
    )
    return plan(dates, regle, WorkingDays(version.epci))


def _council(version: VersionContrat) -> str:
    """What is known of the vote of the other side: the contract needs both."""
    epci = version.epci
    act = version.approbations.filter(cote=Cote.EPCI).first()
    if act:
        return f"{epci.nom_commun[:1].upper()}{epci.nom_commun[1:]} a approuvé ce texte : {_told(act)}."
    seance = Seance.objects.coming(epci).filter(commune=None).first()
    if seance:
        return f"Prochaine séance du conseil de {epci.nom_commun} : le {long_day(seance.jour)}."
    return f"Aucune séance à venir du conseil de {epci.nom_commun} n'est saisie."


def _told(act: Approbation) -> str:
    return f"{act}, du {day_and_year(act.adopte_on)}, exécutoire le {day_and_year(act.executoire_on)}"
