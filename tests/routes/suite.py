"""Reviews, API, demonstration."""

from tests.routes.colonnes import (
    API_ALL_,
    API_COM_,
    API_DOM_,
    API_EPCI,
    DOMAINE_,
    EVERYONE,
    RUNS____,
    Route,
    adhesion,
    api,
    event,
    free,
    issued,
    missed_review,
    page,
    past_review,
    pk,
    with_302,
    with_422,
)

SUITE: tuple[Route, ...] = (
    #                an  dA  dB  ma  co  le  rf  re  ro  ag  dp  di  ad  vo  je
    # Reviews
    page("revues:revues", GET=EVERYONE),
    page("revues:tableau", GET=EVERYONE),
    page("revues:revue", pk("a.revue"), GET=DOMAINE_),
    page("revues:rediger", pk("a.revue"), GET=RUNS____, POST=with_422(RUNS____)),
    page("revues:emettre", pk("a.revue"), GET=with_302(RUNS____), POST=with_302(RUNS____)),
    page("revues:non_tenue", past_review, GET=RUNS____, POST=with_422(RUNS____)),
    page("revues:retablir", missed_review, GET=RUNS____, POST=with_302(RUNS____)),
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
