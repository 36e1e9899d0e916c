from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = "documents"

    def ready(self) -> None:
        from django.core import checks

        from documents.models.document import TACHE_RENDRE
        from documents.signature import check_authorities
        from documents.workflows.document import run_render
        from socle import registres

        checks.register(check_authorities)
        registres.taches.register(TACHE_RENDRE, run_render)
        registres.intitules[TACHE_RENDRE] = "Mise en page d'un document"
