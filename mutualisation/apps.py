from django.apps import AppConfig


class MutualisationConfig(AppConfig):
    name = "mutualisation"
    verbose_name = "mutualisation"

    def ready(self) -> None:
        from mutualisation import enregistrements

        enregistrements.register()
