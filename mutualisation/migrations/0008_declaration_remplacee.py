from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mutualisation", "0007_acte")]

    operations = [
        migrations.RemoveConstraint(model_name="declaration", name="declaration_submitted_facts"),
        migrations.AlterField(
            model_name="declaration",
            name="etat",
            field=models.CharField(
                choices=[
                    ("brouillon", "brouillon"),
                    ("deposee", "déposée"),
                    ("remplacee", "reprise par la commune nouvelle"),
                ],
                default="brouillon",
                max_length=10,
                verbose_name="état",
            ),
        ),
        migrations.AddConstraint(
            model_name="declaration",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    accuse__isnull=False,
                    deposee_at__isnull=False,
                    deposee_par__isnull=False,
                    etat="deposee",
                )
                | models.Q(
                    accuse=None,
                    deposee_at=None,
                    deposee_par=None,
                    etat__in=["brouillon", "remplacee"],
                ),
                name="declaration_submitted_facts",
            ),
        ),
    ]
