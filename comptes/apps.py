from django.apps import AppConfig


class ComptesConfig(AppConfig):
    name = "comptes"
    verbose_name = "comptes"

    def ready(self) -> None:
        from comptes import enregistrements

        enregistrements.register()
