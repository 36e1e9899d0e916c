"""How a declared activity was shared until then."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mutualisation", "0004_catalogue")]
    operations = [
        migrations.AddField(
            model_name="ligne",
            name="partage_avant",
            field=models.CharField(blank=True, max_length=15, verbose_name="partagée jusque-là en"),
        ),
    ]
