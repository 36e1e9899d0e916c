"""Naming who answers for a domain on a side."""

from datetime import date

from comptes.models import Equipe, Personne
from journal.workflows.unite import record, unite
from mutualisation.models import Domaine, Siege, Titulaire
from socle.erreurs import Refus
from territoire.models import Commune, Epci, Pole


@unite
def appoint(
    *,
    epci: Epci,
    cote: str,
    domaine: Domaine,
    debut: date,
    acteur: Personne | None,
    personne: Personne | None = None,
    equipe: Equipe | None = None,
    commune: Commune | None = None,
    pole: Pole | None = None,
    rang: str = Titulaire.Rang.TITULAIRE,
    fin: date | None = None,
) -> Titulaire:
    """Put a person or a team in a seat (created when needed) over `[debut, fin)`.

    In title, whoever sits there is relieved on `debut`. Raises Refus when someone was already named for a later day.
    """
    siege, _ = Siege.objects.get_or_create(epci=epci, cote=cote, domaine=domaine, commune=commune, pole=pole)
    if rang == Titulaire.Rang.TITULAIRE:
        _relieve(siege, debut)
    titulaire = Titulaire.objects.create(
        siege=siege, personne=personne, equipe=equipe, rang=rang, debut=debut, fin=fin
    )
    record(
        type="siege.nomme",
        objet=siege,
        epci=epci,
        commune=commune,
        acteur=acteur,
        libelle=f"{siege} : {titulaire.get_rang_display()} à compter du {debut:%d/%m/%Y}",
        contenu={"domaine": domaine.code, "cote": str(cote), "debut": debut.isoformat()},
    )
    return titulaire


def _relieve(siege: Siege, debut: date) -> None:
    holders = siege.titulaires.select_for_update(of=("self",)).filter(rang=Titulaire.Rang.TITULAIRE)
    later = holders.filter(debut__gte=debut).order_by("debut").first()
    if later:
        raise Refus(f"{later} est déjà nommé à compter du {later.debut:%d/%m/%Y}.", field="debut")
    holders.on(debut).update(fin=debut)
