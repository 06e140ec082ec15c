//! The SQL of each pattern.

use super::*;
use crate::plan::{StepKind, Style};
use crate::schema::{
    Action, Column, Constraint, ConstraintKind, EngineKind, ForeignKey, Index, QName, Table, TableStats, Transform,
};

fn sales() -> QName {
    QName::new("public", "sales")
}

/// `sales (id pk, customer, amount not null default, email)` with an index, a check and a foreign key.
fn schema() -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    for name in ["customers", "sales"] {
        let mut table = Table::new(QName::new("public", name));
        table.stats = TableStats { rows: Some(5_000_000), ..TableStats::default() };
        table.columns.push(Column { nullable: false, ..Column::new("id", "bigint") });
        let key = Constraint::new(format!("{name}_pkey"), ConstraintKind::PrimaryKey { columns: vec!["id".into()] });
        table.constraints.insert(key.name.clone(), key);
        schema.tables.insert(table.name.clone(), table.into());
    }
    let table = schema.tables.get_mut(&sales()).unwrap();
    table.columns.push(Column::new("customer", "bigint"));
    let amount = Column { nullable: false, default: Some("0".into()), ..Column::new("amount", "integer") };
    table.columns.push(amount);
    table.columns.push(Column { comment: Some("Where to".into()), ..Column::new("email", "text") });
    let index = Index::on_columns("sales_amount_idx", &["amount"]);
    table.indexes.insert(index.name.clone(), index);
    let check = ConstraintKind::Check { expression: "amount >= 0".into(), no_inherit: false };
    let fk = ConstraintKind::ForeignKey(ForeignKey {
        columns: vec!["customer".into()],
        references: QName::new("public", "customers"),
        referenced_columns: vec!["id".into()],
        on_update: Action::NoAction,
        on_delete: Action::Cascade,
        match_full: false,
    });
    for c in [Constraint::new("positive", check), Constraint::new("sales_customer_fkey", fk)] {
        table.constraints.insert(c.name.clone(), c);
    }
    schema
}

fn plan(changes: &[Change]) -> Vec<Step> {
    planned(changes, &PlanOptions::default())
}

fn planned(changes: &[Change], options: &PlanOptions) -> Vec<Step> {
    steps(changes, &schema(), options).unwrap()
}

/// Every step's title, SQL and rollback as a reader sees them.
fn shown(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        let mode = if step.transactional || step.kind == StepKind::Wait { "" } else { ", outside a transaction" };
        out.push_str(&format!("-- {} ({}{mode})\n", step.title, step.phase));
        step.sql.iter().for_each(|s| out.push_str(&format!("{s};\n")));
        step.rollback.sql.iter().for_each(|s| out.push_str(&format!("<- {s};\n")));
    }
    out
}

fn every_pattern() -> Vec<(&'static str, Vec<Change>)> {
    let table = sales();
    let add = |column: Column| vec![Change::AddColumn { table: sales(), column }];
    let retype = |column: &str, data_type: &str| {
        vec![Change::AlterColumnType {
            table: QName::new("public", if column == "id" { "customers" } else { "sales" }),
            column: column.into(),
            data_type: data_type.into(),
            collation: None,
            using: None,
        }]
    };
    let unique = ConstraintKind::Unique { columns: vec!["email".into()], nulls_not_distinct: false, include: vec![] };
    let check = ConstraintKind::Check { expression: "email <> ''".into(), no_inherit: false };
    let constraint = |kind: ConstraintKind| {
        vec![Change::AddConstraint { table: sales(), constraint: Constraint::new("added", kind) }]
    };
    vec![
        (
            "index",
            vec![Change::CreateIndex { table: table.clone(), index: Index::on_columns("sales_email_idx", &["email"]) }],
        ),
        ("drop_index", vec![Change::DropIndex { table: table.clone(), name: "sales_amount_idx".into() }]),
        ("unique", constraint(unique)),
        ("check", constraint(check)),
        (
            "required",
            vec![Change::SetNotNull { table: table.clone(), column: "email".into(), fill: Some("'none'".into()) }],
        ),
        (
            "constant",
            add(Column { nullable: false, default: Some("'EU'::text".into()), ..Column::new("region", "text") }),
        ),
        (
            "volatile",
            add(Column { nullable: false, default: Some("gen_random_uuid()".into()), ..Column::new("token", "uuid") }),
        ),
        ("retype", retype("amount", "bigint")),
        ("retype_key", retype("id", "numeric")),
        ("retype_free", retype("email", "character varying")),
        (
            "rename_column",
            vec![Change::RenameColumn { table: table.clone(), from: "amount".into(), to: "total".into() }],
        ),
        ("rename_table", vec![Change::RenameTable { from: table.clone(), to: "orders".into() }]),
        ("drop_column", vec![Change::DropColumn { table: table.clone(), column: "amount".into() }]),
        ("drop_table", vec![Change::DropTable { name: table.clone() }]),
        (
            "split",
            vec![Change::Reshape {
                table,
                from: vec!["email".into()],
                into: vec![
                    Transform {
                        column: Column::new("mailbox", "text"),
                        expression: "split_part(email, '@', 1)".into(),
                    },
                    Transform { column: Column::new("domain", "text"), expression: "split_part(email, '@', 2)".into() },
                ],
            }],
        ),
    ]
}

#[test]
fn each_pattern_is_laid_out_as_it_was_tried_on_servers() {
    for (name, changes) in every_pattern() {
        insta::assert_snapshot!(name, shown(&plan(&changes)));
    }
}

#[test]
fn the_steps_changes_lead_to_the_schema_that_was_asked_for() {
    for (name, changes) in every_pattern() {
        let (mut wanted, mut reached) = (schema(), schema());
        for change in &changes {
            wanted.apply(change).unwrap();
        }
        plan(&changes).iter().flat_map(|s| &s.changes).for_each(|change| reached.apply(change).unwrap());
        // A check falls with its column, which the change alone does not know.
        let checks = |schema: &Schema| schema.tables.get(&sales()).map(|t| t.constraints.len());
        if name == "drop_column" {
            assert_eq!(checks(&reached), checks(&wanted).map(|n| n - 1));
        } else {
            assert_eq!(reached.fingerprint(), wanted.fingerprint(), "{name}");
        }
    }
}

#[test]
fn every_step_has_a_way_back_or_says_why_not() {
    for (name, changes) in every_pattern() {
        for step in plan(&changes) {
            let told = !step.rollback.sql.is_empty() || step.rollback.note.is_some();
            assert!(told, "{name}: {}", step.title);
            assert_eq!(step.kind == StepKind::Backfill, step.backfill.is_some(), "{name}");
        }
    }
}

#[test]
fn the_direct_style_is_one_step_a_change() {
    let options = PlanOptions { style: Style::Direct, ..PlanOptions::default() };
    for (name, changes) in every_pattern() {
        assert_eq!(planned(&changes, &options).len(), 1, "{name}");
    }
    let small = PlanOptions { small_table_rows: 10_000_000, ..PlanOptions::default() };
    for (name, changes) in every_pattern() {
        assert_eq!(planned(&changes, &small).len(), 1, "{name}");
    }
}

#[test]
fn a_new_table_is_one_step_with_its_indexes_and_a_circle_of_keys_is_closed_last() {
    let key_to = |from: &str, to: &str| {
        let mut table = Table::new(QName::new("public", from));
        table.columns = vec![Column::new("id", "serial"), Column::new("other", "integer")];
        let primary = ConstraintKind::PrimaryKey { columns: vec!["id".into()] };
        let fk = ConstraintKind::ForeignKey(ForeignKey {
            columns: vec!["other".into()],
            references: QName::new("public", to),
            referenced_columns: vec!["id".into()],
            on_update: Action::NoAction,
            on_delete: Action::NoAction,
            match_full: false,
        });
        for c in [Constraint::new(format!("{from}_pkey"), primary), Constraint::new(format!("{from}_fkey"), fk)] {
            table.constraints.insert(c.name.clone(), c);
        }
        Change::CreateTable { table: Box::new(table) }
    };
    let index =
        Change::CreateIndex { table: QName::new("public", "a"), index: Index::on_columns("a_other_idx", &["other"]) };
    insta::assert_snapshot!("circle", shown(&plan(&[key_to("a", "b"), index, key_to("b", "a")])));
}

#[test]
fn a_required_column_that_is_filled_later_is_required_at_the_end() {
    let table = sales();
    let changes = [
        Change::AddColumn { table: table.clone(), column: Column { nullable: false, ..Column::new("region", "text") } },
        Change::Backfill { table, column: "region".into(), value: "'EU'".into(), only_where: None },
    ];
    let titles: Vec<String> = plan(&changes).into_iter().map(|s| s.title).collect();
    assert_eq!(
        titles,
        [
            "Add column region to sales",
            "Fill sales.region",
            "Add constraint lockstep_region_not_null to sales",
            "Validate constraint lockstep_region_not_null of sales",
            "Make sales.region required",
        ]
    );
}

#[test]
fn what_views_stand_on_is_not_dropped() {
    let mut schema = schema();
    let view = QName::new("public", "totals");
    let on = crate::schema::ObjectRef::part(crate::schema::ObjectKind::Column, sales(), "amount");
    let from = crate::schema::ObjectRef::new(crate::schema::ObjectKind::View, view.clone());
    schema.dependencies.push(crate::schema::Dependency { from, on });
    schema.views.insert(
        view.clone(),
        crate::schema::View {
            columns: vec![("amount".into(), "integer".into())],
            ..crate::schema::View::new(view, "SELECT sales.amount FROM public.sales")
        },
    );
    let drop = [Change::DropColumn { table: sales(), column: "amount".into() }];
    let refused = steps(&drop, &schema, &PlanOptions::default()).unwrap_err();
    assert!(refused.message.contains("totals"), "{refused}");
}

#[test]
fn free_changes_of_type_are_those_of_the_manual() {
    for (from, to, free) in [
        ("character varying(10)", "character varying(20)", true),
        ("character varying(20)", "character varying(10)", false),
        ("character varying(20)", "text", true),
        ("text", "character varying(20)", false),
        ("numeric(10,2)", "numeric(12,2)", true),
        ("numeric(10,2)", "numeric(12,3)", false),
        ("numeric(10,2)", "numeric", true),
        ("integer", "bigint", false),
        ("timestamp(3) with time zone", "timestamp with time zone", true),
        ("timestamp without time zone", "timestamp with time zone", false),
        ("character(3)", "character(5)", false),
    ] {
        assert_eq!(retype::is_free(from, to), free, "{from} to {to}");
    }
}
