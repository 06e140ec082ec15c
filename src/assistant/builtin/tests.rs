//! Phrasings over a small schema, and the changes that they must become.

use super::*;
use crate::assistant::{Question, Reply};
use crate::schema::{
    Action, Column, Constraint, ConstraintKind, EngineKind, ForeignKey, Index, IndexTarget, ObjectRef, QName, Table,
    TypeDef, TypeKind, View,
};
use crate::sql::Script;

/// A dialect that is enough for words: PostgreSQL's way of writing, no reader.
struct Plain;

impl Syntax for Plain {
    fn read(&self, _: &str, _: &Schema) -> Script {
        Script::default()
    }
    fn comments(&self, _: &str) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }
    fn words(&self, _: &str) -> Vec<std::ops::Range<usize>> {
        Vec::new()
    }
    fn render(&self, _: &Change, _: &Schema) -> Vec<String> {
        Vec::new()
    }
    fn ident(&self, name: &str) -> String {
        name.to_owned()
    }
    fn relation(&self, name: &QName) -> String {
        name.to_string()
    }
    fn literal(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }
    fn data_type(&self, words: &str, schema: &Schema) -> Option<String> {
        let known = [
            "text",
            "integer",
            "bigint",
            "boolean",
            "date",
            "uuid",
            "jsonb",
            "timestamp with time zone",
            "double precision",
            "smallint",
            "numeric",
        ];
        let aliases =
            [("int", "integer"), ("varchar", "character varying"), ("bool", "boolean"), ("decimal", "numeric")];
        let (base, modifier) = words.split_once('(').map_or((words, String::new()), |(b, m)| (b, format!("({m}")));
        if let Some((_, full)) = aliases.iter().find(|(a, _)| *a == base) {
            return Some(format!("{full}{modifier}"));
        }
        let user = schema.types.keys().find(|t| t.name == words).map(|t| t.name.clone());
        known.contains(&base).then(|| words.to_owned()).or(user)
    }
    fn default_schema(&self) -> &'static str {
        "public"
    }
    fn script(&self, _: &Schema) -> String {
        String::new()
    }
    fn definition(&self, _: &ObjectRef, _: &Schema) -> Option<String> {
        None
    }
}

fn q(name: &str) -> QName {
    QName::new("public", name)
}

fn table(schema: &mut Schema, name: &str, columns: &[(&str, &str)]) {
    let mut table = Table::new(q(name));
    for (column, kind) in columns {
        let (kind, required) = kind.strip_suffix('!').map_or((*kind, false), |k| (k, true));
        table.columns.push(Column { nullable: !required, ..Column::new(*column, kind) });
    }
    let key = ConstraintKind::PrimaryKey { columns: vec!["id".into()] };
    let pkey = format!("{name}_pkey");
    table.constraints.insert(pkey.clone(), Constraint::new(pkey, key));
    schema.tables.insert(q(name), table.into());
}

fn foreign(schema: &mut Schema, from: &str, column: &str, to: &str) {
    let name = format!("{from}_{column}_fkey");
    let kind = ConstraintKind::ForeignKey(ForeignKey {
        columns: vec![column.into()],
        references: q(to),
        referenced_columns: vec!["id".into()],
        on_update: Action::NoAction,
        on_delete: Action::NoAction,
        match_full: false,
    });
    schema.tables.get_mut(&q(from)).unwrap().constraints.insert(name.clone(), Constraint::new(name, kind));
}

/// A shop: customers, orders, order_items, products, sales, and an enum of order states.
pub(super) fn shop() -> Schema {
    let mut s = Schema::empty(EngineKind::Postgres);
    table(
        &mut s,
        "customers",
        &[
            ("id", "bigint!"),
            ("email", "text!"),
            ("full_name", "text"),
            ("phone", "character varying(15)"),
            ("country", "text"),
            ("created_at", "timestamp with time zone!"),
            ("deleted_at", "timestamp with time zone"),
        ],
    );
    table(
        &mut s,
        "orders",
        &[
            ("id", "bigint!"),
            ("customer_id", "bigint!"),
            ("status", "order_status"),
            ("total", "numeric(12,2)"),
            ("notes", "text"),
            ("created_at", "timestamp with time zone!"),
        ],
    );
    table(
        &mut s,
        "order_items",
        &[
            ("id", "bigint!"),
            ("order_id", "bigint!"),
            ("product_id", "bigint!"),
            ("quantity", "integer"),
            ("unit_price", "numeric(12,2)"),
        ],
    );
    table(
        &mut s,
        "products",
        &[("id", "bigint!"), ("name", "text!"), ("price", "numeric(12,2)"), ("sku", "text"), ("active", "boolean")],
    );
    table(&mut s, "sales", &[("id", "bigint!"), ("amount", "numeric(12,2)"), ("sold_on", "date")]);
    table(&mut s, "people", &[("id", "bigint!"), ("first_name", "text"), ("last_name", "text"), ("age", "integer")]);
    foreign(&mut s, "order_items", "order_id", "orders");
    foreign(&mut s, "order_items", "product_id", "products");
    let values = ["draft", "paid", "shipped"].map(str::to_owned).to_vec();
    s.types
        .insert(q("order_status"), TypeDef { name: q("order_status"), kind: TypeKind::Enum { values }, comment: None });
    let orders = s.tables.get_mut(&q("orders")).unwrap();
    orders.indexes.insert("orders_created_at_idx".into(), Index::on_columns("orders_created_at_idx", &["created_at"]));
    orders.column_mut("status").unwrap().default = Some("'draft'".into());
    let unique =
        ConstraintKind::Unique { columns: vec!["email".into()], nulls_not_distinct: false, include: Vec::new() };
    let customers = s.tables.get_mut(&q("customers")).unwrap();
    customers.constraints.insert("customers_email_key".into(), Constraint::new("customers_email_key", unique));
    let check = ConstraintKind::Check { expression: "price > 0".into(), no_inherit: false };
    let products = s.tables.get_mut(&q("products")).unwrap();
    products.constraints.insert("products_price_check".into(), Constraint::new("products_price_check", check));
    s.views.insert(
        q("active_products"),
        View {
            name: q("active_products"),
            materialized: false,
            columns: Vec::new(),
            query: "SELECT id, name, price FROM products WHERE active".into(),
            populated: true,
            options: crate::schema::Options::new(),
            indexes: crate::schema::Named::default(),
            triggers: crate::schema::Named::default(),
            comment: None,
            sql: None,
        },
    );
    s
}

/// A change in a short form that tells everything said of it.
fn short(change: &Change) -> String {
    let column = |c: &Column| {
        let mut out = format!("{} {}", c.name, c.data_type);
        if !c.nullable {
            out.push_str(" not null");
        }
        if let Some(default) = &c.default {
            out.push_str(&format!(" default {default}"));
        }
        if c.identity.is_some() {
            out.push_str(" identity");
        }
        out
    };
    let constraint = |c: &Constraint| match &c.kind {
        ConstraintKind::PrimaryKey { columns } => format!("{} primary key ({})", c.name, columns.join(", ")),
        ConstraintKind::Unique { columns, .. } => format!("{} unique ({})", c.name, columns.join(", ")),
        ConstraintKind::Check { expression, .. } => format!("{} check ({expression})", c.name),
        ConstraintKind::ForeignKey(fk) => {
            let on_delete = if fk.on_delete == Action::NoAction {
                String::new()
            } else {
                format!(" on delete {}", fk.on_delete.sql())
            };
            format!(
                "{} fk ({}) -> {} ({}){on_delete}",
                c.name,
                fk.columns.join(", "),
                fk.references.short(),
                fk.referenced_columns.join(", ")
            )
        }
        other => format!("{} {other:?}", c.name),
    };
    let some = |text: &Option<String>| text.clone().unwrap_or("none".into());
    match change {
        Change::AddColumn { table, column: c } => format!("add {}.{}", table.short(), column(c)),
        Change::DropColumn { table, column } => format!("drop {}.{column}", table.short()),
        Change::RenameColumn { table, from, to } => format!("rename {}.{from} to {to}", table.short()),
        Change::AlterColumnType { table, column, data_type, .. } => {
            format!("type {}.{column} {data_type}", table.short())
        }
        Change::SetDefault { table, column, default } => {
            format!("default {}.{column} {}", table.short(), some(default))
        }
        Change::SetNotNull { table, column, fill: None } => format!("not null {}.{column}", table.short()),
        Change::SetNotNull { table, column, fill: Some(fill) } => {
            format!("not null {}.{column} fill {fill}", table.short())
        }
        Change::DropNotNull { table, column } => format!("null {}.{column}", table.short()),
        Change::AddConstraint { table, constraint: c } => format!("{}: {}", table.short(), constraint(c)),
        Change::DropConstraint { table, name } => format!("{}: drop {name}", table.short()),
        Change::RenameConstraint { table, from, to } => format!("{}: rename {from} to {to}", table.short()),
        Change::CreateIndex { table, index } => {
            let keys: Vec<String> = index
                .keys
                .iter()
                .map(|k| {
                    let on = match &k.on {
                        IndexTarget::Column(c) => c.clone(),
                        IndexTarget::Expression(e) => format!("({e})"),
                    };
                    if k.descending { format!("{on} desc") } else { on }
                })
                .collect();
            let unique = if index.unique { "unique " } else { "" };
            let predicate = index.predicate.as_ref().map(|p| format!(" where {p}")).unwrap_or_default();
            format!("{}: {unique}index {} ({}){predicate}", table.short(), index.name, keys.join(", "))
        }
        Change::DropIndex { name, .. } => format!("drop index {name}"),
        Change::RenameIndex { from, to, .. } => format!("rename index {from} to {to}"),
        Change::CreateTable { table } => {
            let columns = table.columns.iter().map(column);
            let constraints = table.constraints.values().map(constraint);
            format!("create {} [{}]", table.name.short(), columns.chain(constraints).collect::<Vec<_>>().join("; "))
        }
        Change::DropTable { name } => format!("drop table {}", name.short()),
        Change::RenameTable { from, to } => format!("rename table {} to {to}", from.short()),
        Change::AddEnumValue { name, value, place } => format!("enum {} {value} {place:?}", name.short()),
        Change::Backfill { table, column, value, only_where } => {
            format!("fill {}.{column} = {value} where {}", table.short(), some(only_where))
        }
        Change::Reshape { table, from, into } => {
            let into: Vec<String> = into.iter().map(|t| format!("{} := {}", t.column.name, t.expression)).collect();
            format!("reshape {}.{} into {}", table.short(), from.join("+"), into.join(" | "))
        }
        Change::SetComment { object, comment } => format!("comment {object} {}", some(comment)),
        Change::DropView { name, .. } => format!("drop view {}", name.short()),
        other => format!("{other:?}"),
    }
}

pub(super) fn ask(text: &str, answers: &[&str]) -> Proposal {
    let answers: Vec<Answer> =
        answers.iter().map(|a| Answer { question: String::new(), choice: (*a).to_owned() }).collect();
    interpret(text, &shop(), &Plain, &answers)
}

pub(super) fn changes(text: &str, answers: &[&str]) -> Result<String, String> {
    match ask(text, answers) {
        Proposal::Changes { changes, .. } => {
            let mut schema = shop();
            for change in &changes {
                schema.apply(change).map_err(|e| format!("does not apply: {e}"))?;
            }
            Ok(changes.iter().map(short).collect::<Vec<_>>().join(" && "))
        }
        other => Err(format!("{other:?}")),
    }
}

/// Checks every line, and tells of all that differ.
pub(super) fn check(cases: &[(&str, &str)]) {
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(text, wanted)| {
            let got = changes(text, &[]).unwrap_or_else(|e| e);
            (got != *wanted).then(|| format!("{text}\n  wanted {wanted}\n     got {got}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn columns_are_added() {
    check(&[
        (
            "Add a region to sales, required, default 'EU', and index it",
            "add sales.region text not null default 'EU' && sales: index sales_region_idx (region)",
        ),
        ("add column nickname text to customers", "add customers.nickname text"),
        ("add a nullable varchar(20) column zip to customers", "add customers.zip character varying(20)"),
        ("Please add a boolean is_gift to orders defaulting to false", "add orders.is_gift boolean default false"),
        ("customers need a birthday", "add customers.birthday date"),
        ("add shipped_at to the orders table", "add orders.shipped_at timestamp with time zone"),
        ("give orders a discount as percentage", "add orders.discount numeric(5,2)"),
        (
            "add first_seen_at and visits_count to customers",
            "add customers.first_seen_at timestamp with time zone && add customers.visits_count integer",
        ),
        ("add a text field called nickname to customers", "add customers.nickname text"),
        (
            "add customer_id to sales referencing customers on delete cascade",
            "add sales.customer_id bigint && sales: sales_customer_id_fkey fk (customer_id) -> customers (id) on delete CASCADE",
        ),
        (
            "add vat_code (text, unique) to customers",
            "add customers.vat_code text && customers: customers_vat_code_key unique (vat_code)",
        ),
        (
            "add rating integer between 1 and 5 to products",
            "add products.rating integer && products: products_rating_check check (rating BETWEEN 1 AND 5)",
        ),
        ("orders should have a currency default 'EUR'", "add orders.currency text default 'EUR'"),
        ("add a stock column to products, required, default 0", "add products.stock integer not null default 0"),
    ]);
}

#[test]
fn columns_are_dropped_and_renamed() {
    check(&[
        ("drop notes from orders", "drop orders.notes"),
        ("remove the phone column from customers", "drop customers.phone"),
        ("delete orders.notes", "drop orders.notes"),
        ("drop columns phone and country of customers", "drop customers.phone && drop customers.country"),
        ("get rid of the notes column", "drop orders.notes"),
        ("stop storing sku of products", "drop products.sku"),
        ("rename orders.total to amount", "rename orders.total to amount"),
        ("rename column full_name to name in customers", "rename customers.full_name to name"),
        ("rename the phone column of customers to phone number", "rename customers.phone to phone_number"),
        ("rename full name to display_name", "rename customers.full_name to display_name"),
        ("customers.phone should be called telephone", "rename customers.phone to telephone"),
        ("change the name of column sku to article_number", "rename products.sku to article_number"),
    ]);
}

#[test]
fn columns_change_type_default_and_nullability() {
    check(&[
        ("change orders.notes to varchar(500)", "type orders.notes character varying(500)"),
        ("change the type of quantity to bigint", "type order_items.quantity bigint"),
        ("make customers.phone text", "type customers.phone text"),
        ("convert people.age into smallint", "type people.age smallint"),
        ("store sold_on as timestamp", "type sales.sold_on timestamp with time zone"),
        ("phone should be text", "type customers.phone text"),
        ("set the default of orders.total to 0", "default orders.total 0"),
        ("set default 0 for quantity", "default order_items.quantity 0"),
        ("orders.notes should default to 'none'", "default orders.notes 'none'"),
        ("country defaults to DE", "default customers.country 'DE'"),
        ("set the default for sold_on to today", "default sales.sold_on CURRENT_DATE"),
        ("drop the default on orders.status", "default orders.status none"),
        ("remove default from status", "default orders.status none"),
        ("make orders.total required", "not null orders.total"),
        ("orders.total is mandatory", "not null orders.total"),
        ("customers.country must not be null", "not null customers.country"),
        ("set full_name not null", "not null customers.full_name"),
        ("make orders.customer_id optional", "null orders.customer_id"),
        ("email can be null", "null customers.email"),
        ("allow nulls in products.name", "null products.name"),
        (
            "country should be required, default 'DE'",
            "default customers.country 'DE' && not null customers.country fill 'DE'",
        ),
    ]);
}

#[test]
fn constraints_are_made_and_dropped() {
    check(&[
        ("products.sku must be unique", "products: products_sku_key unique (sku)"),
        ("make sku unique", "products: products_sku_key unique (sku)"),
        (
            "add a unique constraint on people(first_name, last_name)",
            "people: people_first_name_last_name_key unique (first_name, last_name)",
        ),
        (
            "the combination of order_id and product_id must be unique",
            "order_items: order_items_order_id_product_id_key unique (order_id, product_id)",
        ),
        ("unit_price must be positive", "order_items: order_items_unit_price_check check (unit_price > 0)"),
        ("orders.total cannot be negative", "orders: orders_total_check check (total >= 0)"),
        (
            "customers.country must be one of DE, FR, IT",
            "customers: customers_country_check check (country IN ('DE', 'FR', 'IT'))",
        ),
        ("orders.status must be one of draft, paid", "orders: orders_status_check check (status IN ('draft', 'paid'))"),
        ("age must be between 0 and 150", "people: people_age_check check (age BETWEEN 0 AND 150)"),
        ("add a check that quantity > 0", "order_items: order_items_quantity_check check (quantity > 0)"),
        ("ensure that age is at least 18", "people: people_age_check check (age >= 18)"),
        ("add check constraint on products: price >= 1", "products: products_price_check1 check (price >= 1)"),
        ("notes may have at most 500 characters", "orders: orders_notes_check check (length(notes) <= 500)"),
        ("sku must not be empty", "products: products_sku_check check (sku <> '')"),
        ("drop the constraint products_price_check", "products: drop products_price_check"),
        ("drop the unique constraint on customers.email", "customers: drop customers_email_key"),
        ("remove the check on price", "products: drop products_price_check"),
        (
            "rename constraint customers_email_key to customers_unique_email",
            "customers: rename customers_email_key to customers_unique_email",
        ),
    ]);
}

#[test]
fn foreign_keys_are_made() {
    let wanted = "orders: orders_customer_id_fkey fk (customer_id) -> customers (id)";
    check(&[
        ("link orders.customer_id to customers", wanted),
        ("orders belongs to a customer", wanted),
        ("each order belongs to a customer", wanted),
        ("a customer has many orders", wanted),
        ("add a foreign key from orders.customer_id to customers.id", wanted),
        ("orders.customer_id references customers", wanted),
        ("make orders.customer_id a foreign key to customers(id)", wanted),
        (
            "link orders.customer_id to customers with on delete cascade",
            "orders: orders_customer_id_fkey fk (customer_id) -> customers (id) on delete CASCADE",
        ),
        (
            "orders.customer_id should reference customers on delete set null",
            "orders: orders_customer_id_fkey fk (customer_id) -> customers (id) on delete SET NULL",
        ),
        (
            "sales belong to products, on delete restrict",
            "add sales.product_id bigint && sales: sales_product_id_fkey fk (product_id) -> products (id) on delete RESTRICT",
        ),
        ("drop the foreign key on order_items.product_id", "order_items: drop order_items_product_id_fkey"),
    ]);
}

#[test]
fn tables_are_made_dropped_and_renamed() {
    check(&[
        (
            "create a table coupons with code (text, unique), discount as percentage and expires date",
            "create coupons [id bigint not null; code text; discount numeric(5,2); expires date; coupons_code_key unique (code); coupons_pkey primary key (id)]",
        ),
        (
            "create table tags with an id, name (text, required) and created_at",
            "create tags [id bigint not null; name text not null; created_at timestamp with time zone not null default CURRENT_TIMESTAMP; tags_pkey primary key (id)]",
        ),
        (
            "add a new table called reviews with id, product_id references products, rating integer between 1 and 5",
            "create reviews [id bigint not null; product_id bigint; rating integer; reviews_pkey primary key (id); reviews_product_id_fkey fk (product_id) -> products (id); reviews_rating_check check (rating BETWEEN 1 AND 5)]",
        ),
        ("drop table sales", "drop table sales"),
        ("remove the people table", "drop table people"),
        ("drop sales and people", "drop table sales && drop table people"),
        ("rename table people to persons", "rename table people to persons"),
        ("rename sales to deals", "rename table sales to deals"),
    ]);
}

#[test]
fn indexes_are_made_and_dropped() {
    check(&[
        (
            "add an index on orders by customer_id and created_at",
            "orders: index orders_customer_id_created_at_idx (customer_id, created_at)",
        ),
        ("index orders.customer_id", "orders: index orders_customer_id_idx (customer_id)"),
        (
            "create index on order_items (order_id, product_id)",
            "order_items: index order_items_order_id_product_id_idx (order_id, product_id)",
        ),
        ("unique index on lower(email) of customers", "customers: unique index customers_lower_idx ((lower(email)))"),
        (
            "add a unique index on customers.phone where deleted_at is null",
            "customers: unique index customers_phone_idx (phone) where deleted_at IS NULL",
        ),
        ("add an index on orders by total descending", "orders: index orders_total_idx (total desc)"),
        ("we need an index on customers.country", "customers: index customers_country_idx (country)"),
        ("products.sku should be indexed", "products: index products_sku_idx (sku)"),
        ("drop index orders_created_at_idx", "drop index orders_created_at_idx"),
        ("drop the index on orders.created_at", "drop index orders_created_at_idx"),
        (
            "rename index orders_created_at_idx to orders_by_date",
            "rename index orders_created_at_idx to orders_by_date",
        ),
    ]);
}

#[test]
fn types_comments_and_views() {
    check(&[
        ("add value cancelled to order_status", "enum order_status cancelled Last"),
        ("add 'packed' to order_status before shipped", "enum order_status packed Before(\"shipped\")"),
        ("add status refunded after paid to the order_status enum", "enum order_status refunded After(\"paid\")"),
        ("comment on orders.total 'gross, in euros'", "comment column orders.total gross, in euros"),
        ("describe customers as 'who buys'", "comment table customers who buys"),
        ("drop the view active_products", "drop view active_products"),
    ]);
}

#[test]
fn values_are_filled_split_and_merged() {
    let space = "position(' ' IN full_name)";
    let split = format!(
        "reshape customers.full_name into first_name := CASE WHEN {space} > 0 THEN substr(full_name, 1, {space} - 1) ELSE full_name END | last_name := CASE WHEN {space} > 0 THEN substr(full_name, {space} + length(' ')) END"
    );
    let merge = "reshape people.first_name+last_name into full_name := trim(COALESCE(first_name, '') || ' ' || COALESCE(last_name, ''))";
    check(&[
        ("set country to 'DE' where phone starts with '+49'", "fill customers.country = 'DE' where phone LIKE '+49%'"),
        (
            "set customers.full_name to 'x' where country is DE and deleted_at is null",
            "fill customers.full_name = 'x' where country = 'DE' AND deleted_at IS NULL",
        ),
        ("fill missing country with 'EU'", "fill customers.country = 'EU' where country IS NULL"),
        ("backfill orders.total with 0", "fill orders.total = 0 where total IS NULL"),
        ("split full_name into first_name and last_name", &split),
        ("merge first_name and last_name into full_name with a space", merge),
        ("merge first and last name into full_name", merge),
        ("combine first_name and last_name of people into full_name", merge),
        ("lowercase customers.email", "fill customers.email = lower(email) where email <> lower(email)"),
    ]);
}

#[test]
fn several_things_in_one_sentence() {
    check(&[
        (
            "Rename orders.total to amount, make it required, and drop notes",
            "rename orders.total to amount && not null orders.amount && drop orders.notes",
        ),
        ("drop phone from customers and add mobile text to it", "drop customers.phone && add customers.mobile text"),
        (
            "Add a slug to products; it must be unique. Then drop products.sku.",
            "add products.slug text && products: products_slug_key unique (slug) && drop products.sku",
        ),
        (
            "create a table coupons with code text. Add a discount as percentage to coupons and index coupons.code",
            "create coupons [id bigint not null; code text; coupons_pkey primary key (id)] && add coupons.discount numeric(5,2) && coupons: index coupons_code_idx (code)",
        ),
    ]);
}

#[test]
fn unknown_names_are_asked_about() {
    let Proposal::Question(Question { text, choices, .. }) = ask("drop notes from ordrs", &[]) else { panic!() };
    assert!(text.contains("ordrs"), "{text}");
    assert!(choices.contains(&"orders".to_owned()), "{choices:?}");
    assert_eq!(changes("drop notes from ordrs", &["orders"]).unwrap(), "drop orders.notes");
    let Proposal::Question(Question { choices, .. }) = ask("make created_at optional", &[]) else { panic!() };
    assert_eq!(choices, ["customers.created_at", "orders.created_at"]);
    assert_eq!(changes("make created_at optional", &["orders.created_at"]).unwrap(), "null orders.created_at");
}

#[test]
fn missing_information_is_asked_for() {
    assert!(matches!(ask("add frobnication to orders", &[]), Proposal::Question(_)));
    assert_eq!(changes("add frobnication to orders", &["integer"]).unwrap(), "add orders.frobnication integer");
    let text = "add a required nickname to customers";
    let Proposal::Question(question) = ask(text, &[]) else { panic!("{:?}", ask(text, &[])) };
    assert!(question.choices.contains(&"leave it optional".to_owned()));
    assert_eq!(
        changes(text, &["unknown"]).unwrap(),
        "add customers.nickname text && not null customers.nickname fill 'unknown'"
    );
    assert_eq!(changes(text, &["leave it optional"]).unwrap(), "add customers.nickname text");
}

#[test]
fn what_cannot_be_is_said() {
    for (text, says) in [
        ("add email to customers", "customers already has a column email"),
        ("create a table orders with id", "there is already a table orders"),
        ("make customers.email required", "required already"),
        ("add draft to order_status", "already has the value draft"),
    ] {
        let Proposal::NotUnderstood { what, nearest } = ask(text, &[]) else { panic!("{text}: {:?}", ask(text, &[])) };
        assert!(what.contains(says), "{text}: {what}");
        assert!(!nearest.is_empty());
    }
}

#[test]
fn what_is_not_understood_is_quoted_with_things_that_work() {
    let Proposal::NotUnderstood { what, nearest } = ask("drop notes from orders and brew the coffee", &[]) else {
        panic!()
    };
    assert!(what.contains("brew"), "{what}");
    for example in nearest {
        let got = ask(&example, &["0"]);
        assert!(!matches!(got, Proposal::NotUnderstood { .. }), "{example}: {got:?}");
    }
}

#[test]
fn questions_are_answered() {
    let cases: &[(&str, &[&str])] = &[
        ("what references orders?", &["order_items"]),
        ("which tables have no primary key?", &["primary key"]),
        ("what would happen if I drop orders?", &["order_items_order_id_fkey"]),
        ("what would break if I dropped customers.email?", &["customers_email_key"]),
        ("how big is orders?", &["orders"]),
        ("which tables are the largest?", &["size"]),
        ("what columns does orders have?", &["customer_id", "status"]),
        ("which foreign keys have no index?", &["order_items_order_id_fkey"]),
        ("where is price used?", &["products", "active_products"]),
        ("which columns can be null in orders?", &["notes"]),
        ("list tables", &["customers", "sales"]),
        ("describe orders", &["customer_id"]),
        ("which indexes does orders have?", &["orders_created_at_idx"]),
        ("which tables have a column named created_at?", &["customers", "orders"]),
        ("what depends on products?", &["order_items", "active_products"]),
        ("what does order_items reference?", &["orders", "products"]),
        ("what values does order_status have?", &["draft", "shipped"]),
    ];
    for (text, wanted) in cases {
        let Proposal::Reply(Reply { answer, .. }) = ask(text, &[]) else { panic!("{text}: {:?}", ask(text, &[])) };
        for part in *wanted {
            assert!(answer.contains(part), "{text}: {answer}");
        }
    }
}

proptest::proptest! {
    #[test]
    fn no_words_are_too_much(text in "([a-z]{1,8}|[ ,.'\"()=<>]|add|drop|to|orders|and){0,30}") {
        let _ = ask(&text, &[]);
    }

    /// Whatever is proposed fits the schema.
    #[test]
    fn what_is_proposed_applies(
        verb in "add|drop|rename|make|index|set|link|split|remove",
        one in "orders|notes|orders.total|email|it|a|text|customers",
        two in "to|from|required|and|unique|,|with",
        three in "orders|customers|x|integer|'a'|5",
    ) {
        let text = format!("{verb} {one} {two} {three}");
        if let Proposal::Changes { changes, .. } = ask(&text, &["text", "orders"]) {
            let mut schema = shop();
            for change in &changes {
                proptest::prop_assert!(schema.apply(change).is_ok(), "{}: {:?}", text, change);
            }
        }
    }
}
