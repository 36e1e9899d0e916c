from django.apps import AppConfig


class RevuesConfig(AppConfig):
    name = "revues"
    verbose_name = "revues"

    def ready(self) -> None:
        from revues import enregistrements

        enregistrements.register()
