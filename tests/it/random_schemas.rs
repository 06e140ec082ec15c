//! Random schemas on a real server: from one to another and back, each object in several versions or not there at all.

use crate::runs::{Answers, Place, drop_postgres, postgres, run_plan};
use fastrand::Rng;
use lockstep::diff;
use lockstep::plan::{self, PlanOptions, RollbackKind, Style};
use lockstep::run::{self, Direction, Journal, Outcome, RunOptions};
use lockstep::schema::Schema;

/// An object, what it needs, and the ways in which it can be made.
struct Piece {
    name: &'static str,
    needs: &'static [&'static str],
    versions: &'static [&'static str],
}

const fn piece(name: &'static str, needs: &'static [&'static str], versions: &'static [&'static str]) -> Piece {
    Piece { name, needs, versions }
}

/// In an order in which they can be made.
const PIECES: &[Piece] = &[
    piece(
        "mood",
        &[],
        &[
            "create type app.mood as enum ('calm', 'cross')",
            "create type app.mood as enum ('calm', 'so so', 'cross')",
            "create type app.mood as enum ('calm', 'cross'); comment on type app.mood is 'how it feels'",
        ],
    ),
    piece(
        "code",
        &[],
        &[
            "create domain app.code as text constraint short check (length(value) < 9)",
            "create domain app.code as text default 'x' constraint short check (length(value) < 7)",
        ],
    ),
    piece(
        "norm",
        &[],
        &[
            "create function app.norm(t text) returns text immutable language sql as 'select lower(t)'",
            "create function app.norm(t text) returns text immutable language sql as 'select upper(t)'",
            "create function app.norm(t text, n int default 1) returns text immutable language sql as 'select lower(t)'",
        ],
    ),
    piece(
        "people",
        &[],
        &[
            "create table app.people (id bigint primary key, name text not null, \"the Age\" int)",
            "create table app.people (id bigint primary key, name varchar(40) not null default '?', born date)",
            "create table app.people (id bigint generated always as identity primary key, name text, \"the Age\" smallint \
             check (\"the Age\" > 0)); comment on column app.people.name is 'as it is called'",
        ],
    ),
    piece(
        "pets",
        &["people"],
        &[
            "create table app.pets (id int primary key, owner bigint references app.people, name text unique)",
            "create table app.pets (id int primary key, owner bigint references app.people on delete cascade deferrable, \
             name text, twice int generated always as (id * 2) stored)",
            "create unlogged table app.pets (id int, owner bigint, name text, primary key (id, name))",
        ],
    ),
    piece(
        "moods",
        &["mood", "people", "code"],
        &[
            "create table app.moods (person bigint references app.people, mood app.mood default 'calm', code app.code)",
            "create table app.moods (person bigint, mood app.mood[] not null, code app.code default 'y') \
             with (fillfactor = 70)",
        ],
    ),
    piece(
        "visits",
        &[],
        &[
            "create table app.visits (id bigint, at date, what text) partition by range (at); \
             create table app.visits_1 partition of app.visits for values from ('2026-01-01') to ('2026-02-01'); \
             create index visits_at on app.visits (at)",
            "create table app.visits (id bigint, at date, what text, primary key (id, at)) partition by range (at); \
             create table app.visits_1 partition of app.visits for values from ('2026-01-01') to ('2026-02-01'); \
             create table app.visits_2 partition of app.visits default",
        ],
    ),
    piece(
        "index",
        &["people"],
        &[
            "create index people_name on app.people (name)",
            "create unique index people_name on app.people (name desc nulls last) where id > 7",
            "create index people_name on app.people (lower(name)) include (id)",
        ],
    ),
    piece("norm index", &["people", "norm"], &["create index people_norm on app.people (app.norm(name))"]),
    piece(
        "view",
        &["people"],
        &[
            "create view app.names as select id, name from app.people",
            "create view app.names with (security_barrier) as select id, name from app.people where id > 1; \
         comment on view app.names is 'who'",
            "create view app.names as select name from app.people",
        ],
    ),
    piece(
        "view on view",
        &["view"],
        &[
            "create view app.short_names as select name from app.names where length(name) < 5",
            "create view app.short_names as select count(*) as n from app.names",
        ],
    ),
    piece(
        "kept view",
        &["pets"],
        &[
            "create materialized view app.counted as select name, count(*) from app.pets group by name; \
         create unique index counted_name on app.counted (name)",
            "create materialized view app.counted as select name, sum(id) from app.pets group by name",
        ],
    ),
    piece(
        "trigger",
        &["people"],
        &[
            "create function app.touch() returns trigger language plpgsql as 'begin return new; end'; \
         create trigger touch before update on app.people for each row execute function app.touch()",
            "create function app.touch() returns trigger language plpgsql as 'begin return old; end'; \
         create trigger touch after insert or delete on app.people for each statement execute function app.touch(); \
         alter table app.people disable trigger touch",
        ],
    ),
    piece(
        "policy",
        &["people"],
        &[
            "alter table app.people enable row level security; create policy own on app.people using (id = 1)",
            "alter table app.people enable row level security; create policy own on app.people for select using (name <> '')",
        ],
    ),
    piece(
        "sequence",
        &[],
        &["create sequence app.numbers", "create sequence app.numbers as int increment 5 maxvalue 900 cycle"],
    ),
    piece("statistics", &["people"], &["create statistics app.together (ndistinct) on id, name from app.people"]),
    piece(
        "rights",
        &["people"],
        &["grant select on app.people to public", "grant select (name), insert on app.people to public"],
    ),
    piece("heirs", &["people"], &["create table app.heirs (more text) inherits (app.people)"]),
];

/// A schema as SQL: each piece is there or not, in one of its versions.
fn schema(rng: &mut Rng) -> String {
    let mut there: Vec<&str> = Vec::new();
    let mut sql = vec!["create schema app"];
    for piece in PIECES {
        if piece.needs.iter().all(|need| there.contains(need)) && rng.u8(..3) > 0 {
            there.push(piece.name);
            sql.push(rng.choice(piece.versions).unwrap());
        }
    }
    sql.join(";\n")
}

async fn made(sql: &str) -> (Place, String) {
    let (place, name) = postgres(1).await;
    place.session().await.execute(sql).await.unwrap();
    (place, name)
}

/// What went wrong, with the two schemas.
async fn there_and_back(seed: u64) -> Result<(), String> {
    let mut rng = Rng::with_seed(seed);
    let (from, to) = (schema(&mut rng), schema(&mut rng));
    let ((place, name), (other, other_name)) = (made(&from).await, made(&to).await);
    let after = other.database.inspect().await.unwrap();
    drop_postgres(other, &other_name).await;
    let style = if rng.bool() { Style::Safe } else { Style::Direct };
    let outcome = walk(&place, &after, style).await;
    drop_postgres(place, &name).await;
    outcome.map_err(|why| format!("seed {seed}, {style:?}\n-- before\n{from};\n-- after\n{to};\n-- {why}\n"))
}

async fn walk(place: &Place, after: &Schema, style: Style) -> Result<(), String> {
    let before = place.database.inspect().await.unwrap();
    let options = PlanOptions { style, ..PlanOptions::default() };
    let changes = diff::compare(&before, after, &[]);
    let dialect = place.database.dialect();
    let plan = plan::toward("random", &changes, &before, after, dialect.as_ref(), &options)
        .map_err(|why| format!("no plan: {}", why.message))?;
    if plan.steps.is_empty() {
        return Ok(());
    }
    let can_go_back = plan.steps.iter().all(|s| s.rollback.kind != RollbackKind::None);
    let done = run_plan(place, plan, RunOptions::default(), Answers::yes()).await;
    if done.outcome != Outcome::Done {
        return Err(format!("forward: {:?}", done.failure));
    }
    is_at(place, after, "forward").await?;
    if !can_go_back {
        return Ok(());
    }
    let run = Journal::runs(&place.database).await.unwrap().remove(0);
    let back = run::rollback_plan(&run, None).map_err(|why| format!("no way back: {}", why.message))?;
    let options = RunOptions { direction: Direction::Back, of_run: Some(run.id), ..RunOptions::default() };
    let done = run_plan(place, back, options, Answers::yes()).await;
    if done.outcome != Outcome::Done {
        return Err(format!("back: {:?}", done.failure));
    }
    is_at(place, &before, "back").await
}

async fn is_at(place: &Place, wanted: &Schema, way: &str) -> Result<(), String> {
    let now = place.database.inspect().await.unwrap();
    if now.fingerprint() == wanted.fingerprint() {
        return Ok(());
    }
    Err(format!("{way}, left: {:#?}", diff::compare(&now, wanted, &[])))
}

/// As many as `LOCKSTEP_TEST_SCHEMAS` says, else a few.
#[tokio::test(flavor = "multi_thread")]
async fn random_schemas_go_there_and_back() {
    let seeds = std::env::var("LOCKSTEP_TEST_SCHEMAS").ok().and_then(|n| n.parse().ok()).unwrap_or(8);
    let mut failed = Vec::new();
    for seed in 0..seeds {
        failed.extend(there_and_back(seed).await.err());
    }
    assert!(failed.is_empty(), "{} of {seeds} failed\n{}", failed.len(), failed.join("\n"));
}
