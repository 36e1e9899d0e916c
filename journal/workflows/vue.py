"""Filters of a list kept under a name: a preference of one person, which the journal does not tell."""

from comptes.models import Personne, Vue
from journal.workflows.unite import unite
from socle.erreurs import Refus

MOST = 30


@unite
def save_view(*, personne: Personne, page: str, nom: str, requete: str) -> Vue:
    """Keep the filters of a list page (its route name) under a name; the same name again replaces them.

    Raises Refus without a name, or beyond 30 views of one page.
    """
    nom = " ".join(nom.split())
    if not nom:
        raise Refus("Donnez un nom à cette vue.", field="nom")
    mine = Vue.objects.filter(personne=personne, page=page)
    if mine.exclude(nom=nom).count() >= MOST:
        raise Refus(f"Vous avez déjà {MOST} vues de cette liste : supprimez-en une.", field="nom")
    vue, _ = Vue.objects.update_or_create(
        personne=personne, page=page, nom=nom, defaults={"requete": requete}
    )
    return vue


@unite
def forget_view(*, vue: Vue) -> None:
    """Forget a saved view; the caller gives one of the person's own."""
    vue.delete()
