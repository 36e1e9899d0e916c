"""An EPCI prepares one edition of its catalogue at a time; a line about an activity split since opens several adhesions."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mutualisation", "0003_dates_evaluation")]

    operations = [
        migrations.AlterField(
            model_name="adhesion",
            name="ligne",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adhesions",
                to="mutualisation.ligne",
            ),
        ),
        migrations.AlterField(
            model_name="adhesion",
            name="ligne_fin",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="adhesions_closes",
                to="mutualisation.ligne",
            ),
        ),
        migrations.AddConstraint(
            model_name="catalogue",
            constraint=models.UniqueConstraint(
                condition=models.Q(("gele_at", None)),
                fields=("epci",),
                name="catalogue_one_draft",
                violation_error_message="Une édition est déjà en préparation.",
            ),
        ),
    ]
