"""Acts and opinions recorded by error are cancelled, and free their number."""

from django.conf import settings
from django.db import migrations, models
from django.db.models import Q

WHY = "Dites pourquoi : le motif est gardé."


def annulable(model: str) -> list[migrations.AddField]:
    user = settings.AUTH_USER_MODEL
    fields: dict[str, models.Field] = {
        "annule_at": models.DateTimeField(blank=True, null=True, verbose_name="annulé le"),
        "annule_par": models.ForeignKey(
            blank=True,
            null=True,
            on_delete=models.PROTECT,
            related_name="+",
            to=user,
            verbose_name="annulé par",
        ),
        "annule_motif": models.TextField(blank=True, max_length=2000, verbose_name="motif de l'annulation"),
        "version": models.PositiveIntegerField(default=1, editable=False, verbose_name="version"),
    }
    return [migrations.AddField(model, name, field) for name, field in fields.items()]


def cancelled_says_why(model: str) -> migrations.AddConstraint:
    condition = Q(annule_at=None, annule_par=None, annule_motif="") | (
        Q(annule_at__isnull=False, annule_par__isnull=False) & ~Q(annule_motif="")
    )
    name = f"{model}_cancelled_facts"
    return migrations.AddConstraint(
        model, models.CheckConstraint(condition=condition, name=name, violation_error_message=WHY)
    )


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("mutualisation", "0005_declaration"),
    ]
    operations = [
        migrations.RemoveConstraint("acte", "acte_once"),
        migrations.RemoveConstraint("avis", "avis_once"),
        *annulable("acte"),
        *annulable("avis"),
        migrations.AddConstraint(
            "acte",
            models.UniqueConstraint(
                condition=Q(annule_at=None),
                fields=("epci", "commune", "numero", "adopte_on"),
                name="acte_once",
                nulls_distinct=False,
                violation_error_message="Cet acte est déjà enregistré.",
            ),
        ),
        migrations.AddConstraint(
            "acte",
            models.UniqueConstraint(
                condition=Q(annule_at=None) & ~Q(teletransmission=""),
                fields=("epci", "teletransmission"),
                name="acte_transmitted_once",
                violation_error_message="Cet identifiant de télétransmission est celui d'un autre acte.",
            ),
        ),
        migrations.AddConstraint(
            "avis",
            models.UniqueConstraint(
                condition=Q(annule_at=None),
                fields=("cycle", "type", "commune", "rendu_on"),
                name="avis_once",
                nulls_distinct=False,
                violation_error_message="Cet avis est déjà enregistré.",
            ),
        ),
        cancelled_says_why("acte"),
        cancelled_says_why("avis"),
    ]
