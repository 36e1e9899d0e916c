"""The journal is append-only: a row trigger refuses any change (TRUNCATE stays possible for transactional tests)."""

from django.db import migrations

CREATE = """
CREATE FUNCTION journal_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Le journal ne se modifie pas.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER journal_evenement_append_only BEFORE UPDATE OR DELETE ON journal_evenement
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
CREATE TRIGGER journal_evenementdetail_no_update BEFORE UPDATE ON journal_evenementdetail
    FOR EACH ROW EXECUTE FUNCTION journal_refuse_change();
"""
DROP = """
DROP TRIGGER journal_evenementdetail_no_update ON journal_evenementdetail;
DROP TRIGGER journal_evenement_append_only ON journal_evenement;
DROP FUNCTION journal_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
