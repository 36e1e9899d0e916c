from django.apps import AppConfig


class ContratsConfig(AppConfig):
    name = "contrats"
    verbose_name = "contrats"

    def ready(self) -> None:
        from contrats import enregistrements

        enregistrements.register()
