"""What the yearly cycle expects of a commune, said to the one that shares and to the one that does not."""

from dataclasses import replace

from mutualisation.echeances import deadlines
from tests.factories import DeclarationFactory, Monde, member_commune
from tests.factories.monde import Cote
from tests.mutualisation.gestes import prepare


def told(cote: Cote) -> str:
    """The detail of the deadline to declare."""
    (titre,) = cote.dgs.acces.titres
    (echeance,) = deadlines(cote.dgs, titre, cote.declaration.epci.today)
    return f"{echeance.bouton} : {echeance.detail}"


def test_who_shares_keeps_everything_by_default(monde: Monde):
    assert told(monde.a).startswith("Déclarer : Tout est repris de cette année")


def test_who_shares_nothing_is_not_told_that_everything_is_kept(monde: Monde):
    newcomer = member_commune(monde.epci)
    DeclarationFactory(cycle=monde.cycle, commune=newcomer)
    (titre,) = monde.a.dgs.acces.titres
    contexte = replace(titre, commune_id=newcomer.pk)
    (echeance,) = deadlines(monde.a.dgs, contexte, monde.epci.today)
    assert echeance.detail.startswith("Votre commune ne partage encore rien.")


def test_what_is_begun_is_counted(monde: Monde):
    prepare(monde.a.declaration, monde.a.dgs, plus=["DA-02"])
    assert told(monde.a) == "Continuer : 1 activité changée pour l'instant."
