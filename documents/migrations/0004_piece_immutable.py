"""A deposited file never changes and is never deleted, for the same reason as an issued document."""

from django.db import migrations

CREATE = """
CREATE FUNCTION documents_refuse_piece_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'une pièce déposée ne change pas (%)', TG_TABLE_NAME;
END $$;
CREATE TRIGGER documents_piece_immutable BEFORE UPDATE OR DELETE ON documents_piece
    FOR EACH ROW EXECUTE FUNCTION documents_refuse_piece_change();
CREATE TRIGGER documents_piececontenu_immutable BEFORE UPDATE OR DELETE ON documents_piececontenu
    FOR EACH ROW EXECUTE FUNCTION documents_refuse_piece_change();
"""
DROP = """
DROP TRIGGER documents_piececontenu_immutable ON documents_piececontenu;
DROP TRIGGER documents_piece_immutable ON documents_piece;
DROP FUNCTION documents_refuse_piece_change();
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0003_piece")]
    operations = [migrations.RunSQL(CREATE, DROP)]
