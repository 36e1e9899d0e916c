"""A reserved number may be annulled, with its motive, and replaced; what it replaces is frozen like the rest."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FROZEN = """
CREATE OR REPLACE FUNCTION documents_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'documents_document' THEN
        IF OLD.etat = 'reserve' AND NEW.source = OLD.source AND NEW.reference = OLD.reference
           AND NEW.epci_id = OLD.epci_id AND NEW.type = OLD.type AND NEW.annee = OLD.annee
           AND NEW.titre = OLD.titre AND NEW.commune_id IS NOT DISTINCT FROM OLD.commune_id
           AND NEW.numero = OLD.numero AND NEW.reserve_at = OLD.reserve_at{more} THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Un document émis ne se modifie pas et ne se supprime pas.' USING ERRCODE = 'restrict_violation';
END $$;
"""
REMPLACE = "\n           AND NEW.remplace_id IS NOT DISTINCT FROM OLD.remplace_id"


class Migration(migrations.Migration):
    dependencies = [
        ("documents", "0004_piece_immutable"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]
    operations = [
        migrations.AddField(
            model_name="document",
            name="annule_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="annulé le"),
        ),
        migrations.AddField(
            model_name="document",
            name="annule_par",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="annulé par",
            ),
        ),
        migrations.AddField(
            model_name="document",
            name="motif",
            field=models.CharField(blank=True, max_length=500, verbose_name="motif de l'annulation"),
        ),
        migrations.AddField(
            model_name="document",
            name="remplace",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="remplacant",
                to="documents.document",
                verbose_name="remplace",
            ),
        ),
        migrations.AddConstraint(
            model_name="document",
            constraint=models.CheckConstraint(
                name="document_annulled_facts",
                condition=models.Q(
                    models.Q(("annule_at__isnull", False), ("annule_par__isnull", False), ("etat", "annule")),
                    models.Q(("motif", ""), _negated=True),
                )
                | models.Q(
                    models.Q(("etat", "annule"), _negated=True),
                    ("annule_at", None),
                    ("annule_par", None),
                    ("motif", ""),
                ),
            ),
        ),
        migrations.RunSQL(FROZEN.format(more=REMPLACE), FROZEN.format(more="")),
    ]
