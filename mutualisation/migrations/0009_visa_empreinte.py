"""What the mayor approved is kept as a digest: it no longer stands once what the commune shares has moved."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mutualisation", "0008_declaration_remplacee")]
    operations = [
        migrations.AddField(
            "declaration",
            "visa_empreinte",
            models.CharField(
                blank=True, default="", max_length=32, verbose_name="empreinte de ce que le maire a approuvé"
            ),
            preserve_default=False,
        )
    ]
