//! What other linters call the things that the rules here look for.
//!
//! An id stands for every rule here that may find the same in the same statement, so that a comment which silences the
//! other linter silences this one. What the other has and no rule here looks for is left out. Ids are those of squawk
//! 2.70, eugene 0.8, Atlas' documentation of 2024, pgfence 0.5 and migrationpilot 1.6.

/// A linter's id with the rules that it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    pub linter: &'static str,
    pub id: &'static str,
    /// Ids of rules here.
    pub rules: &'static [&'static str],
}

/// Rules that hold a table's readers or writers up.
const LOCKS: &[&str] = &["lock-blocks-reads", "lock-blocks-writes", "busy-table"];

/// Rules about timeouts.
const TIMEOUTS: &[&str] = &["lock-timeout-missing", "lock-timeout-too-long", "statement-timeout-missing"];

const CONSTRAINT_CHECKED: &[&str] = &["constraint-not-valid-missing", "validation-reads-table"];

const INDEX: &[&str] = &["index-not-concurrent", "index-on-partitioned-table"];

const DROPPED_INDEX: &[&str] = &["drop-index-not-concurrent", "drop-index"];

const REWRITING_DEFAULT: &[&str] = &["volatile-default-rewrite"];

const RETYPED: &[&str] =
    &["type-change-rewrite", "type-change-rechecks", "type-narrowing", "type-change-breaks-code", "table-rewrite"];

const KEY_MAY_RUN_OUT: &[&str] = &["key-may-run-out"];

macro_rules! peers {
    ($($linter:literal { $($id:literal => $rules:expr,)* })*) => {
        &[$($(Peer { linter: $linter, id: $id, rules: $rules },)*)*]
    };
}

static PEERS: &[Peer] = peers! {
    "squawk" {
        "require-concurrent-index-creation" => INDEX,
        "require-concurrent-index-deletion" => DROPPED_INDEX,
        "require-concurrent-reindex" => &["reindex-not-concurrent"],
        "require-concurrent-partition-detach" => &["detach-partition-not-concurrent"],
        "ban-concurrent-index-creation-in-transaction" => &["transaction-would-fail", "not-in-transaction"],
        "constraint-missing-not-valid" =>
            &["constraint-not-valid-missing", "validation-reads-table", "validate-in-same-transaction"],
        "adding-foreign-key-constraint" => CONSTRAINT_CHECKED,
        "disallowed-unique-constraint" => &["unique-constraint-builds-index"],
        "adding-serial-primary-key-field" => &["primary-key-builds-index", "primary-key-on-nullable-scan"],
        "adding-not-nullable-field" => &["set-not-null-scan", "fails-on-nulls", "may-fail-on-rows"],
        "adding-required-field" => &["required-column-without-default", "may-fail-on-rows", "fails-on-rows"],
        "adding-field-with-default" => REWRITING_DEFAULT,
        "changing-column-type" => RETYPED,
        "ban-drop-table" => &["drop-table"],
        "ban-drop-column" => &["drop-column"],
        "ban-drop-database" => &["drop-database"],
        "ban-drop-schema" => &["drop-other"],
        "ban-drop-view" => &["drop-other"],
        "ban-drop-function" => &["drop-other"],
        "ban-drop-type" => &["drop-other"],
        "ban-drop-domain" => &["drop-other"],
        "ban-drop-sequence" => &["drop-other"],
        "ban-drop-extension" => &["drop-other"],
        "ban-drop-trigger" => &["drop-other", "trigger-ddl-locks-table"],
        "ban-drop-policy" => &["drop-other", "policy-changed"],
        "ban-drop-index" => DROPPED_INDEX,
        "ban-drop-constraint" => &["drop-constraint", "drop-primary-key"],
        "ban-drop-default" => &["drop-default"],
        "ban-set-default" => &["default-changed"],
        "ban-drop-not-null" => &["drop-not-null"],
        "ban-truncate-cascade" => &["truncate-cascade", "truncate"],
        "ban-set-schema" => &["set-schema"],
        "ban-disable-trigger" => &["trigger-disabled", "trigger-ddl-locks-table"],
        "ban-replace-view-function" => &["view-replaced", "routine-replaced"],
        "ban-replica-identity" => &["replica-identity-full"],
        "ban-alter-identity" => &["identity-changed"],
        "ban-alter-generated-expression" => &["generated-expression-rewrite"],
        "ban-alter-sequence-values" => &["sequence-changed"],
        "ban-add-composite-attribute" => &["composite-type-changed"],
        "ban-add-enum-value" => &["enum-value-cannot-be-removed", "enum-value-in-transaction"],
        "ban-detach-inheritance" => &["inheritance-changed"],
        "ban-new-write-restriction" => &["new-write-restriction"],
        "ban-char-field" => &["padded-text"],
        "ban-alter-domain-with-add-constraint" => &["domain-constraint-scan"],
        "ban-uncommitted-transaction" => &["transaction-not-ended"],
        "transaction-nesting" => &["transaction-nested"],
        "renaming-column" => &["rename-column"],
        "renaming-table" => &["rename-table"],
        "renaming-object" => &["rename-other"],
        "require-timeout-settings" => TIMEOUTS,
        "require-table-schema" => &["schema-not-named"],
        "prefer-text-field" => &["length-limit"],
        "prefer-timestamptz" => &["time-without-zone"],
        "prefer-big-int" => KEY_MAY_RUN_OUT,
        "prefer-bigint-over-int" => KEY_MAY_RUN_OUT,
        "prefer-bigint-over-smallint" => KEY_MAY_RUN_OUT,
        "prefer-identity" => &["serial-type"],
        "prefer-robust-stmts" => &["not-repeatable"],
        "prefer-repack" => &["vacuum-full-or-cluster"],
        "identifier-too-long" => &["identifier-too-long"],
    }
    "eugene" {
        "E1" => CONSTRAINT_CHECKED,
        "E2" => &["set-not-null-scan", "fails-on-nulls"],
        "E3" => &["json-type"],
        "E4" => &["statement-while-locked", "several-tables-locked"],
        "E5" => RETYPED,
        "E6" => INDEX,
        "E7" => &["unique-constraint-builds-index"],
        "E8" => &["exclusion-constraint-builds-index"],
        "E9" => TIMEOUTS,
        "E10" => &[
            "table-rewrite", "type-change-rewrite", "volatile-default-rewrite", "rewrite-needs-space",
            "access-method-rewrite", "set-tablespace-copy",
        ],
        "E11" => REWRITING_DEFAULT,
        "W12" => &["alter-table-again"],
        "W13" => &["enum-type"],
        "W14" => &["primary-key-on-nullable-scan"],
        "E15" => &["fk-without-index"],
    }
    "atlas" {
        "destructive" => &["drop-table", "drop-column", "drop-other", "truncate", "drop-cascade"],
        "DS101" => &["drop-other", "drop-cascade"],
        "DS102" => &["drop-table"],
        "DS103" => &["drop-column"],
        "data_depend" => &[
            "may-fail-on-rows", "required-column-without-default", "set-not-null-scan", "fails-on-nulls",
            "fails-on-duplicates", "fails-on-rows",
        ],
        "MF101" => &["may-fail-on-rows", "fails-on-duplicates"],
        "MF102" => &["may-fail-on-rows", "fails-on-duplicates"],
        "MF103" => &["required-column-without-default", "may-fail-on-rows", "fails-on-rows"],
        "MF104" => &["set-not-null-scan", "may-fail-on-rows", "fails-on-nulls"],
        "incompatible" => &["rename-table", "rename-column"],
        "BC101" => &["rename-table"],
        "BC102" => &["rename-column"],
        "CD101" => &["drop-constraint"],
        "concurrent_index" => &[
            "index-not-concurrent", "index-on-partitioned-table", "drop-index-not-concurrent", "not-in-transaction",
            "transaction-would-fail",
        ],
        "PG101" => INDEX,
        "PG102" => DROPPED_INDEX,
        "PG103" => &["transaction-would-fail", "not-in-transaction"],
        "PG104" => &["primary-key-builds-index"],
        "PG105" => &["unique-constraint-builds-index"],
        "PG301" => RETYPED,
        "PG302" => REWRITING_DEFAULT,
        "PG303" => &["set-not-null-scan"],
        "PG304" => &["primary-key-on-nullable-scan"],
        "PG305" => CONSTRAINT_CHECKED,
        "PG306" => CONSTRAINT_CHECKED,
        "PG307" => &["set-logged-rewrite"],
        "PG308" => &["trigger-ddl-locks-table"],
        "PG309" => REWRITING_DEFAULT,
        "PG310" => REWRITING_DEFAULT,
        "PG311" => &["access-method-rewrite"],
        "LT101" => &["required-column-without-default", "may-fail-on-rows", "set-not-null-scan"],
    }
    "pgfence" {
        "create-index-not-concurrent" => INDEX,
        "drop-index-not-concurrent" => DROPPED_INDEX,
        "concurrent-in-transaction" => &["transaction-would-fail", "not-in-transaction"],
        "add-pk-without-using-index" => &["primary-key-builds-index"],
        "add-pk-using-index" => &["primary-key-on-nullable-scan"],
        "not-valid-validate-same-tx" => &["validate-in-same-transaction"],
        "add-column-serial" => REWRITING_DEFAULT,
        "drop-table" => &["drop-table"],
        "drop-column" => &["drop-column"],
        "drop-constraint" => &["drop-constraint", "drop-primary-key"],
        "drop-trigger" => &["drop-other", "trigger-ddl-locks-table"],
        "update-in-migration" => &["update-without-where", "many-rows-changed", "schema-and-rows-mixed"],
        "delete-without-where" => &["delete-without-where"],
        "vacuum-full" => &["vacuum-full-or-cluster"],
        "fk-missing-index" => &["fk-without-index"],
        "unclosed-transaction" => &["transaction-not-ended"],
    }
    "migrationpilot" {
        "MP001" => INDEX,
        "MP002" => &["set-not-null-scan"],
        "MP003" => REWRITING_DEFAULT,
        "MP004" => &["lock-timeout-missing", "lock-timeout-too-long"],
        "MP005" => CONSTRAINT_CHECKED,
        "MP006" => &["vacuum-full-or-cluster"],
        "MP007" => RETYPED,
        "MP008" => &["statement-while-locked", "several-tables-locked"],
        "MP009" => DROPPED_INDEX,
        "MP010" => &["rename-column"],
        "MP011" => &["update-without-where", "many-rows-changed"],
        "MP012" => &["enum-value-in-transaction", "enum-value-cannot-be-removed"],
        "MP013" => LOCKS,
        "MP014" => LOCKS,
        "MP015" => REWRITING_DEFAULT,
        "MP016" => &["fk-without-index"],
        "MP017" => &["drop-column"],
        "MP018" => &["set-not-null-scan"],
        "MP019" => LOCKS,
        "MP020" => &["statement-timeout-missing"],
        "MP021" => &["reindex-not-concurrent"],
        "MP022" => &["drop-cascade"],
        "MP023" => &["not-repeatable"],
        "MP024" => &["enum-value-cannot-be-removed"],
        "MP025" => &["transaction-would-fail", "not-in-transaction"],
        "MP026" => &["drop-table"],
        "MP027" => &["unique-constraint-builds-index"],
        "MP028" => &["rename-table"],
        "MP029" => &["drop-not-null"],
        "MP030" => CONSTRAINT_CHECKED,
        "MP031" => &["exclusion-constraint-builds-index"],
        "MP032" => &["vacuum-full-or-cluster"],
        "MP033" => &["refresh-not-concurrent"],
        "MP034" => &["drop-database"],
        "MP035" => &["drop-other", "drop-cascade"],
        "MP036" => &["truncate-cascade", "truncate"],
        "MP037" => &["length-limit"],
        "MP038" => KEY_MAY_RUN_OUT,
        "MP039" => &["serial-type"],
        "MP040" => &["time-without-zone"],
        "MP041" => &["padded-text"],
        "MP042" => &["constraint-not-named"],
        "MP043" => &["domain-constraint-scan"],
        "MP044" => &["type-narrowing"],
        "MP045" => &["primary-key-missing"],
        "MP046" => &["detach-partition-not-concurrent"],
        "MP047" => &["set-logged-rewrite", "unlogged-table"],
        "MP049" => &["partition-key-not-in-key"],
        "MP052" => &["breaks-dependants"],
        "MP053" => &["transaction-not-ended"],
        "MP054" => &["enum-value-in-transaction"],
        "MP055" => &["drop-primary-key"],
        "MP057" => &["row-security-without-policy"],
        "MP058" => &["alter-table-again"],
        "MP060" => &["rename-enum-value"],
        "MP062" => REWRITING_DEFAULT,
        "MP063" => &["hidden-code", "unread-statement"],
        "MP064" => &["trigger-disabled", "trigger-ddl-locks-table"],
        "MP065" => &["explicit-lock"],
        "MP066" => &["autovacuum-disabled"],
        "MP067" => &["update-without-where", "delete-without-where", "many-rows-changed"],
        "MP068" => KEY_MAY_RUN_OUT,
        "MP069" => LOCKS,
        "MP070" => &["invalid-index-hidden"],
        "MP071" => &["rename-column"],
        "MP072" => &["default-partition-scan", "attach-partition-scan"],
        "MP073" => &["role-with-power"],
        "MP077" => &["storage-only-for-new-rows"],
        "MP078" => &["extension-not-pinned"],
        "MP079" => &["row-security-without-policy", "row-security-enabled"],
        "MP080" => &["schema-and-rows-mixed"],
        "MP081" => &["set-not-null-scan"],
        "MP082" => &["constraint-not-enforced"],
        "MP084" => &["required-column-without-default"],
        "MP085" => &["grant-to-public", "grant-all"],
        "MP086" => &["on-delete-not-said"],
        "MP087" => &["volatile-check"],
        "MP089" => &["type-change-rechecks", "type-change-rewrite"],
        "MP090" => &["trigger-ddl-locks-table"],
        "MP091" => &["owner-changed", "policy-changed"],
        "MP092" => &["index-on-partitioned-table", "concurrent-build-on-partitioned"],
        "MP094" => &["attach-partition-scan"],
        "MP095" => &["set-tablespace-copy"],
        "MP096" => &["refresh-not-concurrent"],
        "MP097" => &["drop-index-of-constraint"],
        "MP098" => &["set-schema"],
        "MP099" => &["security-definer-search-path"],
        "MP100" => &["duplicate-index"],
    }
};

/// Every id that is known.
pub fn all() -> &'static [Peer] {
    PEERS
}

/// The rules here that a linter's id stands for; none for an id that is not known.
pub(super) fn ours(linter: &str, id: &str) -> &'static [&'static str] {
    PEERS.iter().find(|peer| peer.linter == linter && peer.id == id).map_or(&[], |peer| peer.rules)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::risk::rules;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_that_an_id_stands_for_exists() {
        for peer in all() {
            assert!(!peer.rules.is_empty(), "{} {}", peer.linter, peer.id);
            for rule in peer.rules {
                assert!(rules::explain(rule).is_some(), "{} {} stands for {rule}", peer.linter, peer.id);
            }
        }
    }

    #[test]
    fn every_id_is_there_once() {
        let ids: BTreeSet<(&str, &str)> = all().iter().map(|peer| (peer.linter, peer.id)).collect();
        assert_eq!(ids.len(), all().len());
    }
}
