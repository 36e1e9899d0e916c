from django.db import migrations, models
from django.db.models import Q

ROLES = [
    ("administrateur", "administrateur"),
    ("direction_territoires", "Direction des territoires"),
    ("directeur_pole", "directeur de pôle"),
    ("responsable_service", "responsable de service commun"),
    ("dgs", "DGS"),
    ("maire", "maire"),
    ("referent_communal", "référent communal"),
    ("lecteur", "élu"),
    ("collaborateur", "collaborateur"),
    ("agent", "agent"),
    ("service", "compte de service"),
]


class Migration(migrations.Migration):
    dependencies = [("comptes", "0001_initial")]

    operations = [
        migrations.RemoveConstraint(model_name="habilitation", name="habilitation_perimeter"),
        migrations.AlterField(
            model_name="habilitation",
            name="role",
            field=models.CharField("rôle", max_length=24, choices=ROLES),
        ),
        migrations.AddConstraint(
            model_name="habilitation",
            constraint=models.CheckConstraint(
                name="habilitation_perimeter",
                condition=Q(
                    role__in=("administrateur", "direction_territoires", "agent", "service"),
                    pole=None,
                    commune=None,
                )
                | Q(role__in=("directeur_pole",), pole__isnull=False, commune=None)
                | Q(role__in=("dgs", "maire", "lecteur", "collaborateur"), pole=None, commune__isnull=False),
                violation_error_message="Ce rôle se donne sur un autre périmètre : EPCI, pôle ou commune.",
            ),
        ),
    ]
