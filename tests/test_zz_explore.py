import json, sys
import pytest, traceback
from tests import routes
from tests.routes import *
from tests.test_routes import names, play, METHODS
SPEC = {
 "comptes:theme": dict(args=pk("epci")), "comptes:invitation": dict(args=invitation),
 "comptes:personne": dict(args=pk("a.dgs")), "comptes:habilitation_nouvelle": dict(args=pk("a.dgs")), "comptes:inviter": dict(args=pk("a.dgs")),
 "comptes:habilitation_fin": dict(args=habilitation), "journal:courriel": dict(args=mail_of_dgs), "journal:historique": dict(args=history),
 "mutualisation:declaration": dict(args=pk("a.declaration")), "mutualisation:declaration_relire": dict(args=pk("a.declaration")),
 "mutualisation:declaration_deposer": dict(args=pk("a.declaration")), "mutualisation:accuse": dict(args=pk("a.ligne.declaration")),
 "mutualisation:cycle": dict(args=pk("cycle")), "mutualisation:cycle_dates": dict(args=pk("cycle")), "mutualisation:cycle_ouvrir": dict(args=pk("cycle_futur")),
 "mutualisation:instruction": dict(args=pk("cycle_passe")), "mutualisation:ligne": dict(args=pk("a.ligne")), "mutualisation:ligne_dater": dict(args=pk("a.ligne")),
 "mutualisation:actes": dict(args=pk("cycle_passe")), "mutualisation:acte_nouveau": dict(args=pk("cycle_passe")), "mutualisation:case": dict(args=cell),
 "mutualisation:siege": dict(args=pk("siege")), "contrats:contrat": dict(args=pk("a.version.contrat")), "contrats:preparer": dict(data=to_prepare),
 "contrats:projet_pdf": dict(args=pk("a.version")), "contrats:engagement": dict(args=pk("a.engagement")), "contrats:engagement_modifier": dict(args=pk("a.engagement")),
 "revues:revue": dict(args=pk("a.revue")), "revues:rediger": dict(args=pk("a.revue")), "revues:emettre": dict(args=pk("a.revue")), "revues:non_tenue": dict(args=pk("a.revue")),
 "revues:compte_rendu_pdf": dict(args=issued),
 "api:epcis-detail": dict(args=pk("epci")), "api:communes-detail": dict(args=pk("a.commune")), "api:domaines-detail": dict(args=pk("domaine")),
 "api:activites-detail": dict(args=pk("a.ligne.activite")), "api:cycles-detail": dict(args=pk("cycle")), "api:contrats-detail": dict(args=pk("a.version.contrat")),
 "api:sieges-detail": dict(args=pk("siege")), "api:revues-detail": dict(args=pk("a.revue")),
 "api:adhesions-detail": dict(args=lambda m: {"pk": m.a.commune.adhesions.order_by("pk")[0].pk}),
 "api:evenements-detail": dict(args=lambda m: (history(m), {"pk": __import__("journal.models").models.Evenement.objects.get().pk})[1]),
}
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", list(names()))
def test_explore(monde, name, method):
    from django.db import transaction
    from tests.test_routes import client_of, ROLES
    from django.urls import reverse
    r = Route(name, **SPEC.get(name, {}))
    url = reverse(r.name, kwargs=r.args(monde))
    codes, errors = [], []
    for role in ROLES:
        try:
            with transaction.atomic():
                client, headers = client_of(monde, role)
                send = client.post if method == "POST" else client.get
                codes.append(str(send(url, r.data(monde) if method == "POST" else None, headers=headers).status_code))
                transaction.set_rollback(True)
        except BaseException as e:
            codes.append("ERR"); errors.append((role, type(e).__name__+": "+str(e)[:160]))
    with open("/tmp/explore.txt","a") as f:
        f.write(f"{name.split(chr(58))[-1][:22]:22} {method:4} {chr(32).join(codes)}\n")
        for e in errors[:1]: f.write(f"      {e}\n")
    from tests import gardes; gardes.unknown_variables.clear()
