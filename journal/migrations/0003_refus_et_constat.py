"""A mail may be refused for good by the server of its recipient; a job says in French what holds it back."""

from django.db import migrations, models
from django.db.models import Q

ONE_END = (
    Q(abandonne_at=None, refuse_at=None)
    | Q(envoye_at=None, refuse_at=None)
    | Q(envoye_at=None, abandonne_at=None)
)


class Migration(migrations.Migration):
    dependencies = [("journal", "0002_append_only")]
    operations = [
        migrations.RemoveConstraint(model_name="courriel", name="courriel_one_end"),
        migrations.RemoveIndex(model_name="courriel", name="courriel_pending"),
        migrations.AddField(
            model_name="courriel",
            name="refuse_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="refusé le"),
        ),
        migrations.AddField(
            model_name="tache",
            name="constat",
            field=models.TextField(blank=True, verbose_name="ce qui la retient"),
        ),
        migrations.AddIndex(
            model_name="courriel",
            index=models.Index(
                fields=["reessai_at", "id"],
                name="courriel_pending",
                condition=Q(envoye_at=None, abandonne_at=None, refuse_at=None),
            ),
        ),
        migrations.AddConstraint(
            model_name="courriel",
            constraint=models.CheckConstraint(name="courriel_one_end", condition=ONE_END),
        ),
    ]
