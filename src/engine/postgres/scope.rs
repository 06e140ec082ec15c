//! Which objects are the user's: not the system's, not an extension's, not Lockstep's own.

/// A condition on the namespace `n`.
pub(super) const NAMESPACE: &str = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'lockstep') \
     AND n.nspname !~ '^pg_(temp|toast_temp)_'";

/// A condition: the object `oid` of the system catalog `catalog` came with no extension.
pub(super) fn own(catalog: &str, oid: &str) -> String {
    format!(
        "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend brought WHERE brought.classid = 'pg_catalog.{catalog}'::regclass \
         AND brought.objid = {oid} AND brought.deptype = 'e')"
    )
}

/// The comment that the schema `public` is born with (`pg_namespace.dat`).
pub(super) const COMMENT_ON_PUBLIC: &str = "standard public schema";
