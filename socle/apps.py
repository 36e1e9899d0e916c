from django.apps import AppConfig


class SocleConfig(AppConfig):
    name = "socle"
    verbose_name = "socle"

    def ready(self) -> None:
        from django.core.validators import MaxLengthValidator

        from socle.saisie import TropLong

        MaxLengthValidator.message = TropLong()
