"""Who gets what at each address: route × role × own or other. One line per address and method; tests/test_routes.py plays it.

Objects belong to commune A of `tests.factories.Monde` (or to its EPCI). Columns, in the order of ROLES:

an  anonymous                       rf  référent of DA in A           di  Direction des territoires
dA  DGS of A          dB  DGS of B  re  responsable of DA             ad  administrateur
ma  maire of A                      ro  responsable of DB             vo  Direction of another EPCI
co  collaborateur of A              dp  directeur of the pôle of A    je  account of the intranet, by token
le  lecteur (élu) of A              ag  agent, without seat

Codes: 302 to sign-in for who is not signed in, 404 for what is not his (it does not exist), 403 for what he sees and may not do,
422 for a form heard and refused with words beside its fields: POST lines send an empty form unless `data` says otherwise.
A method without a line is one the address does not have: 405 for whoever is signed in.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from comptes.roles import Role
from journal.models import Evenement
from journal.workflows.unite import record, unit
from tests.contrats.gestes import issued_pk, remark_pk, unknown_code
from tests.factories import CourrielFactory, EquipeFactory, Monde, holder
from tests.mutualisation.atelier import (
    draft_activite,
    draft_bloc,
    draft_domaine,
    draft_pk,
)
from tests.mutualisation.demandes import (
    completion_pk,
    confirmed_pk,
    delegation_pk,
    evaluation_pk,
    study_key,
    view_pk,
    waiting_pk,
)
from tests.mutualisation.depots import deposited_pk, former_receipt, with_letter
from tests.mutualisation.dossier import act_pk, avis_pk, convention_pk, filed_pk
from tests.mutualisation.feuilles import people_pk, sheet_pk, sheet_type, written_pk

ROLES = ("an", "dA", "dB", "ma", "co", "le", "rf", "re", "ro", "ag", "dp", "di", "ad", "vo", "je")


def person(monde: Monde, role: str) -> Any:
    """Who plays a column; None for anonymous."""
    if role == "ag":
        return holder(Role.AGENT, monde.epci)
    a, b = monde.a, monde.b
    return {
        "an": None,
        "dA": a.dgs,
        "dB": b.dgs,
        "ma": a.maire,
        "co": a.collaborateur,
        "le": a.lecteur,
        "rf": a.referent,
        "re": monde.responsable,
        "ro": monde.responsable_autre,
        "dp": monde.directeur,
        "di": monde.direction,
        "ad": monde.administrateur,
        "vo": monde.direction_voisine,
        "je": monde.service,
    }[role]


def nothing(monde: Monde) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Route:
    """An address: its arguments in the world, the form of its POST, and the codes expected by method.

    `kind`: « page » (needs a session), « libre » (needs nothing), « api » (session or token).
    """

    name: str
    args: Callable[[Monde], dict[str, Any]] = nothing
    data: Callable[[Monde], dict[str, Any]] = nothing
    kind: str = "page"
    codes: dict[str, str] = field(default_factory=dict)

    def expected(self, method: str) -> dict[str, int]:
        codes = self.codes.get(method) or ABSENT[self.kind]
        return dict(zip(ROLES, map(int, codes.split()), strict=True))


# What a method that the address does not have answers.
ABSENT = {
    "page": " ".join(["302", *["405"] * 13, "302"]),
    "libre": " ".join(["405"] * 15),
    "api": " ".join(["401", *["405"] * 14]),
}


def pk(path: str) -> Callable[[Monde], dict[str, Any]]:
    """`pk("a.declaration")`: the id of that object of the world."""

    def args(monde: Monde) -> dict[str, Any]:
        obj: Any = monde
        for name in path.split("."):
            obj = getattr(obj, name)
        return {"pk": obj.pk}

    return args


def invitation(monde: Monde) -> dict[str, Any]:
    person = monde.a.dgs
    return {
        "uidb64": urlsafe_base64_encode(force_bytes(person.pk)),
        "token": default_token_generator.make_token(person),
    }


def team(monde: Monde) -> dict[str, Any]:
    return {"pk": EquipeFactory(epci=monde.epci, membres=[monde.responsable]).pk}


def mail_of_dgs(monde: Monde) -> dict[str, Any]:
    return {"pk": CourrielFactory(epci=monde.epci, destinataire=monde.a.dgs).pk}


def habilitation(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.dgs.habilitations.order_by("pk")[0].pk}


def cell(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "domaine": monde.domaine.pk}


def to_prepare(monde: Monde) -> dict[str, Any]:
    return {"commune": monde.a.commune.pk, "date": date(2028, 1, 1).isoformat()}


def issued(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.revue_tenue.compte_rendu_id}


def history(monde: Monde) -> dict[str, Any]:
    """The history of A's declaration, with one line in it."""
    with unit():
        record(
            type="essai",
            objet=monde.a.declaration,
            epci=monde.epci,
            commune=monde.a.commune,
            libelle="Essai",
            acteur=None,
        )
    return {"objet_type": "mutualisation.declaration", "objet_id": monde.a.declaration.pk}


def adhesion(monde: Monde) -> dict[str, Any]:
    return {"pk": monde.a.commune.adhesions.order_by("pk")[0].pk}


def event(monde: Monde) -> dict[str, Any]:
    """A line of the journal about A's declaration."""
    history(monde)
    return {"pk": Evenement.objects.about(monde.a.declaration)[0].pk}


def page(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: Any) -> Route:
    data = codes.pop("data", nothing)
    return Route(name, args, data, "page", codes)


def free(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: str) -> Route:
    return Route(name, args, nothing, "libre", codes)


def api(name: str, args: Callable[[Monde], dict[str, Any]] = nothing, **codes: str) -> Route:
    return Route(f"api:{name}", args, nothing, "api", codes)


# Lines many addresses share.
#            an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
EVERYONE = "302 200 200 200 200 200 200 200 200 200 200 200 200 200 302"
THE_EPCI = "302 200 200 200 200 200 200 200 200 200 200 200 200 404 302"
COMMUNE_ = "302 200 404 200 200 200 404 404 404 404 200 200 200 404 302"
DOMAINE_ = "302 200 404 200 200 200 200 200 404 404 200 200 200 404 302"
ADMIN___ = "302 403 403 403 403 403 403 403 403 403 403 403 200 403 302"
READERS_ = "302 403 403 403 403 403 403 403 403 403 200 200 200 404 302"
DIRECTS_ = "302 403 403 403 403 403 403 403 403 403 403 200 403 404 302"
DECIDES_ = "302 403 404 403 403 403 403 403 404 404 403 422 403 404 302"
INSTRUCT = "302 403 403 403 403 403 403 200 200 403 200 200 200 404 302"
COMPLETE = "302 422 404 422 422 403 403 403 404 404 403 403 403 404 302"
STUDIES_ = "302 403 404 403 403 403 403 422 404 404 403 422 403 404 302"
CORRECTS = "302 403 404 403 403 403 404 404 404 404 403 200 403 404 302"
# Only the Direction leads the circuit of a contract.
LEADS__ = "302 403 404 403 403 403 403 403 404 404 403 422 403 404 302"
WRITES__ = "302 200 404 403 403 403 200 200 404 404 403 200 403 404 302"
RUNS____ = "302 403 404 403 403 403 403 200 404 404 200 200 403 404 302"
RUNS_EPCI = "302 403 403 403 403 403 403 403 403 403 403 200 200 200 302"
SHEETS__ = "302 404 404 404 404 404 404 404 404 404 404 200 200 404 302"
DRAFTS__ = "302 404 404 404 404 404 404 404 404 404 404 200 403 404 302"
API_ALL_ = "401 200 200 200 200 200 200 200 200 200 200 200 200 200 200"
API_EPCI = "401 200 200 200 200 200 200 200 200 200 200 200 200 404 200"
API_DOM_ = "401 200 404 200 200 200 200 200 404 404 200 200 200 404 200"
API_COM_ = "401 200 404 200 200 200 404 404 404 404 200 200 200 404 200"


def with_422(codes: str) -> str:
    """The same line for an empty form: who may act is told what is missing."""
    return codes.replace("200", "422")


def with_302(codes: str) -> str:
    """The same line for an act that leads to another page."""
    return codes.replace("200", "302")


ROUTES: tuple[Route, ...] = (
    #                an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
    page("accueil", GET=EVERYONE),
    free("sante", GET="200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"),
    # Sign-in and people
    free(
        "comptes:connexion",
        GET="200 302 302 302 302 302 302 302 302 302 302 302 302 302 200",
        POST="200 302 302 302 302 302 302 302 302 302 302 302 302 302 200",
    ),
    free("comptes:deconnexion", POST="302 302 302 302 302 302 302 302 302 302 302 302 302 302 302"),
    page(
        "comptes:reprendre",
        GET="302 302 302 302 302 302 302 302 302 302 302 302 302 302 302",
        POST="302 302 302 302 302 302 302 302 302 302 302 302 302 302 302",
    ),
    page("comptes:changer_contexte", POST="302 404 404 404 404 404 404 404 404 404 404 404 404 404 302"),
    free("comptes:theme", pk("epci"), GET="200 200 200 200 200 200 200 200 200 200 200 200 200 200 200"),
    # The link is that of the DGS of A, who has signed in since: for her alone it is worn out (200: the page that says so).
    free(
        "comptes:invitation",
        invitation,
        GET="302 200 302 302 302 302 302 302 302 302 302 302 302 302 302",
        POST="302 200 302 302 302 302 302 302 302 302 302 302 302 302 302",
    ),
    free(
        "comptes:mot_de_passe_oublie",
        GET="200 200 200 200 200 200 200 200 200 200 200 200 200 200 200",
        POST="422 422 422 422 422 422 422 422 422 422 422 422 422 422 422",
    ),
    page("comptes:personnes", GET=ADMIN___),
    page("comptes:personne_nouvelle", GET=ADMIN___, POST=with_422(ADMIN___)),
    page("comptes:personne", pk("a.dgs"), GET=ADMIN___),
    page("comptes:compte_corriger", pk("a.dgs"), GET=ADMIN___, POST=with_422(ADMIN___)),
    page("comptes:compte_fermer", pk("a.dgs"), GET=ADMIN___, POST=with_422(ADMIN___)),
    page("comptes:compte_rouvrir", pk("a.dgs"), POST=with_302(ADMIN___)),
    page("comptes:habilitation_nouvelle", pk("a.dgs"), POST=with_422(ADMIN___)),
    page("comptes:inviter", pk("a.dgs"), POST=with_302(ADMIN___)),
    page("comptes:habilitation_fin", habilitation, POST=with_422(ADMIN___)),
    page("comptes:vue_nouvelle", POST=with_422(EVERYONE)),
    page(
        "comptes:vue_supprimer", view_pk, POST="302 404 404 404 404 404 404 404 404 404 404 302 404 404 302"
    ),
    # Journal
    page("journal:courriels", GET=EVERYONE),
    page("journal:courriel", mail_of_dgs, GET="302 200 404 404 404 404 404 404 404 404 404 404 200 404 302"),
    page("journal:courriel_renvoyer", mail_of_dgs, POST=with_302(ADMIN___)),
    page("journal:taches", GET=ADMIN___),
    page("journal:historique", history, GET=COMMUNE_),
    # The yearly cycle
    page("mutualisation:ma_declaration", GET="302 302 302 302 302 302 200 200 200 200 200 200 200 200 302"),
    page(
        "mutualisation:declaration",
        pk("a.declaration"),
        GET=COMMUNE_,
        POST="302 422 404 422 422 403 404 404 404 404 403 403 403 404 302",
    ),
    page(
        "mutualisation:declaration_relire",
        pk("a.declaration"),
        GET="302 200 404 200 200 302 404 404 404 404 302 302 302 404 302",
    ),
    page(
        "mutualisation:declaration_deposer",
        pk("a.declaration"),
        POST="302 302 404 302 403 403 404 404 404 404 403 403 403 404 302",
    ),
    # The number of an issued document is not annulled: who runs the documents is told and sent back to it.
    page(
        "mutualisation:accuse",
        pk("a.ligne.declaration"),
        GET=COMMUNE_,
        POST="302 403 404 403 403 403 404 404 404 404 403 302 302 404 302",
    ),
    page(
        "mutualisation:ancien_accuse",
        former_receipt,
        GET=COMMUNE_.replace("200", "202"),
        POST=COMMUNE_.replace("200", "403"),
    ),
    page(
        "mutualisation:declaration_retirer",
        deposited_pk,
        GET="302 200 404 200 403 403 404 404 404 404 403 403 403 404 302",
        POST="302 302 404 302 403 403 404 404 404 404 403 403 403 404 302",
    ),
    page(
        "mutualisation:visa",
        pk("a.declaration"),
        GET=COMMUNE_,
        POST="302 403 404 302 403 403 404 404 404 404 403 403 403 404 302",
    ),
    page(
        "mutualisation:visa_demander",
        pk("a.declaration"),
        POST="302 302 404 302 302 403 404 404 404 404 403 403 403 404 302",
    ),
    page(
        "mutualisation:lettre",
        with_letter,
        GET=COMMUNE_,
        POST="302 422 404 422 422 403 404 404 404 404 403 403 403 404 302",
    ),
    page("mutualisation:campagne", GET="302 403 403 403 403 403 403 403 403 403 200 200 200 200 302"),
    page(
        "mutualisation:cycle_nouveau",
        GET="302 403 403 403 403 403 403 403 403 403 403 200 403 200 302",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("mutualisation:cycle", pk("cycle"), GET=THE_EPCI),
    page("mutualisation:cycle_dates", pk("cycle"), GET=DIRECTS_, POST=with_422(DIRECTS_)),
    page("mutualisation:cycle_ouvrir", pk("cycle_futur"), POST=with_302(DIRECTS_)),
    page("mutualisation:cycle_clore", pk("cycle_passe"), GET=DIRECTS_, POST=with_302(DIRECTS_)),
    page("mutualisation:cycle_relancer", pk("cycle"), GET=DIRECTS_, POST=with_422(DIRECTS_)),
    page(
        "mutualisation:reglages",
        GET="302 403 403 403 403 403 403 403 403 403 403 200 403 200 302",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page(
        "mutualisation:mouvements",
        GET="302 403 403 403 403 403 403 403 403 403 403 200 200 200 302",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 422 422 302",
    ),
    page(
        "mutualisation:mouvements_comparer",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 422 422 302",
    ),
    page("mutualisation:declaration_delai", pk("a.declaration"), GET=CORRECTS, POST=with_422(CORRECTS)),
    page("mutualisation:instructions", GET="302 403 403 403 403 403 403 302 302 403 302 302 302 200 302"),
    page("mutualisation:instruction", pk("cycle_passe"), GET=INSTRUCT, POST=with_422(DIRECTS_)),
    page("mutualisation:instruction_resultat", pk("cycle_passe"), GET=with_302(INSTRUCT)),
    page("mutualisation:ligne", pk("a.ligne"), GET=DOMAINE_, POST=DECIDES_),
    page("mutualisation:ligne_dater", pk("a.ligne"), POST=DECIDES_),
    page("mutualisation:ligne_recevable", waiting_pk, POST=DECIDES_.replace("422", "302")),
    page("mutualisation:ligne_complement", waiting_pk, POST=DECIDES_),
    page("mutualisation:complement", completion_pk, GET=DOMAINE_, POST=COMPLETE),
    page("mutualisation:etude", study_key, GET=DOMAINE_, POST=STUDIES_),
    page("mutualisation:effet_ac", study_key, POST=DECIDES_),
    page("mutualisation:evaluations", pk("cycle_passe"), GET=THE_EPCI),
    page("mutualisation:evaluation", evaluation_pk, GET=DOMAINE_, POST=COMPLETE),
    page("mutualisation:evaluation_observer", evaluation_pk, POST=STUDIES_),
    page("mutualisation:evaluation_valider", evaluation_pk, POST=DECIDES_),
    page(
        "mutualisation:evaluation_deleguer",
        evaluation_pk,
        POST="302 422 404 403 403 403 403 403 404 404 403 403 403 404 302",
    ),
    page(
        "mutualisation:delegation_fin",
        delegation_pk,
        POST="302 302 404 403 403 403 403 403 404 404 403 403 403 404 302",
    ),
    page("mutualisation:arrets", pk("cycle_passe"), GET=READERS_, POST=with_302(DIRECTS_)),
    page(
        "mutualisation:arret",
        pk("a.ligne.declaration"),
        GET=COMMUNE_,
        POST="302 200 404 200 403 403 404 404 404 404 403 403 403 404 302",
    ),
    page("mutualisation:arret_epci", pk("a.ligne.declaration"), POST=with_302(CORRECTS)),
    page("mutualisation:arret_rouvrir", confirmed_pk, POST=with_422(CORRECTS)),
    page("mutualisation:actes", pk("cycle_passe"), GET=READERS_),
    page("mutualisation:acte_nouveau", pk("cycle_passe"), GET=DIRECTS_, POST=DIRECTS_),
    page("mutualisation:actes_enregistres", pk("cycle_passe"), GET=THE_EPCI),
    page("mutualisation:acte", pk("a.acte"), GET=COMMUNE_, POST=with_422(CORRECTS)),
    page("mutualisation:acte_annuler", pk("a.acte"), GET=CORRECTS, POST=with_422(CORRECTS)),
    page("mutualisation:acte_fichier", act_pk, GET=COMMUNE_),
    page("mutualisation:avis_enregistres", pk("cycle_passe"), GET=THE_EPCI),
    page("mutualisation:avis_nouveau", pk("cycle_passe"), GET=DIRECTS_, POST=with_422(DIRECTS_)),
    page("mutualisation:avis", avis_pk, GET=COMMUNE_, POST=with_422(CORRECTS)),
    page("mutualisation:avis_annuler", avis_pk, GET=CORRECTS, POST=with_422(CORRECTS)),
    page("mutualisation:avis_fichier", avis_pk, GET=COMMUNE_),
    page("mutualisation:conventions", GET=EVERYONE),
    page("mutualisation:conventions_preparer", pk("cycle_passe"), POST=with_302(DIRECTS_)),
    page("mutualisation:convention", convention_pk, GET=COMMUNE_, POST=with_422(CORRECTS)),
    page("mutualisation:convention_piece_nouvelle", convention_pk, POST=with_422(CORRECTS)),
    page("mutualisation:convention_piece", filed_pk, GET=COMMUNE_),
    page("mutualisation:convention_piece_retirer", filed_pk, GET=CORRECTS, POST=with_302(CORRECTS)),
    page("mutualisation:suivi", pk("a.ligne.declaration"), GET=COMMUNE_),
    page("mutualisation:suivi_dater", pk("a.ligne.declaration"), POST=with_422(CORRECTS)),
    page("mutualisation:suivi_ac", pk("a.ligne.declaration"), POST=with_422(CORRECTS)),
    page("mutualisation:matrice", GET=EVERYONE),
    page("mutualisation:matrice_liste", GET=EVERYONE),
    page("mutualisation:comparaison", GET=EVERYONE),
    page("mutualisation:comparaison_liste", GET=EVERYONE),
    page("mutualisation:evolution", GET=EVERYONE),
    page("mutualisation:rejoindre", GET=EVERYONE),
    page("mutualisation:case", cell, GET=THE_EPCI),
    page("mutualisation:catalogue", GET=EVERYONE),
    page(
        "mutualisation:affiliations",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 302 403 302 302",
    ),
    page(
        "mutualisation:editions",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    # A draft: the Direction changes it, an administrateur reads it.
    page("mutualisation:edition", draft_pk, GET=SHEETS__),
    page("mutualisation:edition_ecarts", draft_pk, GET=SHEETS__),
    page("mutualisation:edition_geler", draft_pk, POST=with_302(DRAFTS__)),
    page("mutualisation:edition_jour", draft_pk, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:edition_abandonner", draft_pk, GET=DRAFTS__, POST=with_302(DRAFTS__)),
    page("mutualisation:domaine_nouveau", draft_pk, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:domaine", draft_domaine, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:domaine_place", draft_domaine, POST=with_302(DRAFTS__)),
    page("mutualisation:domaine_retirer", draft_domaine, GET=DRAFTS__, POST=with_302(DRAFTS__)),
    page("mutualisation:domaine_retablir", draft_domaine, POST=with_302(DRAFTS__)),
    page("mutualisation:activite_nouvelle", draft_domaine, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:bloc_nouveau", draft_domaine, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:bloc_defaire", draft_bloc, POST=with_302(DRAFTS__)),
    page("mutualisation:activite", draft_activite, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:activite_place", draft_activite, POST=with_302(DRAFTS__)),
    page("mutualisation:activite_retirer", draft_activite, GET=DRAFTS__, POST=with_302(DRAFTS__)),
    page("mutualisation:activite_retablir", draft_activite, POST=with_302(DRAFTS__)),
    page("mutualisation:activite_scinder", draft_activite, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:activite_fusionner", draft_activite, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("mutualisation:sieges", GET=EVERYONE),
    page(
        "mutualisation:siege_nouveau",
        GET="302 200 200 403 403 403 403 403 403 403 403 200 403 200 302",
        POST="302 422 422 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("mutualisation:siege", pk("siege"), GET=THE_EPCI, POST=with_422(DIRECTS_)),
    page(
        "mutualisation:poles",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page(
        "mutualisation:equipes",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("mutualisation:equipe", team, GET=DIRECTS_, POST=with_422(DIRECTS_)),
    page("mutualisation:equipe_dissoudre", team, POST=with_302(DIRECTS_)),
    # First steps, and taking over what exists
    page("mutualisation:premiers_pas", GET=RUNS_EPCI),
    page(
        "mutualisation:jours_feries",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("mutualisation:reprises", GET=RUNS_EPCI, POST=with_422(RUNS_EPCI), data=sheet_type),
    page("mutualisation:reprise_modele", sheet_type, GET=RUNS_EPCI),
    page("mutualisation:reprise", sheet_pk, GET=SHEETS__),
    page("mutualisation:reprise_fichier", sheet_pk, GET=SHEETS__),
    page("mutualisation:reprise_confirmer", sheet_pk, POST=with_302(SHEETS__)),
    page(
        "mutualisation:reprise_inviter",
        people_pk,
        POST="302 404 404 404 404 404 404 404 404 404 404 404 302 404 302",
    ),
    page("mutualisation:reprise_annuler", written_pk, GET=SHEETS__, POST=with_302(SHEETS__)),
    # Contracts
    page("contrats:contrats", GET="302 302 302 302 302 302 302 200 200 200 200 200 200 200 302"),
    page("contrats:preparer", POST=with_302(DIRECTS_), data=to_prepare),
    page("contrats:contrat", pk("a.version.contrat"), GET=DOMAINE_),
    # A seat opens its own domain, not the whole contract.
    page(
        "contrats:projet_pdf",
        pk("a.version"),
        GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302",
    ),
    free("contrats:verifier_code", GET=" ".join(["200"] * 15)),
    # An unknown code: nobody learns anything.
    free("contrats:verifier", unknown_code, GET=" ".join(["404"] * 15), POST=" ".join(["404"] * 15)),
    page("contrats:circuit", pk("a.version"), GET=DOMAINE_),
    page("contrats:circuit_agir", pk("a.version"), POST=LEADS__),
    page("contrats:circuit_rouvrir", pk("a.version"), POST=LEADS__),
    page("contrats:circuit_approuver", pk("a.version"), POST=LEADS__),
    page(
        "contrats:remarque_nouvelle",
        pk("a.version"),
        POST="302 403 404 403 403 403 403 403 404 404 403 403 403 404 302",
    ),
    # A remark of the DGS of A on the fiche DA: the other side answers, she or the Direction closes.
    page(
        "contrats:remarque_repondre",
        remark_pk,
        POST="302 403 404 403 403 403 403 422 404 404 403 422 403 404 302",
    ),
    page(
        "contrats:remarque_clore",
        remark_pk,
        POST="302 302 404 403 403 403 403 403 404 404 403 302 403 404 302",
    ),
    page("contrats:arrete_pdf", issued_pk, GET="302 202 404 202 202 202 403 403 404 404 202 202 202 404 302"),
    page(
        "contrats:a_signer_pdf", issued_pk, GET="302 202 404 202 202 202 403 403 404 404 202 202 202 404 302"
    ),
    page("contrats:preuve", issued_pk, GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302"),
    page("contrats:engagement", pk("a.engagement"), GET=DOMAINE_),
    page("contrats:engagement_modifier", pk("a.engagement"), GET=WRITES__, POST=with_422(WRITES__)),
    # Reviews
    page("revues:revues", GET=EVERYONE),
    page("revues:tableau", GET=EVERYONE),
    page("revues:revue", pk("a.revue"), GET=DOMAINE_),
    page("revues:rediger", pk("a.revue"), GET=RUNS____, POST=with_422(RUNS____)),
    page("revues:emettre", pk("a.revue"), GET=with_302(RUNS____), POST=with_302(RUNS____)),
    page("revues:non_tenue", pk("a.revue"), GET=RUNS____, POST=with_422(RUNS____)),
    page(
        "revues:compte_rendu_pdf",
        issued,
        GET=DOMAINE_,
        POST="302 403 404 403 403 403 403 403 404 404 403 302 302 404 302",
    ),
    # API, read-only
    *(
        api(f"{name}-list", GET=API_ALL_)
        for name in (
            *("epcis", "communes", "domaines", "activites", "cycles"),
            *("adhesions", "contrats", "sieges", "revues", "evenements"),
        )
    ),
    api("epcis-detail", pk("epci"), GET=API_EPCI),
    api("communes-detail", pk("a.commune"), GET=API_EPCI),
    api("domaines-detail", pk("domaine"), GET=API_EPCI),
    api("activites-detail", pk("a.ligne.activite"), GET=API_EPCI),
    api("cycles-detail", pk("cycle"), GET=API_EPCI),
    api("adhesions-detail", adhesion, GET=API_EPCI),
    api("contrats-detail", pk("a.version.contrat"), GET=API_DOM_),
    api("sieges-detail", pk("siege"), GET=API_EPCI),
    api("revues-detail", pk("a.revue"), GET=API_DOM_),
    api("evenements-detail", event, GET=API_COM_),
    Route("api:schema", kind="libre", codes={"GET": " ".join(["200"] * 15)}),
    api("inconnue", GET=" ".join(["401", *["404"] * 14]), POST=" ".join(["401", *["404"] * 14])),
    # Demonstration: moving the clock, entering as somebody who is not among its people
    free("demo:avancer", POST=" ".join(["302"] * 15)),
    free("demo:entrer", POST=" ".join(["404"] * 15)),
)
