"""An issued document never changes: once out of « reserve » its row is frozen, and nothing is ever deleted."""

from django.db import migrations

CREATE = """
CREATE FUNCTION documents_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND TG_TABLE_NAME = 'documents_document' THEN
        IF OLD.etat = 'reserve' AND NEW.source = OLD.source AND NEW.reference = OLD.reference
           AND NEW.epci_id = OLD.epci_id AND NEW.type = OLD.type AND NEW.annee = OLD.annee
           AND NEW.titre = OLD.titre AND NEW.commune_id IS NOT DISTINCT FROM OLD.commune_id
           AND NEW.numero = OLD.numero AND NEW.reserve_at = OLD.reserve_at THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'Un document émis ne se modifie pas et ne se supprime pas.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER documents_document_immutable BEFORE UPDATE OR DELETE ON documents_document
    FOR EACH ROW EXECUTE FUNCTION documents_refuse_change();
CREATE TRIGGER documents_contenu_immutable BEFORE UPDATE OR DELETE ON documents_documentcontenu
    FOR EACH ROW EXECUTE FUNCTION documents_refuse_change();
"""
DROP = """
DROP TRIGGER documents_contenu_immutable ON documents_documentcontenu;
DROP TRIGGER documents_document_immutable ON documents_document;
DROP FUNCTION documents_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial")]
    operations = [migrations.RunSQL(CREATE, DROP)]
