from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "demo"
    verbose_name = "démonstration"

    def ready(self) -> None:
        from demo.horloge import current_offset
        from socle import horloge

        horloge.set_offset_source(current_offset)
