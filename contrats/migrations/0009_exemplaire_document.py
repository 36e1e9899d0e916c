import django.db.models.deletion
from django.db import migrations, models


def fill(apps, schema_editor):
    """The copy that was to sign when each file came: the last one reserved before it for that commune."""
    document = apps.get_model("documents", "Document")
    rows = apps.get_model("contrats", "ExemplaireSigne").objects.select_related("version_contrat", "piece")
    for row in rows.order_by("pk"):
        issued = document.objects.filter(
            type="contrat", commune=row.version_contrat.commune_id, reserve_at__lte=row.piece.deposee_at
        )
        row.document = issued.order_by("-reserve_at").first()
        row.save(update_fields=["document"])


def document_field(*, null):
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to="documents.document",
        verbose_name="exemplaire à signer",
    )


class Migration(migrations.Migration):
    dependencies = [
        ("contrats", "0008_reference_programme"),
        ("documents", "0005_annulation"),
    ]

    operations = [
        migrations.AddField("exemplairesigne", "document", document_field(null=True)),
        migrations.AddField(
            "exemplairesigne",
            "motif",
            models.CharField(
                "confirmé malgré une signature qui manque", max_length=500, blank=True, default=""
            ),
            preserve_default=False,
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        # What the foreign key left to check at the end of the transaction is checked now: the table changes next.
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", migrations.RunSQL.noop),
        migrations.AlterField("exemplairesigne", "document", document_field(null=False)),
    ]
