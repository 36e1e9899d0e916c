"""Cycles prepared before évaluations préalables had dates get theirs: April and May, kept inside the campaign."""

from datetime import date, timedelta

from django.db import migrations, models

DAY = timedelta(days=1)


def fill(apps, schema_editor):
    for cycle in apps.get_model("mutualisation", "Cycle").objects.filter(evaluation_debut_on=None):
        year = cycle.declaration_fin_on.year
        last = cycle.point_arret_on - DAY
        cycle.evaluation_debut_on = min(max(date(year, 4, 1), cycle.declaration_fin_on + DAY), last)
        cycle.evaluation_fin_on = min(max(date(year, 5, 31), cycle.evaluation_debut_on), last)
        cycle.save(update_fields=["evaluation_debut_on", "evaluation_fin_on"])


class Migration(migrations.Migration):
    dependencies = [("mutualisation", "0002_cycle_annuel")]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="cycle",
            name="evaluation_debut_on",
            field=models.DateField(verbose_name="début des évaluations préalables"),
        ),
        migrations.AlterField(
            model_name="cycle",
            name="evaluation_fin_on",
            field=models.DateField(verbose_name="fin des évaluations préalables"),
        ),
    ]
