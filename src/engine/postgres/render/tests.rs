//! Golden strings of each kind of change.

use super::*;
use crate::schema::{
    Action, Column, Constraint, ConstraintKind, EngineKind, ForeignKey, Generated, Identity, Index, Options, Place,
    Table,
};

fn sales() -> QName {
    QName::new("public", "sales")
}

fn schema() -> Schema {
    let mut schema = Schema::empty(EngineKind::Postgres);
    let mut table = Table::new(sales());
    table.columns.push(Column { nullable: false, ..Column::new("id", "bigint") });
    table.columns.push(Column { default: Some("'0'::text".into()), ..Column::new("amount", "text") });
    schema.tables.insert(sales(), table.into());
    schema
}

fn one(change: &Change) -> String {
    render(change, &schema()).join(";\n")
}

#[test]
fn a_table_is_made_with_everything_that_goes_with_it() {
    let mut table = Table::new(QName::new("public", "order"));
    let mut id = Column { nullable: false, ..Column::new("id", "bigint") };
    id.identity = Some(Identity { always: true, options: Options::from([("start".into(), "10".into())]) });
    let mut note = Column { comment: Some("it's".into()), ..Column::new("note", "text") };
    note.options.insert("statistics".into(), "500".into());
    let total = Column {
        generated: Some(Generated { expression: "id * 2".into(), stored: true }),
        ..Column::new("total", "bigint")
    };
    table.columns = vec![id, note, total];
    let pk = Constraint::new("order_pkey", ConstraintKind::PrimaryKey { columns: vec!["id".into()] });
    let check = ConstraintKind::Check { expression: "id > 0".into(), no_inherit: false };
    let check = Constraint { validated: false, ..Constraint::new("positive", check) };
    table.constraints = [pk, check].into_iter().map(|c| (c.name.clone(), c)).collect();
    table.indexes.insert("order_note_idx".into(), Index::on_columns("order_note_idx", &["note"]));
    table.options.insert("fillfactor".into(), "70".into());
    table.row_security.enabled = true;
    table.comment = Some("Orders".into());
    insta::assert_snapshot!(one(&Change::CreateTable { table: Box::new(table) }), @r#"
    CREATE TABLE public."order" (
        id bigint GENERATED ALWAYS AS IDENTITY (START WITH 10) NOT NULL,
        note text,
        total bigint GENERATED ALWAYS AS (id * 2) STORED,
        CONSTRAINT order_pkey PRIMARY KEY (id)
    ) WITH (fillfactor = 70);
    ALTER TABLE public."order" ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
    CREATE INDEX order_note_idx ON public."order" USING btree (note);
    ALTER TABLE public."order" ALTER COLUMN note SET STATISTICS 500;
    COMMENT ON COLUMN public."order".note IS 'it''s';
    COMMENT ON TABLE public."order" IS 'Orders';
    ALTER TABLE public."order" ENABLE ROW LEVEL SECURITY
    "#);
}

#[test]
fn columns_are_altered() {
    let table = sales();
    let column = Column { default: Some("'EU'".into()), nullable: false, ..Column::new("region", "text") };
    assert_eq!(
        one(&Change::AddColumn { table: table.clone(), column }),
        "ALTER TABLE public.sales ADD COLUMN region text DEFAULT 'EU' NOT NULL"
    );
    let retype = Change::AlterColumnType {
        table: table.clone(),
        column: "amount".into(),
        data_type: "integer".into(),
        collation: None,
        using: Some("amount::integer".into()),
    };
    insta::assert_snapshot!(one(&retype), @r"
    ALTER TABLE public.sales ALTER COLUMN amount DROP DEFAULT, ALTER COLUMN amount TYPE integer USING amount::integer;
    ALTER TABLE public.sales ALTER COLUMN amount SET DEFAULT '0'::integer
    ");
    let fill = Change::SetNotNull { table, column: "amount".into(), fill: Some("'0'".into()) };
    insta::assert_snapshot!(one(&fill), @r"
    UPDATE public.sales SET amount = '0' WHERE amount IS NULL;
    ALTER TABLE public.sales ALTER COLUMN amount SET NOT NULL
    ");
}

#[test]
fn constraints_say_what_they_do_on_delete() {
    let fk = ForeignKey {
        columns: vec!["customer".into()],
        references: QName::new("shop", "customers"),
        referenced_columns: vec!["id".into()],
        on_update: Action::NoAction,
        on_delete: Action::SetNull,
        match_full: false,
    };
    let constraint = Constraint::new("sales_customer_fkey", ConstraintKind::ForeignKey(fk));
    assert_eq!(
        one(&Change::AddConstraint { table: sales(), constraint }),
        "ALTER TABLE public.sales ADD CONSTRAINT sales_customer_fkey FOREIGN KEY (customer) REFERENCES \
         shop.customers (id) ON DELETE SET NULL"
    );
}

#[test]
fn enum_values_have_their_place() {
    let change = Change::AddEnumValue {
        name: QName::new("public", "mood"),
        value: "so-so".into(),
        place: Place::Before("happy".into()),
    };
    assert_eq!(one(&change), "ALTER TYPE public.mood ADD VALUE 'so-so' BEFORE 'happy'");
}
