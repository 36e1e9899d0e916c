"""Home, sign-in, people, journal."""

from tests.mutualisation.demandes import view_pk
from tests.routes.colonnes import (
    ADMIN___,
    COMMUNE_,
    EVERYONE,
    Route,
    free,
    habilitation,
    history,
    invitation,
    mail_of_dgs,
    page,
    pk,
    with_302,
    with_422,
)

GENS: tuple[Route, ...] = (
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
)
