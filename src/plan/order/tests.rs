//! Orders that only the server's dependencies can tell, and circles.

use super::*;
use crate::schema::{
    Action, Column, Constraint, ConstraintKind, Dependency, DomainCheck, EngineKind, ForeignKey, ObjectKind, ObjectRef,
    PartitionOf, QName, Routine, Table, TypeDef, TypeKind, View,
};

fn name(text: &str) -> QName {
    QName::new("public", text)
}

fn tracked() -> Schema {
    Schema { tracked: true, ..Schema::empty(EngineKind::Postgres) }
}

fn depends(schema: &mut Schema, from: ObjectRef, on: ObjectRef) {
    schema.dependencies.push(Dependency { from, on });
}

fn table(text: &str, columns: &[&str]) -> Table {
    let mut table = Table::new(name(text));
    table.columns = columns.iter().map(|c| Column::new(*c, "bigint")).collect();
    table
}

fn refers(table: &mut Table, constraint: &str, column: &str, other: &str) {
    let key = ForeignKey {
        columns: vec![column.into()],
        references: name(other),
        referenced_columns: vec!["id".into()],
        on_update: Action::NoAction,
        on_delete: Action::NoAction,
        match_full: false,
    };
    let key = Constraint::new(constraint, ConstraintKind::ForeignKey(key));
    table.constraints.insert(constraint.into(), key);
}

fn unique(table: &mut Table, constraint: &str, column: &str) {
    let kind = ConstraintKind::Unique { columns: vec![column.into()], nulls_not_distinct: false, include: Vec::new() };
    table.constraints.insert(constraint.into(), Constraint::new(constraint, kind));
}

fn routine(text: &str, definition: &str) -> Routine {
    Routine {
        name: name(text),
        arguments: String::new(),
        procedure: false,
        language: "sql".into(),
        definition: definition.into(),
        comment: None,
    }
}

fn view(text: &str) -> View {
    View { columns: vec![("n".into(), "bigint".into())], ..View::new(name(text), "SELECT 1 AS n") }
}

fn domain(text: &str, check: Option<&str>) -> TypeDef {
    let checks = check.map(|c| ("ok".to_owned(), DomainCheck::new(c))).into_iter().collect();
    let kind = TypeKind::Domain {
        base: "bigint".into(),
        not_null: false,
        default: None,
        collation: None,
        checks,
        not_null_name: None,
    };
    TypeDef { name: name(text), kind, comment: None }
}

fn create_table(table: &Table) -> Change {
    Change::CreateTable { table: Box::new(table.clone()) }
}

fn create_routine(routine: &Routine) -> Change {
    Change::CreateRoutine { routine: Box::new(routine.clone()) }
}

fn create_view(view: &View) -> Change {
    Change::CreateView { view: Box::new(view.clone()) }
}

fn of(kind: ObjectKind, text: &str) -> ObjectRef {
    ObjectRef::new(kind, name(text))
}

fn part(kind: ObjectKind, text: &str, part: &str) -> ObjectRef {
    ObjectRef::part(kind, name(text), part)
}

/// Each change by its kind and the first name in it.
fn told(changes: &[Change]) -> Vec<String> {
    let one = |change: &Change| {
        let json = serde_json::to_value(change).unwrap();
        let names = ["table", "name", "view", "routine", "definition", "key"];
        let found = names.iter().find_map(|key| json.get(key)).unwrap();
        let found = found.get("name").unwrap_or(found).as_str().unwrap().trim_start_matches("public.").to_owned();
        format!("{} {}", json["change"].as_str().unwrap(), found.trim_matches('"'))
    };
    changes.iter().map(one).collect()
}

#[test]
fn views_are_made_in_the_order_that_the_server_tells() {
    let mut after = tracked();
    depends(&mut after, of(ObjectKind::View, "a"), of(ObjectKind::View, "b"));
    depends(&mut after, of(ObjectKind::View, "b"), of(ObjectKind::View, "c"));
    let changes = ["a", "b", "c"].map(|text| create_view(&view(text)));
    let ordered = order(&changes, &tracked(), Some(&after)).unwrap();
    assert_eq!(told(&ordered), ["create_view c", "create_view b", "create_view a"]);
    let drops = ["c", "b", "a"].map(|text| Change::DropView { name: name(text), materialized: false });
    let ordered = order(&drops, &after, Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["drop_view a", "drop_view b", "drop_view c"]);
}

#[test]
fn a_function_comes_before_the_check_that_calls_it_whatever_its_body_says() {
    let mut after = tracked();
    let mut prices = table("prices", &["id"]);
    let check = ConstraintKind::Check { expression: "ok(id)".into(), no_inherit: false };
    prices.constraints.insert("ok".into(), Constraint::new("ok", check));
    let ok = routine("ok", "CREATE FUNCTION ok(prices bigint) …\nAS 'SELECT prices > 0'");
    depends(&mut after, part(ObjectKind::Constraint, "prices", "ok"), of(ObjectKind::Routine, "ok()"));
    let ordered = order(&[create_table(&prices), create_routine(&ok)], &tracked(), Some(&after)).unwrap();
    assert_eq!(told(&ordered), ["create_routine ok", "create_table prices"]);
}

#[test]
fn a_default_that_reads_its_own_table_is_set_afterwards_and_dropped_before() {
    let mut after = tracked();
    let mut orders = table("orders", &["id"]);
    orders.columns[0].default = Some("next_id()".into());
    let next = routine("next_id", "CREATE FUNCTION next_id()\nBEGIN ATOMIC\n SELECT count(*) FROM orders;\nEND");
    depends(&mut after, part(ObjectKind::Default, "orders", "id"), of(ObjectKind::Routine, "next_id()"));
    depends(&mut after, of(ObjectKind::Routine, "next_id()"), of(ObjectKind::Table, "orders"));
    let changes = [create_table(&orders), create_routine(&next)];
    let ordered = order(&changes, &tracked(), Some(&after)).unwrap();
    assert_eq!(told(&ordered), ["create_table orders", "create_routine next_id", "set_default orders"]);

    after.tables.insert(orders.name.clone(), orders.clone().into());
    after.routines.insert(next.key(), next.clone());
    let drops = [Change::DropTable { name: name("orders") }, Change::DropRoutine { key: next.key(), procedure: false }];
    let ordered = order(&drops, &after, Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["set_default orders", "drop_routine next_id()", "drop_table orders"]);
}

#[test]
fn foreign_keys_in_a_circle_are_taken_out_of_as_few_tables_as_possible() {
    let (mut one, mut two) = (table("one", &["id", "two"]), table("two", &["id", "one"]));
    for (table, column, other) in [(&mut one, "two", "two"), (&mut two, "one", "one")] {
        unique(table, &format!("{column}_key"), "id");
        refers(table, "fk", column, other);
    }
    let changes = [create_table(&one), create_table(&two)];
    let ordered = order(&changes, &tracked(), Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["create_table one", "create_table two", "add_constraint one"]);

    let mut before = tracked();
    for table in [one, two] {
        before.tables.insert(table.name.clone(), table.into());
    }
    let drops = ["one", "two"].map(|text| Change::DropTable { name: name(text) });
    let ordered = order(&drops, &before, Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["drop_constraint two", "drop_table one", "drop_table two"]);
}

#[test]
fn a_key_goes_after_the_table_whose_foreign_key_stands_on_it() {
    let mut before = tracked();
    let (mut labs, mut posts) = (table("labs", &["id"]), table("posts", &["lab"]));
    unique(&mut labs, "labs_key", "id");
    refers(&mut posts, "posts_fk", "lab", "labs");
    for table in [labs, posts] {
        before.tables.insert(table.name.clone(), table.into());
    }
    let changes = [
        Change::DropConstraint { table: name("labs"), name: "labs_key".into() },
        Change::DropTable { name: name("posts") },
    ];
    let ordered = order(&changes, &before, Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["drop_table posts", "drop_constraint labs"]);
}

#[test]
fn a_view_in_a_circle_is_made_empty_first() {
    let mut after = tracked();
    let count = routine("count_all", "CREATE FUNCTION count_all()\nBEGIN ATOMIC\n SELECT n FROM totals;\nEND");
    depends(&mut after, of(ObjectKind::View, "totals"), of(ObjectKind::Routine, "count_all()"));
    depends(&mut after, of(ObjectKind::Routine, "count_all()"), part(ObjectKind::Column, "totals", "n"));
    let changes = [create_view(&view("totals")), create_routine(&count)];
    let ordered = order(&changes, &tracked(), Some(&after)).unwrap();
    assert_eq!(told(&ordered), ["create_view totals", "create_routine count_all", "replace_view totals"]);
    let Change::CreateView { view: stub } = &ordered[0] else { panic!("{ordered:?}") };
    assert_eq!(stub.query, "SELECT CAST(NULL AS bigint) AS \"n\"");
}

#[test]
fn a_domain_in_a_circle_gets_its_check_afterwards() {
    let mut after = tracked();
    let is_code = routine("is_code", "CREATE FUNCTION is_code()\nAS 'SELECT true'");
    depends(&mut after, of(ObjectKind::Type, "code"), of(ObjectKind::Routine, "is_code()"));
    depends(&mut after, of(ObjectKind::Routine, "is_code()"), of(ObjectKind::Type, "code"));
    let changes = [Change::CreateType { definition: domain("code", Some("is_code()")) }, create_routine(&is_code)];
    let ordered = order(&changes, &tracked(), Some(&after)).unwrap();
    assert_eq!(told(&ordered), ["create_type code", "create_routine is_code", "alter_type code"]);
}

#[test]
fn a_circle_that_cannot_be_broken_names_its_members() {
    let mut after = tracked();
    let pair = |text: &str| TypeDef { kind: TypeKind::Other { definition: String::new() }, ..domain(text, None) };
    depends(&mut after, of(ObjectKind::Type, "left"), of(ObjectKind::Type, "right"));
    depends(&mut after, of(ObjectKind::Type, "right"), of(ObjectKind::Type, "left"));
    depends(&mut after, of(ObjectKind::Type, "third"), of(ObjectKind::Type, "right"));
    let changes = ["left", "right", "third"].map(|text| Change::CreateType { definition: pair(text) });
    let error = order(&changes, &tracked(), Some(&after)).unwrap_err().to_string();
    assert!(error.contains("type left") && error.contains("type right"), "{error}");
    assert!(!error.contains("third"), "{error}");
}

#[test]
fn a_partition_leaves_an_old_parent_before_a_new_one_takes_its_index_name() {
    let mut before = tracked();
    let (mut old, mut new) = (table("old", &["id"]), table("new", &["id"]));
    for parent in [&mut old, &mut new] {
        parent.partition_by = Some("LIST (id)".into());
        unique(parent, "the_key", "id");
    }
    let of_parent = |text: &str| Some(PartitionOf { parent: name(text), bound: "DEFAULT".into() });
    let child = Table { partition_of: of_parent("old"), ..table("child", &["id"]) };
    for table in [old, child] {
        before.tables.insert(table.name.clone(), table.into());
    }
    let changes = [
        create_table(&new),
        Change::SetPartition { table: name("child"), partition: of_parent("new") },
        Change::DropTable { name: name("old") },
    ];
    let ordered = order(&changes, &before, Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["set_partition child", "drop_table old", "create_table new", "set_partition child"]);
    assert_eq!(ordered[0], Change::SetPartition { table: name("child"), partition: None });
}

#[test]
fn words_are_heeded_only_where_no_server_speaks() {
    let mut log = routine("log", "CREATE FUNCTION log()\nAS 'SELECT events'");
    log.language = "plpgsql".into();
    let mut events = view("events");
    events.query = "SELECT n FROM log() AS entries".into();
    let changes = [create_view(&events), create_routine(&log)];
    // Both speak of each other: the view's query is firmer than a function's body.
    let ordered = order(&changes, &Schema::empty(EngineKind::Postgres), None).unwrap();
    assert_eq!(told(&ordered), ["create_routine log", "create_view events"]);
    let ordered = order(&changes, &tracked(), Some(&tracked())).unwrap();
    assert_eq!(told(&ordered), ["create_view events", "create_routine log"]);
}
