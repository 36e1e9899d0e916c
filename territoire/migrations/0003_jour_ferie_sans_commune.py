from typing import Any

from django.db import migrations, models


def forget_communes(apps: Any, schema_editor: Any) -> None:
    """A day of one commune only must not become a day of all; none was ever counted."""
    apps.get_model("territoire", "JourFerie").objects.filter(commune__isnull=False).delete()


class Migration(migrations.Migration):
    dependencies = [("territoire", "0002_mouvements")]

    operations = [
        migrations.RunPython(forget_communes, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="jourferie", name="jour_ferie_unique"),
        migrations.RemoveField(model_name="jourferie", name="commune"),
        migrations.AddConstraint(
            model_name="jourferie",
            constraint=models.UniqueConstraint(fields=["epci", "jour"], name="jour_ferie_unique"),
        ),
    ]
