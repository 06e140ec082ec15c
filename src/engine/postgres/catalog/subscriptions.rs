//! Subscriptions (`pg_subscription`). A plan neither connects to the publisher nor starts the work: a new subscription
//! is made without a connection and stands still, and a dropped one leaves its slot at the publisher.

use super::super::render::{ident, literal};
use super::super::wire::{Cells, rows};
use super::build::Build;
use super::others::commented;
use super::secrets::{digest, without_secrets};
use crate::Result;
use crate::schema::{ObjectKind, ObjectRef, Options, Other, QName, Setting};
use sqlx::postgres::{PgConnection, PgRow};

/// Only superusers may read the connection strings, and older servers hide more.
pub(super) async fn read(connection: &mut PgConnection, build: &mut Build) -> Result<()> {
    let here = "s.subdbid = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())";
    let may = rows(connection, "SELECT has_table_privilege('pg_subscription', 'SELECT')").await?;
    let may = may.first().map(|row| Cells::new(row).take::<bool>()).transpose()?.unwrap_or_default();
    if !may {
        let sql = format!("SELECT s.subname::text FROM pg_subscription s WHERE {here}");
        for row in &rows(connection, &sql).await? {
            let name: String = Cells::new(row).take()?;
            build.schema.unmodelled.push(ObjectRef::new(ObjectKind::Subscription, QName::new("", name)));
        }
        return Ok(());
    }
    let sql = format!(
        "SELECT s.subname::text, s.subconninfo, s.subslotname::text, s.subenabled, s.subpublications, {}, \
         ARRAY[{}], obj_description(s.oid, 'pg_subscription') FROM pg_subscription s WHERE {here}",
        build.since(15, "s.subtwophasestate <> 'd'", "false"),
        options(build),
    );
    for row in &rows(connection, &sql).await? {
        build.schema.others.push(subscription(row)?);
    }
    Ok(())
}

/// Names and values of the options that ALTER SUBSCRIPTION can set, by the version that brought them.
fn options(build: &Build) -> String {
    let known: [(u32, &str, &str); 9] = [
        (10, "synchronous_commit", "s.subsynccommit"),
        (14, "binary", "s.subbinary::text"),
        (16, "streaming", "CASE s.substream WHEN 'f' THEN 'off' WHEN 't' THEN 'on' ELSE 'parallel' END"),
        (15, "disable_on_error", "s.subdisableonerr::text"),
        (16, "password_required", "s.subpasswordrequired::text"),
        (16, "run_as_owner", "s.subrunasowner::text"),
        (16, "origin", "s.suborigin"),
        (17, "failover", "s.subfailover::text"),
        (19, "retain_dead_tuples", "s.subretaindeadtuples::text"),
    ];
    let mut told: Vec<String> = known
        .iter()
        .filter(|(since, ..)| build.version >= *since)
        .map(|(_, name, value)| format!("'{name}', {value}"))
        .collect();
    if (14..16).contains(&build.version) {
        told.push("'streaming', s.substream::text".to_owned());
    }
    told.join(", ")
}

fn subscription(row: &PgRow) -> Result<Other> {
    let mut cells = Cells::new(row);
    let name: String = cells.take()?;
    let connection: String = cells.take()?;
    let slot: Option<String> = cells.take()?;
    let enabled: bool = cells.take()?;
    let publications: Vec<String> = cells.take()?;
    let two_phase: bool = cells.take()?;
    let told: Vec<String> = cells.take()?;
    let comment: Option<String> = cells.take()?;
    let pairs = told.chunks(2).filter_map(|pair| Some((pair.first()?.clone(), pair.get(1)?.clone())));
    let options: Options = pairs.collect();
    let called = format!("SUBSCRIPTION {}", ident(&name));
    let alter = |what: &str| format!("ALTER {called} {what}");
    let (open, secret) = without_secrets(&connection);
    let publications: Vec<String> = publications.iter().map(|p| ident(p)).collect();
    let publications = publications.join(", ");
    let slot_said = slot.as_ref().map_or("slot_name = NONE".to_owned(), |s| format!("slot_name = {}", literal(s)));
    let listed: Vec<String> = options.iter().map(|(name, value)| format!("{name} = {}", literal(value))).collect();
    let two_phase = if two_phase { ", two_phase = true" } else { "" };
    let create = format!(
        "CREATE {called} CONNECTION {} PUBLICATION {publications} WITH (connect = false, {slot_said}{two_phase}, {})",
        literal(&open),
        listed.join(", ")
    );
    let id = ObjectRef::new(ObjectKind::Subscription, QName::new("", name));
    let mut object = Other::new(id, vec![create], format!("DROP {called}"));
    object.fixed = format!("{called}{two_phase}");
    if enabled {
        object.let_go.push(alter("DISABLE"));
        object = object.with("enabled", started(&called));
    }
    if slot.is_some() {
        // With a slot the server would have to reach the publisher to drop it, and could not do so in a transaction.
        object.let_go.push(alter("SET (slot_name = NONE)"));
    }
    let setting = |set: String| Setting::overwriting(set, String::new()).within_create();
    object = object.with("connection", connected(&called, &open, secret.then_some(&connection)));
    object = object
        .with("publications", setting(alter(&format!("SET PUBLICATION {publications} WITH (refresh = false)"))))
        .with("slot", setting(alter(&format!("SET ({slot_said})"))));
    for (option, value) in &options {
        object = object.with(option.as_str(), setting(alter(&format!("SET ({option} = {})", literal(value)))));
    }
    Ok(commented(object, &called, comment.as_deref()))
}

/// When it starts, it takes rows from the publisher's slot: that is for people to say.
fn started(called: &str) -> Setting {
    Setting {
        by_hand: Some(format!(
            "Start the subscription when its slot is there and nobody else takes from it: ALTER {called} ENABLE"
        )),
        ..Setting::overwriting(format!("ALTER {called} ENABLE"), format!("ALTER {called} DISABLE"))
    }
}

fn connected(called: &str, open: &str, with_secret: Option<&String>) -> Setting {
    let set = format!("ALTER {called} CONNECTION {}", literal(open));
    match with_secret {
        None => Setting::overwriting(set, String::new()).within_create(),
        Some(secret) => Setting {
            by_hand: Some(format!(
                "Give the subscription its connection by hand; the password in it is not known here: \
                 ALTER {called} CONNECTION '{open} …'"
            )),
            digest: Some(digest(secret)),
            ..Setting::default()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_with_a_password_is_left_to_people() {
        let secret = "host=a password=hunter2".to_owned();
        let setting = connected("SUBSCRIPTION s", "host=a", Some(&secret));
        assert!(setting.set.is_empty() && setting.change.is_none());
        assert!(!format!("{setting:?}").contains("hunter2"));
        let open = connected("SUBSCRIPTION s", "host=a", None);
        assert_eq!(open.change.as_deref(), Some("ALTER SUBSCRIPTION s CONNECTION 'host=a'"));
    }
}
