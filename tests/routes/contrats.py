"""Contracts."""

from tests.contrats.gestes import (
    amendment_pk,
    consolidated_pk,
    drafted_clause,
    drafted_clauses_pk,
    issued_pk,
    published_clauses_pk,
    remark_pk,
    signatory_pk,
    signed_contract_pk,
    signed_fiche_pk,
    signed_pk,
    unknown_code,
)
from tests.contrats.gestes_fiche import no_rows, planned_pk
from tests.contrats.lots import ended_pk, lot_pk
from tests.routes.colonnes import (
    COMMUNE_,
    CONDUCTS,
    DIRECTS_,
    DOMAINE_,
    DRAFTS__,
    EVERYONE,
    LEADS__,
    SHEETS__,
    THE_EPCI,
    WRITES__,
    Route,
    cell,
    free,
    page,
    pk,
    to_prepare,
    with_302,
    with_422,
)

# Who follows lots: in his own EPCI, then one of EPCI 1.
#            an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
FOLLOWS_ = "302 403 403 403 403 403 403 403 403 403 200 200 200 200 302"
DRAWN__ = "302 404 404 404 404 404 404 404 404 404 200 200 200 404 302"
CONTRATS: tuple[Route, ...] = (
    #                an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
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
    page("contrats:lire", issued_pk, GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302"),
    # Clauses: published, the whole EPCI reads them; in preparation, those who see everything of it.
    page("contrats:clauses", GET=EVERYONE),
    page(
        "contrats:clauses_commencer",
        POST="302 403 403 403 403 403 403 403 403 403 403 302 403 302 302",
    ),
    page(
        "contrats:reglages_contrats",
        GET="302 403 403 403 403 403 403 403 403 403 403 200 403 200 302",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("contrats:jeu_clauses", published_clauses_pk, GET=THE_EPCI),
    page("contrats:clause_modifier", drafted_clause, GET=DRAFTS__, POST=with_422(DRAFTS__)),
    page("contrats:clauses_repetition", drafted_clauses_pk, GET=SHEETS__),
    page(
        "contrats:clauses_publier",
        drafted_clauses_pk,
        POST="302 404 404 404 404 404 404 404 404 404 404 409 403 404 302",
    ),
    page("contrats:clauses_abandonner", drafted_clauses_pk, GET=DRAFTS__, POST=with_302(DRAFTS__)),
    free("contrats:verifier_code", GET=" ".join(["200"] * 15)),
    # An unknown code: nobody learns anything.
    free("contrats:verifier", unknown_code, GET=" ".join(["404"] * 15), POST=" ".join(["404"] * 15)),
    page("contrats:circuit", pk("a.version"), GET=DOMAINE_),
    page("contrats:circuit_agir", pk("a.version"), POST=LEADS__),
    page("contrats:circuit_rouvrir", pk("a.version"), POST=LEADS__),
    page("contrats:circuit_approuver", pk("a.version"), POST=LEADS__),
    page("contrats:circuit_annuler_acte", pk("a.version"), POST=LEADS__),
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
    # No text is settled: the Direction is told so and sent back to the list.
    page(
        "contrats:deliberation_epci",
        GET="302 403 403 403 403 403 403 403 403 403 403 302 403 302 302",
    ),
    page(
        "contrats:dossier",
        pk("a.version"),
        GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302",
    ),
    page("contrats:preuve", issued_pk, GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302"),
    page("contrats:signe_deposer", issued_pk, POST=LEADS__),
    page(
        "contrats:signe_refuser",
        issued_pk,
        POST="302 422 404 422 403 403 403 403 404 404 403 422 403 404 302",
    ),
    page(
        "contrats:exemplaire",
        signed_pk,
        GET=COMMUNE_,
        POST="302 403 404 403 403 403 404 404 404 404 403 422 403 404 302",
    ),
    page("contrats:exemplaire_fichier", signed_pk, GET=COMMUNE_),
    page("contrats:signataires", GET=EVERYONE),
    page(
        "contrats:signataires_epci",
        GET=EVERYONE,
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page(
        "contrats:signataires_commune",
        pk("a.commune"),
        GET=DOMAINE_,
        POST="302 422 404 403 403 403 403 403 404 404 403 422 403 404 302",
    ),
    page("contrats:executif_epci", GET="302 403 403 403 403 403 403 403 403 403 403 200 200 200 302"),
    page(
        "contrats:executif_commune",
        pk("a.commune"),
        GET="302 403 403 403 403 403 403 403 403 403 403 200 200 404 302",
    ),
    page(
        "contrats:signataire_finir",
        signatory_pk,
        POST="302 422 404 403 403 403 404 404 404 404 403 422 403 404 302",
    ),
    page("contrats:avenant_ouvrir", signed_contract_pk, GET=CONDUCTS, POST=with_422(CONDUCTS)),
    page("contrats:fin", signed_contract_pk, GET=CONDUCTS, POST=with_422(CONDUCTS)),
    page("contrats:abandonner", amendment_pk, POST=LEADS__),
    page(
        "contrats:changements",
        amendment_pk,
        GET="302 200 404 200 200 200 403 403 404 404 200 200 200 404 302",
    ),
    page(
        "contrats:consolide_pdf",
        consolidated_pk,
        GET="302 202 404 202 202 202 403 403 404 404 202 202 202 404 302",
    ),
    # Lots: the Direction acts, administrators and directors of pôle read.
    page("contrats:lots", GET=FOLLOWS_),
    page(
        "contrats:lot_nouveau",
        GET="302 403 403 403 403 403 403 403 403 403 403 200 403 200 302",
        POST="302 403 403 403 403 403 403 403 403 403 403 422 403 422 302",
    ),
    page("contrats:lot", lot_pk, GET=DRAWN__),
    page("contrats:lot_annuler", lot_pk, POST="302 404 404 404 404 404 404 404 404 404 403 302 403 404 302"),
    page(
        "contrats:lot_reprendre", ended_pk, POST="302 404 404 404 404 404 404 404 404 404 403 302 403 404 302"
    ),
    page("contrats:lot_archive", ended_pk, GET=DRAWN__),
    # Without the kind of documents wanted.
    page("contrats:archive", GET=FOLLOWS_.replace("200", "404")),
    page("contrats:engagement", pk("a.engagement"), GET=DOMAINE_),
    page("contrats:engagement_modifier", pk("a.engagement"), GET=WRITES__, POST=with_422(WRITES__)),
    # The fiche DA of A's signed contract, without a number.
    page(
        "contrats:engagement_astreinte",
        signed_fiche_pk,
        POST="302 403 404 403 403 403 403 422 404 404 403 422 403 404 302",
    ),
    page("contrats:engagement_reference", pk("a.engagement"), GET=WRITES__, POST=with_422(WRITES__)),
    # The library: read by the whole EPCI, written by the Direction.
    page("contrats:fiches", GET=EVERYONE),
    page("contrats:fiche", pk("domaine"), GET=THE_EPCI),
    page("contrats:fiche_modifier", pk("domaine"), GET=DIRECTS_, POST=with_422(DIRECTS_), data=no_rows),
    page(
        "contrats:fiche_activite", pk("a.ligne.activite"), GET=DIRECTS_, POST=with_422(DIRECTS_), data=no_rows
    ),
    # The programme of a year.
    page("contrats:programmes", GET=EVERYONE),
    page("contrats:programme", cell, GET=DOMAINE_, POST=with_422(WRITES__)),
    page("contrats:programme_copier", cell, POST=with_302(WRITES__)),
    page("contrats:programme_ligne", planned_pk, GET=WRITES__, POST=with_422(WRITES__)),
    page("contrats:programme_suivre", planned_pk, POST=with_302(WRITES__)),
    page("contrats:programme_reporter", planned_pk, POST=with_422(WRITES__)),
    page("contrats:programme_retirer", planned_pk, GET=WRITES__, POST=with_302(WRITES__)),
)
